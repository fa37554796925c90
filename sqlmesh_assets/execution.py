"""A run of the models: what is not up to date is found out and computed, and the ledger is kept. Plain logic."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlmesh_assets import markdown
from sqlmesh_assets.bookkeeping import ledger_after
from sqlmesh_assets.decisions import Situation, production_work, survey, to_compute
from sqlmesh_assets.description import ModelDescription, ProjectDescription, blocked_models, downstream, problems
from sqlmesh_assets.exceptions import SQLMeshAssetsError
from sqlmesh_assets.files import with_files
from sqlmesh_assets.launchpad import Mode, ModelsConfig
from sqlmesh_assets.ledger import (
    AuditOutcome,
    Cause,
    Computation,
    DataVersions,
    Ledger,
    Stale,
    has_changed,
    is_waiting,
    read_ledger,
    waiting_for,
    waiting_for_signals,
    write_ledger,
)
from sqlmesh_assets.project import SQLMeshProject
from sqlmesh_assets.work import Account, Work

if TYPE_CHECKING:
    from sqlmesh_assets.running import Runner

BeforeCompute = Callable[[Sequence[ModelDescription]], None]
"""Told which models are about to be computed in production, those downstream of the selected ones included."""

_NOT_DEPLOYED = "it was never deployed: run it in mode plan first"
_NOT_DUE = (
    "SQLMesh did not compute it: no interval of its cron has ended yet, a signal of it is not ready, or it may not be "
    "restated"
)
_NO_SUCH_DAYS = (
    "SQLMesh computed none of these days: the model has no interval in them, a signal of it is not ready, or it may "
    "not be restated"
)
_NO_DATA = "Changed code is computed here; changed data reaches a named environment only by `restate`."
_SHARED = "What an environment shares with production is restated in production."
_INTERRUPTED = "its last computation was interrupted"


@dataclass(frozen=True)
class Listeners:
    """Who is told while a run is under way.

    Attributes:
        before_compute: Told before the first model is computed.
        computed: Told of each model as soon as it is computed, with the reason.
        warning: Told what SQLMesh warns of.
    """

    before_compute: BeforeCompute
    computed: Callable[[str, Computation, str], None]
    warning: Callable[[str], None]


@dataclass
class Outcome:
    """What a run came to, by the models' names.

    Attributes:
        computed: Models that have new rows, with those downstream of the selected ones.
        unchanged: Selected models that were up to date, as they were last computed.
        left: Those of them that are not up to date and that the run was not to compute, with the reasons.
        waiting: Models that are not up to date and wait for a signal, with what they wait for.
        failed: Selected models that could not be computed, with the reasons.
        refused: What audits found in rows that they refused.
        reasons: Why a model was to be computed.
        markdown: What is to be shown of a plan that was not for production or not carried out.
    """

    computed: dict[str, Computation] = field(default_factory=dict)
    unchanged: dict[str, Computation] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    refused: dict[str, tuple[AuditOutcome, ...]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    markdown: str | None = None

    def audits(self, name: str) -> tuple[AuditOutcome, ...]:
        """What audits found in a model's rows, as they are or as they were refused."""
        known = self.computed.get(name) or self.unchanged.get(name)
        return known.audits if known is not None else self.refused.get(name, ())


