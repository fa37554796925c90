"""Fixtures: a database in memory, comparisons of two SELECTs, and golden files."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from transferroom_pipeline.comparisons.engine import compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.result import ComparisonResult
from transferroom_pipeline.comparisons.spec import Defaults, Spec, TableEntry, TableSpec
from transferroom_pipeline.platforms.duckdb_database import connect

_GOLDEN = Path(__file__).with_name("golden")

Compare = Callable[..., ComparisonResult]
CellCase = tuple[str, str, dict[str, Any]]


def table_spec(*, exclude: tuple[str, ...] = (), **entry: Any) -> TableSpec:
    """The spec of a comparison of raw.t and prod.t by id, with whatever is given instead."""
    written = TableEntry.model_validate({"key": ["id"], **entry})
    return Spec(defaults=Defaults(exclude=exclude), tables={"t": written}).for_table("t")


def make_tables(connection: duckdb.DuckDBPyConnection, legacy: str, modern: str) -> None:
    """Make raw.t and prod.t of two queries."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS raw; CREATE SCHEMA IF NOT EXISTS prod")
    connection.execute(f"CREATE OR REPLACE TABLE raw.t AS {legacy}")
    connection.execute(f"CREATE OR REPLACE TABLE prod.t AS {modern}")


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(None) as opened:
        yield opened


@pytest.fixture
def compared(connection: duckdb.DuckDBPyConnection) -> Compare:
    """Compares the rows of two queries and gives the result."""

    def compare_queries(legacy: str, modern: str, /, **entry: Any) -> ComparisonResult:
        make_tables(connection, legacy, modern)
        with compare(DuckDBEngine(connection), table_spec(**entry)) as comparison:
            return comparison.result

    return compare_queries


@pytest.fixture
def unequal(compared: Compare) -> Callable[[Sequence[CellCase]], list[CellCase]]:
    """Which of several pairs of SQL expressions differ as cells, each under its own rule, whichever side each is on."""

    def differing(cases: Sequence[CellCase]) -> list[CellCase]:
        rules = {f"{side}{number}": rule for number, (_, _, rule) in enumerate(cases) for side in "ab" if rule}
        legacy = ", ".join(f"{one} AS a{number}, {other} AS b{number}" for number, (one, other, _) in enumerate(cases))
        modern = ", ".join(f"{other} AS a{number}, {one} AS b{number}" for number, (one, other, _) in enumerate(cases))
        columns = compared(f"SELECT 1 AS id, {legacy}", f"SELECT 1 AS id, {modern}", columns=rules).columns[1:]
        found = [column.different == 1 for column in columns]
        assert found[::2] == found[1::2], "equality is symmetric"
        return [case for case, differs in zip(cases, found[::2], strict=True) if differs]

    return differing


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compares a text with a golden file; REGENERATE_GOLDEN=1 writes the files anew."""

    def check(name: str, text: str) -> None:
        path = _GOLDEN / name
        if os.environ.get("REGENERATE_GOLDEN"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return check
