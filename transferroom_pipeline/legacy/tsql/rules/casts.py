"""CAST, CONVERT and what is converted without being asked."""

from collections.abc import Callable

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.conversions import is_number_in_text, is_whole_number
from transferroom_pipeline.legacy.tsql.date_parts import has_seventh_digit, parse_date
from transferroom_pipeline.legacy.tsql.rule import Doubt, Rule
from transferroom_pipeline.legacy.tsql.rules.comparisons import NUMBERS
from transferroom_pipeline.legacy.tsql.rules.settled import is_text
from transferroom_pipeline.legacy.tsql.sql_types import MAX_DIGITS, MAX_LENGTH, Family, SqlType
from transferroom_pipeline.legacy.tsql.types import Types
from transferroom_pipeline.legacy.tsql.verdicts import Verdict

CASTS = (exp.Cast, exp.Convert)
NO_PLAIN_TEXT = (Family.FLOAT, Family.MONEY, Family.DATETIME, Family.TIME, Family.OFFSET)
"""What SQL Server writes as text in forms of its own."""
DATE_TYPES = (Family.DATE, Family.DATETIME, Family.TIME)
_DIGITS_OF_MICROSECOND = 6
_DIGITS_OF_DATETIME = 3
_LONGEST_TEXT = 8000
_LONGEST_NATIONAL = 4000

Match = Callable[[exp.Expr, SqlType, SqlType], str | None]


def value_of(node: exp.Expr) -> exp.Expr:
    """What a CAST or CONVERT converts."""
    converted: exp.Expr = node.expression if isinstance(node, exp.Convert) else node.this
    return converted


def is_safe(node: exp.Expr) -> bool:
    """Whether it is TRY_CAST or TRY_CONVERT."""
    return isinstance(node, exp.TryCast) or bool(node.args.get("safe"))


def style_of(node: exp.Expr) -> exp.Expr | None:
    """The style of a CONVERT; None without one, and for a CAST."""
    return node.args.get("style") if isinstance(node, exp.Convert) else None


def cast_name(node: exp.Expr) -> str:
    """CAST, CONVERT, TRY_CAST or TRY_CONVERT."""
    return f"{'TRY_' if is_safe(node) else ''}{'CONVERT' if isinstance(node, exp.Convert) else 'CAST'}"


def _on_types(match: Match) -> Callable[[exp.Expr, Types], str | None]:
    """A match on the types that a cast goes from and to; one with a style is the business of the rules of styles."""

    def matches(node: exp.Expr, types: Types) -> str | None:
        if style_of(node) is not None and types.family(value_of(node)) in (*DATE_TYPES, Family.TEXT):
            return None
        return match(node, types.of(value_of(node)), types.of(node))

    return matches


def _cuts_number(node: exp.Expr, source: SqlType, target: SqlType) -> str | None:
    fraction = source.family in (Family.DECIMAL, Family.FLOAT) and target.family is Family.INTEGER
    return f"{cast_name(node)} of a {source} to {target}" if fraction else None


def _may_cut_number(node: exp.Expr, source: SqlType, target: SqlType) -> str | None:
    is_open = source.family is Family.UNKNOWN and target.family is Family.INTEGER
    return Doubt(f"{cast_name(node)} to {target}") if is_open else None


def _cuts_text(node: exp.Expr, source: SqlType, target: SqlType) -> str | None:
    if target.family is not Family.TEXT or target.size in (None, MAX_LENGTH):
        return None
    if _fits(source, target) and target.name not in {"CHAR", "NCHAR"}:
        return None
    return f"{cast_name(node)} to {target}"


def _fits(source: SqlType, target: SqlType) -> bool:
    longest = {Family.DATE: 10, Family.NULL: 0, Family.UUID: 36, Family.BIT: 1}.get(source.family)
    longest = {"TINYINT": 3, "SMALLINT": 6, "INT": 11, "BIGINT": 20}.get(source.name, longest)
    if source.family is Family.DECIMAL:
        longest = (source.size or 18) + 3
    if source.family is Family.TEXT:
        longest = None if source.size == MAX_LENGTH else source.size
    return longest is not None and target.size is not None and longest <= target.size


