"""Reading what a comparison found out of its temporary tables."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from transferroom_pipeline.comparisons.columns import ColumnPlan, ComparedColumn
from transferroom_pipeline.comparisons.queries import WorkTables, as_text, column, largest
from transferroom_pipeline.comparisons.result import CellChange, RowCounts, Sample, SampleKind, TopChange
from transferroom_pipeline.comparisons.statements import Statements

_TOP_CHANGES = 5


@dataclass(frozen=True)
class Findings:
    """What to read from, after the comparison has been run.

    Attributes:
        statements: Where to ask.
        plan: The columns.
        tables: The temporary tables; `duplicates` is there only when `has_duplicates`, `differences` only with a key.
        has_duplicates: Whether rows were compared as multisets.
    """

    statements: Statements
    plan: ColumnPlan
    tables: WorkTables
    has_duplicates: bool

    def rows_by_kind(self) -> dict[str, int]:
        """Rows that are different or on one side only, each row with a duplicate key left out."""
        if not self.plan.key:
            return self._surplus("only_legacy", "only_modern")
        kind = column("kind")
        counted = exp.select(kind, exp.Count(this=exp.Star())).from_(self.tables.differences).group_by(kind)
        return dict(self.statements.rows(counted))

    def duplicate_rows(self) -> dict[str, int]:
        """Rows with a duplicate key on either side, and those that the other side does not have as often."""
        if not (self.has_duplicates and self.plan.key):
            return {"legacy": 0, "modern": 0, "differing": 0}
        totals = [_sum_or_zero(column(f"{side}_rows")) for side in ("legacy", "modern")]
        legacy, modern = self.statements.row(exp.select(*totals).from_(self.tables.duplicates))
        return {"legacy": legacy, "modern": modern, "differing": sum(self._surplus("legacy", "modern").values())}

    def _surplus(self, legacy: str, modern: str) -> dict[str, int]:
        """How many rows either side has more of."""
        counts = column("legacy_rows"), column("modern_rows")
        surplus = [
            _sum_or_zero(exp.func("GREATEST", exp.Sub(this=one.copy(), expression=other.copy()), exp.Literal.number(0)))
            for one, other in (counts, counts[::-1])
        ]
        found = self.statements.row(exp.select(*surplus).from_(self.tables.duplicates))
        return dict(zip((legacy, modern), found, strict=True))

    def differing_cells(self) -> dict[int, int]:
        """Differing cells by the column's position."""
        columns = self.plan.value_columns
        if not (self.plan.key and columns):
            return {compared.position: 0 for compared in columns}
        counts = [_count_where(column(f"d{compared.position}")) for compared in columns]
        found = self.statements.row(exp.select(*counts).from_(self.tables.differences))
        return {compared.position: cells for compared, cells in zip(columns, found, strict=True)}

    def largest_differing(self, columns: Sequence[ComparedColumn]) -> dict[int, tuple[float | None, float | None]]:
        """The largest absolute and relative difference among the differing cells of columns."""
        if not columns:
            return {}
        measures = [
            exp.Filter(this=measure, expression=exp.Where(this=column(f"d{compared.position}")))
            for compared in columns
            for measure in largest(compared, *_sides(compared))
        ]
        found = self.statements.row(exp.select(*measures).from_(self.tables.differences))
        return pairs_by_position(columns, found)

    def top_changes(self, compared: ComparedColumn) -> tuple[TopChange, ...]:
        """A column's most frequent changes, the same ones on every run."""
        legacy, modern = (as_text(value) for value in _sides(compared))
        query = (
            exp.select(legacy.as_("legacy"), modern.as_("modern"), exp.Count(this=exp.Star()).as_("cells"))
            .from_(self.tables.differences)
            .where(column(f"d{compared.position}"))
            .group_by(legacy.copy(), modern.copy())
            .order_by("cells DESC", "legacy NULLS FIRST", "modern NULLS FIRST")
            .limit(_TOP_CHANGES)
        )
        return tuple(TopChange(*row) for row in self.statements.rows(query))

    def samples(self, limit: int, rows: RowCounts) -> tuple[Sample, ...]:
        """Up to `limit` rows of each kind that there are, by the hash of their key: the same rows on every run."""
        kinds: dict[SampleKind, int] = {
            "different": rows.different,
            "only_legacy": rows.only_legacy,
            "only_modern": rows.only_modern,
        }
        there = [kind for kind, count in kinds.items() if count and self.plan.key]
        found = [sample for kind in there for sample in self._samples(kind, limit)]
        return (*found, *(self._grouped_samples(limit) if self.has_duplicates else []))

    def _samples(self, kind: SampleKind, limit: int) -> list[Sample]:
        values = [as_text(value) for compared in self.plan.all_columns for value in _sides(compared)]
        flags = [column(f"d{compared.position}") for compared in self.plan.value_columns]
        key = key_as_json(self.plan)
        query = (
            exp.select(key, *values, *flags)
            .from_(self.tables.differences)
            .where(exp.EQ(this=column("kind"), expression=exp.Literal.string(kind)))
            .order_by(exp.MD5(this=key.copy()), key.copy(), *(value.copy() for value in values))
            .limit(limit)
        )
        return [self._sample(kind, row) for row in self.statements.rows(query)]

    def _sample(self, kind: SampleKind, row: Sequence[object]) -> Sample:
        flags = dict(
            zip(
                (value.position for value in self.plan.value_columns),
                row[1 + 2 * len(self.plan.all_columns) :],
                strict=True,
            )
        )
        if kind == "different":
            shown = {position for position, differs in flags.items() if differs}
            return Sample(kind, json.loads(str(row[0])), self._cells(row[1:], shown, cause=None))
        return Sample(kind, json.loads(str(row[0])), self._cells(row[1:], set(flags), cause="missing"))

    def _cells(self, texts: Sequence[object], shown: set[int], *, cause: str | None) -> dict[str, CellChange]:
        return {
            compared.legacy: CellChange(_text(texts[2 * number]), _text(texts[2 * number + 1]), cause)
            for number, compared in enumerate(self.plan.all_columns)
            if compared.position in shown
        }

    def _grouped_samples(self, limit: int) -> list[Sample]:
        """Rows compared as multisets; those that one side has more often come first."""
        key = key_as_json(self.plan)
        values = [value for compared in self.plan.all_columns for value in _sides(compared)]
        as_often = exp.EQ(this=column("legacy_rows"), expression=column("modern_rows"))
        query = (
            exp.select(key, column("legacy_rows"), column("modern_rows"), *values)
            .from_(self.tables.duplicates)
            .order_by(as_often, exp.MD5(this=key.copy()), key.copy(), *(value.copy() for value in values))
        )
        if self.plan.key:
            return [self._grouped_sample("duplicate_key", row) for row in self.statements.rows(query.limit(limit))]
        more = exp.GT(this=column("legacy_rows"), expression=column("modern_rows"))
        sides: tuple[tuple[SampleKind, exp.Expr], ...] = (("only_legacy", more), ("only_modern", exp.not_(more)))
        return [
            self._grouped_sample(kind, row)
            for kind, condition in sides
            for row in self.statements.rows(query.where(condition).limit(limit))
        ]

    def _grouped_sample(self, kind: SampleKind, row: Sequence[object]) -> Sample:
        shown = {value.position for value in self.plan.value_columns}
        cause = None if row[1] == row[2] else "occurrences"
        return Sample(kind, json.loads(str(row[0])), self._cells(row[3:], shown, cause=cause))


