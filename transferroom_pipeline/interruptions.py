"""Ctrl-C and SIGTERM end a run as a whole, within seconds, whatever it is doing.

Libraries put their own handlers in place of one another: one lets a load finish first, another makes an error of the
signal, which fails one step of many. So the signal is noticed beside all handlers, by the descriptor that Python writes
it to. From then on no database is opened any more, which ends the run with the step that it is in; a step that does not
end is left after a few seconds. That loses nothing, since all that is written is written in transactions.
"""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import ClassVar

import click

GRACE_SECONDS = 4.0
"""How long a step may take to end by itself."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

Abandon = Callable[[], object]
"""Called before the process is left in the middle of a step."""


class _State:
    """What this process knows of signals, and what to do before it is left."""

    received: ClassVar[int | None] = None
    watching: ClassVar[bool] = False
    abandoned_by: ClassVar[list[Abandon]] = []


def received_signal() -> int | None:
    """The signal by which this process was asked to end, if it was."""
    return _State.received


def exit_code() -> int:
    """What shells give for a process that the received signal ended."""
    return 128 + (_State.received or signal.SIGINT)


def end_if_interrupted() -> None:
    """End what is under way if the process was asked to end.

    Raises:
        KeyboardInterrupt: It was.
    """
    if _State.received is not None:
        raise KeyboardInterrupt


@contextmanager
def abandoned_by(abandon: Abandon) -> Iterator[None]:
    """Have something done before the process is left in the middle of a step, until the end of the block."""
    _State.abandoned_by.append(abandon)
    try:
        yield
    finally:
        _State.abandoned_by.remove(abandon)


@contextmanager
def watching() -> Iterator[None]:
    """Notice signals until the end of the block; a watch inside another, or outside the main thread, does nothing."""
    if _State.watching or threading.current_thread() is not threading.main_thread():
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    wakeup = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    # The descriptor is written to for signals only that have a handler in Python.
    signal.signal(signal.SIGTERM, _as_interrupt)
    done = threading.Event()
    threading.Thread(target=_watch, args=(reading, done), daemon=True).start()
    _State.watching, _State.received = True, None
    try:
        yield
    finally:
        done.set()
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(writing)
        _State.watching = False


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


def _watch(reading: int, done: threading.Event) -> None:
    """Wait for a signal or the end of the block, which closes the other end."""
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while written := pipe.read(1):
            if written[0] in _SIGNALS and _State.received is None:
                _State.received = written[0]
                _end(done)


def _end(done: threading.Event) -> None:
    atexit.register(_leave)
    click.echo(f"\nEnding the run, as asked by {signal.Signals(exit_code() - 128).name}.", err=True)
    if not done.wait(GRACE_SECONDS):
        for abandon in list(_State.abandoned_by):
            with suppress(Exception):  # Whatever is wrong there, the process has to end.
                abandon()
        _leave()


def _leave() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(exit_code())
