"""When models are due, as SQLMesh counts: by the ticks of their crons and by whole intervals."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter

from sqlmesh_assets.description import ModelDescription

_MINUTES = {"hour": 60, "half_hour": 30, "quarter_hour": 15, "five_minute": 5}
"""The lengths of the intervals that are shorter than a day."""


def is_due(model: ModelDescription, computed_until: datetime, now: datetime) -> bool:
    """Whether an interval of a model has ended since it was computed, and a tick of its cron has come after that.

    A cron need not tick where intervals end: at one minute past each hour the model is due for the hour before.

    Args:
        model: The model.
        computed_until: The end of the last interval that it was computed for.
        now: The present, with a time zone.
    """
    return interval_start(last_tick(model, now), model.interval_unit) > computed_until


def last_tick(model: ModelDescription, now: datetime) -> datetime:
    """The last tick of a model's cron, at the latest now, in UTC."""
    # The search is for a tick before a moment, and one at this very moment counts.
    local = (now + timedelta(seconds=1)).astimezone(ZoneInfo(model.cron_tz))
    tick: datetime = croniter(model.cron, local).get_prev(datetime)
    return tick.astimezone(UTC)


def interval_start(moment: datetime, unit: str) -> datetime:
    """The beginning of the interval that a moment in UTC lies in."""
    if unit in _MINUTES:
        minutes = moment.hour * 60 + moment.minute
        return _midnight(moment) + timedelta(minutes=minutes - minutes % _MINUTES[unit])
    day = _midnight(moment)
    if unit == "year":
        return day.replace(month=1, day=1)
    return day.replace(day=1) if unit == "month" else day


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
