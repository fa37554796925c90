"""CSV source files: UTF-8 with or without a byte order mark, commas, double quotes, every value read as text.

A line without any value, be it blank or just commas, is no row; it counts as a line.
"""

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl
import pyarrow as pa
from pyarrow import csv

from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.csv_faults import fault, is_undecodable, records
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.source_file import Batch, SourceFile, place

# About 80,000 rows of transfers; a longer row is refused, which also stops a quote never closed.
_BLOCK_BYTES = 8 << 20

_LINE_BREAK = "\r\n|\r|\n"


@dataclass(frozen=True)
class CsvFile(SourceFile):
    """A CSV file.

    Attributes:
        header_lines: Lines up to the end of the header.
        header_bytes: Bytes up to the end of the header.
    """

    header_lines: int
    header_bytes: int

    @classmethod
    def open(cls, table: SourceTable, path: Path) -> Self:
        """Read the header.

        Raises:
            SourceError: There is none, it cannot be read, or columns of the contract are missing.
        """
        header_bytes = len(codecs.BOM_UTF8) if _has_byte_order_mark(path) else 0

        def counted(lines: Iterator[str]) -> Iterator[str]:
            nonlocal header_bytes
            for line in lines:
                header_bytes += len(line.encode(errors="surrogateescape"))
                yield line

        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            header = next((record for record in records(table, path, counted(lines)) if record.values), None)
        if header is None:
            raise SourceError(f"{place(table, path)}: the file is empty: export the table again")
        if any(is_undecodable(name) for name in header.values):
            where = place(table, path, line=header.line)
            raise SourceError(f"{where}: the header is not UTF-8: save the file as UTF-8")
        return cls(table, path, tuple(header.values), header.last_line, header_bytes)

    def batches(self) -> Iterator[Batch]:
        """Stream all rows as text; see the base class."""
        rows, lines, last_value = 0, self.header_lines, ""
        for frame in self._frames(self.columns):
            # A value with line breaks in it moves all later rows down.
            breaks = frame.select(pl.sum_horizontal(pl.all().str.count_matches(_LINE_BREAK))).to_series()
            heights = breaks.cast(pl.Int64) + 1
            row_numbers = pl.Series(np.arange(rows + 1, rows + 1 + frame.height))
            line_numbers = heights.cum_sum() - heights + lines + 1
            rows, lines = rows + frame.height, lines + int(heights.sum())
            last_value = frame.item(-1, -1)
            filled = frame.select(pl.any_horizontal(pl.all() != "")).to_series()
            if filled.any():
                yield Batch(frame.filter(filled), row_numbers.filter(filled), line_numbers.filter(filled))
        self._refuse_open_quote(last_value)

    def values(self, column: str) -> Iterator[pl.Series]:
        """Stream one column as text; see the base class."""
        for frame in self._frames([column]):
            yield frame[column]

    def _frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        if self.path.stat().st_size == self.header_bytes:
            return
        with self.path.open("rb") as stream:
            stream.seek(self.header_bytes)
            try:
                for batch in self._reader(stream, columns):
                    if batch.num_rows:
                        yield pl.DataFrame(batch)
            except pa.ArrowInvalid as error:
                raise fault(self.table, self.path, self.columns, str(error)) from error

    def _reader(self, stream: object, columns: Sequence[str]) -> csv.CSVStreamingReader:
        return csv.open_csv(
            stream,
            read_options=csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES, column_names=self.columns),
            # Blank lines are kept as rows of empty values, because they count as lines.
            parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(self.columns, pa.string()),
                include_columns=columns,
                strings_can_be_null=False,
            ),
        )

    def _refuse_open_quote(self, last_value: str) -> None:
        """Arrow takes a quote that is never closed for one closed at the end of the file.

        Only then does the file end with the opening quote and the last value: a closed one has a quote after it.
        """
        ending = f',"{last_value.replace(chr(34), chr(34) * 2)}'.encode()
        with self.path.open("rb") as stream:
            stream.seek(max(0, self.path.stat().st_size - len(ending)))
            if stream.read() == ending:
                raise fault(self.table, self.path, self.columns, "a quote is not closed")


def _has_byte_order_mark(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8