class ModelsRun:
    """One run on selected models of a project."""

    def __init__(
        self,
        project: SQLMeshProject,
        description: ProjectDescription,
        versions: DataVersions,
        listeners: Listeners,
    ) -> None:
        """Take the project as it is described now, how to tell versions of data, and who listens."""
        self._project = project
        self._description = description
        self._models = {model.name: model for model in description.models}
        self._versions = with_files(versions)
        self._listeners = listeners

    def execute(self, selected: Collection[str], config: ModelsConfig) -> Outcome:
        """Do what the configuration asks for with the selected models.

        Raises:
            SQLMeshAssetsError: The plan as a whole cannot be made or applied, or the configuration cannot be used.
        """
        config.check(self._description.models)
        if not config.is_production:
            return self._in_environment(selected, config)
        return self._in_production(selected, config)

    def audit(self, names: Sequence[str]) -> Iterator[tuple[str, AuditOutcome]]:
        """What audits find now in the rows of models, by the models' names; nothing is computed.

        Raises:
            SQLMeshAssetsError: Models cannot be used, or were never computed with their code as it is now; raised after
                the others' audits were run.
        """
        wrong = {name: problem for name, problem in problems(self._description).items() if name in names}
        told = [f"the audits of {name} cannot be run: {problem}" for name, problem in wrong.items()]
        try:
            yield from self._runner({}).audit([name for name in names if name not in wrong])
        except SQLMeshAssetsError as error:
            raise SQLMeshAssetsError("\n".join([str(error), *told])) from error
        if told:
            raise SQLMeshAssetsError("\n".join(told))

    def _in_production(self, selected: Collection[str], config: ModelsConfig) -> Outcome:
        scope = {*selected, *downstream(self._description.models, config.restate)}
        situation = survey(self._description, self._ledger(), self._versions, scope, config.mode)
        compute = to_compute(scope, situation, config)
        work = production_work(compute, situation, config, everything=len(selected) == len(self._models))
        blocked = _among(situation.blocked, selected, config.restate)
        outcome = Outcome(
            waiting={name: reason for name, reason in blocked.items() if is_waiting(reason)},
            failed={name: reason for name, reason in blocked.items() if not is_waiting(reason)},
        )
        if config.dry_run:
            outcome.markdown = self._preview(work, compute, config.mode) + _cannot_be_computed(outcome.failed)
            return outcome
        ledger = situation.ledger
        if compute or work.plan is None:
            ledger = self._compute(work, compute, situation, config.restate, outcome)
        self._tell_of_the_others(selected, situation, ledger, config, outcome)
        if not selected:  # the plan alone: it does not forget what failed before
            unfinished = {name: why for name, why in ledger.unfinished.items() if name in self._models}
            outcome.failed |= {name: why for name, why in unfinished.items() if not is_waiting(why)}
        return outcome

    def _ledger(self) -> Ledger:
        """The ledger, if SQLMesh's state is there that it belongs to."""
        ledger, state = read_ledger(self._project.ledger), self._project.state_file
        if ledger.computations and state is not None and not state.is_file():
            self._listeners.warning(
                f"SQLMesh's state {state} is gone: all models have to be planned and computed from the start"
            )
            return Ledger()
        return ledger

    def _compute(
        self,
        work: Work,
        compute: Mapping[str, Stale],
        situation: Situation,
        restate: Collection[str],
        outcome: Outcome,
    ) -> Ledger:
        """Do the work, and say in the outcome and in the ledger what became of it."""
        outcome.reasons = {name: found.reason for name, found in compute.items()}
        if work.computed:
            changing = situation.may_change(work.computed)
            self._listeners.before_compute([self._models[name] for name in situation.in_order(changing)])
        # Whatever happens once work has begun, these models do not pass for up to date until they are.
        unfinished = situation.ledger.unfinished | dict.fromkeys(compute, _INTERRUPTED)
        begun = situation.ledger.model_copy(update={"unfinished": unfinished})
        account = self._runner(outcome.reasons).work(work, lambda: write_ledger(self._project.ledger, begun))
        # SQLMesh also refreshes what this run leaves alone because something is wrong with it.
        account.computed = {name: computed for name, computed in account.computed.items() if name in compute}
        ledger = ledger_after(account, work, compute, situation, self._versions)
        outcome.computed = {name: ledger.computations[name] for name in account.computed}
        outcome.refused = {name: failed.audits for name, failed in account.failed.items()}
        outcome.failed |= {name: failed.reason for name, failed in account.failed.items()}
        done = {*account.computed, *account.kept, *outcome.failed}
        left = [name for name in compute if name not in {*done, *restate} and compute[name].cause is not Cause.METADATA]
        outcome.waiting |= self._waiting(left)
        done |= outcome.waiting.keys()
        outcome.failed |= {name: _NOT_DUE for name in work.restate if name not in done}
        outcome.failed |= {name: _NO_SUCH_DAYS for name in restate if name in work.days and name not in done}
        ledger = ledger.model_copy(update={"unfinished": ledger.unfinished | outcome.waiting})
        write_ledger(self._project.ledger, ledger)
        return ledger

    def _waiting(self, left: Sequence[str]) -> dict[str, str]:
        """Of models that were left, inputs first, those that wait for a signal and those that read them."""
        waiting: dict[str, str] = {}
        for name in left:
            model = self._models[name]
            read = next((str(relation) for relation in model.depends_on if str(relation) in waiting), None)
            if model.signals:
                waiting[name] = waiting_for_signals(model.signals)
            elif read is not None:
                waiting[name] = waiting_for(read)
        return waiting

    def _runner(self, reasons: Mapping[str, str], otherwise: str = "SQLMesh refreshed it along") -> "Runner":
        # Imported only now: a run that finds everything up to date does without SQLMesh.
        from sqlmesh_assets.running import Runner  # noqa: PLC0415

        def computed(name: str, computation: Computation) -> None:
            self._listeners.computed(name, computation, reasons.get(name, otherwise))

        return Runner(self._project, self._description.models, computed, self._listeners.warning)

    def _tell_of_the_others(
        self, selected: Collection[str], situation: Situation, ledger: Ledger, config: ModelsConfig, outcome: Outcome
    ) -> None:
        """Say of every selected model that was not computed whether it is up to date, and if not, why it was left."""
        outcome.waiting |= {
            name: why for name, why in ledger.unfinished.items() if is_waiting(why) and name in selected
        }
        for name in selected:
            if name in outcome.computed or name in outcome.failed:
                continue
            known = ledger.computations.get(name)
            if known is not None:
                outcome.unchanged[name] = known
                left = self._why_left(name, known, situation, config, outcome)
                if left is not None:
                    outcome.left[name] = left
            elif name in outcome.waiting:
                self._listeners.warning(f"{name}: not computed yet, {outcome.waiting[name]}")
            else:
                outcome.failed[name] = _NOT_DEPLOYED

    def _why_left(
        self, name: str, known: Computation, situation: Situation, config: ModelsConfig, outcome: Outcome
    ) -> str | None:
        """Why a model that is not up to date was not computed; None for one that is."""
        if name in outcome.waiting:
            return outcome.waiting[name]
        if self._is_behind(name, known, situation):
            return "what it reads changed, but it may not be computed again before its next interval"
        if known.code_version != self._models[name].code_version:
            return "its code changed, and this run deploys none"
        found = situation.stale.get(name)
        if found is None or name in outcome.reasons:
            return None
        why = "it is not due" if config.mode is Mode.run else "this run computes days of other models only"
        return f"{found.reason}, and {why}"

    def _is_behind(self, name: str, known: Computation, situation: Situation) -> bool:
        """Whether a model is behind what it reads because it may not be computed again."""
        model = self._models[name]
        changed = (has_changed(relation, known, situation.versions) for relation in model.depends_on)
        return not model.restatable and any(changed)

    def _preview(self, work: Work, compute: Mapping[str, Stale], mode: Mode) -> str:
        """The plan, and why models would be computed that SQLMesh itself sees no reason for."""
        if not compute and work.plan is not None:
            nothing = "Nothing is due." if mode is Mode.run else "All that can be computed is up to date."
            return f"### Plan of environment `{work.environment}`\n\n{nothing}"
        text = self._runner({}).preview(work).markdown()
        reasons = "\n".join(f"- `{name}`: {found.reason}" for name, found in compute.items())
        return f"{text}\n\n**Why**\n\n{reasons}" if reasons else text

    def _in_environment(self, selected: Collection[str], config: ModelsConfig) -> Outcome:
        """Plan into an environment of a name; it shares with production what is the same there."""
        blocked = blocked_models(self._description.models, problems(self._description))
        usable = [name for name in self._models if name in selected and name not in blocked]
        work = Work(
            environment=config.environment,
            plan=None if len(usable) == len(self._models) else usable,
            restate=[name for name in config.restate if name not in blocked],
            start=config.start,
            end=config.end,
            allow_destructive=config.allow_destructive,
        )
        outcome = Outcome(failed=_among(blocked, selected, config.restate))
        runner = self._runner({}, f"for environment {config.environment}")
        if config.dry_run:
            outcome.markdown = runner.preview(work).markdown() + _cannot_be_computed(outcome.failed)
            return outcome
        account = runner.work(work)
        outcome.failed |= {name: failed.reason for name, failed in account.failed.items()}
        outcome.markdown = _environment_report(work, account) + _cannot_be_computed(outcome.failed)
        return outcome


def _among(blocked: Mapping[str, str], *asked: Collection[str]) -> dict[str, str]:
    """Those of the models that cannot be computed that were asked for."""
    return {name: blocked[name] for names in asked for name in names if name in blocked}


def _cannot_be_computed(failed: Mapping[str, str]) -> str:
    """What follows a plan that leaves models out."""
    told = "\n\n".join(f"`{name}`\n\n{markdown.block(reason)}" for name, reason in failed.items())
    return f"\n\n**Cannot be computed**\n\n{told}" if told else ""


def _environment_report(work: Work, account: Account) -> str:
    rows = [{"model": f"`{name}`", **computed.in_words} for name, computed in account.computed.items()]
    told = markdown.table(rows) if rows else f"Nothing was computed. {_SHARED if work.restate else _NO_DATA}"
    return f"### Environment `{work.environment}`\n\n{told}"