def _text_of_float(node: exp.Expr, source: SqlType, target: SqlType) -> str | None:
    is_float = target.family is Family.TEXT and source.family is Family.FLOAT
    return f"{cast_name(node)} of a FLOAT to text" if is_float else None


def _text_of_other(node: exp.Expr, source: SqlType, target: SqlType) -> str | None:
    is_odd = source.family in NO_PLAIN_TEXT or source.scale == MAX_DIGITS
    bad = target.family is Family.TEXT and is_odd and source.family is not Family.FLOAT
    return f"{cast_name(node)} of a {source} to text" if bad else None


def _text_form_there(node: exp.Expr, source: SqlType, target: SqlType) -> str | None:
    to_text = target.family is Family.TEXT and source.family in (Family.UUID, Family.BIT)
    to_identifier = target.family is Family.UUID
    return f"{cast_name(node)} of a {source} to {target}" if to_text or to_identifier else None


def _text_of_unknown(node: exp.Expr, source: SqlType, target: SqlType) -> str | None:
    is_open = target.family is Family.TEXT and source.family is Family.UNKNOWN
    return Doubt(f"{cast_name(node)} of an unknown type to text") if is_open else None


def _tries_whole_number(node: exp.Expr, source: SqlType, target: SqlType) -> str | None:
    is_try = is_safe(node) and source.family is Family.TEXT and target.family is Family.INTEGER
    return f"{cast_name(node)} of a text to {target}" if is_try and not is_text(value_of(node)) else None


def _tries_other(node: exp.Expr, source: SqlType, target: SqlType) -> str | None:
    if not is_safe(node) or target.family in (Family.TEXT, Family.INTEGER) or _is_plain(value_of(node), target):
        return None
    if source.family is Family.UNKNOWN:
        return Doubt(f"{cast_name(node)} of an unknown type to {target}")
    return f"{cast_name(node)} of a text to {target}" if source.family is Family.TEXT else None


def _is_plain(value: exp.Expr, target: SqlType) -> bool:
    """Whether a constant text converts to a type without doubt."""
    if not is_text(value):
        return False
    if target.family in (Family.DATE, Family.DATETIME):
        return parse_date(value.name) is not None
    number = value.name.removeprefix("-")
    return target.family in NUMBERS and number.replace(".", "", 1).isdecimal() and number.isascii()


def _odd_constant(node: exp.Expr, _source: SqlType, target: SqlType) -> str | None:
    value = value_of(node)
    if not is_text(value) or is_safe(node):
        return None
    if target.family in (Family.DATE, Family.DATETIME) and parse_date(value.name) is None:
        return f"the date '{value.name}'"
    odd_number = target.family is Family.INTEGER and not is_whole_number(value.name)
    if target.family in (Family.DECIMAL, Family.MONEY, Family.FLOAT):
        odd_number = not is_number_in_text(value.name, target.family)
    return f"{cast_name(node)} of the text '{value.name}' to {target}" if odd_number else None


def _reads_dates(node: exp.Expr, source: SqlType, target: SqlType) -> str | None:
    if is_safe(node) or target.family not in DATE_TYPES or is_text(value_of(node)):
        return None
    if source.family is Family.UNKNOWN:
        return Doubt(f"{cast_name(node)} of what may be a text to {target}")
    return f"{cast_name(node)} of a text to {target}" if source.family is Family.TEXT else None


def _number_and_date(node: exp.Expr, source: SqlType, target: SqlType) -> str | None:
    to_date = source.family in NUMBERS and target.family in DATE_TYPES
    from_date = source.family in DATE_TYPES and target.family in NUMBERS
    value = value_of(node)
    is_constant = isinstance(value, exp.Literal) and not value.is_string and value.is_int and target.name == "DATETIME"
    return f"{cast_name(node)} of a {source} to {target}" if (to_date and not is_constant) or from_date else None


