"""The schedules: the models at their own times, the whole migration once a day."""

from collections.abc import Sequence

import dagster as dg

from transferroom_pipeline.automation.jobs import MIGRATION
from transferroom_pipeline.keys import model_key
from transferroom_pipeline.models.description import ModelDescription

DAILY = "0 5 * * *"
TIMEZONE = "UTC"


def daily_schedule() -> dg.ScheduleDefinition:
    """The whole migration every morning."""
    return dg.ScheduleDefinition(
        name="daily_migration", job_name=MIGRATION, cron_schedule=DAILY, execution_timezone=TIMEZONE
    )


def model_schedules(models: Sequence[ModelDescription]) -> list[dg.ScheduleDefinition]:
    """One schedule per cron that a model has: its models, and all that must be judged and decided anew with them."""
    return [_model_schedule(cron, models) for cron in sorted({model.cron for model in models})]


def _model_schedule(cron: str, models: Sequence[ModelDescription]) -> dg.ScheduleDefinition:
    keys = [model_key(model.schema_name, model.table) for model in models if model.cron == cron]
    name = f"models_at_{_slug(cron)}"
    job = dg.define_asset_job(
        name,
        selection=dg.AssetSelection.assets(*keys).downstream(),
        description=f"The models with cron {cron}, their comparisons and views.",
    )
    return dg.ScheduleDefinition(name=name, job=job, cron_schedule=cron, execution_timezone=TIMEZONE)


def _slug(cron: str) -> str:
    """A cron as part of a name: `*/5 * * * *` is `every_5_x_x_x_x`, and no two crons share one."""
    words = {"*/": "every_", "*": "x", " ": "_", ",": "_and_", "-": "_to_", "/": "_by_", "@": ""}
    for sign, word in words.items():
        cron = cron.replace(sign, word)
    return cron
