"""The ledger after a run: one entry per model, made of what it was and of what was done. Plain logic."""

from collections.abc import Mapping

from sqlmesh_assets.decisions import Situation
from sqlmesh_assets.description import ModelDescription, Relation
from sqlmesh_assets.ledger import Cause, Computation, DataVersions, Ledger, Stale
from sqlmesh_assets.work import Account, Work


def ledger_after(
    account: Account, work: Work, compute: Mapping[str, Stale], situation: Situation, versions: DataVersions
) -> Ledger:
    """The ledger as it is to be kept, by what was to be computed and what became of it."""
    found = _versions_read(account, situation, versions)
    computations, unfinished = dict(situation.ledger.computations), dict(situation.ledger.unfinished)
    for name, stale in compute.items():
        unfinished.pop(name, None)
        entry = _entry(name, account, work, situation, found)
        if entry is not None:
            computations[name] = entry
        if name in account.failed:
            unfinished[name] = "it failed when it was last computed"
        elif entry is None and stale.cause is not Cause.TIME:
            unfinished[name] = stale.reason
    if account.applied:
        for name in situation.gone:
            computations.pop(name, None)
            unfinished.pop(name, None)
    return Ledger(computations=computations, unfinished=unfinished)


def _versions_read(account: Account, situation: Situation, versions: DataVersions) -> dict[Relation, str]:
    """The versions of what was computed and of what it was computed from."""
    made = [situation.models[name] for name in situation.in_order({*account.computed, *account.kept})]
    after = versions({relation for model in made for relation in (model.relation, *model.depends_on)})
    # Of what no model makes, the version from before: if it changed meanwhile, the models may not have read that.
    sources = {
        relation: version for relation, version in situation.versions.items() if str(relation) not in situation.models
    }
    return {**after, **sources}


def _entry(
    name: str, account: Account, work: Work, situation: Situation, versions: Mapping[Relation, str]
) -> Computation | None:
    """What is known of a model after a run; None where it says nothing about it."""
    model, before = situation.models[name], situation.ledger.computations.get(name)
    if name in account.failed:
        return None
    content = versions.get(model.relation)
    if name in account.kept:
        return _kept(account.kept[name], before, content)
    done = account.computed.get(name)
    if done is None:
        return None if before is None or name in work.restate else _planned(model, before, account, work)
    whole = name not in work.days and (name in work.restate or name in account.whole)
    if before is None or whole:
        read = {str(relation): versions[relation] for relation in model.depends_on if relation in versions}
        return done.model_copy(update={"inputs": read, "content": content})
    # Of a model of which only some intervals were computed, the others are as good as they were.
    untouched = situation.versions.get(model.relation) == before.content
    first, last = before.interval
    interval = min(first, done.interval[0]), max(last, done.interval[1])
    update = {"inputs": before.inputs, "content": content if untouched else None, "interval": interval}
    return done.model_copy(update=update)


def _kept(found: Computation, before: Computation | None, content: str | None) -> Computation:
    """A model that may not be computed again: its rows as they are, of inputs as they were."""
    if before is None:
        return found.model_copy(update={"content": content})
    made_of = {"inputs": before.inputs, "computed_at": before.computed_at, "interval": before.interval}
    return found.model_copy(update={**made_of, "content": content})


def _planned(model: ModelDescription, before: Computation, account: Account, work: Work) -> Computation:
    """A model that was planned without being computed: a new version of the same rows."""
    if work.plan is not None and model.name not in work.plan:
        return before
    audits = account.audited.get(model.name, before.audits)
    return before.model_copy(update={"snapshot": model.snapshot, "audits": audits})
