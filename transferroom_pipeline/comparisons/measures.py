"""What was found per column: differing cells with their causes, the size of differences and the drift of sums."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from transferroom_pipeline.comparisons.columns import ComparedColumn, MatchedColumn
from transferroom_pipeline.comparisons.findings import Findings, Largest
from transferroom_pipeline.comparisons.queries import count_lossy, differing_sums, lossy_columns, number_columns, sums
from transferroom_pipeline.comparisons.result import ColumnResult, ColumnStatus
from transferroom_pipeline.comparisons.sides import LEGACY, MODERN, SIDES
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.statements import Statements

Sum = int | float | Decimal | Fraction | None
Sums = tuple[Mapping[int, Sum], Mapping[int, Sum]]

_DRIFT_DECIMALS = 12
"""Sums of doubles depend in their last digits on the order of the rows, which no two runs share."""


@dataclass(frozen=True)
class Measures:
    """Numbers by the column's position.

    Attributes:
        causes: Differing cells by cause.
        accepted: Accepted cells.
        largest: The largest absolute and relative difference.
        sums: Of either side, for the columns whose drift is measured.
        lossy: Values with more digits than the double that they were compared as; only columns that have some.
    """

    causes: Mapping[int, Mapping[str, int]]
    accepted: Mapping[int, int]
    largest: Mapping[int, Largest]
    sums: Sums
    lossy: Mapping[int, int]


def measure(findings: Findings, spec: TableSpec, tolerant: Mapping[int, Largest]) -> Measures:
    """Measure what was found.

    Args:
        findings: What was found.
        spec: The comparison.
        tolerant: The largest differences of the columns with a tolerance, equal cells among them.
    """
    numbers = number_columns(findings.plan)
    strict = [each for each in numbers if each.position not in tolerant and findings.cells.get(each.position)]
    drifting = [each for each in numbers if _drift_matters(findings, each)]
    return Measures(
        causes=findings.causes(),
        accepted=findings.accepted_cells(),
        largest={**tolerant, **findings.largest_differing(strict)},
        sums=_sums(findings, spec, drifting),
        lossy=_converted_with_loss(findings, spec),
    )


def _converted_with_loss(findings: Findings, spec: TableSpec) -> dict[int, int]:
    """Read from the side whose values are converted; most comparisons have no such column."""
    found: dict[int, int] = {}
    for side in SIDES:
        lossy = lossy_columns(findings.plan, side)
        if lossy:
            counted = findings.statements.row(count_lossy(spec, lossy, side))
            found |= {each.position: int(cells) for each, cells in zip(lossy, counted, strict=True)}
    return found


def _drift_matters(findings: Findings, compared: ComparedColumn) -> bool:
    """Drift is measured where cells differ or may: equal cells do not drift."""
    rule = compared.rule
    return rule.drift is not None or rule.has_number_tolerance or bool(findings.cells.get(compared.position))


def _sums(findings: Findings, spec: TableSpec, columns: Sequence[ComparedColumn]) -> Sums:
    """The sums of both sides. Rows that are equal add the same to either, so that one side need not be read for it."""
    statements = findings.statements
    legacy = _read(statements, spec, columns, LEGACY)
    near = [each for each in columns if each.rule.has_number_tolerance or findings.duplicates is not None]
    strict = [each for each in columns if each not in near]
    modern = _read(statements, spec, near, MODERN)
    if not strict or findings.differences is None:
        return legacy, {**legacy, **modern}
    apart = _totals(statements.row(differing_sums(strict, findings.differences)))
    for each, before, after in zip(strict, apart[: len(strict)], apart[len(strict) :], strict=True):
        modern[each.position] = _moved(legacy[each.position], before, after)
    return legacy, modern


def _read(statements: Statements, spec: TableSpec, columns: Sequence[ComparedColumn], side: int) -> dict[int, Sum]:
    if not columns:
        return {}
    totals = _totals(statements.row(sums(spec, columns, side)))
    return dict(zip((each.position for each in columns), totals, strict=True))


def _totals(parts: Sequence[Sum]) -> list[Sum]:
    """Sums of which most have one part."""
    return [
        whole if beyond is None else _moved(whole, 0, beyond)
        for whole, beyond in zip(parts[::2], parts[1::2], strict=True)
    ]


def _moved(total: Sum, before: Sum, after: Sum) -> Sum:
    """A sum after a part of it has changed."""
    numbers = [number or 0 for number in (total, before, after)]
    if not all(math.isfinite(number) for number in numbers):
        return math.inf
    whole, old, new = (Fraction(number) for number in numbers)
    return whole - old + new


def column_results(findings: Findings, measures: Measures) -> tuple[ColumnResult, ...]:
    """The results of all columns, compared or not."""
    return tuple(
        _column_result(findings, measures, column, place) for place, column in enumerate(findings.plan.matched)
    )


def drift_beyond(columns: Sequence[ComparedColumn], found: Sums) -> tuple[str, ...]:
    """The columns whose drift is out of the bounds of their rule, or cannot be measured."""
    beyond = []
    for compared in columns:
        bound = compared.rule.drift
        if bound is not None:
            drift = _drift(*(side[compared.position] for side in found))
            beyond += [compared.legacy] if drift is None or drift > Fraction(bound) else []
    return tuple(beyond)


def _drift(legacy: Sum, modern: Sum) -> Fraction | None:
    """|sum(a) - sum(b)| / max(|sum a|, |sum b|); None where a sum is infinite."""
    if not all(math.isfinite(side or 0) for side in (legacy, modern)):
        return None
    one, other = Fraction(legacy or 0), Fraction(modern or 0)
    larger = max(abs(one), abs(other))
    drift = abs(one - other) / larger if larger else Fraction(0)
    return round(drift, _DRIFT_DECIMALS) if isinstance(legacy, float) or isinstance(modern, float) else drift


def _drift_of(found: Sums, place: int) -> float | None:
    if place not in found[0]:
        return None
    drift = _drift(found[0][place], found[1][place])
    return None if drift is None else float(drift)


def _column_result(findings: Findings, measures: Measures, column: MatchedColumn, place: int) -> ColumnResult:
    types = [side.type.name if side else None for side in (column.legacy, column.modern)]
    cells = findings.cells.get(place, 0)
    status: ColumnStatus = "different" if cells else column.status
    sizes = measures.largest.get(place, (None, None))
    return ColumnResult(
        name=column.name,
        modern_name=column.modern.name if column.modern else None,
        status=status,
        legacy_type=types[0],
        modern_type=types[1],
        type_changed=None not in types and types[0] != types[1],
        different=cells,
        accepted=measures.accepted.get(place, 0),
        rule=column.rule.written(),
        causes=measures.causes.get(place, {}),
        max_abs_diff=sizes[0],
        max_rel_diff=sizes[1],
        drift=_drift_of(measures.sums, place),
        converted_with_loss=measures.lossy.get(place, 0),
        top_changes=findings.top_changes(findings.plan.compared[place]) if cells else (),
    )
