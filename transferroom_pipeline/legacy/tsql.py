"""Carrying legacy T-SQL to the stand-in."""

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from transferroom_pipeline.legacy.exceptions import LegacyError

_UNFAITHFUL: dict[type[exp.Expr], str] = {
    exp.Merge: "MERGE",
    exp.Lateral: "CROSS APPLY or OUTER APPLY",
    exp.Into: "SELECT INTO",
    exp.OpenJSON: "OPENJSON",
    exp.DateDiff: "DATEDIFF",
    exp.Convert: "CONVERT",
    exp.Parameter: "a variable",
}
"""Constructs that sqlglot translates without complaint into something that means another thing."""


def stand_in_sql(tsql: str, *, table: str) -> str:
    """One T-SQL query as DuckDB SQL with the same meaning.

    Args:
        tsql: The query, as it runs on SQL Server.
        table: The legacy table it builds, for messages.

    Raises:
        LegacyError: The query does not parse, or uses what is known not to keep its meaning.
    """
    try:
        [query] = sqlglot.parse(tsql, dialect="tsql")
    except (SqlglotError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise LegacyError(f"the T-SQL of legacy table {table} is not one query that can be read: {reason}") from error
    if not isinstance(query, exp.Query):
        raise LegacyError(f"the T-SQL of legacy table {table} is not a SELECT: the stand-in runs queries only")
    _refuse_unfaithful(query, table)
    return query.sql(dialect="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE, comments=False)


def referenced_tables(tsql: str) -> set[str]:
    """The tables of schema `prod` that a T-SQL query reads."""
    tree = sqlglot.parse_one(tsql, dialect="tsql")
    return {table.name for table in tree.find_all(exp.Table) if table.db == "prod"}


def _refuse_unfaithful(query: exp.Query, table: str) -> None:
    for node in query.walk():
        construct = _UNFAITHFUL.get(type(node)) or _unfaithful_use(node)
        if construct:
            message = (
                f"the T-SQL of legacy table {table} uses {construct}, which means something else on the stand-in: "
                "rewrite that part, or run this table on SQL Server"
            )
            raise LegacyError(message)


def _unfaithful_use(node: exp.Expr) -> str | None:
    """Constructs of which only some uses change their meaning."""
    if isinstance(node, exp.Fetch | exp.Limit) and node.args.get("limit_options") is not None:
        return "TOP PERCENT or WITH TIES"
    if isinstance(node, exp.Div) and not any(isinstance(side, exp.Cast) for side in (node.left, node.right)):
        return "division without a CAST on either side (whole numbers divide to whole numbers on SQL Server)"
    if isinstance(node, exp.Add) and any(side.is_string for side in (node.left, node.right)):
        return "+ on texts (write CONCAT)"
    if isinstance(node, exp.Extract) and node.name.upper() == "DAYOFWEEK":
        return "DATEPART(weekday)"
    if isinstance(node, exp.Anonymous) and node.name.upper() == "STRING_SPLIT":
        return "STRING_SPLIT"
    return None
