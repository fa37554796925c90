"""A record of the last run: what it went by and what it left, so that the next one knows whether anything changed.

What a run reads is looked at before its first step, and what it leaves after its last: a file that changes meanwhile
counts as changed.
"""

import hashlib
import sys
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
from pydantic import BaseModel, ValidationError

from sqlmesh_assets.due_times import is_due
from sqlmesh_assets.files import file_state, with_files
from sqlmesh_assets.ledger import read_ledger, waits_for_time
from sqlmesh_assets.project import write_atomically
from transferroom_pipeline.automation.jobs import MIGRATION
from transferroom_pipeline.comparisons.reports import SUMMARY_FILE
from transferroom_pipeline.models.project import describe_models
from transferroom_pipeline.settings import PROJECT_ROOT, Settings

_PACKAGES = ("transferroom_pipeline", "sqlmesh_assets")


class RunRecord(BaseModel):
    """The last run.

    Attributes:
        run_id: Of Dagster.
        job: The name of its job.
        selected: The assets that it was to materialize; None for all of its job.
        ended: When, in UTC.
        inputs: Digest of all that it went by.
        outputs: Digest of the state of all that it wrote.
    """

    run_id: str
    job: str
    selected: frozenset[str] | None
    ended: datetime
    inputs: str
    outputs: str

    def covers(self, job: str, wanted: Collection[dg.AssetKey]) -> bool:
        """Whether the run was about all of some assets, those of a job."""
        if self.selected is None:
            return self.job in {job, MIGRATION}
        return {key.to_user_string() for key in wanted} <= self.selected


def run_record_resource(settings: Settings) -> dg.ResourceDefinition:
    """The resource that keeps the record of each run that it is part of."""
    code = code_digest()

    # Set up after the target and torn down before it: nobody else may write before the record is made.
    @dg.resource(required_resource_keys={"target"}, description="Keeps a record of what the run goes by and leaves.")
    def record(context: dg.InitResourceContext) -> Iterator[None]:
        inputs = inputs_digest(settings, code, datetime.now(UTC).date())
        yield
        run = context.run
        if run is not None:
            selected = run.asset_selection
            keys = None if selected is None else frozenset(key.to_user_string() for key in selected)
            now, outputs = datetime.now(UTC), outputs_digest(settings)
            found = RunRecord(
                run_id=run.run_id, job=run.job_name, selected=keys, ended=now, inputs=inputs, outputs=outputs
            )
            write_atomically(settings.run_record, found.model_dump_json())

    return record


def unchanged_since(
    settings: Settings, instance: dg.DagsterInstance, job: str, wanted: Collection[dg.AssetKey], now: datetime
) -> RunRecord | None:
    """The last run, if it succeeded, was about all of some assets, and nothing has changed since that matters to them.

    The day is among what a run goes by: once a day everything is looked at again.

    Args:
        settings: Where everything is.
        instance: Knows how the run ended.
        job: The name of the job that would run.
        wanted: The assets that it would materialize.
        now: The time by which models are due, in UTC.
    """
    record = read_record(settings.run_record)
    if record is None or not record.covers(job, wanted) or not _succeeded(instance, record.run_id):
        return None
    inputs, outputs = inputs_digest(settings, code_digest(), now.date()), outputs_digest(settings)
    if (record.inputs, record.outputs) != (inputs, outputs) or _is_model_open(settings, now):
        return None
    return record


def _succeeded(instance: dg.DagsterInstance, run_id: str) -> bool:
    run = instance.get_run_by_id(run_id)
    return run is not None and run.status is dg.DagsterRunStatus.SUCCESS


def code_digest() -> str:
    """What runs: this code, and the libraries that it uses."""
    installed = sorted(found.name for folder in sys.path for found in Path(folder).glob("*.dist-info"))
    digest = hashlib.sha256(repr((sys.version, installed)).encode())
    for package in _PACKAGES:
        folder = PROJECT_ROOT / package
        for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"):
            digest.update(f"{file.relative_to(PROJECT_ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def inputs_digest(settings: Settings, code: str, today: date) -> str:
    """What a run goes by: code, settings, the day, the source files, the models and the files that they read."""
    folders = (settings.source_dir, settings.sqlmesh_project)
    states = [_state(file) for folder in folders for file in sorted(folder.rglob("*")) if _is_read(file)]
    read = {relation for model in describe_models(settings).models for relation in model.depends_on if relation.is_file}
    files = sorted(with_files(lambda relations: {})(read).items())  # noqa: ARG005 - of the files alone
    return _digest(code, settings.model_dump_json(), today.isoformat(), repr((states, files)))


def outputs_digest(settings: Settings) -> str:
    """The state of what a run leaves: the databases, and the summary of the reports."""
    databases = (settings.legacy_database, settings.target_database, settings.sqlmesh_state)
    logs = [database.with_name(f"{database.name}.wal") for database in databases]
    files = (*databases, *logs, settings.models_ledger, settings.results_dir / SUMMARY_FILE)
    return _digest(repr([_state(file) for file in files]))


def _is_read(file: Path) -> bool:
    """Leave out what Python and SQLMesh write themselves."""
    return file.is_file() and "__pycache__" not in file.parts and not file.name.startswith(".")


def _state(file: Path) -> tuple[str, Sequence[int]]:
    return str(file), file_state(file) if file.exists() else ()


def _digest(*facts: str) -> str:
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()


def _is_model_open(settings: Settings, now: datetime) -> bool:
    """Whether a model is unfinished, as one that waits for a signal, or the passing of time alone makes it due."""
    ledger, models = read_ledger(settings.models_ledger), describe_models(settings).models
    if ledger.unfinished or any(model.name not in ledger.computations for model in models):
        return True
    return any(
        is_due(model, ledger.computations[model.name].interval[1], now) for model in models if waits_for_time(model)
    )


def read_record(file: Path) -> RunRecord | None:
    """The record of the last run; None where there is none, or one of another version of this code."""
    if not file.is_file():
        return None
    try:
        return RunRecord.model_validate_json(file.read_bytes())
    except ValidationError:
        return None
