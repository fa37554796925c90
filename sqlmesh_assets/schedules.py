"""Schedules that follow from the models' crons."""

from collections.abc import Sequence

import dagster as dg
from dagster._utils.schedules import is_valid_cron_schedule

from sqlmesh_assets.description import ModelDescription, ProjectDescription
from sqlmesh_assets.launchpad import Mode, ModelsConfig
from sqlmesh_assets.translator import Translator, allowed


def model_schedules(
    description: ProjectDescription, *, translator: Translator, timezone: str, step: str = "models"
) -> list[dg.ScheduleDefinition]:
    """One schedule per cron that a model has: its models together, and all that is downstream of them in Dagster.

    As with `sqlmesh run`, a schedule computes what is due and deploys nothing.
    """
    schedules: list[dg.ScheduleDefinition] = []
    for cron in sorted({model.cron for model in description.models if model.problem is None}):
        if is_valid_cron_schedule(cron):
            schedules.append(_schedule(cron, description.models, translator, timezone, step))
        else:
            dg.get_dagster_logger().warning(f"models with cron {cron} have no schedule: Dagster cannot keep that time")
    return schedules


def _schedule(
    cron: str, models: Sequence[ModelDescription], translator: Translator, timezone: str, step: str
) -> dg.ScheduleDefinition:
    keys = [translator.asset_key(model.relation) for model in models if model.cron == cron]
    name = f"models_at_{_slug(cron)}"
    job = dg.define_asset_job(
        name,
        selection=dg.AssetSelection.assets(*keys).downstream(),
        description=f"The models with cron {cron} that are due, and what is downstream of them.",
        config=dg.RunConfig(ops={step: ModelsConfig(mode=Mode.run)}),
    )
    return dg.ScheduleDefinition(name=name, job=job, cron_schedule=cron, execution_timezone=timezone)


def _slug(cron: str) -> str:
    """A cron as part of a name: `*/5 * * * *` is `every_5_x_x_x_x`, and no two crons share one."""
    words = {"*/": "every_", "*": "x", " ": "_", ",": "_and_", "-": "_to_", "/": "_by_", "@": ""}
    for sign, word in words.items():
        cron = cron.replace(sign, word)
    return allowed(cron)
