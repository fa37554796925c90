"""The copies of the legacy tables on the target platform as assets."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from dagster_dlt import DagsterDltResource

from transferroom_pipeline.keys import OWNERS, TARGET_POOL, Group, legacy_key, raw_key
from transferroom_pipeline.metadata import described_table, markdown_table
from transferroom_pipeline.platforms.dlt_assets import StageTranslator, load_table
from transferroom_pipeline.platforms.loading import TableLoader
from transferroom_pipeline.platforms.resources import BeforeChange, LegacyPlatform, TargetPlatform
from transferroom_pipeline.platforms.schemas import LEGACY_SCHEMA, RAW_SCHEMA
from transferroom_pipeline.replication.copying import legacy_stream
from transferroom_pipeline.replication.verification import CopyVerification, table_state

CHECKS = {
    "row_count": "As many rows as in legacy.",
    "schema": "The columns and types of legacy.",
    "content": "The same rows: checksums over all columns are equal.",
}


def copy_asset(table: str, working_dir: Path, before_copy: BeforeChange) -> dg.AssetsDefinition:
    """The asset that copies one legacy table to `raw`, whole, by dlt.

    Its checks say that the copy is what it was copied from. They can be run without copying, and they are blocking,
    as all that follows is judged by the copy.

    Args:
        table: The table's name.
        working_dir: Where dlt may keep its working files.
        before_copy: Told, on a connection to the target, which tables are about to be replaced.
    """
    key = raw_key(table)
    translator = StageTranslator({table: _copy_spec(table)})

    @dg.multi_asset(
        name=f"copy_{table}",
        specs=[translator.table_spec(table)],
        check_specs=[
            dg.AssetCheckSpec(name, asset=key, blocking=True, description=description)
            for name, description in CHECKS.items()
        ],
        can_subset=True,
        pool=TARGET_POOL,
    )
    def copy(
        context: dg.AssetExecutionContext, dlt: DagsterDltResource, legacy: LegacyPlatform, target: TargetPlatform
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        copied = key in context.selected_asset_keys
        if copied:
            loader = TableLoader(target.path, RAW_SCHEMA, working_dir)
            stream = legacy_stream(legacy.path, table, legacy_key(table).to_user_string())
            with target.get_connection() as connection:
                before_copy(connection, [table])
            load_table(context, dlt, translator, loader, table, stream)
        verification = verify_copy(table, legacy, target)
        if copied:
            arrived = verification.copy
            metadata = described_table(RAW_SCHEMA, table, arrived.columns, arrived.checksum.rows)
            yield dg.MaterializeResult(asset_key=key, metadata=metadata)
        selected = {check.name for check in context.selected_asset_check_keys}
        yield from (result for result in _check_results(key, verification) if result.check_name in selected)

    return copy


def _copy_spec(table: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        raw_key(table),
        deps=[legacy_key(table)],
        skippable=True,  # when only checks are run
        group_name=Group.REPLICATION,
        owners=list(OWNERS),
        kinds={"dlt", "duckdb"},
        description=f"Copy of legacy table {LEGACY_SCHEMA}.{table}, column types and NULLs as they are there.",
    )


def verify_copy(table: str, legacy: LegacyPlatform, target: TargetPlatform) -> CopyVerification:
    """Both sides of a copy, read one after the other."""
    with legacy.get_connection(read_only=True) as connection:
        left = table_state(connection, LEGACY_SCHEMA, table, legacy_key(table).to_user_string())
    with target.get_connection(read_only=True) as connection:
        right = table_state(connection, RAW_SCHEMA, table, raw_key(table).to_user_string())
    return CopyVerification(left, right)


def _check_results(key: dg.AssetKey, verification: CopyVerification) -> list[dg.AssetCheckResult]:
    left, right = verification.legacy.checksum, verification.copy.checksum
    differences = verification.schema_differences
    return [
        dg.AssetCheckResult(
            asset_key=key,
            check_name="row_count",
            passed=verification.same_rows,
            metadata={"legacy": left.rows, "raw": right.rows},
        ),
        dg.AssetCheckResult(
            asset_key=key,
            check_name="schema",
            passed=not differences,
            metadata={"differences": markdown_table(differences)},
        ),
        dg.AssetCheckResult(
            asset_key=key,
            check_name="content",
            passed=verification.same_content,
            # As text: a sum of hashes is larger than the integers of Dagster's metadata.
            metadata={"legacy": str(left.hash_sum), "raw": str(right.hash_sum)},
        ),
    ]
