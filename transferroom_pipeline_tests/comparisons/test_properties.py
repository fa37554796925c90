"""What holds for any two tables."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from transferroom_pipeline.comparisons.engine import compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.result import ComparisonResult, Verdict
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline_tests.comparisons.conftest import table_spec

Row = tuple[int | None, str | None, int | None]

some_examples = settings(max_examples=20, deadline=None, derandomize=True)
rows_of = st.lists(
    st.tuples(
        st.none() | st.integers(0, 6), st.sampled_from([None, "", "a", "A", "a "]), st.none() | st.integers(0, 2)
    ),
    max_size=8,
)
unique_rows = st.lists(
    st.tuples(st.integers(0, 30), st.text(max_size=3), st.integers()),
    min_size=1,
    max_size=8,
    unique_by=lambda row: row[0],
)


def _compared(legacy: Sequence[Row], modern: Sequence[Row], **entry: Any) -> ComparisonResult:
    return _compared_in({"raw": legacy, "prod": modern}, "id INTEGER, name VARCHAR, n HUGEINT", **entry)


def _compared_in(tables: Mapping[str, Sequence[tuple[Any, ...]]], columns: str, /, **entry: Any) -> ComparisonResult:
    with connect(None) as connection:
        for schema, rows in tables.items():
            connection.execute(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.t ({columns})")
            if rows:
                places = ", ".join(f"({', '.join('?' * len(row))})" for row in rows)
                connection.execute(f"INSERT INTO {schema}.t VALUES {places}", [value for row in rows for value in row])
        with compare(DuckDBEngine(connection), table_spec(**entry)) as comparison:
            return comparison.result


def _reference(legacy: Sequence[Row], modern: Sequence[Row]) -> tuple[dict[str, int], Verdict]:
    """The counts and the verdict, by the plainest code that could give them."""
    keys = [Counter(row[0] for row in rows) for rows in (legacy, modern)]
    duplicates = {key for counts in keys for key, count in counts.items() if count > 1}
    single = [{row[0]: row[1:] for row in rows if row[0] not in duplicates} for rows in (legacy, modern)]
    repeated = [Counter(row for row in rows if row[0] in duplicates) for rows in (legacy, modern)]
    both = single[0].keys() & single[1].keys()
    counts = {
        "legacy": len(legacy),
        "modern": len(modern),
        "identical": sum(single[0][key] == single[1][key] for key in both),
        "different": sum(single[0][key] != single[1][key] for key in both),
        "only_legacy": len(single[0].keys() - both),
        "only_modern": len(single[1].keys() - both),
        "duplicate_key_legacy": repeated[0].total(),
        "duplicate_key_modern": repeated[1].total(),
        "null_key_legacy": sum(row[0] is None for row in legacy),
        "null_key_modern": sum(row[0] is None for row in modern),
    }
    if counts["different"] or counts["only_legacy"] or counts["only_modern"] or repeated[0] != repeated[1]:
        return counts, Verdict.DIFFERS
    return counts, Verdict.NOT_PROVEN if duplicates or not (legacy or modern) else Verdict.PROVEN


@some_examples
@given(rows_of, rows_of)
def test_counts_and_verdict_are_those_of_plain_python(legacy, modern):
    counts, verdict = _reference(legacy, modern)

    result = _compared(legacy, modern)

    assert {name: getattr(result.rows, name) for name in counts} == counts
    assert result.verdict == verdict


@some_examples
@given(rows_of, rows_of)
def test_a_multiset_of_rows_is_that_of_plain_python(legacy, modern):
    result = _compared(legacy, modern, key=[], multiset=True, allow_empty=True)

    common = (Counter(legacy) & Counter(modern)).total()
    assert result.rows.identical == common
    assert (result.rows.only_legacy, result.rows.only_modern) == (len(legacy) - common, len(modern) - common)
    assert (result.verdict is Verdict.PROVEN) == (Counter(legacy) == Counter(modern))


@some_examples
@given(unique_rows, st.randoms(use_true_random=False))
def test_a_table_is_equal_to_itself_in_any_order(rows, random):
    shuffled = random.sample(rows, len(rows))

    assert _compared(rows, shuffled).verdict is Verdict.PROVEN


@some_examples
@given(rows_of, rows_of)
def test_swapping_the_sides_mirrors_the_counts(legacy, modern):
    one, other = _compared(legacy, modern), _compared(modern, legacy)

    assert one.verdict is other.verdict
    assert (one.rows.only_legacy, one.rows.only_modern) == (other.rows.only_modern, other.rows.only_legacy)
    assert (one.rows.different, one.rows.identical) == (other.rows.different, other.rows.identical)
    assert [column.different for column in one.columns] == [column.different for column in other.columns]


@some_examples
@given(unique_rows, st.data())
def test_one_planted_change_is_always_found(rows, data):
    place = data.draw(st.integers(0, len(rows) - 1))
    row = rows[place]
    changed = data.draw(
        st.sampled_from(
            [(row[0], row[1] + " ", row[2]), (row[0], None, row[2]), (row[0], row[1], row[2] + 1), (99, *row[1:]), None]
        )
    )
    planted = [*rows[:place], *([changed] if changed else []), *rows[place + 1 :]]

    assert _compared(rows, planted).verdict is Verdict.DIFFERS


numbers = st.floats(allow_nan=True, allow_infinity=True, width=64) | st.sampled_from([0.0, -0.0, 1.0, 1.0 + 2**-52])


@some_examples
@given(
    st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20),
    st.sampled_from(["0", "1e-9", "0.5"]),
    st.sampled_from(["0", "0.1"]),
)
def test_tolerance_on_doubles_is_that_of_plain_python(pairs, largest, share):
    def equal(one: float, other: float) -> bool:
        if one == other or (one != one and other != other):  # noqa: PLR0124 - only NaN is not itself
            return True
        if not all(abs(number) < float("inf") for number in (one, other)):
            return False
        return abs(one - other) <= float(largest) or abs(one - other) <= float(share) * max(abs(one), abs(other))

    sides = [[(number, pair[side]) for number, pair in enumerate(pairs)] for side in (0, 1)]

    result = _compared_in(
        {"raw": sides[0], "prod": sides[1]},
        "id INTEGER, v DOUBLE",
        columns={"v": {"abs": largest, "rel": share}},
    )

    assert result.rows.different == sum(not equal(*pair) for pair in pairs)
