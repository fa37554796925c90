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

_LINE_BREAK = "\r\n|\r|\n"


def refuse_embedded_rows(
    table: SourceTable, path: Path, frame: pl.DataFrame, columns: Sequence[str], lines: pl.Series
) -> None:
    """Refuse a file with a value whose lines look like rows, unless the table's options allow it.

    Lines look like rows when they have as many separators as the header and something that can be a key where the key
    is. A value of a column that holds no text, or only some words, cannot have both a line break and a separator.

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
        suspected = frame.select(_is_suspected(name, table, 1 if name in one_line else len(columns) - 1)).to_series()
        for row, line in zip(frame.filter(suspected).iter_rows(named=True), lines.filter(suspected), strict=True):
            if name in one_line or _swallows(table, columns, name, row):
                raise SourceError(
                    f"{place(table, path, line=line, column=name)}: the quoted value goes over several lines that look "
                    "like rows of their own, so a quote is stray or missing: correct it, or if the value is right, "
                    f"{set_option('embedded_rows', 'allow')}"
                )


def _may_break_lines(column: Column) -> bool:
    return isinstance(column.dtype, pl.String) and not column.values


def _is_suspected(name: str, table: SourceTable, separators: int) -> pl.Expr:
    """Cheaply: a line break, and separators enough for a row."""
    value = pl.col(name)
    enough = value.str.count_matches(table.file_options.separator, literal=True) >= separators
    return (enough & value.str.contains("[\r\n]")).fill_null(value=False)


def _swallows(table: SourceTable, columns: Sequence[str], name: str, row: Mapping[str, str | None]) -> bool:
    """Whether lines in the middle of a value, or all of its lines with the values around it, look like rows."""
    separator = table.file_options.separator
    first, *middle, last = (line.split(separator) for line in re.split(_LINE_BREAK, row[name] or ""))
    before, key_place = columns.index(name), columns.index(table.key)
    inner = [fields[key_place] for fields in middle if len(fields) == len(columns)]
    if _holds_key(table, inner):
        return True
    whole = len(first) == len(columns) - before and len(last) == before + 1 and len(inner) == len(middle)
    return whole and _holds_key(table, [last[key_place] if key_place <= before else row.get(table.key)])


def _holds_key(table: SourceTable, texts: Sequence[str | None]) -> bool:
    """Whether any of the texts is of the key's type and pattern."""
    column = next(column for column in columns_of(table) if column.name == table.key)
    how = conversion("key", pl.String(), column.dtype, decimal_comma=table.file_options.decimal_comma)
    keys = pl.DataFrame({"key": texts}, schema={"key": pl.String}).select(how.value.alias("key")).drop_nulls()
    if column.pattern is not None:
        keys = keys.filter(pl.col("key").str.contains(column.pattern))
    return not keys.is_empty()
