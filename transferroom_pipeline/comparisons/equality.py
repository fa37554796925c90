"""When two cells are equal: SQL for one pair of columns under one rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import NUMERIC, WIDEST_DECIMAL, ColumnType
from transferroom_pipeline.comparisons.conversions import Conversion, cast, conversions
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.spec import ColumnRule

_DIGITS_LEFT_FOR_SUMS = 10


@dataclass(frozen=True)
class Equality:
    """Equality of two columns.

    A side's *forms* are one or two expressions such that two cells are strictly equal exactly when all their forms are
    equal null-safely. The second form is there when a conversion may fail: the text of a value that did not convert,
    which keeps it apart from NULL.

    Attributes:
        legacy: The old column's type.
        modern: The new column's type.
        rule: The rule of the column.
        to_common: Both sides' conversions.
    """

    legacy: ColumnType
    modern: ColumnType
    rule: ColumnRule
    to_common: tuple[Conversion, Conversion]

    @property
    def is_number(self) -> bool:
        """Whether the cells are compared as numbers."""
        return bool(NUMERIC & {self.legacy.family, self.modern.family}) and not self._reads_booleans

    @property
    def _reads_booleans(self) -> bool:
        return {self.legacy.family, self.modern.family} <= {"boolean", "text"}

    def legacy_forms(self, column: exp.Expr) -> list[exp.Expr]:
        """The forms of a cell of the old table."""
        return self._forms(column, self.legacy, self.to_common[0])

    def modern_forms(self, column: exp.Expr) -> list[exp.Expr]:
        """The forms of a cell of the new table."""
        return self._forms(column, self.modern, self.to_common[1])

    def _forms(self, column: exp.Expr, own: ColumnType, conversion: Conversion) -> list[exp.Expr]:
        text = _by_text_rules(column, self.rule) if own.family == "text" else column
        value = conversion.value(text)
        if not any(side.may_fail for side in self.to_common):
            return [value]
        if not conversion.may_fail:
            return [value, cast(exp.null(), "VARCHAR")]
        unconverted = exp.case().when(exp.Is(this=value.copy(), expression=exp.null()), cast(text, "VARCHAR"))
        return [value, unconverted]

    def equal(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
        """Whether two cells are equal; never NULL."""
        strictly = all_equal(self.legacy_forms(legacy), self.modern_forms(modern))
        within = self._within_tolerance(legacy, modern)
        if within is None:
            return strictly
        return exp.paren(exp.or_(strictly, exp.func("COALESCE", within, exp.false())))

    def _within_tolerance(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr | None:
        if self.rule.has_number_tolerance:
            bounds = [self._within_abs(legacy, modern), self._within_rel(legacy, modern)]
            return exp.or_(*(bound for bound in bounds if bound is not None))
        if self.rule.within is not None:
            seconds = [_microseconds(self._value(column, side)) for side, column in enumerate((legacy, modern))]
            apart = exp.Abs(this=exp.paren(exp.Sub(this=seconds[0], expression=seconds[1])))
            return exp.LTE(this=apart, expression=_literal(Decimal(self.rule.within_microseconds or 0)))
        return None

    def _within_abs(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr | None:
        if not self.rule.abs:
            return None
        bound = cast(_literal(self.rule.abs), self._measured_type)
        return exp.LTE(this=self.difference(legacy, modern), expression=bound)

    def _within_rel(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr | None:
        if not self.rule.rel:
            return None
        factor_type = f"DECIMAL({WIDEST_DECIMAL}, {_scale(self.rule.rel)})" if self._is_exact else "DOUBLE"
        factor = cast(_literal(self.rule.rel), factor_type)
        bound = exp.Mul(this=factor, expression=self.larger(legacy, modern))
        return exp.LTE(this=self.difference(legacy, modern), expression=bound)

    def difference(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
        """|a - b| of two numbers; NULL where either is NULL, infinite or not a number."""
        left, right = self._measured(legacy, 0), self._measured(modern, 1)
        apart = exp.Abs(this=exp.paren(exp.Sub(this=left, expression=right)))
        return apart if self._is_exact else exp.case().when(_finite(left, right), apart)

    def larger(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
        """max(|a|, |b|) of two numbers."""
        sizes = [exp.Abs(this=self._measured(column, side)) for side, column in enumerate((legacy, modern))]
        return exp.func("GREATEST", *sizes)

    def summed(self, column: exp.Expr, side: int) -> exp.Expr:
        """The sum of a side's numbers: exact where the sum of ten billion rows fits a decimal."""
        digits = max(self.legacy.whole_digits, self.modern.whole_digits) + max(self.legacy.scale, self.modern.scale)
        if self._has_exact_types and digits + _DIGITS_LEFT_FOR_SUMS <= WIDEST_DECIMAL:
            scale = max(self.legacy.scale, self.modern.scale)
            return exp.func("SUM", cast(self._value(column, side), f"DECIMAL({WIDEST_DECIMAL}, {scale})"))
        number = cast(self._value(column, side), "DOUBLE")
        finite = exp.Where(this=exp.func("ISFINITE", number.copy()))
        return exp.Filter(this=exp.func("FSUM", number), expression=finite)

    def _value(self, column: exp.Expr, side: int) -> exp.Expr:
        return (self.legacy_forms if side == 0 else self.modern_forms)(column)[0]

    def _measured(self, column: exp.Expr, side: int) -> exp.Expr:
        return cast(self._value(column, side), self._measured_type)

    @property
    def _measured_type(self) -> str:
        return f"DECIMAL({WIDEST_DECIMAL}, {self._measured_scale})" if self._is_exact else "DOUBLE"

    @property
    def _has_exact_types(self) -> bool:
        return self.legacy.is_exact_number and self.modern.is_exact_number

    @property
    def _measured_scale(self) -> int:
        return max(self.legacy.scale, self.modern.scale, _scale(self.rule.abs))

    @property
    def _is_exact(self) -> bool:
        """Whether a difference, and its product with `rel`, fit a decimal; otherwise doubles have to do."""
        whole = max(self.legacy.whole_digits, self.modern.whole_digits, len(f"{self.rule.abs:.0f}")) + 1
        return self._has_exact_types and whole + self._measured_scale + _scale(self.rule.rel) <= WIDEST_DECIMAL


