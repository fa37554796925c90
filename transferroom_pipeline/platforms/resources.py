"""The platforms as Dagster resources."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import dagster as dg
import duckdb
from dagster_duckdb import DuckDBResource
from pydantic import Field

from transferroom_pipeline.interruptions import abandoned_by, watching
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.run_liveness import RunLiveness
from transferroom_pipeline.platforms.write_lock import WriteLock

BeforeChange = Callable[[duckdb.DuckDBPyConnection, Sequence[str]], None]
"""Told, on a connection to the target, which tables are about to be replaced."""


class DuckDBPlatform(DuckDBResource):
    """A DuckDB file that stands in for a platform.

    Differs from its base in that the connection is closed also after an error, that a locked file is an error in one
    sentence, that it may be opened for reading only, and that one run at a time works with it.
    """

    data_dir: str | None = Field(default=None, description="The data folder that the file is part of.")
    lock_timeout: float = Field(
        default=0, description="Seconds to wait for another process that works on the data folder."
    )

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> "Iterator[DuckDBPlatform]":
        """The platform for a run, or a part of it, which is the only one that works on the data folder meanwhile.

        Raises:
            FolderInUseError: Another process works on it for longer than the patience lasts.
        """
        if self.data_dir is None:
            yield self
            return
        folder, log = Path(self.data_dir), context.log or dg.get_dagster_logger()
        liveness = RunLiveness(folder)
        with liveness.shown(context.run_id or "none"), watching(), abandoned_by(partial(_cancel, context)):
            if context.instance is not None and context.run is not None:
                context.instance.add_run_tags(context.run.run_id, liveness.tags)
                liveness.close_dead_runs(context.instance)
            with WriteLock(folder, self.lock_timeout).held(_holder(context), log.warning):
                yield self

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


def _cancel(context: dg.InitResourceContext) -> None:
    """Say in Dagster's history that the run has ended."""
    if context.instance is not None and context.run is not None:
        context.instance.report_run_canceled(context.run, "The run was interrupted.")


def _holder(context: dg.InitResourceContext) -> str:
    """The run, for those who wait for it."""
    run = context.run
    return "Dagster" if run is None else f"run {run.run_id[:8]} of job {run.job_name}"


class LegacyPlatform(DuckDBPlatform):
    """The platform that the migration leaves: SQL Server, played by a DuckDB file."""


class TargetPlatform(DuckDBPlatform):
    """The platform that the migration goes to: Databricks, played by a DuckDB file."""
