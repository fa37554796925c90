"""Questions about a table are answered for exactly the table that is named."""

import pytest

from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.exceptions import PlatformError
from transferroom_pipeline.platforms.tables import (
    Column,
    columns,
    create_schema,
    require_table,
    row_count,
    table_exists,
    table_expression,
)

ODD = 'An "odd" table'


@pytest.fixture(autouse=True)
def tables(connection):
    create_schema(connection, "prod")
    connection.execute('CREATE TABLE prod.players (player_id VARCHAR, "Market value" DECIMAL(18, 2), age BIGINT)')
    connection.execute("INSERT INTO prod.players VALUES ('P0001', 5.01, NULL), ('P0001', 5.01, NULL)")
    connection.execute("CREATE VIEW prod.shown AS SELECT player_id FROM prod.players")
    connection.execute(f"CREATE TABLE prod.{table_expression('', ODD).sql(dialect='duckdb')} (n INTEGER)")


def test_tables_and_views_are_there_and_others_are_not(connection):
    assert [table_exists(connection, "prod", name) for name in ("players", "shown", ODD)] == [True] * 3
    assert [table_exists(connection, *name) for name in (("prod", "clubs"), ("raw", "players"))] == [False] * 2


def test_a_table_of_an_attached_database_is_not_there(tmp_path):
    with connect(tmp_path / "other.duckdb") as other:
        other.execute("CREATE TABLE elsewhere AS SELECT 1 AS n")
    with connect(None, attach={"other": tmp_path / "other.duckdb"}) as connection:
        assert not table_exists(connection, "main", "elsewhere")
        assert columns(connection, "main", "elsewhere") == ()


def test_a_missing_table_is_told_with_the_asset_that_makes_it(connection):
    require_table(connection, "prod", "players", "legacy/players")
    with pytest.raises(PlatformError) as missing:
        require_table(connection, "prod", "clubs", "legacy/clubs")
    assert str(missing.value) == "table prod.clubs does not exist yet: materialize the asset legacy/clubs first"


def test_columns_come_in_their_order_with_their_types(connection):
    assert columns(connection, "prod", "players") == (
        Column("player_id", "VARCHAR"),
        Column("Market value", "DECIMAL(18,2)"),
        Column("age", "BIGINT"),
    )
    assert columns(connection, "prod", "clubs") == ()


def test_rows_are_counted_duplicates_included(connection):
    assert [row_count(connection, "prod", name) for name in ("players", "shown", ODD)] == [2, 2, 0]


def test_making_a_schema_that_is_there_keeps_its_tables(connection):
    create_schema(connection, "prod")
    create_schema(connection, 'od"d')
    assert table_exists(connection, "prod", "players")
    connection.execute('CREATE TABLE "od""d".t (n INTEGER)')
    assert table_exists(connection, 'od"d', "t")
