"""What is known of a row without reading all of it: its key and when it was updated."""

from datetime import datetime

import duckdb
import pyarrow as pa
from sqlglot import exp

from transferroom_pipeline.platforms.checksum import row_hash
from transferroom_pipeline.platforms.tables import table_expression

_UPDATED_AT = exp.column("updated_at", quoted=True)


def newest_update(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> datetime | None:
    """The newest `updated_at` of a table; None when it has no rows."""
    query = exp.select(exp.Max(this=_UPDATED_AT.copy())).from_(table_expression(schema, table))
    newest: datetime | None = connection.execute(query.sql(dialect="duckdb")).fetchall()[0][0]
    return newest


def row_versions(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, key: str, cursor: datetime | None
) -> pa.Table:
    """The rows of a table, narrow enough to be held in memory: `key`, `updated_at` and `content`.

    The content is a hash of the whole row, and NULL for rows older than the cursor. At the cursor itself `updated_at`
    says too little: a row may have changed once more within the moment in which the copy last saw it.
    """
    older = exp.LT(this=_UPDATED_AT.copy(), expression=exp.Placeholder())
    content = exp.Case().when(older, exp.null()).else_(row_hash(connection, schema, table))
    query = exp.select(
        exp.column(key, quoted=True).as_("key"), _UPDATED_AT.as_("updated_at"), content.as_("content")
    ).from_(table_expression(schema, table))
    return connection.execute(query.sql(dialect="duckdb"), [cursor]).to_arrow_table()
