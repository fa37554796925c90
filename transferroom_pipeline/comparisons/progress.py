"""Progress of a long comparison on a terminal: one line that is written over, and gone in the end."""

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

_INTERVAL_SECONDS = 0.25
_QUIET_SECONDS = 0.5
"""Steps that are done by then are not shown: short comparisons print nothing but their result."""

_THOUSAND = 1_000


class TerminalProgress:
    """Shows the running step with its time, share done and rows per second; nothing where nobody looks."""

    def __init__(self, stream: TextIO = sys.stderr, *, wanted: bool = True) -> None:
        """Take a stream, which is written to only if it is a terminal and progress is wanted."""
        self._stream = stream
        self._is_shown = wanted and stream.isatty()
        self._share: Callable[[], float | None] = lambda: None
        self._step, self._rows, self._started = "", 0, time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._show_until_ended, daemon=True)

    def follow(self, share: Callable[[], float | None]) -> None:
        """Ask a function for the share of the running statement that is done."""
        self._share = share

    def __call__(self, step: str, rows: int) -> None:
        """A step begins."""
        self._step, self._rows, self._started = step, rows, time.monotonic()

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._is_shown:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop and leave an empty line."""
        if self._is_shown:
            self._ended.set()
            self._thread.join()
            self._write("")

    def _show_until_ended(self) -> None:
        while not self._ended.wait(_INTERVAL_SECONDS):
            seconds = time.monotonic() - self._started
            if self._step and seconds >= _QUIET_SECONDS:
                self._write(line(self._step, seconds, self._rows, self._share()))

    def _write(self, text: str) -> None:
        self._stream.write(f"\r\x1b[K{text}")
        self._stream.flush()


def line(step: str, seconds: float, rows: int, share: float | None) -> str:
    """The step as one line.

    Args:
        step: What it does.
        seconds: Since it began.
        rows: How many it reads, 0 if unknown.
        share: How much of it is done, None if unknown.
    """
    parts = [f"{step}: {seconds:.0f} s"]
    if share:
        parts.append(f"{share:.0%}")
        if rows:
            parts.append(f"{rows * share / seconds / _THOUSAND:,.0f} thousand rows/s")
    return ", ".join(parts)
