"""What an asset page shows of a comparison."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from transferroom_pipeline.comparisons.result import ColumnResult, ComparisonResult, Sample, Suggestion
from transferroom_pipeline.metadata import markdown_table

_LONGEST_VALUE = 80


def page_metadata(result: ComparisonResult, results_dir: Path) -> dict[str, Any]:
    """The metadata of a comparison: its numbers, and of its columns and rows those that are not simply equal."""
    rows = result.rows
    notable = [_column_row(column) for column in result.columns if _is_notable(column)]
    return {
        "verdict": result.verdict.value,
        "reasons": "\n".join(result.reasons),
        "rules": result.rules,
        "snapshot": result.snapshot.id if result.snapshot else None,
        "as_of": result.snapshot.as_of.isoformat() if result.snapshot else None,
        "dagster/row_count": rows.legacy,
        "rows_modern": rows.modern,
        "rows_identical": rows.identical,
        "rows_different": rows.different,
        "rows_only_legacy": rows.only_legacy,
        "rows_only_modern": rows.only_modern,
        "rows_accepted": rows.accepted,
        "rows_duplicate_key": rows.duplicate_key_legacy + rows.duplicate_key_modern,
        "columns": markdown_table(_with_values(notable)),
        "columns_equal": len(result.columns) - len(notable),
        "samples": markdown_table([row for sample in result.samples for row in _sample_rows(sample)]),
        "suggestions": markdown_table([_suggestion_row(suggestion) for suggestion in result.suggestions]),
        "seconds": result.seconds,
        "reports": dg.MetadataValue.path(str(results_dir)),
    }


def _is_notable(column: ColumnResult) -> bool:
    """Whether there is more to say of a column than that it is equal."""
    return column.status != "equal" or bool(column.accepted or column.converted_with_loss)


def _column_row(column: ColumnResult) -> dict[str, Any]:
    types = [column.legacy_type or "missing", column.modern_type or "missing"]
    return {
        "column": column.name,
        "status": column.status,
        "different": column.different,
        "accepted": column.accepted,
        "causes": ", ".join(f"{cause} {cells:,}" for cause, cells in column.causes.items()),
        "converted with loss": column.converted_with_loss,
        "type": " to ".join(dict.fromkeys(types)),
    }


def _with_values(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without what is 0 or empty in each: a table that fits the page."""
    told = {name for row in rows for name, value in row.items() if value}
    return [{name: value for name, value in row.items() if name in told} for row in rows]


def _suggestion_row(suggestion: Suggestion) -> dict[str, Any]:
    rule = ", ".join(f"{name}: {value}" for name, value in suggestion.rule.items())
    return {"column": suggestion.column, "cause": suggestion.cause, "rule": rule, "sql": suggestion.sql}


def _sample_rows(sample: Sample) -> Iterator[dict[str, Any]]:
    key = ", ".join(f"{name}={value}" for name, value in sample.key.items())
    for column, change in sample.cells.items():
        values = {"legacy": _cut(change.legacy), "modern": _cut(change.modern), "cause": change.cause}
        yield {"kind": sample.kind, "key": key, "column": column, **values}


def _cut(value: str | None) -> str | None:
    """A value as far as it fits a table; the reports have it whole."""
    return value if value is None or len(value) <= _LONGEST_VALUE else f"{value[: _LONGEST_VALUE - 3]}..."
