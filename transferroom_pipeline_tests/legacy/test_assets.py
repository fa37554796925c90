"""The legacy stage through Dagster: the snapshot, the derived tables, and their checks."""

from datetime import date

import dagster as dg
import pytest

from transferroom_pipeline.legacy.assets import legacy_asset, legacy_checks, snapshot_asset
from transferroom_pipeline.legacy.tables import Frames, LegacyTable, SqlQuery
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.resources import LegacyPlatform
from transferroom_pipeline_tests.legacy.conftest import legacy_table

SOURCES = ("players", "clubs", "transfers")
PAIR = LegacyTable("pair", ("left key", "right"), (), Frames(dict), "Checked only.")


@pytest.fixture
def run(database):
    """Runs assets and checks on the legacy platform; an error is in the result, not raised."""

    def materialize(*definitions, **options):
        with dg.DagsterInstance.ephemeral() as instance:
            return dg.materialize(
                list(definitions),
                instance=instance,
                resources={"legacy": LegacyPlatform(database=str(database))},
                raise_on_error=False,
                **options,
            )

    return materialize


@pytest.fixture
def evaluated(run):
    """The outcome of the checks of a table, without building it."""

    def of(table):
        checks = legacy_checks(table)
        result = run(checks, selection=dg.AssetSelection.checks(*checks.check_keys))
        return {found.check_name: found for found in result.get_asset_check_evaluations()}

    return of


def metadata(result, table):
    [found] = [event.materialization for event in result.get_asset_materialization_events()
               if event.asset_key == dg.AssetKey(["legacy", table])]  # fmt: skip
    return {name: value.value for name, value in found.metadata.items()}


def cause(result):
    [failure] = result.get_step_failure_events()
    return failure.step_failure_data.error.cause.message.strip()


def test_t_sql_that_stops_on_the_stand_in_is_told_in_one_sentence(run, rows, legacy):
    rows("players", {"name": "two"})
    legacy.close()
    text = "SELECT CAST(name AS INT) AS n FROM prod.players"
    table = LegacyTable("derived_x", ("n",), ("players",), SqlQuery(lambda as_of: text), "")
    result = run(snapshot_asset(("players",), None), legacy_asset(table))
    assert not result.success
    assert cause(result) == (
        "transferroom_pipeline.legacy.exceptions.LegacyError: the T-SQL of legacy table derived_x stopped on the "
        'stand-in: Invalid Input Error: the text "two" is no whole number, and SQL Server stops on it as well'
    )


def test_the_stage_builds_on_one_snapshot_and_its_checks_pass(run, rows, legacy):
    rows("players", {}, {"player_id": "P0002", "market_value_millions": "4.00"})
    rows("clubs", {}, {"club_id": "C002"})
    rows("transfers", {})
    legacy.close()
    tables = [legacy_table(name) for name in ("derived_a", "derived_b", "derived_c")]
    result = run(snapshot_asset(SOURCES, None), *map(legacy_asset, tables), *map(legacy_checks, tables))
    assert result.success
    snapshot = metadata(result, "snapshot")
    assert snapshot["as_of"] == "2026-06-01"
    built = {table.name: metadata(result, table.name) for table in tables}
    assert [built[name]["dagster/row_count"] for name in ("derived_a", "derived_b")] == [1, 1]
    assert {found["snapshot"] for found in built.values()} == {snapshot["snapshot"]}
    assert "[prod].[players]" in built["derived_a"]["built_by"]
    assert "CAST('2024-01-01' AS DATE)" in built["derived_b"]["built_by"]
    assert built["derived_c"]["built_by"] == "transferroom_pipeline.legacy.derived_c.build"
    outcomes = [
        (found.asset_key.path[-1], found.check_name, found.passed) for found in result.get_asset_check_evaluations()
    ]
    warned = {("derived_a", "tsql"), ("derived_b", "tsql")}
    assert {(table, check) for table, check, passed in outcomes if not passed} == warned
    assert {(table, check) for table, check, _ in outcomes} == warned | {
        (table.name, check) for table in tables for check in ("rows", "unique_key")
    }


def test_what_t_sql_hangs_on_is_a_warning_with_its_lines_on_the_asset_and_in_a_check(run, rows, legacy):
    rows("players", {})
    rows("clubs", {})
    rows("transfers", {})
    legacy.close()
    table = legacy_table("derived_b")
    result = run(snapshot_asset(SOURCES, None), legacy_asset(table), legacy_checks(table))
    [check] = [found for found in result.get_asset_check_evaluations() if found.check_name == "tsql"]
    assert result.success
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert check.description == "= on texts, IN on texts (line 26, 28, 30, 32, 33)"
    shown = metadata(result, "derived_b")["tsql_warnings"]
    assert shown == check.metadata["tsql_warnings"].value
    header, _, *found = shown.splitlines()
    assert header == "| line | what | why | what to do |"
    assert len(found) == 1
    assert found[0].startswith(
        "| 26, 28, 30, 32, 33 | = on texts, IN on texts | SQL Server compares texts without regard to case"
    )


