"""Running the models of a SQLMesh project, with an account of each; importing this imports SQLMesh."""

import contextlib
import logging
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from croniter import croniter
from dagster_sqlmesh.config import SQLMeshContextConfig
from dagster_sqlmesh.controller.base import SQLMeshController, SQLMeshInstance
from sqlmesh.core.config import Config
from sqlmesh.core.constants import EPOCH
from sqlmesh.core.plan import Plan
from sqlmesh.utils.concurrency import NodeExecutionFailedError
from sqlmesh.utils.date import TimeLike, to_datetime
from sqlmesh.utils.errors import SQLMeshError

from sqlmesh_assets.context import plain, relation_of
from sqlmesh_assets.deployed import Deployed, columns_lost, forget_unshown
from sqlmesh_assets.description import ModelDescription, Relation, blocked_models
from sqlmesh_assets.due_times import is_due
from sqlmesh_assets.evaluator import RecordingContext
from sqlmesh_assets.events import Events, computation, named_audits, refusal, silence
from sqlmesh_assets.exceptions import SQLMeshAssetsError, StateError
from sqlmesh_assets.ledger import AuditOutcome, Computation
from sqlmesh_assets.plans import PlanPreview, preview
from sqlmesh_assets.project import PRODUCTION, SQLMeshProject
from sqlmesh_assets.work import Account, FailedModel, Work

_SEED = "SEED"
_FAILED_TOLD = 3
"""How many models are named as those for which a plan was not deployed."""
_LOCKED = re.compile(r"lock on file \"?(?P<file>[^\"]+?)\"?:.*?PID (?P<process>\d+)", re.DOTALL)


class OpenedContext(SQLMeshContextConfig):
    """What dagster-sqlmesh opens a context by: the configuration of a project, whatever its own file says."""

    def __init__(self, project: SQLMeshProject) -> None:
        """Take the project; its configuration is made when the context is."""
        super().__init__(path=str(project.path.resolve()), gateway=project.gateway)
        self._project = project

    @property
    def sqlmesh_config(self) -> Config:
        """The configuration in which SQLMesh's context is made."""
        return self._project.config()


