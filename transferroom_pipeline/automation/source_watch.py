"""Deciding from the state of the source files whether a migration is due."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from transferroom_pipeline.sources.contracts import SOURCE_TABLES, SourceTable
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.files import watched_files
from transferroom_pipeline.sources.options_file import OPTIONS_FILE, with_declared_options


@dataclass(frozen=True)
class Watch:
    """What the last look saw, and what the last of so many migrations was started for, both as fingerprints."""

    seen: str | None = None
    started: str | None = None
    starts: int = 0

    @classmethod
    def from_cursor(cls, cursor: str | None) -> "Watch":
        """Read a sensor's cursor; none yet is a watch that has seen nothing."""
        return cls(**json.loads(cursor)) if cursor else cls()

    def to_cursor(self) -> str:
        """The cursor that the next look starts from."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Look:
    """The outcome of a look: a migration is due for `run_key`, or there is a reason why none is."""

    watch: Watch
    run_key: str | None
    reason: str


def look(watch: Watch, directory: Path) -> Look:
    """Look at the source files once more.

    Files count as complete when two looks in a row see the same names, sizes and times: a file that is still being
    written changes in between.
    """
    now = _fingerprint(directory)
    if now is None:
        return Look(watch, None, f"there are no source files in {directory}")
    waiting = replace(watch, seen=now)
    if now == watch.started:
        return Look(waiting, None, "the source files have not changed since the last migration")
    if now != watch.seen:
        return Look(waiting, None, "the source files have changed; waiting until they stay the same")
    started = Watch(seen=now, started=now, starts=watch.starts + 1)
    # Numbered, as files may return to an earlier state, and Dagster never starts a run for a key a second time.
    return Look(started, f"{now}-{started.starts}", "the source files have changed")


def _fingerprint(directory: Path) -> str | None:
    files = sorted({file for table in _declared(directory) for file in watched_files(table, directory)})
    if not files:
        return None
    options = [file for file in [directory / OPTIONS_FILE] if file.is_file()]
    states = [_state(directory, file) for file in [*files, *options]]
    return hashlib.sha256(repr(states).encode()).hexdigest()[:16]


def _declared(directory: Path) -> tuple[SourceTable, ...]:
    """A mistake in the options is for the run to report; here it must not keep one from starting."""
    try:
        return with_declared_options(SOURCE_TABLES, directory)
    except SourceError:
        return SOURCE_TABLES


def _state(directory: Path, file: Path) -> tuple[str, int, int]:
    state = file.stat()
    return str(file.relative_to(directory)), state.st_size, state.st_mtime_ns
