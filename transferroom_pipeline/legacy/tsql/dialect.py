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

NAMED_BY_TEXT = "named_by_text"
"""Marks an alias that is written `'name' = value`."""

_PARSED_BY_SQLGLOT = ("CAST", "TRY_CAST", "CONVERT", "TRY_CONVERT", "TRIM")
_WITHOUT_PARENTHESES = {
    TokenType.CURRENT_TIMESTAMP: "CURRENT_TIMESTAMP",
    TokenType.CURRENT_DATE: "CURRENT_DATE",
    TokenType.CURRENT_USER: "CURRENT_USER",
    TokenType.SESSION_USER: "SESSION_USER",
}
_RESERVED_NAMES = ("USER", "SYSTEM_USER")
_OF_OTHER_DIALECTS = frozenset({
    "ANTI", "ASOF", "CACHE", "CLUSTER BY", "CONNECT BY", "DISTRIBUTE BY", "DIV", "FALSE", "GLOB", "ILIKE", "INTERVAL",
    "ISNULL", "LATERAL", "LIMIT", "NATURAL", "NOTNULL", "OVERLAPS", "POSITIONAL", "QUALIFY", "REGEXP", "RLIKE", "SEMI",
    "SIMILAR TO", "SORT BY", "START WITH", "STRAIGHT_JOIN", "TRUE", "UNNEST", "XOR",
})  # fmt: skip
"""Words that sqlglot knows from other dialects, and that are plain names in T-SQL."""
_OPERATORS = {"!=", "<=", "<>", ">=", "||"}
_OWN_GRAMMAR = ("PARSE", "TRY_PARSE")
"""Functions whose arguments have a grammar of their own; they are refused, so that it need not be parsed."""


def _placed(parser: "LegacyParser", name: str) -> exp.Expr:
    """A call that sqlglot parses by a grammar of its own, with the place of its name."""
    token = parser._tokens[parser._index - 2]
    found: exp.Expr = TSQLParser.FUNCTION_PARSERS[name](parser)
    if isinstance(found, exp.Convert) and found.args.get("expression") is None:
        parser.raise_error(f"{name} without a value", token)
    return found.update_positions(token)


def _skip_arguments(parser: "LegacyParser", name: str) -> exp.Anonymous:
    token = parser._tokens[parser._index - 2]
    depth = 0
    while parser._curr and (depth or parser._curr.token_type != TokenType.R_PAREN):
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(parser._curr.token_type, 0)
        parser._advance()
    return exp.Anonymous(this=name).update_positions(token)


def _with_alias(column: exp.Expr) -> exp.Expr:
    """`name = value` and `'name' = value` as a value with a name; a name with a table in front is compared."""
    name = column.this if isinstance(column, exp.EQ) else None
    if isinstance(name, exp.Column) and not name.table:
        return exp.alias_(column.expression, name.this, copy=False)
    if not isinstance(name, exp.National) and not (isinstance(name, exp.Literal) and name.is_string):
        return column
    alias = exp.alias_(column.expression, name.name, quoted=True, copy=False)
    alias.meta[NAMED_BY_TEXT] = True
    return alias


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

    SET_OP_MODIFIERS: ClassVar[set[str]] = {"order", "offset"}

    def _parse_set_operations(self, this: exp.Expr | None) -> exp.Expr | None:
        """A set operation with the FETCH that ends it; a TOP belongs to the SELECT that it is written in."""
        found = super()._parse_set_operations(this)
        if isinstance(found, exp.SetOperation) and isinstance(found.expression, exp.Select):
            limit = found.expression.args.get("limit")
            found.set("limit", limit.pop() if isinstance(limit, exp.Fetch) else None)
        return found

    def _parse_projections(self) -> tuple[list[exp.Expr], list[exp.Expr] | None]:
        """The columns of a SELECT, of which `name = value` names one."""
        # Not as TSQLParser has it, which takes `t.name = value` for a name as well.
        found, rest = super(TSQLParser, self)._parse_projections()
        return [_with_alias(column) for column in found], rest

    def _parse_table_part(self, *args: Any, **kwargs: Any) -> exp.Expr | None:
        """A part of the name of a table, which is no text in T-SQL."""
        if self._curr and self._curr.token_type in (TokenType.STRING, TokenType.NATIONAL_STRING):
            self.raise_error("a text in place of a table", self._curr)
        found: exp.Expr | None = super()._parse_table_part(*args, **kwargs)
        return found

    def _parse_type(self, *args: Any, **kwargs: Any) -> exp.Expr | None:
        """A value, before which T-SQL does not name a type."""
        start = self._curr
        found: exp.Expr | None = super()._parse_type(*args, **kwargs)
        if isinstance(found, exp.Cast) and start and start.text.upper() not in _PARSED_BY_SQLGLOT:
            self.raise_error("a type in front of a constant", start)
        return found

    def _parse_ordered(self, *args: Any, **kwargs: Any) -> exp.Ordered | None:
        """A part of an ORDER BY; T-SQL does not say where NULL comes."""
        found = super()._parse_ordered(*args, **kwargs)
        last = [token.text.upper() for token in self._tokens[max(self._index - 2, 0) : self._index]]
        if last in (["NULLS", "FIRST"], ["NULLS", "LAST"]):
            self.raise_error("NULLS FIRST or LAST", self._prev)
        return found

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

    class Tokenizer(TSQL.Tokenizer):
        """Reads words and operators of other dialects as T-SQL does: as names, and one character at a time."""

        KEYWORDS: ClassVar[dict[str, TokenType]] = {
            word: token
            for word, token in TSQL.Tokenizer.KEYWORDS.items()
            if word in _OPERATORS or (word not in _OF_OTHER_DIALECTS and word[0].isalpha())
        }
