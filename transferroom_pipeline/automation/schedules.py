"""The schedule of the whole migration; the models have their own, by their crons."""

import dagster as dg

from transferroom_pipeline.automation.jobs import MIGRATION
from transferroom_pipeline.run_record import unchanged_since
from transferroom_pipeline.settings import Settings

DAILY = "0 5 * * *"
TIMEZONE = "UTC"


def daily_schedule() -> dg.ScheduleDefinition:
    """The whole migration every morning."""
    return dg.ScheduleDefinition(
        name="daily_migration", job_name=MIGRATION, cron_schedule=DAILY, execution_timezone=TIMEZONE
    )


def nothing_to_do(settings: Settings, context: dg.ScheduleEvaluationContext, job: str) -> str | None:
    """Why the job of a schedule would do nothing now; None when it might do something."""
    if context.repository_def is None:
        return None
    wanted = context.repository_def.get_job(job).asset_layer.selected_asset_keys
    record = unchanged_since(settings, context.instance, job, wanted, context.scheduled_execution_time)
    return None if record is None else f"nothing has changed since run {record.run_id[:8]}"
