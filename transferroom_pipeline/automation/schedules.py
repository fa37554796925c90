"""The schedules of the whole migration and of the clean-up; the models have their own, by their crons."""

import dagster as dg

from transferroom_pipeline.automation.jobs import MIGRATION
from transferroom_pipeline.retention.job import CLEAN_UP
from transferroom_pipeline.run_record import unchanged_since
from transferroom_pipeline.settings import Settings

DAILY = "0 5 * * *"
NIGHTLY = "30 3 * * *"
TIMEZONE = "UTC"


def daily_schedule() -> dg.ScheduleDefinition:
    """The whole migration every morning."""
    return dg.ScheduleDefinition(
        name="daily_migration",
        job_name=MIGRATION,
        cron_schedule=DAILY,
        execution_timezone=TIMEZONE,
        description="The whole migration, every morning.",
    )


def clean_up_schedule() -> dg.ScheduleDefinition:
    """The clean-up every night."""
    return dg.ScheduleDefinition(
        name="nightly_clean_up",
        job_name=CLEAN_UP,
        cron_schedule=NIGHTLY,
        execution_timezone=TIMEZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Removes what is kept no longer, every night.",
    )


def nothing_to_do(settings: Settings, context: dg.ScheduleEvaluationContext, job: str) -> str | None:
    """Why the job of a schedule would do nothing now; None when it might do something."""
    if context.repository_def is None:
        return None
    wanted = context.repository_def.get_job(job).asset_layer.selected_asset_keys
    record = unchanged_since(settings, context.instance, job, wanted, context.scheduled_execution_time)
    return None if record is None else f"nothing has changed since run {record.run_id[:8]}"
