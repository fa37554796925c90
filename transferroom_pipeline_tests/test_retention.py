"""What is kept for how long."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from transferroom_pipeline.comparisons.engine import compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.history import keep, latest_verdict
from transferroom_pipeline.comparisons.result import Snapshot
from transferroom_pipeline.definitions import build_definitions
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.retention.dagster_history import remove_runs
from transferroom_pipeline.retention.evidence import remove_evidence
from transferroom_pipeline_tests.comparisons.conftest import make_tables, table_spec
from transferroom_pipeline_tests.conftest import Project

NOW = datetime(2026, 11, 30, tzinfo=UTC)
OLD, RECENT = NOW - timedelta(days=100), NOW - timedelta(days=10)
TEN_ROWS = "SELECT range AS id, 'a' AS v FROM range(10)"


@pytest.fixture
def target(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(tmp_path / "target.duckdb") as connection:
        connection.execute("CREATE SCHEMA raw; CREATE SCHEMA prod")
        yield connection


def compared(connection: duckdb.DuckDBPyConnection, run_id: str, at: datetime, *, different: int = 0) -> None:
    """Keep a comparison as of a moment, in which some rows differ."""
    modern = f"SELECT range AS id, CASE WHEN range < {different} THEN 'b' ELSE 'a' END AS v FROM range(10)"
    make_tables(connection, TEN_ROWS, modern)
    snapshot = Snapshot("s", date(2026, 6, 30))
    with compare(DuckDBEngine(connection), table_spec(), snapshot=snapshot) as comparison:
        keep(connection, comparison, run_id=run_id)
    connection.execute(
        "UPDATE migration.comparison_runs SET compared_at = ? WHERE run_id = ?", [at.replace(tzinfo=None), run_id]
    )


def remaining(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [
        run for (run,) in connection.execute("SELECT run_id FROM migration.comparison_runs ORDER BY number").fetchall()
    ]


def removed(connection: duckdb.DuckDBPyConnection, *, dry_run: bool = False) -> dict[str, int]:
    before, differences_before = NOW - timedelta(days=90), NOW - timedelta(days=30)
    found = remove_evidence(connection, before=before, differences_before=differences_before, dry_run=dry_run)
    return {removal.what: removal.count for removal in found}


def test_the_newest_comparison_every_change_of_verdict_and_what_is_recent_are_kept(
    target: duckdb.DuckDBPyConnection,
) -> None:
    for run, different in (("first", 0), ("same", 0), ("worse", 2), ("still bad", 2), ("mended", 0), ("same again", 0)):
        compared(target, run, OLD, different=different)
    compared(target, "recent", RECENT)
    compared(target, "newest", OLD)
    everything = remaining(target)

    told = removed(target, dry_run=True)
    assert remaining(target) == everything
    assert removed(target) == told
    assert remaining(target) == ["first", "worse", "mended", "recent", "newest"]
    assert told == {"kept comparisons": 3, "kept differences": 4, "entries of the journal": 3}
    assert removed(target) == {"kept comparisons": 0, "kept differences": 0, "entries of the journal": 0}


def test_what_a_view_rests_on_is_kept(target: duckdb.DuckDBPyConnection) -> None:
    for run in ("first", "shown", "newest"):
        compared(target, run, OLD)
    target.execute("CREATE TABLE migration.cutover_state AS SELECT 't' AS table_name, 'shown' AS run_id")
    assert removed(target)["kept comparisons"] == 0
    target.execute("UPDATE migration.cutover_state SET run_id = NULL")
    assert removed(target)["kept comparisons"] == 1
    assert remaining(target) == ["first", "newest"]


def test_differences_are_kept_less_long_but_for_those_of_the_newest_comparison(
    target: duckdb.DuckDBPyConnection,
) -> None:
    for run in ("before", "newest"):
        compared(target, run, NOW - timedelta(days=40), different=3)
    assert removed(target)["kept differences"] == 3
    assert remaining(target) == ["before", "newest"]
    assert target.execute("SELECT DISTINCT run_id FROM migration.differences").fetchall() == [("newest",)]


def test_sql_that_no_kept_comparison_ran_goes_with_the_others(target: duckdb.DuckDBPyConnection) -> None:
    compared(target, "newest", OLD)
    target.execute("INSERT INTO migration.comparison_statements VALUES ('unused', 'SELECT 1')")
    removed(target)
    kept = target.execute("SELECT statement FROM migration.comparison_statements ORDER BY ALL").fetchall()
    needed = target.execute("SELECT DISTINCT statement FROM migration.comparison_sql ORDER BY ALL").fetchall()
    assert kept == needed != []


def test_a_new_target_has_back_what_the_journal_still_tells(target: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for run in ("first", "same", "newest"):
        compared(target, run, OLD)
    removed(target)
    (tmp_path / "target.journal.jsonl").rename(tmp_path / "another.journal.jsonl")
    with connect(tmp_path / "another.duckdb") as another:
        assert removed(another)["kept comparisons"] == 0
        assert remaining(another) == ["first", "newest"]
        newest = latest_verdict(another, "t")
    assert newest is not None
    assert newest.run_id == "newest"


def test_old_runs_go_with_their_files_but_for_those_by_which_dagster_knows_the_assets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dg.asset(check_specs=[dg.AssetCheckSpec("c", asset="a")])
    def a():  # type: ignore[no-untyped-def] - Dagster takes an annotation for the type of the check's output as well
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])

    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with dg.DagsterInstance.get() as instance:
        first, second, last = (dg.materialize([a], instance=instance).run_id for _ in range(3))
        checks = [dg.AssetCheckKey(dg.AssetKey("a"), "c")]
        tomorrow = datetime.now(UTC) + timedelta(days=1)

        def remove(*keep: str, before: datetime = tomorrow, dry_run: bool = False) -> int:
            return remove_runs(instance, checks, keep, before=before, dry_run=dry_run).count

        assert remove(before=tomorrow - timedelta(days=2)) == 0
        assert remove(dry_run=True) == 2
        assert remove(second) == 1
        assert {run.run_id for run in instance.get_runs()} == {second, last}
        assert remove() == 1
        assert instance.get_latest_materialization_event(dg.AssetKey("a")) is not None
        [evaluated] = instance.event_log_storage.get_asset_check_execution_history(checks[0], limit=9)
        assert evaluated.run_id == last
    left = [file for file in tmp_path.rglob("*") if first in str(file) or second in str(file)]
    assert left == []


def test_the_command_says_what_it_removes_and_leaves_everything_standing(migrated: Project) -> None:
    would = migrated.call("clean-up", "--dry-run")
    did = migrated.call("clean-up")
    assert (would.exit_code, did.exit_code) == (0, 0), did.output
    assert did.output == would.output.replace("would be removed", "removed")
    assert " rows beside the tables in new, already loaded removed" in did.output
    again = migrated.call("run", "--again")
    assert again.exit_code == 0, again.output


def test_the_job_cleans_up_as_well(migrated: Project) -> None:
    job = build_definitions(migrated.settings).resolve_job_def("clean_up")
    with dg.DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(instance=instance).success
    assert migrated.target("SELECT count(*) FROM raw_staging.players") == [(0,)]
