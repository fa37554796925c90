"""An incremental copy holds what a full one would, with less loaded."""

from functools import partial

import dagster as dg
import pytest

from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.replication.assets import CopyConfig
from transferroom_pipeline.settings import ReplicationMode
from transferroom_pipeline_tests.replication.conftest import KEYED, WHOLE

DAY_ONE = (
    "SELECT * FROM (VALUES ('a', 'Åke', 1.10::DECIMAL(18, 2), DATE '2026-06-30', TIMESTAMP '2026-06-01 10:00:00'), "
    "('b', '', NULL, NULL, '2026-06-02 10:00:00'), ('c', NULL, 3.30, '2026-07-01', '2026-06-03 10:00:00.000001')) "
    "AS v(id, s, m, day, updated_at)"
)


@pytest.fixture
def copy(run):
    """Copies `t` incrementally; gives what the copy tells of itself."""
    return partial(run, table=KEYED, mode=ReplicationMode.incremental)


@pytest.fixture
def is_legacy(copied, legacy):
    """Whether the copy holds the rows and columns of legacy."""

    def same():
        with connect(legacy.path, read_only=True) as connection:
            return copied() == connection.sql("SELECT * FROM prod.t ORDER BY ALL").fetchall()

    return same


def facts(result):
    assert result.success
    [event] = result.get_asset_materialization_events()
    metadata = event.materialization.metadata
    names = ("mode", "full_because", "cursor", "rows_inserted", "rows_updated", "rows_deleted", "rows_loaded")
    return {name: metadata[name].value for name in names if name in metadata}


def counts(result):
    told = facts(result)
    assert told["mode"] == "incremental", told
    assert told["rows_loaded"] == told["rows_inserted"] + told["rows_updated"]
    return told["rows_inserted"], told["rows_updated"], told["rows_deleted"]


def content(result):
    return next(found for found in result.get_asset_check_evaluations() if found.check_name == "content")


def test_the_cursor_and_the_usual_facts_are_told(copy, holds, changed):
    holds(DAY_ONE)
    copy()
    changed("INSERT INTO prod.t VALUES ('d', NULL, NULL, NULL, '2026-07-01')")
    result = copy()
    assert facts(result)["cursor"] == "2026-06-03 10:00:00.000001"
    [event] = result.get_asset_materialization_events()
    assert event.materialization.metadata["dagster/row_count"].value == 4
    changed("DELETE FROM prod.t")
    assert facts(copy())["cursor"] == "2026-07-01 00:00:00"
    assert facts(copy())["cursor"] is None


def test_without_changes_nothing_is_written(copy, holds, target):
    holds(DAY_ONE)
    copy()
    before = target.path.read_bytes()
    assert counts(copy()) == (0, 0, 0)
    assert target.path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ("ALTER TABLE prod.t ADD COLUMN more INTEGER", "the copy has other columns or types than legacy"),
        ("ALTER TABLE prod.t DROP COLUMN m", "the copy has other columns or types than legacy"),
        ("ALTER TABLE prod.t ALTER m TYPE DECIMAL(18, 4)", "the copy has other columns or types than legacy"),
        ("INSERT INTO prod.t FROM prod.t", "id does not identify the rows of prod.t"),
        ("INSERT INTO prod.t (s) VALUES ('no key')", "id does not identify the rows of prod.t"),
    ],
)
def test_where_changes_cannot_be_told_the_copy_is_made_in_full(copy, holds, changed, is_legacy, change, because):
    holds(DAY_ONE)
    copy()
    changed(change)
    assert facts(copy()) == {"mode": "full", "full_because": because}
    assert is_legacy()


def test_a_copy_that_somebody_spoilt_is_made_good(copy, holds, target, is_legacy):
    holds(DAY_ONE)
    for spoil, told in (
        ("DELETE FROM raw.t WHERE id = 'a'", "incremental"),
        ("INSERT INTO raw.t VALUES ('x', NULL, NULL, NULL, '2027-01-01')", "incremental"),
        ("INSERT INTO raw.t FROM raw.t", "full"),
        ("DROP TABLE raw.t", "full"),
    ):
        copy()
        with connect(target.path) as connection:
            connection.execute(spoil)
        assert facts(copy())["mode"] == told
        assert is_legacy()


def test_rows_that_change_without_their_update_turn_the_content_red_until_a_full_copy(copy, holds, changed, is_legacy):
    holds(DAY_ONE)
    copy()
    changed("UPDATE prod.t SET m = 7 WHERE id = 'a'")
    for _ in range(2):
        red = copy()
        assert not red.success
        check = content(red)
        assert (check.passed, check.blocking, check.severity) == (False, True, dg.AssetCheckSeverity.ERROR)
        assert check.description == (
            "rows changed without their updated_at, which an incremental copy cannot see: copy the table in full once, "
            "with `TRANSFERROOM_REPLICATION=full transferroom run --select key:raw/t` or mode full in the launchpad"
        )
    in_full = copy(run_config=dg.RunConfig(ops={"copy_t": CopyConfig(mode=ReplicationMode.full)}))
    assert facts(in_full) == {"mode": "full"}
    assert is_legacy()
    assert counts(copy()) == (0, 0, 0)


