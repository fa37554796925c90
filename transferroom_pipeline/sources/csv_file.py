"""CSV source files: every value is read as text.

A line without any value, be it blank or just separators, is no row; it counts as a line.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from pyarrow import csv as arrow_csv

from transferroom_pipeline.sources.byte_blocks import utf8_blocks
from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.csv_faults import (
    BareQuotes,
    other_separator,
    quote_fault,
    refuse_bytes_that_are_no_text,
    refuse_escaped_line_ends,
    refuse_header_for_excel,
    refuse_header_that_is_no_text,
    refuse_other_format,
    refuse_other_widths,
)
from transferroom_pipeline.sources.csv_scanner import (
    LONGEST_RECORD_BYTES,
    Dialect,
    LongRecordError,
    QuoteError,
    Records,
    scan,
)
from transferroom_pipeline.sources.embedded_rows import refuse_embedded_rows
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.null_tokens import refuse_escaped_letters, without_null_tokens
from transferroom_pipeline.sources.source_file import Batch, Location, RowCount, SourceFile, named_as_in_contract, place

# About 80,000 rows of transfers.
_BLOCK_BYTES = 8 << 20


@dataclass(frozen=True)
class _Stretch:
    """Some consecutive records, without their bytes.

    Attributes:
        size: How many bytes they have.
        count: How many they are, blank ones included.
        first_line: Line on which the first begins.
        lines: Line on which each begins; None where each has one line, to save memory.
        filled: Which of them are rows; None where all are.
        without_values: How many of the others have separators.
    """

    size: int
    count: int
    first_line: int
    lines: npt.NDArray[np.int64] | None
    filled: npt.NDArray[np.bool_] | None
    without_values: int

    @property
    def line_numbers(self) -> npt.NDArray[np.int64]:
        """Line on which each begins."""
        return np.arange(self.first_line, self.first_line + self.count) if self.lines is None else self.lines

    @property
    def rows(self) -> int:
        """How many rows they are."""
        return self.count if self.filled is None else int(self.filled.sum())


@dataclass(frozen=True)
class CsvFile(SourceFile):
    """A CSV file.

    Attributes:
        header_records: Records up to the header and with it; those before it are blank.
    """

    header_records: int

    @classmethod
    def open(cls, table: SourceTable, location: Location) -> Self:
        """Read the header.

        Raises:
            SourceError: There is none, it cannot be read, or columns of the contract are missing.
        """
        path = location.path
        refuse_other_format(table, path)
        start = next(utf8_blocks(table, path, _BLOCK_BYTES), b"")
        passed = 0
        with _faults_explained(table, path, start):
            for records in scan(utf8_blocks(table, path, _BLOCK_BYTES), Dialect.of(table.file_options)):
                filled = np.flatnonzero(~records.blank)
                if filled.size:
                    refuse_escaped_line_ends(table, path, records)
                    header = _header(table, path, records, int(filled[0]))
                    return cls(table, location, dict.fromkeys(header, pl.String()), passed + int(filled[0]) + 1)
                passed += records.ends.size
        raise SourceError(f"{place(table, path)}: the file is empty: export the table again")

    def count_rows(self) -> RowCount:
        """Counted in the bytes of the file; see the base class."""
        return RowCount(
            sum(stretch.rows for stretch in self._stretches),
            sum(stretch.without_values for stretch in self._stretches),
        )

    def read(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Stream the rows as text; see the base class."""
        rows = 0
        for stretch, data in self._pieces():
            if not stretch.rows:
                continue
            frame, lines = self._parsed(stretch, data, columns), pl.Series(stretch.line_numbers)
            if stretch.filled is not None:
                frame, lines = frame.filter(stretch.filled), lines.filter(stretch.filled)
            if stretch.lines is not None:
                refuse_embedded_rows(self.table, self.location.path, frame, tuple(self.dtypes), lines)
            yield Batch(frame, pl.Series(np.arange(rows + 1, rows + 1 + frame.height)), lines)
            rows += frame.height

    @cached_property
    def _stretches(self) -> tuple[_Stretch, ...]:
        """The file scanned to its end and found to be sound, so that reading it need not look for faults."""
        with _faults_explained(self.table, self.location.path):
            return tuple(self._scanned())

    def _scanned(self) -> Iterator[_Stretch]:
        path, header, quotes = self.location.path, self.header_records, BareQuotes(self.table, self.location.path)
        dialect = Dialect.of(self.table.file_options)
        for records in scan(utf8_blocks(self.table, path, _BLOCK_BYTES), dialect):
            passed = min(header, records.ends.size)
            header -= passed
            rows = records.after(passed)
            yield _Stretch(len(records.data) - len(rows.data), 0, 0, None, None, 0)
            refuse_escaped_line_ends(self.table, path, records)
            refuse_other_widths(self.table, path, rows, len(self.dtypes))
            refuse_bytes_that_are_no_text(self.table, path, rows, tuple(self.dtypes))
            quotes.look_at(records)
            refuse_escaped_letters(self.table, path, rows, dialect)
            yield _stretch(rows)

    def _pieces(self) -> Iterator[tuple[_Stretch, bytes]]:
        blocks, data = utf8_blocks(self.table, self.location.path, _BLOCK_BYTES), b""
        for stretch in self._stretches:
            while len(data) < stretch.size and (block := next(blocks, None)) is not None:
                data += block
            yield stretch, data[: stretch.size]
            data = data[stretch.size :]

    def _parsed(self, stretch: _Stretch, data: bytes, columns: Sequence[str]) -> pl.DataFrame:
        """Parse whole records at once: between blocks of its own Arrow loses a line feed after a carriage return."""
        options = self.table.file_options
        try:
            parsed = arrow_csv.read_csv(
                pa.BufferReader(without_null_tokens(data, Dialect.of(options), options.null_tokens)),
                read_options=arrow_csv.ReadOptions(
                    use_threads=False, block_size=len(data) + 1, column_names=list(self.dtypes)
                ),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=options.separator,
                    quote_char=options.quote or False,
                    escape_char=options.escape or False,
                    newlines_in_values=True,
                    ignore_empty_lines=False,  # blank lines are records to the scan, too
                ),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(self.dtypes, pa.string()),
                    include_columns=list(columns),
                    null_values=[],
                ),
            )
        except pa.ArrowInvalid as error:
            raise self._unlike_the_scan(stretch, f"cannot be read ({error})") from error
        if parsed.num_rows != stretch.count:
            raise self._unlike_the_scan(stretch, f"are read as {parsed.num_rows}")
        return pl.DataFrame(parsed)

    def _unlike_the_scan(self, stretch: _Stretch, what: str) -> SourceError:
        where = place(self.table, self.location.path, line=stretch.first_line)
        return SourceError(
            f"{where}: the {stretch.count} rows from here on {what}: the file was changed while it was read, or has "
            "quotes that can be read in two ways: export it again"
        )


