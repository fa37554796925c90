"""The sensor that starts a migration when the source files change."""

from pathlib import Path

import dagster as dg

from transferroom_pipeline.automation.jobs import MIGRATION
from transferroom_pipeline.automation.source_watch import Watch, look
from transferroom_pipeline.sources.assets import SourceFiles

INTERVAL_SECONDS = 30


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
