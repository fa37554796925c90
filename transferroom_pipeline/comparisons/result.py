"""What a comparison found: one frozen object, apart from any way of showing it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from typing import Any, Literal

ColumnStatus = Literal["equal", "different", "only_legacy", "only_modern", "excluded"]
SampleKind = Literal["different", "only_legacy", "only_modern", "duplicate_key"]


class Verdict(StrEnum):
    """What was shown about two tables."""

    PROVEN = "proven"
    DIFFERS = "differs"
    NOT_PROVEN = "not_proven"


_IN_JSON = "in_json"
"""Metadata of a field: whether it is part of the result's JSON."""


@dataclass(frozen=True)
class Snapshot:
    """Which state of the data was judged.

    Attributes:
        id: Identifies the state.
        as_of: The date that the data was computed for.
        generation: Of the table: raised whenever one of its sides may change; no part of the result's JSON.
    """

    id: str
    as_of: date
    generation: int = field(default=0, metadata={_IN_JSON: False})


@dataclass(frozen=True)
class RowCounts:
    """Exact numbers of rows.

    `identical + different + only_legacy + duplicate_key_legacy` is `legacy`, and so for modern.

    Attributes:
        legacy: Rows compared of the old table.
        modern: Rows compared of the new table.
        identical: Pairs of rows without a difference beyond tolerance.
        different: Pairs of rows with at least one.
        only_legacy: Rows whose key the new table does not have.
        only_modern: Rows whose key the old table does not have.
        accepted: Rows whose every difference is a known, agreed one.
        duplicate_key_legacy: Legacy rows whose key occurs more than once on either side.
        duplicate_key_modern: The same among modern rows.
        null_key_legacy: Legacy rows with NULL in the key.
        null_key_modern: The same among modern rows.
    """

    legacy: int
    modern: int
    identical: int
    different: int
    only_legacy: int
    only_modern: int
    accepted: int
    duplicate_key_legacy: int
    duplicate_key_modern: int
    null_key_legacy: int
    null_key_modern: int


@dataclass(frozen=True)
class TopChange:
    """One of a column's most frequent changes, both values as text."""

    legacy: str | None
    modern: str | None
    rows: int


@dataclass(frozen=True)
class ColumnResult:
    """What was found in one column.

    Attributes:
        name: Its name in the old table; in the new one where the old one does not have it.
        modern_name: Its name in the new table, None where it is missing there.
        status: Whether the column was compared, and if so whether a cell differs.
        legacy_type: Its type in the old table.
        modern_type: Its type in the new table.
        type_changed: Whether the two types are not the same.
        different: Cells that differ beyond tolerance.
        accepted: Cells whose difference is a known, agreed one.
        rule: What the spec says beyond strict equality.
        causes: Differing cells by cause.
        max_abs_diff: Largest difference of two numbers in one row, within tolerance or not; None when there is none.
        max_rel_diff: The same as a share of the larger number.
        drift: Difference of the two columns' sums as a share of the larger; None for columns that are not numbers.
        converted_with_loss: Values with more digits than the double that they were compared as.
        top_changes: The most frequent changes.
    """

    name: str
    modern_name: str | None
    status: ColumnStatus
    legacy_type: str | None
    modern_type: str | None
    type_changed: bool
    different: int
    accepted: int
    rule: Mapping[str, Any]
    causes: Mapping[str, int]
    max_abs_diff: float | None
    max_rel_diff: float | None
    drift: float | None
    converted_with_loss: int
    top_changes: tuple[TopChange, ...]


@dataclass(frozen=True)
class CellChange:
    """Both values of one cell as text, and why they differ where that is known."""

    legacy: str | None
    modern: str | None
    cause: str | None


@dataclass(frozen=True)
class Sample:
    """One row worth looking at: the cells that differ, or all of them where the row is on one side only."""

    kind: SampleKind
    key: Mapping[str, str | None]
    cells: Mapping[str, CellChange]


@dataclass(frozen=True)
class Suggestion:
    """A rule that would settle a cause, and the SQL that would mend the model instead, empty where none can."""

    column: str
    cause: str
    rule: Mapping[str, Any]
    sql: str


@dataclass(frozen=True)
class ComparisonResult:
    """What a comparison found, in the order of its JSON form."""

    table: str
    legacy: str
    modern: str
    verdict: Verdict
    reasons: tuple[str, ...]
    snapshot: Snapshot | None
    key: tuple[str, ...]
    rows: RowCounts
    columns: tuple[ColumnResult, ...]
    samples: tuple[Sample, ...]
    suggestions: tuple[Suggestion, ...]
    seconds: float
    sql: tuple[str, ...]

    @property
    def differing_columns(self) -> tuple[ColumnResult, ...]:
        """Columns with a difference, those on one side only included."""
        return tuple(column for column in self.columns if column.status not in {"equal", "excluded"})

    @property
    def rules(self) -> int:
        """How many columns the spec has a rule for beyond strict equality, those included that it leaves out."""
        return sum(bool(column.rule) for column in self.columns)

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON values."""
        plain: dict[str, Any] = _plain(self)
        return plain

    def to_json(self) -> str:
        """The result as JSON text; names and values in any script stay readable."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        shown = [each.name for each in fields(value) if each.metadata.get(_IN_JSON, True)]
        return {name: _plain(getattr(value, name)) for name in shown}
    return value.value if isinstance(value, StrEnum) else value
