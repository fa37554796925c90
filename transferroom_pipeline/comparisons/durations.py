"""Durations as a spec writes them: a number and a unit, such as 1s or 500ms."""

import re
from datetime import timedelta

_UNITS = {
    "us": timedelta(microseconds=1),
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_MOST_MICROSECONDS = 2**62
_DURATION = re.compile(r"(\d+) ?([a-z]+)")


def microseconds(text: str) -> int:
    """The length of a duration.

    Raises:
        ValueError: The text is not a whole number and one of the units us, ms, s, min, h, d, or is absurdly long.
    """
    match = _DURATION.fullmatch(text.strip())
    unit = _UNITS.get(match[2]) if match else None
    if match is None or unit is None:
        raise ValueError(
            f"{text!r} is not a duration: write a whole number and a unit, such as 500ms, 1s, 5min, 2h or 1d"
        )
    length = int(match[1]) * (unit // timedelta(microseconds=1))
    if length > _MOST_MICROSECONDS:
        raise ValueError(f"{text!r} is too long a duration")
    return length
