"""Dates: parts and their abbreviations, what counts as a date, and adding to one."""

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.conversions import day_number
from transferroom_pipeline.legacy.tsql.date_parts import DAY_PARTS, PARTS, TIME_PARTS, parse_date
from transferroom_pipeline.legacy.tsql.functions import FUNCTIONS
from transferroom_pipeline.legacy.tsql.rule import Doubt, Rule
from transferroom_pipeline.legacy.tsql.rules.comparisons import NUMBERS
from transferroom_pipeline.legacy.tsql.rules.settled import is_text
from transferroom_pipeline.legacy.tsql.sql_types import Family
from transferroom_pipeline.legacy.tsql.text_functions import date_format
from transferroom_pipeline.legacy.tsql.types import Types
from transferroom_pipeline.legacy.tsql.verdicts import Verdict

_SUPPORTED = {
    "DATEADD": {"year", "quarter", "month", "week", *DAY_PARTS, *TIME_PARTS} - {"nanosecond"},
    "DATEDIFF": {"year", "quarter", "month", "week", *DAY_PARTS, *TIME_PARTS} - {"nanosecond"},
    "DATEDIFF_BIG": {"year", "quarter", "month", "week", *DAY_PARTS, *TIME_PARTS} - {"nanosecond"},
    "DATEPART": {"year", "quarter", "month", "dayofyear", "day", "iso_week", *TIME_PARTS},
    "DATENAME": {"year", "quarter", "month", "dayofyear", "day", "iso_week", "weekday", *TIME_PARTS},
    "DATETRUNC": {"year", "quarter", "month", "dayofyear", "day", "iso_week", *TIME_PARTS} - {"nanosecond"},
}
_KNOWN_TO_SQLGLOT = {"yyyy", "yy", "qq", "q", "mm", "m", "ww", "wk", "dd", "d"}
_TICKS_PARTS = {"millisecond", "microsecond"}
_DATES = (Family.DATE, Family.DATETIME)


def _date_arguments(node: exp.Expr) -> list[exp.Expr]:
    function = FUNCTIONS.get(node.name.upper())
    if function is None:
        return []
    return [argument for place, argument in enumerate(node.expressions) if function.kind(place) == "d"]


def _part(node: exp.Expr) -> tuple[str, str]:
    """The name of the function and its date part as written; two empty texts for other functions."""
    name = node.name.upper()
    is_named = name in _SUPPORTED and node.expressions
    return (name, node.expressions[0].name.lower()) if is_named else ("", "")


def _unknown_part(node: exp.Expr, _types: Types) -> str | None:
    name, written = _part(node)
    part = PARTS.get(written, "")
    shown = part if part in {"", written} else f"{written}, which is {part}"
    return f"{name}({shown or written})" if name and part not in _SUPPORTED[name] else None


def _abbreviated(node: exp.Expr, _types: Types) -> str | None:
    name, written = _part(node)
    part = PARTS.get(written)
    if part is None or part not in _SUPPORTED[name] or written == part or name == "DATEPART":
        return None
    return None if written in _KNOWN_TO_SQLGLOT and name != "DATETRUNC" else f"{name}({written})"


def _other_part_there(node: exp.Expr, _types: Types) -> str | None:
    name, written = _part(node)
    part = PARTS.get(written, "")
    differs = {"DATEPART": {"iso_week", "nanosecond", "microsecond", "millisecond", "dayofyear"},
               "DATENAME": _SUPPORTED["DATENAME"] - {"month", "weekday"}, "DATETRUNC": {"iso_week", "dayofyear"},
               "DATEADD": {"dayofyear", "weekday", *_TICKS_PARTS}}  # fmt: skip
    return f"{name}({part})" if part in differs.get(name, set()) else None


def _boundaries(node: exp.Expr, types: Types) -> str | None:
    name, written = _part(node)
    if not name.startswith("DATEDIFF"):
        return None
    days = PARTS.get(written) == "day" and all(types.family(found) is Family.DATE for found in _date_arguments(node))
    return None if days else f"{name}({PARTS.get(written, written)})"


def _nanoseconds(node: exp.Expr, _types: Types) -> str | None:
    name, written = _part(node)
    found = name in {"DATEPART", "DATENAME"} and PARTS.get(written) == "nanosecond"
    return f"{name}(nanosecond) of a DATETIME2" if found else None


