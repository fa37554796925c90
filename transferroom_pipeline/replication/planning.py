"""Deciding how a table is copied this time: whole, or what changed of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import duckdb
import pyarrow as pa

from transferroom_pipeline.keys import legacy_key
from transferroom_pipeline.platforms.dlt_assets import is_as_wanted
from transferroom_pipeline.platforms.resources import LegacyPlatform, TargetPlatform
from transferroom_pipeline.platforms.schemas import LEGACY_SCHEMA, RAW_SCHEMA
from transferroom_pipeline.platforms.tables import table_exists
from transferroom_pipeline.replication.changes import Changes, changes_between, identifies_rows
from transferroom_pipeline.replication.copying import legacy_schema
from transferroom_pipeline.replication.row_versions import newest_update, row_versions
from transferroom_pipeline.settings import ReplicationMode


@dataclass(frozen=True)
class FullCopy:
    """All rows; `reason` says why not only the changed ones, where those were asked for."""

    reason: str | None = None
    mode: ClassVar = ReplicationMode.full

    def summary(self) -> str:
        """What is about to be done, as a sentence."""
        return f"copied in full: {self.reason}" if self.reason else "copied in full"

    def facts(self) -> Mapping[str, str]:
        """What the copy tells of itself."""
        return {"mode": self.mode.value, **({"full_because": self.reason} if self.reason else {})}


@dataclass(frozen=True)
class IncrementalCopy:
    """The changed rows.

    Attributes:
        key: The column that identifies a row.
        cursor: The newest update that the copy holds, if it holds any.
        changes: The keys of the rows to take over and to give up.
    """

    key: str
    cursor: datetime | None
    changes: Changes
    mode: ClassVar = ReplicationMode.incremental

    @property
    def arriving(self) -> pa.Table:
        """The keys of the rows to read from legacy, in a column named like the key."""
        return self.changes.arriving.rename_columns([self.key])

    @property
    def leaving(self) -> pa.Table:
        """The keys of the rows to take from the copy, in a column named like the key."""
        return self.changes.leaving.rename_columns([self.key])

    def summary(self) -> str:
        """What is about to be done, as a sentence."""
        changes = self.changes
        return (
            f"copied incrementally from {self.cursor or 'the first row'} on: {len(changes.inserted):,} rows inserted, "
            f"{len(changes.updated):,} updated, {len(changes.deleted):,} deleted"
        )

    def facts(self) -> Mapping[str, str | int | None]:
        """What the copy tells of itself."""
        changes = self.changes
        return {
            "mode": self.mode.value,
            "cursor": self.cursor.isoformat(sep=" ") if self.cursor else None,
            "rows_loaded": len(changes.arriving),
            "rows_inserted": len(changes.inserted),
            "rows_updated": len(changes.updated),
            "rows_deleted": len(changes.deleted),
        }


def plan_incremental_copy(
    table: str, key: str, legacy: LegacyPlatform, target: TargetPlatform
) -> IncrementalCopy | FullCopy:
    """Compare the keys and updates of both sides, read one after the other.

    Nothing is remembered from one copy to the next: what an interrupted one left undone shows as a difference again.

    Raises:
        PlatformError: A database cannot be opened, or legacy has no such table.
    """
    schema = legacy_schema(legacy.path, table, legacy_key(table).to_user_string())
    with target.get_connection() as connection:
        obstacle = _obstacle(connection, table, schema)
        if obstacle:
            return FullCopy(obstacle)
        cursor = newest_update(connection, RAW_SCHEMA, table)
        copied = row_versions(connection, RAW_SCHEMA, table, key, cursor)
    with legacy.get_connection(read_only=True) as connection:
        current = row_versions(connection, LEGACY_SCHEMA, table, key, cursor)
    for side, versions in ((LEGACY_SCHEMA, current), (RAW_SCHEMA, copied)):
        if not identifies_rows(versions):
            return FullCopy(f"{key} does not identify the rows of {side}.{table}")
    return IncrementalCopy(key, cursor, changes_between(current, copied))


def _obstacle(connection: duckdb.DuckDBPyConnection, table: str, schema: pa.Schema) -> str | None:
    if not table_exists(connection, RAW_SCHEMA, table):
        return "there is no copy yet"
    if not is_as_wanted(connection, RAW_SCHEMA, table, schema):
        return "the copy has other columns or types than legacy"
    return None
