"""The snapshot and the derived tables of the legacy platform as assets."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import dagster as dg
import duckdb

from sqlmesh_assets import markdown
from transferroom_pipeline.keys import LEGACY_POOL, OWNERS, Group, legacy_key
from transferroom_pipeline.legacy import snapshot as snapshots
from transferroom_pipeline.legacy.building import build_table
from transferroom_pipeline.legacy.checks import repeated_keys
from transferroom_pipeline.legacy.tables import Frames, LegacyTable, SqlFile
from transferroom_pipeline.legacy.tsql.findings import Finding, warning_rows
from transferroom_pipeline.legacy.warnings import METADATA, warnings_of_build
from transferroom_pipeline.metadata import data_version, described_table, markdown_table, table_metadata
from transferroom_pipeline.platforms.checksum import content_checksum
from transferroom_pipeline.platforms.resources import LegacyPlatform
from transferroom_pipeline.platforms.schemas import LEGACY_SCHEMA
from transferroom_pipeline.platforms.tables import columns, require_table, row_count, transaction


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
        return dg.MaterializeResult(
            metadata={**metadata, "snapshot": taken.id, "as_of": taken.as_of.isoformat()},
            data_version=dg.DataVersion(taken.id),
        )

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
            of = snapshot if snapshots.all_belong(connection, table.inputs, snapshot) else None
            content = content_checksum(connection, LEGACY_SCHEMA, table.name)
            with transaction(connection):
                snapshots.record_table(connection, table.name, of, content)
            described = columns(connection, LEGACY_SCHEMA, table.name)
            metadata = described_table(LEGACY_SCHEMA, table.name, described, content.rows)
            metadata.update(warning_metadata(warnings_of_build(connection, table, snapshot.as_of)))
        shown = code if isinstance(table.build, Frames) else dg.MetadataValue.md(markdown.block(code, "sql"))
        metadata.update(built_by=shown, snapshot=snapshot.id)
        return dg.MaterializeResult(metadata=metadata, data_version=data_version(described, content))

    return derived


def warning_metadata(warnings: Sequence[Finding]) -> dict[str, dg.MarkdownMetadataValue]:
    """The warnings for a table's T-SQL as metadata; nothing without any."""
    return {METADATA: markdown_table(warning_rows(warnings))} if warnings else {}


def legacy_checks(table: LegacyTable) -> dg.AssetChecksDefinition:
    """The checks `rows`, `unique_key` and, for T-SQL, `tsql` of one derived table."""
    key = legacy_key(table.name)

    @dg.multi_asset_check(
        name=f"check_legacy_{table.name}",
        specs=_check_specs(table),
        can_subset=True,
        pool=LEGACY_POOL,
    )
    def checks(context: dg.AssetCheckExecutionContext, legacy: LegacyPlatform) -> Iterator[dg.AssetCheckResult]:
        selected = {check.name for check in context.selected_asset_check_keys}
        with legacy.get_connection(read_only=True) as connection:
            require_table(connection, LEGACY_SCHEMA, table.name, key.to_user_string())
            for name, evaluate in _EVALUATIONS.items():
                if name in selected:
                    yield evaluate(connection, table)

    return checks


_TSQL = "The T-SQL means the same on the stand-in, whatever the data and the collation."


def _check_specs(table: LegacyTable) -> Sequence[dg.AssetCheckSpec]:
    descriptions = {
        "rows": "The table has at least one row.",
        "unique_key": f"{', '.join(table.key)} occurs once in each row.",
    }
    if not isinstance(table.build, Frames):
        descriptions["tsql"] = _TSQL
    key = legacy_key(table.name)
    return [dg.AssetCheckSpec(name, asset=key, description=description) for name, description in descriptions.items()]


def _rows_check(connection: duckdb.DuckDBPyConnection, table: LegacyTable) -> dg.AssetCheckResult:
    rows = row_count(connection, LEGACY_SCHEMA, table.name)
    description = f"{rows:,} rows" if rows else "the table is empty: look at its SQL and at the tables that it reads"
    return dg.AssetCheckResult(check_name="rows", passed=rows > 0, description=description, metadata={"rows": rows})


def _unique_key_check(connection: duckdb.DuckDBPyConnection, table: LegacyTable) -> dg.AssetCheckResult:
    repeated = repeated_keys(connection, LEGACY_SCHEMA, table.name, table.key)
    found: dict[str, Any] = {"repeated_keys": repeated.keys, "samples": markdown_table(repeated.samples)}
    key = ", ".join(table.key)
    description = (
        f"values of {key} that occur in several rows: {repeated.keys:,}"
        if repeated.keys
        else f"{key} identifies each row"
    )
    return dg.AssetCheckResult(
        check_name="unique_key", passed=repeated.keys == 0, description=description, metadata=found
    )


def _tsql_check(connection: duckdb.DuckDBPyConnection, table: LegacyTable) -> dg.AssetCheckResult:
    """A warning, not an error: the condition may well hold, and the comparison shows if it does not."""
    as_of = snapshots.read_snapshot(connection, LEGACY_SCHEMA).as_of
    rows = warning_rows(warnings_of_build(connection, table, as_of))
    return dg.AssetCheckResult(
        check_name="tsql",
        passed=not rows,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(f"{row['what']} (line {row['line']})" for row in rows) or _TSQL,
        metadata={METADATA: markdown_table(rows)},
    )


_EVALUATIONS = {"rows": _rows_check, "unique_key": _unique_key_check, "tsql": _tsql_check}


def _kinds(table: LegacyTable) -> set[str]:
    if isinstance(table.build, Frames):
        return {"pandas", "duckdb"}
    return {"sql", "duckdb"} if isinstance(table.build, SqlFile) else {"python", "sql", "duckdb"}