def test_green_checks_and_full_copies_give_no_advice(copy, run, holds):
    holds(DAY_ONE)
    for result in (copy(), copy(), run()):
        assert content(result).description == "The same rows: checksums over all columns are equal."


def test_an_interrupted_copy_leaves_the_old_rows_and_the_next_one_makes_it_good(
    copy, holds, changed, target, copied, is_legacy
):
    holds(DAY_ONE)
    copy()
    with connect(target.path) as connection:
        # The load will fail between taking rows away and putting rows in.
        connection.execute("ALTER TABLE raw.t RENAME TO before")
        checked = "m DECIMAL(18, 2) CHECK (m < 100)"
        connection.execute(f"CREATE TABLE raw.t (id VARCHAR, s VARCHAR, {checked}, day DATE, updated_at TIMESTAMP)")
        connection.execute("INSERT INTO raw.t FROM raw.before")
    before = copied()
    changed("DELETE FROM prod.t WHERE id = 'b'; UPDATE prod.t SET m = 100, updated_at = '2026-07-01' WHERE id = 'a'")
    assert not copy().success
    assert copied() == before
    changed("UPDATE prod.t SET m = 99 WHERE id = 'a'")
    assert counts(copy()) == (0, 1, 1)
    assert is_legacy()


@pytest.mark.parametrize("left_undone", ["the rows that went", "the rows that came"])
def test_half_a_copy_of_whatever_origin_is_completed(copy, holds, changed, target, is_legacy, left_undone):
    holds(DAY_ONE)
    copy()
    changed("DELETE FROM prod.t WHERE id = 'b'; INSERT INTO prod.t VALUES ('d', NULL, NULL, NULL, '2026-07-01')")
    done = {
        "the rows that went": "INSERT INTO raw.t VALUES ('d', NULL, NULL, NULL, '2026-07-01')",
        "the rows that came": "DELETE FROM raw.t WHERE id = 'b'",
    }[left_undone]
    with connect(target.path) as connection:
        connection.execute(done)
    assert counts(copy()) == ((0, 0, 1) if left_undone == "the rows that went" else (1, 0, 0))
    assert is_legacy()


def test_the_launchpad_goes_before_the_setting(run, holds, changed):
    holds(DAY_ONE)
    configured = partial(run, table=KEYED)
    assert facts(configured()) == {"mode": "full"}
    wanted = {"ops": {"copy_t": {"config": {"mode": "incremental"}}}}
    assert counts(configured(run_config=wanted)) == (0, 0, 0)
    wanted["ops"]["copy_t"]["config"]["mode"] = "full"
    assert facts(configured(run_config=wanted, mode=ReplicationMode.incremental)) == {"mode": "full"}
    wanted["ops"]["copy_t"]["config"]["mode"] = None
    assert facts(configured(run_config=wanted)) == {"mode": "full"}


def test_a_table_without_a_key_is_copied_whole_and_cannot_be_configured(run, holds):
    holds(DAY_ONE)
    assert facts(run(table=WHOLE, mode=ReplicationMode.incremental)) == {"mode": "full"}
    with pytest.raises(dg.DagsterInvalidConfigError):
        run(table=WHOLE, run_config={"ops": {"copy_t": {"config": {"mode": "incremental"}}}})


def test_a_mode_that_there_is_not_is_refused(run, holds):
    holds(DAY_ONE)
    with pytest.raises(dg.DagsterInvalidConfigError, match="mode"):
        run(table=KEYED, run_config={"ops": {"copy_t": {"config": {"mode": "sometimes"}}}})


def test_the_checks_can_run_without_a_copy(copy, holds, changed):
    holds(DAY_ONE)
    copy()
    changed("UPDATE prod.t SET m = 7 WHERE id = 'a'")
    keys = [dg.AssetCheckKey(dg.AssetKey(["raw", "t"]), "content")]
    [found] = copy(selection=dg.AssetSelection.checks(*keys)).get_asset_check_evaluations()
    told = "the rows are not those of legacy: copy the table again, with --select key:raw/t"
    assert (found.passed, found.description) == (False, told)


def test_a_missing_legacy_table_is_told_with_its_asset(copy, holds, changed):
    holds(DAY_ONE)
    copy()
    changed("DROP TABLE prod.t")
    [failure] = copy().get_step_failure_events()
    told = failure.step_failure_data.error.cause.message.strip()
    assert told.endswith("table prod.t does not exist yet: materialize the asset legacy/t first")
