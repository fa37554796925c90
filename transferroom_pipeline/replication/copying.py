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


def legacy_stream(database: Path, table: str, made_by: str) -> ArrowStream:
    """A legacy table as a stream, so that no copy needs more memory than a batch.

    Args:
        database: The legacy platform.
        table: A table of its schema `prod`.
        made_by: The asset that makes the table, for the message when it is not there.

    Raises:
        PlatformError: The database or the table is not there.
    """
    query = exp.select("*").from_(table_expression(LEGACY_SCHEMA, table)).sql(dialect="duckdb")
    with connect(database, read_only=True) as connection:
        require_table(connection, LEGACY_SCHEMA, table, made_by)
        schema = connection.sql(query).limit(0).to_arrow_table().schema

    def batches() -> Iterator[pa.RecordBatch]:
        with connect(database, read_only=True) as connection:
            yield from connection.sql(query).to_arrow_reader(BATCH_ROWS)

    return ArrowStream(schema, batches)
