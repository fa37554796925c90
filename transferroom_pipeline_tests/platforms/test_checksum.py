"""Two tables have the same checksum exactly when they hold the same rows, in whatever order."""

from collections import Counter
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transferroom_pipeline.platforms.checksum import Checksum, content_checksum

ROWS = ["(1, 'a', 0.10)", "(2, '', 0.20)", "(2, NULL, NULL)", "(3, 'b', 0.30)"]


@pytest.fixture
def checksum(connection):
    def of(*rows, columns="n INTEGER, s VARCHAR, d DECIMAL(18, 2)"):
        connection.execute(f"CREATE OR REPLACE TABLE t ({columns})")
        if rows:
            connection.execute(f"INSERT INTO t VALUES {', '.join(rows)}")
        return content_checksum(connection, "main", "t")

    return of


def test_the_order_of_rows_does_not_matter(checksum):
    assert checksum(*ROWS) == checksum(*reversed(ROWS)) == checksum(*ROWS[2:], *ROWS[:2])


def test_the_order_of_columns_does_not_matter(checksum):
    assert checksum("(1, 'a')", columns="n INTEGER, s VARCHAR") == checksum("('a', 1)", columns="s VARCHAR, n INTEGER")


@pytest.mark.parametrize(
    "changed", ["(4, 'b', 0.30)", "(3, 'B', 0.30)", "(3, 'b ', 0.30)", "(3, 'b', 0.31)", "(3, 'b', -0.30)",
                "(NULL, 'b', 0.30)", "(3, NULL, 0.30)", "(3, '', 0.30)", "(3, 'b', NULL)", "(3, 'b', 0.00)"]
)  # fmt: skip
def test_any_changed_cell_is_noticed(checksum, changed):
    assert checksum(*ROWS[:3], changed) != checksum(*ROWS)


def test_null_is_neither_the_empty_text_nor_zero(checksum):
    cells = [checksum(f"({cell})", columns="c VARCHAR") for cell in ("NULL", "''", "'0'", "'NULL'")]
    assert len(set(cells)) == 4
    assert checksum("(NULL)", columns="c INTEGER") != checksum("(0)", columns="c INTEGER")


def test_a_value_that_moves_to_another_column_or_row_is_noticed(checksum):
    pair = "n INTEGER, m INTEGER"
    assert checksum("(1, 2)", columns=pair) != checksum("(2, 1)", columns=pair)
    assert checksum("(NULL, 1)", columns=pair) != checksum("(1, NULL)", columns=pair)
    assert checksum("(1, 1)", "(2, 2)", columns=pair) != checksum("(1, 2)", "(2, 1)", columns=pair)


def test_pairs_of_equal_rows_do_not_cancel_each_other_out(checksum):
    twice = [ROWS[0], ROWS[0]]
    assert checksum(*twice) != checksum(ROWS[3], ROWS[3])
    assert checksum(*twice, ROWS[3]) != checksum(ROWS[0], ROWS[3], ROWS[3])
    assert checksum(*ROWS, ROWS[0]) != checksum(*ROWS)
    assert checksum(*ROWS, ROWS[0]).rows == 5


def test_an_empty_table_has_a_checksum_of_its_own(checksum):
    assert checksum() == Checksum(rows=0, hash_sum=0)
    assert checksum("(0)", columns="n INTEGER") != checksum(columns="n INTEGER")


def test_names_of_tables_and_columns_may_be_anything(connection):
    connection.execute('CREATE SCHEMA "a b"; CREATE TABLE "a b"."c""d" ("SELECT" INTEGER, "x y" INTEGER)')
    connection.execute('INSERT INTO "a b"."c""d" VALUES (1, 2)')
    assert content_checksum(connection, "a b", 'c"d').rows == 1


@pytest.fixture(scope="module")
def laws():
    """One database for all examples of a law; each makes its table anew."""
    with duckdb.connect() as connection:
        yield connection


CELLS = st.tuples(
    st.none() | st.integers(-2, 2),
    st.none() | st.sampled_from(["", " ", "a", "A", "NULL", "0"]),
    st.none() | st.sampled_from([Decimal("0.00"), Decimal("0.01"), Decimal("-0.01")]),
    st.none() | st.booleans(),
)
TABLES = st.lists(CELLS, max_size=4)


@settings(deadline=None, max_examples=60)
@given(left=TABLES, right=TABLES, data=st.data())
def test_checksums_are_equal_if_and_only_if_the_rows_are(laws, left, right, data):
    def of(rows):
        laws.execute("CREATE OR REPLACE TABLE t (n INTEGER, s VARCHAR, d DECIMAL(18, 2), b BOOLEAN)")
        if rows:
            laws.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows)
        return content_checksum(laws, "main", "t")

    assert (of(left) == of(right)) == (Counter(left) == Counter(right))
    assert of(left) == of(data.draw(st.permutations(left)))
