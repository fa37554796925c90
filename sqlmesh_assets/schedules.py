"""Schedules and jobs that follow from the models themselves: their crons, and the days that they can be computed by."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._utils.schedules import is_valid_cron_schedule

from sqlmesh_assets.description import BY_DAYS, ModelDescription, ProjectDescription
from sqlmesh_assets.launchpad import Mode, ModelsConfig
from sqlmesh_assets.translator import Translator, allowed

if TYPE_CHECKING:
    # What `define_asset_job` returns has no public name.
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition


def model_schedules(
    description: ProjectDescription, *, translator: Translator, timezone: str, step: str = "models"
) -> list[dg.ScheduleDefinition]:
    """One schedule per cron that a model has: its models together, and all that is downstream of them in Dagster.

    As with `sqlmesh run`, a schedule computes what is due and deploys nothing.
    """
    crons = sorted({model.cron for model in description.models if model.problem is None})
    for cron in crons:
        if not is_valid_cron_schedule(cron):
            dg.get_dagster_logger().warning(f"models with cron {cron} have no schedule: Dagster cannot keep that time")
    crons = [cron for cron in crons if is_valid_cron_schedule(cron)]
    return [_schedule(cron, description.models, translator, timezone, step) for cron in crons]


def backfill_jobs(
    description: ProjectDescription, *, translator: Translator, step: str = "models"
) -> "list[UnresolvedAssetJobDefinition]":
    """One job with daily partitions per model that can be computed by days and says from which day on it has data.

    Its partitions are what a backfill in Dagster's UI chooses from; each computes the model for one day again, and what
    reads it.
    """
    days = {model.relation: _first_day(model) for model in description.models if model.kind in BY_DAYS}
    models = [(model, days[model.relation]) for model in description.models if days.get(model.relation) is not None]
    return [_backfill_job(model, str(day), translator, step) for model, day in models]


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


def _first_day(model: ModelDescription) -> date | None:
    """From which day on a model has data; None where it says so by words such as `1 week ago`, or not at all."""
    try:
        return None if model.start is None else datetime.fromisoformat(model.start).date()
    except ValueError:
        return None


def _backfill_job(
    model: ModelDescription, first_day: str, translator: Translator, step: str
) -> "UnresolvedAssetJobDefinition":
    def config(day: str) -> dict[str, Any]:
        return {"ops": {step: {"config": {"restate": [model.name], "start": day, "end": day}}}}

    days = dg.DailyPartitionsDefinition(start_date=first_day)
    key = translator.asset_key(model.relation)
    return dg.define_asset_job(
        f"backfill_{model.relation.schema}_{model.relation.table}",
        selection=dg.AssetSelection.assets(key).downstream(),
        description=f"Days of {model.name} computed again.",
        partitions_def=days,
        config=dg.PartitionedConfig(partitions_def=days, run_config_for_partition_key_fn=config),
    )


def _slug(cron: str) -> str:
    """A cron as part of a name: `*/5 * * * *` is `every_5_x_x_x_x`, and no two crons share one."""
    words = {"*/": "every_", "*": "x", " ": "_", ",": "_and_", "-": "_to_", "/": "_by_", "@": ""}
    for sign, word in words.items():
        cron = cron.replace(sign, word)
    return allowed(cron)
