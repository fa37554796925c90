"""The styles of CONVERT that make texts of dates."""

import re

from transferroom_pipeline.legacy.tsql.date_parts import parse_date
from transferroom_pipeline.legacy.tsql.sql_types import Family, SqlType

_DATE_STYLES = {
    "1": "%m/%d/%y", "2": "%y.%m.%d", "3": "%d/%m/%y", "4": "%d.%m.%y", "5": "%d-%m-%y", "6": "%d %b %y",
    "7": "%b %d, %y", "10": "%m-%d-%y", "11": "%y/%m/%d", "12": "%y%m%d", "23": "%Y-%m-%d",
    "101": "%m/%d/%Y", "102": "%Y.%m.%d", "103": "%d/%m/%Y", "104": "%d.%m.%Y", "105": "%d-%m-%Y", "106": "%d %b %Y",
    "107": "%b %d, %Y", "110": "%m-%d-%Y", "111": "%Y/%m/%d", "112": "%Y%m%d",
}  # fmt: skip
_TIME_STYLES = {
    "8": "%H:%M:%S",
    "24": "%H:%M:%S",
    "108": "%H:%M:%S",
    "20": "%Y-%m-%d %H:%M:%S",
    "120": "%Y-%m-%d %H:%M:%S",
}
_MILLISECOND_STYLES = dict.fromkeys(("21", "25", "121"), "%Y-%m-%d %H:%M:%S.%g")
_OF_DATES = {**_DATE_STYLES, **dict.fromkeys(("20", "21", "25", "120", "121", "126"), "%Y-%m-%d")}


_LENGTH_TO_SECONDS = 19
_TO_SECONDS = {**dict.fromkeys(_MILLISECOND_STYLES, "%Y-%m-%d %H:%M:%S"), "126": "%Y-%m-%dT%H:%M:%S"}
_READING_STYLES = {
    "112": re.compile(r"\d{8}", re.ASCII),
    "23": re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII),
    **dict.fromkeys(("20", "120"), re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2})?", re.ASCII)),
    **dict.fromkeys(("21", "25", "121"), re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2}(\.\d{3})?)?", re.ASCII)),
    "126": re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?", re.ASCII),
}


def reads_under(style: str, written: str) -> bool:
    """Whether a constant is a date in the form of a style, which every engine reads alike without it."""
    form = _READING_STYLES.get(style)
    return form is not None and form.fullmatch(written) is not None and parse_date(written) is not None


def style_format(style: str, source: SqlType, target: SqlType) -> str | None:
    """The format of STRFTIME that gives the text of a style; None where no format does.

    A DATE has no time to write, and a style with a fraction of a second writes as many digits as the type has: none
    that count where the text ends before it.
    """
    if source.family is Family.DATE:
        return _OF_DATES.get(style)
    if source.family is not Family.DATETIME:
        return None
    # A DATETIME2 writes seven digits of the second, of which the stand-in has six.
    with_fraction = _MILLISECOND_STYLES if source.name == "DATETIME" else {}
    if target.size is not None and 0 < target.size <= _LENGTH_TO_SECONDS:
        with_fraction = _TO_SECONDS
    return {**_DATE_STYLES, **_TIME_STYLES, **with_fraction}.get(style)


def is_known_style(style: str, source: SqlType, target: SqlType) -> bool:
    """Whether the text of a style is carried over."""
    return style_format(style, source, target) is not None
