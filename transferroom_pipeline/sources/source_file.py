"""What every source file offers, whatever its format."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.exceptions import SourceError

BATCH_ROWS = 150_000


@dataclass(frozen=True)
class Batch:
    """Some consecutive rows of a source file, as they stand in it.

    Attributes:
        frame: All columns of the file, in the file's types; text for CSV.
        row_numbers: Place of each row among all rows of the file, from 1, as `SourceFile.values` counts them.
        line_numbers: Line of the file on which the row begins, from 1; the row number in files without lines.
    """

    frame: pl.DataFrame
    row_numbers: pl.Series
    line_numbers: pl.Series


@dataclass(frozen=True)
class SourceFile(ABC):
    """A source file that holds every column its contract names.

    Attributes:
        table: The table it is the file of.
        path: Where it lies.
        columns: Its columns, in its own order.
    """

    table: SourceTable
    path: Path
    columns: tuple[str, ...]

    def __post_init__(self) -> None:
        missing = [column for column in self.table.columns if column not in self.columns]
        if missing:
            raise SourceError(
                f"{place(self.table, self.path)}: {_columns(missing)} missing, the file has {', '.join(self.columns)}: "
                "export the table again with every column of its contract"
            )
        repeated = sorted({column for column in self.columns if self.columns.count(column) > 1})
        if repeated:
            raise SourceError(
                f"{place(self.table, self.path)}: {_columns(repeated)} there more than once: "
                "export the table again with each column once"
            )

    @property
    def ignored_columns(self) -> tuple[str, ...]:
        """Columns that the contract does not name; they are not loaded."""
        return tuple(column for column in self.columns if column not in self.table.columns)

    @abstractmethod
    def batches(self) -> Iterator[Batch]:
        """Stream all rows.

        Raises:
            SourceError: The file cannot be parsed; rows before the fault may have been given.
        """

    @abstractmethod
    def values(self, column: str) -> Iterator[pl.Series]:
        """Stream one column, one value for every row number from 1 on.

        Raises:
            SourceError: As for `batches`.
        """


def place(table: SourceTable, path: Path, *, line: int | None = None, column: str | None = None) -> str:
    """Where something is wrong, for the beginning of a message."""
    parts = [f"{path} (table {table.name})"]
    parts += [f"line {line}"] if line is not None else []
    parts += [f"column {column}"] if column is not None else []
    return ", ".join(parts)


def _columns(names: list[str]) -> str:
    return f"column {names[0]} is" if len(names) == 1 else f"columns {', '.join(names)} are"
