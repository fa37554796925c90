"""What a plan of SQLMesh would do, as data and as Markdown; importing this imports SQLMesh."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmesh.core.context import Context
from sqlmesh.core.plan import Plan
from sqlmesh.core.snapshot import Snapshot, SnapshotChangeCategory

from sqlmesh_assets import markdown
from sqlmesh_assets.context import plain, relation_of

_CATEGORIES = {
    SnapshotChangeCategory.BREAKING: "breaking",
    SnapshotChangeCategory.NON_BREAKING: "non-breaking",
    SnapshotChangeCategory.FORWARD_ONLY: "forward-only",
    SnapshotChangeCategory.INDIRECT_BREAKING: "breaking, through a model that it reads",
    SnapshotChangeCategory.INDIRECT_NON_BREAKING: "non-breaking, through a model that it reads",
    SnapshotChangeCategory.METADATA: "metadata only",
}


@dataclass(frozen=True)
class ChangedModel:
    """A model whose code is not the one that the environment has; `diff` is empty where only what it reads changed."""

    name: str
    category: str
    diff: str


@dataclass(frozen=True)
class PlanPreview:
    """What a plan would change in an environment, and which intervals it would compute."""

    environment: str
    added: Sequence[str]
    removed: Sequence[str]
    changed: Sequence[ChangedModel]
    intervals: Sequence[tuple[str, str]]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.added or self.removed or self.changed or self.intervals)

    def markdown(self) -> str:
        """The plan for people."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"### Plan of environment `{self.environment}`"
        if self.is_empty:
            yield "\nNothing changes and nothing is computed."
        for heading, names in (("Added", self.added), ("Removed", self.removed)):
            if names:
                yield f"\n**{heading}**\n"
                yield from (f"- `{name}`" for name in names)
        if self.changed:
            yield "\n**Changed**\n"
        for model in self.changed:
            yield f"- `{model.name}`: {model.category}"
            if model.diff:
                yield f"\n{markdown.block(model.diff, 'diff')}\n"
        if self.intervals:
            yield "\n**Computed**\n"
            yield markdown.table([{"model": f"`{name}`", "intervals": times} for name, times in self.intervals])


def preview(context: Context, environment: str, options: dict[str, Any]) -> PlanPreview:
    """The plan that SQLMesh would apply with given options; nothing is applied."""
    plan = context.plan_builder(environment, **options).build()
    changes = plan.context_diff
    return PlanPreview(
        environment=environment,
        added=sorted(str(relation_of(snapshot.name)) for snapshot in changes.added),
        removed=sorted(str(relation_of(snapshot.name)) for snapshot in changes.removed_snapshots),
        changed=sorted(_changed(plan), key=lambda model: model.name),
        intervals=sorted(_intervals(plan)),
    )


def _changed(plan: Plan) -> Iterator[ChangedModel]:
    for snapshot, _ in plan.context_diff.modified_snapshots.values():
        own = plan.context_diff.directly_modified(snapshot.name) or plan.context_diff.metadata_updated(snapshot.name)
        diff = plain(plan.context_diff.text_diff(snapshot.name)) if own else ""
        yield ChangedModel(str(relation_of(snapshot.name)), _category(snapshot), diff)


def _category(snapshot: Snapshot) -> str:
    return "not categorized" if snapshot.change_category is None else _CATEGORIES[snapshot.change_category]


def _intervals(plan: Plan) -> Iterator[tuple[str, str]]:
    for missing in plan.missing_intervals:
        snapshot = plan.context_diff.snapshots[missing.snapshot_id]
        if snapshot.is_model:
            yield str(relation_of(snapshot.name)), missing.format_intervals(snapshot.node.interval_unit)
