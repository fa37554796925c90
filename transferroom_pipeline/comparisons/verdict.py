"""The verdict: what the numbers of a comparison show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from transferroom_pipeline.comparisons.result import ColumnResult, RowCounts, Verdict


@dataclass(frozen=True)
class Evidence:
    """Everything that the verdict depends on.

    Attributes:
        rows: The counts of rows.
        columns: What was found per column.
        duplicate_rows_differing: Rows with a duplicate key that the other side does not have as often.
        compared_columns: Columns compared besides the key.
        rows_before_where: Rows of both sides without the predicate, None where there is no predicate.
        drift_beyond: Columns whose sums differ by more than the spec allows.
        lapsed_agreements: One sentence per agreement on differences that does not hold any more.
        missed_by_self_check: One sentence per planted change that the comparison did not find.
        planted_changes: How many kinds of change were planted.
    """

    rows: RowCounts
    columns: Sequence[ColumnResult]
    duplicate_rows_differing: int
    compared_columns: int
    rows_before_where: int | None
    drift_beyond: Sequence[str]
    lapsed_agreements: Sequence[str] = ()
    missed_by_self_check: Sequence[str] = ()
    planted_changes: int = 0


@dataclass(frozen=True)
class Allowances:
    """What the spec allows.

    Attributes:
        row_tolerance: Share of the larger side's rows that may be missing or different.
        allow_empty: Whether two empty tables are proven equal.
        duplicates: Whether a key may occur more than once.
    """

    row_tolerance: Decimal
    allow_empty: bool
    duplicates: bool


def judge(evidence: Evidence, allowed: Allowances) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict, and the sentences that give its reasons."""
    forgiven, row_reasons = _rows(evidence, allowed)
    column_reasons = _columns(evidence)
    differing = (*column_reasons, *(() if forgiven else row_reasons))
    lossy = tuple(_converted_with_loss(evidence.columns))
    if differing:
        return Verdict.DIFFERS, (*differing, *lossy)
    unshown = _not_shown(evidence, allowed)
    if unshown:
        return Verdict.NOT_PROVEN, (*unshown, *lossy)
    return Verdict.PROVEN, (_all_equal(evidence), *row_reasons, *lossy)


def _rows(evidence: Evidence, allowed: Allowances) -> tuple[bool, tuple[str, ...]]:
    """Whether the tolerance covers the rows that differ, and what differs."""
    rows = evidence.rows
    beyond = rows.different + rows.only_legacy + rows.only_modern - rows.accepted + evidence.duplicate_rows_differing
    limit = allowed.row_tolerance * max(rows.legacy, rows.modern)
    counted = [
        (rows.different, "with different values"),
        (rows.only_legacy, "only in legacy"),
        (rows.only_modern, "only in modern"),
        (evidence.duplicate_rows_differing, "with a duplicate key that the other side does not have as often"),
    ]
    counts = [f"{_rows_text(count)} {what}." for count, what in counted if count]
    if rows.accepted:
        counts.append(f"{_rows_text(rows.accepted)} of these differ only as agreed.")
    reasons = tuple(counts)
    if not beyond:
        return True, reasons
    if beyond and beyond <= limit:
        return True, (*reasons, f"The row tolerance of {allowed.row_tolerance:f} covers these {_rows_text(beyond)}.")
    return False, reasons


def _columns(evidence: Evidence) -> tuple[str, ...]:
    one_sided = [column for column in evidence.columns if column.status in {"only_legacy", "only_modern"}]
    missing = [
        f"Column {column.name} is only in {'legacy' if column.status == 'only_legacy' else 'modern'}."
        for column in one_sided
    ]
    drifting = [f"The sum of column {name} drifts further than its rule allows." for name in evidence.drift_beyond]
    return (*missing, *drifting, *evidence.lapsed_agreements)


def _not_shown(evidence: Evidence, allowed: Allowances) -> tuple[str, ...]:
    rows = evidence.rows
    reasons = []
    if rows.legacy == rows.modern == 0:
        if evidence.rows_before_where:
            reasons.append("The predicate keeps no row of either side.")
        elif not allowed.allow_empty:
            reasons.append("Both sides are empty.")
    if not evidence.compared_columns:
        reasons.append("No column is left to compare besides the key.")
    duplicates = rows.duplicate_key_legacy + rows.duplicate_key_modern
    if (rows.legacy or rows.modern) and not (rows.identical or duplicates):
        reasons.append("No row is identical on both sides: all that was found are agreed differences.")
    if duplicates and not allowed.duplicates:
        reasons.append(
            f"{_rows_text(duplicates)} of both sides share a key with another row, so the key identifies none."
        )
    return (*reasons, *evidence.missed_by_self_check)


def _converted_with_loss(columns: Sequence[ColumnResult]) -> Iterator[str]:
    for column in columns:
        if column.converted_with_loss:
            values = "1 value has" if column.converted_with_loss == 1 else f"{column.converted_with_loss:,} values have"
            yield f"Column {column.name}: {values} more digits than the double that it is compared as."


def _all_equal(evidence: Evidence) -> str:
    rows = evidence.rows
    columns = "1 column" if evidence.compared_columns == 1 else f"{evidence.compared_columns} columns"
    compared = f"{_rows_text(rows.legacy)} of legacy and {rows.modern:,} of modern were compared in {columns}"
    if not evidence.planted_changes:
        return f"{compared}."
    return f"{compared}, and {evidence.planted_changes} planted changes were found."


def _rows_text(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
