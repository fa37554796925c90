"""Life-like source files of any size, the same ones for the same seed.

All rows keep their contracts and all references hold: what happens to bad rows is shown by tests, not by the sample.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Literal

import click
import polars as pl
import pyarrow.parquet as pq

from transferroom_pipeline.sources import sample_tables
from transferroom_pipeline.sources.file_writing import replacing
from transferroom_pipeline.sources.sample_draws import Draws
from transferroom_pipeline.sources.sample_tables import Sizes

FileFormat = Literal["csv", "parquet"]

DEFAULT_SIZES = Sizes(players=1_000, clubs=100, transfers=5_000)
DEFAULT_SEED = 42

_CHUNK_ROWS = 250_000


def generate(
    out: Path,
    *,
    players: int = DEFAULT_SIZES.players,
    clubs: int = DEFAULT_SIZES.clubs,
    transfers: int = DEFAULT_SIZES.transfers,
    seed: int = DEFAULT_SEED,
    file_format: FileFormat = "csv",
) -> tuple[Path, ...]:
    """Write players, clubs and transfers into a directory, in chunks, so that memory does not grow with the size.

    The newest update in every table is on 2026-06-30. The same arguments give the same bytes.

    Args:
        out: The directory; made when it is not there. Files of the same names are replaced when complete.
        players: Rows of players, at least one.
        clubs: Rows of clubs, at least two: a transfer has two.
        transfers: Rows of transfers, at least one.
        seed: Not negative; another seed gives other data.
        file_format: Ending and format of the files.

    Returns:
        The files written.
    """
    sizes = Sizes(players, clubs, transfers)
    makers = (sample_tables.players, sample_tables.clubs, sample_tables.transfers)
    return tuple(
        _write(out / f"{maker.__name__}.{file_format}", _chunks(maker, count, sizes, seed))
        for maker, count in zip(makers, sizes, strict=True)
    )


def _chunks(
    make: Callable[[Draws, Sizes], pl.DataFrame], count: int, sizes: Sizes, seed: int
) -> Iterator[pl.DataFrame]:
    for first in range(0, count, _CHUNK_ROWS):
        yield make(Draws(seed, make.__name__, first, min(_CHUNK_ROWS, count - first)), sizes)


def _write(file: Path, chunks: Iterator[pl.DataFrame]) -> Path:
    write = _write_csv if file.suffix == ".csv" else _write_parquet
    with replacing(file) as unfinished, unfinished.open("wb") as sink:
        write(sink, chunks)
    return file


def _write_csv(sink: BinaryIO, chunks: Iterator[pl.DataFrame]) -> None:
    for number, chunk in enumerate(chunks):
        chunk.write_csv(sink, include_header=number == 0, datetime_format="%Y-%m-%d %H:%M:%S")


def _write_parquet(sink: BinaryIO, chunks: Iterator[pl.DataFrame]) -> None:
    first = next(chunks).to_arrow()
    with pq.ParquetWriter(sink, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        for chunk in chunks:
            writer.write_table(chunk.to_arrow())


def _rows_option(table: str, fewest: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    rows = click.IntRange(min=fewest)
    default = getattr(DEFAULT_SIZES, table)
    return click.option(f"--{table}", type=rows, default=default, show_default=True, help=f"Rows of {table}.")


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Directory the files are written to.",
)
@_rows_option("players", fewest=1)
@_rows_option("clubs", fewest=2)
@_rows_option("transfers", fewest=1)
@click.option(
    "--seed", type=click.IntRange(min=0), default=DEFAULT_SEED, show_default=True, help="Another seed, other data."
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["csv", "parquet"]),
    default="csv",
    show_default=True,
    help="Format of the files.",
)
def sample_data_command(
    out: Path, players: int, clubs: int, transfers: int, seed: int, file_format: FileFormat
) -> None:
    """Write sample source files: life-like players, clubs and transfers, the same ones for the same seed."""
    files = generate(out, players=players, clubs=clubs, transfers=transfers, seed=seed, file_format=file_format)
    for file in files:
        click.echo(f"wrote {file}")
