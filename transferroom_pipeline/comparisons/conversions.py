"""Bringing the two sides of a column into one type in which equal values, and only those, are equal.

A conversion never rounds and never fails the query: a value that the common type cannot hold becomes NULL, and is told
apart from NULL by its text (see `equality.Equality`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import NUMERIC, WIDEST_DECIMAL, ColumnType
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.sql_text import DIALECT

Value = Callable[[exp.Expr], exp.Expr]

_BIGINT_DIGITS = 19
_OFFSET = r"\d:\d{2}.*([Zz]|[+-]\d{2}(:?\d{2})?| UTC)\s*$"
_FINER_THAN_MICROSECONDS = r"\.\d{6}\d*[1-9]"


@dataclass(frozen=True)
class Conversion:
    """How one side's values become values of the common type.

    Attributes:
        value: Builds the expression.
        may_fail: Whether a value that is not NULL can become NULL.
    """

    value: Value
    may_fail: bool = False


UNCHANGED = Conversion(lambda column: column)


def conversions(
    legacy: ColumnType, modern: ColumnType, *, timezone: str, as_instants: bool
) -> tuple[Conversion, Conversion]:
    """The conversions of both sides.

    Args:
        legacy: The old column's type.
        modern: The new column's type.
        timezone: The zone of timestamps without one.
        as_instants: Whether equal types of time are brought to one type as well, because they are subtracted.

    Raises:
        ComparisonError: There is no common type; the sentence ends where the caller names the column.
    """
    families = {legacy.family, modern.family}
    if families <= NUMERIC:
        return _number(legacy, modern), _number(modern, legacy)
    if families == {"instant"} and (as_instants or legacy.name != modern.name):
        zoned = legacy.has_zone or modern.has_zone
        return _instant(legacy, timezone, zoned=zoned), _instant(modern, timezone, zoned=zoned)
    if families == {"text"} or (legacy.name == modern.name and "MAP(" not in legacy.name[1:]):
        conversion = _same(legacy)
        return conversion, conversion
    if legacy.family == "text":
        return _text_as(modern, timezone), _beside_text(modern)
    if modern.family == "text":
        return _beside_text(legacy), _text_as(legacy, timezone)
    raise _no_common_type(legacy, modern)


def cast(value: exp.Expr, to: str) -> exp.Cast:
    """A cast that fails the query when a value does not fit: for types that hold every value."""
    return exp.cast(value, _data_type(to))


def try_cast(value: exp.Expr, to: str) -> exp.Expr:
    """A cast that gives NULL where a value does not fit."""
    return exp.TryCast(this=value.copy(), to=_data_type(to).copy())


@cache
def _data_type(name: str) -> exp.DataType:
    """Parsed once: a comparison casts the same few types over and over."""
    return exp.DataType.build(name, dialect=DIALECT)


def _same(column: ColumnType) -> Conversion:
    if column.family == "interval":
        # The engine holds a month and 30 days for equal.
        return Conversion(lambda value: cast(value, "VARCHAR"))
    if column.family == "map":
        # The engine holds maps with the same entries in another order for different.
        return Conversion(lambda value: exp.func("LIST_SORT", exp.func("MAP_ENTRIES", value.copy())))
    return UNCHANGED


def _number(own: ColumnType, other: ColumnType) -> Conversion:
    if own.name == other.name:
        return UNCHANGED
    if "float" in {own.family, other.family}:
        return Conversion(lambda value: cast(value, "DOUBLE"))
    to, fits = _exact_type(own, other)
    if own.family == "boolean":
        # The engine's cast from boolean gives decimals without whole digits a wrong value instead of none.
        return Conversion(lambda value: try_cast(cast(value, "TINYINT"), to), may_fail=not fits)
    return Conversion(lambda value: try_cast(value, to), may_fail=not fits)


def _exact_type(own: ColumnType, other: ColumnType) -> tuple[str, bool]:
    """The type that holds the decimals of both sides, and whether every value of `own` fits it."""
    whole, scale = max(own.whole_digits, other.whole_digits), max(own.scale, other.scale)
    if "decimal" not in {own.family, other.family}:
        return ("BIGINT" if whole <= _BIGINT_DIGITS else "HUGEINT"), own.name != "UHUGEINT"
    width = min(whole + scale, WIDEST_DECIMAL)
    return f"DECIMAL({width}, {scale})", own.whole_digits <= width - scale


def _instant(own: ColumnType, timezone: str, *, zoned: bool) -> Conversion:
    if own.has_zone:
        return UNCHANGED

    def value(column: exp.Expr) -> exp.Expr:
        naive = try_cast(column, "TIMESTAMP")
        if own.name == "TIMESTAMP_NS":
            unrounded = exp.EQ(this=try_cast(naive, "TIMESTAMP_NS"), expression=column.copy())
            naive = exp.case().when(unrounded, naive)
        return _in_zone(naive, timezone) if zoned else naive

    return Conversion(value, may_fail=own.name in {"DATE", "TIMESTAMP_NS", "TIMESTAMP_S", "TIMESTAMP_MS"})


def _in_zone(value: exp.Expr, timezone: str) -> exp.Expr:
    return exp.AtTimeZone(this=value, zone=exp.Literal.string(timezone))


def _text_as(other: ColumnType, timezone: str) -> Conversion:
    """Reads a text as a value of the other side's type; what is none becomes NULL."""
    if other.is_exact_number and other.family != "boolean":
        return Conversion(lambda text: _text_as_exact_number(text, other), may_fail=True)
    if other.family == "instant":
        return Conversion(lambda text: _text_as_instant(text, timezone, zoned=other.has_zone), may_fail=True)
    if other.family == "time":
        return Conversion(lambda text: _in_microseconds(text, try_cast(text, "TIME")), may_fail=True)
    if other.family in {"boolean", "float"} or other.name == "UUID":
        return Conversion(lambda text: try_cast(text, other.name), may_fail=True)
    raise _no_common_type(ColumnType("VARCHAR", "text"), other)


