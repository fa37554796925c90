"""A SQLMesh context that keeps what audits find; importing this imports SQLMesh.

SQLMesh runs the audits of a model when it computes it, but tells no more of them than how many failed. Running them
again for their numbers would read every table twice.
"""

from typing import Any

from sqlmesh.core.context import Context
from sqlmesh.core.model.definition import AuditResult
from sqlmesh.core.snapshot import Snapshot, SnapshotEvaluator


class RecordingEvaluator(SnapshotEvaluator):
    """Evaluates snapshots as SQLMesh does, and keeps the newest audit results of each, by its name."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Take what SQLMesh's own evaluator takes."""
        super().__init__(*args, **options)
        self.audit_results: dict[str, list[AuditResult]] = {}

    def audit(self, snapshot: Snapshot, **options: Any) -> list[AuditResult]:
        """Run the audits of a snapshot's model, in the order in which the model declares them."""
        results: list[AuditResult] = super().audit(snapshot, **options)
        self.audit_results[snapshot.name] = results
        return results


class RecordingContext(Context):
    """SQLMesh's context with an evaluator that records."""

    @property
    def snapshot_evaluator(self) -> RecordingEvaluator:
        """The evaluator with which plans are applied and audits are run."""
        evaluator = super().snapshot_evaluator
        if not isinstance(evaluator, RecordingEvaluator):
            evaluator = RecordingEvaluator(
                evaluator.adapters,
                ddl_concurrent_tasks=self.concurrent_tasks,
                selected_gateway=self.selected_gateway,
            )
            self._snapshot_evaluator = evaluator
        return evaluator
