"""Database files, a process that holds one, and loads through Dagster."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import dagster as dg
import duckdb
import pyarrow as pa
import pytest
from dagster_dlt import DagsterDltResource

from transferroom_pipeline.platforms.dlt_assets import StageTranslator, load_table, merge_into_table
from transferroom_pipeline.platforms.loading import ArrowStream, TableLoader

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")

SCHEMA = "raw"

_HOLD = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "platform.duckdb"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


@pytest.fixture
def held_by_another_process() -> Callable[[Path], AbstractContextManager[int]]:
    """Keeps a database open for writing in a process of its own; gives that process's id."""

    @contextmanager
    def hold(database: Path) -> Iterator[int]:
        command = [sys.executable, "-c", _HOLD, str(database)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            try:
                yield process.pid
            finally:
                process.communicate()

    return hold


@pytest.fixture
def stream() -> Callable[[str], ArrowStream]:
    """The rows of a query as a stream of two batches."""

    def rows_of(query: str) -> ArrowStream:
        with duckdb.connect() as source:
            table = source.sql(query).to_arrow_table()
        half = (table.num_rows + 1) // 2
        return ArrowStream(table.schema, lambda: iter([*table[:half].to_batches(), *table[half:].to_batches()]))

    return rows_of


@pytest.fixture
def as_asset(database: Path, tmp_path: Path) -> Callable[..., dg.ExecuteInProcessResult]:
    """Loads something into a table of `raw` as an asset does; an error is in the result, not raised."""
    loader = TableLoader(database, SCHEMA, tmp_path / "dlt")

    def carried_out(load: Callable[..., None], table: str, *what: object) -> dg.ExecuteInProcessResult:
        translator = StageTranslator({table: dg.AssetSpec(["raw", "loaded"])})

        @dg.multi_asset(name="load", specs=[translator.table_spec(table)])
        def loaded(context: dg.AssetExecutionContext, dlt: DagsterDltResource) -> None:
            load(context, dlt, translator, loader, table, *what)

        with dg.DagsterInstance.ephemeral() as instance:
            return dg.materialize(
                [loaded], instance=instance, resources={"dlt": DagsterDltResource()}, raise_on_error=False
            )

    return carried_out


@pytest.fixture
def load(as_asset: Callable[..., dg.ExecuteInProcessResult]) -> Callable[..., dg.ExecuteInProcessResult]:
    """Replaces a table by a stream."""
    return partial(as_asset, load_table)


@pytest.fixture
def merge(as_asset: Callable[..., dg.ExecuteInProcessResult]) -> Callable[..., dg.ExecuteInProcessResult]:
    """Replaces the rows of the keys that are given by a stream; the first column of the stream is the key."""

    def rows_of_keys(table: str, rows: ArrowStream, leaving: Sequence[object]) -> dg.ExecuteInProcessResult:
        key = rows.schema.field(0)
        keys = pa.table([pa.array(leaving, key.type)], names=[key.name])
        return as_asset(merge_into_table, table, rows, keys)

    return rows_of_keys
