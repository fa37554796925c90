"""Whether case and trailing blanks can make a difference to a text, by the way it is written."""

from dataclasses import dataclass

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.sql_types import Family
from transferroom_pipeline.legacy.tsql.types import Types

_TRIMS = ("RTRIM", "TRIM")


@dataclass(frozen=True)
class Settled:
    """Whether case, and blanks at the end, make no difference to a text when it is compared."""

    case: bool
    blanks: bool


def is_text(node: exp.Expr) -> bool:
    """Whether it is a constant text."""
    return isinstance(node, exp.National) or (isinstance(node, exp.Literal) and bool(node.is_string))


def settled(node: exp.Expr, types: Types) -> Settled:
    """What of a text is settled by the way it is written: UPPER settles case, RTRIM blanks."""
    node = node.unnest().unalias()
    if is_text(node):
        return Settled(node.name.lower() == node.name.upper(), not node.name.endswith(" "))
    if isinstance(node, exp.Null):
        return Settled(case=True, blanks=True)
    definition = types.definition(node) if isinstance(node, exp.Column) else None
    if definition is not None:
        return settled(definition, types)
    if isinstance(node, exp.Cast | exp.Convert | exp.Trim):
        return _settled_cast(node, types)
    is_call = isinstance(node, exp.Anonymous) and node.expressions
    return _settled_call(node, types) if is_call else Settled(case=False, blanks=False)


def _settled_cast(node: exp.Cast | exp.Convert | exp.Trim, types: Types) -> Settled:
    if isinstance(node, exp.Trim):
        return Settled(settled(node.this, types).case, blanks=node.expression is None)
    value = node.this if isinstance(node, exp.Cast) else node.expression
    if types.family(value) in (Family.TEXT, Family.UNKNOWN):
        return Settled(settled(value, types).case, blanks=False)
    is_padded = types.of(node).name in {"CHAR", "NCHAR"}
    return Settled(case=True, blanks=not is_padded)


def _settled_call(node: exp.Expr, types: Types) -> Settled:
    name, first = node.name.upper(), node.expressions[0]
    if name in {"FORMAT", "DATENAME"}:
        return Settled(case=True, blanks=True)
    if name in {"UPPER", "LOWER"}:
        return Settled(case=True, blanks=settled(first, types).blanks)
    if name in _TRIMS:
        return Settled(settled(first, types).case, blanks=len(node.expressions) == 1)
    if name in {"ISNULL", "COALESCE", "LTRIM"}:
        parts = [settled(argument, types) for argument in node.expressions]
        return Settled(all(part.case for part in parts), all(part.blanks for part in parts))
    if name == "NULLIF":
        return settled(first, types)
    return Settled(settled(first, types).case and name in {"LEFT", "RIGHT", "SUBSTRING"}, blanks=False)


def differences_matter(left: exp.Expr, right: exp.Expr, types: Types) -> bool:
    """Whether case or trailing blanks may decide if two texts are equal."""
    mine, other = settled(left, types), settled(right, types)
    case = (mine.case and other.case) or _letterless(left) or _letterless(right) or _in_one_case(left, right)
    return not (case and mine.blanks and other.blanks)


def _letterless(node: exp.Expr) -> bool:
    return is_text(node.unnest()) and node.unnest().name.lower() == node.unnest().name.upper()


def _in_one_case(left: exp.Expr, right: exp.Expr) -> bool:
    """Whether one side is put into the case that the constant on the other side is in."""
    return any(
        isinstance(call, exp.Anonymous)
        and is_text(constant)
        and constant.name == {"UPPER": constant.name.upper(), "LOWER": constant.name.lower()}.get(_outer_name(call))
        for call, constant in ((left.unnest(), right.unnest()), (right.unnest(), left.unnest()))
    )


def _outer_name(call: exp.Expr) -> str:
    """The function that decides the case of a text, below trims."""
    while isinstance(call, exp.Anonymous) and call.name.upper() in {*_TRIMS, "LTRIM"} and call.expressions:
        call = call.expressions[0].unnest()
    return call.name.upper() if isinstance(call, exp.Anonymous) else ""
