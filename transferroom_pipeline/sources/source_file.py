"""What every source file offers, whatever its format."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import polars as pl

from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.exceptions import SourceError

BATCH_ROWS = 150_000


@dataclass(frozen=True)
class Location:
    """Where a source file lies, and the state in which it was found.

    Attributes:
        path: The file.
        name: Its path below the source folder, which rejections name.
        partition: Values that its folders give it, by column: `season=2026` gives `season` the text 2026.
        state: Size, time of change and identity on the disk.
    """

    path: Path
    name: str
    partition: Mapping[str, str | None]
    state: tuple[int, int, int]


@dataclass(frozen=True)
class Batch:
    """Some consecutive rows of a source file, as they stand in it.

    Attributes:
        frame: Columns of the file, in the file's types; text for CSV.
        row_numbers: Place of each row among all rows of the file, from 1.
        line_numbers: Line of the file on which the row begins, from 1; the row number in files without lines.
    """

    frame: pl.DataFrame
    row_numbers: pl.Series
    line_numbers: pl.Series


class RowCount(NamedTuple):
    """What a file holds.

    Attributes:
        rows: Its rows.
        without_values: Lines of separators alone, as spreadsheets leave them below a table; they are no rows.
    """

    rows: int
    without_values: int = 0


@dataclass(frozen=True)
class SourceFile(ABC):
    """A source file that holds every column its contract names.

    Attributes:
        table: The table it is a file of.
        location: Where it lies.
        dtypes: Its own columns with their types, in its order, called as the contract calls them.
    """

    table: SourceTable
    location: Location
    dtypes: Mapping[str, pl.DataType]

    def __post_init__(self) -> None:
        missing = [column for column in self.table.columns if column not in self.columns]
        if missing:
            raise SourceError(
                f"{place(self.table, self.location.path)}: {_columns(missing)} missing, "
                f"the file has {', '.join(self.columns)}: {self._way_out_of_missing(missing)}"
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns; those that only its folders give it come last."""
        return tuple(self.dtypes) + tuple(self._given_by_folders)

    @property
    def new_columns(self) -> tuple[str, ...]:
        """Columns that the contract does not name."""
        return tuple(column for column in self.columns if column not in self.table.columns)

    @property
    def _given_by_folders(self) -> dict[str, str | None]:
        """A column that the file has itself is read from the file."""
        return {name: value for name, value in self.location.partition.items() if name not in self.dtypes}

    @abstractmethod
    def count_rows(self) -> RowCount:
        """How many rows the file has, found without the reader that `batches` uses.

        Raises:
            SourceError: The file is damaged.
        """

    @abstractmethod
    def read(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Stream the rows with some of the columns that the file has itself.

        Raises:
            SourceError: The file cannot be read; rows before the fault may have been given.
        """

    def batches(self) -> Iterator[Batch]:
        """Stream the rows with all columns.

        Raises:
            SourceError: As for `read`.
        """
        added = [pl.lit(value, dtype=pl.String).alias(name) for name, value in self._given_by_folders.items()]
        for batch in self.read(tuple(self.dtypes)):
            yield Batch(batch.frame.with_columns(added), batch.row_numbers, batch.line_numbers)

    def key_values(self) -> Iterator[pl.Series]:
        """Stream the column that is the key of the table.

        Raises:
            SourceError: As for `read`; or the key is not in the file but the name of a folder.
        """
        if self.table.key not in self.dtypes:
            raise SourceError(
                f"{place(self.table, self.location.path)}: the key {self.table.key} is not in the file, only in the "
                "name of its folder: export the table again with its key"
            )
        for batch in self.read([self.table.key]):
            yield batch.frame[self.table.key]

    def _way_out_of_missing(self, missing: Sequence[str]) -> str:
        folded = {column.casefold() for column in self.columns}
        if all(column.casefold() in folded for column in missing):
            return f"the names differ in capitals and small letters: {set_option('ignore_header_case', 'true')}"
        return "export the table again with every column of its contract"


def named_as_in_contract(table: SourceTable, path: Path, names: Sequence[str]) -> tuple[str, ...]:
    """The columns of a file by the names of the contract.

    Raises:
        SourceError: A column is there more than once.
    """
    if table.file_options.ignore_header_case:
        contract = {column.casefold(): column for column in table.columns}
        names = [contract.get(name.casefold(), name) for name in names]
    repeated = sorted({name for name in names if list(names).count(name) > 1})
    if repeated:
        raise SourceError(
            f"{place(table, path)}: {_columns(repeated)} there more than once: "
            "export the table again with each column once"
        )
    return tuple(names)


def place(table: SourceTable, path: Path, *, line: int | None = None, column: str | None = None) -> str:
    """Where something is wrong, for the beginning of a message."""
    parts = [f"{path} (table {table.name})"]
    parts += [f"line {line}"] if line is not None else []
    parts += [f"column {column}"] if column is not None else []
    return ", ".join(parts)


def set_option(option: str, value: str) -> str:
    """What to do, for the end of a message: the option to set, and where."""
    return f"set `{option}: {value}` for the table in sources.yaml, or export the file again"


def _columns(names: Sequence[str]) -> str:
    shown = [name or "''" for name in names]
    return f"column {shown[0]} is" if len(shown) == 1 else f"columns {', '.join(shown)} are"
