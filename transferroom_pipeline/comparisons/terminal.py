"""A comparison as a short text for people."""

from collections.abc import Iterator, Mapping

from transferroom_pipeline.comparisons.history import KeptVerdict
from transferroom_pipeline.comparisons.result import CellChange, ColumnResult, ComparisonResult, Sample, Verdict

_SHOWN_COLUMNS = 10
_SHOWN_SAMPLES = 3
_SHOWN_CELLS = 4
_LONGEST_VALUE = 40

_HEADLINES = {Verdict.PROVEN: "PROVEN", Verdict.DIFFERS: "DIFFERS", Verdict.NOT_PROVEN: "NOT PROVEN"}
_KINDS = {
    "different": "different",
    "only_legacy": "only in legacy",
    "only_modern": "only in modern",
    "duplicate_key": "duplicate key",
}


def summarise(result: ComparisonResult) -> str:
    """The verdict, the rows, the differing columns, a few samples and what to do next."""
    return "\n".join(_lines(result)) + "\n"


def under_rules(rules: int) -> str:
    """What is to be added to a verdict that rules have loosened."""
    return f" under {rules} {'rule' if rules == 1 else 'rules'}" if rules else ""


def unchanged(proof: KeptVerdict) -> str:
    """That nothing was compared, and on what the verdict rests."""
    since = proof.compared_at.isoformat(sep=" ", timespec="seconds")
    return f"Unchanged since {since}, when run {proof.run_id[:8]} proved it"


def _lines(result: ComparisonResult) -> Iterator[str]:
    verdict = f"{_HEADLINES[result.verdict]}{under_rules(result.rules)}"
    yield f"{result.table}: {verdict} ({result.legacy} versus {result.modern})"
    yield from (f"  {_readable(reason)}" for reason in result.reasons)
    yield from _rows(result)
    yield from _columns(result)
    yield from _samples(result)
    yield from _suggestions(result)
    yield f"  Next: {_next_step(result)}"


def _rows(result: ComparisonResult) -> Iterator[str]:
    rows = result.rows
    yield f"  Rows: {rows.legacy:,} legacy, {rows.modern:,} modern, {rows.identical:,} identical"
    counted = {
        "different": rows.different,
        "only in legacy": rows.only_legacy,
        "only in modern": rows.only_modern,
        "accepted": rows.accepted,
        "with a duplicate key in legacy": rows.duplicate_key_legacy,
        "with a duplicate key in modern": rows.duplicate_key_modern,
        "with NULL in the key in legacy": rows.null_key_legacy,
        "with NULL in the key in modern": rows.null_key_modern,
    }
    yield from (f"    {count:,} {what}" for what, count in counted.items() if count)


def _columns(result: ComparisonResult) -> Iterator[str]:
    changed = [column for column in result.columns if column.status != "excluded" and _column_notes(column)]
    if changed:
        yield "  Columns:"
    yield from (
        f"    {_readable(column.name)}: {'; '.join(_column_notes(column))}" for column in changed[:_SHOWN_COLUMNS]
    )
    if len(changed) > _SHOWN_COLUMNS:
        yield f"    and {len(changed) - _SHOWN_COLUMNS:,} more"
    excluded = [_readable(column.name) for column in result.columns if column.status == "excluded"]
    if excluded:
        yield f"  Not compared: {', '.join(excluded)}"


def _column_notes(column: ColumnResult) -> list[str]:
    notes = []
    if column.status in {"only_legacy", "only_modern"}:
        notes.append(_KINDS[column.status])
    if column.different:
        largest = "" if column.max_abs_diff is None else f", by {column.max_abs_diff:.6g} at most"
        notes.append(f"{column.different:,} {'cell differs' if column.different == 1 else 'cells differ'}{largest}")
        notes.append(", ".join(f"{cause} {cells:,}" for cause, cells in column.causes.items()))
    if column.accepted:
        notes.append(f"{column.accepted:,} accepted")
    if column.converted_with_loss:
        notes.append(f"{column.converted_with_loss:,} converted with loss")
    if column.modern_name not in {None, column.name}:
        notes.append(f"called {_readable(str(column.modern_name))} in modern")
    if column.type_changed:
        notes.append(f"type {column.legacy_type} became {column.modern_type}")
    if column.rule:
        notes.append("rule " + ", ".join(f"{name} {value}" for name, value in column.rule.items()))
    return notes


def _samples(result: ComparisonResult) -> Iterator[str]:
    if result.samples:
        yield "  Samples:"
    for kind, title in _KINDS.items():
        for sample in [sample for sample in result.samples if sample.kind == kind][:_SHOWN_SAMPLES]:
            yield f"    {title}: {_key(sample.key)}"
            yield from _cells(sample)


def _cells(sample: Sample) -> Iterator[str]:
    for name, cell in list(sample.cells.items())[:_SHOWN_CELLS]:
        yield f"      {_readable(name)}: {_change(sample.kind, cell)}"
    if len(sample.cells) > _SHOWN_CELLS:
        yield f"      and {len(sample.cells) - _SHOWN_CELLS:,} more columns"


def _change(kind: str, cell: CellChange) -> str:
    """Both values of a cell that differs; of a whole row those of a side that has it."""
    if kind == "different":
        return f"{_value(cell.legacy)} -> {_value(cell.modern)} ({cell.cause})"
    return _value(cell.modern if cell.legacy is None else cell.legacy)


def _suggestions(result: ComparisonResult) -> Iterator[str]:
    if result.suggestions:
        yield "  Would settle it:"
    for suggestion in result.suggestions[:_SHOWN_COLUMNS]:
        rule = ", ".join(f"{name}: {_yaml(value)}" for name, value in suggestion.rule.items())
        column = _readable(suggestion.column)
        mended = f", or {suggestion.sql} in the model" if suggestion.sql else ""
        yield f"    {column} ({suggestion.cause}): the rule {{{rule}}} in the spec{mended}"
    if len(result.suggestions) > _SHOWN_COLUMNS:
        yield f"    and {len(result.suggestions) - _SHOWN_COLUMNS:,} more"


def _yaml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _key(key: Mapping[str, str | None]) -> str:
    return ", ".join(f"{_readable(name)} {_value(value)}" for name, value in key.items()) or "whole row"


def _value(text: str | None) -> str:
    """NULL apart from the text NULL, blanks and line ends visible, long texts cut."""
    if text is None:
        return "NULL"
    return repr(text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "...")


def _readable(text: str) -> str:
    """A name or sentence on one line, without characters that steer a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _next_step(result: ComparisonResult) -> str:
    if result.verdict is Verdict.PROVEN:
        return "nothing; the tables are equal under these rules."
    if result.verdict is Verdict.NOT_PROVEN:
        return "make both tables show something: rows, a key that identifies each row, columns to compare."
    if result.rows.only_legacy or result.rows.only_modern:
        return "find out why rows are missing on one side: the filters and joins of the model, the age of the copy."
    if result.suggestions:
        return "mend the model, or add the rules above to the spec where the differences do not matter."
    return "mend the model, or write down in the spec which differences do not matter, or accept them."
