"""A merge replaces the rows of some keys, all of them at once or none."""

import pytest

from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.loading import ArrowStream
from transferroom_pipeline.platforms.tables import columns

THREE = "SELECT * FROM (VALUES ('a', 1.10::DECIMAL(18, 2)), ('b', NULL), ('c', 3.30)) AS v(id, m)"


@pytest.fixture
def held(database):
    """Rows of `raw.t`, in their order."""

    def rows(table="t"):
        with connect(database, read_only=True) as connection:
            return connection.sql(f'SELECT * FROM raw."{table}" ORDER BY ALL').fetchall()

    return rows


@pytest.fixture
def amounts(held):
    """The amounts of `raw.t` as text by their key."""
    return lambda: {key: None if amount is None else str(amount) for key, amount in held()}


@pytest.mark.parametrize(
    ("arriving", "leaving", "after"),
    [
        (f"{THREE} WHERE false", ["b"], {"a": "1.10", "c": "3.30"}),
        ("SELECT 'd' AS id, 4.40::DECIMAL(18, 2) AS m", [], {"a": "1.10", "b": None, "c": "3.30", "d": "4.40"}),
        ("SELECT 'a' AS id, NULL::DECIMAL(18, 2) AS m", ["a"], {"a": None, "b": None, "c": "3.30"}),
        ("SELECT unnest(['b', 'd']) AS id, 5::DECIMAL(18, 2) AS m", ["a", "b", "c"], {"b": "5.00", "d": "5.00"}),
        (f"{THREE} WHERE false", ["a", "b", "c", "x"], {}),
    ],
)
def test_rows_come_and_go_by_their_keys_and_no_others(load, merge, stream, amounts, arriving, leaving, after):
    assert load("t", stream(THREE)).success
    assert merge("t", stream(arriving), leaving).success
    assert amounts() == after


def test_columns_stay_as_they_are_and_none_is_added(load, merge, stream, database):
    rows = stream(
        "SELECT 1::BIGINT AS id, TIMESTAMP '2026-03-29 02:30:00.000001' AS moment, DATE '0999-02-28' AS day, "
        "'x' AS \"Odd {name}\", 1.5::DECIMAL(4, 1) AS years, true AS flag, 0.1::DOUBLE AS ratio"
    )

    def described():
        with connect(database, read_only=True) as connection:
            return columns(connection, "raw", "t"), connection.sql("FROM raw.t").fetchall()

    assert load("t", rows).success
    before = described()
    assert merge("t", rows, [1]).success
    assert described() == before


def test_a_key_may_have_any_name(load, merge, stream, held):
    rows = stream("SELECT unnest([1, 2]) AS \"The {0} key\", 'old' AS s")
    assert load("Odd Table", rows).success
    assert merge("Odd Table", stream("SELECT 2 AS \"The {0} key\", 'new' AS s"), [1, 2]).success
    assert held("Odd Table") == [(2, "new")]


def test_loads_and_merges_follow_each_other_in_any_order(load, merge, stream, amounts):
    assert load("t", stream(THREE)).success
    for number in range(2):
        assert merge("t", stream(f"SELECT 'a' AS id, {number}::DECIMAL(18, 2) AS m"), ["a", "c"]).success
        assert amounts() == {"a": f"{number}.00", "b": None}
        assert load("t", stream(THREE)).success
        assert amounts() == {"a": "1.10", "b": None, "c": "3.30"}


def test_what_an_earlier_merge_took_away_does_not_go_again(load, merge, stream, amounts):
    assert load("t", stream(THREE)).success
    assert merge("t", stream(f"{THREE} WHERE false"), ["a"]).success
    assert merge("t", stream(f"{THREE} WHERE id = 'a'"), []).success
    assert amounts() == {"a": "1.10", "b": None, "c": "3.30"}


def test_a_merge_whose_rows_break_off_changes_nothing_and_the_next_works(load, merge, stream, amounts):
    def batches():
        yield from stream("SELECT 'b' AS id, 5::DECIMAL(18, 2) AS m").batches()
        raise ConnectionResetError("the source went away")

    assert load("t", stream(THREE)).success
    before = amounts()
    assert not merge("t", ArrowStream(stream(THREE).schema, batches), ["a", "b"]).success
    assert amounts() == before
    assert merge("t", stream(f"{THREE} WHERE false"), ["c"]).success
    assert amounts() == {"a": "1.10", "b": None}


def test_a_merge_that_fails_in_the_middle_of_its_statements_takes_nothing_away(merge, stream, database, amounts):
    with connect(database) as connection:
        connection.execute("CREATE SCHEMA raw; CREATE TABLE raw.t (id VARCHAR, m DECIMAL(18, 2) CHECK (m < 100))")
        connection.execute(f"INSERT INTO raw.t {THREE}")
    before = amounts()
    assert not merge("t", stream("SELECT 'a' AS id, 100::DECIMAL(18, 2) AS m"), ["a", "b"]).success
    assert amounts() == before
