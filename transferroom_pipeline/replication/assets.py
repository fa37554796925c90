"""The copies of the legacy tables on the target platform as assets."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import dagster as dg
import pyarrow as pa
from dagster_dlt import DagsterDltResource
from pydantic import Field

from sqlmesh_assets.observation import UNCHANGED_SINCE, is_in_step, last_changed, observed
from transferroom_pipeline.failed_checks import checks_failed
from transferroom_pipeline.keys import OWNERS, TARGET_POOL, Group, legacy_key, raw_key
from transferroom_pipeline.legacy.snapshot import TABLE as SNAPSHOT
from transferroom_pipeline.legacy.snapshot import SourceSnapshot
from transferroom_pipeline.metadata import data_version, described_table
from transferroom_pipeline.platforms.dlt_assets import StageTranslator, load_table, merge_into_table
from transferroom_pipeline.platforms.loading import ArrowStream, TableLoader
from transferroom_pipeline.platforms.resources import BeforeChange, LegacyPlatform, TargetPlatform
from transferroom_pipeline.platforms.schemas import LEGACY_SCHEMA, RAW_SCHEMA
from transferroom_pipeline.platforms.tables import table_exists
from transferroom_pipeline.replication.checks import check_results, check_specs, verify_copy
from transferroom_pipeline.replication.copying import legacy_stream
from transferroom_pipeline.replication.planning import FullCopy, IncrementalCopy, plan_incremental_copy
from transferroom_pipeline.replication.provenance import record_copy
from transferroom_pipeline.replication.tables import CopiedTable
from transferroom_pipeline.replication.verification import CopyVerification
from transferroom_pipeline.settings import ReplicationMode

StepEvent = dg.MaterializeResult[None] | dg.AssetObservation | dg.Output[None] | dg.AssetCheckResult
"""What the step yields."""


class CopyConfig(dg.Config):
    """What a person may decide for one copy, in the launchpad."""

    mode: ReplicationMode | None = Field(
        None,
        description="full copies all rows, incremental those that changed since; without it TRANSFERROOM_REPLICATION "
        "decides, and a copy that is equal to its legacy table is left alone.",
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
    """The asset that copies one legacy table to `raw` by dlt; a copy that is equal to it already is left alone.

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
        ) -> Iterator[StepEvent]:
            step = _CopyStep(table, replication, translator, context, dlt, legacy, target)
            yield from step.run(None)

        return copy_whole

    @define
    def copy_as_configured(
        context: dg.AssetExecutionContext,
        config: CopyConfig,
        dlt: DagsterDltResource,
        legacy: LegacyPlatform,
        target: TargetPlatform,
    ) -> Iterator[StepEvent]:
        step = _CopyStep(table, replication, translator, context, dlt, legacy, target)
        yield from step.run(config.mode)

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

    def run(self, asked: ReplicationMode | None) -> Iterator[StepEvent]:
        """Copy, if that is selected and asked for or called for, and check."""
        name, key = self.table.name, raw_key(self.table.name)
        plan = self._plan(asked or self.replication.mode) if key in self.context.selected_asset_keys else None
        copied_at = last_changed(self.context, key) if plan is not None and asked is None else None
        verification = self._nothing_to_copy(plan) if plan is not None and copied_at is not None else None
        if verification is None:
            copied_at = None
            if plan is not None:
                self._copy(plan)
            verification = verify_copy(name, self.legacy, self.target)
        if plan is not None:
            self._record(verification.snapshot)
            yield from self._results(plan, verification, copied_at)
        wanted = {check.name for check in self.context.selected_asset_check_keys}
        results = check_results(key, verification, incremental=isinstance(plan, IncrementalCopy))
        chosen = [result for result in results if result.check_name in wanted]
        yield from chosen
        failed = [f"{name} {result.check_name}: {result.description}" for result in chosen if not result.passed]
        if failed:
            raise checks_failed("\n".join(failed))

    def _nothing_to_copy(self, plan: FullCopy | IncrementalCopy) -> CopyVerification | None:
        """Both sides of a copy that need not be made again; None where there is something to copy."""
        name = self.table.name
        if isinstance(plan, IncrementalCopy):
            return None if plan.changes else verify_copy(name, self.legacy, self.target)
        with self.target.get_connection() as connection:
            is_there = table_exists(connection, RAW_SCHEMA, name)
        found = verify_copy(name, self.legacy, self.target) if is_there else None
        return found if found is not None and found.is_equal else None

    def _results(
        self, plan: FullCopy | IncrementalCopy, verification: CopyVerification, unchanged_since: datetime | None
    ) -> Iterator[StepEvent]:
        name, arrived = self.table.name, verification.copy
        key, facts = raw_key(name), {**plan.facts()}
        since = unchanged_since if verification.is_equal else None
        if since is not None:
            facts[UNCHANGED_SINCE] = since.isoformat(timespec="seconds")
        if since is not None and is_in_step(self.context, key):
            shown = {**facts, "dagster/row_count": arrived.checksum.rows}
            yield from observed(self.context, key, "equal to the legacy table as it is now", shown)
        else:
            metadata = described_table(RAW_SCHEMA, name, arrived.columns, arrived.checksum.rows)
            version = data_version(arrived.columns, arrived.checksum)
            yield dg.MaterializeResult(asset_key=key, metadata={**metadata, **facts}, data_version=version)

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
