"""How rows find their partners, and what is counted."""

import duckdb
import pytest

from transferroom_pipeline.comparisons.engine import Effort, compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline_tests.comparisons.conftest import make_tables, table_spec


def _values(*rows: str, columns: str = "id, v") -> str:
    return f"SELECT * FROM (VALUES {', '.join(f'({row})' for row in rows)}) AS rows({columns})"


def _identities_hold(rows) -> bool:
    legacy = rows.identical + rows.different + rows.only_legacy + rows.duplicate_key_legacy
    modern = rows.identical + rows.different + rows.only_modern + rows.duplicate_key_modern
    return (legacy, modern) == (rows.legacy, rows.modern)


def test_keys_that_differ_are_found_although_the_counts_agree(compared):
    result = compared(_values("1, 'a'", "2, 'b'"), _values("1, 'a'", "3, 'b'"))

    assert (result.rows.only_legacy, result.rows.only_modern, result.rows.identical) == (1, 1, 1)
    assert result.verdict == "differs"
    assert result.reasons == ("1 row only in legacy.", "1 row only in modern.")


def test_null_keys_match_each_other_and_nothing_else(compared):
    columns = "a, b, v"
    legacy = _values("NULL, 'x', 1", "'', 'x', 2", "NULL, NULL, 3", columns=columns)
    modern = _values("NULL, 'x', 1", "'', 'x', 2", "NULL, '', 3", columns=columns)

    rows = compared(legacy, modern, key=["a", "b"]).rows

    assert (rows.identical, rows.only_legacy, rows.only_modern) == (2, 1, 1)
    assert (rows.null_key_legacy, rows.null_key_modern) == (2, 2)


def test_rows_with_a_duplicate_key_are_counted_and_never_multiply(compared):
    legacy = _values("1, 'a'", "1, 'b'", "2, 'c'", "3, 'd'", "3, 'd'")
    modern = _values("1, 'b'", "1, 'a'", "2, 'c'", "3, 'd'")

    result = compared(legacy, modern)

    assert (result.rows.duplicate_key_legacy, result.rows.duplicate_key_modern) == (4, 3)
    assert _identities_hold(result.rows)
    assert result.reasons == ("1 row with a duplicate key that the other side does not have as often.",)


def test_a_key_that_is_a_duplicate_on_the_other_side_only_is_a_duplicate(compared):
    rows = compared(_values("1, 'a'"), _values("1, 'a'", "1, 'a'")).rows

    assert (rows.duplicate_key_legacy, rows.duplicate_key_modern, rows.identical) == (1, 2, 0)


def test_equal_multisets_under_a_duplicate_key_prove_nothing(compared):
    rows = _values("1, 'a'", "1, 'a'", "2, 'b'")

    result = compared(rows, rows)

    assert result.verdict == "not_proven"
    assert "share a key" in result.reasons[0]


def test_equal_multisets_are_proven_where_the_spec_asks_for_multisets(compared):
    rows = _values("1, 'a'", "1, 'a'", "2, 'b'")

    assert compared(rows, rows, multiset=True).verdict == "proven"
    assert compared(rows, _values("1, 'a'", "1, 'b'", "2, 'b'"), multiset=True).verdict == "differs"


def test_a_tolerance_pairs_no_rows_that_share_a_key(compared):
    legacy, modern = _values("1, 1.0", "1, 2.0", "2, 3.0"), _values("1, 1.1", "1, 2.0", "2, 3.1")

    result = compared(legacy, modern, multiset=True, columns={"v": {"abs": "0.5"}})

    assert result.rows.identical == 1
    assert result.reasons == ("2 rows with a duplicate key that the other side does not have as often.",)


def test_tables_without_a_key_are_compared_as_multisets_of_whole_rows(compared):
    legacy = _values("1, 'a'", "1, 'a'", "2, NULL")

    result = compared(legacy, _values("2, NULL", "1, 'a'", "3, 'c'"), key=[], multiset=True)

    assert (result.rows.identical, result.rows.only_legacy, result.rows.only_modern) == (2, 1, 1)
    assert _identities_hold(result.rows)
    assert [(sample.kind, sample.cells["v"].legacy, sample.cells["v"].modern) for sample in result.samples] == [
        ("only_legacy", "a", "a"),
        ("only_modern", None, "c"),
    ]
    assert compared(legacy, legacy, key=[], multiset=True).verdict == "proven"