def test_t_sql_without_a_condition_passes_its_check(evaluated, legacy):
    legacy.execute("CREATE TABLE prod.snapshot AS SELECT 'x' AS id, DATE '2026-06-30' AS as_of")
    legacy.execute("CREATE TABLE prod.plain AS SELECT 1 AS n")
    legacy.close()
    found = evaluated(LegacyTable("plain", ("n",), (), SqlQuery(lambda as_of: "SELECT 1 AS n"), ""))
    assert found["tsql"].passed


def test_pandas_code_has_no_check_of_t_sql():
    keys = legacy_checks(legacy_table("derived_c")).check_keys
    assert {key.name for key in keys} == {"rows", "unique_key"}


def test_a_given_as_of_date_reaches_the_tables(run, rows, legacy):
    rows("players", {})
    rows("transfers", {"transfer_date": "2019-05-01"}, {"transfer_id": "T00002"})
    legacy.close()
    result = run(snapshot_asset(SOURCES, date(2020, 1, 1)), legacy_asset(legacy_table("derived_b")))
    assert metadata(result, "snapshot")["as_of"] == "2020-01-01"
    assert metadata(result, "derived_b")["dagster/row_count"] == 1


def test_without_a_snapshot_a_build_says_what_to_do_and_changes_nothing(run, legacy, database):
    legacy.execute("CREATE TABLE prod.derived_a AS SELECT 'old' AS kept")
    legacy.close()
    told = cause(run(legacy_asset(legacy_table("derived_a"))))
    assert told.endswith("table prod.snapshot does not exist yet: materialize the asset legacy/snapshot first")
    with connect(database, read_only=True) as connection:
        assert connection.sql("FROM prod.derived_a").fetchall() == [("old",)]


@pytest.mark.parametrize(
    ("rows_of_pair", "has_rows", "is_unique", "repeated"),
    [
        ("SELECT 1 AS \"left key\", 2 AS \"right\" WHERE false", False, True, 0),
        ("SELECT 1 AS \"left key\", unnest([1, 2]) AS \"right\"", True, True, 0),
        ("SELECT unnest([1, 1, 1, 2, 2, 3]) AS \"left key\", 0 AS \"right\"", True, False, 2),
        # A NULL is a key like any other: it may occur once.
        ("SELECT 1 AS \"left key\", unnest([NULL, 2]) AS \"right\"", True, True, 0),
        ("SELECT 1 AS \"left key\", unnest([NULL, NULL]) AS \"right\"", True, False, 1),
    ],
)  # fmt: skip
def test_checks_tell_tables_without_rows_and_keys_that_occur_twice(
    evaluated, legacy, rows_of_pair, has_rows, is_unique, repeated
):
    legacy.execute(f"CREATE TABLE prod.pair AS {rows_of_pair}")
    legacy.close()
    found = evaluated(PAIR)
    assert (found["rows"].passed, found["unique_key"].passed) == (has_rows, is_unique)
    assert found["unique_key"].metadata["repeated_keys"].value == repeated


def test_repeated_keys_are_shown_with_their_number_of_rows(evaluated, legacy):
    legacy.execute('CREATE TABLE prod.pair AS SELECT unnest([7, 7, 7, 8]) AS "left key", \'x\' AS "right"')
    legacy.close()
    shown = evaluated(PAIR)["unique_key"].metadata["samples"].value
    assert shown.splitlines() == ["| left key | right | rows |", "| --- | --- | --- |", "| 7 | x | 3 |"]


def test_one_check_can_run_alone(run, legacy):
    legacy.execute('CREATE TABLE prod.pair AS SELECT 1 AS "left key", 2 AS "right"')
    legacy.close()
    key = dg.AssetCheckKey(dg.AssetKey(["legacy", "pair"]), "rows")
    result = run(legacy_checks(PAIR), selection=dg.AssetSelection.checks(key))
    assert [found.check_name for found in result.get_asset_check_evaluations()] == ["rows"]


def test_checks_of_a_table_that_is_not_there_say_what_to_do(run, legacy):
    legacy.close()
    checks = legacy_checks(PAIR)
    told = cause(run(checks, selection=dg.AssetSelection.checks(*checks.check_keys)))
    assert told.endswith("table prod.pair does not exist yet: materialize the asset legacy/pair first")
