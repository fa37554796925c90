"""A run as a person wants to see it: each asset as it finishes, and each check that is not green."""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click
import dagster as dg

from sqlmesh_assets.exceptions import SQLMeshAssetsError
from sqlmesh_assets.observation import UNCHANGED_SINCE
from transferroom_pipeline.comparisons.assets import SUMMARY
from transferroom_pipeline.exceptions import TransferRoomError
from transferroom_pipeline.failed_checks import SAID_BY_CHECK

if TYPE_CHECKING:
    from dagster_shared.error import SerializableErrorInfo

_NAME_WIDTH = 28
_TOLD_OTHERWISE = {
    *("DagsterAssetCheckFailedError", "DagsterExecutionInterruptedError", "KeyboardInterrupt"),
    "SignalReceivedException",
}
"""Errors of steps: a check has said it already, or a person has asked for it."""


@dg.logger({}, "Each asset as it finishes and each check that is not green, on standard output.")
def progress_logger(_: dg.InitLoggerContext) -> logging.Logger:
    """A logger for `loggers: {progress: {}}` in a run's config, in place of Dagster's own output."""
    logger = logging.Logger("transferroom.progress", level=logging.DEBUG)
    logger.addHandler(ProgressHandler())
    return logger


class ProgressHandler(logging.Handler):
    """Prints what Dagster's events say of assets, checks and failures; one line each, where one is enough."""

    def __init__(self) -> None:
        super().__init__()
        self._step_started: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record if it is about an asset, a check or a failed step."""
        # Dagster puts the event of a record that it logs on the record itself.
        event: dg.DagsterEvent | None = getattr(record, "dagster_event", None)
        if event is None:
            # That a step is left out because of another is clear from the other's failure.
            if record.levelno >= logging.WARNING and "Dependencies for step" not in record.getMessage():
                click.echo(record.getMessage())
            return
        if event.is_step_start:
            self._step_started[event.step_key or ""] = record.created
        line = self._line(event, record.created)
        if line:
            click.echo(line)

    def _line(self, event: dg.DagsterEvent, now: float) -> str | None:
        if event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION:
            materialization = event.step_materialization_data.materialization
            elapsed = now - self._step_started.get(event.step_key or "", now)
            return unchanged_line(materialization) or asset_line(materialization, elapsed)
        if event.event_type is dg.DagsterEventType.ASSET_OBSERVATION:
            return unchanged_line(event.asset_observation_data.asset_observation)
        if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            return check_line(event.asset_check_evaluation_data)
        if event.is_step_failure:
            return failure_line(event)
        return None


def asset_line(materialization: dg.AssetMaterialization, elapsed: float) -> str:
    """An asset with its rows and seconds; `elapsed` counts unless the asset says how long it took itself."""
    metadata = materialization.metadata
    seconds = _value(metadata, "seconds", elapsed)
    rows = _value(metadata, "dagster/row_count", None)
    counted = "" if rows is None else f"{rows:>12,} rows"
    name = materialization.asset_key.to_user_string()
    mark = click.style("✓", fg="green")
    return f"{mark} {name:<{_NAME_WIDTH}}{counted:<18}{seconds:>8.2f} s{_note(metadata)}"


def _note(metadata: Any) -> str:
    """What else is worth a word: what a view shows, how much of a table was copied."""
    if "serving" in metadata:
        return f"  serves {_value(metadata, 'serving', '')}"
    if "full_because" in metadata:
        return f"  copied in full: {_value(metadata, 'full_because', '')}"
    if "rows_deleted" in metadata:
        return f"  {_value(metadata, 'rows_loaded', 0):,} loaded, {_value(metadata, 'rows_deleted', 0):,} deleted"
    return ""


def unchanged_line(event: dg.AssetObservation | dg.AssetMaterialization) -> str | None:
    """An asset that was up to date; None for an event of another kind."""
    since = _value(event.metadata, UNCHANGED_SINCE, None)
    if since is None:
        return None
    rows = _value(event.metadata, "dagster/row_count", 0)
    counted = f"{rows:>12,} rows"
    name = f"{event.asset_key.to_user_string():<{_NAME_WIDTH}}"
    return f"= {name}{counted:<18}  unchanged since {since}{_note(event.metadata)}"


def check_line(evaluation: dg.AssetCheckEvaluation) -> str | None:
    """A check that is not green, with what it says; None for one that is."""
    if evaluation.passed:
        return None
    warning = evaluation.severity is dg.AssetCheckSeverity.WARN
    mark = click.style("!", fg="yellow") if warning else click.style("✗", fg="red")
    name = f"{evaluation.asset_key.to_user_string()} {evaluation.check_name}"
    line = f"{mark} {name:<{_NAME_WIDTH}} {'warning' if warning else 'failed'}: {evaluation.description}"
    summary = _value(evaluation.metadata, SUMMARY, None)
    return f"{line}\n{summary}" if summary else line


def failure_line(event: dg.DagsterEvent) -> str | None:
    """Why a step failed: the project's own sentence if there is one; None where a check has said it already."""
    failure = event.step_failure_data
    if failure.user_failure_data is not None:
        if SAID_BY_CHECK in failure.user_failure_data.metadata:
            return None
        reason = failure.user_failure_data.description or ""
    else:
        error = _telling(failure.error)
        if error is None or error.cls_name in _TOLD_OTHERWISE:
            return None
        reason = error.message.strip().removeprefix(f"{error.cls_name}: ").rsplit(f".{error.cls_name}: ")[-1]
    return f"{click.style('✗', fg='red')} {event.step_key} failed: {reason}"


def _telling(error: "SerializableErrorInfo | None") -> "SerializableErrorInfo | None":
    """Of an error and its causes the one that says what a person can do, or else the innermost."""
    own = {cls.__name__ for base in (TransferRoomError, SQLMeshAssetsError) for cls in (base, *_subclasses(base))}
    while error is not None and error.cause is not None and error.cls_name not in own:
        error = error.cause
    return error


def _subclasses(cls: type[Exception]) -> Iterator[type[Exception]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _value(metadata: Any, name: str, default: Any) -> Any:
    return metadata[name].value if name in metadata else default
