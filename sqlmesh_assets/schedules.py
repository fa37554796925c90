"""Schedules that follow from the models' crons."""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import dagster as dg
from dagster._utils.schedules import is_valid_cron_schedule

from sqlmesh_assets.description import ModelDescription, ProjectDescription
from sqlmesh_assets.launchpad import Mode, ModelsConfig
from sqlmesh_assets.translator import Translator, allowed

if TYPE_CHECKING:
    # What `define_asset_job` returns has no public name.
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition


NothingToDo = Callable[[dg.ScheduleEvaluationContext, str], str | None]
"""Tells why the job of a name would do nothing now; None when it might do something."""


_NO_ZONE = "UTC"
"""The zone of a cron that names none."""


def model_schedules(
    description: ProjectDescription,
    *,
    translator: Translator,
    timezone: str,
    step: str = "models",
    nothing_to_do: NothingToDo = lambda context, job: None,  # noqa: ARG005 - it is not known
) -> list[dg.ScheduleDefinition]:
    """One schedule per cron that a model has: its models together, and all that is downstream of them in Dagster.

    As with `sqlmesh run`, a schedule computes what is due and deploys nothing. Where there is nothing to do it starts
    no run.
    """
    schedules: list[dg.ScheduleDefinition] = []
    usable = [model for model in description.models if model.problem is None]
    for cron, zone in sorted({(model.cron, model.cron_tz) for model in usable}):
        if is_valid_cron_schedule(cron):
            models = [model for model in description.models if (model.cron, model.cron_tz) == (cron, zone)]
            job = _job(cron, zone, models, translator, step)
            schedules.append(_schedule(cron, job, timezone if zone == _NO_ZONE else zone, nothing_to_do))
        else:
            dg.get_dagster_logger().warning(f"models with cron {cron} have no schedule: Dagster cannot keep that time")
    return schedules


def _job(
    cron: str, zone: str, models: Sequence[ModelDescription], translator: Translator, step: str
) -> "UnresolvedAssetJobDefinition":
    keys = [translator.asset_key(model.relation) for model in models]
    place = "" if zone == _NO_ZONE else f"_in_{allowed(zone)}"
    return dg.define_asset_job(
        f"models_{_when(cron)}{place}",
        selection=dg.AssetSelection.assets(*keys).downstream(),
        description=f"The models with cron {cron} that are due, and what is downstream of them.",
        config=dg.RunConfig(ops={step: ModelsConfig(mode=Mode.run)}),
    )


def _schedule(
    cron: str, job: "UnresolvedAssetJobDefinition", timezone: str, nothing_to_do: NothingToDo
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=job.name,
        job=job,
        cron_schedule=cron,
        execution_timezone=timezone,
        description=f"Computes the models with cron {cron} that are due, and what is downstream; deploys no code.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        reason = nothing_to_do(context, job.name)
        return dg.RunRequest() if reason is None else dg.SkipReason(reason)

    return schedule


def _when(cron: str) -> str:
    """A cron as part of a name: `*/5 * * * *` is `every_5_minutes`, and no two crons share one."""
    for pattern, words in _SPOKEN.items():
        found = re.fullmatch(pattern, cron)
        if found:
            return words.format(*found.groups())
    words_of_signs = {"*/": "every_", "*": "x", " ": "_", ",": "_and_", "-": "_to_", "/": "_by_"}
    for sign, word in words_of_signs.items():
        cron = cron.replace(sign, word)
    return allowed(f"at_{cron}")


_NUMBER = r"(0|[1-9]\d?)"
"""A number as it is usually written: 05 for 5 is another cron, and must have another name."""

_SPOKEN = {
    "@(hourly|daily|weekly|monthly|yearly|annually|midnight)": "{0}",
    r"\* \* \* \* \*": "every_minute",
    rf"\*/{_NUMBER} \* \* \* \*": "every_{0}_minutes",
    rf"{_NUMBER} \* \* \* \*": "hourly_at_minute_{0}",
    rf"{_NUMBER} {_NUMBER} \* \* \*": "daily_at_{1:0>2}_{0:0>2}",
}
"""Crons that have an ordinary name."""
