"""A loaded table holds the rows and columns of its stream, whatever it held; a load that fails changes nothing."""

import shutil

import pytest

from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.loading import ArrowStream
from transferroom_pipeline.platforms.tables import columns, table_exists

TYPES = {
    "big": ("BIGINT", "9223372036854775807"),
    "small": ("INTEGER", "-2147483648"),
    "money": ("DECIMAL(18,2)", "-9999999999999999.99"),
    "total": ("DECIMAL(38,2)", "123456789012345678901234567890123456.78"),
    "years": ("DECIMAL(4,1)", "4.5"),
    "ratio": ("DOUBLE", "0.1"),
    "text": ("VARCHAR", "'Šeško O''Neill'"),
    "day": ("DATE", "'0999-02-28'"),
    "moment": ("TIMESTAMP", "'2026-03-29 02:30:00.000001'"),
    "flag": ("BOOLEAN", "true"),
}


@pytest.fixture
def held(database):
    """Rows of a table, in their order, and its columns as name and type."""

    def of(table):
        with connect(database, read_only=True) as connection:
            found = [(column.name, column.type) for column in columns(connection, "raw", table)]
            return connection.sql(f'SELECT * FROM raw."{table}" ORDER BY ALL').fetchall(), found

    return of


def failing(rows, *, before_it_fails=lambda: None):
    """The stream with an error after its first batch."""

    def batches():
        yield next(rows.batches())
        before_it_fails()
        raise ConnectionResetError("the source went away")

    return ArrowStream(rows.schema, batches)


@pytest.mark.parametrize("value", ["the value", "NULL"])
def test_every_type_of_the_legacy_tables_arrives_as_it_is(load, stream, held, connection, value):
    cells = [
        f"CAST({'NULL' if value == 'NULL' else literal} AS {type_}) AS {name}"
        for name, (type_, literal) in TYPES.items()
    ]
    query = f"SELECT {', '.join(cells)}"
    assert load("t", stream(query)).success
    rows, described = held("t")
    assert described == [(name, type_) for name, (type_, _) in TYPES.items()]
    assert rows == connection.sql(query).fetchall()


def test_all_batches_arrive_with_their_duplicates(load, stream, held):
    assert load("t", stream("SELECT range % 500 AS n FROM range(1000)")).success
    rows, _ = held("t")
    assert rows == [(n,) for n in range(500) for _ in range(2)]


def test_empty_texts_and_nulls_stay_apart(load, stream, held):
    assert load("t", stream("SELECT * FROM (VALUES (1, ''), (2, NULL), (3, ' '), (4, 'NULL')) AS v(n, s)")).success
    assert held("t")[0] == [(1, ""), (2, None), (3, " "), (4, "NULL")]


def test_an_empty_table_arrives_with_its_columns(load, stream, held):
    empty = "SELECT 1 AS n, DATE '2026-01-01' AS d, NULL::VARCHAR AS s WHERE false"
    described = [("n", "INTEGER"), ("d", "DATE"), ("s", "VARCHAR")]
    assert load("t", stream(empty)).success
    assert held("t") == ([], described)


def test_an_empty_stream_empties_a_table_that_had_rows(load, stream, held):
    assert load("t", stream("SELECT 1 AS n")).success
    assert load("t", stream("SELECT 1 AS n WHERE false")).success
    assert held("t") == ([], [("n", "INTEGER")])


def test_a_second_load_replaces_the_first(load, stream, held):
    assert load("t", stream("SELECT unnest([1, 2, 3]) AS n")).success
    assert load("t", stream("SELECT unnest([3, 4]) AS n")).success
    assert held("t") == ([(3,), (4,)], [("n", "INTEGER")])


def test_changed_removed_and_new_columns_are_followed(load, stream, held):
    assert load("t", stream("SELECT 1 AS kept, 2 AS changed, 3 AS removed")).success
    assert load("t", stream("SELECT 1 AS kept, 'two' AS changed, 1.5::DECIMAL(18,2) AS added")).success
    assert held("t")[1] == [("kept", "INTEGER"), ("changed", "VARCHAR"), ("added", "DECIMAL(18,2)")]
    assert load("t", stream("SELECT 4 AS kept")).success
    assert held("t") == ([(4,)], [("kept", "INTEGER")])


