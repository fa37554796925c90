"""Numbers with more digits than the double that they are compared as, from which they could not be had back."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import ColumnType
from transferroom_pipeline.comparisons.conversions import conversions
from transferroom_pipeline.comparisons.functions.base import Functions
from transferroom_pipeline.comparisons.sides import LEGACY
from transferroom_pipeline.comparisons.spec import ColumnRule

_DIGITS_OF_DOUBLES = 15
"""Every number of so many digits has a double of its own."""

_ENTRY = "key", "value"
"""The fields of a map's entry."""


@dataclass(frozen=True)
class Loss:
    """What the values of one side lose, as such or inside lists, structs and maps.

    Attributes:
        own: The type of the side.
        other: The type of the other side.
        rule: The rule of the column.
        functions: The dialect.
    """

    own: ColumnType
    other: ColumnType
    rule: ColumnRule
    functions: Functions

    @property
    def is_possible(self) -> bool:
        """Whether a value can have more digits than its double."""
        if self.own.is_nested:
            return any(True for _ in self._lossy_members())
        is_wide = self.own.family in {"integer", "decimal"} and self.own.digits > _DIGITS_OF_DOUBLES
        return self.other.family == "float" and (is_wide or self.own.family == "text")

    def of(self, value: exp.Expr) -> exp.Expr:
        """Whether a value has; NULL, which means no, where there is none."""
        if self.own.family == "map":
            return self.functions.any_element(self.functions.entries(value), self._of_fields)
        if self.own.family == "list":
            ((_, member),) = self._lossy_members()
            return self.functions.any_element(value, member.of)
        return self._of_fields(value) if self.own.is_nested else self._of_number(value)

    def _of_fields(self, struct: exp.Expr) -> exp.Expr:
        fields = [member.of(self.functions.field(struct, name)) for name, member in self._lossy_members()]
        return exp.or_(*(exp.func("COALESCE", field, exp.false()) for field in fields))

    def _lossy_members(self) -> Iterator[tuple[str, "Loss"]]:
        """The members in which something can be lost, by the name that they have on this side."""
        if self.own.family != self.other.family or self.own.family == "union":
            return
        by_name = self.own.family == "struct"
        partners = {name.lower(): kind for name, kind in self.other.members}
        for place, (name, kind) in enumerate(self.own.members):
            partner = partners.get(name.lower()) if by_name else self.other.members[place][1]
            member = Loss(kind, partner, self.rule, self.functions) if partner else None
            if member is not None and member.is_possible:
                yield (_ENTRY[place] if self.own.family == "map" else name), member

    def _of_number(self, value: exp.Expr) -> exp.Expr:
        """Whether the double does not give the number back."""
        functions = self.functions
        double = conversions(self.own, self.other, self.rule, functions)[LEGACY].value(value)
        written = functions.trimmed(value, "both") if self.own.family == "text" else functions.text(value)
        same_digits = exp.EQ(this=functions.numeral(functions.text(double)), expression=functions.numeral(written))
        gives_back = [exp.func("COALESCE", same_digits, exp.false())]
        if self.own.family != "text":
            back = exp.EQ(this=functions.try_cast(double, self.own.name), expression=value.copy())
            gives_back.append(exp.func("COALESCE", back, exp.false()))
        return exp.and_(functions.is_finite(double.copy()), exp.not_(exp.or_(*gives_back)))
