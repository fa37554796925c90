"""Which snapshot of the legacy data each copy was made from, kept beside the copies."""

from collections.abc import Collection
from pathlib import Path

import duckdb
from sqlglot import exp

from transferroom_pipeline.legacy.snapshot import TABLE as SNAPSHOT
from transferroom_pipeline.legacy.snapshot import SourceSnapshot, read_snapshot
from transferroom_pipeline.platforms.exceptions import PlatformError
from transferroom_pipeline.platforms.schemas import MIGRATION_SCHEMA, RAW_SCHEMA
from transferroom_pipeline.platforms.tables import create_schema, table_exists, table_expression, transaction

TABLE = "copies"

_SQL = Path(__file__).with_name("sql")


class MixedSnapshotsError(PlatformError):
    """Copies were made from different snapshots of the legacy data."""


def record_copy(connection: duckdb.DuckDBPyConnection, table: str, snapshot: SourceSnapshot | None) -> None:
    """Write down from which snapshot a copy was made; None while it is being made, and where legacy has none."""
    if _made_from(connection).get(table, "") == (snapshot.id if snapshot else None):
        return  # Nothing is written where nothing has changed.
    row = [table, snapshot.id if snapshot else None, snapshot.as_of if snapshot else None]
    forget = exp.delete(table_expression(MIGRATION_SCHEMA, TABLE)).where(exp.column("table_name").eq(table))
    with transaction(connection):
        create_schema(connection, MIGRATION_SCHEMA)
        connection.execute((_SQL / "copies.sql").read_text(encoding="utf-8"))
        connection.execute(forget.sql(dialect="duckdb"))
        connection.execute((_SQL / "record_copy.sql").read_text(encoding="utf-8"), row)


def copied_snapshot(connection: duckdb.DuckDBPyConnection, tables: Collection[str]) -> SourceSnapshot:
    """The one snapshot that copies were made from, which the target's own copy of the snapshot names.

    Raises:
        PlatformError: The target holds no snapshot.
        MixedSnapshotsError: One of the copies was made from another snapshot, or it is not known from which.
    """
    held = read_snapshot(connection, RAW_SCHEMA)
    made_from = _made_from(connection)
    for table in sorted({*tables, SNAPSHOT}):
        if made_from.get(table) != held.id:
            raise MixedSnapshotsError(_told(table, made_from.get(table), held.id))
    return held


def _made_from(connection: duckdb.DuckDBPyConnection) -> dict[str, str | None]:
    """The snapshot of each copy that something is written down of."""
    if not table_exists(connection, MIGRATION_SCHEMA, TABLE):
        return {}
    query = exp.select("table_name", "snapshot_id").from_(table_expression(MIGRATION_SCHEMA, TABLE))
    return dict(connection.execute(query.sql(dialect="duckdb")).fetchall())


def _told(table: str, found: str | None, held: str) -> str:
    made = "on a snapshot that nobody has written down" if found is None else f"on snapshot {found}"
    return (
        f"copy {RAW_SCHEMA}.{table} was made {made}, and the target holds snapshot {held}: "
        "materialize the groups legacy, replication and models again"
    )
