"""A run of the models: what is not up to date is found out and computed, and the ledger is kept. Plain logic."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlmesh_assets.description import BY_DAYS, ModelDescription, ProjectDescription, Relation
from sqlmesh_assets.exceptions import SQLMeshAssetsError
from sqlmesh_assets.launchpad import Mode, ModelsConfig
from sqlmesh_assets.ledger import (
    AuditOutcome,
    Cause,
    Computation,
    DataVersions,
    Ledger,
    Stale,
    is_due,
    read_ledger,
    stale_models,
    waits_for_time,
    write_ledger,
)
from sqlmesh_assets.project import SQLMeshProject
from sqlmesh_assets.work import Account, Work

if TYPE_CHECKING:
    from sqlmesh_assets.running import Runner

BeforeCompute = Callable[[Sequence[ModelDescription]], None]
"""Told which models are about to be computed in production, those downstream of the selected ones included."""

MERGES = "merges_changes"
"""The tag of a model by unique key whose SQL finds what is new, changed and gone; every other one is replaced whole."""

_FOLLOWS = Stale(Cause.INPUT, "it reads what is computed again")
_RESTATED = Stale(Cause.CONTENT, "it was asked for")
_DEPLOYED_ANEW = frozenset({Cause.NEW, Cause.CODE, Cause.UNFINISHED})
_NOT_DEPLOYED = "it was never deployed: run it in mode plan first"
_NOT_DUE = "SQLMesh did not compute it: no interval of its cron has ended yet, or it may not be restated"
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
        failed: Selected models that could not be computed, with the reasons.
        refused: What audits found in rows that they refused.
        reasons: Why a model was to be computed.
        markdown: What is to be shown of a plan that was not for production or not carried out.
    """

    computed: dict[str, Computation] = field(default_factory=dict)
    unchanged: dict[str, Computation] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    refused: dict[str, tuple[AuditOutcome, ...]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    markdown: str | None = None

    def audits(self, name: str) -> tuple[AuditOutcome, ...]:
        """What audits found in a model's rows, as they are or as they were refused."""
        known = self.computed.get(name) or self.unchanged.get(name)
        return known.audits if known is not None else self.refused.get(name, ())


@dataclass(frozen=True)
class _Situation:
    """What is known before anything is done.

    Attributes:
        ledger: What was last computed.
        versions: The versions of all that may matter.
        stale: Everything that is not up to date, of the models that the run is about and of those that read them.
        blocked: What cannot be computed, with the reasons.
    """

    ledger: Ledger
    versions: Mapping[Relation, str]
    stale: Mapping[str, Stale]
    blocked: Mapping[str, str]


def blocked_models(models: Sequence[ModelDescription], reasons: Mapping[str, str]) -> dict[str, str]:
    """Models that cannot be used for the reasons given, and all that read them."""
    blocked = dict(reasons)
    for model in models:
        broken = next((relation for relation in model.depends_on if str(relation) in blocked), None)
        if broken is not None and model.name not in blocked:
            blocked[model.name] = f"it reads {broken}, which cannot be used"
    return blocked


def problems(description: ProjectDescription) -> dict[str, str]:
    """Why models cannot be used: what is wrong with the model, or a unit test of it that fails."""
    found = {
        test.model: f"unit test {test.name} ({test.file}) failed:\n{test.failure}"
        for test in description.tests
        if test.failure is not None
    }
    return found | {model.name: model.problem for model in description.models if model.problem is not None}


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
        self._versions = versions
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
        wrong = {name: self._models[name].problem for name in names if self._models[name].problem is not None}
        yield from self._runner({}).audit([name for name in names if name not in wrong])
        if wrong:
            told = "\n".join(f"the audits of {name} cannot be run: {problem}" for name, problem in wrong.items())
            raise SQLMeshAssetsError(told)

    def _in_production(self, selected: Collection[str], config: ModelsConfig) -> Outcome:
        scope = {*selected, *self._downstream(config.restate)}
        situation = self._situation(scope, config)
        compute = self._to_compute(scope, situation, config)
        work = self._work(compute, situation, config, everything=len(selected) == len(self._models))
        outcome = Outcome(failed={name: situation.blocked[name] for name in selected if name in situation.blocked})
        if config.dry_run:
            outcome.markdown = self._preview(work, compute)
            return outcome
        if compute or work.plan is None:
            self._compute(work, compute, situation, outcome)
        self._tell_of_the_others(selected, situation, config, outcome)
        return outcome

    def _situation(self, scope: Collection[str], config: ModelsConfig) -> _Situation:
        """Look at all models of a run and at all that read them."""
        ledger = self._ledger()
        models = [self._models[name] for name in self._in_order(self._downstream(scope))]
        versions = self._versions({relation for model in models for relation in (model.relation, *model.depends_on)})
        selected = [model for model in models if model.name in scope]
        wrong = self._without_input(selected, versions, ledger) | problems(self._description)
        blocked = blocked_models(self._description.models, wrong)
        usable = [model for model in models if model.name not in blocked]
        if config.mode is Mode.run:
            usable = [_as_deployed(model, ledger) for model in usable]
        return _Situation(ledger, versions, stale_models(usable, ledger, versions, datetime.now(UTC)), blocked)

    def _ledger(self) -> Ledger:
        """The ledger, if SQLMesh's state is there that it belongs to."""
        ledger, state = read_ledger(self._project.ledger), self._project.state_file
        if ledger.computations and state is not None and not state.is_file():
            self._listeners.warning(
                f"SQLMesh's state {state} is gone: all models are planned and computed from the start"
            )
            return Ledger()
        return ledger

    def _downstream(self, names: Iterable[str]) -> set[str]:
        """Models and all that read them."""
        found = set(names)
        for model in self._description.models:  # inputs come before those that read them
            if any(str(relation) in found for relation in model.depends_on):
                found.add(model.name)
        return found

    def _in_order(self, names: Collection[str]) -> list[str]:
        return [name for name in self._models if name in names]

    def _without_input(
        self, models: Sequence[ModelDescription], versions: Mapping[Relation, str], ledger: Ledger
    ) -> dict[str, str]:
        """Models that read what is not there or what failed, and what this run does not compute either."""
        made = {model.relation for model in models}
        missing: dict[str, str] = {}
        for model in models:
            for read in model.depends_on:
                asset = f"materialize the asset {read.schema}/{read.table} first"
                if read not in made and read not in versions:
                    missing.setdefault(model.name, f"table {read} does not exist yet: {asset}")
                if read not in made and str(read) in ledger.unfinished:
                    missing.setdefault(model.name, f"{read} has rows that do not count: {asset}")
        return missing

    def _to_compute(self, scope: Collection[str], situation: _Situation, config: ModelsConfig) -> dict[str, Stale]:
        """The models that this run computes or plans, with those that follow from them, and why."""
        wanted = {name: found for name, found in situation.stale.items() if name in scope}
        again = self._downstream(config.restate) - set(situation.blocked)
        if config.mode is Mode.run:
            wanted = {name: found for name, found in wanted.items() if self._may_run(name, situation.ledger)}
        if config.by_days:
            # The days are for what is restated; whatever else is not up to date is another run's business.
            wanted = {name: found for name, found in wanted.items() if name in again}
        for name in again:
            if name not in wanted or wanted[name].cause not in _DEPLOYED_ANEW:
                wanted[name] = _RESTATED
        recomputed = [name for name, found in wanted.items() if found.cause is not Cause.METADATA]
        for name in self._downstream(recomputed):
            if name in situation.ledger.computations and name not in situation.blocked:
                wanted.setdefault(name, situation.stale.get(name, _FOLLOWS))
        return {name: wanted[name] for name in self._in_order(wanted)}

    def _may_run(self, name: str, ledger: Ledger) -> bool:
        """Whether a run that deploys nothing may compute a model: it was deployed as it is, and its cron is due."""
        known = ledger.computations.get(name)
        return known is not None and (name in ledger.unfinished or is_due(self._models[name], known, datetime.now(UTC)))

    def _work(
        self, compute: Mapping[str, Stale], situation: _Situation, config: ModelsConfig, *, everything: bool
    ) -> Work:
        """How what is to be computed is computed."""
        deploys, known = config.mode is Mode.plan, situation.ledger.computations
        outdated = [
            name
            for name, found in compute.items()
            if found.cause in _DEPLOYED_ANEW or known[name].snapshot != self._models[name].snapshot
        ]
        plan: Collection[str] | None = list(compute) if deploys and outdated else ()
        if deploys and everything and not situation.blocked and (outdated or self._gone(situation.ledger)):
            plan = None
        days = [name for name in compute if config.by_days and self._is_by_days(name, compute[name])]
        return Work(
            deploys=deploys,
            plan=plan,
            due=[name for name in compute if self._is_due(name, situation.ledger)],
            restate=[
                name
                for name, found in compute.items()
                if name not in days and found.cause not in (Cause.TIME, Cause.METADATA)
            ],
            merge=[
                name
                for name, found in compute.items()
                if name in days or (found.cause is Cause.INPUT and MERGES in self._models[name].tags)
            ],
            days=days,
            start=config.start,
            end=config.end,
        )

    def _is_by_days(self, name: str, found: Stale) -> bool:
        return self._models[name].kind in BY_DAYS and found.cause not in _DEPLOYED_ANEW

    def _is_due(self, name: str, ledger: Ledger) -> bool:
        """Whether intervals of a model have ended that SQLMesh has to compute."""
        model, known = self._models[name], ledger.computations.get(name)
        return known is not None and waits_for_time(model) and is_due(model, known, datetime.now(UTC))

    def _gone(self, ledger: Ledger) -> set[str]:
        """What was computed once and is no model any more."""
        return {*ledger.computations, *ledger.unfinished} - set(self._models)

    def _compute(self, work: Work, compute: Mapping[str, Stale], situation: _Situation, outcome: Outcome) -> None:
        outcome.reasons = {name: found.reason for name, found in compute.items()}
        ledger = situation.ledger
        if work.computed:
            self._listeners.before_compute([self._models[name] for name in self._in_order(work.computed)])
        # Whatever happens from here on, these models do not pass for up to date until they are.
        begun = ledger.unfinished | dict.fromkeys(compute, _INTERRUPTED)
        write_ledger(self._project.ledger, ledger.model_copy(update={"unfinished": begun}))
        account = self._runner(outcome.reasons).work(work)
        # SQLMesh also refreshes what this run leaves alone because something is wrong with it.
        account.computed = {name: computed for name, computed in account.computed.items() if name in compute}
        self._keep(account, work, compute, situation)
        outcome.computed = account.computed
        outcome.refused = {name: failed.audits for name, failed in account.failed.items()}
        outcome.failed |= {name: failed.reason for name, failed in account.failed.items()}
        known = {**ledger.computations, **account.kept}
        outcome.failed |= {
            name: _NOT_DUE
            for name in work.restate
            if name not in account.computed and name not in outcome.failed and name not in account.kept
        }
        outcome.unchanged = {name: known[name] for name in account.kept}

    def _runner(self, reasons: Mapping[str, str]) -> "Runner":
        # Imported only now: a run that finds everything up to date does without SQLMesh.
        from sqlmesh_assets.running import Runner  # noqa: PLC0415

        def computed(name: str, computation: Computation) -> None:
            self._listeners.computed(name, computation, reasons.get(name, "SQLMesh refreshed it along"))

        return Runner(self._project, self._description.models, computed, self._listeners.warning)

    def _keep(self, account: Account, work: Work, compute: Mapping[str, Stale], situation: _Situation) -> None:
        """Write the ledger anew: one entry per model, made of what it was and of what was done."""
        ledger = situation.ledger
        made = [self._models[name] for name in self._in_order({*account.computed, *account.kept})]
        after = self._versions({relation for model in made for relation in (model.relation, *model.depends_on)})
        # Of what no model makes, the version from before: if it changed meanwhile, the models may not have read that.
        sources = {
            relation: version for relation, version in situation.versions.items() if str(relation) not in self._models
        }
        versions = {**after, **sources}
        computations, unfinished = dict(ledger.computations), dict(ledger.unfinished)
        for name, found in compute.items():
            unfinished.pop(name, None)
            entry = self._entry(name, account, work, situation, versions)
            if entry is not None:
                computations[name] = entry
            if name in account.failed or (entry is None and found.cause is not Cause.TIME):
                unfinished[name] = "it failed when it was last computed" if name in account.failed else found.reason
        if account.applied:
            for name in self._gone(ledger):
                computations.pop(name, None), unfinished.pop(name, None)
        account.computed = {name: computations[name] for name in account.computed}
        write_ledger(self._project.ledger, Ledger(computations=computations, unfinished=unfinished))

    def _entry(
        self, name: str, account: Account, work: Work, situation: _Situation, versions: Mapping[Relation, str]
    ) -> Computation | None:
        """What is known of a model after a run; None where it says nothing about it."""
        model, before = self._models[name], situation.ledger.computations.get(name)
        done = account.computed.get(name) or account.kept.get(name)
        if name in account.failed:
            return None
        if done is None:
            planned = before is not None and name not in {*work.restate, *work.days}
            return self._planned(model, before, account, work) if planned and before is not None else None
        read = {str(relation): versions[relation] for relation in model.depends_on if relation in versions}
        content = versions.get(model.relation)
        whole = name not in work.days and not (name in work.due and name not in work.restate and model.kind in BY_DAYS)
        if whole or before is None:
            return done.model_copy(update={"inputs": read, "content": content})
        # Of a model of which only some days were computed, the others are as good as they were.
        untouched = situation.versions.get(model.relation) == before.content
        first, last = before.interval
        interval = min(first, done.interval[0]), max(last, done.interval[1])
        update = {"inputs": before.inputs, "content": content if untouched else None, "interval": interval}
        return done.model_copy(update=update)

    def _planned(self, model: ModelDescription, before: Computation, account: Account, work: Work) -> Computation:
        """A model that was planned without being computed: a new version of the same rows."""
        if work.plan is not None and model.name not in work.plan:
            return before
        audits = account.audited.get(model.name, before.audits)
        return before.model_copy(update={"snapshot": model.snapshot, "audits": audits})

    def _tell_of_the_others(
        self, selected: Collection[str], situation: _Situation, config: ModelsConfig, outcome: Outcome
    ) -> None:
        """Say of every selected model that was not computed whether it is up to date, and if not, why it was left."""
        done = {*outcome.computed, *outcome.failed, *outcome.unchanged}
        known = read_ledger(self._project.ledger).computations
        for name in selected:
            if name in done:
                continue
            if name not in known:
                outcome.failed[name] = _NOT_DEPLOYED
                continue
            outcome.unchanged[name] = known[name]
            found = situation.stale.get(name)
            if known[name].code_version != self._models[name].code_version:
                outcome.left[name] = "its code changed, and this run deploys none"
            elif found is not None and name not in outcome.reasons:
                why = "it is not due" if config.mode is Mode.run else "this run computes days of other models only"
                outcome.left[name] = f"{found.reason}, and {why}"

    def _preview(self, work: Work, compute: Mapping[str, Stale]) -> str:
        """The plan, and why models would be computed that SQLMesh itself sees no reason for."""
        if not compute and work.plan is not None:
            return f"### Plan of environment `{work.environment}`\n\nEverything is up to date."
        text = self._runner({}).preview(work).markdown()
        reasons = "\n".join(f"- `{name}`: {found.reason}" for name, found in compute.items())
        return f"{text}\n\n**Why**\n\n{reasons}" if reasons else text

    def _in_environment(self, selected: Collection[str], config: ModelsConfig) -> Outcome:
        """Plan into an environment of a name; it shares with production what is the same there."""
        blocked = blocked_models(self._description.models, problems(self._description))
        usable = [name for name in self._in_order(selected) if name not in blocked]
        work = Work(
            environment=config.environment,
            plan=None if len(usable) == len(self._models) else usable,
            restate=config.restate,
            start=config.start,
            end=config.end,
        )
        outcome = Outcome(failed={name: blocked[name] for name in selected if name in blocked})
        runner = self._runner({})
        if config.dry_run:
            outcome.markdown = runner.preview(work).markdown()
            return outcome
        account = runner.work(work)
        outcome.failed |= {name: failed.reason for name, failed in account.failed.items()}
        outcome.markdown = _environment_report(config.environment, account)
        return outcome


def _as_deployed(model: ModelDescription, ledger: Ledger) -> ModelDescription:
    """The model as if its code had not changed since it was deployed."""
    known = ledger.computations.get(model.name)
    update = {} if known is None else {"code_version": known.code_version, "snapshot": known.snapshot}
    return model.model_copy(update=update)


def _environment_report(environment: str, account: Account) -> str:
    lines = [f"### Environment `{environment}`", "", "| model | rows | seconds | audits |", "| --- | --- | --- | --- |"]
    for name, computed in account.computed.items():
        failing = [audit.check for audit in computed.audits if audit.failing_rows]
        audits = f"failed: {', '.join(failing)}" if failing else f"{len(computed.audits)} passed"
        lines.append(f"| `{name}` | {computed.rows:,} | {computed.seconds:.2f} | {audits} |")
    if not account.computed:
        lines = [lines[0], "", "Nothing was computed: it shares the tables of production."]
    return "\n".join(lines)
