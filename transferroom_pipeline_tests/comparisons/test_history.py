"""Keeping the evidence."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from unittest.mock import ANY

import pytest

from transferroom_pipeline.comparisons.engine import compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.history import StandingProof, keep, latest_verdict, standing_proof
from transferroom_pipeline.comparisons.result import Snapshot, Verdict
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline_tests.comparisons.conftest import make_tables, table_spec

SNAPSHOT = Snapshot("s1", date(2026, 6, 30))


@pytest.fixture
def kept(connection):
    """Compares and keeps, ten rows of which `different` differ."""

    def compare_and_keep(run_id: str, *, different: int = 0, difference_limit: int = 1_000_000):
        modern = f"SELECT range AS id, CASE WHEN range < {different} THEN 'b' ELSE 'a' END AS v FROM range(10)"
        make_tables(connection, "SELECT range AS id, 'a' AS v FROM range(10)", modern)
        with compare(DuckDBEngine(connection), table_spec(), snapshot=SNAPSHOT) as comparison:
            keep(connection, comparison, run_id=run_id, difference_limit=difference_limit)
            return comparison.result

    return compare_and_keep


def _count(connection, table: str) -> int:
    return connection.execute(f"SELECT count(*) FROM migration.{table}").fetchone()[0]


def test_a_comparison_is_kept_whole(connection, kept):
    result = kept("run 1", different=2)

    run = connection.execute(
        "SELECT run_id, table_name, verdict, reasons, snapshot_id, as_of, legacy_rows, identical_rows, different_rows, "
        "differences_total, differences_kept, result FROM migration.comparison_runs"
    ).fetchone()
    assert run[:3] == ("run 1", "t", "differs")
    assert json.loads(run[3]) == ["2 rows with different values."]
    assert run[4:11] == ("s1", date(2026, 6, 30), 10, 8, 2, 2, 2)
    assert json.loads(run[11]) == result.to_dict() | {"sql": ANY}
    columns = connection.execute(
        "SELECT column_name, status, different FROM migration.comparison_columns ORDER BY position"
    )
    assert columns.fetchall() == [("id", "equal", 0), ("v", "different", 2)]
    differences = connection.execute(
        "SELECT kind, key, column_name, legacy_value, modern_value FROM migration.differences"
    )
    assert sorted(differences.fetchall())[0] == ("different", '{"id":"0"}', "v", "a", "b")


def test_sql_is_kept_once_however_many_comparisons_ran_it(connection, kept):
    result = kept("run 1", different=2)
    kept("run 2", different=2)
    kept("run 3")
    ran = connection.execute(
        "SELECT statement FROM migration.comparison_sql WHERE run_id = ? AND table_name = 't' ORDER BY position",
        ["run 2"],
    ).fetchall()
    assert [_without_mark(statement) for statement in result.sql] == [statement for (statement,) in ran]
    assert _count(connection, "comparison_statements") == len({_without_mark(each) for each in result.sql})


def _without_mark(statement: str) -> str:
    return re.sub("comparison_[0-9a-f]{12}", "comparison", statement)


def test_a_proof_stands_while_its_basis_its_generation_and_its_snapshot_are_the_same(connection, kept):
    result = kept("run 1")
    assert standing_proof(connection, "t", "basis", SNAPSHOT) is None
    connection.execute("UPDATE migration.comparison_runs SET basis = 'basis'")

    proof = standing_proof(connection, "t", "basis", SNAPSHOT)

    assert proof == StandingProof(latest_verdict(connection, "t"), replace(result, sql=()))
    for basis, snapshot in (
        (None, SNAPSHOT),
        ("another", SNAPSHOT),
        ("basis", replace(SNAPSHOT, generation=1)),
        ("basis", replace(SNAPSHOT, id="s2")),
        ("basis", None),
    ):
        assert standing_proof(connection, "t", basis, snapshot) is None
    connection.execute("UPDATE migration.comparison_runs SET result = '{}'")
    assert standing_proof(connection, "t", "basis", SNAPSHOT) is None, "another version of the code wrote it"


def test_only_a_proof_stands(connection, kept):
    kept("run 1", different=2)
    connection.execute("UPDATE migration.comparison_runs SET basis = 'basis'")
    assert standing_proof(connection, "t", "basis", SNAPSHOT) is None


def test_the_newest_verdict_is_the_one_kept_last_whatever_the_clock_says(connection, kept):
    kept("run 1")
    connection.execute("UPDATE migration.comparison_runs SET compared_at = '2999-01-01'")
    kept("run 2", different=2)
    assert latest_verdict(connection, "t").run_id == "run 2"
    kept("run 1")  # a step that is tried again
    assert latest_verdict(connection, "t").run_id == "run 1"


def test_evidence_from_before_verdicts_were_counted_is_about_no_generation(connection, kept):
    kept("run 1")
    connection.execute("ALTER TABLE migration.comparison_runs DROP COLUMN number")
    connection.execute("ALTER TABLE migration.comparison_runs DROP COLUMN generation")
    assert (latest_verdict(connection, "t").run_id, latest_verdict(connection, "t").generation) == ("run 1", None)
    kept("run 2", different=2)
    assert latest_verdict(connection, "t").run_id == "run 2"
    assert _count(connection, "comparison_runs") == 2


def test_the_cut_of_differences_is_stated_and_the_same_each_time(connection, kept):
    kept("run 1", different=9, difference_limit=4)
    kept("run 2", different=9, difference_limit=4)

    keys = connection.execute(
        "SELECT run_id, list(key ORDER BY key) FROM migration.differences GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert keys[0][1] == keys[1][1]
    assert len(keys[0][1]) == 4
    total = connection.execute(
        "SELECT DISTINCT differences_total, differences_kept FROM migration.comparison_runs"
    ).fetchall()
    assert total == [(9, 4)]


def test_the_same_run_and_table_are_kept_once(connection, kept):
    kept("run 1", different=3)
    kept("run 1", different=1)

    assert (_count(connection, "comparison_runs"), _count(connection, "comparison_columns")) == (1, 2)
    assert _count(connection, "differences") == 1


def test_nothing_is_kept_of_a_comparison_that_cannot_be_kept_whole(connection, kept):
    kept("run 1", different=1)
    connection.execute("DROP TABLE migration.comparison_columns; CREATE VIEW migration.comparison_columns AS SELECT 1")

    with pytest.raises(ComparisonError, match="comparison of t cannot be kept"):
        kept("run 2", different=5)

    assert connection.execute("SELECT DISTINCT run_id FROM migration.comparison_runs").fetchall() == [("run 1",)]
    assert _count(connection, "differences") == 1


def test_a_read_only_database_is_one_sentence(tmp_path):
    file = tmp_path / "target.duckdb"
    with connect(file) as connection:
        make_tables(connection, "SELECT 1 AS id, 1 AS v", "SELECT 1 AS id, 1 AS v")

    with (
        connect(file, read_only=True) as connection,
        compare(DuckDBEngine(connection), table_spec()) as comparison,
        pytest.raises(ComparisonError, match=r"cannot be kept: .*read-only"),
    ):
        keep(connection, comparison, run_id="run 1")


def test_the_newest_verdict_is_read_back(connection, kept):
    kept("run 1", different=1)
    before = datetime.now(UTC)
    kept("run 2")

    newest = latest_verdict(connection, "t")

    assert (newest.run_id, newest.verdict, newest.snapshot_id, newest.as_of) == (
        "run 2",
        Verdict.PROVEN,
        "s1",
        SNAPSHOT.as_of,
    )
    assert before <= newest.compared_at <= datetime.now(UTC)
    assert newest.reasons == (
        "10 rows of legacy and 10 of modern were compared in 1 column, and 4 planted changes were found.",
    )


def test_a_table_that_was_never_compared_has_no_verdict(connection, kept):
    assert latest_verdict(connection, "t") is None
    kept("run 1")
    assert latest_verdict(connection, "it's another") is None
