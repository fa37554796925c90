"""Splitting the rows of a batch into those that keep their contract and those that do not."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.conversion import typed
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
    }
)


@dataclass(frozen=True)
class Split:
    """The two parts of a batch.

    Attributes:
        accepted: Rows in the columns and types of the contract.
        rejected: One record per refused row, in the columns of `REJECTION_SCHEMA`, naming the first rule it breaks.
    """

    accepted: pl.DataFrame
    rejected: pl.DataFrame


def split(batch: Batch, table: SourceTable, rules: Sequence[Rule], repeated: pl.Series) -> Split:
    """Convert a batch and part it by the rules.

    Args:
        batch: Rows as they stand in the file.
        table: Their table.
        rules: The rules of the table.
        repeated: Row numbers, ascending, whose key stands in an earlier row of the file.
    """
    rows = typed(batch.frame, table).with_columns(_is_repeated(batch.row_numbers, repeated).alias(REPEATED_KEY))
    broken = rows.select(first_violation(rules)).to_series()
    accepted = rows.select(table.columns)
    if broken.null_count() == len(broken):
        return Split(accepted, pl.DataFrame(schema=REJECTION_SCHEMA))
    refused = broken.is_not_null()
    return Split(
        accepted.filter(~refused),
        _rejections(
            batch.frame.filter(refused),
            table,
            lines=batch.line_numbers.filter(refused),
            broken=[rules[place] for place in broken.filter(refused)],
        ),
    )


def _is_repeated(row_numbers: pl.Series, repeated: pl.Series) -> pl.Series:
    """Only the repeats near these rows are looked at: a file may have millions."""
    near = repeated.filter(repeated.is_between(row_numbers.min(), row_numbers.max()))
    return row_numbers.is_in(near.implode())


def _rejections(frame: pl.DataFrame, table: SourceTable, *, lines: pl.Series, broken: Sequence[Rule]) -> pl.DataFrame:
    texts = frame.select(_as_text(name, dtype) for name, dtype in frame.schema.items())
    columns = pl.Series([rule.column for rule in broken], dtype=pl.String)
    value = pl.coalesce(pl.when(pl.lit(columns) == name).then(pl.col(name)) for name in table.columns)
    return texts.select(
        pl.lit(table.name).alias("source_table"),
        pl.lit(lines).alias("line_number"),
        pl.col(table.key).alias("key"),
        pl.lit(columns).alias("column_name"),
        pl.lit(pl.Series([rule.name for rule in broken], dtype=pl.String)).alias("rule"),
        value.alias("value"),
        pl.struct(texts.columns).struct.json_encode().alias("raw_row"),
    ).match_to_schema(REJECTION_SCHEMA)


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    """Any value as text for a person to read; empty text is shown as the missing value it is."""
    column = pl.col(name)
    if dtype.is_nested():
        return pl.struct(name).struct.json_encode().alias(name)
    if isinstance(dtype, pl.Binary):
        return column.bin.encode("hex")
    text = column.cast(pl.String)
    return pl.when(text != "").then(text).alias(name)
