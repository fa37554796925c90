"""Conversions between types: which mean the same on the stand-in, and how they are written there."""

import re
from datetime import datetime, timedelta

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.calls import call, cast_to, number, stopped_where, text
from transferroom_pipeline.legacy.tsql.date_parts import FIRST_DAY, parse_date, rounded_to_datetime
from transferroom_pipeline.legacy.tsql.sql_types import MAX_DIGITS, MAX_LENGTH, Family, SqlType

_WHOLE = re.compile(r"[+-]?[0-9]+")
_IDENTIFIER = re.compile(r"(\{)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?(1)\}|)", re.IGNORECASE | re.ASCII)
_LONGEST_INTEGER = {"TINYINT": 3, "SMALLINT": 6, "INT": 11, "BIGINT": 20}
_LENGTH_OF_DATE = 10
_LENGTH_OF_IDENTIFIER = 36
_SIGN_ZERO_AND_POINT = 3
_DIGITS_OF_MICROSECOND = 6

# Microseconds since the year 1, so that whole-number division, which cuts towards zero, rounds all dates alike.
_TICKS = "((EPOCH_US(x) + 62135596800000000) * 3 + 5000) // 10000"
_AS_DATETIME = f"MAKE_TIMESTAMP(({_TICKS} * 10 + 1) // 3 * 1000 - 62135596800000000)"
_AS_DATETIME2 = "MAKE_TIMESTAMP((EPOCH_US(x) + 62135596800000000 + {half}) // {unit} * {unit} - 62135596800000000)"
_STRICT_WHOLE = """CASE WHEN TRIM(x, ' ') IN ('', '+', '-') THEN 0
    WHEN x IS NULL OR REGEXP_FULL_MATCH(TRIM(x, ' '), '[+-]?[0-9]+') THEN CAST(TRIM(x, ' ') AS BIGINT)
    ELSE ERROR('the text "' || x || '" is no whole number, and SQL Server stops on it as well') END"""
_DECIMAL = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)"
_NUMBERS_IN_TEXT = {
    Family.DECIMAL: _DECIMAL,
    Family.MONEY: _DECIMAL,
    Family.FLOAT: _DECIMAL + r"([eE][+-]?[0-9]+)?",
}
_STRICT_NUMBER = """CASE WHEN x IS NULL OR REGEXP_FULL_MATCH(TRIM(x, ' '), '{pattern}') THEN TRIM(x, ' ')
    ELSE ERROR('the text "' || x || '" is not read as a {name}: SQL Server stops on it, or has rules of its own') END"""
_DATE_OF_TEXT = """CASE WHEN REGEXP_FULL_MATCH(x, '[0-9]{8}') THEN STRPTIME(x, '%Y%m%d')
    ELSE CAST(x AS TIMESTAMP) END"""
_TRY_WHOLE = """CASE WHEN TRIM(x, ' ') IN ('', '+', '-') THEN 0
    WHEN REGEXP_FULL_MATCH(TRIM(x, ' '), '[+-]?[0-9]+') THEN TRY_CAST(TRIM(x, ' ') AS BIGINT) END"""


def convert(value: exp.Expr, source: SqlType, target: SqlType, *, safe: bool = False) -> exp.Expr:
    """`value` of type `source` as SQL Server converts it to `target`, written for the stand-in.

    Args:
        value: The value, as it is on the stand-in.
        source: Its type on SQL Server.
        target: The type to convert it to.
        safe: Whether what cannot be converted becomes NULL, as with TRY_CAST.
    """
    if target.family is Family.TEXT:
        return _fitted(_text_of(value, source), source, target)
    if target.family in (Family.DATE, Family.DATETIME):
        return _date(value, source, target, safe=safe)
    if target.family is Family.BIT and source.family not in (Family.BIT, Family.NULL):
        return exp.paren(exp.NEQ(this=value, expression=number(0)))
    return cast_to(target, _readable(value, source, target, safe=safe), safe=safe)


def _readable(value: exp.Expr, source: SqlType, target: SqlType, *, safe: bool) -> exp.Expr:
    """A value of which the stand-in's own cast makes the number that SQL Server makes of it."""
    if target.family is Family.INTEGER and source.family in (Family.DECIMAL, Family.FLOAT):
        return call("TRUNC", value)
    if source.family is not Family.TEXT or (safe and target.family is not Family.INTEGER):
        return value
    if target.family is Family.INTEGER and not _is_whole_constant(value):
        # '' and a sign alone are 0 on SQL Server.
        return from_template(_TRY_WHOLE if safe else _STRICT_WHOLE, value)
    return _number_in_text(value, target.family) if target.family in _NUMBERS_IN_TEXT else value


def is_number_in_text(written: str, family: Family) -> bool:
    """Whether a text is a number that becomes a DECIMAL, MONEY or FLOAT on every engine; blanks around it do not count.

    An empty text is 0 as a FLOAT.
    """
    plain = written.strip(" ")
    return re.fullmatch(_NUMBERS_IN_TEXT[family], plain) is not None or (not plain and family is Family.FLOAT)


def _number_in_text(value: exp.Expr, family: Family) -> exp.Expr:
    """The text of a number; an empty one is 0 as a FLOAT."""
    pattern, name = _NUMBERS_IN_TEXT[family], family.upper()
    if isinstance(value, exp.Literal) and re.fullmatch(pattern, value.name.strip(" ")):
        return value
    strict = from_template(_STRICT_NUMBER.format(pattern=pattern, name=name), value)
    if family is not Family.FLOAT:
        return strict
    is_empty = exp.EQ(this=call("TRIM", value.copy(), text(" ")), expression=text(""))
    return exp.Case(ifs=[exp.If(this=is_empty, true=text("0"))], default=strict)


