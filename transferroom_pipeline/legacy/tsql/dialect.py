"""T-SQL as sqlglot parses it, with every function call left as it is written.

sqlglot's own dialect turns calls into nodes of its own (`SQUARE` into a power, `DATENAME` into a format, `y` into year)
and so loses what tells T-SQL's meaning from another's. Here each call stays a name with its arguments, and the table of
functions says what it means.
"""

from functools import partial
from typing import Any, ClassVar

from sqlglot import TokenType, exp
from sqlglot.dialects.tsql import TSQL
from sqlglot.parsers.tsql import TSQLParser

DIGITS_OF_REAL = 24
"""FLOAT(n) of SQL Server has four bytes up to this n, as REAL has, and eight above."""

_PARSED_BY_SQLGLOT = ("CAST", "TRY_CAST", "CONVERT", "TRY_CONVERT", "TRIM")
_WITHOUT_PARENTHESES = {
    TokenType.CURRENT_TIMESTAMP: "CURRENT_TIMESTAMP",
    TokenType.CURRENT_DATE: "CURRENT_DATE",
    TokenType.CURRENT_USER: "CURRENT_USER",
    TokenType.SESSION_USER: "SESSION_USER",
}
_RESERVED_NAMES = ("USER", "SYSTEM_USER")
_OWN_GRAMMAR = ("PARSE", "TRY_PARSE")
"""Functions whose arguments have a grammar of their own; they are refused, so that it need not be parsed."""


def _placed(parser: "LegacyParser", name: str) -> exp.Expr:
    """A call that sqlglot parses by a grammar of its own, with the place of its name."""
    token = parser._tokens[parser._index - 2]
    found: exp.Expr = TSQLParser.FUNCTION_PARSERS[name](parser)
    return found.update_positions(token)


def _skip_arguments(parser: "LegacyParser", name: str) -> exp.Anonymous:
    depth = 0
    while parser._curr and (depth or parser._curr.token_type != TokenType.R_PAREN):
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(parser._curr.token_type, 0)
        parser._advance()
    return exp.Anonymous(this=name)


class LegacyParser(TSQLParser):
    """Parses T-SQL without giving function names a meaning."""

    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        **{name: partial(_placed, name=name) for name in _PARSED_BY_SQLGLOT},
        **{name: partial(_skip_arguments, name=name) for name in _OWN_GRAMMAR},
    }
    NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        **TSQLParser.NO_PAREN_FUNCTION_PARSERS,
        **{name: lambda _, name=name: exp.Anonymous(this=name) for name in _RESERVED_NAMES},
    }
    NO_PAREN_FUNCTIONS: ClassVar[dict[TokenType, Any]] = {
        token: partial(exp.Anonymous, this=name) for token, name in _WITHOUT_PARENTHESES.items()
    }

    def _parse_types(self, *args: Any, **kwargs: Any) -> exp.Expr | None:
        """A type, with REAL told from FLOAT, which sqlglot's tokens do not."""
        is_real = bool(self._curr) and self._curr.text.upper() == "REAL"
        found = super()._parse_types(*args, **kwargs)
        if is_real and isinstance(found, exp.DataType):
            found.set("expressions", [exp.DataTypeParam(this=exp.Literal.number(DIGITS_OF_REAL))])
        return found


class LegacyTSQL(TSQL):
    """The dialect of the legacy platform's queries."""

    Parser = LegacyParser
