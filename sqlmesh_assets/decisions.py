"""What a run has to do, decided by what is known before anything is done. Plain logic."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmesh_assets.description import (
    BY_DAYS,
    MERGES,
    ModelDescription,
    ProjectDescription,
    Relation,
    blocked_models,
    downstream,
    problems,
)
from sqlmesh_assets.due_times import is_due
from sqlmesh_assets.launchpad import Mode, ModelsConfig
from sqlmesh_assets.ledger import (
    Cause,
    DataVersions,
    Ledger,
    Stale,
    is_waiting,
    stale_models,
    waiting_for,
    waits_for_time,
)
from sqlmesh_assets.work import Work

_FOLLOWS = Stale(Cause.INPUT, "it reads what is computed again")
_RESTATED = Stale(Cause.CONTENT, "it was asked for")
_DEPLOYED_ANEW = frozenset({Cause.NEW, Cause.CODE, Cause.UNFINISHED})


@dataclass(frozen=True)
class Situation:
    """What is known before anything is done.

    Attributes:
        models: All models by name, inputs before those that read them.
        ledger: What was last computed.
        versions: The versions of all that may matter.
        stale: Everything that is not up to date, of the models that the run is about and of those that read them.
        blocked: What cannot be computed, with the reasons.
        now: The time by which all of this is judged, in UTC.
    """

    models: Mapping[str, ModelDescription]
    ledger: Ledger
    versions: Mapping[Relation, str]
    stale: Mapping[str, Stale]
    blocked: Mapping[str, str]
    now: datetime

    @property
    def gone(self) -> set[str]:
        """What was computed once and is no model any more."""
        return {*self.ledger.computations, *self.ledger.unfinished} - set(self.models)

    def downstream(self, names: Collection[str]) -> set[str]:
        """Models and all that read them."""
        return downstream(list(self.models.values()), names)

    def may_change(self, computed: Collection[str]) -> set[str]:
        """The models that get other rows when some are computed: SQLMesh refreshes all that read them.

        That is so for deployed code of a model that is blocked as well, whose file may not say any more what it reads.
        """
        unreadable = [name for name, model in self.models.items() if model.problem is not None]
        return {
            name
            for name in self.downstream({*computed, *unreadable})
            if name in computed or name in self.ledger.computations
        }

    def in_order(self, names: Collection[str]) -> list[str]:
        """Models, inputs before those that read them."""
        return [name for name in self.models if name in names]

    def is_due(self, name: str) -> bool:
        """Whether an interval of a model's cron has ended since it was last computed."""
        known = self.ledger.computations.get(name)
        return known is not None and is_due(self.models[name], known.interval[1], self.now)


def survey(
    description: ProjectDescription, ledger: Ledger, versions: DataVersions, scope: Collection[str], mode: Mode
) -> Situation:
    """Look at the models that a run is about and at all that read them."""
    wanted = downstream(description.models, scope)
    models = [model for model in description.models if model.name in wanted]
    found = versions({relation for model in models for relation in (model.relation, *model.depends_on)})
    selected = [model for model in models if model.name in scope]
    wrong = _without_input(selected, found, ledger) | _left_behind(description, ledger) | problems(description)
    blocked = blocked_models(description.models, wrong)
    usable = [model for model in models if model.name not in blocked]
    if mode is Mode.run:
        usable = [_as_deployed(model, ledger) for model in usable]
    now = datetime.now(UTC)
    return Situation(
        models={model.name: model for model in description.models},
        ledger=ledger,
        versions=found,
        stale=stale_models(usable, ledger, found, now),
        blocked=blocked,
        now=now,
    )


def to_compute(scope: Collection[str], situation: Situation, config: ModelsConfig) -> dict[str, Stale]:
    """The models that a run computes or plans, with those that follow from them, and why; inputs come first."""
    wanted = {name: found for name, found in situation.stale.items() if name in scope}
    again = situation.downstream(config.restate) - set(situation.blocked)
    if config.mode is Mode.run:
        wanted = {name: found for name, found in wanted.items() if _may_run(name, situation)}
    if config.by_days:
        # The days are for what is restated; whatever else is not up to date is another run's business.
        wanted = {name: found for name, found in wanted.items() if name in again}
    for name in again:
        if name not in wanted or wanted[name].cause not in _DEPLOYED_ANEW:
            wanted[name] = _RESTATED
    recomputed = [name for name, found in wanted.items() if found.cause is not Cause.METADATA]
    for name in situation.downstream(recomputed):
        if name in situation.ledger.computations and name not in situation.blocked:
            wanted.setdefault(name, situation.stale.get(name, _FOLLOWS))
    return {name: wanted[name] for name in situation.in_order(wanted)}


