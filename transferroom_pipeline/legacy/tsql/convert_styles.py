"""The styles of CONVERT that make texts of dates."""

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


def style_format(style: str, source: SqlType) -> str | None:
    """The format of STRFTIME that gives the text of a style; None where no format does.

    A DATE has no time to write, and a style with a fraction of a second writes as many digits as the type has.
    """
    if source.family is Family.DATE:
        return _OF_DATES.get(style)
    if source.family is not Family.DATETIME:
        return None
    # A DATETIME2 writes seven digits of the second, of which the stand-in has six.
    with_fraction = _MILLISECOND_STYLES if source.name == "DATETIME" else {}
    return {**_DATE_STYLES, **_TIME_STYLES, **with_fraction}.get(style)


def is_known_style(style: str, source: SqlType) -> bool:
    """Whether the text of a style is carried over."""
    return style_format(style, source) is not None
