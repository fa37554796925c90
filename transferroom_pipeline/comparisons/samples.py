"""Rows that show what a comparison found: the same ones on every run."""

import json
from collections.abc import Iterator, Sequence

from sqlglot import exp

from transferroom_pipeline.comparisons.causes import sides
from transferroom_pipeline.comparisons.columns import ColumnPlan, ComparedColumn
from transferroom_pipeline.comparisons.findings import Findings, in_batches
from transferroom_pipeline.comparisons.queries import column, is_kind
from transferroom_pipeline.comparisons.result import CellChange, RowCounts, Sample, SampleKind
from transferroom_pipeline.comparisons.sides import LEGACY, MODERN


def samples(findings: Findings, limit: int, rows: RowCounts) -> tuple[Sample, ...]:
    """Up to `limit` rows of each kind that there are, by the hash of their key: the same rows on every run."""
    kinds: dict[SampleKind, int] = {
        "different": rows.different,
        "only_legacy": rows.only_legacy,
        "only_modern": rows.only_modern,
    }
    there = {kind: number for kind, number in kinds.items() if number and findings.plan.key}
    found = [sample for kind, number in there.items() for sample in _samples(findings, kind, limit, of=number)]
    return (*found, *(_grouped_samples(findings, limit) if findings.duplicates is not None else []))


def _samples(findings: Findings, kind: SampleKind, limit: int, *, of: int) -> list[Sample]:
    """The rows are chosen first, and then explained a few columns at a time: explaining takes memory per column.

    Args:
        findings: What was found.
        kind: Of which rows.
        limit: How many at most.
        of: How many rows there are. Where all of them are samples none has to be chosen, which would take long if they
            are wide.
    """
    if findings.differences is None:
        return []
    key = findings.key_as_json().as_("sample_key", quoted=True)
    keyed = exp.select("*", key).from_(findings.differences.copy()).where(is_kind(kind)).subquery("keyed")
    by_hash = (exp.MD5(this=column("sample_key")), column("sample_key"))
    rows = exp.Select(expressions=[column("sample_key"), *_shown(findings, kind)]).from_(keyed, copy=False)
    chosen = findings.statements.create("sample", rows if of <= limit else rows.order_by(*by_hash).limit(limit))
    keys = findings.statements.rows(exp.select(column("sample_key")).from_(chosen.copy()).order_by(*by_hash))
    found = (
        _differing_cells(findings, chosen, by_hash)
        if kind == "different"
        else _whole_rows(findings, kind, chosen, by_hash)
    )
    return [Sample(kind, json.loads(key), cells) for (key,), cells in zip(keys, found, strict=True)]


def _shown(findings: Findings, kind: SampleKind) -> Iterator[exp.Expr]:
    """The columns of the differences that samples of a kind are made of."""
    if kind == "different":
        for compared in findings.differing_columns:
            yield from (*sides(compared), column(f"d{compared.position}"))
    else:
        side = LEGACY if kind == "only_legacy" else MODERN
        yield from (sides(compared)[side] for compared in findings.plan.all_columns)


def _differing_cells(findings: Findings, chosen: exp.Table, order: Sequence[exp.Expr]) -> list[dict[str, CellChange]]:
    cells: list[dict[str, CellChange]] = []
    for columns in in_batches(findings.differing_columns):
        values = [findings.plan.functions.text(value) for compared in columns for value in sides(compared)]
        causes = [
            exp.case().when(column(f"d{compared.position}"), findings.cause(compared), copy=False)
            for compared in columns
        ]
        query = exp.select(*values, *causes).from_(chosen.copy()).order_by(*(each.copy() for each in order))
        changes = [_changes(columns, row) for row in findings.statements.rows(query)]
        cells = [{**one, **further} for one, further in zip(cells or [{}] * len(changes), changes, strict=True)]
    return cells


def _whole_rows(
    findings: Findings, kind: SampleKind, chosen: exp.Table, order: Sequence[exp.Expr]
) -> list[dict[str, CellChange]]:
    """Rows on one side only: all values of that side, and one cause."""
    side = kind.removeprefix("only_")
    columns = findings.plan.value_columns
    values = [findings.plan.functions.text(column(f"{side[0]}{compared.position}")) for compared in columns]
    query = (
        exp.select(findings.cause_of_row(side), *values).from_(chosen.copy()).order_by(*(each.copy() for each in order))
    )
    return [
        {
            compared.legacy: CellChange(value, None, cause) if side == "legacy" else CellChange(None, value, cause)
            for compared, value in zip(columns, map(_text, texts), strict=True)
        }
        for cause, *texts in findings.statements.rows(query)
    ]


def _grouped_samples(findings: Findings, limit: int) -> list[Sample]:
    """Rows compared as multisets; those that one side has more often come first."""
    if findings.duplicates is None:
        return []
    key = findings.key_as_json()
    values = [value for compared in findings.plan.all_columns for value in sides(compared)]
    as_often = (
        exp.case()
        .when(exp.EQ(this=column("legacy_rows"), expression=column("modern_rows")), exp.Literal.number(1))
        .else_(exp.Literal.number(0))
    )
    query = (
        exp.select(key, column("legacy_rows"), column("modern_rows"), *values)
        .from_(findings.duplicates.copy())
        .order_by(as_often, exp.MD5(this=key.copy()), key.copy(), *(value.copy() for value in values))
    )
    if findings.plan.key:
        return [
            _grouped_sample(findings.plan, "duplicate_key", row) for row in findings.statements.rows(query.limit(limit))
        ]
    more = exp.GT(this=column("legacy_rows"), expression=column("modern_rows"))
    by_side: tuple[tuple[SampleKind, exp.Expr], ...] = (
        ("only_legacy", more),
        ("only_modern", exp.not_(more.copy())),
    )
    return [
        _grouped_sample(findings.plan, kind, row)
        for kind, condition in by_side
        for row in findings.statements.rows(query.where(condition).limit(limit))
    ]


def _grouped_sample(plan: ColumnPlan, kind: SampleKind, row: Sequence[object]) -> Sample:
    cause = None if row[1] == row[2] else "occurrences"
    shown = {value.position for value in plan.value_columns}
    cells = {
        compared.legacy: CellChange(_text(row[3 + 2 * place]), _text(row[4 + 2 * place]), cause)
        for place, compared in enumerate(plan.all_columns)
        if compared.position in shown
    }
    return Sample(kind, json.loads(str(row[0])), cells)


def _changes(columns: Sequence[ComparedColumn], row: Sequence[object]) -> dict[str, CellChange]:
    """A row of both values of each column and then the causes, as the cells that have a cause."""
    texts, causes = row[: 2 * len(columns)], row[2 * len(columns) :]
    return {
        compared.legacy: CellChange(_text(texts[2 * place]), _text(texts[2 * place + 1]), _text(causes[place]))
        for place, compared in enumerate(columns)
        if causes[place] is not None
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)