def production_work(
    compute: Mapping[str, Stale], situation: Situation, config: ModelsConfig, *, everything: bool
) -> Work:
    """How what is to be computed is computed; `everything` when all models of the project are selected."""
    # A run for days leaves alone whatever else is not up to date, other models' changed code included.
    everything = everything and not config.by_days
    days = [name for name in compute if config.by_days and _is_by_days(situation.models[name], compute[name])]
    return Work(
        deploys=config.mode is Mode.plan,
        plan=_to_plan(compute, situation, everything=everything) if config.mode is Mode.plan else (),
        due=[name for name in compute if waits_for_time(situation.models[name]) and situation.is_due(name)],
        restate=[
            name
            for name, found in compute.items()
            if name not in days and found.cause not in (Cause.TIME, Cause.METADATA)
        ],
        merge=[
            name
            for name, found in compute.items()
            if name in days or (found.cause is Cause.INPUT and MERGES in situation.models[name].tags)
        ],
        days=days,
        start=config.start,
        end=config.end,
        allow_destructive=config.allow_destructive,
    )


def _to_plan(compute: Mapping[str, Stale], situation: Situation, *, everything: bool) -> Collection[str] | None:
    """The models whose code is applied: all (None) where all are selected, or what is to be computed, or none."""
    known = situation.ledger.computations
    outdated = any(
        found.cause in _DEPLOYED_ANEW or known[name].snapshot != situation.models[name].snapshot
        for name, found in compute.items()
    )
    if everything and not situation.blocked and (outdated or situation.gone):
        return None
    return list(compute) if outdated else ()


def _left_behind(description: ProjectDescription, ledger: Ledger) -> dict[str, str]:
    """Models that read a former model, as when it was renamed: a plan with them would be refused as a whole."""
    present = {model.relation for model in description.models} | description.externals
    gone = set(ledger.computations) - set(map(str, present))
    return {
        model.name: f"{model.file}: it reads {relation}, which is no model any more: name what has taken its place"
        for model in description.models
        for relation in model.depends_on
        if str(relation) in gone
    }


def _without_input(
    models: Sequence[ModelDescription], versions: Mapping[Relation, str], ledger: Ledger
) -> dict[str, str]:
    """Models that read what is not there or what failed, and what this run does not compute either."""
    made = {model.relation for model in models}
    missing: dict[str, str] = {}
    for model in models:
        for read in model.depends_on:
            asset = f"materialize the asset {read.schema}/{read.table} first"
            if read not in made and read not in versions:
                absent = (
                    f"file {read.table} does not exist" if read.is_file else f"table {read} does not exist yet: {asset}"
                )
                missing.setdefault(model.name, absent)
            if read not in made and is_waiting(ledger.unfinished.get(str(read))):
                missing.setdefault(model.name, waiting_for(str(read)))
            elif read not in made and str(read) in ledger.unfinished:
                missing.setdefault(model.name, f"{read} has rows that do not count: {asset}")
    return missing


def _as_deployed(model: ModelDescription, ledger: Ledger) -> ModelDescription:
    """The model as if its code had not changed since it was deployed."""
    known = ledger.computations.get(model.name)
    update = {} if known is None else {"code_version": known.code_version, "snapshot": known.snapshot}
    return model.model_copy(update=update)


def _may_run(name: str, situation: Situation) -> bool:
    """Whether a run that deploys nothing may compute a model: it was deployed as it is, and its cron is due."""
    unfinished = name in situation.ledger.unfinished and name in situation.ledger.computations
    return unfinished or situation.is_due(name)


def _is_by_days(model: ModelDescription, found: Stale) -> bool:
    return model.kind in BY_DAYS and found.cause not in _DEPLOYED_ANEW
