"""Bringing two columns of instants into one type in which equal instants are equal."""

from dataclasses import dataclass

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import ColumnType
from transferroom_pipeline.comparisons.conversion import Conversion
from transferroom_pipeline.comparisons.functions.base import Functions
from transferroom_pipeline.comparisons.instant_texts import InstantTexts
from transferroom_pipeline.comparisons.sides import LEGACY
from transferroom_pipeline.comparisons.spec import ColumnRule

_NARROW_RANGES = {exp.DType.DATE, exp.DType.TIMESTAMP_S, exp.DType.TIMESTAMP_MS}
"""Types with values that a timestamp in microseconds does not hold."""

TIMESTAMP = ColumnType("TIMESTAMP", "instant", exp.DType.TIMESTAMPNTZ)
ZONED_TIMESTAMP = ColumnType("TIMESTAMPTZ", "instant", exp.DType.TIMESTAMPTZ)


@dataclass(frozen=True)
class Instants:
    """Conversions of two columns of instants, of which one may be text.

    The common type is a timestamp in microseconds; or the number of nanoseconds, as text, where one side is finer than
    that.

    Attributes:
        rule: The rule of the column.
        functions: The dialect.
        legacy: The old column's type.
        modern: The new column's type.
    """

    rule: ColumnRule
    functions: Functions
    legacy: ColumnType
    modern: ColumnType

    @property
    def in_nanoseconds(self) -> bool:
        """Whether a value may be finer than microseconds and is compared as such."""
        kinds, families = {self.legacy.kind, self.modern.kind}, {self.legacy.family, self.modern.family}
        return exp.DType.TIMESTAMP_NS in kinds or ("text" in families and self.rule.within is not None)

    @property
    def is_zoned(self) -> bool:
        """Whether the common type is an instant by itself rather than a reading of a clock.

        Readings of one clock are compared as they are; but the time between two of them depends on its zone, where it
        is put forward and back. Days of the calendar are in no zone.
        """
        if all(own.kind is exp.DType.DATE or own.family == "text" for own in (self.legacy, self.modern)):
            return False
        is_measured = self.rule.within is not None and self.rule.zone(LEGACY) != "UTC"
        return self.legacy.has_zone or self.modern.has_zone or self.rule.zones_differ or is_measured

    @property
    def common_type(self) -> ColumnType:
        """The type of `timestamp`."""
        return ZONED_TIMESTAMP if self.is_zoned else TIMESTAMP

    def conversion(self, side: int) -> Conversion:
        """How the values of one side become values of the common type."""
        own = (self.legacy, self.modern)[side]
        if self.in_nanoseconds:
            return Conversion(lambda column: self._nanoseconds(column, own, side), may_fail=True)
        if own.family == "text":
            return Conversion(lambda column: self._exact_text(column, side), may_fail=True)
        return Conversion(lambda column: self.timestamp(column, side), may_fail=own.kind in _NARROW_RANGES)

    def timestamp(self, column: exp.Expr, side: int) -> exp.Expr:
        """A value of one side as a timestamp, what is finer than microseconds cut off."""
        own = (self.legacy, self.modern)[side]
        if own.family == "text":
            return self._text(column, side)
        if own.has_zone:
            return column.copy()
        naive = self.functions.try_cast(column, "TIMESTAMP")
        return self.functions.in_zone(naive, self.rule.zone(side)) if self.is_zoned else naive

    def _exact_text(self, text: exp.Expr, side: int) -> exp.Expr:
        is_finer = InstantTexts(self.functions).is_finer_than_microseconds(text)
        return exp.case().when(exp.not_(is_finer), self._text(text, side))

    def _text(self, text: exp.Expr, side: int) -> exp.Expr:
        texts, zone = InstantTexts(self.functions), self.rule.zone(side)
        with_offset, without = texts.timestamp(text, "TIMESTAMPTZ"), texts.timestamp(text, "TIMESTAMP")
        if self.is_zoned:
            without = self.functions.in_zone(without, zone)
        else:
            with_offset = self._reading(with_offset, zone)
        return exp.case().when(texts.has_offset(text), with_offset).else_(without)

    def _reading(self, instant: exp.Expr, zone: str) -> exp.Expr:
        """What a clock in the zone reads at an instant; NULL where that reading stands for another instant.

        In the hour that a clock is put back every reading comes twice, and can stand for one of the two only.
        """
        reading = self.functions.naive_in_zone(instant, zone)
        back = self.functions.in_zone(reading, zone)
        return exp.case().when(exp.EQ(this=back, expression=instant.copy()), reading.copy())

    def _nanoseconds(self, column: exp.Expr, own: ColumnType, side: int) -> exp.Expr:
        timestamp = self.timestamp(column, side)
        whole = self.functions.nanoseconds(timestamp, self.common_type)
        if own.family == "text":
            texts = InstantTexts(self.functions)
            exact = exp.paren(exp.Add(this=whole, expression=texts.nanoseconds_beyond(column)))
            return exp.case().when(exp.not_(texts.is_finer_than_nanoseconds(column)), exact)
        if own.kind is exp.DType.TIMESTAMP_NS:
            cut = self.functions.nanoseconds(self.functions.try_cast(column, "TIMESTAMP"), TIMESTAMP)
            beyond = exp.paren(exp.Sub(this=self.functions.nanoseconds(column, own), expression=cut))
            return exp.paren(exp.Add(this=whole, expression=beyond))
        return exp.paren(whole)