def _stretch(records: Records) -> _Stretch:
    return _Stretch(
        size=len(records.data),
        count=records.ends.size,
        first_line=int(records.lines[0]) if records.ends.size else 0,
        lines=records.lines if records.spans_lines else None,
        filled=~records.blank if records.blank.any() else None,
        without_values=int((records.blank & (records.fields > 1)).sum()),
    )


def _header(table: SourceTable, path: Path, records: Records, number: int) -> tuple[str, ...]:
    options, record, line = table.file_options, records.record(number), int(records.lines[number])
    refuse_header_that_is_no_text(table, path, line, record)
    text = record.decode()
    refuse_header_for_excel(table, path, line, text)
    hint = other_separator(table, text) if records.fields[number] == 1 else None
    if hint is not None:
        raise SourceError(f"{place(table, path, line=line)}: {hint}")
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=options.separator,
        quotechar=options.quote,
        quoting=csv.QUOTE_MINIMAL if options.quote else csv.QUOTE_NONE,
        escapechar=options.escape,
    )
    try:
        names = next(reader)
    except csv.Error as error:
        raise SourceError(
            f"{place(table, path, line=line)}: the header cannot be read ({error}): export it again"
        ) from error
    if any(options.separator in name and ("\n" in name or "\r" in name) for name in names):
        raise SourceError(
            f"{place(table, path, line=line)}: the name of a column goes over several lines and has separators, so a "
            "quote is stray: correct it, or export the file again"
        )
    return named_as_in_contract(table, path, names)


@contextmanager
def _faults_explained(table: SourceTable, path: Path, start: bytes = b"") -> Iterator[None]:
    """Put the faults of a scan into words; `start` is the start of the file when its header is not yet read."""
    try:
        yield
    except QuoteError as fault:
        lines = start.decode(errors="replace").split("\n", 1)
        hint = other_separator(table, lines[0])
        if hint is not None:
            raise SourceError(f"{place(table, path, line=1)}: {hint}") from fault
        raise quote_fault(table, path, fault) from fault
    except LongRecordError as fault:
        raise SourceError(
            f"{place(table, path, line=fault.line)}: the row that begins here has more than "
            f"{LONGEST_RECORD_BYTES >> 20} MB: a quote is not closed, or the file has no line ends: export it again"
        ) from fault
