"""Carrying legacy T-SQL to the stand-in."""

from collections.abc import Callable

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import SqlglotError

from transferroom_pipeline.legacy.exceptions import LegacyError

_UNFAITHFUL: dict[type[exp.Expr], str] = {
    exp.Merge: "MERGE",
    exp.Lateral: "CROSS APPLY or OUTER APPLY",
    exp.Into: "SELECT INTO",
    exp.OpenJSON: "OPENJSON",
    exp.DateDiff: "DATEDIFF",
    exp.Convert: "CONVERT",
    exp.Length: "LEN (which does not count trailing blanks on SQL Server)",
}
"""Constructs that sqlglot translates without complaint into something that means another thing."""

_FLOATS = (exp.DType.FLOAT, exp.DType.DOUBLE)
_TEXTS = (exp.DType.CHAR, exp.DType.NCHAR, exp.DType.VARCHAR, exp.DType.NVARCHAR)
_SMALLEST_DOUBLE = 25
"""FLOAT(n) of SQL Server has 8 bytes from this n up, and 4 below."""


def stand_in_sql(tsql: str, *, table: str) -> str:
    """One T-SQL query as DuckDB SQL with the same meaning.

    Args:
        tsql: The query, as it runs on SQL Server.
        table: The legacy table it builds, for messages.

    Raises:
        LegacyError: The query does not parse, or uses what is known not to keep its meaning.
    """
    query = _query(tsql, table)
    _refuse_unfaithful_words(tsql, table)
    _refuse_unfaithful(query, table)
    return query.transform(_with_faithful_type).sql(
        dialect="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE, comments=False
    )


def referenced_tables(tsql: str) -> set[str]:
    """The tables of schema `prod` that a T-SQL query reads."""
    tree = sqlglot.parse_one(tsql, dialect="tsql")
    return {table.name for table in tree.find_all(exp.Table) if table.db == "prod"}


def _query(tsql: str, table: str) -> exp.Query:
    try:
        parsed = sqlglot.parse(tsql, dialect="tsql")
    except (SqlglotError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise LegacyError(f"the T-SQL of legacy table {table} cannot be read: {reason}") from error
    # A semicolon of its own carries the comment that follows the last statement.
    statements = [found for found in parsed if found is not None and not isinstance(found, exp.Semicolon)]
    if len(statements) != 1:
        message = f"the T-SQL of legacy table {table} holds {len(statements)} statements: write it as one query"
        raise LegacyError(message)
    if not isinstance(statements[0], exp.Query):
        raise LegacyError(f"the T-SQL of legacy table {table} is not a SELECT: the stand-in runs queries only")
    return statements[0]


def _refuse_unfaithful_words(tsql: str, table: str) -> None:
    """What the parsed query no longer shows; SQLMesh, once imported, has all dialects read @ as its own macros."""
    for token in sqlglot.tokenize(tsql, dialect="tsql"):
        if token.token_type in (TokenType.PARAMETER, TokenType.SESSION_PARAMETER):
            raise _unfaithful("a variable", table)
        if token.token_type is TokenType.FLOAT and token.text.upper() == "REAL":
            raise _unfaithful("REAL (which cannot be told from FLOAT)", table)


def _refuse_unfaithful(query: exp.Query, table: str) -> None:
    for node in query.walk():
        construct = _UNFAITHFUL.get(type(node)) or _unfaithful_use(node)
        if construct:
            raise _unfaithful(construct, table)


def _unfaithful(construct: str, table: str) -> LegacyError:
    return LegacyError(
        f"the T-SQL of legacy table {table} uses {construct}, which means something else on the stand-in: "
        "rewrite that part, or run this table on SQL Server"
    )


def _unfaithful_use(node: exp.Expr) -> str | None:
    """Constructs of which only some uses change their meaning."""
    return next((construct for construct, is_used in _UNFAITHFUL_USES.items() if is_used(node)), None)


def _takes_share_or_ties(node: exp.Expr) -> bool:
    options = node.args.get("limit_options") if isinstance(node, exp.Fetch | exp.Limit) else None
    return options is not None and bool(options.args.get("percent") or options.args.get("with_ties"))


def _divides_exactly(node: exp.Expr) -> bool:
    return isinstance(node, exp.Div) and not (_is_float(node.left) or _is_float(node.right))


def _averages_exactly(node: exp.Expr) -> bool:
    return isinstance(node, exp.Avg) and not _is_float(node.this)


def _is_float(node: exp.Expr) -> bool:
    value = node.unnest()
    return isinstance(value, exp.Cast) and value.to.this in _FLOATS


def _adds_texts(node: exp.Expr) -> bool:
    return isinstance(node, exp.Add) and any(
        side.is_string or isinstance(side, exp.National) for side in (node.left, node.right)
    )


def _counts_weekdays(node: exp.Expr) -> bool:
    return isinstance(node, exp.Extract) and node.name.upper() == "DAYOFWEEK"


def _splits_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.upper() == "STRING_SPLIT"


def _is_temporary(node: exp.Expr) -> bool:
    return isinstance(node, exp.Identifier) and bool(node.args.get("temporary"))


def _cuts_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.DataType) and node.this in _TEXTS and not _has_no_limit(node)


def _has_no_limit(text: exp.DataType) -> bool:
    return [parameter.name.upper() for parameter in text.expressions] == ["MAX"]


def _has_other_default(node: exp.Expr) -> bool:
    return isinstance(node, exp.DataType) and node.this == exp.DType.DECIMAL and not node.expressions


def _is_bit(node: exp.Expr) -> bool:
    return isinstance(node, exp.DataType) and node.this == exp.DType.BIT


_UNFAITHFUL_USES: dict[str, Callable[[exp.Expr], bool]] = {
    "TOP PERCENT or WITH TIES": _takes_share_or_ties,
    "division without a CAST to FLOAT on either side (whole numbers divide to whole numbers on SQL Server, and "
    "decimals to decimals)": _divides_exactly,
    "AVG without a CAST to FLOAT (the mean of whole numbers is a whole number on SQL Server)": _averages_exactly,
    "+ on texts (write CONCAT)": _adds_texts,
    "DATEPART(weekday)": _counts_weekdays,
    "STRING_SPLIT": _splits_text,
    "a temporary table": _is_temporary,
    "a text type that cuts off what is longer (write VARCHAR(MAX))": _cuts_text,
    "DECIMAL without precision and scale": _has_other_default,
    "type BIT": _is_bit,
}


def _with_faithful_type(node: exp.Expr) -> exp.Expr:
    """Types that sqlglot carries over by name: FLOAT, which has half the bytes on DuckDB, and texts without a limit."""
    if not isinstance(node, exp.DataType):
        return node
    if node.this == exp.DType.FLOAT:
        [digits] = [int(parameter.name) for parameter in node.expressions] or [_SMALLEST_DOUBLE]
        return exp.DataType(this=exp.DType.DOUBLE if digits >= _SMALLEST_DOUBLE else exp.DType.FLOAT)
    return exp.DataType(this=exp.DType.VARCHAR) if node.this in _TEXTS else node
