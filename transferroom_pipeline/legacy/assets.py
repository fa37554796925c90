"""The snapshot and the derived tables of the legacy platform as assets."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import dagster as dg

from transferroom_pipeline.keys import LEGACY_POOL, OWNERS, Group, legacy_key
from transferroom_pipeline.legacy import snapshot as snapshots
from transferroom_pipeline.legacy.building import build_table
from transferroom_pipeline.legacy.checks import repeated_keys
from transferroom_pipeline.legacy.tables import Frames, LegacyTable, SqlFile
from transferroom_pipeline.metadata import markdown_table, table_metadata
from transferroom_pipeline.platforms.resources import LegacyPlatform
from transferroom_pipeline.platforms.schemas import LEGACY_SCHEMA
from transferroom_pipeline.platforms.tables import require_table, row_count


def snapshot_asset(source_tables: Sequence[str], as_of: date | None) -> dg.AssetsDefinition:
    """The asset that fixes which data a run is about."""

    @dg.asset(
        key=legacy_key(snapshots.TABLE),
        deps=[legacy_key(table) for table in source_tables],
        group_name=Group.LEGACY,
        owners=list(OWNERS),
        kinds={"duckdb"},
        pool=LEGACY_POOL,
        description="One row: the identity of the source tables' content, and the as-of date that every stage "
        "works with instead of asking the clock.",
    )
    def snapshot(legacy: LegacyPlatform) -> dg.MaterializeResult[None]:
        with legacy.get_connection() as connection:
            taken = snapshots.take_snapshot(connection, source_tables, as_of)
            metadata = table_metadata(connection, LEGACY_SCHEMA, snapshots.TABLE)
        return dg.MaterializeResult(metadata={**metadata, "snapshot": taken.id, "as_of": taken.as_of.isoformat()})

    return snapshot


def legacy_asset(table: LegacyTable) -> dg.AssetsDefinition:
    """The asset that builds one derived table."""

    @dg.asset(
        key=legacy_key(table.name),
        deps=[legacy_key(name) for name in (*table.inputs, snapshots.TABLE)],
        group_name=Group.LEGACY,
        owners=list(OWNERS),
        kinds=_kinds(table),
        pool=LEGACY_POOL,
        description=table.description,
        code_version=table.code_version(),
        metadata={"key": list(table.key)},
    )
    def derived(legacy: LegacyPlatform) -> dg.MaterializeResult[None]:
        with legacy.get_connection() as connection:
            snapshot = snapshots.read_snapshot(connection, LEGACY_SCHEMA)
            code = build_table(connection, table, snapshot.as_of)
            metadata = table_metadata(connection, LEGACY_SCHEMA, table.name)
        shown = code if isinstance(table.build, Frames) else dg.MetadataValue.md(f"```sql\n{code}\n```")
        return dg.MaterializeResult(metadata={**metadata, "built_by": shown, "snapshot": snapshot.id})

    return derived


def legacy_checks(table: LegacyTable) -> dg.AssetChecksDefinition:
    """The checks `rows` and `unique_key` of one derived table."""
    key = legacy_key(table.name)

    @dg.multi_asset_check(
        name=f"check_legacy_{table.name}",
        specs=[
            dg.AssetCheckSpec("rows", asset=key, description="The table has at least one row."),
            dg.AssetCheckSpec("unique_key", asset=key, description=f"{', '.join(table.key)} occurs once in each row."),
        ],
        can_subset=True,
        pool=LEGACY_POOL,
    )
    def checks(context: dg.AssetCheckExecutionContext, legacy: LegacyPlatform) -> Iterator[dg.AssetCheckResult]:
        selected = {check.name for check in context.selected_asset_check_keys}
        with legacy.get_connection(read_only=True) as connection:
            require_table(connection, LEGACY_SCHEMA, table.name, key.to_user_string())
            if "rows" in selected:
                rows = row_count(connection, LEGACY_SCHEMA, table.name)
                yield dg.AssetCheckResult(check_name="rows", passed=rows > 0, metadata={"rows": rows})
            if "unique_key" in selected:
                repeated = repeated_keys(connection, LEGACY_SCHEMA, table.name, table.key)
                found: dict[str, Any] = {"repeated_keys": repeated.keys, "samples": markdown_table(repeated.samples)}
                yield dg.AssetCheckResult(check_name="unique_key", passed=repeated.keys == 0, metadata=found)

    return checks


def _kinds(table: LegacyTable) -> set[str]:
    if isinstance(table.build, Frames):
        return {"pandas", "duckdb"}
    return {"sql", "duckdb"} if isinstance(table.build, SqlFile) else {"python", "sql", "duckdb"}
