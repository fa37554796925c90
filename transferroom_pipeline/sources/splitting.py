"""Splitting the rows of a batch into those that keep their contract and those that do not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.conversion import typed
from transferroom_pipeline.sources.new_columns import as_text, loaded_values
from transferroom_pipeline.sources.rules import REPEATED_KEY, Rule, first_violation
from transferroom_pipeline.sources.source_file import Batch

REJECTION_SCHEMA = pl.Schema(
    {
        "source_table": pl.String(),
        "line_number": pl.Int64(),
        "key": pl.String(),
        "column_name": pl.String(),
        "rule": pl.String(),
        "value": pl.String(),
        "raw_row": pl.String(),
        "source_file": pl.String(),
    }
)


@dataclass(frozen=True)
class Split:
    """The two parts of a batch.

    Attributes:
        accepted: Rows in the columns and types of the contract, and the new columns to load.
        rejected: One record per refused row, in the columns of `REJECTION_SCHEMA`, naming the first rule it breaks.
    """

    accepted: pl.DataFrame
    rejected: pl.DataFrame


@dataclass(frozen=True)
class Splitting:
    """How the batches of a table are parted.

    Attributes:
        table: The table.
        rules: Its rules.
        loaded: New columns to load, with their types.
        repeated: Numbers, ascending through all files, of rows whose key stands in an earlier row.
    """

    table: SourceTable
    rules: Sequence[Rule]
    loaded: Mapping[str, pl.DataType]
    repeated: pl.Series

    def split(self, batch: Batch, source_file: str, rows_before: int) -> Split:
        """Convert a batch and part it by the rules.

        Args:
            batch: Rows as they stand in the file.
            source_file: Name of the file, for the rows that are refused.
            rows_before: Rows of the files before this one.
        """
        repeated = _is_repeated(batch.row_numbers + rows_before, self.repeated)
        rows = typed(batch.frame, self.table).with_columns(repeated.alias(REPEATED_KEY))
        broken = rows.select(first_violation(self.rules)).to_series()
        accepted = rows.select(self.table.columns)
        if self.loaded:
            accepted = accepted.hstack(batch.frame.select(loaded_values(batch.frame, self.loaded)))
        if broken.null_count() == len(broken):
            return Split(accepted, pl.DataFrame(schema=REJECTION_SCHEMA))
        refused = broken.is_not_null()
        rejected = _rejections(
            batch.frame.filter(refused),
            self.table,
            lines=batch.line_numbers.filter(refused),
            broken=[self.rules[place] for place in broken.filter(refused)],
            source_file=source_file,
        )
        return Split(accepted.filter(~refused), rejected)


def _is_repeated(row_numbers: pl.Series, repeated: pl.Series) -> pl.Series:
    """Only the repeats near these rows are looked at: a file may have millions."""
    near = repeated.filter(repeated.is_between(row_numbers.min(), row_numbers.max()))
    return row_numbers.is_in(near.implode())


def _rejections(
    frame: pl.DataFrame, table: SourceTable, *, lines: pl.Series, broken: Sequence[Rule], source_file: str
) -> pl.DataFrame:
    texts = frame.select(as_text(name, dtype) for name, dtype in frame.schema.items())
    columns = pl.Series([rule.column for rule in broken], dtype=pl.String)
    value = pl.coalesce(pl.when(pl.lit(columns) == name).then(pl.col(name)) for name in table.columns)
    return texts.select(
        pl.lit(table.name).alias("source_table"),
        pl.lit(lines).alias("line_number"),
        pl.col(table.key).alias("key"),
        pl.lit(columns).alias("column_name"),
        pl.lit(pl.Series([rule.name for rule in broken], dtype=pl.String)).alias("rule"),
        value.alias("value"),
        pl.struct(pl.all()).struct.json_encode().alias("raw_row"),
        pl.lit(source_file).alias("source_file"),
    ).match_to_schema(REJECTION_SCHEMA)
