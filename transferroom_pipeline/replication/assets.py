"""The copies of the legacy tables on the target platform as assets."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from dagster_dlt import DagsterDltResource

from transferroom_pipeline.keys import OWNERS, Group, legacy_key, raw_key
from transferroom_pipeline.metadata import markdown_table
from transferroom_pipeline.platforms.dlt_assets import StageTranslator, load_table
from transferroom_pipeline.platforms.loading import TableLoader
from transferroom_pipeline.platforms.resources import LegacyPlatform, TargetPlatform
from transferroom_pipeline.replication.copying import LEGACY_SCHEMA, RAW_SCHEMA, legacy_stream
from transferroom_pipeline.replication.verification import CopyVerification, table_state

POOL = "target_database"


def copy_asset(table: str, working_dir: Path) -> dg.AssetsDefinition:
    """The asset that copies one legacy table to `raw`, whole, by dlt."""
    spec = dg.AssetSpec(
        raw_key(table),
        deps=[legacy_key(table)],
        group_name=Group.REPLICATION,
        owners=list(OWNERS),
        kinds={"dlt", "duckdb"},
        description=f"Copy of legacy table {LEGACY_SCHEMA}.{table}, column types and NULLs as they are there.",
    )
    translator = StageTranslator({table: spec})

    @dg.multi_asset(name=f"copy_{table}", specs=[translator.table_spec(table)], pool=POOL)
    def copy(
        context: dg.AssetExecutionContext, dlt: DagsterDltResource, legacy: LegacyPlatform, target: TargetPlatform
    ) -> dg.MaterializeResult[None]:
        loader = TableLoader(target.path, RAW_SCHEMA, working_dir)
        return load_table(context, dlt, translator, loader, table, legacy_stream(legacy.path, table))

    return copy


def copy_checks(table: str) -> dg.AssetChecksDefinition:
    """The checks that a copy is what it was copied from; blocking, as all that follows is judged by the copy."""
    key = raw_key(table)

    @dg.multi_asset_check(
        name=f"check_copy_{table}",
        specs=[
            dg.AssetCheckSpec("row_count", asset=key, blocking=True, description="As many rows as in legacy."),
            dg.AssetCheckSpec("schema", asset=key, blocking=True, description="The columns and types of legacy."),
            dg.AssetCheckSpec(
                "content", asset=key, blocking=True, description="The same rows: checksums over all columns are equal."
            ),
        ],
        can_subset=True,
        pool=POOL,
    )
    def checks(
        context: dg.AssetCheckExecutionContext, legacy: LegacyPlatform, target: TargetPlatform
    ) -> Iterator[dg.AssetCheckResult]:
        verification = verify_copy(table, legacy, target)
        selected = {check.name for check in context.selected_asset_check_keys}
        yield from (result for result in _check_results(verification) if result.check_name in selected)

    return checks


def verify_copy(table: str, legacy: LegacyPlatform, target: TargetPlatform) -> CopyVerification:
    """Both sides of a copy, read one after the other."""
    with legacy.get_connection(read_only=True) as connection:
        left = table_state(connection, LEGACY_SCHEMA, table, legacy_key(table).to_user_string())
    with target.get_connection(read_only=True) as connection:
        right = table_state(connection, RAW_SCHEMA, table, raw_key(table).to_user_string())
    return CopyVerification(left, right)


def _check_results(verification: CopyVerification) -> list[dg.AssetCheckResult]:
    left, right = verification.legacy.checksum, verification.copy.checksum
    differences = verification.schema_differences
    return [
        dg.AssetCheckResult(
            check_name="row_count", passed=verification.same_rows, metadata={"legacy": left.rows, "raw": right.rows}
        ),
        dg.AssetCheckResult(
            check_name="schema", passed=not differences, metadata={"differences": markdown_table(differences)}
        ),
        dg.AssetCheckResult(
            check_name="content",
            passed=verification.same_content,
            # As text: a sum of hashes is larger than the integers of Dagster's metadata.
            metadata={"legacy": str(left.hash_sum), "raw": str(right.hash_sum)},
        ),
    ]
