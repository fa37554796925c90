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
from polars.selectors import by_name

from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.source_file import (
    BATCH_ROWS,
    Batch,
    Location,
    RowCount,
    SourceFile,
    named_as_in_contract,
    place,
    refuse_repeated,
)


@dataclass(frozen=True)
class ParquetFile(SourceFile):
    """A Parquet file; its rows are numbered, for it has no lines.

    Attributes:
        names: Its columns as the file itself calls them.
    """

    names: tuple[str, ...]

    @classmethod
    def open(cls, table: SourceTable, location: Location) -> Self:
        """Read the schema.

        Raises:
            SourceError: The file is damaged or no Parquet file, columns of the contract are missing, or one holds
                decimals of more than 38 digits, which Polars cannot read; or names cannot be read or told apart.
        """
        with _damage_explained(table, location.path):
            schema = pq.read_schema(location.path)
        for field in schema:
            if pa.types.is_decimal256(field.type):
                where = place(table, location.path, column=field.name)
                raise SourceError(f"{where}: {field.type} has too many digits: write it with at most 38 digits")
            if "\0" in field.name:
                raise SourceError(
                    f"{place(table, location.path)}: the name {field.name!r} of a column has a NUL, which no text has: "
                    "export the file again without"
                )
        refuse_repeated(table, location.path, schema.names)
        names = named_as_in_contract(table, location.path, schema.names)
        types = pl.DataFrame(schema.empty_table()).dtypes
        return cls(table, location, dict(zip(names, types, strict=True)), tuple(schema.names))

    def count_rows(self) -> RowCount:
        """As the file's footer says; see the base class."""
        with _damage_explained(self.table, self.location.path):
            return RowCount(pq.read_metadata(self.location.path).num_rows)

    def read(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Stream the rows in the file's types; see the base class."""
        rows = 0
        for frame in self._frames(columns):
            numbers = pl.Series(np.arange(rows + 1, rows + 1 + frame.height))
            rows += frame.height
            yield Batch(frame, row_numbers=numbers, line_numbers=numbers)

    def _frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        own = dict(zip(self.dtypes, self.names, strict=True))
        called = dict(zip(self.names, self.dtypes, strict=True))
        with _damage_explained(self.table, self.location.path), pq.ParquetFile(self.location.path) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=[own[column] for column in columns]):
                batch.validate(full=True)  # Parquet promises UTF-8 without anyone having checked it
                if batch.num_rows:
                    renamed = batch.rename_columns([called[name] for name in batch.schema.names])
                    yield pl.DataFrame(renamed).select(by_name(*columns, require_all=True))


@contextmanager
def _damage_explained(table: SourceTable, path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise SourceError(
            f"{place(table, path)}: the file is damaged or no Parquet file ({reason}): export the table again"
        ) from error
