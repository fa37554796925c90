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
from sqlmesh.core.model.definition import AuditResult
from sqlmesh.utils.concurrency import NodeExecutionFailedError
from sqlmesh.utils.errors import NodeAuditsErrors, SQLMeshError

from transferroom_pipeline.models.description import ModelDescription
from transferroom_pipeline.models.exceptions import ModelError
from transferroom_pipeline.models.recording import RecordingContext
from transferroom_pipeline.models.translation import StageTranslator, project_config
from transferroom_pipeline.settings import Settings

ENVIRONMENT = "prod"

_NOT_DUE = "SQLMesh did not compute it: no interval of its cron has ended yet, or it may not be restated"


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
        self._state = settings.sqlmesh_state
        # SQLMesh and dagster-sqlmesh log whole plans; what matters of them is in the account.
        logger = logging.getLogger("transferroom.sqlmesh")
        logger.setLevel(logging.CRITICAL)
        self._controller: DagsterSQLMeshController[RecordingContext] = DagsterSQLMeshController.setup_with_config(
            config=project_config(settings), context_factory=RecordingContext, log_override=logger
        )

    def run(self, compute: Sequence[str], audit: Sequence[str]) -> ModelsRun:
        """Compute the models of `compute` anew, with their audits, and run the audits of the models of `audit`.

        Models downstream of a computed one are computed as well: SQLMesh never leaves them behind their inputs.
        A model that fails leaves the others' results standing.

        Raises:
            ModelError: The plan as a whole cannot be made or applied, or a model of `audit` was never computed.
        """
        account = ModelsRun()
        with self._instance() as mesh:
            self._require_state_of_target(mesh.context)
            if compute:
                self._compute(mesh, compute, account)
            account.audits.extend(self._recorded_audits(mesh.context, account))
            for name in audit:
                account.audits.extend(self._audit(mesh.context, name))
        return account

    @contextlib.contextmanager
    def _instance(self) -> Iterator[SQLMeshInstance[RecordingContext]]:
        try:
            with self._controller.instance(ENVIRONMENT) as mesh:
                # Closing a context closes its connections through its evaluator, and only once it has one.
                _ = mesh.context.snapshot_evaluator
                yield mesh
        except (SQLMeshError, duckdb.Error) as error:
            raise ModelError(f"SQLMesh could not run the models: {error}") from error

    def _require_state_of_target(self, context: RecordingContext) -> None:
        """Say so when SQLMesh's state tells of tables that the target does not have; SQLMesh would never make them."""
        environment = context.state_reader.get_environment(ENVIRONMENT)
        if environment is None:
            return
        adapter = context.engine_adapter
        known = {_name(snapshot.name) for snapshot in environment.snapshots}
        schemas = {name.split(".")[0] for name in known}
        # Listed rather than looked at one by one: a view whose input is gone is there all the same.
        there = {f"{schema}.{found.name}" for schema in schemas for found in adapter.get_data_objects(schema)}
        missing = sorted(known - there)
        if missing:
            raise ModelError(
                f"SQLMesh's state tells of {missing[0]}, which is not in the target: "
                f"delete {self._state} and run the models again"
            )

    def _compute(self, mesh: SQLMeshInstance[RecordingContext], names: Sequence[str], account: ModelsRun) -> None:
        selection = {} if set(names) == set(self._models) else {"select_models": list(names)}
        if not _apply(mesh, account, **selection) and account.computed:
            # The failed plan computed these models but shows none of them yet: it is all or nothing there.
            _apply(mesh, account, select_models=list(account.computed))
        stale = [name for name in names if name not in account.computed and name not in account.failed]
        if stale:
            _apply(mesh, account, restate_models=stale)
        _settle(mesh.context, names, account)

    def _recorded_audits(self, context: RecordingContext, account: ModelsRun) -> Iterator[AuditOutcome]:
        """What audits found of the models that this run computed, those that they refused included."""
        recorded = context.snapshot_evaluator.audit_results
        for snapshot in context.snapshots.values():
            name = _name(snapshot.name)
            refused = name in account.failed and account.failed[name].audited
            if (name in account.computed or refused) and snapshot.snapshot_id in recorded:
                yield from self._outcomes(context, name, recorded[snapshot.snapshot_id])

    def _audit(self, context: RecordingContext, name: str) -> Iterator[AuditOutcome]:
        """What the audits of a model find now in the table that is in force."""
        environment = context.state_reader.get_environment(ENVIRONMENT)
        in_force = {} if environment is None else context.state_reader.get_snapshots(environment.snapshots)
        by_name = {snapshot.name: snapshot for snapshot in in_force.values()}
        [present] = [snapshot for snapshot in context.snapshots.values() if _name(snapshot.name) == name]
        if present.snapshot_id not in in_force:
            raise ModelError(
                f"the audits of {name} cannot be run: its table has not been computed with the code as it is now; "
                f"materialize the asset {name.replace('.', '/')} first"
            )
        results = context.snapshot_evaluator.audit(in_force[present.snapshot_id], snapshots=by_name)
        yield from self._outcomes(context, name, results)

    def _outcomes(self, context: RecordingContext, name: str, results: Sequence[AuditResult]) -> Iterator[AuditOutcome]:
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
    failed_before = set(account.failed)
    # On an error, dagster-sqlmesh prints a traceback before it raises; the error itself is enough.
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            for event in mesh.plan(skip_tests=True, **options):
                _note(event, account)
        except SQLMeshError:
            if set(account.failed) == failed_before:
                raise
            return False
    return True


def _note(event: console.ConsoleEvent, account: ModelsRun) -> None:
    """Enter an event into the account.

    A failure is final: what is computed afterwards under that name is the version before, refreshed along with what it
    reads, and no sign that the model works.
    """
    match event:
        case console.UpdateSnapshotEvaluationProgress(snapshot=snapshot, duration_ms=int(milliseconds)):
            name = _name(snapshot.name)
            if name not in account.failed:
                account.computed[name] = ComputedModel(name, milliseconds / 1000, snapshot.identifier)
        case console.LogFailedModels(errors=errors):
            for error in errors:
                _fail(account, _failed(error))
        case console.LogSkippedModels(snapshot_names=names):
            for name in map(_name, names):
                _fail(account, FailedModel(name, "a model that it reads was not computed"))


def _fail(account: ModelsRun, failed: FailedModel) -> None:
    account.failed[failed.name] = failed
    account.computed.pop(failed.name, None)


def _settle(context: RecordingContext, names: Sequence[str], account: ModelsRun) -> None:
    """Hold the account against the project: only its own versions count, and every model asked for is accounted for."""
    versions = {_name(snapshot.name): snapshot.identifier for snapshot in context.snapshots.values()}
    for computed in list(account.computed.values()):
        if computed.snapshot != versions.get(computed.name):
            del account.computed[computed.name]
    for name in names:
        if name not in account.computed and name not in account.failed:
            account.failed[name] = FailedModel(name, _NOT_DUE)


def _failed(error: NodeExecutionFailedError[Any]) -> FailedModel:
    name = _name(error.node.snapshot_name)
    cause = error.__cause__
    if isinstance(cause, NodeAuditsErrors):
        audits = ", ".join(f"{audit.audit_name} ({audit.count} rows)" for audit in cause.errors)
        return FailedModel(name, f"blocking audit failed: {audits}", audited=True)
    return FailedModel(name, str(cause))


def _name(fqn: str) -> str:
    return ".".join(StageTranslator().get_asset_key_name(fqn))
