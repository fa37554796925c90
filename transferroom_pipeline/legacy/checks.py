"""What must hold of every derived table before it is compared: it has rows, and its key is unique."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
from sqlglot import exp

from transferroom_pipeline.platforms.tables import table_expression


@dataclass(frozen=True)
class RepeatedKeys:
    """`keys` counts the keys that occur more than once; the samples hold some with their number of rows."""

    keys: int
    samples: tuple[dict[str, Any], ...]


def repeated_keys(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, key: Sequence[str], samples: int = 10
) -> RepeatedKeys:
    """Keys that occur more than once; NULL parts count as equal to each other."""
    parts = [exp.column(name, quoted=True) for name in key]
    count = exp.Count(this=exp.Star())
    repeated = (
        exp.select(*parts, exp.alias_(count, "rows", quoted=True))
        .from_(table_expression(schema, table))
        .group_by(*(part.copy() for part in parts))
        .having(exp.GT(this=count.copy(), expression=exp.Literal.number(1)))
    )
    number = connection.sql(exp.select(count.copy()).from_(repeated.subquery("repeated")).sql(dialect="duckdb"))
    first = connection.sql(repeated.order_by(*(part.copy() for part in parts)).limit(samples).sql(dialect="duckdb"))
    rows = tuple(dict(zip(first.columns, row, strict=True)) for row in first.fetchall())
    return RepeatedKeys(number.fetchall()[0][0], rows)
