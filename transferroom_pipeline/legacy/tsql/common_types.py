"""Values of several places, such as the branches of a UNION, in the type that they have in common."""

from collections.abc import Sequence

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.calls import cast_to
from transferroom_pipeline.legacy.tsql.conversions import convert
from transferroom_pipeline.legacy.tsql.rules.settled import is_text
from transferroom_pipeline.legacy.tsql.sql_types import NARROW, Family, SqlType, common
from transferroom_pipeline.legacy.tsql.types import Output, Types, columns_of_values, is_star

_NO_NUMBERS = (Family.DATE, Family.DATETIME, Family.TIME, Family.UUID)
_TYPES_OF_CONSTANTS = (*_NO_NUMBERS, Family.INTEGER)
"""What a constant text is converted to beside other values."""


def as_common(value: exp.Expr, kind: SqlType, types: Types) -> exp.Expr:
    """One of several values as the type that they have in common: a constant text converted, a CHAR padded."""
    source = types.of(value)
    if source.name in NARROW and kind.family is Family.INTEGER and source != kind:
        # The stand-in gives a constant the narrow type beside it.
        return cast_to(kind, value)
    is_number = is_text(value) and kind.family is Family.INTEGER
    if is_number or (kind.is_padded and source.is_padded and source != kind):
        return convert(value, source, kind)
    return constant_as(value, kind, types)


def constant_as(value: exp.Expr, kind: SqlType, types: Types) -> exp.Expr:
    """A constant text as a date or identifier where those are expected."""
    if not is_text(value) or kind.family not in _NO_NUMBERS:
        return value
    return convert(value, types.of(value), kind)


def with_one_type(node: exp.Expr, types: Types) -> exp.Expr:
    """A list of values in which each column has one type."""
    for column in columns_of_values(node) if isinstance(node, exp.Values) else []:
        kind = common([types.of(cell) for cell in column])
        for cell in column:
            _replace_by_common(cell, kind, types)
    return node


def convert_branches(node: exp.SetOperation, types: Types) -> None:
    """Give the branches of a set operation the types that they have in common."""
    kinds = [output.type for output in types.outputs(node)]
    for branch in types.branches(node):
        selects = branch.expressions if isinstance(branch, exp.Select) else []
        if any(is_star(select) for select in selects):
            _convert_stars(branch, kinds, types)
            continue
        for select, kind in zip(selects, kinds, strict=False):
            _replace_by_common(select.unalias(), kind, types)


def _convert_stars(branch: exp.Expr, kinds: Sequence[SqlType], types: Types) -> None:
    """Convert the columns of a branch that does not list them: from outside, by names of their own."""
    pairs = list(zip(types.outputs(branch), kinds, strict=False))
    if not any(_is_converted(output, kind) for output, kind in pairs):
        return
    names = [f"c{number}" for number in range(len(pairs))]
    values = [
        exp.alias_(
            convert(exp.column(name), output.type, kind) if _is_converted(output, kind) else exp.column(name),
            output.name,
        )
        for name, (output, kind) in zip(names, pairs, strict=True)
    ]
    alias = exp.TableAlias(this=exp.to_identifier("branch"), columns=[exp.to_identifier(name) for name in names])
    branch.replace(exp.select(*values).from_(exp.Subquery(this=branch.copy(), alias=alias)))


def _is_converted(output: Output, kind: SqlType) -> bool:
    is_constant = output.value is not None and is_text(output.value) and kind.family in _TYPES_OF_CONSTANTS
    return is_constant or (kind.is_padded and output.type.is_padded and output.type != kind)


def _replace_by_common(value: exp.Expr, kind: SqlType, types: Types) -> None:
    # Of a copy, because what stands for a value must not hold the value itself.
    value.replace(as_common(value.copy(), kind, types))
