"""Counting and explaining what a comparison found in its work tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from transferroom_pipeline.comparisons.acceptance import NOTHING_ACCEPTED, Acceptance
from transferroom_pipeline.comparisons.causes import (
    FACT_MEASURES,
    ColumnFacts,
    cause_of_cell,
    fact_measures,
    facts,
    same_in,
    sides,
    zone_trials,
)
from transferroom_pipeline.comparisons.columns import ColumnPlan, ComparedColumn
from transferroom_pipeline.comparisons.queries import column, count, count_where, is_kind, largest, sum_or_zero
from transferroom_pipeline.comparisons.remedies import Known
from transferroom_pipeline.comparisons.result import RowCounts, TopChange
from transferroom_pipeline.comparisons.statements import Statements

_TOP_CHANGES = 5
_EXPLAINED_AT_ONCE = 16
"""Columns explained in one query: engines hold the parts of an expression in memory, and causes have many."""

Largest = tuple[float | None, float | None]


@dataclass(frozen=True)
class Findings:
    """What to read from, after the comparison has been run.

    Attributes:
        statements: Where to ask.
        plan: The columns.
        differences: All rows that are not identical and whose key is unique; None without a key.
        duplicates: The rows compared as multisets; None where there are none.
        cells: Differing cells by the column's position.
        facts: What the differing cells of a column have in common.
        causes_of_cells: The cause of a differing cell as an expression, by the column's position.
        partners: The keys, trimmed and in lower case, that both sides have among their one-sided rows; None where
            there are none.
        acceptance: What is accepted.
    """

    statements: Statements
    plan: ColumnPlan
    differences: exp.Table | None
    duplicates: exp.Table | None
    cells: Mapping[int, int] = field(default_factory=dict)
    facts: Mapping[int, ColumnFacts] = field(default_factory=dict)
    causes_of_cells: Mapping[int, exp.Expr] = field(default_factory=dict)
    partners: exp.Table | None = None
    acceptance: Acceptance = NOTHING_ACCEPTED

    @property
    def differing_columns(self) -> list[ComparedColumn]:
        """The value columns with a differing cell."""
        return [compared for compared in self.plan.value_columns if self.cells.get(compared.position)]

    def rows_by_kind(self) -> dict[str, int]:
        """Rows that are different or on one side only, each row with a duplicate key left out."""
        if not self.plan.key:
            return self._surplus("only_legacy", "only_modern")
        if self.differences is None:
            return {}
        kind = column("kind")
        counted = exp.select(kind, count()).from_(self.differences.copy()).group_by(kind.copy())
        return dict(self.statements.rows(counted))

    def duplicate_rows(self) -> dict[str, int]:
        """Rows with a duplicate key on either side, and those that the other side does not have as often."""
        if self.duplicates is None or not self.plan.key:
            return {"legacy": 0, "modern": 0, "differing": 0}
        totals = [sum_or_zero(column(f"{side}_rows")) for side in ("legacy", "modern")]
        legacy, modern = self.statements.row(exp.select(*totals).from_(self.duplicates.copy()))
        surplus = self._surplus("legacy", "modern")
        return {"legacy": int(legacy), "modern": int(modern), "differing": sum(surplus.values())}

    def _surplus(self, legacy: str, modern: str) -> dict[str, int]:
        """How many rows either side has more of."""
        if self.duplicates is None:
            return {legacy: 0, modern: 0}
        counts = column("legacy_rows"), column("modern_rows")
        surplus = [
            sum_or_zero(exp.func("GREATEST", exp.Sub(this=one.copy(), expression=other.copy()), exp.Literal.number(0)))
            for one, other in (counts, counts[::-1])
        ]
        found = self.statements.row(exp.select(*surplus).from_(self.duplicates.copy()))
        return dict(zip((legacy, modern), map(int, found), strict=True))

    def unequal_groups(self) -> int:
        """Distinct rows compared as multisets that one side has more often."""
        if self.duplicates is None:
            return 0
        unequal = exp.NEQ(this=column("legacy_rows"), expression=column("modern_rows"))
        return int(self.statements.value(exp.select(count_where(unequal)).from_(self.duplicates.copy())))

    def examined(self) -> "Findings":
        """The same findings with the differing cells counted, and what they have in common."""
        found = self.counted()
        known = found._facts()
        causes = {
            compared.position: self.statements.written(cause_of_cell(compared, known[compared.position]))
            for compared in found.differing_columns
        }
        return replace(found, facts=known, causes_of_cells=causes, partners=found._partners())

    def counted(self) -> "Findings":
        """The same findings with the differing cells counted."""
        columns = self.plan.value_columns
        if self.differences is None or not columns:
            return replace(self, cells={compared.position: 0 for compared in columns})
        # Sums of 1 and 0: engines take many times as long to plan some hundred counts of rows that are filtered.
        flags = [self.plan.functions.cast(column(f"d{compared.position}"), "INT") for compared in columns]
        counted = self.statements.row(exp.select(*map(sum_or_zero, flags)).from_(self.differences.copy()))
        cells = {compared.position: int(cells) for compared, cells in zip(columns, counted, strict=True)}
        return replace(self, cells=cells)

    def _facts(self) -> dict[int, ColumnFacts]:
        found: dict[int, ColumnFacts] = {}
        for columns in in_batches(self.differing_columns):
            found |= self._facts_of(columns)
        return found

    def _facts_of(self, columns: Sequence[ComparedColumn]) -> dict[int, ColumnFacts]:
        if self.differences is None:
            return {}
        measured: list[exp.Expr] = []
        for compared in columns:
            differs = column(f"d{compared.position}")
            measured += [
                measure
                if isinstance(measure, exp.Null)
                else exp.Filter(this=measure, expression=exp.Where(this=differs.copy()))
                for measure in fact_measures(compared)
            ]
        row = self.statements.row(exp.select(*measured).from_(self.differences.copy()))
        found: dict[int, ColumnFacts] = {}
        for number, compared in enumerate(columns):
            own = row[FACT_MEASURES * number : FACT_MEASURES * (number + 1)]
            found[compared.position] = replace(facts(compared, own), zones=self._zones(compared, own))
        return found

    def _zones(self, compared: ComparedColumn, measured: Sequence[int | None]) -> Mapping[str, str] | None:
        """The zones in which all differing cells that have two values are the same instants."""
        trials = zone_trials(compared, measured)
        if not trials or self.differences is None:
            return None
        differs = column(f"d{compared.position}")
        both = [exp.not_(exp.Is(this=side, expression=exp.null())) for side in sides(compared)]
        apart = [
            count_where(exp.and_(differs.copy(), *both, exp.not_(exp.paren(same_in(compared, zones)))))
            for zones in trials.values()
        ]
        found = self.statements.row(exp.select(*apart).from_(self.differences.copy()))
        return next((zones for zones, cells in zip(trials.values(), found, strict=True) if not cells), None)

    def _partners(self) -> exp.Table | None:
        """One-sided rows whose keys are the same but for case and blanks."""
        if self.differences is None or not any(_has_text(compared) for compared in self.plan.key_columns):
            return None
        halves = [
            exp.select(_folded_key(self.plan, side).as_("folded", quoted=True))
            .from_(self.differences.copy())
            .where(is_kind(f"only_{side}"))
            for side in ("legacy", "modern")
        ]
        return self.statements.create("partners", exp.intersect(*halves, distinct=True))

    def cause(self, compared: ComparedColumn) -> exp.Expr:
        """The cause of a differing cell."""
        return self.causes_of_cells[compared.position].copy()

    def cause_of_row(self, side: str) -> exp.Expr:
        """The cause of a row on one side only."""
        missing = exp.Literal.string("missing")
        if self.partners is None:
            return missing
        has_partner = exp.In(
            this=_folded_key(self.plan, side),
            query=exp.select(column("folded")).from_(self.partners.copy()).subquery(),
        )
        return exp.case().when(has_partner, exp.Literal.string("key_format")).else_(missing)

    def causes(self) -> dict[int, dict[str, int]]:
        """Differing cells by cause, the most frequent first, by the column's position."""
        found: dict[int, dict[str, int]] = {}
        if self.differences is None or not self.differing_columns:
            return found
        parts = [
            exp.select(exp.Literal.number(compared.position).as_("place"), self.cause(compared).as_("cause"))
            .from_(self.differences.copy())
            .where(column(f"d{compared.position}"))
            for compared in self.differing_columns
        ]
        cells = exp.union(*parts, distinct=False, copy=False) if len(parts) > 1 else parts[0]
        counted = (
            exp.select("place", "cause", count().as_("cells"))
            .from_(cells.subquery("cells_by_cause", copy=False), copy=False)
            .group_by("place", "cause")
            .order_by("place", "cells DESC", "cause")
        )
        for place, cause, number in self.statements.rows(counted):
            found.setdefault(place, {})[cause] = number
        return found

    def known(self, causes: Mapping[int, Mapping[str, int]]) -> dict[int, Known]:
        """What is known of the columns with differing cells, by their position."""
        return {
            each.position: Known(
                self.facts[each.position],
                self._largest_rounding(each) if "rounding" in causes[each.position] else None,
                self._sentinel(each) if "null_vs_value" in causes[each.position] else None,
            )
            for each in self.differing_columns
        }

    def _largest_rounding(self, compared: ComparedColumn) -> float | None:
        """The largest difference that is one of rounding."""
        measure, _ = largest(compared, *sides(compared))
        (value,) = self._of_causes(compared, [exp.Filter(this=measure, expression=exp.Where(this=_is_of("rounding")))])
        return None if value is None else float(value)

    def _sentinel(self, compared: ComparedColumn) -> str | None:
        """The one value that all cells have whose partner is NULL, as text."""
        text = exp.func("COALESCE", *(self._text(value) for value in sides(compared)))
        is_null = exp.Where(this=_is_of("null_vs_value"))
        measures = [
            exp.Filter(this=measure(this=text.copy()), expression=is_null.copy()) for measure in (exp.Min, exp.Max)
        ]
        least, most = self._of_causes(compared, measures)
        return None if least is None or least != most else str(least)

    def _of_causes(self, compared: ComparedColumn, measures: Sequence[exp.Expr]) -> tuple[Any, ...]:
        """Aggregates over the differing cells of a column, whose causes are in the column `cause`."""
        if self.differences is None:
            return ()
        cells = (
            exp.select(*sides(compared), self.cause(compared).as_("cause", quoted=True))
            .from_(self.differences.copy())
            .where(column(f"d{compared.position}"))
        )
        return self.statements.row(exp.select(*measures).from_(cells.subquery("cells")))

    def row_causes(self, rows: RowCounts) -> dict[str, int]:
        """Rows on one side only by cause."""
        found: dict[str, int] = {}
        if self.differences is None:
            return found
        for side in [side for side in ("legacy", "modern") if getattr(rows, f"only_{side}")]:
            cause = self.cause_of_row(side).as_("cause")
            one_sided = exp.select(cause).from_(self.differences.copy()).where(is_kind(f"only_{side}"))
            counted = exp.select("cause", count()).from_(one_sided.subquery("one_sided")).group_by("cause")
            for name, number in self.statements.rows(counted):
                found[name] = found.get(name, 0) + number
        return found

    def accepted_cells(self) -> dict[int, int]:
        """Accepted cells by the column's position."""
        columns = [compared for compared in self.differing_columns if compared.position in self.acceptance.cells]
        if not columns or self.differences is None:
            return {}
        counts = [count_where(self.acceptance.of_cell(compared)) for compared in columns]
        found = self.statements.row(exp.select(*counts).from_(self.differences.copy()))
        return {compared.position: cells for compared, cells in zip(columns, found, strict=True)}

    def accepted_rows(self) -> int:
        """Rows whose every difference is accepted."""
        if self.differences is None or not (self.acceptance.cells or self.acceptance.row):
            return 0
        cells = [
            exp.or_(exp.not_(column(f"d{compared.position}")), self.acceptance.of_cell(compared))
            for compared in self.differing_columns
        ]
        all_cells = exp.and_(is_kind("different"), *cells)
        accepted = exp.or_(all_cells, exp.and_(exp.not_(is_kind("different")), self.acceptance.of_row()))
        return int(self.statements.value(exp.select(count_where(accepted)).from_(self.differences.copy())))

    def largest_differing(self, columns: Sequence[ComparedColumn]) -> dict[int, Largest]:
        """The largest absolute and relative difference among the differing cells of columns."""
        if not columns or self.differences is None:
            return {}
        measures = [
            exp.Filter(this=measure, expression=exp.Where(this=column(f"d{compared.position}")))
            for compared in columns
            for measure in largest(compared, *sides(compared))
        ]
        found = self.statements.row(exp.select(*measures).from_(self.differences.copy()))
        return {compared.position: (found[2 * place], found[2 * place + 1]) for place, compared in enumerate(columns)}

    def top_changes(self, compared: ComparedColumn) -> tuple[TopChange, ...]:
        """A column's most frequent changes, the same ones on every run."""
        if self.differences is None:
            return ()
        legacy, modern = (self._text(value) for value in sides(compared))
        query = (
            exp.select(legacy.as_("legacy"), modern.as_("modern"), count().as_("cells"))
            .from_(self.differences.copy())
            .where(column(f"d{compared.position}"))
            .group_by(legacy.copy(), modern.copy())
            .order_by("cells DESC", "legacy NULLS FIRST", "modern NULLS FIRST")
            .limit(_TOP_CHANGES)
        )
        return tuple(TopChange(*row) for row in self.statements.rows(query))

    def key_as_json(self) -> exp.Expr:
        """The key of a row of the work tables as JSON text, its values as text."""
        pairs = [
            (name, exp.func("COALESCE", *(self._text(value) for value in sides(compared))))
            for name, compared in zip(self.plan.key_names, self.plan.key_columns, strict=True)
        ]
        return self.plan.functions.json_object(pairs)

    def row_as_json(self, side: str) -> exp.Expr:
        """All compared values of one side as JSON text."""
        pairs = [
            (compared.name(int(side == "modern")), self._text(column(f"{side[0]}{compared.position}")))
            for compared in self.plan.all_columns
        ]
        return self.plan.functions.json_object(pairs)

    def _text(self, value: exp.Expr) -> exp.Expr:
        return self.plan.functions.text(value)


def in_batches(columns: Sequence[ComparedColumn]) -> Iterator[Sequence[ComparedColumn]]:
    """Columns a few at a time: explaining them takes memory per column."""
    for start in range(0, len(columns), _EXPLAINED_AT_ONCE):
        yield columns[start : start + _EXPLAINED_AT_ONCE]


def _has_text(compared: ComparedColumn) -> bool:
    return "text" in {compared.equality.legacy.family, compared.equality.modern.family}


def _folded_key(plan: ColumnPlan, side: str) -> exp.Expr:
    """The key without its case and blanks, as JSON text."""
    folded = []
    for compared in plan.key_columns:
        text = plan.functions.text(column(f"{side[0]}{compared.position}"))
        folded.append((f"{compared.position}", plan.functions.lowered(plan.functions.trimmed(text, "both"))))
    return plan.functions.json_object(folded)


def _is_of(cause: str) -> exp.Expr:
    return exp.EQ(this=column("cause"), expression=exp.Literal.string(cause))
