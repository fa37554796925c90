"""Each run proves that it can fail: known changes are planted in real rows, and the same code must find them all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from transferroom_pipeline.comparisons.buckets import Hashing
from transferroom_pipeline.comparisons.columns import ColumnPlan, plan_columns, typed_columns
from transferroom_pipeline.comparisons.findings import Findings
from transferroom_pipeline.comparisons.matching import Matched, match
from transferroom_pipeline.comparisons.pairs import old_rows, pairs
from transferroom_pipeline.comparisons.planted import Kind, Planted, kinds_of
from transferroom_pipeline.comparisons.planting import changes_every_value
from transferroom_pipeline.comparisons.queries import column, count, is_kind, sum_or_zero, with_duplicate_key
from transferroom_pipeline.comparisons.sides import LEGACY, MODERN, SIDES
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.statements import Statements, silent

_ROWS = 4
_MANY_KINDS = 50
"""From so many on, one row must do: there is a copy of it for each."""

_CANDIDATES = 16
"""Rows of the old side, of which the first few that turn up in the new one are taken: reading stops there."""


@dataclass(frozen=True)
class SelfCheck:
    """What the self-check found.

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
    kinds = kinds_of(plan, each_apart=hashing.from_rows <= 1)
    planted = _Pairing(statements, spec, plan, matched, kinds).planted()
    if planted is None:
        return SelfCheck(missed=("The self-check found no equal rows to plant changes in.",))
    tables = [statements.create(f"planted_{side}", planted.table(side)) for side in SIDES]
    again = replace(statements, mark=f"{statements.mark}_check", progress=silent)
    checked = planted.spec(spec, tables)
    columns = [
        typed_columns(again.columns(table), planted.numerals(side), plan.functions.dialect)
        for side, table in zip(SIDES, tables, strict=True)
    ]
    checked_plan = plan_columns(checked, columns[LEGACY], columns[MODERN], plan.functions)
    found = match(again, checked, checked_plan, hashing)
    findings = Findings(again, checked_plan, found.differences, found.duplicates)
    counted = _Found(_cells(findings, planted), findings.rows_by_kind(), findings.duplicate_rows())
    return SelfCheck(planted.changes, tuple(_missed(planted, counted)))


Cells = Mapping[tuple[int, int], tuple[int, ...]]
"""Differing cells of each kind, by the number of the copy and the place."""


@dataclass(frozen=True)
class _Found:
    """What comparing the planted tables found."""

    cells: Cells
    kinds: dict[str, int]
    duplicates: dict[str, int]


def _cells(findings: Findings, planted: Planted) -> Cells:
    if not findings.plan.key or findings.differences is None:
        return {}
    by_name = {each.legacy: each for each in findings.plan.all_columns}
    marks = [column(f"l{by_name[name].position}") for name in planted.marks]
    flags = [column(f"d{by_name[kind.name].position}") for kind in planted.kinds]
    counts = [sum_or_zero(findings.plan.functions.cast(flag, "INT")) for flag in flags]
    query = exp.select(*marks, *counts).from_(findings.differences.copy()).where(is_kind("different"))
    rows = findings.statements.rows(query.group_by(*(mark.copy() for mark in marks)))
    return {(int(copy), int(place)): tuple(map(int, cells)) for copy, place, *cells in rows}


@dataclass(frozen=True)
class _Pairing:
    """Looks for real rows of both sides that were found identical."""

    statements: Statements
    spec: TableSpec
    plan: ColumnPlan
    matched: Matched
    kinds: tuple[Kind, ...]

    def planted(self) -> Planted | None:
        """The rows to plant changes in; None where there are none."""
        limit = _ROWS if self.plan.key and len(self.kinds) <= _MANY_KINDS else 1
        candidates = self.statements.create("candidates", self._candidates())
        # First by the plain comparison, which NULL fails: it lets engines skip the rows that have none of the keys.
        found = self._counted(self._pairs(candidates, limit, null_safe=False))
        found = found or self._counted(self._pairs(candidates, limit, null_safe=True))
        if found is not None or self.matched.duplicate_keys is None:
            return found
        candidates = self.statements.create("candidates", old_rows(self.spec, self.plan).limit(_CANDIDATES))
        flagged = self.plan.value_columns
        many = pairs(self.spec, self.plan, candidates, _CANDIDATES**2, flagged=flagged, null_safe=True)
        equal = exp.and_(*(column(f"e{each.position}") for each in flagged))
        return self._counted(exp.select("*").from_(many.subquery("pairs")).where(equal).limit(1))

    def _pairs(self, candidates: exp.Table, limit: int, *, null_safe: bool) -> exp.Select:
        flagged = [each for kind in self.kinds if kind.is_forgiving for each in kind.columns]
        return pairs(self.spec, self.plan, candidates, limit, flagged=flagged, null_safe=null_safe)

    def _counted(self, query: exp.Select) -> Planted | None:
        table = self.statements.create("pairs", query)
        fixed = [each for each in self.plan.value_columns if not changes_every_value(each)]
        filled = [exp.Count(this=column(f"m{each.position}")) for each in fixed]
        rows, *counts = self.statements.row(exp.select(count(), *filled).from_(table.copy()))
        found = {each.position: int(number) for each, number in zip(fixed, counts, strict=True)}
        return Planted(self.plan, self.kinds, table, int(rows), found) if rows else None

    def _candidates(self) -> exp.Select:
        """A few rows of the old side that were found identical; without a key, any that may be."""
        rows, matched = old_rows(self.spec, self.plan), self.matched
        if matched.differences is not None:
            same = [
                exp.NullSafeEQ(
                    this=column(f"l{each.position}", "differing"), expression=column(f"c{each.position}", "rows")
                )
                for each in self.plan.key_columns
            ]
            differing = exp.alias_(matched.differences.copy(), "differing", table=True)
            rows = rows.where(exp.not_(exp.Exists(this=exp.select("1").from_(differing).where(exp.and_(*same)))))
        if matched.duplicate_keys is not None:
            rows = rows.where(exp.not_(with_duplicate_key(matched.duplicate_keys, self.plan, "rows")))
        return rows.limit(_CANDIDATES)


def _missed(planted: Planted, counted: _Found) -> Iterator[str]:
    """What was planted and not found."""
    if planted.plan.key:
        for kind in planted.kinds:
            yield from _missed_cells(planted, kind, counted.cells)
        yield from _missed_rows(planted.rows, counted)
        return
    changes = sum(planted.expected(each) for each in planted.plan.value_columns)
    found = counted.kinds.get("only_legacy"), counted.kinds.get("only_modern")
    if found != (changes + 2 * planted.rows, changes + planted.rows):
        yield "The self-check planted changes in copies of real rows, and the comparison did not count them right."


def _missed_cells(planted: Planted, kind: Kind, cells: Cells) -> Iterator[str]:
    own = planted.copy_of(kind)
    for place, each in enumerate(kind.columns, start=1):
        found = cells.get((own, place), (0,) * len(planted.kinds))[kind.number]
        wrongly = sum(counts[kind.number] for (copy, at), counts in cells.items() if at == place and copy != own)
        if found < planted.expected(each):
            yield f"The self-check planted a change in column {each.legacy}, and the comparison missed it."
        elif wrongly or found > planted.expected(each):
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
