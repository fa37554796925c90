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


_NESTED = {
    "nan_inside": ("numeric(10,2)[]", "ARRAY[1.25, 'NaN']"),
    "many": ("numeric[]", "ARRAY[1.25]"),
    "composite": ("amount", "ROW(1, 2.5)"),
    "composites": ("amount[]", "ARRAY[ROW(1, 2.5)::amount]"),
    "deep": ("outside", "ROW(ROW(1, 2.5)::amount, 'x')"),
    "far_inside": ("timestamp[]", "ARRAY['294270-01-01'::timestamp]"),
}
_READABLE = {
    "arrays": ("numeric(10,2)[]", "ARRAY[1.25]", "ARRAY[1.26]"),
    "money": ("money", "'12.34'", "'12.35'"),
    "domain": ("price", "1.25", "1.26"),
    "far": ("timestamp", "'294270-01-01'", "'294270-01-02'"),
    "ranges": ("numrange", "'[1.5,2.5)'", "'[1.5,2.6)'"),
}


def _statements():
    yield "CREATE TYPE amount AS (a int, n numeric(10,2)); CREATE TYPE outside AS (x amount, y text)"
    yield "CREATE DOMAIN price AS numeric(12,2)"
    sizes = "(1, 1.50), (2, 12345678901234567890123456789012345678901), (3, 'NaN'), (4, NULL)"
    for name, rows in (("sizes", sizes), ("same_sizes", sizes), ("other_sizes", sizes.replace("901)", "902)"))):
        yield f"CREATE TABLE {name} (id int, v numeric); INSERT INTO {name} VALUES {rows}"
    for name in ("nan", "nan_too"):
        yield f"CREATE TABLE {name} (id int, v numeric(10,2)); INSERT INTO {name} VALUES (1, 'NaN')"
    for name, (kind, value) in _NESTED.items():
        for table in (name, f"{name}_too"):
            yield f"CREATE TABLE {table} (id int, v {kind}); INSERT INTO {table} VALUES (1, {value})"
    for name, (kind, value, other) in _READABLE.items():
        for table, cell in ((name, value), (f"{name}_too", value), (f"{name}_other", other)):
            yield f"CREATE TABLE {table} (id int, v {kind}); INSERT INTO {table} VALUES (1, {cell}), (2, {value})"
    yield "CREATE TABLE two (id int, a numeric(10,2), b numeric(10,2), c timestamp, d timestamptz)"
    yield "INSERT INTO two VALUES (1, 1.5, 2.5, '2026-01-31', '2026-01-31 00:00+00')"
    yield "CREATE VIEW two_shown AS SELECT * FROM two"
    yield "CREATE TABLE twin AS SELECT 1 AS id, 'lower' AS v"
    yield "CREATE TABLE \"TWIN\" AS SELECT 1 AS id, 'UPPER' AS v"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with postgres_server(tmp_path_factory.mktemp("server")) as running:
        server = psycopg2.connect(running)
        with server, server.cursor() as cursor:
            cursor.execute(
                f"CREATE SCHEMA sales; CREATE TABLE players AS {_PLAYERS}; CREATE TABLE sales.old AS {_PLAYERS}"
            )
            cursor.execute('CREATE TABLE sales."Any" AS SELECT 1 AS id, 0.10000000000000000001 AS v')
            for statement in _statements():
                cursor.execute(statement)
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


@pytest.mark.parametrize("legacy", ["pg.anything", "pg.public.anything", "PG.public.ANYTHING", 'pg.sales."Any"'])
def test_numbers_that_duckdb_would_read_as_doubles_are_read_with_all_their_digits(attached, legacy):
    attached.execute("CREATE TABLE prod.v AS SELECT 1 AS id, 0.10000000000000000001::DECIMAL(38,20) AS v")
    assert _compared(attached, legacy, Effort(), modern="prod.v").verdict == "proven"

    attached.execute("UPDATE prod.v SET v = 0.1")
    assert _compared(attached, legacy, Effort(), modern="prod.v").rows.different == 1


def test_numbers_of_any_size_are_compared_with_texts_doubles_and_each_other(attached):
    attached.execute(
        "CREATE TABLE prod.v AS SELECT * FROM (VALUES (1, '1.5', 1.5::DOUBLE),"
        " (2, '12345678901234567890123456789012345678901.0', 1.2345678901234568e40),"
        " (3, 'NaN', 'nan'), (4, NULL, NULL)) AS v(id, t, d)"
    )
    for name in ("t", "d"):
        modern = f"prod.v_{name}"
        attached.execute(f"CREATE TABLE {modern} AS SELECT id, {name} AS v FROM prod.v")
        assert _compared(attached, "pg.sizes", Effort(), modern=modern).verdict == "proven"
    assert _compared(attached, "pg.sizes", Effort(), modern="pg.same_sizes").verdict == "proven"
    assert _compared(attached, "pg.sizes", Effort(), modern="pg.other_sizes").rows.different == 1


