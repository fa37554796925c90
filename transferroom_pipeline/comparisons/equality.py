"""When two cells are equal: SQL for one pair of columns under one rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import NUMERIC, ColumnType, Family
from transferroom_pipeline.comparisons.conversion import UNCHANGED, Conversion
from transferroom_pipeline.comparisons.conversions import Conversions, conversions
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.functions.base import Functions
from transferroom_pipeline.comparisons.instants import TIMESTAMP, Instants
from transferroom_pipeline.comparisons.loss import Loss
from transferroom_pipeline.comparisons.nested import NestedTolerance
from transferroom_pipeline.comparisons.numbers import Numbers
from transferroom_pipeline.comparisons.sentinels import SENTINELS, is_value
from transferroom_pipeline.comparisons.sides import LEGACY, MODERN
from transferroom_pipeline.comparisons.spec import TEXT_RULES, ColumnRule

BLANKS = " \t\n\v\f\r\u0085\u00a0\u2007\u2028\u2029\u202f"
"""Spaces, tabs, line ends and no-break spaces."""


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
        """Whether the cells are compared as numbers that can be subtracted; those of two texts may have any size."""
        families = {self.legacy.family, self.modern.family}
        return bool(NUMERIC & families) and not families <= {"boolean", "text"}

    @property
    def is_instant(self) -> bool:
        """Whether the cells are compared as instants."""
        return "instant" in {self.legacy.family, self.modern.family}

    @property
    def instants(self) -> Instants:
        """The two columns as instants."""
        return Instants(self.rule, self.functions, self.legacy, self.modern)

    @property
    def is_tolerant(self) -> bool:
        """Whether cells that are not strictly equal can count as equal."""
        return self.rule.has_number_tolerance or self.rule.within is not None

    def own(self, side: int) -> ColumnType:
        """The type of either table's column."""
        return self.modern if side else self.legacy

    def under(self, changes: Mapping[str, Any]) -> "Equality":
        """The equality of the same columns under a changed rule.

        Raises:
            ComparisonError: The changed rule does not apply to the types.
        """
        written = self.rule.written()
        further = [*written.get("null_equals", []), *changes.get("null_equals", [])]
        merged = {**written, **changes, **({"null_equals": further} if further else {})}
        return equality(self.legacy, self.modern, ColumnRule.model_validate(merged), self.functions)

    def legacy_forms(self, column: exp.Expr) -> list[exp.Expr]:
        """The forms of a cell of the old table."""
        return self.forms(column, LEGACY)

    def modern_forms(self, column: exp.Expr) -> list[exp.Expr]:
        """The forms of a cell of the new table."""
        return self.forms(column, MODERN)

    def forms(self, column: exp.Expr, side: int) -> list[exp.Expr]:
        """The forms of a cell of either table."""
        conversion = self.to_common[side]
        prepared = self._without_sentinels(self._prepared(column, self.own(side)), side)
        value = conversion.value(prepared)
        shown = self._without_converted_sentinels(value, side)
        if not any(each.may_fail for each in self.to_common):
            return [shown]
        if not conversion.may_fail:
            return [shown, self.functions.cast(exp.null(), "TEXT")]
        text_form = self.functions.exact_text(self.functions.text(prepared))
        unconverted = exp.case().when(exp.Is(this=value.copy(), expression=exp.null()), text_form)
        return [shown, unconverted]

    def hashable(self, column: exp.Expr, side: int) -> list[exp.Expr]:
        """What to hash of a cell: its forms, and whether they are NULL where the hash would not tell."""
        forms = self.forms(column, side)
        own, other = (self.modern, self.legacy) if side else (self.legacy, self.modern)
        # What is compared as a number of nanoseconds may have 128 bits.
        first = self.functions.text(forms[0]) if self._is_in_nanoseconds else forms[0]
        hashable = [self.functions.hashable(first, own, other), *forms[1:]]
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
        if self.legacy.is_nested and self.is_tolerant:
            return NestedTolerance(self.rule, self.functions, equality).within(legacy, modern, self.legacy, self.modern)
        values = self.values(legacy, modern)
        if self.rule.has_number_tolerance:
            return self.numbers.within(*values)
        if self.rule.within_microseconds is not None:
            apart = exp.Abs(this=exp.paren(self.microseconds_apart(legacy, modern)))
            return exp.LTE(this=apart, expression=exp.Literal.number(self.rule.within_microseconds))
        return None

    @property
    def _is_in_nanoseconds(self) -> bool:
        return self.is_instant and self.instants.in_nanoseconds and self._is_converted

    @property
    def _is_converted(self) -> bool:
        return any(side is not UNCHANGED for side in self.to_common)

    def microseconds_apart(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
        """The modern instant minus the legacy one."""
        values = self.values(legacy, modern)
        if self._is_in_nanoseconds:
            apart = exp.paren(exp.Sub(this=values[1], expression=values[0]))
            return self.functions.from_nanoseconds(apart)
        own = (TIMESTAMP, TIMESTAMP) if self._is_converted else (self.legacy, self.modern)
        instants = [self.functions.microseconds(value, kind) for value, kind in zip(values, own, strict=True)]
        return exp.Sub(this=instants[1], expression=instants[0])

    def timestamps(self, legacy: exp.Expr, modern: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
        """Both instants as timestamps, what is finer than microseconds cut off."""
        instants = self.instants
        return (
            instants.timestamp(self._prepared(legacy, self.legacy), LEGACY),
            instants.timestamp(self._prepared(modern, self.modern), MODERN),
        )

    def difference(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
        """|a - b| of two numbers; NULL where there is none."""
        return self.numbers.difference(*self.values(legacy, modern))

    def larger(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
        """max(|a|, |b|) of two numbers."""
        return self.numbers.larger(*self.values(legacy, modern))

    def summed(self, column: exp.Expr, side: int) -> tuple[exp.Expr, exp.Expr]:
        """The sum of one table's numbers, and that of the texts that are numbers the common type does not hold."""
        return self.numbers.summed(self.forms(column, side)[0]), self._summed_beyond(column, side)

    def _summed_beyond(self, column: exp.Expr, side: int) -> exp.Expr:
        own = self.own(side)
        if own.family != "text" or self.own(1 - side).family not in {"integer", "decimal"}:
            return exp.null()
        text = self._prepared(column, own)
        number = Conversions(self.rule, self.functions).text_as_finite_double(text, own)
        is_beyond = exp.Is(this=self.to_common[side].value(text), expression=exp.null())
        return self.functions.total(exp.case().when(is_beyond, number))

    def loss(self, side: int) -> Loss:
        """What the values of one side lose by the conversion."""
        return Loss(self.own(side), self.own(1 - side), self.rule, self.functions)

    def loses_digits(self, column: exp.Expr, side: int) -> exp.Expr:
        """Whether the double that a value is compared as does not give the value back."""
        loses = self.loss(side).of(self._prepared(column, self.own(side)))
        stands_for_null = exp.Is(this=self.forms(column, side)[0], expression=exp.null())
        return exp.and_(loses, exp.not_(stands_for_null)) if self.rule.null_equals else loses

    def values(self, legacy: exp.Expr, modern: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
        """Both cells in their common type, NULL where a value did not convert."""
        return self.legacy_forms(legacy)[0], self.modern_forms(modern)[0]

    @property
    def numbers(self) -> Numbers:
        """Arithmetic on the two columns."""
        return Numbers(self.legacy, self.modern, self.rule, self.functions)

    def _prepared(self, column: exp.Expr, own: ColumnType) -> exp.Expr:
        """A cell by the rules that say what is left out of account."""
        return self._by_text_rules(column) if own.family == "text" else column

    def _by_text_rules(self, column: exp.Expr) -> exp.Expr:
        rule, functions = self.rule, self.functions
        text = functions.text(column)
        if rule.unicode == "nfc":
            text = functions.nfc(text)
        if rule.blanks == "ignore":
            text = functions.without(text, BLANKS)
        if rule.trim != "none":
            text = functions.trimmed(text, rule.trim)
        if rule.case == "insensitive" and self.legacy.family == self.modern.family:
            text = functions.lowered(text)
        if rule.null_equals_empty:
            text = exp.Nullif(this=text, expression=exp.Literal.string(""))
        return functions.exact_text(text)

    def _without_sentinels(self, value: exp.Expr, side: int) -> exp.Expr:
        """A value of one side, or NULL where it is one of those that stand for NULL."""
        for sentinel in self.rule.null_equals:
            value = exp.Nullif(this=value, expression=self._sentinel(sentinel, self.own(side)))
        return value

    def _without_converted_sentinels(self, value: exp.Expr, side: int) -> exp.Expr:
        """The same for what was a text: the values count, however they are written."""
        other = self.own(1 - side)
        if self.own(side).family != "text" or self.to_common[side] is UNCHANGED:
            return value
        for sentinel in self.rule.null_equals:
            constant = self.to_common[1 - side].value(self._sentinel(sentinel, other))
            value = exp.Nullif(this=value, expression=constant)
        return value

    def _sentinel(self, sentinel: str, own: ColumnType) -> exp.Expr:
        if own.family == "text":
            return self._by_text_rules(exp.Literal.string(sentinel))
        return self.functions.constant(sentinel, own)


def equality(legacy: ColumnType, modern: ColumnType, rule: ColumnRule, functions: Functions) -> Equality:
    """How two columns are compared.

    Raises:
        ComparisonError: The types cannot be compared, or the rule does not apply to them. The caller names the column.
    """
    for own in (legacy, modern):
        if own.has_unnamed_fields:
            raise ComparisonError(f"the fields of {own.name} have no names")
    found = Equality(legacy, modern, rule, conversions(legacy, modern, rule, functions), functions)
    _require_texts(found)
    _require_numbers(found)
    _require_instants(found)
    _require_sentinels(found)
    if found.is_tolerant and legacy.is_nested:
        # Built once to see that the types can be: an error names the column only while columns are planned.
        found.equal(exp.column("legacy"), exp.column("modern"))
    families = {legacy.family, modern.family}
    if rule.unordered and not (rule.json_ or "json" in families or legacy.contains("list")):
        raise _does_not_apply("unordered applies", "lists and JSON", legacy, modern)
    return found


def _require_texts(found: Equality) -> None:
    rule, legacy, modern = found.rule, found.legacy, found.modern
    families = {legacy.family, modern.family}
    if rule.compares_text and "text" not in families:
        raise _does_not_apply(f"{TEXT_RULES} apply", "texts", legacy, modern)
    if rule.blanks == "ignore" and families != {"text"}:
        raise _does_not_apply("blanks applies", "texts on both sides", legacy, modern)
    if rule.numeric and not ("text" in families and families <= {"text", "integer", "decimal", "float"}):
        raise _does_not_apply("numeric applies", "texts that are numbers", legacy, modern)


def _require_instants(found: Equality) -> None:
    rule, legacy, modern = found.rule, found.legacy, found.modern
    holds_instants = found.is_instant or _both_contain(legacy, modern, "instant")
    if rule.within is not None and not holds_instants:
        raise _does_not_apply("within applies", "dates and timestamps", legacy, modern)
    if "timezone" in rule.written() and not holds_instants:
        raise _does_not_apply("timezone applies", "dates and timestamps", legacy, modern)


def _require_numbers(found: Equality) -> None:
    rule, own = found.rule, (found.legacy, found.modern)
    holds_numbers = found.is_number or any(_both_contain(*own, family) for family in ("integer", "decimal", "float"))
    if rule.has_number_tolerance and not holds_numbers:
        raise _does_not_apply("abs and rel apply", "numbers, also inside lists and structs", *own)
    if rule.drift is not None and not found.is_number:
        raise _does_not_apply("drift applies", "numbers", *own)


def _both_contain(legacy: ColumnType, modern: ColumnType, family: Family) -> bool:
    """Whether both are nested types that hold values of a family, or one of those a number of another kind."""
    return legacy.is_nested and modern.is_nested and (legacy.contains(family) or modern.contains(family))


def _require_sentinels(found: Equality) -> None:
    for own, sentinel in product((found.legacy, found.modern), found.rule.null_equals):
        if own.family not in SENTINELS:
            raise _does_not_apply(
                "null_equals applies", "texts, numbers, dates and timestamps", found.legacy, found.modern
            )
        if not is_value(sentinel, own):
            raise ComparisonError(f"null_equals has {sentinel!r}, which is no value of type {own.name}")


def all_equal(left: Sequence[exp.Expr], right: Sequence[exp.Expr]) -> exp.Expr:
    """Whether all pairs of expressions are equal, NULL being equal to NULL only."""
    pairs = zip(left, right, strict=True)
    return exp.and_(*(exp.NullSafeEQ(this=one, expression=other) for one, other in pairs), copy=False)


def _does_not_apply(rules: str, to: str, legacy: ColumnType, modern: ColumnType) -> ComparisonError:
    return ComparisonError(f"{rules} to {to}, and its types are {legacy.name} and {modern.name}")
