"""Reading a legacy table as Arrow batches for its copy on the target."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from sqlglot import exp

from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.loading import ArrowStream
from transferroom_pipeline.platforms.schemas import LEGACY_SCHEMA
from transferroom_pipeline.platforms.tables import require_table, table_expression

BATCH_ROWS = 200_000

_WANTED = "wanted_keys"


def legacy_schema(database: Path, table: str, made_by: str) -> pa.Schema:
    """The columns of a legacy table.

    Args:
        database: The legacy platform.
        table: A table of its schema `prod`.
        made_by: The asset that makes the table, for the message when it is not there.

    Raises:
        PlatformError: The database or the table is not there.
    """
    with connect(database, read_only=True) as connection:
        require_table(connection, LEGACY_SCHEMA, table, made_by)
        return connection.sql(_query(table).sql(dialect="duckdb")).limit(0).to_arrow_table().schema


def legacy_stream(database: Path, table: str, made_by: str, *, keys: pa.Table | None = None) -> ArrowStream:
    """A legacy table as a stream, so that no copy needs more memory than a batch.

    Args:
        database: The legacy platform.
        table: A table of its schema `prod`.
        made_by: The asset that makes the table, for the message when it is not there.
        keys: The keys of the rows to read, in a column named like the key; all rows without it.

    Raises:
        PlatformError: The database or the table is not there.
    """
    schema = legacy_schema(database, table, made_by)
    query = _query(table) if keys is None else _query(table).where(_is_wanted(*keys.column_names))

    def batches() -> Iterator[pa.RecordBatch]:
        with connect(database, read_only=True) as connection:
            if keys is not None:
                connection.register(_WANTED, keys)
            yield from connection.sql(query.sql(dialect="duckdb")).to_arrow_reader(BATCH_ROWS)

    return ArrowStream(schema, batches)


def _query(table: str) -> exp.Select:
    return exp.select("*").from_(table_expression(LEGACY_SCHEMA, table))


def _is_wanted(key: str) -> exp.Expr:
    column = exp.column(key, quoted=True)
    return column.isin(query=exp.select(column.copy()).from_(_WANTED))
