"""What was found per column: differing cells, the size of differences and the drift of sums."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from transferroom_pipeline.comparisons.columns import ComparedColumn, MatchedColumn
from transferroom_pipeline.comparisons.findings import Findings, pairs_by_position
from transferroom_pipeline.comparisons.queries import largest_differences, summed_columns
from transferroom_pipeline.comparisons.result import ColumnResult, ColumnStatus
from transferroom_pipeline.comparisons.spec import TableSpec

Sum = int | float | Decimal | None
Sums = Mapping[int, Sum]
Largest = tuple[float | None, float | None]

_DRIFT_DECIMALS = 12
"""Sums of doubles depend in their last digits on the order of the rows, which no two runs share."""


def column_results(findings: Findings, spec: TableSpec, sums: tuple[Sums, Sums]) -> tuple[ColumnResult, ...]:
    """The results of all columns, compared or not."""
    cells = findings.differing_cells()
    sizes = _largest(findings, spec, cells)
    drifts = drift_by_position(sums)
    return tuple(
        _column_result(findings, column, place, cells.get(place, 0), sizes.get(place, (None, None)), drifts.get(place))
        for place, column in enumerate(findings.plan.matched)
    )


def drift_by_position(sums: tuple[Sums, Sums]) -> dict[int, float]:
    """|sum(a) - sum(b)| / max(|sum a|, |sum b|) by the column's position; 0 where the sums are equal."""
    legacy, modern = sums
    return {position: round(float(_drift(legacy[position], modern[position])), _DRIFT_DECIMALS) for position in legacy}


def drift_beyond(columns: Sequence[ComparedColumn], sums: tuple[Sums, Sums]) -> tuple[str, ...]:
    """The columns whose drift is out of the bounds of their rule."""
    legacy, modern = sums
    return tuple(
        compared.legacy
        for compared in columns
        if compared.rule.drift is not None
        and _drift(legacy[compared.position], modern[compared.position]) > Fraction(compared.rule.drift)
    )


def _drift(legacy: Sum, modern: Sum) -> Fraction:
    one, other = Fraction(legacy or 0), Fraction(modern or 0)
    larger = max(abs(one), abs(other))
    return abs(one - other) / larger if larger else Fraction(0)


def _largest(findings: Findings, spec: TableSpec, cells: Mapping[int, int]) -> dict[int, Largest]:
    """Without a tolerance only differing cells can have a difference; with one, equal cells are read too."""
    if not findings.plan.key:
        return {}
    numbers = summed_columns(findings.plan)
    tolerant = [compared for compared in numbers if compared.rule.has_number_tolerance]
    strict = [compared for compared in numbers if compared not in tolerant and cells[compared.position]]
    found = findings.largest_differing(strict)
    if tolerant:
        query = largest_differences(
            spec, findings.plan, findings.tables, tolerant, has_duplicates=findings.has_duplicates
        )
        found |= pairs_by_position(tolerant, findings.statements.row(query))
    return found


def _column_result(
    findings: Findings, column: MatchedColumn, place: int, cells: int, sizes: Largest, drift: float | None
) -> ColumnResult:
    types = [side.type.name if side else None for side in (column.legacy, column.modern)]
    status: ColumnStatus = "different" if cells else column.status
    return ColumnResult(
        name=column.name,
        modern_name=column.modern.name if column.modern else None,
        status=status,
        legacy_type=types[0],
        modern_type=types[1],
        type_changed=None not in types and types[0] != types[1],
        different=cells,
        accepted=0,
        rule=column.rule.written(),
        causes={},
        max_abs_diff=sizes[0],
        max_rel_diff=sizes[1],
        drift=drift,
        top_changes=findings.top_changes(findings.plan.compared[place]) if cells else (),
    )
