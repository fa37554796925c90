"""Finding quoted values that have swallowed whole rows.

A stray quote, and another one some lines below at the end of a field, make one long value of all between them, and the
rows may still have the right number of fields. Nothing but what the value holds tells of it: lines that would be
whole rows by themselves.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from transferroom_pipeline.sources.columns import Column, columns_of
from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.conversion import conversion
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.source_file import place, set_option

_Texts = Mapping[str, str | None]
"""The texts of a row, by column."""

_LINE_BREAK = "\r\n|\r|\n"


def refuse_embedded_rows(
    table: SourceTable, path: Path, frame: pl.DataFrame, columns: Sequence[str], lines: pl.Series
) -> None:
    """Refuse a file with a value whose lines look like rows, unless the table's options allow it.

    Lines look like rows when they have as many separators as the header, and something that can be a key where the key
    is, or where numbers, dates or certain words are, nothing else. A value of a column that holds no text, or only some
    words, cannot have both a line break and a separator.

    Args:
        table: The table.
        path: The file.
        frame: Rows of it as text, with some or all of its columns.
        columns: All columns of the file, in its order.
        lines: Line of the file on which each row begins.

    Raises:
        SourceError: There is such a value.
    """
    if table.file_options.embedded_rows == "allow" or len(columns) == 1:
        return
    one_line = {column.name for column in columns_of(table) if not _may_break_lines(column)}
    for name in frame.columns:
        suspected = _suspected(frame.get_column(name), table, 1 if name in one_line else len(columns) - 1)
        if not suspected.any():
            continue
        for row, line in zip(frame.filter(suspected).iter_rows(named=True), lines.filter(suspected), strict=True):
            if name in one_line or _swallows(table, columns, name, row):
                raise SourceError(
                    f"{place(table, path, line=line, column=name)}: the quoted value goes over several lines that look "
                    "like rows of their own, so a quote is stray or missing: correct it, or if the value is right, "
                    f"{set_option('embedded_rows', 'allow')}"
                )


def _may_break_lines(column: Column) -> bool:
    return isinstance(column.dtype, pl.String) and not column.values


def _suspected(values: pl.Series, table: SourceTable, separators: int) -> pl.Series:
    """Cheaply: which have a line break, and separators enough for a row."""
    enough = values.str.count_matches(table.file_options.separator, literal=True) >= separators
    return (enough & values.str.contains("[\r\n]")).fill_null(value=False)


def _swallows(table: SourceTable, columns: Sequence[str], name: str, row: _Texts) -> bool:
    """Whether lines in the middle of a value, or all of its lines with the values around it, look like rows."""
    separator = table.file_options.separator
    first, *middle, last = (line.split(separator) for line in re.split(_LINE_BREAK, row[name] or ""))
    inner = [dict(zip(columns, fields, strict=True)) for fields in middle if len(fields) == len(columns)]
    if inner and _any_is_row(table, inner):
        return True
    before = columns.index(name)
    if len(first) != len(columns) - before or len(last) != before + 1 or len(inner) != len(middle):
        return False
    # The value has the end of one row and the beginning of another, and so a text of every column.
    inside: _Texts = {
        **dict(zip(columns[before:], first, strict=True)),
        **dict(zip(columns[: before + 1], last, strict=True)),
    }
    key = inside[table.key] if columns.index(table.key) <= before else row.get(table.key)
    nothing_typed = all(_may_break_lines(column) for column in columns_of(table))
    return (nothing_typed and not key) or _any_is_row(table, [{**inside, table.key: key}])


def _any_is_row(table: SourceTable, candidates: Sequence[_Texts]) -> bool:
    """Whether any has what can be a key where the key is, or else fits in all columns that do not hold any text."""
    present = [column for column in columns_of(table) if column.name in candidates[0]]
    missing = _texts_of_missing_values(table)
    texts = {
        column.name: [None if line[column.name] in missing else line[column.name] for line in candidates]
        for column in present
    }
    fits = {column.name: _fits(table, column) for column in present}
    is_row = fits[table.key]
    typed = [column.name for column in present if column.name != table.key and not _may_break_lines(column)]
    if typed:
        fitting = pl.all_horizontal(pl.col(name).is_null() | fits[name] for name in typed)
        is_row |= fitting & pl.any_horizontal(fits[name] for name in typed)
    return bool(pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String)).select(is_row.any()).item())


def _texts_of_missing_values(table: SourceTable) -> set[str]:
    """The reader has taken the escapes out of a quoted value, and so out of the tokens in it."""
    options = table.file_options
    return {"", *options.null_tokens, *(token.replace(options.escape or "", "") for token in options.null_tokens)}


def _fits(table: SourceTable, column: Column) -> pl.Expr:
    """Whether a text is a value of the column, by its type, its words and its pattern."""
    value = conversion(column.name, pl.String(), column.dtype, decimal_comma=table.file_options.decimal_comma).value
    fits = value.is_not_null()
    if column.values:
        fits &= value.is_in(column.values)
    if column.pattern is not None:
        fits &= value.str.contains(column.pattern)
    return fits.fill_null(value=False)