def test_names_with_blanks_and_capitals_survive(load, stream, held):
    rows = stream('SELECT 1 AS "Market Value (m)", 2 AS "ID", 3 AS "übrig", 4 AS "2nd", 5 AS "select"')
    for _ in range(2):
        assert load("Derived Table A", rows).success
        assert held("Derived Table A") == (
            [(1, 2, 3, 4, 5)],
            [(name, "INTEGER") for name in ("Market Value (m)", "ID", "übrig", "2nd", "select")],
        )


def test_tables_whose_names_are_alike_do_not_disturb_each_other(load, stream, held):
    assert load("big deals", stream("SELECT 1 AS n")).success
    assert load("big_deals", stream("SELECT 'two' AS s")).success
    assert load("big deals", stream("SELECT 3 AS n, 4 AS m")).success
    assert (held("big deals")[0], held("big_deals")[0]) == ([(3, 4)], [("two",)])


@pytest.mark.parametrize("query", ["SELECT unnest([7, 8]) AS n", "SELECT unnest([7, 8]) AS other"])
def test_a_load_that_fails_midway_leaves_the_table_as_it_was_and_the_next_works(load, stream, held, query):
    assert load("t", stream("SELECT unnest([1, 2]) AS n")).success
    before = held("t")
    assert not load("t", failing(stream(query))).success
    assert held("t") == before
    assert load("t", stream(query)).success
    assert held("t")[0] == [(7,), (8,)]


def test_a_load_that_fails_in_the_middle_of_its_statements_takes_nothing_away(load, stream, held, database):
    with connect(database) as connection:
        connection.execute("CREATE SCHEMA raw; CREATE TABLE raw.t (n INTEGER CHECK (n < 100))")
        connection.execute("INSERT INTO raw.t VALUES (1)")
    assert not load("t", stream("SELECT 100 AS n")).success
    assert held("t")[0] == [(1,)]


def test_a_first_load_that_fails_makes_no_table(load, stream, database):
    assert not load("t", failing(stream("SELECT unnest([1, 2]) AS n"))).success
    with connect(database, read_only=True) as connection:
        assert not table_exists(connection, "raw", "t")


def test_what_a_load_could_not_write_is_not_written_by_the_next(load, stream, held, database, held_by_another_process):
    assert load("t", stream("SELECT 1 AS n")).success
    rows = stream("SELECT 2 AS n")

    def batches():
        yield from rows.batches()
        holding.__enter__()

    holding = held_by_another_process(database)
    assert not load("t", ArrowStream(rows.schema, batches)).success
    holding.__exit__(None, None, None)
    assert held("t")[0] == [(1,)]
    assert load("t", stream("SELECT 3 AS n")).success
    assert held("t")[0] == [(3,)]


def test_loading_works_after_the_database_or_the_working_folder_was_deleted(load, stream, held, database, tmp_path):
    assert load("t", stream("SELECT 1 AS n")).success
    database.unlink()
    assert load("t", stream("SELECT 2 AS n")).success
    assert held("t")[0] == [(2,)]
    shutil.rmtree(tmp_path / "dlt")
    assert load("t", stream("SELECT 3 AS n, 4 AS m")).success
    assert held("t")[0] == [(3, 4)]


def test_a_table_that_somebody_dropped_or_changed_is_made_anew(load, stream, held, database):
    rows = stream("SELECT 1 AS n, 'a' AS s")
    for statement in ("DROP TABLE raw.t", "ALTER TABLE raw.t DROP COLUMN s"):
        assert load("t", rows).success
        with connect(database) as connection:
            connection.execute(statement)
    assert load("t", rows).success
    assert held("t") == ([(1, "a")], [("n", "INTEGER"), ("s", "VARCHAR")])


def test_a_locked_database_is_told_before_anything_is_read(load, stream, database, held_by_another_process):
    assert load("t", stream("SELECT 1 AS n")).success
    read = []
    rows = ArrowStream(stream("SELECT 2 AS n").schema, lambda: read.append("read") or iter([]))
    with held_by_another_process(database) as process:
        [failure] = load("t", rows).get_step_failure_events()
    cause = failure.step_failure_data.error.cause
    assert cause.cls_name == "PlatformError"
    assert f"database {database} is in use by process {process}" in cause.message
    assert read == []
