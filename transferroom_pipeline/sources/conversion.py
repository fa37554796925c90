"""Turning what files hold into the types of a contract, without loss or not at all."""

from collections.abc import Callable
from typing import NamedTuple

import polars as pl

from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.exceptions import SourceError

_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$"
_DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_NO_YEAR = "0000"  # Polars reads it, and no platform has it
_TO_SECONDS = "^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-5][0-9]:[0-5][0-9]"
_ZONE = "(Z|[+-][0-9]{2}:[0-5][0-9])?$"
_MOMENT = rf"{_TO_SECONDS}(\.[0-9]+)?{_ZONE}"
_MOMENT_SECONDS = 19  # characters of a moment up to its whole seconds
_MICROSECOND_DIGITS = 6
_MINUTE = 60_000_000  # in microseconds, as moments are counted from 1970
_TIME = (-62_135_596_800_000_000, 253_402_300_799_999_999)  # from the year 1 to the year 9999
_LARGEST_OFFSET_MINUTES = 14 * 60  # of any place on earth, and of SQL Server's datetimeoffset


class Conversion(NamedTuple):
    """How to read one column.

    Attributes:
        given: Whether there is a value at all.
        value: The value in the type of the contract; NULL where it cannot be had without loss.
        too_fine: Whether the value has more decimals, or finer time, than the contract keeps.
    """

    given: pl.Expr
    value: pl.Expr
    too_fine: pl.Expr


def given(column: str) -> str:
    """Name of the column that tells, after `typed`, whether a value was there."""
    return f"{column}: given"


def too_fine(column: str) -> str:
    """Name of the column that tells, after `typed`, whether the value was finer than the contract keeps."""
    return f"{column}: too fine"


def typed(frame: pl.DataFrame, table: SourceTable) -> pl.DataFrame:
    """The columns of the contract in its types, each followed by its `given` and `too_fine`.

    Raises:
        SourceError: The contract has a type that cannot be read from files.
    """
    expressions = []
    for column, dtype in table.dtypes.items():
        how = conversion(column, frame.schema[column], dtype, decimal_comma=table.file_options.decimal_comma)
        expressions += [
            how.value.alias(column),
            how.given.alias(given(column)),
            how.too_fine.alias(too_fine(column)),
        ]
    return frame.select(expressions)


def conversion(column: str, source: pl.DataType, target: pl.DataType, *, decimal_comma: bool) -> Conversion:
    """How to read a column of this type into the type of its contract.

    Args:
        column: Its name.
        source: The type it has.
        target: The type of the contract.
        decimal_comma: Whether a decimal written as text has a comma where others have a point.

    Raises:
        SourceError: The contract has a type that cannot be read from files.
    """
    raw = pl.col(column)
    if isinstance(source, (pl.Categorical, pl.Enum)):
        raw, source = raw.cast(pl.String), pl.String()
    if isinstance(source, pl.String):
        raw = pl.when(raw != "").then(raw)  # an empty text is no value
    if isinstance(target, pl.String):
        value, fine = _text(raw, source), pl.lit(value=False)
    elif isinstance(source, pl.String):
        text = _with_decimal_point(raw) if decimal_comma and target.is_numeric() else raw
        value, fine = _parser(column, target)(text, target)
    else:
        value, fine = _cast(raw, source, target)
    return Conversion(raw.is_not_null(), value, fine.fill_null(value=False))


def _text(raw: pl.Expr, source: pl.DataType) -> pl.Expr:
    unwritable = source.is_nested() or isinstance(source, (pl.Binary, pl.Object))
    return pl.lit(None, pl.String) if unwritable else raw.cast(pl.String)


def _parser(column: str, target: pl.DataType) -> "_Parser":
    if target.is_integer() or target.is_decimal():
        return _number
    if isinstance(target, pl.Date):
        return _date
    if isinstance(target, pl.Datetime) and target.time_zone is None:
        return _moment
    raise SourceError(
        f"the contract keeps column {column} as {target}, which is not read from files: "
        "use text, whole numbers, decimals, dates or timestamps without a zone"
    )


