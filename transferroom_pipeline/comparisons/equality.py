"""When two cells are equal: SQL for one pair of columns under one rule."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import NUMERIC, ColumnType
from transferroom_pipeline.comparisons.conversions import Conversion, conversions
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.functions.base import Functions
from transferroom_pipeline.comparisons.numbers import Numbers
from transferroom_pipeline.comparisons.spec import ColumnRule

_MICROSECONDS = ColumnType("TIMESTAMP", "instant", exp.DType.TIMESTAMPNTZ)


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
        functions: The dialect.
    """

    legacy: ColumnType
    modern: ColumnType
    rule: ColumnRule
    to_common: tuple[Conversion, Conversion]
    functions: Functions

    @property
    def is_number(self) -> bool:
        """Whether the cells are compared as numbers."""
        families = {self.legacy.family, self.modern.family}
        return bool(NUMERIC & families) and not families <= {"boolean", "text"}

    @property
    def is_instant(self) -> bool:
        """Whether the cells are compared as instants."""
        return "instant" in {self.legacy.family, self.modern.family}

    @property
    def is_tolerant(self) -> bool:
        """Whether cells that are not strictly equal can count as equal."""
        return self.rule.has_number_tolerance or self.rule.within is not None

    def legacy_forms(self, column: exp.Expr) -> list[exp.Expr]:
        """The forms of a cell of the old table."""
        return self._forms(column, self.legacy, self.to_common[0])

    def modern_forms(self, column: exp.Expr) -> list[exp.Expr]:
        """The forms of a cell of the new table."""
        return self._forms(column, self.modern, self.to_common[1])

    def forms(self, column: exp.Expr, side: int) -> list[exp.Expr]:
        """The forms of a cell of either table."""
        return self.modern_forms(column) if side else self.legacy_forms(column)

    def _forms(self, column: exp.Expr, own: ColumnType, conversion: Conversion) -> list[exp.Expr]:
        text = self._by_text_rules(column) if own.family == "text" else column
        value = conversion.value(text)
        if not any(side.may_fail for side in self.to_common):
            return [value]
        if not conversion.may_fail:
            return [value, self.functions.cast(exp.null(), "TEXT")]
        text_form = self.functions.exact_text(self.functions.text(text))
        unconverted = exp.case().when(exp.Is(this=value.copy(), expression=exp.null()), text_form)
        return [value, unconverted]

    def hashable(self, column: exp.Expr, side: int) -> list[exp.Expr]:
        """What to hash of a cell: its forms, and whether they are NULL where the hash would not tell."""
        forms = self.forms(column, side)
        own, other = (self.modern, self.legacy) if side else (self.legacy, self.modern)
        hashable = [self.functions.hashable(forms[0], own, other), *forms[1:]]
        if own.name == other.name and not self.functions.shares_hash_with_null(own):
            return hashable
        return [*hashable, *(exp.Is(this=form.copy(), expression=exp.null()) for form in forms)]

    def equal(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
        """Whether two cells are equal; never NULL."""
        strictly = all_equal(self.legacy_forms(legacy), self.modern_forms(modern))
        within = self._within_tolerance(legacy, modern)
        if within is None:
            return strictly
        return exp.paren(exp.or_(strictly, exp.func("COALESCE", within, exp.false())))

    def _within_tolerance(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr | None:
        values = self.values(legacy, modern)
        if self.rule.has_number_tolerance:
            return self.numbers.within(self.rule, *values)
        if self.rule.within_microseconds is not None:
            apart = exp.Abs(this=exp.paren(self.microseconds_apart(legacy, modern)))
            return exp.LTE(this=apart, expression=exp.Literal.number(self.rule.within_microseconds))
        return None

    def microseconds_apart(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
        """The modern instant minus the legacy one."""
        own = (self.legacy, self.modern)
        values = self.values(legacy, modern)
        in_utc = self.rule.timezone == "UTC" or own[0].has_zone
        if own[0].family == own[1].family and own[0].has_zone == own[1].has_zone and in_utc:
            values = (legacy, modern)  # As they are: a common type holds no nanoseconds.
        else:
            own = (_MICROSECONDS, _MICROSECONDS)
        instants = [self.functions.microseconds(value, kind) for value, kind in zip(values, own, strict=True)]
        return exp.Sub(this=instants[1], expression=instants[0])

    def difference(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
        """|a - b| of two numbers; NULL where there is none."""
        return self.numbers.difference(*self.values(legacy, modern))

    def larger(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
        """max(|a|, |b|) of two numbers."""
        return self.numbers.larger(*self.values(legacy, modern))

    def summed(self, column: exp.Expr, side: int) -> exp.Expr:
        """The sum of one table's numbers."""
        return self.numbers.summed(self.forms(column, side)[0])

    def values(self, legacy: exp.Expr, modern: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
        """Both cells in their common type, NULL where a value did not convert."""
        return self.legacy_forms(legacy)[0], self.modern_forms(modern)[0]

    @property
    def numbers(self) -> Numbers:
        """Arithmetic on the two columns."""
        return Numbers(self.legacy, self.modern, self.functions)

    def _by_text_rules(self, column: exp.Expr) -> exp.Expr:
        rule, functions = self.rule, self.functions
        text = functions.text(column)
        if rule.unicode == "nfc":
            text = functions.nfc(text)
        if rule.trim != "none":
            text = functions.trimmed(text, rule.trim)
        if rule.case == "insensitive" and self.legacy.family == self.modern.family:
            text = functions.lowered(text)
        if rule.null_equals_empty:
            text = exp.Nullif(this=text, expression=exp.Literal.string(""))
        return functions.exact_text(text)


def equality(legacy: ColumnType, modern: ColumnType, rule: ColumnRule, functions: Functions) -> Equality:
    """How two columns are compared.

    Raises:
        ComparisonError: The types cannot be compared, or the rule does not apply to them. The caller names the column.
    """
    found = Equality(legacy, modern, rule, conversions(legacy, modern, rule, functions), functions)
    families = {legacy.family, modern.family}
    if rule.compares_text and "text" not in families:
        raise _does_not_apply("trim, case, null_equals_empty and unicode", "texts", legacy, modern)
    if (rule.has_number_tolerance or rule.drift is not None) and not found.is_number:
        raise _does_not_apply("abs, rel and drift", "numbers", legacy, modern)
    if rule.within is not None and "instant" not in families:
        raise _does_not_apply("within", "dates and timestamps", legacy, modern)
    if rule.unordered and not (rule.json_ or "json" in families or legacy.contains("list")):
        raise _does_not_apply("unordered", "lists and JSON", legacy, modern)
    return found


def all_equal(left: Sequence[exp.Expr], right: Sequence[exp.Expr]) -> exp.Expr:
    """Whether all pairs of expressions are equal, NULL being equal to NULL only."""
    pairs = zip(left, right, strict=True)
    return exp.and_(*(exp.NullSafeEQ(this=one, expression=other) for one, other in pairs), copy=False)


def _does_not_apply(rules: str, to: str, legacy: ColumnType, modern: ColumnType) -> ComparisonError:
    return ComparisonError(f"{rules} apply to {to}, and its types are {legacy.name} and {modern.name}")
