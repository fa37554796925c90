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
from transferroom_pipeline.platforms.checksum import content_checksum
from transferroom_pipeline.platforms.schemas import LEGACY_SCHEMA
from transferroom_pipeline.platforms.tables import require_table, table_expression

TABLE = "snapshot"


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
    connection.execute(statement, [snapshot.id, snapshot.as_of])
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