def is_identifier(written: str) -> bool:
    """Whether a constant text is a UNIQUEIDENTIFIER, in braces or without."""
    return _IDENTIFIER.fullmatch(written) is not None


def from_template(template: str, value: exp.Expr) -> exp.Expr:
    """SQL of the stand-in with `value` in place of every `x`."""
    tree: exp.Expr = exp.maybe_parse(template, dialect="duckdb")
    for column in list(tree.find_all(exp.Column)):
        column.replace(value.copy())
    return tree


def _is_whole_constant(value: exp.Expr) -> bool:
    return isinstance(value, exp.Literal) and is_whole_number(value.name)


def is_whole_number(written: str) -> bool:
    """Whether a constant text is a whole number and nothing else."""
    return bool(_WHOLE.fullmatch(written))


def _text_of(value: exp.Expr, source: SqlType) -> exp.Expr:
    varchar = SqlType("VARCHAR")
    if source.family is Family.TEXT:
        return value
    if source.family is Family.BIT:
        return cast_to(varchar, cast_to(SqlType("INT"), value))
    if source.family is Family.UUID:
        return call("UPPER", cast_to(varchar, value))
    if source.name == "DECIMAL" and source.size is not None and source.size <= source.scale + 1:
        # The stand-in writes .5 where all digits stand after the point.
        value = cast_to(SqlType("DECIMAL", min(source.scale + 1, MAX_DIGITS), source.scale), value)
    return cast_to(varchar, value)


def _fitted(written: exp.Expr, source: SqlType, target: SqlType) -> exp.Expr:
    """A text cut or padded to the length of its type; a whole number that does not fit becomes an asterisk."""
    if target.size is None or target.size == MAX_LENGTH:
        return written
    fitted = written
    if source.family is Family.INTEGER and not target.is_national and source.name != "BIGINT":
        fitted = _starred(written, source, target.size)
    elif _longest_number(source) > target.size:
        is_too_long = exp.GT(this=call("LENGTH", written.copy()), expression=number(target.size))
        fitted = stopped_where(is_too_long, f"a {source} that does not fit into a {target}", written)
    elif _may_be_longer(source, target.size):
        fitted = call("LEFT", written, number(target.size))
    is_padded = target.name in {"CHAR", "NCHAR"}
    return call("RPAD", fitted, number(target.size), text(" ")) if is_padded else fitted


def _longest_number(source: SqlType) -> int:
    """The length of the longest text of a type of which SQL Server cuts no text; 0 for others."""
    if source.family is Family.DECIMAL:
        return (source.size or 0) + _SIGN_ZERO_AND_POINT
    return _LENGTH_OF_IDENTIFIER if source.family is Family.UUID else _LONGEST_INTEGER.get(source.name, 0)


def _may_be_longer(source: SqlType, length: int) -> bool:
    if source.family in (Family.TEXT, Family.UNKNOWN):
        return source.size is None or source.size == MAX_LENGTH or source.size > length
    return source.family is Family.DATE and length < _LENGTH_OF_DATE


def _starred(written: exp.Expr, source: SqlType, length: int) -> exp.Expr:
    if length >= _LONGEST_INTEGER[source.name]:
        return written
    is_too_long = exp.GT(this=call("LENGTH", written.copy()), expression=number(length))
    return exp.Case(ifs=[exp.If(this=is_too_long, true=text("*"))], default=written)


def _date(value: exp.Expr, source: SqlType, target: SqlType, *, safe: bool) -> exp.Expr:
    constant = _constant(value, target)
    if constant is not None:
        return constant
    if source.family is Family.TEXT and not safe:
        value = from_template(_DATE_OF_TEXT, value)
    converted = value if source == target else cast_to(target, value, safe=safe)
    if source.family is Family.DATE or source == target:
        return converted
    if target.name == "DATETIME" and source.name != "SMALLDATETIME":
        return from_template(_AS_DATETIME, converted)
    if target.name == "DATETIME2" and target.size is not None and target.size < _DIGITS_OF_MICROSECOND:
        return _rounded(converted, target.size)
    return converted


def _rounded(value: exp.Expr, digits: int) -> exp.Expr:
    unit = 10 ** (_DIGITS_OF_MICROSECOND - digits)
    return from_template(_AS_DATETIME2.format(half=unit // 2, unit=unit), value)


def _constant(value: exp.Expr, target: SqlType) -> exp.Expr | None:
    """A constant date; None of what is no constant."""
    is_text = isinstance(value, exp.Literal) and value.is_string
    moment = parse_date(value.name) if is_text else day_number(value)
    if moment is None:
        return None
    if target.family is Family.DATE:
        return cast_to(target, text(moment.date().isoformat()))
    moment = rounded_to_datetime(moment) if target.name == "DATETIME" else moment
    constant = cast_to(target, text(moment.isoformat(sep=" ")))
    is_rounded = target.name == "DATETIME2" and target.size is not None and target.size < _DIGITS_OF_MICROSECOND
    return _rounded(constant, target.size or 0) if is_rounded else constant


def day_number(value: exp.Expr) -> datetime | None:
    """The date that a constant whole number stands for, counted in days from 1900; None of anything else."""
    sign, days = (-1, value.this) if isinstance(value, exp.Neg) else (1, value)
    if not isinstance(days, exp.Literal) or days.is_string or not days.is_int:
        return None
    try:
        return FIRST_DAY + timedelta(days=sign * int(days.name))
    except OverflowError:
        return None