def test_nan_among_exact_numbers_is_not_zero(attached):
    attached.execute("CREATE TABLE prod.v AS SELECT 1 AS id, 0::DECIMAL(10,2) AS v")
    result = _compared(attached, "pg.nan", Effort(), modern="prod.v")
    assert (result.verdict, result.rows.different) == ("differs", 1)

    attached.execute("CREATE OR REPLACE TABLE prod.v AS SELECT 1 AS id, 'nan'::DOUBLE AS v")
    assert _compared(attached, "pg.nan", Effort(), modern="prod.v").verdict == "proven"
    assert _compared(attached, "pg.nan", Effort(), modern="pg.nan_too").verdict == "proven"


@pytest.mark.parametrize("legacy", ["nan_inside", "many", "composite", "composites", "deep", "far_inside"])
def test_what_is_nested_and_would_be_changed_is_refused(attached, legacy):
    with pytest.raises(
        ComparisonError, match=r"column v holds, inside arrays or composite types, .* view on the server"
    ):
        _compared(attached, f"pg.{legacy}", Effort(), modern=f"pg.{legacy}_too")


@pytest.mark.parametrize("legacy", ["arrays", "money", "domain", "far", "ranges"])
def test_what_can_be_read_exactly_is_compared(attached, legacy):
    assert _compared(attached, f"pg.{legacy}", Effort(), modern=f"pg.{legacy}_too").verdict == "proven"
    assert _compared(attached, f"pg.{legacy}", Effort(), modern=f"pg.{legacy}_other").rows.different == 1


def test_money_is_a_number(attached):
    attached.execute("CREATE TABLE prod.v AS SELECT unnest([1, 2]) AS id, 12.34::DECIMAL(9,2) AS v")

    assert _compared(attached, "pg.money", Effort(), modern="prod.v").verdict == "proven"


def test_a_table_that_is_not_on_the_server_is_one_sentence(attached):
    with pytest.raises(ComparisonError, match='nothing_there" cannot be read'):
        _compared(attached, "pg.public.nothing_there", Effort())


def test_two_tables_whose_names_differ_in_case_are_told_apart(attached):
    attached.execute(
        "CREATE TABLE prod.v AS SELECT 1 AS id, 'lower' AS v; CREATE TABLE prod.w AS SELECT 1 AS id, 'UPPER' AS v"
    )

    assert _compared(attached, "pg.public.twin", Effort(), modern="prod.v").verdict == "proven"
    assert _compared(attached, 'pg.public."TWIN"', Effort(), modern="prod.w").verdict == "proven"


def test_several_columns_that_are_looked_through_for_nan_are_compared(attached):
    attached.execute("CREATE TABLE prod.v AS FROM pg.two")

    assert _compared(attached, "pg.two", Effort(), modern="prod.v").verdict == "proven"
    assert _compared(attached, "pg.two_shown", Effort(), modern="prod.v").verdict == "proven"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM pg.nan",
        "SELECT id, v + 0 AS v FROM pg.public.nan WHERE id > 0",
        "WITH nan AS (SELECT * FROM pg.nan) SELECT * FROM nan",
        "FROM pg.nan",
        "SELECT 1 AS id, (SELECT v FROM pg.nan) AS v",
        "SELECT id, v FROM prod.over_nan",
        "SELECT * FROM pg.composite",
        "SELECT * FROM postgres_query('pg', 'SELECT * FROM nan')",
        "SELECT * FROM postgres_scan('x', 'public', 'nan')",
    ],
)
def test_queries_and_views_over_values_that_would_be_changed_are_refused(attached, query):
    attached.execute(
        "CREATE VIEW prod.over_nan AS SELECT * FROM pg.nan; CREATE VIEW prod.over AS SELECT * FROM prod.over_nan"
    )
    attached.execute("CREATE TABLE prod.v AS SELECT 1 AS id, 0::DECIMAL(10,2) AS v")
    spec = table_spec(modern="prod.v").model_copy(update={"legacy_query": query, "legacy": "q.sql"})

    with pytest.raises(ComparisonError, match=r"would change|may change values"), compare(DuckDBEngine(attached), spec):
        pass
    with pytest.raises(ComparisonError, match="would change"):
        _compared(attached, "prod.over", Effort(), modern="prod.v")


def test_queries_and_views_over_other_tables_on_the_server_are_compared(attached):
    attached.execute("CREATE VIEW prod.players AS SELECT * FROM pg.players WHERE id > 0")
    spec = table_spec(modern="prod.t").model_copy(update={"legacy_query": "FROM pg.players", "legacy": "q.sql"})

    assert _compared(attached, "prod.players", Effort()).verdict == "proven"
    with compare(DuckDBEngine(attached), spec) as found:
        assert found.result.verdict == "proven"


@pytest.mark.parametrize("other", ["pg.public.players", "PG.players", "again.players", "main.players_shown"])
def test_one_table_on_the_server_under_two_names_is_an_error(attached, address, other):
    attached.execute(f"ATTACH '{address}' AS again (TYPE postgres, READ_ONLY)")
    attached.execute("CREATE VIEW main.players_shown AS SELECT id, name, fee FROM pg.players ORDER BY id")

    with pytest.raises(ComparisonError, match="both sides are the same rows"):
        _compared(attached, "pg.players", Effort(), modern=other)
