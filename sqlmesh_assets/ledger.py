"""What was computed from what: the record that tells whether a model has to be computed again.

SQLMesh computes a model when its code is new or an interval of its cron has ended; it does not look at the data. The
ledger holds, for each model, the versions of all that its rows were made of, and of the rows themselves.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from sqlmesh_assets.description import ModelDescription, Relation
from sqlmesh_assets.due_times import is_due
from sqlmesh_assets.project import write_atomically

DataVersions = Callable[[Collection[Relation]], Mapping[Relation, str]]
"""Tells the version of the content of relations: another whenever a row is another. What is not there has none."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


BLOCKING = "Blocking: rows that fail it stop the model and what reads it."
NOT_BLOCKING = "Not blocking: rows that fail it are a warning."
"""What follows from rows that fail an audit."""


class AuditOutcome(_Frozen):
    """What an audit found.

    Attributes:
        check: Its name in Dagster.
        blocking: Whether rows that fail it stop the model.
        failing_rows: How many rows fail it.
        query: Selects them.
        sample: The first of them, as text.
    """

    check: str
    blocking: bool
    failing_rows: int
    query: str
    sample: tuple[dict[str, str | None], ...] = ()

    @property
    def in_words(self) -> str:
        """How many rows fail, and what follows."""
        if not self.failing_rows:
            return "No row fails it."
        return f"Rows that fail it: {self.failing_rows:,}. {BLOCKING if self.blocking else NOT_BLOCKING}"


class Computation(_Frozen):
    """A model as it was last computed in production.

    Attributes:
        code_version: Of the code that computed it.
        computed_at: When, in UTC.
        seconds: The time it took, its audits included.
        snapshot: SQLMesh's identifier of the version that production has.
        interval: From when to when, in UTC: SQLMesh's interval of the computation.
        rows: How many rows it has since.
        audits: What its audits found.
        inputs: The version of each relation that it read.
        content: The version of its own rows.
    """

    code_version: str
    computed_at: datetime
    seconds: float
    snapshot: str
    interval: tuple[datetime, datetime]
    rows: int
    audits: tuple[AuditOutcome, ...] = ()
    inputs: dict[str, str] = {}
    content: str | None = None

    @property
    def in_words(self) -> dict[str, str]:
        """What it came to, for people: rows, seconds and audits."""
        return {"rows": f"{self.rows:,}", "seconds": f"{self.seconds:.2f}", "audits": self._audits_told()}

    def _audits_told(self) -> str:
        failing = [audit.check for audit in self.audits if audit.failing_rows]
        if failing:
            return f"audits failed: {', '.join(failing)}"
        passed = len(self.audits)
        return f"{passed or 'no'} {'audit' if passed == 1 else 'audits'}{' passed' if passed else ''}"


class Ledger(BaseModel):
    """What production's models were last computed from.

    Attributes:
        computations: The newest computation of each model, by its name.
        unfinished: Models of which that computation does not count any more, with the reason: the next one failed, or
            was interrupted.
    """

    computations: dict[str, Computation] = {}
    unfinished: dict[str, str] = {}


_WAITING = "waiting for "


def waiting_for_signals(names: Sequence[str]) -> str:
    """Why a model was not computed whose signals are not ready."""
    return f"{_WAITING}its signal {', '.join(names)}"


def waiting_for(name: str) -> str:
    """Why a model was not computed that reads one which waits."""
    return f"{_WAITING}{name}, which waits for a signal"


def is_waiting(reason: str | None) -> bool:
    """Whether a model was not computed because a signal is not ready, and is not wrong."""
    return reason is not None and reason.startswith(_WAITING)


def read_ledger(file: Path) -> Ledger:
    """The ledger; an empty one where there is none, or none that can be read."""
    if not file.is_file():
        return Ledger()
    try:
        return Ledger.model_validate_json(file.read_bytes())
    except ValidationError:
        # Of an older version of this code, or cut off: everything is computed once more, which is always right.
        return Ledger()


def write_ledger(file: Path, ledger: Ledger) -> None:
    """Replace the ledger."""
    write_atomically(file, ledger.model_dump_json(indent=1))


class Cause(Enum):
    """Why a model has to be computed."""

    NEW = "new"
    UNFINISHED = "unfinished"
    CODE = "code"
    METADATA = "metadata"
    INPUT = "input"
    CONTENT = "content"
    TIME = "time"


@dataclass(frozen=True)
class Stale:
    """A model that has to be computed, and why, in words."""

    cause: Cause
    reason: str


def stale_models(
    models: Sequence[ModelDescription], ledger: Ledger, versions: Mapping[Relation, str], now: datetime
) -> dict[str, Stale]:
    """The models that have to be computed, by name.

    Args:
        models: Inputs before those that read them.
        ledger: What was last computed.
        versions: The present version of each model and of each relation that a model reads.
        now: The time that decides whether an interval has ended, in UTC.
    """
    stale: dict[str, Stale] = {}
    for model in models:
        known = ledger.computations.get(model.name)
        if model.name in ledger.unfinished:
            found: Stale | None = Stale(Cause.UNFINISHED, ledger.unfinished[model.name])
        else:
            found = _NEVER if known is None else _stale(model, known, versions, stale, now)
        if found is not None:
            stale[model.name] = found
    return stale


_NEVER = Stale(Cause.NEW, "it was not computed before")
_TAMPERED = Stale(Cause.CONTENT, "its rows are not those that were computed")
_VIEW = "VIEW"


def _stale(
    model: ModelDescription,
    known: Computation,
    versions: Mapping[Relation, str],
    stale: Mapping[str, Stale],
    now: datetime,
) -> Stale | None:
    if known.code_version != model.code_version:
        return Stale(Cause.CODE, "its code or that of a model that it reads changed")
    data = _data(model, known, versions, stale) if model.restatable else None
    if data is not None:
        return data
    if model.snapshot != known.snapshot:
        return Stale(Cause.METADATA, "its description, schedule or audits changed")
    if waits_for_time(model) and is_due(model, known.interval[1], now):
        return Stale(Cause.TIME, f"an interval of its cron {model.cron} has ended")
    return None


def _data(
    model: ModelDescription, known: Computation, versions: Mapping[Relation, str], stale: Mapping[str, Stale]
) -> Stale | None:
    """Whether the rows of a model or of what it reads are other ones."""
    tampered = _TAMPERED if versions.get(model.relation) != known.content else None
    if model.kind == _VIEW:
        # The rows of a view are other ones with every change of what it reads.
        return _input(model, known, versions, stale) or tampered
    # Tampering first: it takes a whole computation, where a changed input may take a part.
    return tampered or _input(model, known, versions, stale)


def _input(
    model: ModelDescription, known: Computation, versions: Mapping[Relation, str], stale: Mapping[str, Stale]
) -> Stale | None:
    for relation in model.depends_on:
        if has_changed(relation, known, versions):
            return Stale(Cause.INPUT, f"{relation} changed")
        if str(relation) in stale and stale[str(relation)].cause is not Cause.METADATA:
            return Stale(Cause.INPUT, f"{relation} is computed again")
    return None


def has_changed(relation: Relation, known: Computation, versions: Mapping[Relation, str]) -> bool:
    """Whether a relation that a model reads has other rows than those that the model was computed from."""
    return versions.get(relation) != known.inputs.get(str(relation))


def waits_for_time(model: ModelDescription) -> bool:
    """Whether a new interval is a reason to compute a model."""
    return model.reads_time or not model.restatable
