"""The data dictionary of the source tables, written from their contracts."""

from collections.abc import Iterator
from pathlib import Path

import click
import polars as pl

from sqlmesh_assets import markdown
from transferroom_pipeline.sources.columns import Column, columns_of
from transferroom_pipeline.sources.contracts import SOURCE_TABLES, SourceTable
from transferroom_pipeline.sources.file_writing import replacing

_INTRODUCTION = """\
# Data dictionary of the source tables

Written from the contracts in `transferroom_pipeline/sources/contracts.py` by
`transferroom data-dictionary`; change them, not this file.

Each table comes as `<table>.csv` (UTF-8, comma, header; an empty value means missing), `<table>.parquet`, or in
other files as [sources.md](sources.md) says. Decimals are exact and never rounded: a value with more decimals than its
type keeps is refused. Timestamps are in UTC.
"""

_BOUND_WORDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def data_dictionary() -> str:
    """The dictionary as Markdown: one section per source table, one line per column."""
    return "\n".join([_INTRODUCTION, *("\n".join(_section(table)) for table in SOURCE_TABLES)])


@click.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("docs/data-dictionary.md"),
    show_default=True,
    help="File the dictionary is written to.",
)
def dictionary_command(out: Path) -> None:
    """Write the data dictionary of the source tables from their contracts."""
    with replacing(out) as unfinished:
        unfinished.write_text(data_dictionary(), encoding="utf-8", newline="\n")
    click.echo(f"wrote {out}")


def _section(table: SourceTable) -> Iterator[str]:
    yield f"## {table.name}\n"
    yield f"{table.description} Key: `{table.key}`.\n"
    yield markdown.table([_row(table, column) for column in columns_of(table)])
    yield ""


def _row(table: SourceTable, column: Column) -> dict[str, str]:
    return {
        "column": f"`{column.name}`",
        "type": _type(column.dtype),
        "may be empty": "yes" if column.nullable else "no",
        "values": _values(column, table),
        "meaning": column.description,
    }


def _type(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Decimal):
        return f"decimal({dtype.precision},{dtype.scale})"
    if dtype.is_integer():
        return "whole number"
    names = {pl.String: "text", pl.Date: "date", pl.Datetime: "timestamp"}
    return names.get(type(dtype), str(dtype))


def _values(column: Column, table: SourceTable) -> str:
    parts = [f"{_BOUND_WORDS[kind]} {bound}" for kind, bound in column.bounds.items()]
    parts += [", ".join(column.values)] if column.values else []
    parts += [f"`{column.pattern}`"] if column.pattern is not None else []
    parts += ["unique"] if column.unique else []
    parts += [f"a key of {reference.table}" for reference in table.references if reference.column == column.name]
    return "; ".join(parts)


if __name__ == "__main__":
    dictionary_command()
