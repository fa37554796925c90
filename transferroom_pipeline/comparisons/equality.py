"""When two cells are equal: SQL for one pair of columns under one rule."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import NUMERIC, ColumnType
from transferroom_pipeline.comparisons.conversions import Conversion, cast, conversions
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.numbers import Numbers
from transferroom_pipeline.comparisons.spec import ColumnRule


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
        text_form = exact_text(cast(text, "VARCHAR"))
        unconverted = exp.case().when(exp.Is(this=value.copy(), expression=exp.null()), text_form)
        return [value, unconverted]

    def equal(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
        """Whether two cells are equal; never NULL."""
        strictly = all_equal(self.legacy_forms(legacy), self.modern_forms(modern))
        within = self._within_tolerance(legacy, modern)
        if within is None:
            return strictly
        return exp.paren(exp.or_(strictly, exp.func("COALESCE", within, exp.false())))

    def _within_tolerance(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr | None:
        values = self._values(legacy, modern)
        if self.rule.has_number_tolerance:
            return self._numbers.within(self.rule, *values)
        if self.rule.within_microseconds is not None:
            instants = [_microseconds(value) for value in values]
            apart = exp.Abs(this=exp.paren(exp.Sub(this=instants[0], expression=instants[1])))
            return exp.LTE(this=apart, expression=exp.Literal.number(self.rule.within_microseconds))
        return None

    def difference(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
        """|a - b| of two numbers; NULL where there is none."""
        return self._numbers.difference(*self._values(legacy, modern))

    def larger(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
        """max(|a|, |b|) of two numbers."""
        return self._numbers.larger(*self._values(legacy, modern))

    def summed_legacy(self, column: exp.Expr) -> exp.Expr:
        """The sum of the old table's numbers."""
        return self._numbers.summed(self.legacy_forms(column)[0])

    def summed_modern(self, column: exp.Expr) -> exp.Expr:
        """The sum of the new table's numbers."""
        return self._numbers.summed(self.modern_forms(column)[0])

    def _values(self, legacy: exp.Expr, modern: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
        return self.legacy_forms(legacy)[0], self.modern_forms(modern)[0]

    @property
    def _numbers(self) -> Numbers:
        return Numbers(self.legacy, self.modern)


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
    return exact_text(text)


def exact_text(text: exp.Expr) -> exp.Expr:
    """The text without the collation of its column or database, which could make different texts equal."""
    return exp.Collate(this=text, expression=exp.to_identifier("binary", quoted=True))


def _microseconds(instant: exp.Expr) -> exp.Expr:
    """Microseconds in a type that the difference of any two fits."""
    return cast(exp.func("EPOCH_US", instant), "HUGEINT")


def _does_not_apply(rules: str, to: str, legacy: ColumnType, modern: ColumnType) -> ComparisonError:
    return ComparisonError(f"{rules} apply to {to}, and its types are {legacy.name} and {modern.name}")
