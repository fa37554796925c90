"""The snapshot: which state of the source tables a run works on, and its as-of date.

It is a table of one row, so that the legacy code and the models, on whatever platform, read the same value and
nothing has to ask the clock.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from sqlglot import exp

from transferroom_pipeline.legacy.exceptions import LegacyError
from transferroom_pipeline.platforms.checksum import Checksum, content_checksum
from transferroom_pipeline.platforms.schemas import LEGACY_SCHEMA, MIGRATION_SCHEMA
from transferroom_pipeline.platforms.tables import (
    create_schema,
    require_table,
    table_exists,
    table_expression,
    transaction,
)
from transferroom_pipeline.sources.rejections import TABLE as REJECTED_ROWS

TABLE = "snapshot"

_TABLES = "snapshot_tables"
_OF_EVERY_SNAPSHOT = {TABLE, REJECTED_ROWS}
"""No content that a snapshot could be about."""


@dataclass(frozen=True)
class SourceSnapshot:
    """`id` is the same for the same content of the source tables and the same as-of date, and else another."""

    id: str
    as_of: date


def take_snapshot(connection: duckdb.DuckDBPyConnection, tables: Sequence[str], as_of: date | None) -> SourceSnapshot:
    """Write `prod.snapshot`.

    Args:
        connection: To the legacy platform.
        tables: The source tables, each with a column `updated_at`.
        as_of: The as-of date, or None for the newest `updated_at` date in the tables.

    Raises:
        LegacyError: No as-of date is given and the tables have no row to take it from.
        PlatformError: A table is not there.
    """
    for table in tables:
        require_table(connection, LEGACY_SCHEMA, table, f"legacy/{table}")
    day = as_of or _newest_update(connection, tables)
    content = [(table, content_checksum(connection, LEGACY_SCHEMA, table)) for table in sorted(tables)]
    identity = repr((day.isoformat(), [(name, checksum.rows, checksum.hash_sum) for name, checksum in content]))
    snapshot = SourceSnapshot(hashlib.sha256(identity.encode()).hexdigest()[:12], day)
    statement = (Path(__file__).parent / "create_snapshot.sql").read_text(encoding="utf-8")
    with transaction(connection):
        connection.execute(statement, [snapshot.id, snapshot.as_of])
        for table, checksum in content:
            record_table(connection, table, snapshot, checksum)
    return snapshot


def read_snapshot(connection: duckdb.DuckDBPyConnection, schema: str) -> SourceSnapshot:
    """The snapshot that a schema holds: legacy `prod`, or its copy in `raw`.

    Raises:
        PlatformError: There is none yet.
    """
    require_table(connection, schema, TABLE, f"{'legacy' if schema == LEGACY_SCHEMA else schema}/{TABLE}")
    query = exp.select("id", "as_of").from_(table_expression(schema, TABLE))
    identifier, as_of = connection.execute(query.sql(dialect="duckdb")).fetchall()[0]
    return SourceSnapshot(identifier, as_of)


def record_table(
    connection: duckdb.DuckDBPyConnection, table: str, snapshot: SourceSnapshot | None, content: Checksum
) -> None:
    """Write down to which snapshot a legacy table with this content belongs, or that it belongs to none.

    To be called in a transaction: what was written down before is taken back first.
    """
    create_schema(connection, MIGRATION_SCHEMA)
    connection.execute((Path(__file__).parent / "snapshot_tables.sql").read_text(encoding="utf-8"))
    forget = exp.delete(table_expression(MIGRATION_SCHEMA, _TABLES)).where(exp.column("table_name").eq(table))
    connection.execute(forget.sql(dialect="duckdb"))
    if snapshot is None:
        return
    row = [table, snapshot.id, snapshot.as_of, content.rows, str(content.hash_sum)]
    connection.execute((Path(__file__).parent / "record_table.sql").read_text(encoding="utf-8"), row)


def all_belong(connection: duckdb.DuckDBPyConnection, tables: Sequence[str], snapshot: SourceSnapshot) -> bool:
    """Whether legacy tables have the content that they have in a snapshot."""
    contents = {table: content_checksum(connection, LEGACY_SCHEMA, table) for table in tables}
    return all(snapshot_of(connection, table, content) == snapshot for table, content in contents.items())


def snapshot_of(connection: duckdb.DuckDBPyConnection, table: str, content: Checksum) -> SourceSnapshot | None:
    """The snapshot that a legacy table with this content belongs to; None where nobody knows, or it has changed."""
    if table in _OF_EVERY_SNAPSHOT:
        return read_snapshot(connection, LEGACY_SCHEMA) if table_exists(connection, LEGACY_SCHEMA, TABLE) else None
    if not table_exists(connection, MIGRATION_SCHEMA, _TABLES):
        return None
    query = (
        exp.select("snapshot_id", "as_of", "row_count", "hash_sum")
        .from_(table_expression(MIGRATION_SCHEMA, _TABLES))
        .where(exp.column("table_name").eq(table))
    )
    row = connection.execute(query.sql(dialect="duckdb")).fetchone()
    if row is None:
        return None
    identifier, as_of, rows, hash_sum = row
    return SourceSnapshot(identifier, as_of) if Checksum(rows, int(hash_sum)) == content else None


def _newest_update(connection: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> date:
    days = [_newest_day(connection, table) for table in tables]
    known = [day for day in days if day is not None]
    if not known:
        raise LegacyError(
            "the source tables have no row to take the as-of date from: load them, or set TRANSFERROOM_AS_OF"
        )
    return max(known)


def _newest_day(connection: duckdb.DuckDBPyConnection, table: str) -> date | None:
    newest = exp.cast(exp.Max(this=exp.column("updated_at")), "date")
    query = exp.select(newest).from_(table_expression(LEGACY_SCHEMA, table))
    day: date | None = connection.execute(query.sql(dialect="duckdb")).fetchall()[0][0]
    return day
