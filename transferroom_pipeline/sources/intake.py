"""Taking in the files of one source table: good rows in the types of the contract, bad rows with the reason."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.file_writing import replacing
from transferroom_pipeline.sources.new_columns import loaded_columns
from transferroom_pipeline.sources.opening import open_sources, refuse_changed
from transferroom_pipeline.sources.options_file import with_declared_options
from transferroom_pipeline.sources.repeated_keys import repeated_keys
from transferroom_pipeline.sources.rules import rules_of
from transferroom_pipeline.sources.source_file import RowCount, SourceFile, place, set_option
from transferroom_pipeline.sources.splitting import REJECTION_SCHEMA, Split, Splitting

SAMPLES = 20


@dataclass(frozen=True)
class Rejection:
    """A refused row and the first rule it breaks.

    Attributes:
        source_file: The file, by its path below the source folder.
        line_number: Line on which the row begins, from 1; the row number in Parquet files.
        key: Its key as text, if it has one.
        column_name: The column at fault.
        rule: The rule broken.
        value: The value at fault as text, None where it is missing.
    """

    source_file: str
    line_number: int
    key: str | None
    column_name: str
    rule: str
    value: str | None


@dataclass(frozen=True)
class FileRows:
    """What became of the rows of one file.

    Attributes:
        file: Its path below the source folder.
        counted: Rows in it, counted without the reader: in the bytes of a CSV file, in the footer of a Parquet file.
        accepted: Rows read from it that keep the contract.
        rejected: Rows read from it that do not.
        without_values: Lines of separators alone in it, which are no rows.
    """

    file: str
    counted: int
    accepted: int
    rejected: int
    without_values: int = 0

    @property
    def lost(self) -> int:
        """Rows in the file that were neither accepted nor rejected; less than 0 where there were too many."""
        return self.counted - self.accepted - self.rejected


@dataclass(frozen=True)
class Intake:
    """What was taken from the files of a source table.

    Attributes:
        table: Name of the table.
        source: The file, or the folder or pattern of several, for a person to read.
        files: What became of the rows of each file.
        by_rule: Rejected rows per rule, counted under the first rule they break.
        samples: The first rejections, at most `SAMPLES`.
        new_columns: Columns of the files that the contract does not name.
        loaded_columns: Those of them that are loaded.
        accepted_path: Parquet file of the accepted rows, in the types of the contract.
        rejected_path: Parquet file of the rejected rows, in the columns of `splitting.REJECTION_SCHEMA`.
        hint: What may be the cause of rejections that look alike; empty when nothing is known.
    """

    table: str
    source: str
    files: tuple[FileRows, ...]
    by_rule: Mapping[str, int]
    samples: tuple[Rejection, ...]
    new_columns: tuple[str, ...]
    loaded_columns: tuple[str, ...]
    accepted_path: Path
    rejected_path: Path
    hint: str = ""

    @property
    def rows(self) -> int:
        """Rows in the files, counted without the reader."""
        return sum(file.counted for file in self.files)

    @property
    def accepted(self) -> int:
        """Rows that keep the contract."""
        return sum(file.accepted for file in self.files)

    @property
    def rejected(self) -> int:
        """Rows that do not."""
        return sum(file.rejected for file in self.files)

    @property
    def rejected_share(self) -> float:
        """Rejected rows as a part of all rows, from 0 to 1."""
        return self.rejected / self.rows if self.rows else 0.0

    @property
    def without_values(self) -> int:
        """Lines of separators alone in the files, which are no rows."""
        return sum(file.without_values for file in self.files)

    @property
    def incomplete(self) -> tuple[FileRows, ...]:
        """Files whose rows are not accepted and rejected ones; nothing of them may be loaded."""
        return tuple(file for file in self.files if file.lost)


def take_in(table: SourceTable, source_dir: Path, staging_dir: Path) -> Intake:
    """Check every row of a table's source files and stage accepted and rejected rows as Parquet files.

    The files are streamed, so memory does not grow with them, apart from eight bytes per row to find repeated keys.
    Staged files of an earlier intake are replaced at the end, and stay when this one fails.

    Args:
        table: The table.
        source_dir: Directory with its source files, and with their options if there are any.
        staging_dir: Directory for the staged files; made when it is not there.

    Raises:
        SourceError: A file is missing, unreadable, changed while it was read, lacks columns of the contract, or there
            are no rows though the table must have some.
        patito.DataFrameValidationError: The contract states something that no rule is derived for; it is not a fault
            of the file.
    """
    (table,) = with_declared_options([table], source_dir)
    sources = open_sources(table, source_dir)
    loaded = loaded_columns(table, sources)
    accepted_path, rejected_path = staging_dir / f"{table.name}.parquet", staging_dir / f"{table.name}_rejected.parquet"
    tally = _Tally({source.location.name: source.count_rows() for source in sources})
    with (
        _sink(accepted_path, {**table.dtypes, **loaded}) as accepted,
        _sink(rejected_path, REJECTION_SCHEMA) as rejected,
    ):
        for file, part in _splits(table, sources, loaded, tally.counted):
            table.model.validate(part.accepted.select(table.columns))
            accepted.write_table(_arrow(part.accepted))
            rejected.write_table(_arrow(part.rejected))
            tally.add(file, part)
        refuse_changed(sources)
        if not any(count.rows for count in tally.counted.values()) and not table.file_options.allow_empty:
            raise SourceError(f"{place(table, sources[0].location.path)}: {_without_rows(sources)}")
    return Intake(
        table=table.name,
        source=_description(source_dir, sources),
        files=tally.files(),
        by_rule=MappingProxyType(dict(tally.by_rule)),
        samples=tuple(tally.samples),
        new_columns=tuple(dict.fromkeys(column for source in sources for column in source.new_columns)),
        loaded_columns=tuple(loaded),
        accepted_path=accepted_path,
        rejected_path=rejected_path,
        hint=_hint(table, tally.samples),
    )


class _Tally:
    """What has been seen so far, of the rows that were counted in each file."""

    def __init__(self, counted: Mapping[str, RowCount]) -> None:
        self.counted = counted
        self.by_rule: Counter[str] = Counter()
        self.samples: list[Rejection] = []
        self._accepted: Counter[str] = Counter()
        self._rejected: Counter[str] = Counter()

    def add(self, file: str, part: Split) -> None:
        self._accepted[file] += part.accepted.height
        self._rejected[file] += part.rejected.height
        self.by_rule.update(dict(part.rejected["rule"].value_counts().iter_rows()))
        shown = part.rejected.head(SAMPLES - len(self.samples)).drop("source_table", "raw_row")
        self.samples += [Rejection(**row) for row in shown.iter_rows(named=True)]

    def files(self) -> tuple[FileRows, ...]:
        return tuple(
            FileRows(file, count.rows, self._accepted[file], self._rejected[file], count.without_values)
            for file, count in self.counted.items()
        )


def _splits(
    table: SourceTable,
    sources: Sequence[SourceFile],
    loaded: Mapping[str, pl.DataType],
    counted: Mapping[str, RowCount],
) -> Iterator[tuple[str, Split]]:
    """The name of the file with each part."""
    splitting = Splitting(table, rules_of(table), loaded, repeated_keys(sources))
    rows_before = 0
    for source in sources:
        for batch in source.batches():
            yield source.location.name, splitting.split(batch, source.location.name, rows_before)
        rows_before += counted[source.location.name].rows


def _hint(table: SourceTable, samples: Sequence[Rejection]) -> str:
    """What to do about decimals whose mark is not the one that the table's options say."""
    expected, found = (",", ".") if table.file_options.decimal_comma else (".", ",")
    decimals = {name for name, dtype in table.dtypes.items() if dtype.is_decimal()}
    for sample in samples:
        if sample.column_name in decimals and re.fullmatch(rf"[+-]?\d+{re.escape(found)}\d+", sample.value or ""):
            return (
                f"decimals such as {sample.value} have {found!r} where {expected!r} is expected: "
                f"{set_option('decimal_comma', 'false' if expected == ',' else 'true')}"
            )
    return ""


def _without_rows(sources: Sequence[SourceFile]) -> str:
    what = "the file has" if len(sources) == 1 else f"the {len(sources)} files of the table have"
    return f"{what} no rows: export the table again"


def _description(source_dir: Path, sources: Sequence[SourceFile]) -> str:
    """The file, or how many there are and where."""
    if len(sources) == 1:
        return str(sources[0].location.path)
    return f"{len(sources)} files in {source_dir}, from {sources[0].location.name} to {sources[-1].location.name}"


@contextmanager
def _sink(path: Path, dtypes: Mapping[str, pl.DataType]) -> Iterator[pq.ParquetWriter]:
    schema = _arrow(pl.DataFrame(schema=dtypes)).schema
    with replacing(path) as unfinished, pq.ParquetWriter(unfinished, schema, compression="zstd") as writer:
        yield writer


def _arrow(frame: pl.DataFrame) -> pa.Table:
    """With plain strings, which every reader of Parquet and Arrow takes."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    plain = [field.with_type(pa.string()) if pa.types.is_large_string(field.type) else field for field in table.schema]
    return table.cast(pa.schema(plain))