@pytest.mark.parametrize(("rule", "proven"), [({"case": "insensitive", "trim": "right"}, True), ({}, False)])
def test_text_rules_apply_to_keys(compared, rule, proven):
    columns = {"columns": {"id": rule}} if rule else {}

    result = compared(_values("'p1', 1", "'P2 ', 2"), _values("'P1', 1", "'p2', 2"), **columns)

    assert (result.verdict == "proven") is proven


def test_keys_that_fold_together_are_duplicates(compared):
    result = compared(_values("'a', 1", "'A', 1"), _values("'a', 1"), columns={"id": {"case": "insensitive"}})

    assert (result.rows.duplicate_key_legacy, result.rows.duplicate_key_modern) == (2, 1)


def test_keys_of_different_types_match_by_value_and_what_does_not_convert_matches_nothing(compared):
    result = compared(_values("'1', 1", "'x', 2", "NULL, 3"), _values("1, 1", "2, 2", "NULL, 3"))

    assert (result.rows.identical, result.rows.only_legacy, result.rows.only_modern) == (2, 1, 1)


def test_nan_and_negative_zero_are_keys_like_any_other(compared):
    legacy = _values("'nan'::DOUBLE, 1", "-0.0::DOUBLE, 2")
    modern = _values("'nan'::DOUBLE, 1", "0.0::DOUBLE, 2")

    assert compared(legacy, modern).rows.identical == 2


def test_a_tolerance_on_a_key_is_refused(compared):
    with pytest.raises(ComparisonError, match="key column id has a tolerance"):
        compared(_values("1, 1"), _values("1, 1"), columns={"id": {"abs": 1}})


def test_a_predicate_limits_both_sides_alike_or_each_to_its_own_rows(compared):
    legacy, modern = _values("1, 'a'", "2, 'b'"), _values("1, 'a'", "3, 'c'")

    assert compared(legacy, modern, where="id = 1").verdict == "proven"
    both = compared(legacy, modern, where={"legacy": "id < 2", "modern": "v <> 'c'"})
    assert (both.rows.legacy, both.rows.modern, both.verdict) == (1, 1, "proven")


def test_a_predicate_that_keeps_no_row_proves_nothing(compared):
    rows = _values("1, 'a'")

    result = compared(rows, rows, where="id > 5", allow_empty=True)

    assert (result.verdict, result.reasons) == ("not_proven", ("The predicate keeps no row of either side.",))


@pytest.mark.parametrize(
    ("predicate", "said"),
    [
        ("nothing = 1", "nothing"),
        ("v", "is of type VARCHAR: write a condition"),
        ("CAST(v AS INTEGER) = 1", "cannot be compared"),
    ],
)
def test_a_predicate_that_cannot_be_used_is_one_clear_sentence(compared, predicate, said):
    with pytest.raises(ComparisonError, match=said) as error:
        compared(_values("1, 'a'"), _values("1, 'a'"), where=predicate)

    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("allow", "verdict"), [(False, "not_proven"), (True, "proven")])
def test_two_empty_tables_prove_nothing_unless_allowed(compared, allow, verdict):
    empty = "SELECT 1 AS id, 'a' AS v WHERE FALSE"

    assert compared(empty, empty, allow_empty=allow).verdict == verdict


def test_one_empty_table_differs(compared):
    assert compared(_values("1, 'a'"), "SELECT 1 AS id, 'a' AS v WHERE FALSE").verdict == "differs"


@pytest.mark.parametrize(("tolerance", "verdict"), [("0.1", "proven"), ("0.09", "differs")])
def test_the_row_tolerance_is_a_share_of_the_larger_side(compared, tolerance, verdict):
    legacy = "SELECT range AS id, 'a' AS v FROM range(20)"
    modern = "SELECT range AS id, CASE WHEN range = 3 THEN 'b' ELSE 'a' END AS v FROM range(19)"

    assert compared(legacy, modern, row_tolerance=tolerance).verdict == verdict