def _rounds_time(node: exp.Expr, source: SqlType, target: SqlType) -> str | None:
    rounds = target.name == "DATETIME" and source.family not in (Family.DATE, Family.NULL) and source.name != "DATETIME"
    return f"{cast_name(node)} to DATETIME" if rounds else None


def _thirds(node: exp.Expr, source: SqlType, target: SqlType) -> str | None:
    is_finer = target.name in {"DATETIME2", "TIME"} and (target.size is None or target.size > _DIGITS_OF_DATETIME)
    return f"{cast_name(node)} of a DATETIME to {target}" if is_finer and source.name == "DATETIME" else None


def _rounds_digits(node: exp.Expr, source: SqlType, target: SqlType) -> str | None:
    rounds = target.name == "DATETIME2" and target.size is not None and target.size < _DIGITS_OF_MICROSECOND
    return f"{cast_name(node)} to {target}" if rounds and source.family is not Family.DATE else None


def _other_time(node: exp.Expr, _source: SqlType, target: SqlType) -> str | None:
    if target.name == "SMALLDATETIME":
        return f"{cast_name(node)} to SMALLDATETIME"
    cut = target.name == "TIME" and target.size is not None and target.size < _DIGITS_OF_MICROSECOND
    return f"{cast_name(node)} to {target}" if cut else None


def _to_time(node: exp.Expr, _source: SqlType, target: SqlType) -> str | None:
    return f"{cast_name(node)} to TIME" if target.name == "TIME" else None


def _seventh_digit(node: exp.Expr, _source: SqlType, target: SqlType) -> str | None:
    value = value_of(node)
    found = target.name in {"DATETIME2", "TIME"} and is_text(value) and has_seventh_digit(value.name)
    return f"{cast_name(node)} of seven digits of a second to {target.name}" if found else None


def _to_bit(node: exp.Expr, source: SqlType, target: SqlType) -> str | None:
    if target.family is not Family.BIT:
        return None
    if source.family is Family.UNKNOWN:
        return Doubt(f"{cast_name(node)} to BIT")
    return f"{cast_name(node)} of a {source} to BIT" if source.family not in (*NUMBERS, Family.NULL) else None


def _float_to_decimal(node: exp.Expr, source: SqlType, target: SqlType) -> str | None:
    exact = target.family in (Family.DECIMAL, Family.MONEY)
    return f"{cast_name(node)} of a FLOAT to {target}" if exact and source.family is Family.FLOAT else None


def _never_converts(node: exp.Expr, source: SqlType, target: SqlType) -> str | None:
    families = {source.family, target.family}
    is_identifier = Family.UUID in families and bool(families & {*NUMBERS, *DATE_TYPES, Family.OFFSET})
    is_time = source.family is Family.TIME and target.family in (*NUMBERS, Family.DATE, Family.DATETIME)
    is_day = source.family is Family.DATE and target.family is Family.TIME
    return f"{cast_name(node)} of a {source} to {target}" if is_identifier or is_time or is_day else None


def _is_impossible(kind: SqlType) -> bool:
    """Whether SQL Server has the type, but not of this size."""
    if kind.name == "DECIMAL":
        return (kind.size or 0) > MAX_DIGITS or kind.scale > (kind.size or 0)
    most = _LONGEST_NATIONAL if kind.is_national else _LONGEST_TEXT
    is_odd = kind.size is not None and kind.size != MAX_LENGTH and not 0 < kind.size <= most
    return kind.family is Family.TEXT and is_odd


def _other_type(node: exp.Expr, source: SqlType, target: SqlType) -> str | None:
    if _is_impossible(target):
        return f"{cast_name(node)} to {target}"
    for found in (target, source):
        if found.family in (Family.OTHER, Family.BINARY, Family.OFFSET):
            return f"{cast_name(node)} {'to' if found is target else 'of'} {found.name}"
    return None


