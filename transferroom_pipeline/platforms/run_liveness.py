"""Telling runs whose process lives from those whose process has died.

The process of a run holds a lock on a file of its own, which the system gives back when the process ends, however it
ends. Numbers of processes would not do: in containers they are used again.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import dagster as dg

DATA_TAG = "transferroom/data"
"""The tag of a run that names the data folder it works on."""

UNFINISHED = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)

_SLOWEST_START = timedelta(minutes=10)
"""So long after its creation the process of a run has its lock at the latest."""

_LAST_WORDS_SECONDS = 1.0
"""So long after giving its lock back a run may take to say how it ended."""


@dataclass(frozen=True)
class RunLiveness:
    """The locks of the runs that work on a data folder.

    Attributes:
        data_dir: The data folder.
    """

    data_dir: Path

    _shown: ClassVar[set[str]] = set()

    @property
    def tags(self) -> dict[str, str]:
        """What a run on the data folder is marked with, so that whoever looks after another leaves it alone."""
        return {DATA_TAG: str(self.data_dir.resolve())}

    @contextmanager
    def shown(self, run_id: str) -> Iterator[None]:
        """Show that a run lives, as long as this process or the block lasts; inside another such block do nothing."""
        if run_id in self._shown:
            yield
            return
        file = self._file(run_id)
        file.parent.mkdir(parents=True, exist_ok=True)
        # Locked under another name first: nobody may find the file without its lock.
        unfinished = file.with_suffix(f".{os.getpid()}")
        with unfinished.open("w", encoding="utf-8") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            unfinished.replace(file)
            self._shown.add(run_id)
            try:
                yield
            finally:
                self._shown.discard(run_id)
                file.unlink(missing_ok=True)

    def close_dead_runs(self, instance: dg.DagsterInstance) -> list[str]:
        """Mark runs whose process has died as failed, and give back the places in pools that they held.

        Without it they would count as running for ever, and later runs would wait for them.

        Returns:
            The ids of the runs.
        """
        seem_dead = self._dead_runs(instance)
        if seem_dead:
            time.sleep(_LAST_WORDS_SECONDS)
        closed = []
        for run_id, run in self._dead_runs(instance).items():
            if run_id in seem_dead:
                instance.report_run_failed(run, "The process of this run ended before the run did.")
                instance.event_log_storage.free_concurrency_slots_for_run(run_id)
                self._file(run_id).unlink(missing_ok=True)
                closed.append(run_id)
        return closed

    def _dead_runs(self, instance: dg.DagsterInstance) -> dict[str, dg.DagsterRun]:
        unfinished = instance.get_run_records(dg.RunsFilter(statuses=list(UNFINISHED)))
        return {
            record.dagster_run.run_id: record.dagster_run
            for record in unfinished
            if self._is_dead(record.dagster_run, record.create_timestamp)
        }

    def _is_dead(self, run: dg.DagsterRun, created: datetime) -> bool:
        """Whether the process of an unfinished run has ended; what is not on this data folder is left alone."""
        try:
            file = self._file(run.run_id).open("r+", encoding="utf-8")
        except FileNotFoundError:
            is_ours = run.tags.get(DATA_TAG, self.tags[DATA_TAG]) == self.tags[DATA_TAG]
            return is_ours and _is_of_this_location(run) and datetime.now(UTC) - created > _SLOWEST_START
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def _file(self, run_id: str) -> Path:
        return self.data_dir / "runs" / f"{run_id}.lock"


def _is_of_this_location(run: dg.DagsterRun) -> bool:
    """Whether a run is one of a command, which has no origin, or of this code location as Dagster has loaded it."""
    origin = run.remote_job_origin
    return origin is None or origin.location_name.startswith(__name__.partition(".")[0])
