"""One process at a time works on a data folder: whoever comes second waits for the first.

The system holds the lock for the process and gives it back when the process ends, however it ends.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, ClassVar

from transferroom_pipeline.exceptions import TransferRoomError
from transferroom_pipeline.platforms.duckdb_database import Tell, waiting_for_others
from transferroom_pipeline.platforms.exceptions import PlatformError

FILE = "write.lock"

_LOOKED_EVERY = 0.2
_UNKNOWN = "another process"


class FolderInUseError(TransferRoomError):
    """Another process still works on the data folder."""


@dataclass(frozen=True)
class WriteLock:
    """The right to write to a data folder.

    Attributes:
        folder: The data folder.
        patience: How many seconds to wait for another process at most.
    """

    folder: Path
    patience: float

    _held: ClassVar[set[Path]] = set()

    @contextmanager
    def held(self, holder: str, tell: Tell) -> Iterator[None]:
        """Be the only process that writes; a process that is it already goes on, in the thread that it is.

        Meanwhile databases that other processes only read are waited for as well.

        Args:
            holder: Who that is, for those who wait.
            tell: Told whom there is to wait for, if there is somebody.

        Raises:
            FolderInUseError: Another process works on the folder for longer than the patience lasts.
            PlatformError: The folder cannot be written to.
        """
        folder = self.folder.resolve()
        if folder in self._held:
            yield
            return
        with self._locked(tell) as file:
            _introduce(file, holder)
            self._held.add(folder)
            try:
                with waiting_for_others(self.patience, tell):
                    yield
            finally:
                self._held.discard(folder)

    @contextmanager
    def _locked(self, tell: Tell) -> Iterator[IO[str]]:
        """The locked file, which is still the one of its name: it may have been deleted while it was waited for."""
        while True:
            with self._opened() as file:
                self._wait(file, tell)
                if _is_file(file, self.folder / FILE):
                    yield file
                    return

    def _opened(self) -> IO[str]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return (self.folder / FILE).open("a+", encoding="utf-8")
        except OSError as error:
            message = f"data folder {self.folder} cannot be used: {error.strerror}; check TRANSFERROOM_DATA_DIR"
            raise PlatformError(message) from error

    def _wait(self, file: IO[str], tell: Tell) -> None:
        if _is_locked(file):
            return
        until = time.monotonic() + self.patience
        tell(f"{_holder(file)} works on data folder {self.folder}: waiting for at most {self.patience:g} s")
        while not _is_locked(file):
            if time.monotonic() >= until:
                raise FolderInUseError(
                    f"{_holder(file)} still works on data folder {self.folder} after {self.patience:g} s: run this "
                    "again when that has ended, or wait longer with TRANSFERROOM_LOCK_TIMEOUT"
                )
            time.sleep(_LOOKED_EVERY)


def _is_file(file: IO[str], place: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), place.stat())
    except FileNotFoundError:
        return False


def _is_locked(file: IO[str]) -> bool:
    """Whether the lock is ours now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _introduce(file: IO[str], holder: str) -> None:
    since = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
    file.truncate(0)
    file.write(json.dumps({"holder": holder, "process": os.getpid(), "since": since}))
    file.flush()


def _holder(file: IO[str]) -> str:
    """Who holds the lock; between taking it and writing this down nobody can say."""
    file.seek(0)
    try:
        found = json.loads(file.read())
        return f"{found['holder']} (process {found['process']}, since {found['since']})"
    except (ValueError, KeyError, TypeError):
        return _UNKNOWN
