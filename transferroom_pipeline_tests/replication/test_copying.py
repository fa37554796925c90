"""A copy holds what legacy holds, and its checks notice when it no longer does."""

from datetime import date, datetime
from decimal import Decimal

import dagster as dg
import pytest

from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.loading import TableLoader
from transferroom_pipeline.replication import copying
from transferroom_pipeline.replication.copying import legacy_stream
from transferroom_pipeline_tests.replication.conftest import THREE_ROWS

ALL_PASS = {"row_count": True, "schema": True, "content": True}


@pytest.fixture
def tampered(target, legacy):
    """Changes a side behind the back of the copy."""

    def execute(side, statement):
        with connect({"legacy": legacy, "raw": target}[side].path) as connection:
            connection.execute(statement)

    return execute


def passed(result):
    return {found.check_name: found.passed for found in result.get_asset_check_evaluations()}


def cause(result):
    [failure] = result.get_step_failure_events()
    return failure.step_failure_data.error.cause.message.strip()


def test_the_content_arrives_and_the_checks_pass(run, holds, copied):
    holds(
        "SELECT 'T00001' AS id, 12345678901234567.89::DECIMAL(38, 2) AS total, 0.1::DOUBLE AS ratio, "
        "DATE '2026-06-30' AS day, TIMESTAMP '2026-06-30 12:00:00.000001' AS moment, true AS flag, "
        "NULL::VARCHAR AS nothing UNION ALL SELECT 'T00002', NULL, NULL, NULL, NULL, NULL, ''"
    )
    result = run()
    assert result.success
    assert copied() == [
        ("T00001", Decimal("12345678901234567.89"), 0.1, date(2026, 6, 30),
         datetime.fromisoformat("2026-06-30 12:00:00.000001"), True, None),
        ("T00002", None, None, None, None, None, ""),
    ]  # fmt: skip
    assert passed(result) == ALL_PASS
    [materialization] = result.asset_materializations_for_node("copy_t")
    assert materialization.asset_key == dg.AssetKey(["raw", "t"])
    assert materialization.metadata["dagster/row_count"].value == 2
    assert materialization.metadata["dagster/table_name"].value == "raw.t"


def test_an_empty_table_is_copied_with_its_columns(run, holds, copied):
    holds(f"{THREE_ROWS} WHERE false")
    assert passed(run()) == ALL_PASS
    assert copied() == []


def test_a_table_with_blanks_and_capitals_in_its_columns_is_copied(run, holds, copied):
    holds('SELECT 1 AS "Market Value (m)", 2 AS "order"')
    assert passed(run()) == ALL_PASS
    assert copied() == [(1, 2)]


@pytest.mark.usefixtures("after_a_copy")
def test_running_twice_changes_nothing_and_every_check_is_a_blocking_error(run, copied):
    before = copied()
    again = run()
    assert passed(again) == ALL_PASS
    evaluations = again.get_asset_check_evaluations()
    assert [(check.blocking, check.severity) for check in evaluations] == [(True, dg.AssetCheckSeverity.ERROR)] * 3
    assert copied() == before == [(1, "a", Decimal("1.10")), (2, "", Decimal("2.20")), (3, None, None)]


@pytest.mark.usefixtures("after_a_copy")
def test_a_table_that_changed_since_is_followed(run, holds, copied):
    holds("SELECT 'x' AS id, 7 AS added")
    assert passed(run()) == ALL_PASS
    assert copied() == [("x", 7)]


@pytest.mark.usefixtures("after_a_copy")
def test_a_copy_whose_columns_change_is_the_old_one_until_the_new_one_is_whole(run, holds, copied, monkeypatch):
    before = copied()
    holds("SELECT range AS id, 7 AS added FROM range(5)")

    def killed(*_):
        raise RuntimeError("the process died")

    monkeypatch.setattr(TableLoader, "take_over", killed)
    assert "the process died" in cause(run())
    assert copied() == before
    monkeypatch.undo()
    assert passed(run()) == ALL_PASS
    assert copied() == [(number, 7) for number in range(5)]


