"""What must not be lost with the file of a database is kept beside it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import pytest

from transferroom_pipeline.comparisons.engine import compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.history import keep, latest_verdict
from transferroom_pipeline.comparisons.journal import append, entries, journal_of
from transferroom_pipeline.comparisons.result import Snapshot
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline_tests.comparisons.conftest import make_tables, table_spec

KEPT = "SELECT * EXCLUDE (result, generation) FROM migration.comparison_runs ORDER BY number"
COLUMNS = "FROM migration.comparison_columns ORDER BY ALL"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "target.duckdb"


@pytest.fixture
def kept(file: Path) -> Callable[..., None]:
    """Opens the database, compares ten rows of which some differ, and keeps that."""

    def compare_and_keep(run_id: str, different: int = 0) -> None:
        modern = f"SELECT range AS id, CASE WHEN range < {different} THEN 'b' ELSE 'a' END AS v FROM range(10)"
        with connect(file) as connection:
            make_tables(connection, "SELECT range AS id, 'a' AS v FROM range(10)", modern)
            snapshot = Snapshot("s", date(2026, 6, 30), generation=1)
            with compare(DuckDBEngine(connection), table_spec(), snapshot=snapshot) as comparison:
                keep(connection, comparison, run_id=run_id)

    return compare_and_keep


@contextmanager
def opened(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(file, read_only=True) as connection:
        yield connection


def test_a_new_database_gets_the_evidence_of_the_lost_one_back(file, kept):
    kept("run 1")
    kept("run 2", different=3)
    kept("run 2", different=2)  # a step that is tried again
    with opened(file) as connection:
        runs, columns = connection.sql(KEPT).fetchall(), connection.sql(COLUMNS).fetchall()
    file.unlink()
    kept("run 3")
    with opened(file) as connection:
        assert connection.sql(KEPT).fetchall()[:2] == runs
        assert set(connection.sql(COLUMNS).fetchall()) > set(columns)
        assert latest_verdict(connection, "t").run_id == "run 3"
        told = connection.sql("SELECT run_id, generation, number FROM migration.comparison_runs ORDER BY number")
        assert told.fetchall() == [("run 1", None, 1), ("run 2", None, 2), ("run 3", 1, 3)]
    file.unlink()
    kept("run 4")
    with opened(file) as connection:
        assert len(connection.sql(KEPT).fetchall()) == 4


def test_what_is_restored_is_about_no_generation_of_the_new_database(file, kept):
    kept("run 1")
    file.unlink()
    kept("run 2", different=1)
    with connect(file) as connection:
        connection.execute("DELETE FROM migration.comparison_runs WHERE run_id = 'run 2'")
        assert latest_verdict(connection, "t").generation is None


def test_a_line_that_a_killed_process_left_unfinished_costs_nothing_else(file, kept):
    kept("run 1")
    with connect(file) as connection:
        journal = journal_of(connection)
    with journal.open("a", encoding="utf-8") as opened_journal:
        opened_journal.write('{"comparison": {"run": {"run_id": "half')
    kept("run 2")
    assert [entry["run"]["run_id"] for entry in entries(journal, "comparison")] == ["run 1", "run 2"]


def test_a_database_in_memory_has_no_journal():
    with connect(None) as connection:
        assert journal_of(connection) is None


def test_entries_come_back_by_kind_and_in_order(tmp_path):
    journal = tmp_path / "journal.jsonl"
    assert list(entries(journal, "a")) == []
    append(journal, {"a": 1}, {"b": "Å\n"})
    append(journal, {"a": [2]})
    assert list(entries(journal, "a")) == [1, [2]]
    assert list(entries(journal, "b")) == ["Å\n"]
