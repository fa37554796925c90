"""What the two sides of a comparison are read from: tables by their names, or views made for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from transferroom_pipeline.comparisons.exceptions import SpecError
from transferroom_pipeline.comparisons.queries import relation
from transferroom_pipeline.comparisons.sides import LEGACY, MODERN, SIDE_NAMES, SIDES
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.sql_text import DIALECT, parse_predicate, parse_query, selected_whole
from transferroom_pipeline.comparisons.statements import Statements


@dataclass(frozen=True)
class Sides:
    """The two sides as they are read.

    Attributes:
        spec: The comparison, over relations that give the values as they are.
        numerals: Of each side, the columns that are numbers written as text.
    """

    spec: TableSpec
    numerals: tuple[frozenset[str], frozenset[str]]


def readable(statements: Statements, spec: TableSpec) -> Sides:
    """Make a view of each side that is a query, or a table whose name alone would give changed values.

    Raises:
        SpecError: Both sides are the same rows of one relation: comparing them would show nothing.
        ComparisonError: The engine refuses to read a side.
    """
    found = [_side(statements, spec, side) for side in SIDES]
    _refuse_one_relation(statements, spec)
    names = {
        name: table.sql(dialect=DIALECT, identify=True) for name, (table, _) in zip(SIDE_NAMES, found, strict=True)
    }
    read = spec.model_copy(update={**names, "legacy_query": None, "modern_query": None})
    return Sides(read, (found[LEGACY][1], found[MODERN][1]))


def _side(statements: Statements, spec: TableSpec, side: int) -> tuple[exp.Table, frozenset[str]]:
    query = spec.query(side)
    if query is not None:
        statements.require_exact(parse_query(query), written=spec.place(side))
        return statements.create_view(SIDE_NAMES[side], parse_query(query)), frozenset()
    table = relation(spec, side)
    reading = statements.reading(table)
    if reading is None:
        return table, frozenset()
    return statements.create_view(SIDE_NAMES[side], reading.query), reading.numerals


def _refuse_one_relation(statements: Statements, spec: TableSpec) -> None:
    conditions = [None if (text := spec.where.of(side)) is None else parse_predicate(text) for side in SIDES]
    if conditions[LEGACY] != conditions[MODERN]:
        return
    legacy, modern = (_identity(statements, spec, side) for side in SIDES)
    if legacy == modern:
        sides = " and ".join(_distinct([spec.legacy, spec.modern]))
        raise SpecError(
            f"table {spec.table}: both sides are the same rows ({sides}), so that comparing them would show nothing: "
            "name two tables, or give each side a condition of its own"
        )


def _identity(statements: Statements, spec: TableSpec, side: int) -> str:
    query = spec.query(side)
    if query is None:
        return statements.identity(relation(spec, side))
    whole = selected_whole(query)
    return parse_query(query).sql(dialect=DIALECT) if whole is None else statements.identity(whole)


def _distinct(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(names))
