"""Functions of dates on the stand-in, with the meaning they have on SQL Server."""

from collections.abc import Callable, Sequence

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.calls import Call, call, cast_to, number, stopped_where, text
from transferroom_pipeline.legacy.tsql.conversions import convert, from_template
from transferroom_pipeline.legacy.tsql.date_parts import DAY_PARTS, part_of
from transferroom_pipeline.legacy.tsql.sql_types import DATE, DATETIME, INT, Family, SqlType

# 0001-01-07 was a Sunday; seven days more keep the number above zero.
_SUNDAYS = "(DATE_DIFF('day', CAST('0001-01-07' AS TIMESTAMP), x) + 7) // 7"
_FIELDS = {
    "iso_week": "week",
    "dayofyear": "dayofyear",
    "millisecond": "millisecond",
    "microsecond": "microsecond",
}
_NAMES = {"month": "%B", "weekday": "%A"}
_LENGTHS = {
    "year": ("TO_YEARS", 1),
    "quarter": ("TO_MONTHS", 3),
    "month": ("TO_MONTHS", 1),
    "week": ("TO_DAYS", 7),
    **dict.fromkeys(DAY_PARTS, ("TO_DAYS", 1)),
    "hour": ("TO_HOURS", 1),
    "minute": ("TO_MINUTES", 1),
    "second": ("TO_SECONDS", 1),
    "millisecond": ("TO_MILLISECONDS", 1),
    "microsecond": ("TO_MICROSECONDS", 1),
}
_TRUNCATED_TO = {"dayofyear": "day", "iso_week": "week"}
_FIRST_DAYS = {"DATETIME": "1753-01-01", "SMALLDATETIME": "1900-01-01"}
_THOUSANDS = {"millisecond": 1_000, "microsecond": 1_000_000}


def moment(value: exp.Expr, kind: SqlType) -> exp.Expr:
    """A value as a date or time: a text or number in its place is a DATETIME."""
    if kind.family in (Family.TEXT, Family.INTEGER, Family.NULL):
        return convert(value, kind, DATETIME)
    return value


def part(name: str) -> Callable[[Call], exp.Expr]:
    """A part of a date as a number."""
    return lambda found: _part(name, moment(found.arguments[0], found.types[0]))


def date_part(found: Call) -> exp.Expr:
    """DATEPART: milliseconds and microseconds are those of the second, without the seconds."""
    return _part(part_of(found.arguments[0]), moment(found.arguments[1], found.types[1]))


def _part(name: str, value: exp.Expr) -> exp.Expr:
    if name == "nanosecond":
        microseconds = _part("microsecond", value)
        return exp.paren(exp.Mul(this=microseconds, expression=number(1_000)))
    field: exp.Expr = call("DATE_PART", text(_FIELDS.get(name, name)), value)
    if name in _THOUSANDS:
        field = exp.paren(exp.Mod(this=field, expression=number(_THOUSANDS[name])))
    return cast_to(INT, field)


def date_name(found: Call) -> exp.Expr:
    """DATENAME: months and weekdays by their English names, the rest as numbers in text."""
    name, value = part_of(found.arguments[0]), moment(found.arguments[1], found.types[1])
    if name in _NAMES:
        return call("STRFTIME", value, text(_NAMES[name]))
    return cast_to(SqlType("NVARCHAR"), _part(name, value))


def date_add(found: Call) -> exp.Expr:
    """DATEADD keeps the type of its date."""
    unit, amount = part_of(found.arguments[0]), found.arguments[1]
    function, times = _LENGTHS[unit]
    count = amount if times == 1 else exp.Mul(this=exp.paren(amount), expression=number(times))
    # TO_YEARS, TO_MONTHS and TO_DAYS take no BIGINT, which a sum or count is on the stand-in.
    interval = call(function, count if isinstance(amount, exp.Literal) else cast_to(INT, count))
    start = moment(found.arguments[2], found.types[2])
    added = _as_given(exp.paren(exp.Add(this=start, expression=interval)), found.types)
    is_constant = isinstance(found.arguments[2], exp.Literal | exp.Neg)
    return added if is_constant else _within_calendar(added, found.types[2])


def _within_calendar(value: exp.Expr, kind: SqlType) -> exp.Expr:
    """A date in the years that SQL Server has."""
    low, high = (text(f"{day}") for day in (_FIRST_DAYS.get(kind.name, "0001-01-01"), "9999-12-31 23:59:59.999999"))
    as_timestamp = value if kind.family is Family.DATETIME else cast_to(DATETIME, value)
    is_inside = exp.Between(this=as_timestamp.copy(), low=cast_to(DATETIME, low), high=cast_to(DATETIME, high))
    return stopped_where(exp.Not(this=is_inside), "DATEADD beyond the years of its type", value)


def date_diff(found: Call) -> exp.Expr:
    """DATEDIFF counts the boundaries between two dates."""
    unit = part_of(found.arguments[0])
    unit = "day" if unit in DAY_PARTS else unit
    start, end = (_timestamp(found.arguments[place], found.types[place]) for place in (1, 2))
    if unit == "week":
        return exp.paren(exp.Sub(this=_sundays(end), expression=_sundays(start)))
    return call("DATE_DIFF", text(unit), start, end)


def _sundays(moment: exp.Expr) -> exp.Expr:
    """How many Sundays there were up to a date; DATEDIFF counts them whatever DATEFIRST is."""
    return exp.paren(from_template(_SUNDAYS, moment))


def _timestamp(value: exp.Expr, kind: SqlType) -> exp.Expr:
    found = moment(value, kind)
    return cast_to(DATETIME, found) if kind.family in (Family.DATE, Family.UNKNOWN) else found


def date_trunc(found: Call) -> exp.Expr:
    """DATETRUNC keeps the type of its date."""
    unit = part_of(found.arguments[0])
    value = moment(found.arguments[1], found.types[1])
    return _as_given(call("DATE_TRUNC", text(_TRUNCATED_TO.get(unit, unit)), value), found.types)


def _as_given(value: exp.Expr, types: Sequence[SqlType]) -> exp.Expr:
    return cast_to(DATE, value) if types[-1].family is Family.DATE else value


def end_of_month(found: Call) -> exp.Expr:
    """The last day of the month, or of one some months later."""
    value = moment(found.arguments[0], found.types[0])
    if len(found.arguments) > 1:
        value = exp.paren(exp.Add(this=value, expression=call("TO_MONTHS", cast_to(INT, found.arguments[1]))))
    return call("LAST_DAY", value)


def from_parts(found: Call) -> exp.Expr:
    """NULL where a part is NULL."""
    return call("MAKE_DATE", *found.arguments)


def time_from_parts(found: Call) -> exp.Expr:
    """DATETIMEFROMPARTS and DATETIME2FROMPARTS without a fraction of a second."""
    return call("MAKE_TIMESTAMP", *found.arguments[:6])
