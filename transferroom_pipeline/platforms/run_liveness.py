"""Telling runs whose process lives from those whose process has died.

The process of a run holds a lock on a file of its own, which the system gives back when the process ends, however it
ends. Numbers of processes would not do: in containers they are used again.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

UNFINISHED = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)

_SLOWEST_START = timedelta(minutes=10)
"""So long after its creation the process of a run has its lock at the latest."""


@dataclass(frozen=True)
class RunLiveness:
    """The locks of the runs that work on a data folder.

    Attributes:
        data_dir: The data folder.
    """

    data_dir: Path

    @contextmanager
    def shown(self, run_id: str) -> Iterator[None]:
        """Show that a run lives, as long as this process or the block lasts."""
        place = self._file(run_id)
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("a", encoding="utf-8") as file:
            # Shared, since several parts of one process may show it.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            try:
                yield
            finally:
                place.unlink(missing_ok=True)

    def is_dead(self, run: dg.DagsterRun, created: datetime) -> bool:
        """Whether the process of an unfinished run has ended; runs of other code locations are left to them."""
        try:
            file = self._file(run.run_id).open("r+", encoding="utf-8")
        except FileNotFoundError:
            return _is_of_this_location(run) and datetime.now(UTC) - created > _SLOWEST_START
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def close_dead_runs(self, instance: dg.DagsterInstance) -> list[str]:
        """Mark runs whose process has died as failed, and give back the places in pools that they held.

        Without it they would count as running for ever, and later runs would wait for them.

        Returns:
            The ids of the runs.
        """
        closed = []
        for record in instance.get_run_records(dg.RunsFilter(statuses=list(UNFINISHED))):
            run = record.dagster_run
            if self.is_dead(run, record.create_timestamp):
                instance.report_run_failed(run, "The process of this run ended before the run did.")
                instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
                self._file(run.run_id).unlink(missing_ok=True)
                closed.append(run.run_id)
        return closed

    def _file(self, run_id: str) -> Path:
        return self.data_dir / "runs" / f"{run_id}.lock"


def _is_of_this_location(run: dg.DagsterRun) -> bool:
    """Whether a run is one of a command, which has no origin, or of this code location as Dagster has loaded it."""
    origin = run.remote_job_origin
    return origin is None or origin.location_name.startswith(__name__.partition(".")[0])
