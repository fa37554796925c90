"""Jobs with daily partitions, from which Dagster's UI chooses the days of a model to compute again.

Jobs rather than partitioned assets: an asset with partitions could not be materialized together with those without.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from typing import Any

import dagster as dg

from sqlmesh_assets.description import BY_DAYS, ModelDescription, ProjectDescription
from sqlmesh_assets.execution import BeforeCompute, ModelsRun
from sqlmesh_assets.launchpad import ModelsConfig
from sqlmesh_assets.ledger import DataVersions
from sqlmesh_assets.origins import column_origins
from sqlmesh_assets.project import SQLMeshProject, describe
from sqlmesh_assets.rendering import listeners, model_metadata, told
from sqlmesh_assets.translator import Translator, allowed

_OP = "compute_days"


def backfill_jobs(
    project: SQLMeshProject,
    description: ProjectDescription,
    versions: DataVersions,
    *,
    translator: Translator | None = None,
    before_compute: BeforeCompute = lambda models: None,  # noqa: ARG005 - a listener that does not care
    pool: str | None = None,
    required_resources: AbstractSet[str] = frozenset(),
) -> list[dg.JobDefinition]:
    """One job per model that can be computed by days and says from which day on it has data.

    A run of it computes the model for the day of its partition again, and what reads the model; all of them get their
    materializations. The arguments are those of `assets.sqlmesh_assets`.
    """

    @dg.op(name=_OP, out=dg.Out(dg.Nothing), pool=pool, required_resource_keys=set(required_resources))
    def compute_days(context: dg.OpExecutionContext, config: ModelsConfig) -> Iterator[dg.AssetMaterialization]:
        yield from _compute_days(context, config, project, versions, translator or Translator(), before_compute)

    days = {model.name: _first_day(model) for model in description.models if model.kind in BY_DAYS}
    return [_job(name, first, compute_days) for name, first in days.items() if first is not None]


def _compute_days(
    context: dg.OpExecutionContext,
    config: ModelsConfig,
    project: SQLMeshProject,
    versions: DataVersions,
    translator: Translator,
    before_compute: BeforeCompute,
) -> Iterator[dg.AssetMaterialization]:
    description = describe(project)
    run = ModelsRun(project, description, versions, listeners(context.log, before_compute))
    outcome = run.execute(config.restate, config)
    origins = column_origins(description.models)
    for model in description.models:
        if model.name in outcome.computed:
            reason = outcome.reasons[model.name]
            metadata = model_metadata(model, outcome.computed[model.name], reason, origins, translator)
            key = translator.asset_key(model.relation)
            yield dg.AssetMaterialization(key, metadata=metadata)
    if outcome.failed:
        raise dg.Failure(told(outcome.failed), allow_retries=False)


def _job(name: str, first: date, compute_days: dg.OpDefinition) -> dg.JobDefinition:
    def config(day: str) -> dict[str, Any]:
        return {"ops": {_OP: {"config": {"restate": [name], "start": day, "end": day}}}}

    days = dg.DailyPartitionsDefinition(start_date=first.isoformat())

    @dg.job(
        name=f"backfill_{allowed(name)}",
        description=f"Days of {name} computed again, and what reads it.",
        config=dg.PartitionedConfig(partitions_def=days, run_config_for_partition_key_fn=config),
    )
    def backfill() -> None:
        compute_days()

    return backfill


def _first_day(model: ModelDescription) -> date | None:
    """From which day on a model has data; None where it says so by words such as `1 week ago`, or not at all."""
    try:
        return None if model.start is None else datetime.fromisoformat(model.start).date()
    except ValueError:
        return None
