"""What production shows, for what SQLMesh's plans do not do; importing this imports SQLMesh.

Audits alone, seeds loaded again, and versions computed again that were computed once and never shown.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlmesh.core.model import SqlModel
from sqlmesh.core.snapshot import Snapshot
from sqlmesh.core.snapshot.definition import parent_snapshots_by_name

from sqlmesh_assets.context import relation_of
from sqlmesh_assets.evaluator import Record, RecordingContext, columns_given


class Deployed:
    """The versions of models that production shows."""

    def __init__(self, context: RecordingContext) -> None:
        """Ask the state which they are."""
        self._context = context
        self._shown = {snapshot.snapshot_id: snapshot for snapshot in context.deployed_snapshots()}
        self._present = {str(relation_of(own.name)): own for own in context.snapshots.values()}

    def snapshot(self, name: str) -> Snapshot | None:
        """The version of a model that production shows, if it is the one of the project as it is now."""
        present = self._present.get(name)
        return None if present is None else self._shown.get(present.snapshot_id)

    def audit(self, snapshot: Snapshot) -> Record:
        """Run the audits of a version on the rows that are there."""
        times = {"start": snapshot.intervals[0][0], "end": snapshot.intervals[-1][1]} if snapshot.intervals else {}
        read = parent_snapshots_by_name(snapshot, self._shown)
        self._context.snapshot_evaluator.audit(snapshot, snapshots=read, **times)
        record = self._context.snapshot_evaluator.records.of(snapshot)
        if record.interval is None and times:
            first, last = (datetime.fromtimestamp(time / 1000, tz=UTC) for time in times.values())
            record.interval = first, last
        return record

    def load_seed(self, snapshot: Snapshot) -> None:
        """Load a seed again from its file; SQLMesh does that for none that it has loaded once."""
        unloaded = snapshot.copy()
        unloaded.intervals = []
        now = datetime.now(UTC)
        start, end = (snapshot.intervals[0][0], snapshot.intervals[-1][1]) if snapshot.intervals else (now, now)
        known = {snapshot.name: snapshot}
        self._context.snapshot_evaluator.evaluate(unloaded, start=start, end=end, execution_time=now, snapshots=known)


def forget_unshown(context: RecordingContext, environment: str, options: dict[str, Any]) -> None:
    """Let the plan of an environment compute all of those versions that no environment shows.

    They were computed by a plan that failed. SQLMesh would take over their rows, whatever has become since of what they
    were made from. Models that may not be computed again keep theirs.
    """
    shown = {(info.name, info.version) for known in context.state_reader.get_environments() for info in known.snapshots}

    def is_unshown(snapshot: Snapshot) -> bool:
        return bool(snapshot.is_model and snapshot.intervals) and (snapshot.name, snapshot.version) not in shown

    # Making the plan takes time, and only it knows the versions of models that are not planned and read what is.
    if not any(is_unshown(snapshot) for snapshot in context.snapshots.values()):
        return
    planned = context.plan_builder(environment, **options).build().context_diff.snapshots.values()
    context.state_sync.remove_intervals(
        [
            (snapshot, (snapshot.intervals[0][0], snapshot.intervals[-1][1]))
            for snapshot in planned
            if is_unshown(snapshot) and not snapshot.disable_restatement
        ],
        remove_shared_versions=True,
    )


def columns_lost(context: RecordingContext, names: Collection[str]) -> dict[str, list[str]]:
    """The columns that tables of forward-only models would lose if the models were deployed as they are now.

    SQLMesh finds that out for itself only where it knows all types, and else when production shows the new version
    already.

    Args:
        context: SQLMesh's context.
        names: The models to look at.
    """
    shown = {snapshot.name: snapshot for snapshot in context.deployed_snapshots() if snapshot.is_model}
    lost: dict[str, list[str]] = {}
    for fqn, model in context.models.items():
        deployed = shown.get(fqn)
        if str(relation_of(fqn)) not in names or deployed is None or not isinstance(model, SqlModel):
            continue
        if model.forward_only and model.on_destructive_change.is_error:
            gone = list(_columns_gone(context, model, deployed))
            lost |= {str(relation_of(fqn)): gone} if gone else {}
    return lost


def _columns_gone(context: RecordingContext, model: SqlModel, deployed: Snapshot) -> Iterator[str]:
    """The columns of the deployed table that the query does not give; none where the query does not work."""
    adapter, query = context.engine_adapter, model.render_query()
    if query is None:
        return
    try:
        given = {name.lower() for name in columns_given(adapter, query)}
    except Exception:  # Whatever the engine says, it says again of the model when that is computed.
        return
    yield from (name for name in adapter.columns(deployed.table_name()) if name.lower() not in given)
