"""The schedule of the whole migration; the models have their own, by their crons."""

import dagster as dg

from transferroom_pipeline.automation.jobs import MIGRATION

DAILY = "0 5 * * *"
TIMEZONE = "UTC"


def daily_schedule() -> dg.ScheduleDefinition:
    """The whole migration every morning."""
    return dg.ScheduleDefinition(
        name="daily_migration", job_name=MIGRATION, cron_schedule=DAILY, execution_timezone=TIMEZONE
    )
