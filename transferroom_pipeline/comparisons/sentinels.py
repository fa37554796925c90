"""Values that stand for NULL, as a person writes them."""

import re
import struct
from collections.abc import Callable, Mapping
from decimal import Decimal

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import ColumnType, Family

_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?[0-9]+([.][0-9]+)?")
_FLOAT = re.compile(r"[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,3})?")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?)?")

_DIGITS_OF_SECONDS = {exp.DType.TIMESTAMP_S: 0, exp.DType.TIMESTAMP_MS: 3}
_DIGITS_OF_SINGLES = 7


def is_value(text: str, column: ColumnType) -> bool:
    """Whether a text is exactly a value of the column's type; a cast would round others to values that mean another."""
    return SENTINELS[column.family](text, column)


def _is_integer(text: str, _: ColumnType) -> bool:
    return _INTEGER.fullmatch(text) is not None


def _is_decimal(text: str, column: ColumnType) -> bool:
    if _DECIMAL.fullmatch(text) is None:
        return False
    exponent = Decimal(text).normalize().as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= column.scale


def _is_float(text: str, column: ColumnType) -> bool:
    """By the digits that the type keeps, since 0.1 is no float, and yet what a person calls one."""
    if _FLOAT.fullmatch(text) is None:
        return False
    number = float(text)
    if column.kind is not exp.DType.FLOAT:
        return Decimal(repr(number)) == Decimal(text)
    try:
        (single,) = struct.unpack("f", struct.pack("f", number))
    except OverflowError:
        return False
    return Decimal(f"{single:.{_DIGITS_OF_SINGLES}g}") == Decimal(text)


def _is_instant(text: str, column: ColumnType) -> bool:
    if _INSTANT.fullmatch(text) is None:
        return False
    if column.kind is exp.DType.DATE:
        return not text[len("2026-01-31") :].strip("T :0.")
    fraction = text.partition(".")[2].rstrip("0")
    return len(fraction) <= _DIGITS_OF_SECONDS.get(column.kind, 6)


SENTINELS: Mapping[Family, Callable[[str, ColumnType], bool]] = {
    "integer": _is_integer,
    "decimal": _is_decimal,
    "float": _is_float,
    "instant": _is_instant,
    "text": lambda _, __: True,
}
"""Whether a text is exactly a value of a type, by the family of the type; others have none that stand for NULL."""
