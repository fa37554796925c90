"""Source tables as they lie in the legacy database."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl


@contextmanager
def loaded(folder: Path, frames: Mapping[str, pl.DataFrame]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database file whose schema `prod` holds the frames."""
    with duckdb.connect(str(folder / "legacy.duckdb")) as connection:
        connection.execute('CREATE SCHEMA "prod"')
        for name, frame in frames.items():
            connection.register("frame", frame.to_arrow())
            connection.execute(f'CREATE TABLE "prod"."{name}" AS SELECT * FROM frame')
        yield connection