def _odd_text(node: exp.Expr, _types: Types) -> str | None:
    for argument in _date_arguments(node):
        if is_text(argument) and parse_date(argument.name) is None:
            return f"{node.name.upper()} of the date '{argument.name}'"
    return None


def _reads_text(node: exp.Expr, types: Types) -> str | None:
    bad = (Family.TEXT, Family.TIME, Family.OFFSET, Family.OTHER, Family.BINARY, Family.UUID, Family.BIT)
    for argument in _date_arguments(node):
        found = types.of(argument)
        if found.family in bad and not is_text(argument) and not _is_time_of_day(node, types):
            return f"{node.name.upper()} of a {found}"
    return None


def _is_time_of_day(node: exp.Expr, types: Types) -> bool:
    """Whether it is about the time of a day, which a TIME has, and of nothing else."""
    name, written = _part(node)
    is_known = name in {"DATEPART", "DATENAME", "DATEDIFF", "DATEDIFF_BIG"} and PARTS.get(written) in TIME_PARTS
    return is_known and {types.family(found) for found in _date_arguments(node)} == {Family.TIME}


def _number_as_date(node: exp.Expr, _types: Types) -> str | None:
    for argument in _date_arguments(node):
        days = day_number(argument)
        if days is not None:
            return f"{node.name.upper()} of the number {argument.sql(dialect='tsql')}"
    return None


def _odd_number_as_date(node: exp.Expr, types: Types) -> str | None:
    for argument in _date_arguments(node):
        if types.family(argument) in NUMBERS and day_number(argument) is None:
            return f"{node.name.upper()} of a number"
    return None


def _does_not_fit(node: exp.Expr, types: Types) -> str | None:
    name, written = _part(node)
    dates = _date_arguments(node)
    part = PARTS.get(written, "")
    if part in {"microsecond", "nanosecond"} and any(types.of(found).name == "DATETIME" for found in dates):
        return f"{name}({part}) of a DATETIME"
    if name not in {"DATEADD", "DATETRUNC"} or not dates:
        return None
    found = types.of(dates[0])
    if found.family is Family.DATE and part in TIME_PARTS:
        return f"{name}({part}) of a DATE"
    coarse = found.name in {"DATETIME", "SMALLDATETIME"} or is_text(dates[0])
    return f"{name}({part}) of a DATETIME" if coarse and part in _TICKS_PARTS else None


def _adds_days(node: exp.Expr, types: Types) -> str | None:
    found = _added(node, types)
    return "+ or - of a DATETIME and a number of days" if found == "days" else None


def _adds_other(node: exp.Expr, types: Types) -> str | None:
    found = _added(node, types)
    return "+ or - of a date and what is no whole number of days" if found == "other" else None


def _added(node: exp.Expr, types: Types) -> str | None:
    """`days` for whole days added to a DATETIME, `other` for another sum with a date."""
    if not isinstance(node, exp.Binary):
        return None
    left, right = types.of(node.left), types.of(node.right)
    if not {left.family, right.family} & {*_DATES, Family.TIME, Family.OFFSET}:
        return None
    datetime_first = left.name == "DATETIME" and right.family is Family.INTEGER
    datetime_second = right.name == "DATETIME" and left.family is Family.INTEGER and isinstance(node, exp.Add)
    return "days" if (datetime_first or datetime_second) and isinstance(node, exp.Add | exp.Sub) else "other"


def _formats(node: exp.Expr, types: Types) -> str | None:
    if node.name.upper() != "FORMAT" or not node.expressions:
        return None
    first, *options = node.expressions
    family = types.family(first)
    pattern = date_format(options[0].name) if options and is_text(options[0]) else None
    in_english = len(options) == 1 or (is_text(options[1]) and options[1].name.lower() in {"en-us", "en"})
    if pattern is None or not in_english or family not in (*_DATES, Family.UNKNOWN):
        return "FORMAT with a pattern, culture or type that is not known to give the same text"
    return Doubt("FORMAT of an unknown type") if family is Family.UNKNOWN else None


def _fraction(node: exp.Expr, _types: Types) -> str | None:
    name = node.name.upper()
    if name not in {"DATETIMEFROMPARTS", "DATETIME2FROMPARTS"}:
        return None
    rest = node.expressions[6:7]
    return (
        None
        if rest and rest[0].name == "0" and isinstance(rest[0], exp.Literal)
        else f"{name} with a fraction of a second"
    )


