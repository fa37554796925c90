"""Whether case and trailing blanks can make a difference to a text, by the way it is written."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.date_parts import part_of
from transferroom_pipeline.legacy.tsql.sql_types import Family
from transferroom_pipeline.legacy.tsql.types import Types

_TRIMS = ("RTRIM", "TRIM")
_NAMED_PARTS = {"month", "weekday"}
_NAMES_IN_FORMATS = ("MMM", "ddd", "tt")


class Case(StrEnum):
    """The case that the letters of a text are in."""

    UPPER = "upper"
    LOWER = "lower"
    TITLE = "title"
    """As in the names of months and weekdays."""
    NONE = "none"
    """There are no letters."""
    OPEN = "open"
    """The text's values decide."""


_CASE_OF_STYLE = {**dict.fromkeys(("6", "7", "106", "107"), Case.TITLE), "126": Case.UPPER}
"""The styles of CONVERT that write letters: the names of months, and the T before the time."""


@dataclass(frozen=True)
class Settled:
    """What is known of the case of a text, and whether it has no blanks at the end."""

    case: Case
    blanks: bool

    @property
    def is_whole(self) -> bool:
        """Whether texts that SQL Server takes as equal are the same text."""
        return self.case is not Case.OPEN and self.blanks


def is_text(node: exp.Expr) -> bool:
    """Whether it is a constant text."""
    return isinstance(node, exp.National) or (isinstance(node, exp.Literal) and bool(node.is_string))


def case_of(text: str) -> Case:
    """The case that a constant is in."""
    if text.lower() == text.upper():
        return Case.NONE
    return next((case for case in (Case.UPPER, Case.LOWER, Case.TITLE) if _is_in(text, case)), Case.OPEN)


def _is_in(text: str, case: Case) -> bool:
    forms = {Case.UPPER: text.upper(), Case.LOWER: text.lower(), Case.TITLE: text.title()}
    return forms.get(case) == text


def same_case(left: exp.Expr, right: exp.Expr, types: Types) -> bool:
    """Whether texts that differ in nothing but case are the same: both are in one case, or one has no letters."""
    mine, other = settled(left, types).case, settled(right, types).case
    if Case.NONE in (mine, other) or (mine is other and mine is not Case.OPEN):
        return True
    constants = ((left.unnest(), other), (right.unnest(), mine))
    return any(is_text(constant) and _is_in(constant.name, case) for constant, case in constants)


def settled(node: exp.Expr, types: Types) -> Settled:
    """What of a text is settled by the way it is written: UPPER settles case, RTRIM blanks."""
    node = node.unnest().unalias()
    if is_text(node):
        return Settled(case_of(node.name), not node.name.endswith(" "))
    if isinstance(node, exp.Null):
        return Settled(Case.NONE, blanks=True)
    definition = types.definition(node) if isinstance(node, exp.Column) else None
    if definition is not None:
        return settled(definition, types)
    if isinstance(node, exp.Cast | exp.Convert | exp.Trim):
        return _settled_cast(node, types)
    is_call = isinstance(node, exp.Anonymous) and node.expressions
    return _settled_call(node, types) if is_call else Settled(Case.OPEN, blanks=False)


def _settled_cast(node: exp.Cast | exp.Convert | exp.Trim, types: Types) -> Settled:
    if isinstance(node, exp.Trim):
        return Settled(settled(node.this, types).case, blanks=node.expression is None)
    value = node.this if isinstance(node, exp.Cast) else node.expression
    family = types.family(value)
    if family in (Family.TEXT, Family.UNKNOWN):
        return Settled(settled(value, types).case, blanks=False)
    style = node.args.get("style")
    case = Case.UPPER if family is Family.UUID else _CASE_OF_STYLE.get(style.name if style else "", Case.NONE)
    return Settled(case, blanks=not types.of(node).is_padded)


def _settled_call(node: exp.Expr, types: Types) -> Settled:
    name, first = node.name.upper(), node.expressions[0]
    if name in {"FORMAT", "DATENAME"}:
        return Settled(_case_of_date(node), blanks=True)
    mine = settled(first, types)
    if name in {"UPPER", "LOWER"}:
        return Settled(mine.case if mine.case is Case.NONE else Case(name.lower()), mine.blanks)
    if name in _TRIMS:
        return Settled(mine.case, blanks=len(node.expressions) == 1)
    if name in {"ISNULL", "COALESCE", "LTRIM"}:
        parts = [settled(argument, types) for argument in node.expressions]
        return Settled(_common_case(part.case for part in parts), all(part.blanks for part in parts))
    if name == "NULLIF":
        return mine
    keeps_case = name == "LEFT" or (name in {"RIGHT", "SUBSTRING"} and mine.case is not Case.TITLE)
    return Settled(mine.case if keeps_case else Case.OPEN, blanks=False)


def _case_of_date(node: exp.Expr) -> Case:
    """The case of the text of a date: names of months and weekdays are the only letters."""
    if node.name.upper() == "DATENAME":
        return Case.TITLE if part_of(node.expressions[0]) in _NAMED_PARTS else Case.NONE
    pattern = node.expressions[1].name if len(node.expressions) > 1 else ""
    if "tt" in pattern:
        return Case.OPEN
    return Case.TITLE if any(name in pattern for name in _NAMES_IN_FORMATS) else Case.NONE


def _common_case(cases: Iterable[Case]) -> Case:
    found = {case for case in cases if case is not Case.NONE}
    return found.pop() if len(found) == 1 else Case.OPEN if found else Case.NONE


def differences_matter(left: exp.Expr, right: exp.Expr, types: Types) -> bool:
    """Whether case or trailing blanks may decide if two texts are equal."""
    mine, other = settled(left, types), settled(right, types)
    return not (same_case(left, right, types) and mine.blanks and other.blanks)
