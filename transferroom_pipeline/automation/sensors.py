"""The sensors: one starts a migration when the source files change, one closes runs that have died."""

from pathlib import Path

import dagster as dg

from transferroom_pipeline.automation.jobs import MIGRATION
from transferroom_pipeline.automation.source_watch import Watch, look
from transferroom_pipeline.platforms.run_liveness import RunLiveness
from transferroom_pipeline.sources.assets import SourceFiles

INTERVAL_SECONDS = 30


def dead_runs_sensor(data_dir: Path) -> dg.SensorDefinition:
    """Closes runs whose process has died."""

    @dg.sensor(
        name="dead_runs_closed",
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Marks runs whose process has died as failed, so that none that is queued waits for them.",
    )
    def dead_runs_closed(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        closed = RunLiveness(data_dir).close_dead_runs(context.instance)
        return dg.SkipReason(f"closed {', '.join(run_id[:8] for run_id in closed)}" if closed else "every run lives")

    return dead_runs_closed


def source_files_sensor() -> dg.SensorDefinition:
    """Watches the source directory."""

    @dg.sensor(
        name="source_files_changed",
        job_name=MIGRATION,
        minimum_interval_seconds=INTERVAL_SECONDS,
        description="Starts the whole migration when source files change, once they no longer grow.",
    )
    def source_files_changed(context: dg.SensorEvaluationContext, source_files: SourceFiles) -> dg.SensorResult:
        seen = look(Watch.from_cursor(context.cursor), Path(source_files.directory))
        cursor = seen.watch.to_cursor()
        if seen.run_key is None:
            return dg.SensorResult(skip_reason=seen.reason, cursor=cursor)
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=seen.run_key)], cursor=cursor)

    return source_files_changed
