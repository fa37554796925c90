"""A derived table is built whole or not at all."""

from datetime import date

import pyarrow as pa
import pytest

from transferroom_pipeline.legacy.building import build_table
from transferroom_pipeline.legacy.exceptions import LegacyError
from transferroom_pipeline.legacy.tables import Frames, LegacyTable, SqlQuery
from transferroom_pipeline.platforms.exceptions import PlatformError
from transferroom_pipeline_tests.legacy.conftest import AS_OF, legacy_table

FAILS_IN_ITS_LAST_ROW = "SELECT CAST(name AS INT) AS n FROM prod.players ORDER BY player_id"


def no_frame(tables):
    raise ArithmeticError(f"{len(tables)} tables")


def sql_table(tsql):
    return LegacyTable("derived_x", ("n",), ("players",), SqlQuery(lambda as_of: tsql), "")


@pytest.fixture
def old(legacy, rows):
    """The rows of a table that was built before."""
    rows("players", {"name": "1"}, {"player_id": "P0002", "name": "two"})
    legacy.execute("CREATE TABLE prod.derived_x AS SELECT 'old' AS kept")
    return lambda: legacy.sql("FROM prod.derived_x").fetchall()


def test_a_build_replaces_the_table_columns_included(legacy, old):
    tsql = "SELECT player_id AS n FROM [prod].[players] ORDER BY player_id"
    assert build_table(legacy, sql_table(tsql), AS_OF) == tsql
    assert old() == [("P0001",), ("P0002",)]


def test_a_query_that_fails_while_it_runs_leaves_the_old_table(legacy, old):
    reason = 'the T-SQL of legacy table derived_x stopped on the stand-in: .*the text "two" is no whole number'
    with pytest.raises(LegacyError, match=reason):
        build_table(legacy, sql_table(FAILS_IN_ITS_LAST_ROW), AS_OF)
    assert old() == [("old",)]


def test_a_query_that_is_refused_leaves_the_old_table(legacy, old):
    with pytest.raises(LegacyError, match="legacy table derived_x"):
        build_table(legacy, sql_table("SELECT AVG(age) AS n FROM prod.players"), AS_OF)
    assert old() == [("old",)]


def test_pandas_code_that_fails_leaves_the_old_table(legacy, old):
    with pytest.raises(ArithmeticError, match="1 tables"):
        build_table(legacy, LegacyTable("derived_x", ("n",), ("players",), Frames(no_frame), ""), AS_OF)
    assert old() == [("old",)]


def test_pandas_code_gets_the_declared_tables_with_exact_types_and_nulls(legacy, rows):
    rows("players", {"market_value_millions": "9999999999999999.99", "age": None})
    seen = {}

    def keep(tables):
        seen.update(tables)
        return pa.table({"n": [1]})

    told = build_table(legacy, LegacyTable("derived_x", ("n",), ("players",), Frames(keep), ""), AS_OF)
    assert told.endswith("keep")
    assert list(seen) == ["players"]
    assert str(seen["players"]["market_value_millions"][0]) == "9999999999999999.99"
    assert seen["players"]["age"].isna().to_list() == [True]
    assert legacy.sql("FROM prod.derived_x").fetchall() == [(1,)]


def test_a_query_made_at_run_time_is_asked_with_the_as_of_date(legacy):
    asked = []
    table = LegacyTable("derived_x", ("n",), (), SqlQuery(lambda as_of: asked.append(as_of) or "SELECT 1 AS n"), "")
    build_table(legacy, table, date(2026, 6, 30))
    assert asked == [date(2026, 6, 30)]


@pytest.mark.parametrize(
    ("table", "missing"), [("derived_a", "clubs"), ("derived_b", "clubs"), ("derived_c", "derived_a")]
)
def test_a_missing_input_is_told_with_its_asset(legacy, table, missing):
    legacy.execute(f"DROP TABLE IF EXISTS prod.{missing}")
    with pytest.raises(PlatformError, match=f"materialize the asset legacy/{missing} first"):
        build_table(legacy, legacy_table(table), AS_OF)
