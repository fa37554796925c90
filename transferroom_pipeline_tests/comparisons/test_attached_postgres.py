"""A PostgreSQL server that is attached to DuckDB, beside a DuckDB file."""

import psycopg2
import pytest

from transferroom_pipeline.comparisons.buckets import ALWAYS_HASHED
from transferroom_pipeline.comparisons.engine import Effort, compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline_tests.comparisons.conftest import table_spec
from transferroom_pipeline_tests.comparisons.engines import postgres_server

_PLAYERS = "SELECT n AS id, 'player ' || n AS name, (n * 1.5)::DECIMAL(18,2) AS fee FROM generate_series(1, 50) AS s(n)"
_EFFORTS = pytest.mark.parametrize("effort", [Effort(), Effort(hashing=ALWAYS_HASHED)], ids=["joined", "hashed"])


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with postgres_server(tmp_path_factory.mktemp("server")) as running:
        server = psycopg2.connect(running)
        with server, server.cursor() as cursor:
            cursor.execute(
                f"CREATE SCHEMA sales; CREATE TABLE players AS {_PLAYERS}; CREATE TABLE sales.old AS {_PLAYERS}"
            )
            cursor.execute('CREATE TABLE sales."Any" AS SELECT 1 AS id, 0.10000000000000000001 AS v')
            cursor.execute("CREATE TABLE wide (id int, v numeric(50, 20)); CREATE TABLE many (id int, v numeric[])")
            cursor.execute("CREATE TABLE anything AS SELECT 1 AS id, 0.10000000000000000001 AS v")
        server.close()
        yield running


@pytest.fixture
def attached(address):
    with connect(None, attach={"pg": address}) as connection:
        connection.execute("CREATE SCHEMA prod")
        connection.execute("CREATE TABLE prod.t AS SELECT id, name, fee FROM pg.players")
        yield connection


def _compared(connection, legacy, effort, modern="prod.t"):
    with compare(DuckDBEngine(connection), table_spec(legacy=legacy, modern=modern), effort=effort) as comparison:
        return comparison.result


@_EFFORTS
@pytest.mark.parametrize("legacy", ["pg.players", "pg.public.players", "PG.sales.old", "pg.sales.OLD"])
def test_a_table_on_the_server_is_compared_with_one_in_duckdb(attached, legacy, effort):
    assert _compared(attached, legacy, effort).verdict == "proven"

    attached.execute("UPDATE prod.t SET name = 'other' WHERE id = 7; DELETE FROM prod.t WHERE id = 9")
    rows = _compared(attached, legacy, effort).rows
    assert (rows.identical, rows.different, rows.only_legacy, rows.only_modern) == (48, 1, 1, 0)


@pytest.mark.parametrize(
    "legacy", ["pg.anything", "pg.public.anything", "PG.public.anything", 'pg.sales."Any"', "pg.wide", "pg.many"]
)
def test_numbers_that_duckdb_would_read_as_doubles_are_refused(attached, legacy):
    attached.execute("CREATE TABLE prod.v AS SELECT 1 AS id, 0.1::DOUBLE AS v")

    with pytest.raises(ComparisonError, match="column v"):
        _compared(attached, legacy, Effort(), modern="prod.v")


def test_a_table_whose_columns_the_server_does_not_know_by_that_name_is_refused(attached):
    attached.execute("CREATE TABLE prod.v AS SELECT 1 AS id, 0.1::DOUBLE AS v")

    with pytest.raises(ComparisonError, match="write it as the server has it"):
        _compared(attached, "pg.public.ANYTHING", Effort(), modern="prod.v")