@pytest.mark.usefixtures("after_a_copy")
def test_a_copy_whose_columns_changed_can_change_them_again(run, holds, copied, target):
    for number in range(3):
        holds(f"SELECT {number} AS id, 'x' AS added_{number}")
        assert passed(run()) == ALL_PASS
        assert passed(run()) == ALL_PASS
        assert copied() == [(number, "x")]
    with connect(target.path, read_only=True) as connection:
        left = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw_incoming' AND table_name[1] <> '_'"
        assert connection.sql(left).fetchall() == []


def test_legacy_is_only_read(run, holds, legacy):
    holds(THREE_ROWS)
    before = legacy.path.read_bytes()
    assert run().success
    assert legacy.path.read_bytes() == before


@pytest.mark.parametrize(
    ("side", "statement", "failing"),
    [
        ("raw", "INSERT INTO raw.t VALUES (4, 'd', 4.40)", {"row_count", "content"}),
        ("legacy", "INSERT INTO prod.t VALUES (1, 'a', 1.10)", {"row_count", "content"}),
        ("raw", "UPDATE raw.t SET m = 1.11 WHERE id = 1", {"content"}),
        ("raw", "UPDATE raw.t SET s = NULL WHERE s = ''", {"content"}),
        # 1, 2 and 3 are the same numbers in either type.
        ("raw", "ALTER TABLE raw.t ALTER id TYPE INTEGER", {"schema"}),
        ("legacy", "ALTER TABLE prod.t ALTER m TYPE DECIMAL(38, 2)", {"schema"}),
        ("raw", "ALTER TABLE raw.t ADD COLUMN more INTEGER", {"schema", "content"}),
    ],
)
@pytest.mark.usefixtures("after_a_copy")
def test_checks_notice_what_changed_on_one_side(checked, tampered, side, statement, failing):
    assert checked() == ALL_PASS
    tampered(side, statement)
    assert {name for name, has_passed in checked().items() if not has_passed} == failing


@pytest.mark.usefixtures("after_a_copy")
def test_one_check_can_run_alone(checked):
    assert checked("content") == {"content": True}


def test_a_difference_of_types_is_shown_and_stops_what_follows(run, holds):
    ran = []

    @dg.asset(deps=[dg.AssetKey(["raw", "t"])])
    def follows():
        ran.append("ran")

    holds("SELECT 0.5::FLOAT AS narrow, 1 AS n")  # the copy has no four-byte floats
    result = run(follows)
    assert not result.success
    assert ran == []
    schema = next(found for found in result.get_asset_check_evaluations() if found.check_name == "schema")
    assert (schema.passed, schema.blocking, schema.severity) == (False, True, dg.AssetCheckSeverity.ERROR)
    assert "| narrow | FLOAT | DOUBLE |" in schema.metadata["differences"].value
    holds("SELECT 0.5::DOUBLE AS narrow, 1 AS n")
    assert run(follows).success
    assert ran == ["ran"]


@pytest.mark.usefixtures("after_a_copy")
def test_a_missing_legacy_table_is_told_with_its_asset_and_the_copy_is_kept(run, copied, tampered):
    tampered("legacy", "DROP TABLE prod.t")
    assert cause(run()).endswith("table prod.t does not exist yet: materialize the asset legacy/t first")
    assert len(copied()) == 3


def test_checks_without_a_copy_say_which_asset_to_materialize(run, holds, tampered):
    holds(THREE_ROWS)
    tampered("raw", "CREATE SCHEMA raw")
    check = dg.AssetCheckKey(dg.AssetKey(["raw", "t"]), "row_count")
    told = cause(run(selection=dg.AssetSelection.checks(check)))
    assert told.endswith("table raw.t does not exist yet: materialize the asset raw/t first")


def test_a_table_is_streamed_in_batches_with_its_columns_known_before(holds, legacy, monkeypatch):
    monkeypatch.setattr(copying, "BATCH_ROWS", 2048)
    holds("SELECT range AS n FROM range(5000)")
    stream = legacy_stream(legacy.path, "t", "legacy/t")
    assert stream.schema.names == ["n"]
    sizes = [batch.num_rows for batch in stream.batches()]
    assert sum(sizes) == 5000
    assert len(sizes) > 1
