"""How far two numbers are apart, and whether a tolerance covers it."""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import NUMERIC, ColumnType
from transferroom_pipeline.comparisons.functions.base import Functions
from transferroom_pipeline.comparisons.spec import ColumnRule

_DIGITS_OF_ROWS = 10
"""Digits that a sum can have more than its numbers: room for ten billion rows."""

_ARITHMETIC = Context(prec=160)
"""Digits enough for any bound beside the widest decimal."""


def whole_digits_beside_text(number: ColumnType, rule: ColumnRule, widest: int) -> int:
    """Digits before the point of the decimal in which a text is compared with a number.

    A text that is equal to a number has no more than the number's type; one within tolerance of it may have.
    """
    digits = number.whole_digits
    if not digits or not (rule.abs or rule.rel):
        return digits
    reach = _ARITHMETIC.divide(_ARITHMETIC.add(Decimal(10) ** digits, rule.abs), 1 - rule.rel)
    return max(digits, min(reach.adjusted() + 1, widest - number.scale))


@dataclass(frozen=True)
class Numbers:
    """Two columns of numbers, whose values have been brought into their common type.

    Unless one side is a float, everything is exact decimal arithmetic. What a decimal cannot hold gives NULL, which no
    tolerance covers: a difference may be reported that a tolerance would forgive, and never the other way round.

    Attributes:
        legacy: The old column's own type.
        modern: The new column's own type.
        rule: The tolerance.
        functions: The dialect.
    """

    legacy: ColumnType
    modern: ColumnType
    rule: ColumnRule
    functions: Functions

    @property
    def _is_exact(self) -> bool:
        """Unless one side is a float, or has more decimals than can be subtracted."""
        if "float" in {self.legacy.family, self.modern.family}:
            return False
        return self.functions.unlimited_decimal is not None or self._scale <= self._widest

    @property
    def _whole_digits(self) -> int:
        both = (self.legacy, self.modern)
        if "text" not in {own.family for own in both}:
            return max(own.whole_digits for own in both)
        return max(whole_digits_beside_text(own, self.rule, self.functions.widest_decimal) for own in both)

    @property
    def _scale(self) -> int:
        if {self.legacy.family, self.modern.family} <= NUMERIC:
            return max(self.legacy.scale, self.modern.scale)
        return max(self._widest - self._whole_digits, 0)

    @property
    def _widest(self) -> int:
        return self.functions.widest_subtracted

    @property
    def _is_unlimited(self) -> bool:
        return self._is_exact and self.functions.unlimited_decimal is not None

    @property
    def _type(self) -> str:
        if not self._is_exact:
            return "DOUBLE"
        if self.functions.unlimited_decimal is not None:
            return self.functions.unlimited_decimal
        if self._whole_digits > self._widest and not self._scale:
            return self.functions.widest_integer
        return f"DECIMAL({self._widest}, {self._scale})"

    def _fits(self, further_digits: int) -> bool:
        return self._is_unlimited or self._whole_digits + self._scale + further_digits <= self._widest

    def _measured(self, value: exp.Expr) -> exp.Expr:
        cast = self.functions.cast if not self._is_exact or self._fits(0) else self.functions.try_cast
        return cast(value, self._type)

    def difference(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
        """|a - b|; NULL where either is NULL, infinite or not a number, or the difference has too many digits."""
        left, right = self._measured(legacy), self._measured(modern)
        if not self._is_exact:
            apart = exp.Abs(this=self.functions.subtracted(left, right))
            finite = exp.and_(*(self.functions.is_finite(number.copy()) for number in (left, right, apart)), copy=False)
            return exp.case().when(finite, apart)
        apart = exp.Abs(this=exp.paren(exp.Sub(this=left, expression=right)))
        return apart if self._fits(1) else self.functions.attempt(apart)

    def larger(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
        """max(|a|, |b|)."""
        sizes = [exp.Abs(this=self._measured(value)) for value in (legacy, modern)]
        size = exp.func("GREATEST", *sizes)
        return size if self._fits(0) else self.functions.attempt(size)

    def within(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
        """|a - b| <= max(abs, rel * max(|a|, |b|)); may be NULL, which means no."""
        rule = self.rule
        apart = self.difference(legacy, modern)
        bounds: list[exp.Expr] = []
        if rule.abs:
            bounds.append(self._within_bound(legacy, modern, apart, rule.abs))
        if rule.rel:
            bounds.append(self._within_share(apart, self.larger(legacy, modern), rule.rel))
        return exp.or_(*bounds)

    def _within_bound(self, legacy: exp.Expr, modern: exp.Expr, apart: exp.Expr, bound: Decimal) -> exp.Expr:
        """|a - b| <= bound, also where the difference is too large for the type, which a larger bound may cover.

        With L for the largest number of the type it is then |a| - (bound - L) <= L - |b|, which all fit.
        """
        is_within = exp.LTE(this=apart, expression=self._largest_difference(bound))
        if not self._is_exact or self._fits(1) or bound <= self._largest:
            return is_within
        left, right = (exp.Abs(this=self._measured(value)) for value in (legacy, modern))
        room = self._largest_difference(_ARITHMETIC.subtract(bound, self._largest))
        beyond = exp.LTE(
            this=exp.Sub(this=left, expression=room),
            expression=exp.Sub(this=self._largest_difference(bound), expression=right),
        )
        return exp.func("COALESCE", is_within, self.functions.attempt(beyond))

    @property
    def _largest(self) -> Decimal:
        """The largest number of the type in which numbers are subtracted."""
        if self._whole_digits > self._widest and not self._scale:
            return _ARITHMETIC.subtract(_ARITHMETIC.power(Decimal(2), 127), Decimal(1))
        return _ARITHMETIC.subtract(
            Decimal(10) ** (self._widest - self._scale), _ARITHMETIC.scaleb(Decimal(1), -self._scale)
        )

    def _largest_difference(self, bound: Decimal) -> exp.Expr:
        """The bound in the type of the differences: rounded down, it parts the same differences from each other."""
        if not self._is_exact or self._is_unlimited:
            return self.functions.cast(_text(bound), self._type)
        unit = _ARITHMETIC.scaleb(Decimal(1), -self._scale)
        rounded = min(bound, self._largest).quantize(unit, rounding=ROUND_FLOOR, context=_ARITHMETIC)
        return self.functions.cast(_text(rounded), self._type)

    def _within_share(self, apart: exp.Expr, larger: exp.Expr, share: Decimal) -> exp.Expr:
        """The product of wide decimals does not fit a decimal: doubles then blur the bound by its sixteenth digit."""
        cast = self.functions.cast
        decimals = max(-int(share.as_tuple().exponent), 0)
        if self._is_exact and self._fits(decimals + 1) and self.functions.multiplies_exactly:
            to = self.functions.unlimited_decimal or f"DECIMAL({decimals + 1}, {decimals})"
            factor = cast(_text(share), to)
            return exp.LTE(this=apart.copy(), expression=exp.Mul(this=factor, expression=larger))
        factor = cast(_text(share), "DOUBLE")
        return exp.LTE(this=cast(apart, "DOUBLE"), expression=exp.Mul(this=factor, expression=cast(larger, "DOUBLE")))

    def summed(self, value: exp.Expr) -> exp.Expr:
        """The sum of one side: exact where it fits a decimal, else of the finite numbers as doubles."""
        if self._is_exact and self._fits(_DIGITS_OF_ROWS):
            return exp.Sum(this=value if self.functions.sums_exactly else self._measured(value))
        number = self.functions.cast(value, "DOUBLE")
        finite = exp.Where(this=self.functions.is_finite(number.copy()))
        return exp.Filter(this=self.functions.total(number), expression=finite)


def _text(number: Decimal) -> exp.Expr:
    return exp.Literal.string(f"{number:f}")