class Runner:
    """Runs and audits the models of a project."""

    def __init__(
        self,
        project: SQLMeshProject,
        models: Sequence[ModelDescription],
        on_computed: Callable[[str, Computation], None],
        on_warning: Callable[[str], None],
    ) -> None:
        """Take the project, its models as they were described, and who is told of each model and warning at once."""
        self._project = project
        self._models = {model.name: model for model in models}
        self._events = Events(project.path, self._models, on_computed, on_warning)
        # SQLMesh and dagster-sqlmesh log whole plans; what matters of them is in the account.
        logger = logging.getLogger("sqlmesh_assets.silent")
        logger.setLevel(logging.CRITICAL)
        self._controller: SQLMeshController[RecordingContext] = SQLMeshController.setup_with_config(
            config=OpenedContext(project), context_factory=RecordingContext, log_override=logger
        )

    def work(self, work: Work, begin: Callable[[], None] = lambda: None) -> Account:
        """Compute what is to be computed; a model that fails leaves the others' results standing.

        Models downstream of a restated one are computed as well: SQLMesh never leaves them behind their inputs.

        Args:
            work: What is to be done.
            begin: Told when everything is open and what follows may change rows.

        Raises:
            SQLMeshAssetsError: The plan as a whole cannot be made or applied.
        """
        account = Account()
        with self._instance(work.environment) as mesh:
            self._require_state_of_target(mesh.context, work.environment)
            plan = self._to_plan(mesh.context, work, account)
            begin()
            self._compute(mesh, plan, work, account)
        return account

    def preview(self, work: Work) -> PlanPreview:
        """What working would do, without doing it.

        Raises:
            SQLMeshAssetsError: The plan cannot be made.
        """
        with self._instance(work.environment) as mesh:
            options = self._preview_options(work)
            return preview(mesh.context, work.environment, options)

    def audit(self, names: Sequence[str]) -> Iterator[tuple[str, AuditOutcome]]:
        """What the audits of models find in the tables that production shows, by the model's name.

        Raises:
            SQLMeshAssetsError: Models were not computed with their code as it is now; raised after the others' audits.
        """
        with self._instance(PRODUCTION) as mesh:
            deployed = Deployed(mesh.context)
            found = {name: deployed.snapshot(name) for name in names}
            outcomes = {
                name: named_audits(self._models[name], deployed.audit(snapshot))
                for name, snapshot in found.items()
                if snapshot is not None
            }
        yield from ((name, outcome) for name, several in outcomes.items() for outcome in several)
        missing = [name for name, snapshot in found.items() if snapshot is None]
        if missing:
            keys = ", ".join(name.replace(".", "/") for name in missing)
            raise SQLMeshAssetsError(
                f"the audits of {', '.join(missing)} cannot be run: not computed with the code as it is now; "
                f"materialize the asset {keys} first"
            )

    @contextlib.contextmanager
    def opened(self) -> Iterator[RecordingContext]:
        """SQLMesh's context of production.

        Raises:
            SQLMeshAssetsError: It cannot be opened, or SQLMesh fails inside it.
        """
        with self._instance(PRODUCTION) as mesh:
            yield mesh.context

    @contextlib.contextmanager
    def _instance(self, environment: str) -> Iterator[SQLMeshInstance[RecordingContext]]:
        with self._project.session(), _errors_in_one_sentence(self._project), contextlib.ExitStack() as opened:
            with silence(), _no_warnings():
                mesh = opened.enter_context(self._controller.instance(environment))
                # Closing a context closes its connections through its evaluator, and only once it has one; the
                # state is opened now, so that what is wrong with it is told here.
                _ = mesh.context.snapshot_evaluator, mesh.context.state_sync
            yield mesh

    def _require_state_of_target(self, context: RecordingContext, environment: str) -> None:
        """Say so when SQLMesh's state tells of tables that the target does not have; SQLMesh would never make them."""
        known = context.state_reader.get_environment(environment)
        # Only what the environment shows has a view, and only once its last plan has come to its end.
        if known is None or known.finalized_ts is None:
            return
        views = {
            relation_of(snapshot.qualified_view_name.for_environment(known.naming_info))
            for snapshot in known.promoted_snapshots
            if snapshot.is_model and not snapshot.is_symbolic
        }
        # Listed rather than looked at one by one: a view whose input is gone is there all the same.
        schemas = {view.schema for view in views}
        listed = {schema: context.engine_adapter.get_data_objects(schema) for schema in schemas}
        there = {Relation(schema, found.name) for schema, objects in listed.items() for found in objects}
        missing = sorted(views - there)
        if missing:
            raise StateError(
                f"SQLMesh's state tells of {missing[0]}, which is not in the target: "
                f"delete {self._project.state_file or 'the state'} and run the models again"
            )

    def _plan_options(self, work: Work, plan: Collection[str] | None) -> dict[str, Any]:
        """How SQLMesh plans the code of models; the unit tests were run when the project was described."""
        options: dict[str, Any] = {"skip_tests": True}
        if work.allow_destructive:
            options["allow_destructive_models"] = list(work.allow_destructive)
        if plan is not None:
            options |= self._selection(plan)
        # SQLMesh wants production whole: there, days are only of use for what is restated.
        if work.environment == PRODUCTION:
            return options
        return {**options, "include_unmodified": True, **_days(work)}

    def _preview_options(self, work: Work) -> dict[str, Any]:
        """All of the work as one plan, as far as SQLMesh can show it."""
        again = [*work.restate, *work.days]
        restate = {"restate_models": again, **_days(work)} if again else {}
        run = {"run": True} if work.due else {}
        if work.plan is not None and not work.plan and work.environment == PRODUCTION:
            return {"skip_tests": True, **restate, **run}
        return {**self._plan_options(work, work.plan), **restate, **run, "always_include_local_changes": True}

    def _selection(self, names: Collection[str]) -> dict[str, Any]:
        """How a plan is told which models to plan: with those that their queries contain.

        SQLMesh gives whatever reads changed code a version of its own, of the code that is deployed, and shows it in
        production; left to itself, it would not make the tables of those that are not planned.
        """
        models = [self._models[name] for name in names]
        planned = [*names, *sorted({str(relation) for model in models for relation in model.embedded})]
        return {"select_models": planned, "backfill_models": [f"{name}+" for name in planned]}

    def _compute(
        self, mesh: SQLMeshInstance[RecordingContext], plan: Collection[str] | None, work: Work, account: Account
    ) -> None:
        if plan is None or plan:
            self._deploy(mesh, plan, work, account)
        due = self._still_due(work.due, account)
        if due:
            run = mesh.run(select_models=due, no_auto_upstream=True, skip_janitor=True)
            self._events.follow(mesh.context, run, account)
        if work.environment == PRODUCTION:
            self._restate_what_plans_do_not(mesh.context, work, account)
        self._restate(mesh, work, account)

    def _deploy(
        self, mesh: SQLMeshInstance[RecordingContext], plan: Collection[str] | None, work: Work, account: Account
    ) -> None:
        """Plan the code of models; where some fail, that of the others, since a plan is deployed as a whole or not."""
        options = self._plan_options(work, plan)
        forget_unshown(mesh.context, work.environment, options)
        complete = self._events.follow(mesh.context, mesh.plan(**options), account)
        account.applied = complete and plan is None
        planned = list(self._models if plan is None else plan)
        left = planned
        while not complete:
            self._fail_readers(work.computed, account)
            before, left = left, [name for name in left if name not in account.failed]
            if not left or len(left) == len(before):
                break
            complete = self._events.follow(mesh.context, mesh.plan(**self._plan_options(work, left)), account)
        self._drop_what_is_not_shown(mesh.context, work.environment, planned, account)

    def _still_due(self, due: Collection[str], account: Account) -> list[str]:
        """Models with intervals left: a plan computes no newer days than production had, whatever the cron is now."""
        now = datetime.now(UTC)
        return [
            name
            for name in due
            if name not in account.failed
            if name not in account.computed or is_due(self._models[name], account.computed[name].interval[1], now)
        ]

    def _restate(self, mesh: SQLMeshInstance[RecordingContext], work: Work, account: Account) -> None:
        # Of a model that is computed by intervals, a plan or a run may have computed only those that were missing.
        again = [name for name in work.restate if name not in {*account.whole, *account.failed, *account.kept}]
        if again:
            _merge(mesh.context, work, again, None)
            self._events.follow(mesh.context, mesh.plan(skip_tests=True, restate_models=again), account)
        days = [name for name in work.days if name not in account.failed]
        if days:
            _merge(mesh.context, work, days, (work.start or EPOCH, work.end or datetime.now(UTC)))
            self._events.follow(mesh.context, mesh.plan(skip_tests=True, restate_models=days, **_days(work)), account)

    def _to_plan(self, context: RecordingContext, work: Work, account: Account) -> Collection[str] | None:
        """The models to plan: those of the work, and what is deployed otherwise than was known; less what cannot be."""
        plan = work.plan
        unplanned = [] if plan is None or not work.deploys else [name for name in work.computed if name not in plan]
        if plan is not None and unplanned and work.environment == PRODUCTION:
            deployed = Deployed(context)
            plan = [*plan, *(name for name in unplanned if deployed.snapshot(name) is None)]
        if plan is not None and not plan:
            return plan
        for name, columns in columns_lost(context, self._models if plan is None else plan).items():
            if name not in work.allow_destructive:
                account.fail(FailedModel(name, _destructive(self._models[name].file, columns)))
        if any(_may_lack_interval(self._models[name]) for name in (self._models if plan is None else plan)):
            built = context.plan_builder(work.environment, **self._plan_options(work, plan)).build()
            for name in _without_interval(built):
                cron = self._models[name].cron
                account.fail(
                    FailedModel(name, f"no interval of its cron {cron} has ended yet: give it an earlier start")
                )
        if not account.failed:
            return plan
        self._fail_readers(list(self._models), account)
        return [name for name in (self._models if plan is None else plan) if name not in account.failed]

    def _fail_readers(self, names: Collection[str], account: Account) -> None:
        """Enter a failure for those models that read one that failed."""
        reasons = {name: found.reason for name, found in account.failed.items()}
        blocked = blocked_models(self._models.values(), reasons)
        for name in names:
            if name in blocked and name not in reasons:
                account.fail(FailedModel(name, blocked[name]))

    def _drop_what_is_not_shown(
        self, context: RecordingContext, environment: str, planned: Collection[str], account: Account
    ) -> None:
        """Leave out what was computed of versions that the environment does not show; planned ones have failed."""
        found = context.state_reader.get_environment(environment)
        shown = {} if found is None else {str(relation_of(info.name)): info.identifier for info in found.snapshots}
        account.computed = {
            name: computed for name, computed in account.computed.items() if computed.snapshot == shown.get(name)
        }
        present = {str(relation_of(own.name)): own.identifier for own in context.snapshots.values()}
        others = [*account.failed][:_FAILED_TOLD]
        for name in planned:
            if name not in account.failed and shown.get(name) != present.get(name):
                reason = f"its code was not deployed: a plan is deployed as a whole, and {', '.join(others)} failed"
                account.fail(FailedModel(name, reason))

    def _restate_what_plans_do_not(self, context: RecordingContext, work: Work, account: Account) -> None:
        """Load seeds again, and take over the rows of models that may not be computed again."""
        remaining = [name for name in _remaining(work.restate, account) if _is_beyond_plans(self._models[name])]
        if not remaining:
            return
        deployed = Deployed(context)
        for name in remaining:
            model, snapshot = self._models[name], deployed.snapshot(name)
            if snapshot is None:
                continue
            started = time.perf_counter()
            if model.kind == _SEED:
                deployed.load_seed(snapshot)
            found = computation(model, snapshot, deployed.audit(snapshot), time.perf_counter() - started)
            refused = [audit for audit in found.audits if audit.blocking and audit.failing_rows]
            if refused:
                account.fail(
                    FailedModel(name, refusal((audit.check, audit.failing_rows) for audit in refused), found.audits)
                )
            elif model.kind == _SEED:
                account.computed[name] = found
                account.whole.add(name)
                self._events.on_computed(name, found)
            else:
                account.kept[name] = found
        self._fail_readers(work.restate, account)


