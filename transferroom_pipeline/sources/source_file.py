"""What every source file offers, whatever its format."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import polars as pl

from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.exceptions import SourceError

BATCH_ROWS = 150_000

NAME_THE_ENCODING = "name its encoding in the option `encoding` of the table in sources.yaml, or export the file again"
"""What to do about a file whose encoding cannot be told, for the end of a message."""

_NAMES_SHOWN = 20
_CHARACTERS_SHOWN = 60
_QUOTES = {"'": '"\'"', '"': "'\"'"}  # as they are written in YAML
_AROUND_NAMES = " \t\u00a0\ufeff"  # blanks and byte order marks, which nobody sees


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
        own = set(self.columns)
        missing = [column for column in self.table.columns if column not in own]
        if missing:
            raise SourceError(
                f"{place(self.table, self.location.path)}: {_columns(missing)} missing, "
                f"the file has {listed(self.columns)}: {self._way_out_of_missing(missing)}"
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns; those that only its folders give it come last."""
        return tuple(self.dtypes) + tuple(self._given_by_folders)

    @property
    def new_columns(self) -> tuple[str, ...]:
        """Columns that the contract does not name."""
        contract = self.table.columns
        return tuple(column for column in self.columns if column not in contract)

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
        if _are_among(missing, self.columns):
            return f"the names differ in capitals and small letters: {set_option('ignore_header_case', 'true')}"
        if _are_among(missing, [name.strip(_AROUND_NAMES) for name in self.columns]):
            return "the names have blanks or byte order marks around them: export the file again without"
        for quote, written in _QUOTES.items():
            if _are_among(missing, [name.strip(_AROUND_NAMES).strip(quote) for name in self.columns]):
                if quote == self.table.file_options.quote:
                    return "the names have blanks before their quotes: export the file again without"
                return f"the names have quotes around them: {set_option('quote', written)}"
        return "export the table again with every column of its contract"


def named_as_in_contract(table: SourceTable, path: Path, names: Sequence[str]) -> tuple[str, ...]:
    """The columns of a file by the names of the contract.

    Raises:
        SourceError: A column that is loaded is there more than once.
    """
    names = in_case_of_contract(table, names)
    if table.file_options.new_columns == "load":
        refuse_repeated(table, path, names)
        return tuple(names)
    columns = table.columns
    refuse_repeated(table, path, [name for name in names if name in columns])
    return _told_apart(names)


def in_case_of_contract(table: SourceTable, names: Sequence[str]) -> Sequence[str]:
    """The names with the capitals and small letters of the contract, where the table's options say so."""
    if not table.file_options.ignore_header_case:
        return names
    contract = {column.casefold(): column for column in table.columns}
    return [contract.get(name.casefold(), name) for name in names]


def refuse_repeated(table: SourceTable, path: Path, names: Sequence[str]) -> None:
    """Of two columns with one name nobody can tell which is meant.

    Raises:
        SourceError: A column is there more than once.
    """
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    if repeated:
        raise SourceError(
            f"{place(table, path)}: {_columns(repeated)} there more than once: "
            "export the table again with each column once"
        )


def listed(names: Sequence[str]) -> str:
    """Names of columns for a message: not all of very many, and those with something unseen in quotes."""
    more = f" and {len(names) - _NAMES_SHOWN:,} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(_shown(name) for name in names[:_NAMES_SHOWN]) + more


def shortened(text: str) -> str:
    """The beginning of a text that may be long."""
    return text if len(text) <= _CHARACTERS_SHOWN else f"{text[:_CHARACTERS_SHOWN]}…"


def place(table: SourceTable, path: Path, *, line: int | None = None, column: str | None = None) -> str:
    """Where something is wrong, for the beginning of a message."""
    parts = [f"{path} (table {table.name})"]
    parts += [f"line {line}"] if line is not None else []
    parts += [f"column {column}"] if column is not None else []
    return ", ".join(parts)


def set_option(option: str, value: str) -> str:
    """What to do, for the end of a message: the option to set, and where."""
    return f"set `{option}: {value}` for the table in sources.yaml, or export the file again"


def _told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """Each name once: a column without a name, or with one that an earlier column has, is called by its place too."""
    taken, met, told = set(names), set[str](), []
    for number, name in enumerate(names, 1):
        unique = name
        if not name or name in met:
            unique = f"{name} (column {number})" if name else f"(column {number})"
            while unique in taken:
                unique += "*"
            taken.add(unique)
        met.add(name)
        told.append(unique)
    return tuple(told)


def _are_among(missing: Sequence[str], names: Sequence[str]) -> bool:
    """Whether the missing columns are there when capitals and small letters are the same."""
    return {column.casefold() for column in missing} <= {name.casefold() for name in names}


def _columns(names: Sequence[str]) -> str:
    return f"column {listed(names)} is" if len(names) == 1 else f"columns {listed(names)} are"


def _shown(name: str) -> str:
    plain = name and name.isprintable() and name.strip(_AROUND_NAMES) == name
    return shortened(name if plain else repr(name))