WRITE_STYLE = "write CONVERT with a style that is known, such as 112 or 120, or run this table on SQL Server"

RULES = (
    Rule(
        "cast_to_int", "CAST of a decimal or FLOAT to INT", Verdict.RIGHT, Verdict.RIGHT,
        "the fraction is cut off on SQL Server and on Databricks, and the stand-in is made to do so",
        "nothing",
        needs_types=True, nodes=CASTS, matches=_on_types(_cuts_number),
    ),
    Rule(
        "cast_to_int_unknown", "CAST of an unknown type to INT", Verdict.REFUSE, Verdict.WARN,
        "a fraction is cut off on SQL Server, and rounded by the stand-in",
        "give the types of the columns",
        needs_types=True, firm=True, nodes=CASTS, matches=_on_types(_may_cut_number),
    ),
    Rule(
        "text_cut", "CAST to a text that may not fit", Verdict.RIGHT, Verdict.WARN,
        "a text that is too long is cut on SQL Server (to 30 characters without a length), a number becomes *, and "
        "CHAR is filled up with blanks",
        "write LEFT(x, n) or RPAD(LEFT(x, n), n, ' ') there",
        needs_types=True, nodes=CASTS, matches=_on_types(_cuts_text),
    ),
    Rule(
        "float_to_text", "FLOAT to text", Verdict.REFUSE, Verdict.REFUSE,
        "SQL Server writes six digits of it, 7 and 1.23457e+006",
        "CAST it to a DECIMAL first",
        needs_types=True, nodes=CASTS, matches=_on_types(_text_of_float),
    ),
    Rule(
        "other_to_text", "DATETIME, DATETIME2, TIME or MONEY to text", Verdict.REFUSE, Verdict.REFUSE,
        "SQL Server has forms of its own, such as Jun  5 2026  9:05AM",
        WRITE_STYLE,
        needs_types=True, nodes=CASTS, matches=_on_types(_text_of_other),
    ),
    Rule(
        "identifier_or_bit_to_text", "UNIQUEIDENTIFIER or BIT to text, or a text to UNIQUEIDENTIFIER", Verdict.RIGHT,
        Verdict.WARN,
        "SQL Server writes an identifier in capitals and a BIT as 1 or 0; Databricks has texts and true or false",
        "write UPPER(x), or CAST(CAST(x AS INT) AS STRING) there",
        needs_types=True, nodes=CASTS, matches=_on_types(_text_form_there),
    ),
    Rule(
        "unknown_to_text", "an unknown type to text", Verdict.WARN, Verdict.WARN,
        "of a FLOAT, DATETIME, BIT or MONEY SQL Server writes another text",
        "give the types of the columns, or make sure that it is a text, a whole number, a DECIMAL or a DATE",
        needs_types=True, nodes=CASTS, matches=_on_types(_text_of_unknown),
    ),
    Rule(
        "try_cast_int", "TRY_CAST of a text to INT", Verdict.WARN, Verdict.WARN,
        "it is right for whole numbers, blanks around them and ''; what else SQL Server converts is not known here "
        "in full",
        "make sure that the texts are whole numbers",
        needs_types=True, nodes=CASTS, matches=_on_types(_tries_whole_number),
    ),
    Rule(
        "try_cast", "TRY_CAST or TRY_CONVERT of a text", Verdict.REFUSE, Verdict.WARN,
        "SQL Server converts other texts than the other engines, which silently make NULL of them",
        "convert the text where it is loaded, or run this table on SQL Server",
        needs_types=True, firm=True, nodes=CASTS, matches=_on_types(_tries_other),
    ),
    Rule(
        "odd_constant", "a constant that is read by SQL Server's own rules", Verdict.REFUSE, Verdict.REFUSE,
        "how it is converted depends on SQL Server and its language setting",
        "write the date as 'YYYY-MM-DD', the number as digits",
        nodes=CASTS, matches=_on_types(_odd_constant),
    ),
    Rule(
        "text_to_date", "CAST of a text to a date", Verdict.WARN, Verdict.WARN,
        "SQL Server reads many forms of dates, and here only YYYY-MM-DD and YYYYMMDD are read, and others stop the "
        "build",
        "make sure that all texts are YYYY-MM-DD",
        needs_types=True, nodes=CASTS, matches=_on_types(_reads_dates),
    ),
    Rule(
        "number_and_date", "CAST between a number and a date", Verdict.REFUSE, Verdict.REFUSE,
        "a number stands for days since 1900 on SQL Server",
        "write DATEADD or DATEDIFF",
        needs_types=True, nodes=CASTS, matches=_on_types(_number_and_date),
    ),
    Rule(
        "never_converts", "CAST between types of which one is never made of the other", Verdict.REFUSE, Verdict.REFUSE,
        "SQL Server does not convert it, or puts a TIME on 1900-01-01",
        "CAST another value",
        needs_types=True, nodes=CASTS, matches=_on_types(_never_converts),
    ),
    Rule(
        "to_datetime", "CAST to DATETIME", Verdict.RIGHT, Verdict.WARN,
        "a DATETIME is rounded to 1/300 of a second on SQL Server",
        "CAST to DATETIME2(0) on both sides",
        needs_types=True, nodes=CASTS, matches=_on_types(_rounds_time),
    ),
    Rule(
        "datetime_thirds", "CAST of a DATETIME to DATETIME2 or TIME", Verdict.WARN, Verdict.WARN,
        "a DATETIME counts in thirds of 10 milliseconds on SQL Server, so that .003 becomes .0033333 there",
        "make sure that the seconds are whole, or CAST to DATETIME2(3)",
        needs_types=True, nodes=CASTS, matches=_on_types(_thirds),
    ),
    Rule(
        "datetime2_digits", "CAST to DATETIME2 of few digits", Verdict.RIGHT, Verdict.WARN,
        "the time is rounded to those digits on SQL Server",
        "round it there",
        nodes=CASTS, matches=_on_types(_rounds_digits),
    ),
    Rule(
        "other_time", "CAST to SMALLDATETIME or TIME of few digits", Verdict.REFUSE, Verdict.WARN,
        "the time is rounded on SQL Server",
        "CAST to DATETIME2(0)",
        nodes=CASTS, matches=_on_types(_other_time),
    ),
    Rule(
        "time_there", "CAST to TIME", Verdict.RIGHT, Verdict.WARN,
        "Databricks has no type for a time of day",
        "keep it as a text or as seconds there",
        nodes=CASTS, matches=_on_types(_to_time),
    ),
    Rule(
        "seventh_digit", "the seventh digit of a second", Verdict.WARN, Verdict.WARN,
        "DATETIME2 has seven digits of a second on SQL Server, and six elsewhere",
        "make sure that the seventh does not matter",
        nodes=CASTS, matches=_on_types(_seventh_digit),
    ),
    Rule(
        "to_bit", "CAST of what is no number to BIT", Verdict.REFUSE, Verdict.WARN,
        "SQL Server converts 'true', 'false' and numbers in text",
        "write CASE WHEN ... THEN 1 ELSE 0 END",
        needs_types=True, nodes=CASTS, matches=_on_types(_to_bit),
    ),
    Rule(
        "float_to_decimal", "CAST of a FLOAT to DECIMAL", Verdict.WARN, Verdict.WARN,
        "a FLOAT that lies between two results, such as 0.285, may be rounded the other way",
        "make sure that it is not close to a half",
        needs_types=True, nodes=CASTS, matches=_on_types(_float_to_decimal),
    ),
    Rule(
        "other_type", "a type that is not carried over", Verdict.REFUSE, Verdict.WARN,
        "the stand-in and Databricks have no type of the same meaning",
        "CAST to another type, or run this table on SQL Server",
        nodes=CASTS, matches=_on_types(_other_type),
    ),
)  # fmt: skip
