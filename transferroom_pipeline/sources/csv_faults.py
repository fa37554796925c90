"""Finding the place where a CSV file cannot be read.

Arrow's reader is fast but names neither lines nor all faults, so a file it refuses is read again here, slowly, with
Python's own reader.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.source_file import place


@dataclass(frozen=True)
class Record:
    """One record of a CSV file.

    Attributes:
        line: Line on which it begins, from 1.
        last_line: Line on which it ends.
        values: Its values; none for a blank line.
    """

    line: int
    last_line: int
    values: list[str]


def records(table: SourceTable, path: Path, lines: Iterator[str]) -> Iterator[Record]:
    """The records of a CSV file, blank lines included.

    Args:
        table: Table of the file, for messages.
        path: The file, for messages.
        lines: Its lines with their endings, read with `errors="surrogateescape"`.

    Raises:
        SourceError: A quote is not closed.
    """
    reader = csv.reader(lines, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise SourceError(
                f"{place(table, path, line=line)}: a quote is not closed, or not doubled inside a quoted value: "
                "close it, or export the file again"
            ) from error
        yield Record(line, reader.line_num, values)


def fault(table: SourceTable, path: Path, columns: Sequence[str], reason: str) -> SourceError:
    """The first fault of a file that could not be read, as an error to raise.

    Args:
        table: Table of the file.
        path: The file.
        columns: The columns its header names.
        reason: What the fast reader said, used when no fault can be found.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            faults = (_fault(table, path, columns, record) for record in records(table, path, lines))
            found = next((fault for fault in faults if fault is not None), None)
    except SourceError as error:
        return error
    return found or SourceError(f"{place(table, path)}: cannot be read ({reason}): export the file again")


def is_undecodable(value: str) -> bool:
    """Whether bytes that are not UTF-8 went into the value; Python keeps them as lone surrogates."""
    return not value.isascii() and any("\udc80" <= character <= "\udcff" for character in value)


def _fault(table: SourceTable, path: Path, columns: Sequence[str], record: Record) -> SourceError | None:
    if record.values and len(record.values) != len(columns):
        return SourceError(
            f"{place(table, path, line=record.line)}: the row has {len(record.values)} values where the header names "
            f"{len(columns)} columns: complete the row, and quote values that contain commas"
        )
    for column, value in zip(columns, record.values, strict=False):
        if is_undecodable(value):
            where = place(table, path, line=record.line, column=column)
            return SourceError(f"{where}: the value is not UTF-8: save the file as UTF-8")
    return None
