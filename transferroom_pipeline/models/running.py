"""Running the models: always on today's data, with an account of each model and each audit.

SQLMesh computes a model again only when its code or its interval is new; it does not look at the data. So a run
applies what changed in the project first and then restates every selected model that this did not compute.
Importing this module imports SQLMesh.
"""

import contextlib
import io
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
from dagster_sqlmesh import console
from dagster_sqlmesh.controller.base import SQLMeshInstance
from dagster_sqlmesh.controller.dagster import DagsterSQLMeshController
from sqlmesh.utils.concurrency import NodeExecutionFailedError
from sqlmesh.utils.errors import NodeAuditsErrors, SQLMeshError

from transferroom_pipeline.models.description import ModelDescription
from transferroom_pipeline.models.exceptions import ModelError
from transferroom_pipeline.models.recording import RecordingContext
from transferroom_pipeline.models.translation import StageTranslator, project_config
from transferroom_pipeline.settings import Settings

ENVIRONMENT = "prod"


@dataclass(frozen=True)
class ComputedModel:
    """A model whose table holds today's data; `seconds` is the time its computation took."""

    name: str
    seconds: float
    snapshot: str


@dataclass(frozen=True)
class FailedModel:
    """A model that was not computed, and why; `audited` when it was, and a blocking audit refused the result."""

    name: str
    reason: str
    audited: bool = False


@dataclass(frozen=True)
class AuditOutcome:
    """What an audit found: how many rows fail it, and the query that selects them."""

    model: str
    check: str
    blocking: bool
    failing_rows: int
    query: str


@dataclass
class ModelsRun:
    """The account of a run, by the models' names."""

    computed: dict[str, ComputedModel] = field(default_factory=dict)
    failed: dict[str, FailedModel] = field(default_factory=dict)
    audits: list[AuditOutcome] = field(default_factory=list)


class ModelsRunner:
    """Runs and audits the models of the project in SQLMesh's environment `prod`."""

    def __init__(self, settings: Settings, models: Sequence[ModelDescription]) -> None:
        """Take the settings that say where target and state are, and the models as they were described."""
        self._models = {model.name: model for model in models}
        # SQLMesh and dagster-sqlmesh log whole plans; what matters of them is in the account.
        logger = logging.getLogger("transferroom.sqlmesh")
        logger.setLevel(logging.CRITICAL)
        self._controller: DagsterSQLMeshController[RecordingContext] = DagsterSQLMeshController.setup_with_config(
            config=project_config(settings), context_factory=RecordingContext, log_override=logger
        )

    def run(self, compute: Sequence[str], audit: Sequence[str]) -> ModelsRun:
        """Compute the models of `compute` anew, then run all audits of those and of the models of `audit`.

        Models downstream of a computed one are computed as well: SQLMesh never leaves them behind their inputs.
        A model that fails leaves the others' results standing.

        Raises:
            ModelError: The plan as a whole cannot be made or applied.
        """
        account = ModelsRun()
        with self._instance() as mesh:
            if compute:
                self._compute(mesh, compute, account)
            refused = [failed.name for failed in account.failed.values() if failed.audited]
            for name in dict.fromkeys([*account.computed, *refused, *audit]):
                account.audits.extend(self._audits(mesh.context, name))
        return account

    @contextlib.contextmanager
    def _instance(self) -> Iterator[SQLMeshInstance[RecordingContext]]:
        try:
            with self._controller.instance(ENVIRONMENT) as mesh:
                yield mesh
        except (SQLMeshError, duckdb.IOException) as error:
            raise ModelError(f"SQLMesh could not run the models: {error}") from error

    def _compute(self, mesh: SQLMeshInstance[RecordingContext], names: Sequence[str], account: ModelsRun) -> None:
        selection = {} if set(names) == set(self._models) else {"select_models": list(names)}
        if not _apply(mesh, account, **selection) and account.computed:
            # The failed plan computed these models but shows none of them yet: it is all or nothing there.
            _apply(mesh, account, select_models=list(account.computed))
        stale = [name for name in names if name not in account.computed and name not in account.failed]
        if stale:
            _apply(mesh, account, restate_models=stale)

    def _audits(self, context: RecordingContext, name: str) -> Iterator[AuditOutcome]:
        """What the audits of a model found when it was computed, or find now if it was not."""
        evaluator = context.snapshot_evaluator
        snapshots = {_name(fqn): snapshot for fqn, snapshot in context.snapshots.items()}
        results = evaluator.audit_results.get(snapshots[name].name)
        if results is None:
            results = evaluator.audit(snapshots[name], snapshots=context.snapshots)
        dialect = context.engine_adapter.dialect
        for audit, result in zip(self._models[name].audits, results, strict=True):
            if result.query is not None and result.count is not None:
                query = result.query.sql(dialect=dialect, pretty=True)
                yield AuditOutcome(name, audit.check, audit.blocking, result.count, query)


def _apply(mesh: SQLMeshInstance[RecordingContext], account: ModelsRun, **options: Any) -> bool:
    """Plan and apply; False when models failed, which are then in the account.

    The project's unit tests are left to `sqlmesh test` and `sqlmesh plan`: they say something about the code, and this
    runs every few minutes on new data.
    """
    started = len(account.failed)
    # On an error, dagster-sqlmesh prints a traceback before it raises; the error itself is enough.
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            for event in mesh.plan(skip_tests=True, **options):
                _note(event, account)
        except SQLMeshError:
            if len(account.failed) == started:
                raise
            return False
    return True


def _note(event: console.ConsoleEvent, account: ModelsRun) -> None:
    match event:
        case console.UpdateSnapshotEvaluationProgress(snapshot=snapshot, duration_ms=int(milliseconds)):
            name = _name(snapshot.name)
            seconds = milliseconds / 1000
            account.failed.pop(name, None)
            account.computed[name] = ComputedModel(name, seconds, snapshot.identifier)
        case console.LogFailedModels(errors=errors):
            for error in errors:
                failed = _failed(error)
                account.failed[failed.name] = failed
                account.computed.pop(failed.name, None)
        case console.LogSkippedModels(snapshot_names=names):
            for name in map(_name, names):
                account.failed[name] = FailedModel(name, "a model that it reads was not computed")
                account.computed.pop(name, None)


def _failed(error: NodeExecutionFailedError[Any]) -> FailedModel:
    name = _name(error.node.snapshot_name)
    cause = error.__cause__
    if isinstance(cause, NodeAuditsErrors):
        audits = ", ".join(f"{audit.audit_name} ({audit.count} rows)" for audit in cause.errors)
        return FailedModel(name, f"blocking audit failed: {audits}", audited=True)
    return FailedModel(name, str(cause))


def _name(fqn: str) -> str:
    return ".".join(StageTranslator().get_asset_key_name(fqn))
