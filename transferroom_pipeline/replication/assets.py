"""The copies of the legacy tables on the target platform as assets."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pyarrow as pa
from dagster_dlt import DagsterDltResource
from pydantic import Field

from transferroom_pipeline.keys import OWNERS, TARGET_POOL, Group, legacy_key, raw_key
from transferroom_pipeline.legacy.snapshot import TABLE as SNAPSHOT
from transferroom_pipeline.legacy.snapshot import SourceSnapshot
from transferroom_pipeline.metadata import described_table
from transferroom_pipeline.platforms.dlt_assets import StageTranslator, load_table, merge_into_table
from transferroom_pipeline.platforms.loading import ArrowStream, TableLoader
from transferroom_pipeline.platforms.resources import BeforeChange, LegacyPlatform, TargetPlatform
from transferroom_pipeline.platforms.schemas import LEGACY_SCHEMA, RAW_SCHEMA
from transferroom_pipeline.replication.checks import check_results, check_specs, verify_copy
from transferroom_pipeline.replication.copying import legacy_stream
from transferroom_pipeline.replication.planning import FullCopy, IncrementalCopy, plan_incremental_copy
from transferroom_pipeline.replication.provenance import record_copy
from transferroom_pipeline.replication.tables import CopiedTable
from transferroom_pipeline.settings import ReplicationMode

Results = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


class CopyConfig(dg.Config):
    """What a person may decide for one copy, in the launchpad."""

    mode: ReplicationMode | None = Field(
        None,
        description="full copies all rows, incremental those that changed since; without it TRANSFERROOM_REPLICATION "
        "decides.",
    )


@dataclass(frozen=True)
class Replication:
    """How tables are copied.

    Attributes:
        working_dir: Where dlt may keep its working files.
        before_copy: Told, on a connection to the target, which tables are about to change.
        mode: How the tables that have a key are copied, unless the launchpad says otherwise.
    """

    working_dir: Path
    before_copy: BeforeChange
    mode: ReplicationMode = ReplicationMode.full


def copy_asset(table: CopiedTable, replication: Replication) -> dg.AssetsDefinition:
    """The asset that copies one legacy table to `raw` by dlt.

    Its checks say that the copy is what it was copied from. They can be run without copying, and they are blocking,
    as all that follows is judged by the copy.
    """
    key, translator = raw_key(table.name), StageTranslator({table.name: _copy_spec(table.name)})
    define = dg.multi_asset(
        name=f"copy_{table.name}",
        specs=[translator.table_spec(table.name)],
        check_specs=check_specs(key),
        can_subset=True,
        pool=TARGET_POOL,
    )
    if table.key is None:

        @define
        def copy_whole(
            context: dg.AssetExecutionContext, dlt: DagsterDltResource, legacy: LegacyPlatform, target: TargetPlatform
        ) -> Results:
            step = _CopyStep(table, replication, translator, context, dlt, legacy, target)
            yield from step.run(ReplicationMode.full)

        return copy_whole

    @define
    def copy_as_configured(
        context: dg.AssetExecutionContext,
        config: CopyConfig,
        dlt: DagsterDltResource,
        legacy: LegacyPlatform,
        target: TargetPlatform,
    ) -> Results:
        step = _CopyStep(table, replication, translator, context, dlt, legacy, target)
        yield from step.run(config.mode or replication.mode)

    return copy_as_configured


@dataclass(frozen=True)
class _CopyStep:
    """One run of the asset of a table."""

    table: CopiedTable
    replication: Replication
    translator: StageTranslator
    context: dg.AssetExecutionContext
    dlt: DagsterDltResource
    legacy: LegacyPlatform
    target: TargetPlatform

    def run(self, mode: ReplicationMode) -> Results:
        """Copy, if that is selected, and check."""
        name, key = self.table.name, raw_key(self.table.name)
        plan = self._plan(mode) if key in self.context.selected_asset_keys else None
        if plan is not None:
            self._copy(plan)
        verification = verify_copy(name, self.legacy, self.target)
        if plan is not None:
            self._record(verification.snapshot)
            arrived = verification.copy
            metadata = described_table(RAW_SCHEMA, name, arrived.columns, arrived.checksum.rows)
            yield dg.MaterializeResult(asset_key=key, metadata={**metadata, **plan.facts()})
        selected = {check.name for check in self.context.selected_asset_check_keys}
        results = check_results(key, verification, incremental=isinstance(plan, IncrementalCopy))
        yield from (result for result in results if result.check_name in selected)

    def _record(self, snapshot: SourceSnapshot | None) -> None:
        with self.target.get_connection() as connection:
            record_copy(connection, self.table.name, snapshot)

    def _plan(self, mode: ReplicationMode) -> FullCopy | IncrementalCopy:
        if mode is ReplicationMode.full or self.table.key is None:
            return FullCopy()
        plan = plan_incremental_copy(self.table.name, self.table.key, self.legacy, self.target)
        self.context.log.info("raw.%s is %s", self.table.name, plan.summary())
        return plan

    def _copy(self, plan: FullCopy | IncrementalCopy) -> None:
        name = self.table.name
        loader = TableLoader(self.target.path, RAW_SCHEMA, self.replication.working_dir)
        if isinstance(plan, FullCopy):
            load_table(self.context, self.dlt, self.translator, loader, name, self._stream())
        elif plan.changes:
            stream = self._stream(plan.arriving)
            merge_into_table(self.context, self.dlt, self.translator, loader, name, stream, plan.leaving)

    def _stream(self, keys: pa.Table | None = None) -> ArrowStream:
        """The rows to copy; whoever depends on the copy is told before any of them is taken."""
        name = self.table.name
        stream = legacy_stream(self.legacy.path, name, legacy_key(name).to_user_string(), keys=keys)
        with self.target.get_connection() as connection:
            self.replication.before_copy(connection, [name])
            record_copy(connection, name, None)
        return stream


def _copy_spec(table: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        raw_key(table),
        deps=list(dict.fromkeys([legacy_key(table), legacy_key(SNAPSHOT)])),
        skippable=True,  # when only checks are run
        group_name=Group.REPLICATION,
        owners=list(OWNERS),
        kinds={"dlt", "duckdb"},
        description=f"Copy of legacy table {LEGACY_SCHEMA}.{table}, column types and NULLs as they are there.",
    )
