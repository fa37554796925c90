"""Parquet source files, in whatever types they were written."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.source_file import BATCH_ROWS, Batch, SourceFile, place


@dataclass(frozen=True)
class ParquetFile(SourceFile):
    """A Parquet file; its rows are numbered, for it has no lines."""

    @classmethod
    def open(cls, table: SourceTable, path: Path) -> Self:
        """Read the schema.

        Raises:
            SourceError: The file is damaged or no Parquet file, columns of the contract are missing, or one holds
                decimals of more than 38 digits, which Polars cannot read.
        """
        with _damage_explained(table, path):
            schema = pq.read_schema(path)
        for field in schema:
            if pa.types.is_decimal256(field.type):
                where = place(table, path, column=field.name)
                raise SourceError(f"{where}: {field.type} has too many digits: write it with at most 38 digits")
        return cls(table, path, tuple(schema.names))

    def batches(self) -> Iterator[Batch]:
        """Stream all rows in the file's types; see the base class."""
        rows = 0
        for frame in self._frames(self.columns):
            numbers = pl.Series(np.arange(rows + 1, rows + 1 + frame.height))
            rows += frame.height
            yield Batch(frame, row_numbers=numbers, line_numbers=numbers)

    def values(self, column: str) -> Iterator[pl.Series]:
        """Stream one column in the file's type; see the base class."""
        for frame in self._frames([column]):
            yield frame[column]

    def _frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        with _damage_explained(self.table, self.path), pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(columns)):
                batch.validate(full=True)  # Parquet promises UTF-8 without anyone having checked it
                if batch.num_rows:
                    yield pl.DataFrame(batch)


@contextmanager
def _damage_explained(table: SourceTable, path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise SourceError(
            f"{place(table, path)}: the file is damaged or no Parquet file ({reason}): export the table again"
        ) from error
