"""Each run proves that it can fail: known changes are planted in real rows, and the same code must find them all.

Copies of a few rows that were found identical, told apart by the number of the copy, make two small tables. In the new
one each copy has one change: a cell of one column, a change that the column's rule forgives, a missing row, a row that
the old one lacks, a row that is twice in the old one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sqlglot import exp

from transferroom_pipeline.comparisons.buckets import Hashing
from transferroom_pipeline.comparisons.column_types import column_type
from transferroom_pipeline.comparisons.columns import Column, ColumnPlan, ComparedColumn, plan_columns
from transferroom_pipeline.comparisons.findings import Findings
from transferroom_pipeline.comparisons.matching import Matched, match
from transferroom_pipeline.comparisons.pairs import old_rows, pairs
from transferroom_pipeline.comparisons.planting import changed, changes_every_value, forgiven
from transferroom_pipeline.comparisons.queries import (
    LEGACY,
    MODERN,
    SIDE_NAMES,
    SIDES,
    column,
    count,
    named,
    with_duplicate_key,
)
from transferroom_pipeline.comparisons.spec import ColumnRule, SidePredicates, TableSpec
from transferroom_pipeline.comparisons.sql_text import DIALECT
from transferroom_pipeline.comparisons.statements import Statements, silent

_ROWS = 4
_CANDIDATES = 16
"""Rows of the old side, of which the first few that turn up in the new one are taken: reading stops there."""


@dataclass(frozen=True)
class SelfCheck:
    """What the self-check came to.

    Attributes:
        planted: How many kinds of change were planted; 0 where no row was found identical.
        missed: One sentence for each that was not found, or not forgiven, or if there were no rows to plant them in.
    """

    planted: int = 0
    missed: tuple[str, ...] = ()


def self_check(
    statements: Statements, spec: TableSpec, plan: ColumnPlan, matched: Matched, hashing: Hashing
) -> SelfCheck:
    """Plant changes in identical rows and compare them again.

    Args:
        statements: Where to ask.
        spec: The comparison.
        plan: Its columns.
        matched: What it found.
        hashing: When rows are hashed: as it was for the tables themselves, so that the hashes are checked as well.
    """
    statements.progress("planting changes to check the comparison itself", 0)
    found_pairs = _pairs(statements, spec, plan, matched)
    if found_pairs is None:
        return SelfCheck(missed=("The self-check found no equal rows to plant changes in.",))
    planted = _Planted(plan, found_pairs)
    tables = [statements.create(f"planted_{side}", planted.table(side)) for side in SIDES]
    again = replace(statements, mark=f"{statements.mark}_check", progress=silent)
    checked = _spec_of_planted(spec, plan, tables)
    columns = [
        [Column(name, column_type(type_name, plan.functions.dialect)) for name, type_name in again.columns(table)]
        for table in tables
    ]
    checked_plan = plan_columns(checked, columns[LEGACY], columns[MODERN], plan.functions)
    found = match(again, checked, checked_plan, hashing)
    findings = Findings(again, checked_plan, found.differences, found.duplicates)
    counted = _Found(_cells(findings), findings.rows_by_kind(), findings.duplicate_rows())
    return SelfCheck(planted.changes, tuple(_missed(planted, counted)))


@dataclass(frozen=True)
class _Pairs:
    """The rows to plant changes in, in one work table.

    Its columns are `l<n>` and `m<n>`, the values of either side, and `e<n>`, whether the two are strictly equal.

    Attributes:
        table: Where they are.
        rows: How many there are.
        filled: Rows without NULL by the column's position, for columns in which NULL cannot be changed.
    """

    table: exp.Table
    rows: int
    filled: dict[int, int]


@dataclass(frozen=True)
class _Found:
    """What comparing the planted tables found."""

    cells: dict[int, int]
    kinds: dict[str, int]
    duplicates: dict[str, int]


@dataclass(frozen=True)
class _Planted:
    """The two tables with planted changes: every pair of rows once per copy."""

    plan: ColumnPlan
    pairs: _Pairs

    @cached_property
    def forgiving(self) -> list[ComparedColumn]:
        """The columns whose rule forgives a change."""
        return [each for each in self.plan.value_columns if forgiven(each, column(f"m{each.position}")) is not None]

    @cached_property
    def copies(self) -> list[str]:
        """What is done to each copy: a change of one column to find, all changes to forgive, or one of whole rows."""
        found = [f"changed {each.position}" for each in self.plan.value_columns]
        return [*found, *(["forgiven"] if self.forgiving else []), "missing", "extra", "twice"]

    @property
    def changes(self) -> int:
        """How many changes are planted: one per column, one more per column that forgives, three of whole rows."""
        return len(self.plan.value_columns) + len(self.forgiving) + 3

    def expected(self, compared: ComparedColumn) -> int:
        """How many cells of a column are changed."""
        return self.pairs.rows if changes_every_value(compared) else self.pairs.filled[compared.position]

    def table(self, side: int) -> exp.Query:
        """One of the two tables."""
        left_out = "extra" if side == LEGACY else "missing"
        numbers = [number for number, what in enumerate(self.copies) if what != left_out]
        if side == LEGACY:
            numbers.append(self.copies.index("twice"))
        copies = exp.union(
            *(exp.select(exp.Literal.number(number).as_("copy", quoted=True)) for number in numbers), distinct=False
        )
        values = [named(self._value(each, side), each.name(side)) for each in self.plan.all_columns]
        pairs = exp.alias_(self.pairs.table.copy(), "pair", table=True)
        return (
            exp.Select(expressions=[named(column("copy", "copies"), _copy_name(self.plan)), *values])
            .from_(pairs, copy=False)
            .join(copies.subquery("copies", copy=False), join_type="cross", copy=False)
        )

    def _value(self, compared: ComparedColumn, side: int) -> exp.Expr:
        value: exp.Expr = column(f"{SIDE_NAMES[side][0]}{compared.position}", "pair")
        if side == LEGACY or compared.position in self.plan.key:
            return value
        value = self.plan.functions.caseable(value, compared.equality.modern)
        planted = [exp.If(this=self._is_copy(f"changed {compared.position}"), true=changed(compared, value))]
        let_be = forgiven(compared, value)
        if let_be is not None:
            # Only where the two are the same: elsewhere the rule may have been used up already.
            strictly_equal = column(f"e{compared.position}", "pair")
            is_copy = exp.and_(self._is_copy("forgiven"), strictly_equal, copy=False)
            planted.append(exp.If(this=is_copy, true=let_be))
        return exp.Case(ifs=planted, default=value)

    def _is_copy(self, what: str) -> exp.Expr:
        return exp.EQ(this=column("copy", "copies"), expression=exp.Literal.number(self.copies.index(what)))


def _copy_name(plan: ColumnPlan) -> str:
    """A name for the number of the copy that no column has."""
    taken = {name.lower() for each in plan.all_columns for name in (each.legacy, each.modern)}
    name = "copy"
    while name in taken:
        name += "_"
    return name


def _pairs(statements: Statements, spec: TableSpec, plan: ColumnPlan, matched: Matched) -> _Pairs | None:
    """Real rows of both sides that were found identical; None where there are none."""
    limit = _ROWS if plan.key else 1
    candidates = statements.create("candidates", _candidates(spec, plan, matched))
    # First by the plain comparison, which NULL fails: it lets engines skip the rows that have none of the keys.
    found = _counted(statements, plan, pairs(spec, plan, candidates, limit))
    found = found or _counted(statements, plan, pairs(spec, plan, candidates, limit, null_safe=True))
    if found is not None or matched.duplicate_keys is None:
        return found
    candidates = statements.create("candidates", old_rows(spec, plan).limit(_CANDIDATES))
    equal = exp.and_(*(column(f"e{each.position}") for each in plan.value_columns))
    among_duplicates = pairs(spec, plan, candidates, _CANDIDATES**2, null_safe=True).subquery("pairs")
    return _counted(statements, plan, exp.select("*").from_(among_duplicates).where(equal).limit(1))


def _counted(statements: Statements, plan: ColumnPlan, query: exp.Select) -> _Pairs | None:
    table = statements.create("pairs", query)
    fixed = [each for each in plan.value_columns if not changes_every_value(each)]
    filled = [exp.Count(this=column(f"m{each.position}")) for each in fixed]
    rows, *counts = statements.row(exp.select(count(), *filled).from_(table.copy()))
    found = {each.position: int(number) for each, number in zip(fixed, counts, strict=True)}
    return _Pairs(table, int(rows), found) if rows else None


def _candidates(spec: TableSpec, plan: ColumnPlan, matched: Matched) -> exp.Select:
    """A few rows of the old side that were found identical; without a key, any that may be."""
    rows = old_rows(spec, plan)
    if matched.differences is not None:
        same = [
            exp.NullSafeEQ(
                this=column(f"l{each.position}", "differing"), expression=column(f"c{each.position}", "rows")
            )
            for each in plan.key_columns
        ]
        differing = exp.alias_(matched.differences.copy(), "differing", table=True)
        rows = rows.where(exp.not_(exp.Exists(this=exp.select("1").from_(differing).where(exp.and_(*same)))))
    if matched.duplicate_keys is not None:
        rows = rows.where(exp.not_(with_duplicate_key(matched.duplicate_keys, plan, "rows")))
    return rows.limit(_CANDIDATES)


def _spec_of_planted(spec: TableSpec, plan: ColumnPlan, tables: Sequence[exp.Table]) -> TableSpec:
    """The same rules for the planted tables, which hold the compared columns only."""
    key = (_copy_name(plan), *(each.modern for each in plan.key_columns)) if plan.key else ()
    rules: dict[str, ColumnRule] = {each.modern: each.rule for each in plan.all_columns}
    names = [table.sql(dialect=DIALECT, identify=True) for table in tables]
    changes = {
        "legacy": names[LEGACY],
        "modern": names[MODERN],
        "key": key,
        "rename": {each.legacy: each.modern for each in plan.all_columns if each.legacy != each.modern},
        "where": SidePredicates(),
        "exclude": (),
        "columns": rules,
        "accepted": (),
    }
    return spec.model_copy(update=changes)


def _cells(findings: Findings) -> dict[int, int]:
    return dict(findings.counted().cells)


def _missed(planted: _Planted, counted: _Found) -> Iterator[str]:
    """What was planted and not found."""
    if planted.plan.key:
        yield from _missed_cells(planted, counted.cells)
        yield from _missed_rows(planted.pairs.rows, counted)
        return
    changes = sum(planted.expected(each) for each in planted.plan.value_columns)
    rows = planted.pairs.rows
    found = counted.kinds.get("only_legacy"), counted.kinds.get("only_modern")
    if found != (changes + 2 * rows, changes + rows):
        yield "The self-check planted changes in copies of real rows, and the comparison did not count them right."


def _missed_cells(planted: _Planted, cells: dict[int, int]) -> Iterator[str]:
    # The number of the copy is the first column of the planted tables, and the others keep their order.
    for number, each in enumerate(planted.plan.all_columns, start=1):
        if each.position in planted.plan.key:
            continue
        found, expected = cells.get(number, 0), planted.expected(each)
        if found < expected:
            yield f"The self-check planted a change in column {each.legacy}, and the comparison missed it."
        elif found > expected:
            yield f"The self-check planted a change that the rule of column {each.legacy} forgives, and it counted."


def _missed_rows(rows: int, counted: _Found) -> Iterator[str]:
    found = {
        "a missing row": counted.kinds.get("only_legacy", 0) == rows,
        "an extra row": counted.kinds.get("only_modern", 0) == rows,
        "a row twice": (counted.duplicates["legacy"], counted.duplicates["modern"]) == (2 * rows, rows),
    }
    yield from (
        f"The self-check planted {what}, and the comparison missed it." for what, seen in found.items() if not seen
    )
