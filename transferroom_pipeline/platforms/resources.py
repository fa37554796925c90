"""The platforms as Dagster resources."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
from dagster_duckdb import DuckDBResource

from transferroom_pipeline.platforms.duckdb_database import connect

BeforeChange = Callable[[duckdb.DuckDBPyConnection, Sequence[str]], None]
"""Told, on a connection to the target, which tables are about to be replaced."""


class DuckDBPlatform(DuckDBResource):
    """A DuckDB file that stands in for a platform.

    Differs from its base in that the connection is closed also after an error, that a locked file is an error at once
    and in one sentence, and that it may be opened for reading only.
    """

    @property
    def path(self) -> Path:
        """The database file."""
        return Path(self.database)

    @contextmanager
    def get_connection(self, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that is closed at the end of the block.

        Raises:
            PlatformError: The file is missing (read-only), locked, damaged or no database.
        """
        with connect(self.path, read_only=read_only) as connection:
            yield connection


class LegacyPlatform(DuckDBPlatform):
    """The platform that the migration leaves: SQL Server, played by a DuckDB file."""


class TargetPlatform(DuckDBPlatform):
    """The platform that the migration goes to: Databricks, played by a DuckDB file."""
