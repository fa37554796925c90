"""The code location: the stages, composed."""

import os
from collections.abc import Sequence
from functools import partial

import dagster as dg
from dagster_dlt import DagsterDltResource

from transferroom_pipeline.automation.jobs import migration_job, stage_jobs
from transferroom_pipeline.automation.schedules import TIMEZONE, clean_up_schedule, daily_schedule, nothing_to_do
from transferroom_pipeline.automation.sensors import dead_runs_sensor, source_files_sensor
from transferroom_pipeline.comparisons.assets import comparison_asset
from transferroom_pipeline.configured_comparisons import ConfiguredComparisons
from transferroom_pipeline.cutover.assets import analytics_asset
from transferroom_pipeline.cutover.interlock import withdraw_before_change
from transferroom_pipeline.keys import RUN_RECORD
from transferroom_pipeline.legacy.assets import legacy_asset, legacy_checks, snapshot_asset, warning_metadata
from transferroom_pipeline.legacy.tables import LEGACY_TABLES
from transferroom_pipeline.legacy.warnings import declared_warnings
from transferroom_pipeline.models.assets import Models
from transferroom_pipeline.models.project import describe_models
from transferroom_pipeline.platforms.resources import LegacyPlatform, TargetPlatform
from transferroom_pipeline.private_files import keep_files_private
from transferroom_pipeline.progress import progress_logger
from transferroom_pipeline.replication.assets import Replication, copy_asset
from transferroom_pipeline.replication.tables import COPIED_TABLES
from transferroom_pipeline.retention.job import clean_up_job
from transferroom_pipeline.run_record import run_record_resource
from transferroom_pipeline.settings import Settings, load_settings
from transferroom_pipeline.sources.assets import SourceFiles, references_check, rejected_rows_asset, source_asset
from transferroom_pipeline.sources.contracts import SOURCE_TABLES

# dlt counts its users over the network unless told otherwise.
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")


@dg.definitions
def defs() -> dg.Definitions:
    """The code location with the settings of the environment; read when it is loaded, not when it is imported."""
    keep_files_private()
    return build_definitions(load_settings())


def build_definitions(settings: Settings) -> dg.Definitions:
    """The code location with given settings."""
    models = Models(describe_models(settings), settings, withdraw_before_change)
    assets = [*_legacy_side(settings), *_target_side(settings), models.assets()]
    checks = [*_checks(), *models.checks()]
    check_keys = [key for definition in (*assets, *checks) for key in definition.check_keys]
    return dg.Definitions(
        assets=assets,
        asset_checks=checks,
        jobs=[migration_job(), *stage_jobs(), *models.backfill_jobs(), clean_up_job(settings, check_keys)],
        schedules=[
            daily_schedule(),
            clean_up_schedule(),
            *models.schedules(TIMEZONE, partial(nothing_to_do, settings)),
        ],
        sensors=[source_files_sensor(), dead_runs_sensor(settings.data_dir)],
        resources=_resources(settings),
        # Importing the code location again in every step costs more than most steps, and DuckDB allows one writer.
        executor=dg.in_process_executor,
        loggers={"progress": progress_logger},
    )


def _legacy_side(settings: Settings) -> Sequence[dg.AssetsDefinition]:
    return [
        *(source_asset(table) for table in SOURCE_TABLES),
        rejected_rows_asset(SOURCE_TABLES),
        snapshot_asset([table.name for table in SOURCE_TABLES], settings.as_of),
        *(legacy_asset(table) for table in LEGACY_TABLES),
    ]


def _target_side(settings: Settings) -> Sequence[dg.AssetsDefinition]:
    comparisons = ConfiguredComparisons(settings)
    replication = Replication(settings.dlt_dir, withdraw_before_change, settings.replication)
    warnings = declared_warnings()
    return [
        *(copy_asset(table, replication) for table in COPIED_TABLES),
        *(
            comparison_asset(spec, comparisons, warning_metadata(warnings.get(spec.table, ())))
            for spec in comparisons.tables()
        ),
        *(analytics_asset(table.name) for table in LEGACY_TABLES),
    ]


def _checks() -> Sequence[dg.AssetChecksDefinition]:
    return [
        *(references_check(table) for table in SOURCE_TABLES if table.references),
        *(legacy_checks(table) for table in LEGACY_TABLES),
    ]


def _resources(settings: Settings) -> dict[str, object]:
    data_dir, timeout = str(settings.data_dir), settings.lock_timeout
    return {
        "legacy": LegacyPlatform(database=str(settings.legacy_database), data_dir=data_dir, lock_timeout=timeout),
        "target": TargetPlatform(database=str(settings.target_database), data_dir=data_dir, lock_timeout=timeout),
        "dlt": DagsterDltResource(),
        RUN_RECORD: run_record_resource(settings),
        "source_files": SourceFiles(
            directory=str(settings.source_dir),
            intake_dir=str(settings.intake_dir),
            dlt_dir=str(settings.dlt_dir),
            max_rejected_share=settings.max_rejected_share,
            max_lost_share=settings.max_lost_share,
        ),
    }
