"""Taking in one source file: its good rows in the types of the contract, its bad rows with the reason."""

from collections import Counter
from collections.abc import Iterator, Mapping
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
from transferroom_pipeline.sources.files import open_source
from transferroom_pipeline.sources.repeated_keys import repeated_keys
from transferroom_pipeline.sources.rules import rules_of
from transferroom_pipeline.sources.source_file import SourceFile, place
from transferroom_pipeline.sources.splitting import REJECTION_SCHEMA, Split, split

SAMPLES = 20


@dataclass(frozen=True)
class Rejection:
    """A refused row and the first rule it breaks.

    Attributes:
        line_number: Line on which the row begins, from 1; the row number in Parquet files.
        key: Its key as text, if it has one.
        column_name: The column at fault.
        rule: The rule broken.
        value: The value at fault as text, None where it is missing.
    """

    line_number: int
    key: str | None
    column_name: str
    rule: str
    value: str | None


@dataclass(frozen=True)
class Intake:
    """What was taken from one source file.

    Attributes:
        table: Name of the table.
        file: The source file.
        rows: Rows in it, which is accepted plus rejected.
        accepted: Rows that keep the contract.
        rejected: Rows that do not.
        by_rule: Rejected rows per rule, counted under the first rule they break.
        samples: The first rejections of the file, at most `SAMPLES`.
        ignored_columns: Columns of the file that the contract does not name.
        accepted_path: Parquet file of the accepted rows, in the types of the contract.
        rejected_path: Parquet file of the rejected rows, in the columns of `splitting.REJECTION_SCHEMA`.
    """

    table: str
    file: Path
    rows: int
    accepted: int
    rejected: int
    by_rule: Mapping[str, int]
    samples: tuple[Rejection, ...]
    ignored_columns: tuple[str, ...]
    accepted_path: Path
    rejected_path: Path

    @property
    def rejected_share(self) -> float:
        """Rejected rows as a part of all rows, from 0 to 1."""
        return self.rejected / self.rows


def take_in(table: SourceTable, source_dir: Path, staging_dir: Path) -> Intake:
    """Check every row of a table's source file and stage accepted and rejected rows as Parquet files.

    The file is streamed, so memory does not grow with it, apart from eight bytes per row to find repeated keys. Staged
    files of an earlier intake are replaced at the end, and stay when this one fails.

    Args:
        table: The table.
        source_dir: Directory with its source file.
        staging_dir: Directory for the staged files; made when it is not there.

    Raises:
        SourceError: The file is missing, unreadable or without rows, or lacks columns of the contract.
        patito.DataFrameValidationError: The contract states something that no rule is derived for; it is not a fault
            of the file.
    """
    source = open_source(table, source_dir)
    accepted_path, rejected_path = staging_dir / f"{table.name}.parquet", staging_dir / f"{table.name}_rejected.parquet"
    tally = _Tally()
    with _sink(accepted_path, table.dtypes) as accepted, _sink(rejected_path, REJECTION_SCHEMA) as rejected:
        for part in _splits(source):
            table.model.validate(part.accepted)
            accepted.write_table(_arrow(part.accepted))
            rejected.write_table(_arrow(part.rejected))
            tally.add(part)
        if tally.rows == 0:
            raise SourceError(f"{place(table, source.path)}: the file has no rows: export the table again")
    return Intake(
        table=table.name,
        file=source.path,
        rows=tally.rows,
        accepted=tally.rows - tally.rejected,
        rejected=tally.rejected,
        by_rule=MappingProxyType(dict(tally.by_rule)),
        samples=tuple(tally.samples),
        ignored_columns=source.ignored_columns,
        accepted_path=accepted_path,
        rejected_path=rejected_path,
    )


class _Tally:
    """What has been seen so far."""

    def __init__(self) -> None:
        self.rows = 0
        self.rejected = 0
        self.by_rule: Counter[str] = Counter()
        self.samples: list[Rejection] = []

    def add(self, part: Split) -> None:
        self.rows += part.accepted.height + part.rejected.height
        self.rejected += part.rejected.height
        self.by_rule.update(dict(part.rejected["rule"].value_counts().iter_rows()))
        shown = part.rejected.head(SAMPLES - len(self.samples)).drop("source_table", "raw_row")
        self.samples += [Rejection(**row) for row in shown.iter_rows(named=True)]


def _splits(source: SourceFile) -> Iterator[Split]:
    rules, repeated = rules_of(source.table), repeated_keys(source)
    for batch in source.batches():
        yield split(batch, source.table, rules, repeated)


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
