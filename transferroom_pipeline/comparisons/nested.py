"""Tolerance inside lists and structs: every element and field by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import ColumnType
from transferroom_pipeline.comparisons.conversions import no_common_type
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.functions.base import Functions
from transferroom_pipeline.comparisons.spec import ColumnRule, SideZones

if TYPE_CHECKING:
    from transferroom_pipeline.comparisons.equality import Equality

_NUMBERS = {"integer", "decimal", "float"}


@dataclass(frozen=True)
class NestedTolerance:
    """Two columns of lists or structs under a rule with a tolerance.

    Attributes:
        rule: The rule.
        functions: The dialect.
        equality: Makes the equality of two members under a rule.
    """

    rule: ColumnRule
    functions: Functions
    equality: "Callable[[ColumnType, ColumnType, ColumnRule, Functions], Equality]"

    def within(self, legacy: exp.Expr, modern: exp.Expr, own: ColumnType, other: ColumnType) -> exp.Expr:
        """Whether all members of two values are equal or within tolerance; may be NULL, which means no.

        Raises:
            ComparisonError: The types are neither both lists nor both structs of the same fields.
        """
        if own.family == other.family == "list":
            return self._lists(legacy, modern, own, other)
        if own.family == other.family == "struct":
            return self._structs(legacy, modern, own, other)
        raise ComparisonError(
            f"abs, rel and within apply inside lists and structs, and its types are {own.name} and {other.name}"
        )

    def _lists(self, legacy: exp.Expr, modern: exp.Expr, own: ColumnType, other: ColumnType) -> exp.Expr:
        (_, mine), (_, theirs) = own.members[0], other.members[0]

        def equal(left: exp.Expr, right: exp.Expr) -> exp.Expr:
            return self._members(left, right, mine, theirs)

        return self.functions.all_elements(legacy, modern, equal)

    def _structs(self, legacy: exp.Expr, modern: exp.Expr, own: ColumnType, other: ColumnType) -> exp.Expr:
        partners = {name.lower(): (name, kind) for name, kind in other.members}
        if sorted(partners) != sorted(name.lower() for name, _ in own.members):
            raise no_common_type(own, other)
        fields = []
        for name, kind in own.members:
            partner, other_kind = partners[name.lower()]
            left, right = self.functions.field(legacy, name), self.functions.field(modern, partner)
            fields.append(self._members(left, right, kind, other_kind))
        present = [exp.not_(exp.Is(this=side.copy(), expression=exp.null())) for side in (legacy, modern)]
        return exp.and_(*present, *fields)

    def _members(self, legacy: exp.Expr, modern: exp.Expr, own: ColumnType, other: ColumnType) -> exp.Expr:
        return self.equality(own, other, self._rule_for(own, other), self.functions).equal(legacy, modern)

    def _rule_for(self, own: ColumnType, other: ColumnType) -> ColumnRule:
        """The parts of the rule that apply to a member."""
        families = {own.family, other.family}
        is_nested = own.is_nested and other.is_nested
        numbers = bool(families & _NUMBERS) or (is_nested and any(_contains(own, other, each) for each in _NUMBERS))
        instants = "instant" in families or (is_nested and _contains(own, other, "instant"))
        left_out: dict[str, object] = {} if numbers else {"abs": 0, "rel": 0}
        left_out |= {} if instants else {"within": None, "timezone": SideZones()}
        return self.rule.model_copy(update=left_out)


def _contains(own: ColumnType, other: ColumnType, family: str) -> bool:
    return own.contains(family) or other.contains(family)  # type: ignore[arg-type]
