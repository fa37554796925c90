"""A target with a copied and a rebuilt table, and comparisons of the two that are kept."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from transferroom_pipeline.comparisons.engine import compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.history import keep
from transferroom_pipeline.comparisons.result import ComparisonResult, Snapshot, Verdict
from transferroom_pipeline.comparisons.spec import Spec, TableEntry
from transferroom_pipeline.cutover.generations import generation
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.resources import TargetPlatform

ROWS = "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v(id, s)"

TABLES = {
    Verdict.PROVEN: (ROWS, ROWS),
    Verdict.DIFFERS: (ROWS, ROWS.replace("'b'", "'x'")),
    # Keys that are not unique on either side show nothing.
    Verdict.NOT_PROVEN: (f"{ROWS} UNION ALL {ROWS}", f"{ROWS} UNION ALL {ROWS}"),
}
"""What the copy and the rebuilt table hold for a comparison to have the verdict."""


@pytest.fixture
def target(tmp_path: Path) -> TargetPlatform:
    return TargetPlatform(database=str(tmp_path / "new" / "transferroom.duckdb"))


@pytest.fixture
def connection(target: TargetPlatform) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a target that holds raw.t and prod.t, the same rows in both."""
    with connect(target.path) as opened:
        opened.execute("CREATE SCHEMA raw; CREATE SCHEMA prod")
        opened.execute(f"CREATE TABLE raw.t AS {ROWS}; CREATE TABLE prod.t AS {ROWS}")
        opened.execute("CREATE TABLE raw.snapshot AS SELECT 'snap' AS id, DATE '2026-06-30' AS as_of")
        yield opened


@pytest.fixture
def results() -> dict[str, ComparisonResult]:
    """The results of the comparisons that were kept, by their runs' ids."""
    return {}


@pytest.fixture
def compared(connection: duckdb.DuckDBPyConnection, results: dict[str, ComparisonResult]) -> Callable[[Verdict], str]:
    """Makes both tables such that a comparison has a verdict, and keeps that comparison; gives its run's id."""
    spec = Spec(tables={"t": TableEntry(key=("id",))}).for_table("t")
    runs = iter(f"run {number}" for number in range(1, 100))

    def compare_and_keep(verdict: Verdict) -> str:
        for schema, query in zip(("raw", "prod"), TABLES[verdict], strict=True):
            connection.execute(f"CREATE OR REPLACE TABLE {schema}.t AS {query}")
        with compare(
            DuckDBEngine(connection), spec, snapshot=Snapshot("snap", date(2026, 6, 30), generation(connection, "t"))
        ) as comparison:
            assert comparison.result.verdict is verdict
            run_id = next(runs)
            keep(connection, comparison, run_id=run_id)
            results[run_id] = comparison.result
        return run_id

    return compare_and_keep


@pytest.fixture
def served(connection: duckdb.DuckDBPyConnection) -> Callable[[], str]:
    """The schema whose table consumers see, found out by a row that only its table has."""

    def schema() -> str:
        for name, mark in (("raw", 1001), ("prod", 1002)):
            connection.execute(f"INSERT INTO {name}.t VALUES ({mark}, 'mark')")
        marks = connection.sql("SELECT id FROM analytics.t WHERE id > 1000").fetchall()
        for name in ("raw", "prod"):
            connection.execute(f"DELETE FROM {name}.t WHERE id > 1000")
        return {((1001,),): "raw", ((1002,),): "prod"}[tuple(marks)]

    return schema
