"""Is a copy what it was copied from: rows, columns and content on both sides."""

from dataclasses import dataclass, replace

import duckdb

from transferroom_pipeline.legacy.snapshot import SourceSnapshot, snapshot_of
from transferroom_pipeline.platforms.checksum import Checksum, content_checksum
from transferroom_pipeline.platforms.schemas import LEGACY_SCHEMA
from transferroom_pipeline.platforms.tables import Column, columns, require_table


@dataclass(frozen=True)
class TableState:
    """What one side holds, and the snapshot that it belongs to, where that is known."""

    columns: tuple[Column, ...]
    checksum: Checksum
    snapshot: SourceSnapshot | None = None


@dataclass(frozen=True)
class CopyVerification:
    """Both sides of a copied table."""

    legacy: TableState
    copy: TableState

    @property
    def same_rows(self) -> bool:
        """Both sides have the same number of rows."""
        return self.legacy.checksum.rows == self.copy.checksum.rows

    @property
    def schema_differences(self) -> tuple[dict[str, str | None], ...]:
        """Columns that are on one side only or of another type there; their order does not matter."""
        left = {column.name: column.type for column in self.legacy.columns}
        right = {column.name: column.type for column in self.copy.columns}
        names = [*left, *(name for name in right if name not in left)]
        return tuple(
            {"column": name, "legacy": left.get(name), "raw": right.get(name)}
            for name in names
            if left.get(name) != right.get(name)
        )

    @property
    def same_content(self) -> bool:
        """Both sides hold the same rows, in whatever order."""
        return self.legacy.checksum == self.copy.checksum

    @property
    def is_equal(self) -> bool:
        """Both sides have the same columns and hold the same rows."""
        return self.same_content and not self.schema_differences

    @property
    def snapshot(self) -> SourceSnapshot | None:
        """The snapshot that the copy was made from, if it is one of a table that belongs to a snapshot."""
        return self.legacy.snapshot if self.same_content else None

    @property
    def differs_in_cells_only(self) -> bool:
        """Both sides have as many rows and the same columns, and yet not the same content."""
        return self.same_rows and not self.schema_differences and not self.same_content


def legacy_state(connection: duckdb.DuckDBPyConnection, table: str, made_by: str) -> TableState:
    """What a legacy table holds.

    Raises:
        PlatformError: The table is not there; the message names the asset that makes it.
    """
    found = table_state(connection, LEGACY_SCHEMA, table, made_by)
    return replace(found, snapshot=snapshot_of(connection, table, found.checksum))


def table_state(connection: duckdb.DuckDBPyConnection, schema: str, table: str, made_by: str) -> TableState:
    """What a table holds.

    Raises:
        PlatformError: The table is not there; the message names the asset that makes it.
    """
    require_table(connection, schema, table, made_by)
    return TableState(columns(connection, schema, table), content_checksum(connection, schema, table))
