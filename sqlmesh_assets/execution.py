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
    Stale,
    is_due,
    read_ledger,
    stale_models,
    write_ledger,
)
from sqlmesh_assets.project import SQLMeshProject
from sqlmesh_assets.work import Account, Work

if TYPE_CHECKING:
    from sqlmesh_assets.running import Runner

BeforeCompute = Callable[[Sequence[ModelDescription]], None]
"""Told which models are about to be computed in production, those downstream of the selected ones included."""

_RESTATED = Stale(Cause.CONTENT, "it was asked for")
_CODE = frozenset({Cause.NEW, Cause.CODE, Cause.METADATA})
"""Causes for which SQLMesh's plan has something to apply."""

_FOLLOWS = "it reads what was computed again"
_NOT_DEPLOYED = "it was never deployed: run it in mode plan first"
_NOT_DUE = "SQLMesh did not compute it: no interval of its cron has ended yet, or it may not be restated"


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
        failed: Selected models that could not be computed, with the reasons.
        refused: What audits found in rows that they refused.
        reasons: Why a model was to be computed.
        markdown: What is to be shown of a plan that was not for production or not carried out.
    """

    computed: dict[str, Computation] = field(default_factory=dict)
    unchanged: dict[str, Computation] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    refused: dict[str, tuple[AuditOutcome, ...]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    markdown: str | None = None

    def audits(self, name: str) -> tuple[AuditOutcome, ...]:
        """What audits found in a model's rows, as they are or as they were refused."""
        known = self.computed.get(name) or self.unchanged.get(name)
        return known.audits if known is not None else self.refused.get(name, ())


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
            SQLMeshAssetsError: A model cannot be used, or was never computed with its code as it is now.
        """
        wrong = {model.name: model.problem for model in self._description.models if model.problem is not None}
        for name in names:
            if name in wrong:
                raise SQLMeshAssetsError(f"the audits of {name} cannot be run: {wrong[name]}")
        yield from self._runner({}).audit(names)

    def _in_production(self, selected: Collection[str], config: ModelsConfig) -> Outcome:
        known = self._known()
        scope = {*selected, *self._downstream(config.restate)}
        models = [model for model in self._description.models if model.name in scope]
        versions = self._versions({relation for model in models for relation in (model.relation, *model.depends_on)})
        wrong = self._without_input(models, versions) | problems(self._description)
        blocked = blocked_models(self._description.models, wrong)
        usable = [model for model in models if model.name not in blocked]
        stale = self._stale(usable, known, versions, config)
        everything = not blocked and len(selected) == len(self._description.models)
        work = self._work(stale, known, blocked, config, everything=everything)
        outcome = Outcome(failed={name: blocked[name] for name in selected if name in blocked})
        if config.dry_run:
            outcome.markdown = self._preview(work, stale)
            return outcome
        if config.mode is Mode.RUN:
            outcome.failed |= {model.name: _NOT_DEPLOYED for model in usable if model.name not in known}
        if stale or work.plan is None:
            self._compute(work, stale, known, outcome)
        done = {*outcome.computed, *outcome.failed}
        outcome.unchanged = {name: known[name] for name in selected if name in known and name not in done}
        return outcome

    def _known(self) -> dict[str, Computation]:
        """The ledger, if SQLMesh's state is there that it belongs to."""
        known = read_ledger(self._project.ledger)
        state = self._project.state_file
        if known and state is not None and not state.is_file():
            self._listeners.warning(
                f"SQLMesh's state {state} is gone: all models are planned and computed from the start"
            )
            return {}
        return known

    def _downstream(self, names: Iterable[str]) -> set[str]:
        """Models and all that read them."""
        found = set(names)
        for model in self._description.models:  # inputs come before those that read them
            if any(str(relation) in found for relation in model.depends_on):
                found.add(model.name)
        return found

    def _without_input(self, models: Sequence[ModelDescription], versions: Mapping[Relation, str]) -> dict[str, str]:
        """Models that read a relation which is not there and which this run does not make either."""
        made = {model.relation for model in models}
        missing = {
            model.name: next((read for read in model.depends_on if read not in made and read not in versions), None)
            for model in models
        }
        return {
            name: f"table {relation} does not exist yet: materialize the asset {relation.schema}/{relation.table} first"
            for name, relation in missing.items()
            if relation is not None
        }

    def _stale(
        self,
        models: Sequence[ModelDescription],
        known: Mapping[str, Computation],
        versions: Mapping[Relation, str],
        config: ModelsConfig,
    ) -> dict[str, Stale]:
        now = datetime.now(UTC)
        if config.mode is Mode.RUN:
            models = [_as_deployed(model, known) for model in models if _may_run(model, known, now)]
        stale = stale_models(models, known, versions, now)
        if config.restate:
            stale = {name: found for name, found in stale.items() if found.cause in _CODE}
            again = self._downstream(config.restate)
            stale = {model.name: _RESTATED for model in models if model.name in again} | stale
        return stale

    def _work(
        self,
        stale: Mapping[str, Stale],
        known: Mapping[str, Computation],
        blocked: Collection[str],
        config: ModelsConfig,
        *,
        everything: bool,
    ) -> Work:
        """What has to be done about stale models and those that read them, and about models that are gone."""
        computed = [name for name, found in stale.items() if found.cause is not Cause.METADATA]
        follow = {name for name in self._downstream(computed) if name in known and name not in blocked}
        targets = self._names({*stale, *follow})
        causes = {name: found.cause for name, found in stale.items()}
        snapshots = {model.name: model.snapshot for model in self._description.models}
        outdated = [name for name in stale if name not in known or known[name].snapshot != snapshots[name]]
        apply_code = config.mode is Mode.PLAN and bool(outdated)
        remove = config.mode is Mode.PLAN and bool(self._gone(known))
        plan: Collection[str] | None = targets if apply_code else ()
        if everything and (apply_code or remove):
            plan = None
        return Work(
            plan=plan,
            due=[name for name in targets if causes.get(name) is Cause.TIME],
            restate=[name for name in targets if causes.get(name) not in (Cause.TIME, Cause.METADATA)],
            merge=[name for name in targets if causes.get(name, Cause.INPUT) is Cause.INPUT or config.start],
            start=config.start,
            end=config.end,
        )

    def _gone(self, known: Collection[str]) -> set[str]:
        """What was computed once and is no model any more."""
        return set(known) - {model.name for model in self._description.models}

    def _names(self, names: Collection[str]) -> list[str]:
        return [model.name for model in self._description.models if model.name in names]

    def _compute(self, work: Work, stale: Mapping[str, Stale], known: dict[str, Computation], outcome: Outcome) -> None:
        planned = [model.name for model in self._description.models] if work.plan is None else work.plan
        targets = {*planned, *work.due, *work.restate}
        outcome.reasons = {name: stale[name].reason if name in stale else _FOLLOWS for name in targets}
        rebuilt = [model for model in self._description.models if model.name in {*work.due, *work.restate}]
        if rebuilt:
            self._listeners.before_compute(rebuilt)
        account = self._runner(outcome.reasons).work(work)
        # SQLMesh also refreshes what this run leaves alone because something is wrong with it.
        account.computed = {name: computed for name, computed in account.computed.items() if name in targets}
        # What SQLMesh knows not to be due is as it was; whatever else was not computed has to be, with the next run.
        before = dict(known)
        for name in (*work.restate, *account.failed, *self._gone(known)):
            known.pop(name, None)
        self._keep(account, planned, known)
        if work.start or work.end:
            self._keep_partly_computed(account, before, known)
        write_ledger(self._project.ledger, known)
        outcome.computed = account.computed
        outcome.refused = {name: failed.audits for name, failed in account.failed.items()}
        outcome.failed |= {name: failed.reason for name, failed in account.failed.items()}
        outcome.failed |= {name: _NOT_DUE for name in stale if name not in known and name not in outcome.failed}

    def _runner(self, reasons: Mapping[str, str]) -> "Runner":
        # Imported only now: a run that finds everything up to date does without SQLMesh.
        from sqlmesh_assets.running import Runner  # noqa: PLC0415

        def computed(name: str, computation: Computation) -> None:
            self._listeners.computed(name, computation, reasons.get(name, _FOLLOWS))

        return Runner(self._project, self._description.models, computed, self._listeners.warning)

    def _keep(self, account: Account, planned: Collection[str], known: dict[str, Computation]) -> None:
        """Enter what was computed and what was planned into the ledger."""
        models = [model for model in self._description.models if model.name in account.computed]
        versions = self._versions({relation for model in models for relation in (model.relation, *model.depends_on)})
        for name in set(known) & set(planned):
            self._keep_metadata(name, account, known)
        for model in models:
            read = {str(relation): versions[relation] for relation in model.depends_on if relation in versions}
            update = {"inputs": read, "content": versions.get(model.relation)}
            account.computed[model.name] = known[model.name] = account.computed[model.name].model_copy(update=update)

    def _keep_partly_computed(
        self, account: Account, before: Mapping[str, Computation], known: dict[str, Computation]
    ) -> None:
        """A model of which only some days were computed is no more up to date with its inputs than it was."""
        for model in self._description.models:
            if model.kind in BY_DAYS and model.name in account.computed and model.name in before:
                update = {"inputs": before[model.name].inputs}
                known[model.name] = known[model.name].model_copy(update=update)

    def _keep_metadata(self, name: str, account: Account, known: dict[str, Computation]) -> None:
        """Enter a new version of a model whose rows are those of the version before."""
        model = self._description.model(name)
        if model is not None:
            audits = account.audited.get(name, known[name].audits)
            known[name] = known[name].model_copy(update={"snapshot": model.snapshot, "audits": audits})

    def _preview(self, work: Work, stale: Mapping[str, Stale]) -> str:
        """The plan, and why models would be computed that SQLMesh itself sees no reason for."""
        if not stale and work.plan is not None:
            return f"### Plan of environment `{work.environment}`\n\nEverything is up to date."
        text = self._runner({}).preview(work).markdown()
        reasons = "\n".join(f"- `{name}`: {found.reason}" for name, found in stale.items())
        return f"{text}\n\n**Why**\n\n{reasons}" if reasons else text

    def _in_environment(self, selected: Collection[str], config: ModelsConfig) -> Outcome:
        """Plan into an environment of a name; it shares with production what is the same there."""
        blocked = blocked_models(self._description.models, problems(self._description))
        usable = [name for name in self._names(selected) if name not in blocked]
        every = len(usable) == len(self._description.models)
        work = Work(
            environment=config.environment,
            plan=None if every else usable,
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


def _may_run(model: ModelDescription, known: Mapping[str, Computation], now: datetime) -> bool:
    """Whether a run that deploys nothing may compute a model: it was deployed, and its cron is due."""
    return model.name in known and is_due(model, known[model.name], now)


def _as_deployed(model: ModelDescription, known: Mapping[str, Computation]) -> ModelDescription:
    """The model as if its code had not changed since it was deployed."""
    deployed = known[model.name]
    return model.model_copy(update={"code_version": deployed.code_version, "snapshot": deployed.snapshot})


def _environment_report(environment: str, account: Account) -> str:
    lines = [f"### Environment `{environment}`", "", "| model | rows | seconds | audits |", "| --- | --- | --- | --- |"]
    for name, computed in account.computed.items():
        failing = [audit.check for audit in computed.audits if audit.failing_rows]
        audits = f"failed: {', '.join(failing)}" if failing else f"{len(computed.audits)} passed"
        lines.append(f"| `{name}` | {computed.rows:,} | {computed.seconds:.2f} | {audits} |")
    if not account.computed:
        lines = [lines[0], "", "Nothing was computed: it shares the tables of production."]
    return "\n".join(lines)
