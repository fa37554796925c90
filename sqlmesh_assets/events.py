"""What SQLMesh tells while it works, entered into an account; importing this imports SQLMesh."""

import contextlib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dagster_sqlmesh import console
from sqlmesh.core.snapshot import Snapshot
from sqlmesh.utils.concurrency import NodeExecutionFailedError
from sqlmesh.utils.errors import NodeAuditsErrors, SQLMeshError

from sqlmesh_assets.context import plain, relation_of
from sqlmesh_assets.description import BY_DAYS, ModelDescription
from sqlmesh_assets.errors import explain
from sqlmesh_assets.evaluator import Record, RecordingContext
from sqlmesh_assets.ledger import AuditOutcome, Computation
from sqlmesh_assets.work import Account, FailedModel

_EXPANDED = "does not support partial restatement"
"""In a warning of SQLMesh that is not true here, where models by unique key are merged."""

_BLAMED = (
    re.compile(r"change to forward-only model '(.+?)'s schema"),
    re.compile(r"'[^']+' for '([^']+)' at \S+$"),
)
"""What SQLMesh says of the model for which a whole plan fails: a change of its table, a signal of it."""
_ALLOW = "\nTo allow that, name the model in allow_destructive in the launchpad, or set its on_destructive_change"


class Events:
    """Follows the events of plans and runs; whoever listens is told of each computed model and warning at once."""

    def __init__(
        self,
        project: Path,
        models: Mapping[str, ModelDescription],
        on_computed: Callable[[str, Computation], None],
        on_warning: Callable[[str], None],
    ) -> None:
        """Take the project's folder, its models by name, and who is told."""
        self._project = project
        self._models = models
        self.on_computed = on_computed
        self._on_warning = on_warning

    def follow(self, context: RecordingContext, events: Iterator[console.ConsoleEvent], account: Account) -> bool:
        """Account for all that happens; False when models failed.

        Raises:
            SQLMeshError: Something failed that is no model.
        """
        models_failed = False
        try:
            for event in _silently(events):
                models_failed = models_failed or isinstance(event, console.LogFailedModels)
                self._note(context, event, account)
        except SQLMeshError as error:
            if not models_failed and not self._blame(error, account):
                raise
            return False
        return True

    def _blame(self, error: SQLMeshError, account: Account) -> bool:
        """Enter an error of a whole plan as the failure of the model that it names; False where it names none."""
        message = plain(error)
        named = next((found for found in (pattern.search(message) for pattern in _BLAMED) if found), None)
        name = None if named is None else str(relation_of(named[1]))
        model = self._models.get(name or "")
        if name is None or model is None or name in account.failed:
            return False
        told = re.sub(r"\nTo allow .*", _ALLOW, message, flags=re.DOTALL)
        account.fail(FailedModel(name, f"{model.file}: {told}"))
        return True

    def _note(self, context: RecordingContext, event: console.ConsoleEvent, account: Account) -> None:
        """Enter an event into the account.

        A failure is final: what is computed afterwards under that name is the version before, refreshed along with what
        it reads, and no sign that the model works.
        """
        match event:
            case console.UpdateSnapshotEvaluationProgress(snapshot=snapshot, duration_ms=int(milliseconds)):
                self._note_computed(context, snapshot, milliseconds / 1000, account)
            case console.LogFailedModels(errors=errors):
                for error in errors:
                    account.fail(self._failed(context, error))
            case console.LogSkippedModels(snapshot_names=names):
                for name in names:
                    account.fail(FailedModel(str(relation_of(name)), "a model that it reads was not computed"))
            case console.LogWarning(short_message=message, long_message=details) if _EXPANDED not in message:
                self._on_warning(plain(details or message))
            case console.LogError(message=message):
                self._on_warning(plain(message))

    def _note_computed(self, context: RecordingContext, snapshot: Snapshot, seconds: float, account: Account) -> None:
        name = str(relation_of(snapshot.name))
        model = self._models.get(name)
        if name in account.failed or model is None:
            return
        record = context.snapshot_evaluator.records.of(snapshot)
        if record.interval is None:
            account.audited[name] = named_audits(model, record)
            return
        if record.left_out:
            self._on_warning(
                f"{name}: its query gives {', '.join(record.left_out)}, which came after its table was made, and the "
                "table does not have it: write the columns in the query, and the next plan makes the table anew"
            )
        before = account.computed.get(name)
        batches = before.seconds if before is not None and before.snapshot == snapshot.identifier else 0.0
        account.computed[name] = computation(model, snapshot, record, batches + seconds)
        if record.from_nothing or model.kind not in BY_DAYS:
            account.whole.add(name)
        self.on_computed(name, account.computed[name])

    def _failed(self, context: RecordingContext, error: NodeExecutionFailedError[Any]) -> FailedModel:
        name = str(relation_of(error.node.snapshot_name))
        model, cause = self._models.get(name), error.__cause__
        snapshot = context.snapshots.get(error.node.snapshot_name)
        record = Record() if snapshot is None else context.snapshot_evaluator.records.of(snapshot)
        if isinstance(cause, NodeAuditsErrors):
            refused = () if model is None else named_audits(model, record)
            return FailedModel(name, refusal((audit.audit_name, audit.count) for audit in cause.errors), refused)
        file = Path(model.file) if model is not None else self._project
        return FailedModel(name, explain(file, plain(cause or error), record.failed_sql))


def computation(model: ModelDescription, snapshot: Snapshot, record: Record, seconds: float) -> Computation:
    """What was recorded of a version of a model, as its computation."""
    now = datetime.now(UTC)
    return Computation(
        code_version=snapshot.fingerprint.to_version(),
        computed_at=now,
        seconds=seconds,
        snapshot=snapshot.identifier,
        interval=record.interval or (now, now),
        rows=record.rows,
        audits=named_audits(model, record),
    )


def refusal(audits: Iterable[tuple[str, int]]) -> str:
    """Why rows do not count: the blocking audits that fail, with the number of rows."""
    return "blocking audit failed: " + ", ".join(f"{name} ({rows} rows)" for name, rows in audits)


def named_audits(model: ModelDescription, record: Record) -> tuple[AuditOutcome, ...]:
    """What audits found, by the names that they have in Dagster; nothing of a version with other audits than it has."""
    if len(model.audits) != len(record.audits):
        return ()
    found = [(own, run) for own, run in zip(model.audits, record.audits, strict=True) if run is not None]
    if any(own.name != run.check for own, run in found):
        return ()
    return tuple(run.model_copy(update={"check": own.check, "blocking": own.blocking}) for own, run in found)


def silence() -> contextlib.AbstractContextManager[object]:
    """What SQLMesh, macros and models print is no part of a run's log."""
    return contextlib.redirect_stdout(io.StringIO())


def _silently(events: Iterator[console.ConsoleEvent]) -> Iterator[console.ConsoleEvent]:
    """The events, while whoever is told of them may print."""
    while True:
        with silence():
            event = next(events, None)
        if event is None:
            return
        yield event
