"""What was found per column: differing cells, the size of differences and the drift of sums."""

import math
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


def drift_by_position(sums: tuple[Sums, Sums]) -> dict[int, float | None]:
    """|sum(a) - sum(b)| / max(|sum a|, |sum b|) by the column's position; None where a sum is infinite."""
    drifts = {position: _drift(legacy, sums[1][position]) for position, legacy in sums[0].items()}
    return {position: None if drift is None else float(drift) for position, drift in drifts.items()}


def drift_beyond(columns: Sequence[ComparedColumn], sums: tuple[Sums, Sums]) -> tuple[str, ...]:
    """The columns whose drift is out of the bounds of their rule, or cannot be measured."""
    beyond = []
    for compared in columns:
        bound = compared.rule.drift
        if bound is not None:
            drift = _drift(*(side[compared.position] for side in sums))
            beyond += [compared.legacy] if drift is None or drift > Fraction(bound) else []
    return tuple(beyond)


def _drift(legacy: Sum, modern: Sum) -> Fraction | None:
    if not all(math.isfinite(side or 0) for side in (legacy, modern)):
        return None
    one, other = Fraction(legacy or 0), Fraction(modern or 0)
    larger = max(abs(one), abs(other))
    drift = abs(one - other) / larger if larger else Fraction(0)
    return round(drift, _DRIFT_DECIMALS) if isinstance(legacy, float) or isinstance(modern, float) else drift


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
