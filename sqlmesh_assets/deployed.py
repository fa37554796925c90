"""What production shows, for what SQLMesh's plans do not do: audits alone, seeds loaded again. It imports SQLMesh."""

from datetime import UTC, datetime

from sqlmesh.core.snapshot import Snapshot

from sqlmesh_assets.context import relation_of
from sqlmesh_assets.evaluator import Record, RecordingContext


class Deployed:
    """The versions of models that production shows."""

    def __init__(self, context: RecordingContext) -> None:
        """Ask the state which they are."""
        self._context = context
        self._by_fqn = {snapshot.name: snapshot for snapshot in context.deployed_snapshots()}

    def snapshot(self, name: str) -> Snapshot | None:
        """The version of a model that production shows, if it is the one of the project as it is now."""
        present = next((own for own in self._context.snapshots.values() if str(relation_of(own.name)) == name), None)
        shown = None if present is None else self._by_fqn.get(present.name)
        return shown if present is not None and shown is not None and shown.identifier == present.identifier else None

    def audit(self, snapshot: Snapshot) -> Record:
        """Run the audits of a version on the rows that are there."""
        times = {"start": snapshot.intervals[0][0], "end": snapshot.intervals[-1][1]} if snapshot.intervals else {}
        self._context.snapshot_evaluator.audit(snapshot, snapshots=self._by_fqn, **times)
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
        self._context.snapshot_evaluator.evaluate(
            unloaded, start=start, end=end, execution_time=now, snapshots=self._by_fqn
        )