def pairs_by_position(
    columns: Sequence[ComparedColumn], row: Sequence[float | None]
) -> dict[int, tuple[float | None, float | None]]:
    """A row of two measures per column, by the column's position."""
    return {compared.position: (row[2 * number], row[2 * number + 1]) for number, compared in enumerate(columns)}


def key_as_json(plan: ColumnPlan) -> exp.Expr:
    """The key of a row of the temporary tables as JSON text, its values as text."""
    pairs: list[exp.Expr] = []
    for name, compared in zip(plan.key_names, plan.key_columns, strict=True):
        values = [as_text(value) for value in _sides(compared)]
        pairs += [exp.Literal.string(name), exp.func("COALESCE", *values)]
    return as_text(exp.Anonymous(this="JSON_OBJECT", expressions=pairs))


def row_as_json(plan: ColumnPlan, side: str) -> exp.Expr:
    """All compared values of one side as JSON text."""
    pairs: list[exp.Expr] = []
    for compared in plan.all_columns:
        name = compared.legacy if side == "legacy" else compared.modern
        pairs += [exp.Literal.string(name), as_text(column(f"{side[0]}{compared.position}"))]
    return as_text(exp.Anonymous(this="JSON_OBJECT", expressions=pairs))


def _sides(compared: ComparedColumn) -> tuple[exp.Expr, exp.Expr]:
    return column(f"l{compared.position}"), column(f"m{compared.position}")


def _count_where(condition: exp.Expr) -> exp.Expr:
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=condition))


def _sum_or_zero(value: exp.Expr) -> exp.Expr:
    return exp.func("COALESCE", exp.Sum(this=value), exp.Literal.number(0))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