def equality(legacy: ColumnType, modern: ColumnType, rule: ColumnRule) -> Equality:
    """How two columns are compared.

    Raises:
        ComparisonError: The types cannot be compared, or the rule does not apply to them. The caller names the column.
    """
    to_common = conversions(legacy, modern, timezone=rule.timezone, as_instants=rule.within is not None)
    found = Equality(legacy, modern, rule, to_common)
    if rule.compares_text and "text" not in {legacy.family, modern.family}:
        raise _does_not_apply("trim, case, null_equals_empty and unicode", "texts", legacy, modern)
    if (rule.has_number_tolerance or rule.drift is not None) and not found.is_number:
        raise _does_not_apply("abs, rel and drift", "numbers", legacy, modern)
    if rule.within is not None and "instant" not in {legacy.family, modern.family}:
        raise _does_not_apply("within", "dates and timestamps", legacy, modern)
    return found


def all_equal(left: Sequence[exp.Expr], right: Sequence[exp.Expr]) -> exp.Expr:
    """Whether all pairs of expressions are equal, NULL being equal to NULL only."""
    pairs = zip(left, right, strict=True)
    return exp.and_(*(exp.NullSafeEQ(this=one.copy(), expression=other.copy()) for one, other in pairs))


def _by_text_rules(column: exp.Expr, rule: ColumnRule) -> exp.Expr:
    text: exp.Expr = cast(column, "VARCHAR")
    if rule.unicode == "nfc":
        text = exp.func("NFC_NORMALIZE", text)
    if rule.trim != "none":
        # Only spaces: without the second argument the engine trims other blanks too, which SQL Server does not.
        position = {"position": "TRAILING"} if rule.trim == "right" else {}
        text = exp.Trim(this=text, expression=exp.Literal.string(" "), **position)
    if rule.case == "insensitive":
        text = exp.Lower(this=text)
    if rule.null_equals_empty:
        text = exp.Nullif(this=text, expression=exp.Literal.string(""))
    return text


def _microseconds(instant: exp.Expr) -> exp.Expr:
    """Microseconds in a type that the difference of any two fits."""
    return cast(exp.func("EPOCH_US", instant), "HUGEINT")


def _finite(*numbers: exp.Expr) -> exp.Expr:
    return exp.and_(*(exp.func("ISFINITE", number.copy()) for number in numbers))


def _literal(number: Decimal) -> exp.Expr:
    return exp.Literal.number(f"{number:f}")


def _scale(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _does_not_apply(rules: str, to: str, legacy: ColumnType, modern: ColumnType) -> ComparisonError:
    return ComparisonError(f"{rules} apply to {to}, and its types are {legacy.name} and {modern.name}")