@contextlib.contextmanager
def _errors_in_one_sentence(project: SQLMeshProject) -> Iterator[None]:
    try:
        yield
    except SQLMeshAssetsError:
        raise
    except Exception as error:
        raise _told(error, project) from error


@contextlib.contextmanager
def _no_warnings() -> Iterator[None]:
    """A state that cannot be opened is told as an error; SQLMesh writes a warning of the same to the log before it."""
    logger = logging.getLogger("sqlmesh.core.engine_adapter")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _destructive(file: str, columns: Sequence[str]) -> str:
    return (
        f"{file}: it is forward-only, and its table would lose {', '.join(columns)}: name the model in "
        "allow_destructive in the launchpad, or set its on_destructive_change"
    )


def _days(work: Work) -> dict[str, Any]:
    return {name: day for name, day in (("start", work.start), ("end", work.end)) if day is not None}


def _remaining(names: Collection[str], account: Account) -> list[str]:
    return [name for name in names if name not in account.computed and name not in account.failed]


def _merge(
    context: RecordingContext, work: Work, names: Collection[str], days: tuple[TimeLike, TimeLike] | None
) -> None:
    """Let models by unique key be brought up to date rather than replaced, if the work says so."""
    records = context.snapshot_evaluator.records
    wanted = set(names) & set(work.merge)
    records.merged = {
        snapshot.name
        for snapshot in context.snapshots.values()
        if str(relation_of(snapshot.name)) in wanted and snapshot.model.kind.is_incremental_by_unique_key
    }
    records.backfilled = days


