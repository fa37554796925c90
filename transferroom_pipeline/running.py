"""Running the code location, or a part of it, from the command line."""

import logging
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
import yaml
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from transferroom_pipeline.automation.jobs import MIGRATION
from transferroom_pipeline.comparisons.assets import VERDICT
from transferroom_pipeline.comparisons.result import Verdict
from transferroom_pipeline.dagster_internals import history_held_open, run_job
from transferroom_pipeline.exceptions import TransferRoomError
from transferroom_pipeline.keys import comparison_key
from transferroom_pipeline.platforms.run_liveness import RunLiveness
from transferroom_pipeline.settings import shipped

SELECTION_TAG = "transferroom/selection"
"""The tag of a run that says what was asked for."""


_INSTANCE = "dagster.yaml"


@dataclass(frozen=True)
class RunOutcome:
    """A finished run.

    Attributes:
        run_id: Of Dagster.
        success: Whether every step succeeded.
        selected: The assets that it was to materialize.
        verdicts: Those of its comparisons, of proofs that still hold included; None of an earlier run, since which
            nothing has changed: what is kept holds.
    """

    run_id: str
    success: bool
    selected: frozenset[dg.AssetKey]
    verdicts: Mapping[dg.AssetKey, Verdict] | None


class InstanceError(TransferRoomError):
    """Dagster's history cannot be opened."""


def open_instance() -> dg.DagsterInstance:
    """The Dagster instance of DAGSTER_HOME, or else the project's own, so that the web UI shows the run.

    Raises:
        InstanceError: Its folder, its configuration or its history cannot be used.
    """
    home = os.environ.get("DAGSTER_HOME")
    try:
        instance = dg.DagsterInstance.get() if home else dg.DagsterInstance.from_config(str(shipped(_INSTANCE).parent))
        # Storages are opened at the first question, and what is wrong with them should be said here.
        instance.get_run_ids(limit=1)
        instance.has_asset_key(dg.AssetKey(_INSTANCE))
    except (dg.DagsterError, OSError, SQLAlchemyError, yaml.YAMLError) as error:
        reason = str(error.orig) if isinstance(error, DBAPIError) else " ".join(str(error).split()).rstrip(".")
        where = f"DAGSTER_HOME, which is {home}" if home else shipped(_INSTANCE)
        raise InstanceError(f"Dagster's history cannot be opened: {reason}; check {where}") from error
    return instance


def run_assets(
    definitions: dg.Definitions,
    keys: Sequence[dg.AssetKey],
    instance: dg.DagsterInstance,
    liveness: RunLiveness,
    *,
    selection: str,
    again: bool = False,
) -> RunOutcome:
    """Materialize assets in this process, with the progress on standard output.

    Args:
        definitions: The code location.
        keys: The assets.
        selection: The selection that they are, for whoever looks at the run.
        instance: Where the history is kept.
        liveness: Shows that the run lives, and closes those that do not.
        again: Compare also what was proven and has not changed since.
    """
    # It warns of checks without a result wherever a step fails, which the failure itself says better.
    logging.getLogger("dagster._core.execution.plan.active").setLevel(logging.ERROR)
    liveness.close_dead_runs(instance)
    job = definitions.resolve_job_def(MIGRATION)
    run_id = str(uuid.uuid4())
    is_everything = set(keys) == set(job.asset_layer.executable_asset_keys)
    with liveness.shown(run_id), history_held_open(instance, run_id):
        result = run_job(
            job,
            instance,
            run_id,
            config={"loggers": {"progress": {}}, "ops": _compare_again(keys) if again else {}},
            selection=None if is_everything else keys,
            tags={SELECTION_TAG: selection},
        )
    verdicts = {
        found.asset_key: Verdict(str(found.metadata[VERDICT].value))
        for found in result.get_asset_check_evaluations()
        if found.check_name == VERDICT
    }
    return RunOutcome(run_id, result.success, frozenset(keys), verdicts)


def _compare_again(keys: Sequence[dg.AssetKey]) -> dict[str, Any]:
    """What the launchpad says for each comparison of a run."""
    compared = [key for key in keys if key == comparison_key(key.path[-1])]
    return {key.to_python_identifier(): {"config": {"again": True}} for key in compared}
