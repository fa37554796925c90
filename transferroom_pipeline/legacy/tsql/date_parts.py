"""Date parts with their abbreviations, and constants that are dates."""

import re
from datetime import datetime, timedelta

from sqlglot import exp

_ABBREVIATIONS = {
    "year": ("yy", "yyyy"),
    "quarter": ("qq", "q"),
    "month": ("mm", "m"),
    "dayofyear": ("dy", "y"),
    "day": ("dd", "d"),
    "week": ("wk", "ww"),
    "weekday": ("dw", "w"),
    "hour": ("hh",),
    "minute": ("mi", "n"),
    "second": ("ss", "s"),
    "millisecond": ("ms",),
    "microsecond": ("mcs",),
    "nanosecond": ("ns",),
    "tzoffset": ("tz",),
    "iso_week": ("isowk", "isoww"),
}
PARTS = {name: part for part, short in _ABBREVIATIONS.items() for name in (part, *short)}
"""Every name of a date part with the part in full, as "DATEPART" in SQL Server's documentation lists them."""

TIME_PARTS = ("hour", "minute", "second", "millisecond", "microsecond", "nanosecond")
DAY_PARTS = ("day", "dayofyear", "weekday")
"""What counts days in DATEADD and DATEDIFF."""

FIRST_DAY = datetime(1900, 1, 1)  # noqa: DTZ001 - a date without a zone, as SQL Server has it
"""The date that the number 0 stands for."""

_TEXT = re.compile(
    r"(\d{4})(-?)(\d{2})\2(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?)?",
    re.ASCII,
)
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?", re.ASCII)
_LIKE_A_DATE = re.compile(r"\s*\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}.*|\s*\d{1,2}[-/. ]?[A-Za-z]{3,9}[-/. ,]*\d{2,4}.*|"
                          r"\s*[A-Za-z]{3,9}\.? +\d{1,2},? +\d{2,4}.*")  # fmt: skip


def part_of(argument: exp.Expr) -> str:
    """The date part that the first argument of a date function names; empty when it is none."""
    return PARTS.get(argument.name.lower(), "")


def looks_like_a_date(text: str) -> bool:
    """Whether a text is a date in some form that is not ISO 8601's."""
    return bool(_LIKE_A_DATE.fullmatch(text)) and parse_date(text) is None


def parse_date(text: str) -> datetime | None:
    """The date or time that a constant in ISO 8601's form, or as YYYYMMDD, stands for under every language setting.

    A seventh digit of a second is dropped.
    """
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    year, _, month, day, hour, minute, second, fraction = found.groups()
    microseconds = int((fraction or "0").ljust(7, "0")[:6])
    try:
        return datetime(  # noqa: DTZ001 - SQL Server's times have no zone
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), microseconds
        )
    except ValueError:
        return None


def is_time(text: str) -> bool:
    """Whether a constant is a time of day that every engine reads alike."""
    return bool(_TIME.fullmatch(text))


def has_seventh_digit(text: str) -> bool:
    """Whether a constant has a seventh digit of a second that is not zero."""
    found = _TEXT.fullmatch(text)
    return bool(found and len(found[8] or "") == 7 and found[8][6] != "0")  # noqa: PLR2004 - the seventh digit


def rounded_to_datetime(value: datetime) -> datetime:
    """A time as DATETIME keeps it: in ticks of 1/300 of a second, which read as .000, .003 and .007."""
    midnight = value.replace(hour=0, minute=0, second=0, microsecond=0)
    microseconds = (value - midnight) // timedelta(microseconds=1)
    ticks = (microseconds * 3 + 5_000) // 10_000
    return midnight + timedelta(milliseconds=(ticks * 10 + 1) // 3)