def _is_beyond_plans(model: ModelDescription) -> bool:
    return model.kind == _SEED or not model.restatable


def _may_lack_interval(model: ModelDescription) -> bool:
    """Whether no interval of a model's cron may have ended since its start; the plan knows, and takes time to make."""
    if model.start is None:
        return True
    ticks = croniter(model.cron, datetime.now(UTC))
    ticks.get_prev()
    last_begun: datetime = ticks.get_prev(datetime)
    return bool(last_begun < to_datetime(model.start))


def _without_interval(plan: Plan) -> list[str]:
    """New models of which SQLMesh would compute nothing, and show a table that is not there."""
    computed = {missing.snapshot_id for missing in plan.missing_intervals}
    added = [plan.context_diff.snapshots[snapshot_id] for snapshot_id in plan.context_diff.added]
    return [
        str(relation_of(snapshot.name))
        for snapshot in added
        if snapshot.is_model and not snapshot.is_symbolic and not snapshot.intervals
        if snapshot.snapshot_id not in computed
    ]


def _message(error: BaseException) -> str:
    """What an error says; of one that is only about another, that one, with the model that it is about."""
    if isinstance(error, NodeExecutionFailedError) and error.__cause__ is not None:
        node = getattr(error.node, "snapshot_name", None) or error.node.name
        return f"{relation_of(node)}: {_message(error.__cause__)}"
    return plain(error)


def _told(error: Exception, project: SQLMeshProject) -> SQLMeshAssetsError:
    """An error of SQLMesh or of the engine in one sentence, where the causes are known that people meet."""
    message = _message(error)
    locked = _LOCKED.search(message)
    if locked:
        return StateError(
            f"database {locked['file']} is in use by process {locked['process']}: wait until it ends, or stop it, "
            "and try again"
        )
    if isinstance(error, SQLMeshError) and "SQLMesh (local) is using version" in message:
        return StateError(
            f"SQLMesh's state {project.state_file or ''} was written by a newer SQLMesh than this one: "
            "install that version, or point to another state"
        )
    return SQLMeshAssetsError(f"SQLMesh could not run the models: {message}")