def test_samples_are_the_same_rows_whatever_the_order_and_no_more_than_asked_for(connection):
    ids = []
    for order in ("ASC", "DESC"):
        make_tables(
            connection,
            f"SELECT range AS id, 1 AS v FROM range(100) ORDER BY 1 {order}",
            "SELECT range AS id, 2 AS v FROM range(100)",
        )
        with compare(DuckDBEngine(connection), table_spec(), effort=Effort(samples=5)) as comparison:
            ids.append([sample.key["id"] for sample in comparison.result.samples])

    assert ids[0] == ids[1]
    assert len(ids[0]) == 5


def test_differences_are_read_in_long_form_and_no_table_is_left_behind(connection):
    make_tables(connection, _values("1, 'a'", "2, 'b'", "4, 'd'", "4, 'd'"), _values("1, 'A'", "3, 'c'", "4, 'd'"))

    with compare(DuckDBEngine(connection), table_spec()) as comparison:
        rows = connection.execute(comparison.differences.sql(dialect="duckdb")).fetchall()

    assert comparison.differences_total == len(rows) == 4
    assert sorted(rows) == [
        ("different", '{"id":"1"}', "v", "a", "A", "case", False, 1, 1),
        ("duplicate_key", '{"id":"4"}', None, '{"id":"4","v":"d"}', '{"id":"4","v":"d"}', "occurrences", False, 2, 1),
        ("only_legacy", '{"id":"2"}', None, '{"id":"2","v":"b"}', None, "missing", False, 1, 0),
        ("only_modern", '{"id":"3"}', None, None, '{"id":"3","v":"c"}', "missing", False, 0, 1),
    ]
    assert connection.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchone() == (0,)


def test_no_table_is_left_behind_by_a_comparison_that_fails(connection):
    make_tables(connection, _values("1, 'a'"), _values("1, 'a'"))

    with pytest.raises(RuntimeError), compare(DuckDBEngine(connection), table_spec()):
        raise RuntimeError

    assert connection.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchone() == (0,)


def test_two_files_are_compared_on_a_read_only_connection(tmp_path):
    for name, value in (("old", "a"), ("new", "b")):
        with connect(tmp_path / f"{name}.duckdb") as connection:
            connection.execute(f"CREATE TABLE t AS SELECT 1 AS id, '{value}' AS v")

    spec = table_spec(legacy="old.main.t", modern="new.main.t")
    with (
        connect(tmp_path / "new.duckdb", read_only=True, attach={"old": tmp_path / "old.duckdb"}) as connection,
        compare(DuckDBEngine(connection), spec) as comparison,
    ):
        assert comparison.result.rows.different == 1


def test_a_missing_table_is_one_sentence(connection):
    with (
        pytest.raises(ComparisonError, match=r'table t: "raw"."t" cannot be read: .*does not exist'),
        compare(DuckDBEngine(connection), table_spec()),
    ):
        pass


def test_a_view_that_gives_other_rows_each_time_is_an_error_and_no_verdict(connection):
    connection.execute(
        "CREATE SCHEMA raw; CREATE SCHEMA prod; CREATE SEQUENCE s; CREATE TABLE prod.t AS SELECT 1 AS id, 1 AS v"
    )
    connection.execute("CREATE VIEW raw.t AS SELECT nextval('s') AS id, 1 AS v FROM range(nextval('s'))")

    with pytest.raises(ComparisonError), compare(DuckDBEngine(connection), table_spec()):
        pass


def test_the_engine_leaves_a_callers_transaction_alone(connection: duckdb.DuckDBPyConnection):
    make_tables(connection, _values("1, 'a'"), _values("1, 'a'"))
    connection.begin()

    with compare(DuckDBEngine(connection), table_spec()) as comparison:
        assert comparison.result.verdict == "proven"

    connection.commit()