RULES = (
    Rule(
        "date_part", "a date part that is counted otherwise", Verdict.REFUSE, Verdict.WARN,
        "weeks and weekdays depend on DATEFIRST on SQL Server, where week 1 holds 1 January, and the others have no "
        "counterpart",
        "write iso_week, a number of days, or run this table on SQL Server",
        nodes=(exp.Anonymous,), matches=_unknown_part,
    ),
    Rule(
        "date_abbreviation", "an abbreviated date part", Verdict.RIGHT, Verdict.WARN,
        "sqlglot does not know it, or takes it for another",
        "write the date part in full",
        nodes=(exp.Anonymous,), matches=_abbreviated,
    ),
    Rule(
        "date_part_there", "a date part without a counterpart on Databricks", Verdict.RIGHT, Verdict.WARN,
        "Databricks has no such part, or gives another number",
        "compute it there from others",
        nodes=(exp.Anonymous,), matches=_other_part_there,
    ),
    Rule(
        "datediff", "DATEDIFF", Verdict.RIGHT, Verdict.WARN,
        "SQL Server counts the boundaries between two dates, Databricks whole units",
        "truncate both dates to the unit there before they are subtracted",
        needs_types=True, nodes=(exp.Anonymous,), matches=_boundaries,
    ),
    Rule(
        "nanoseconds", "nanoseconds", Verdict.WARN, Verdict.WARN,
        "DATETIME2 has seven digits of a second on SQL Server, and six elsewhere",
        "make sure that the seventh does not matter",
        nodes=(exp.Anonymous,), matches=_nanoseconds,
    ),
    Rule(
        "date_text", "a date function of an odd text", Verdict.REFUSE, Verdict.REFUSE,
        "how it is read depends on the language setting of SQL Server",
        "write the date as 'YYYY-MM-DD'",
        nodes=(exp.Anonymous,), matches=_odd_text,
    ),
    Rule(
        "date_of_other", "a date function of what is no date", Verdict.REFUSE, Verdict.WARN,
        "SQL Server reads many forms of dates, and keeps offsets",
        "convert it to a DATE or DATETIME2 where it is loaded",
        needs_types=True, nodes=(exp.Anonymous,), matches=_reads_text,
    ),
    Rule(
        "number_as_date", "a number as a date", Verdict.RIGHT, Verdict.REFUSE,
        "a number stands for days since 1900 on SQL Server",
        "write the date, or DATE_TRUNC('month', x) for the first of a month",
        needs_types=True, nodes=(exp.Anonymous,), matches=_number_as_date,
    ),
    Rule(
        "number_column_as_date", "a number that is no constant as a date", Verdict.REFUSE, Verdict.REFUSE,
        "a number stands for days since 1900 on SQL Server",
        "write DATEADD(day, x, '1900-01-01')",
        needs_types=True, nodes=(exp.Anonymous,), matches=_odd_number_as_date,
    ),
    Rule(
        "date_part_of_type", "a date part that the type does not have", Verdict.REFUSE, Verdict.WARN,
        "SQL Server refuses it, or rounds to 1/300 of a second",
        "CAST to DATETIME2 first",
        needs_types=True, nodes=(exp.Anonymous,), matches=_does_not_fit,
    ),
    Rule(
        "date_plus_days", "+ of a DATETIME and days", Verdict.RIGHT, Verdict.REFUSE,
        "it adds days on SQL Server",
        "write DATEADD(day, n, x)",
        needs_types=True, nodes=(exp.Add, exp.Sub), matches=_adds_days,
    ),
    Rule(
        "date_arithmetic", "+ or - of a date", Verdict.REFUSE, Verdict.REFUSE,
        "SQL Server adds fractions of days and differences as DATETIMEs",
        "write DATEADD or DATEDIFF",
        needs_types=True, nodes=(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), matches=_adds_other,
    ),
    Rule(
        "format", "FORMAT", Verdict.REFUSE, Verdict.WARN,
        "the text depends on the pattern, the culture and .NET",
        "write CONVERT with a style, or a pattern of digits such as yyyy-MM-dd",
        needs_types=True, firm=True, nodes=(exp.Anonymous,), matches=_formats,
    ),
    Rule(
        "fraction_of_second", "a time made of parts with a fraction", Verdict.REFUSE, Verdict.WARN,
        "the fraction is counted and rounded by SQL Server's own rules",
        "write 0 for the fraction",
        nodes=(exp.Anonymous,), matches=_fraction,
    ),
)  # fmt: skip