def _with_decimal_point(raw: pl.Expr) -> pl.Expr:
    """A point that is there already would be one between thousands, and is made no number."""
    return raw.str.replace_all(".", " ", literal=True).str.replace_all(",", ".", literal=True)


def _number(raw: pl.Expr, target: pl.DataType) -> tuple[pl.Expr, pl.Expr]:
    """Plain decimal notation; zeros beyond the scale lose nothing and pass."""
    scale = target.scale if isinstance(target, pl.Decimal) else 0
    is_number = raw.str.contains(_NUMBER)
    fine = raw.str.contains(rf"^[+-]?[0-9]*\.[0-9]{{{scale}}}[0-9]*[1-9][0-9]*$")
    digits = raw.str.replace(r"\.0*$", "") if scale == 0 else raw
    return pl.when(is_number & ~fine).then(digits).cast(target, strict=False), fine


def _date(raw: pl.Expr, target: pl.DataType) -> tuple[pl.Expr, pl.Expr]:
    day = raw.str.to_date("%Y-%m-%d", strict=False)
    is_date = raw.str.contains(_DATE) & ~raw.str.starts_with(_NO_YEAR)
    return pl.when(is_date).then(day).cast(target), pl.lit(value=False)


def _moment(raw: pl.Expr, target: pl.DataType) -> tuple[pl.Expr, pl.Expr]:
    """A moment in ISO 8601; one with an offset is moved to UTC, one without is taken as UTC."""
    is_moment = raw.str.contains(_MOMENT)
    fine = raw.str.contains(rf"{_TO_SECONDS}\.[0-9]{{{_MICROSECOND_DIGITS}}}[0-9]*[1-9][0-9]*{_ZONE}")
    seconds = raw.str.head(_MOMENT_SECONDS).str.replace("T", " ", literal=True)
    fraction = raw.str.extract(r"\.([0-9]{1,6})").str.pad_end(_MICROSECOND_DIGITS, "0").cast(pl.Int64).fill_null(0)
    zone = raw.str.extract("([+-][0-9]{2}:[0-9]{2})$")
    offset = zone.str.slice(1, 2).cast(pl.Int64) * 60 + zone.str.slice(4, 2).cast(pl.Int64)
    shift = pl.when(zone.str.starts_with("-")).then(-offset).otherwise(offset).fill_null(0)
    local = seconds.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
    moment = (local.cast(pl.Int64) + fraction - shift * _MINUTE).map_batches(_within_time, return_dtype=pl.Int64)
    readable = is_moment & ~fine & (shift.abs() <= _LARGEST_OFFSET_MINUTES)
    return pl.when(readable).then(moment).cast(pl.Datetime("us")).cast(target), fine


def _within_time(moments: pl.Series) -> pl.Series:
    """Without those that an offset moves out of the years that platforms have.

    A function, since Polars would compute an expression that is used twice two times.
    """
    return moments.set(~moments.is_between(*_TIME), None)


def _cast(raw: pl.Expr, source: pl.DataType, target: pl.DataType) -> tuple[pl.Expr, pl.Expr]:
    """A value that already has a type: taken over when casting it back gives the same value."""
    numbers, days = (source.is_numeric(), target.is_numeric()), (_is_day(source), _is_day(target))
    if not (all(numbers) or all(days)):
        return pl.lit(None, target), pl.lit(value=False)
    if isinstance(source, pl.Datetime) and source.time_zone is not None:
        raw, source = raw.dt.convert_time_zone("UTC").dt.replace_time_zone(None), pl.Datetime(source.time_unit)
    value = raw.cast(target, strict=False)
    same = value.cast(source, strict=False) == raw
    return pl.when(same).then(value), ~same


def _is_day(dtype: pl.DataType) -> bool:
    return isinstance(dtype, (pl.Date, pl.Datetime))


_Parser = Callable[[pl.Expr, pl.DataType], tuple[pl.Expr, pl.Expr]]
