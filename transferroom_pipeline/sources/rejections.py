"""The table of source rows that were refused: kept, so that nothing is lost, and apart, so that nothing is wrong."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
from sqlglot import exp

from transferroom_pipeline.platforms.schemas import LEGACY_SCHEMA
from transferroom_pipeline.platforms.tables import create_schema, table_expression

TABLE = "rejected_rows"

_SQL = Path(__file__).with_name("sql")


def create_rejected_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `prod.rejected_rows` where it is not there."""
    create_schema(connection, LEGACY_SCHEMA)
    connection.execute((_SQL / "rejected_rows.sql").read_text(encoding="utf-8"))


def record_rejections(connection: duckdb.DuckDBPyConnection, source_table: str, rejected: Path) -> None:
    """Replace what is recorded of a source table by its newest intake, in one transaction.

    Args:
        connection: To the legacy platform.
        source_table: The table whose file was taken in.
        rejected: The Parquet file of refused rows that the intake wrote.
    """
    create_rejected_rows(connection)
    connection.begin()
    try:
        connection.execute(_forget(exp.column("source_table").eq(source_table)))
        connection.execute((_SQL / "record_rejections.sql").read_text(encoding="utf-8"), [str(rejected)])
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def rejections_per_rule(connection: duckdb.DuckDBPyConnection, source_tables: Sequence[str]) -> list[dict[str, object]]:
    """How many rows each rule refused, per table and column; what tables no longer loaded left behind is removed."""
    create_rejected_rows(connection)
    connection.execute(_forget(exp.column("source_table").isin(*source_tables).not_()))
    grouping = [exp.column(name) for name in ("source_table", "column_name", "rule")]
    counts = (
        exp.select(*grouping, exp.alias_(exp.Count(this=exp.Star()), "rows", quoted=True))
        .from_(table_expression(LEGACY_SCHEMA, TABLE))
        .group_by(*(column.copy() for column in grouping))
        .order_by(*(column.copy() for column in grouping))
    )
    found = connection.sql(counts.sql(dialect="duckdb"))
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def _forget(condition: exp.Expression) -> str:
    return exp.delete(table_expression(LEGACY_SCHEMA, TABLE)).where(condition).sql(dialect="duckdb")