def _beside_text(own: ColumnType) -> Conversion:
    """The other side of `_text_as`."""
    if own.is_exact_number and own.family != "boolean":
        return Conversion(lambda value: cast(value, _type_beside_text(own)))
    if own.family == "instant":
        return _instant(own, "UTC", zoned=own.has_zone)
    return UNCHANGED


def _type_beside_text(number: ColumnType) -> str:
    """As many decimals as fit beside the number's whole digits, because the cast of a text rounds what does not fit."""
    if number.whole_digits > WIDEST_DECIMAL:
        return number.name
    return f"DECIMAL({WIDEST_DECIMAL}, {WIDEST_DECIMAL - number.whole_digits})"


def _text_as_exact_number(text: exp.Expr, number: ColumnType) -> exp.Expr:
    decimals = max(WIDEST_DECIMAL - number.whole_digits, 0)
    plain = exp.Literal.string(rf"\s*[+-]?\d*(\.\d{{0,{decimals}}}0*)?\s*")
    holds = exp.func("REGEXP_FULL_MATCH", text.copy(), plain)
    return exp.case().when(holds, try_cast(text, _type_beside_text(number)))


def _text_as_instant(text: exp.Expr, timezone: str, *, zoned: bool) -> exp.Expr:
    has_offset = exp.func("REGEXP_MATCHES", text.copy(), exp.Literal.string(_OFFSET))
    with_offset, without = try_cast(text, "TIMESTAMPTZ"), try_cast(text, "TIMESTAMP")
    if zoned:
        without = _in_zone(without, timezone)
    else:
        with_offset = _in_zone(with_offset, timezone)
    return _in_microseconds(text, exp.case().when(has_offset, with_offset).else_(without))


def _in_microseconds(text: exp.Expr, value: exp.Expr) -> exp.Expr:
    """NULL for texts with a finer fraction, which the engine would cut off."""
    finer = exp.func("REGEXP_MATCHES", text.copy(), exp.Literal.string(_FINER_THAN_MICROSECONDS))
    return exp.case().when(exp.not_(finer), value)


def _no_common_type(legacy: ColumnType, modern: ColumnType) -> ComparisonError:
    return ComparisonError(f"types {legacy.name} and {modern.name} cannot be compared")
