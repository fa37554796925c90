"""Removing what dlt leaves: records of old loads, rows on their way that have arrived, working folders."""

import shutil
from datetime import datetime
from pathlib import Path

import duckdb
from sqlglot import exp

from transferroom_pipeline.platforms.tables import table_expression
from transferroom_pipeline.retention.removal import Removal

_LOADS = "_dlt_loads"
_ON_THEIR_WAY = "_staging"


def remove_load_records(
    connection: duckdb.DuckDBPyConnection, platform: str, *, before: datetime, dry_run: bool
) -> list[Removal]:
    """Remove the records of loads from before a moment, and the rows that dlt has left beside the tables.

    Args:
        connection: To a platform.
        platform: Its name, for people.
        before: Older records go.
        dry_run: Only say what would go.
    """
    tables = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() ORDER BY ALL"
    ).fetchall()
    records = [table_expression(schema, table) for schema, table in tables if table == _LOADS]
    arrived = [
        table_expression(schema, table)
        for schema, table in tables
        if schema.endswith(_ON_THEIR_WAY) and not table.startswith("_dlt")
    ]
    is_old = exp.column("inserted_at") < exp.cast(exp.Literal.string(before.isoformat()), "TIMESTAMPTZ")
    return [
        Removal(
            f"records of dlt's loads in {platform}",
            sum(_removed(connection, table, is_old, dry_run=dry_run) for table in records),
        ),
        Removal(
            f"rows beside the tables in {platform}, already loaded",
            sum(_removed(connection, table, None, dry_run=dry_run) for table in arrived),
        ),
    ]


def remove_working_folders(folder: Path, *, dry_run: bool) -> Removal:
    """Remove what loads that died have left on the disk; only while no load is under way."""
    left = sorted(folder.iterdir()) if folder.is_dir() else []
    if not dry_run:
        for path in left:
            shutil.rmtree(path)
    return Removal("working folders of dlt", len(left))


def _removed(
    connection: duckdb.DuckDBPyConnection, table: exp.Table, condition: exp.Expr | None, *, dry_run: bool
) -> int:
    """How many rows are, or would be, removed."""
    found = exp.select(exp.Count(this=exp.Star())).from_(table.copy())
    [(count,)] = connection.execute((found.where(condition) if condition else found).sql(dialect="duckdb")).fetchall()
    if count and not dry_run:
        delete = exp.delete(table.copy())
        connection.execute((delete.where(condition) if condition else delete).sql(dialect="duckdb"))
    return int(count)
