"""A SQLMesh context that keeps what audits find; importing this imports SQLMesh.

SQLMesh runs the audits of a model when it computes it, but tells no more of them than how many failed. Running them
again for their numbers would read every table twice.
"""

from typing import Any

from sqlmesh.core.context import Context
from sqlmesh.core.model.definition import AuditResult
from sqlmesh.core.snapshot import Snapshot, SnapshotEvaluator, SnapshotId
from sqlmesh.utils import CorrelationId


class RecordingEvaluator(SnapshotEvaluator):
    """Evaluates snapshots as SQLMesh does, and keeps the newest audit results of each version of a model."""

    def __init__(self, *args: Any, audit_results: dict[SnapshotId, list[AuditResult]] | None = None) -> None:
        """Take what SQLMesh's own evaluator takes, and what was recorded so far."""
        super().__init__(*args)
        self.audit_results = {} if audit_results is None else audit_results

    def audit(self, snapshot: Snapshot, **options: Any) -> list[AuditResult]:
        """Run the audits of a snapshot's model, in the order in which the model declares them."""
        results: list[AuditResult] = super().audit(snapshot, **options)
        self.audit_results[snapshot.snapshot_id] = results
        return results

    def set_correlation_id(self, correlation_id: CorrelationId) -> "RecordingEvaluator":
        """The evaluator that a plan is applied with; it records to the same place."""
        evaluator = super().set_correlation_id(correlation_id)
        return recording(evaluator, self.audit_results)


class RecordingContext(Context):
    """SQLMesh's context with an evaluator that records."""

    @property
    def snapshot_evaluator(self) -> RecordingEvaluator:
        """The evaluator with which plans are applied and audits are run."""
        evaluator = super().snapshot_evaluator
        if not isinstance(evaluator, RecordingEvaluator):
            evaluator = recording(evaluator, {})
            self._snapshot_evaluator = evaluator
        return evaluator


def recording(evaluator: SnapshotEvaluator, audit_results: dict[SnapshotId, list[AuditResult]]) -> RecordingEvaluator:
    """An evaluator like another, which records."""
    return RecordingEvaluator(
        evaluator.adapters, evaluator.ddl_concurrent_tasks, evaluator.selected_gateway, audit_results=audit_results
    )
