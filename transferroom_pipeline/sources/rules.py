"""The rules a row must keep, derived from the contract of its table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import polars as pl

from transferroom_pipeline.sources.columns import Column, columns_of
from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.conversion import given, too_fine

RuleName = Literal["not_null", "type", "scale", "range", "enumeration", "pattern", "unique_key"]

# Column telling whether the key of a row stands in an earlier row of the file.
REPEATED_KEY = "key: repeated"

_VIOLATED = {
    "ge": lambda value, bound: value < bound,
    "gt": lambda value, bound: value <= bound,
    "le": lambda value, bound: value > bound,
    "lt": lambda value, bound: value >= bound,
}


@dataclass(frozen=True)
class Rule:
    """A rule about one column.

    Attributes:
        column: The column.
        name: Kind of rule: `type` is kept by values of the contract's type, `scale` by those that need no rounding,
            `unique_key` by the first row of the file with a key, whatever becomes of that row.
        violated: Whether a row breaks the rule, over the columns of `conversion.typed` and `REPEATED_KEY`.
    """

    column: str
    name: RuleName
    violated: pl.Expr


def rules_of(table: SourceTable) -> tuple[Rule, ...]:
    """All rules of a table, in the order in which the first violation of a row is looked for."""
    return tuple(rule for column in columns_of(table) for rule in _rules(column))


def first_violation(rules: Sequence[Rule]) -> pl.Expr:
    """Place in `rules` of the first rule a row breaks, NULL for a row that keeps them all."""
    return pl.coalesce(pl.when(rule.violated).then(pl.lit(place, dtype=pl.UInt16)) for place, rule in enumerate(rules))


def _rules(column: Column) -> Iterator[Rule]:
    name, value = column.name, pl.col(column.name)
    if not column.nullable:
        yield Rule(name, "not_null", ~pl.col(given(name)))
    yield Rule(name, "type", pl.col(given(name)) & value.is_null() & ~pl.col(too_fine(name)))
    yield Rule(name, "scale", pl.col(too_fine(name)))
    for kind, bound in column.bounds.items():
        yield Rule(name, "range", _VIOLATED[kind](value, _literal(bound, column.dtype)))
    if column.values:
        yield Rule(name, "enumeration", ~value.is_in(column.values))
    if column.pattern is not None:
        yield Rule(name, "pattern", ~value.str.contains(column.pattern))
    if column.unique:
        yield Rule(name, "unique_key", pl.col(REPEATED_KEY))


def _literal(bound: object, dtype: pl.DataType) -> pl.Expr:
    """A bound in the type of its column, so that decimals are not compared as floats."""
    return pl.lit(Decimal(str(bound)) if dtype.is_decimal() else bound)
