"""The engine finds in random tables what the reference in plain Python finds: verdict, counts, and every cell.

See `strategies` for how to try many more cases than usual.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import cycle, pairwise, product
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transferroom_pipeline.comparisons.result import ColumnResult
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline_tests.comparisons.kinds import (
    BIGINT,
    BOOLEAN,
    DECIMALS,
    DOUBLE,
    FLOAT,
    INSTANTS,
    INTEGER,
    INTEGERS,
    JSON_TEXT,
    TEXT,
    TIMESTAMP,
    ZONES,
    Kind,
    Pair,
    list_of,
    measurable,
)
from transferroom_pipeline_tests.comparisons.reference import Expected
from transferroom_pipeline_tests.comparisons.strategies import (
    RELATIONS,
    Case,
    Found,
    PairedColumn,
    Rule,
    cases,
    close_cells,
    compared,
    equal_cases,
    examples,
    identifier,
    smallest,
)

KeyText = tuple[str | None, ...]


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(None) as connection:
        connection.execute("CREATE SCHEMA raw; CREATE SCHEMA prod")
        yield connection


def _key_texts(connection: duckdb.DuckDBPyConnection, case: Case, side: int) -> list[KeyText]:
    """The keys of one side's rows as the database writes them."""
    names = [f"CAST({identifier(case.columns[place].names[side])} AS VARCHAR)" for place in case.key]
    return connection.execute(f"SELECT {', '.join(names)} FROM {RELATIONS[side]} ORDER BY rowid").fetchall()


def _expected_places(connection: duckdb.DuckDBPyConnection, case: Case, expected: Expected) -> Counter[Any]:
    """Every differing cell and every row on one side only, by the text of its key: the legacy one if there is one."""
    if not case.key:
        return Counter()
    legacy, modern = (_key_texts(connection, case, side) for side in (0, 1))
    cells = [(legacy[cell.legacy_row], modern[cell.modern_row], cell.column) for cell in expected.cells]
    return Counter(
        [
            *(("different", tuple(map(_either, one, other)), column) for one, other, column in cells),
            *(("only_legacy", legacy[row], None) for row in expected.only_legacy),
            *(("only_modern", modern[row], None) for row in expected.only_modern),
        ]
    )


def _either(legacy: str | None, modern: str | None) -> str | None:
    return modern if legacy is None else legacy


def _found_places(case: Case, found: Found) -> Counter[Any]:
    return Counter(
        (difference.kind, tuple(json.loads(difference.key).values()), difference.column_name)
        for difference in found.differences
        if case.key and difference.kind != "duplicate_key"
    )


def _surplus(found: Found, *kinds: str) -> int:
    """Rows compared as multisets that one side has more often."""
    rows = [each.legacy_rows - each.modern_rows for each in found.differences if each.kind in kinds]
    return sum(abs(more) for more in rows)


def _drifts(column: ColumnResult) -> bool:
    bound = column.rule.get("drift")
    return column.status != "excluded" and bound is not None and (column.drift is None or column.drift > bound)


def _as_expected(connection: duckdb.DuckDBPyConnection, case: Case, expected: Expected) -> Mapping[str, Any]:
    one_sided = expected.rows.only_legacy + expected.rows.only_modern
    return {
        "verdict": expected.verdict.value,
        "rows": expected.rows,
        "columns": dict(expected.columns),
        "places": _expected_places(connection, case, expected),
        "surplus": expected.surplus if case.key else one_sided,
        "drifting": expected.drifting,
    }


def _as_found(case: Case, found: Found) -> Mapping[str, Any]:
    return {
        "verdict": found.result.verdict.value,
        "rows": found.result.rows,
        "columns": {column.name: (column.status, column.different) for column in found.result.columns},
        "places": _found_places(case, found),
        "surplus": _surplus(found, *(["duplicate_key"] if case.key else ["only_legacy", "only_modern"])),
        "drifting": {column.name for column in found.result.columns if _drifts(column)},
    }


def disagreement(connection: duckdb.DuckDBPyConnection, case: Case, **effort: bool) -> str:
    """In what the engine and the reference disagree; nothing where they agree."""
    found = _as_found(case, compared(connection, case, **effort))
    expected = _as_expected(connection, case, case.expected())
    return "\n".join(
        f"{what}:\n  engine    {found[what]}\n  reference {expected[what]}"
        for what in expected
        if found[what] != expected[what]
    )


def assert_agreement(connection: duckdb.DuckDBPyConnection, case: Case, **effort: bool) -> None:
    """Compare a case both ways; where they disagree, the smallest case that shows it is told."""
    if disagreement(connection, case, **effort):
        small = smallest(case, lambda smaller: bool(disagreement(connection, smaller, **effort)))
        pytest.fail(f"{disagreement(connection, small, **effort)}\n{small}\n{effort}")


@examples(25)
@given(case=cases(), in_buckets=st.booleans())
def test_verdict_counts_and_cells_are_those_of_the_reference(database, case, in_buckets):
    assert_agreement(database, case, in_buckets=in_buckets)


@pytest.mark.slow
@examples(1000, when_asked=True)
@given(case=cases(), in_buckets=st.booleans())
def test_verdict_counts_and_cells_are_those_of_the_reference_in_thousands_of_cases(database, case, in_buckets):
    assert_agreement(database, case, in_buckets=in_buckets)


@examples(10)
@given(case=cases())
def test_the_check_of_itself_finds_what_it_plants_and_changes_no_result(database, case):
    assert_agreement(database, case, checks_itself=True)


@examples(10)
@given(case=equal_cases())
def test_cells_that_were_made_equal_are_equal(database, case):
    assert case.expected().verdict == "proven"
    assert_agreement(database, case)


def _texts() -> Iterator[tuple[Pair, Rule]]:
    """Every combination of text rules."""
    for trim, case, nulls, form in product(
        ("none", "right", "both"), ("sensitive", "insensitive"), (False, True), ("none", "nfc")
    ):
        yield (TEXT, TEXT), {"trim": trim, "case": case, "null_equals_empty": nulls, "unicode": form}


def _numbers() -> Iterator[tuple[Pair, Rule]]:
    """Tolerances of every kind on numbers of every kind, and on their texts."""
    bounds = [{"abs": "1"}, {"abs": "0.01"}, {"rel": "0.1"}, {"abs": "1", "rel": "0.1"}]
    kinds = [INTEGER, BIGINT, DECIMALS[9, 0], DECIMALS[15, 2], DECIMALS[15, 10], DOUBLE]
    pairs = [*zip(kinds, kinds, strict=True), *pairwise(kinds), (FLOAT, DOUBLE), (BOOLEAN, INTEGER)]
    for pair, rule in product([*pairs, *((TEXT, kind) for kind in kinds)], bounds):
        if rule.keys() <= set(measurable(pair)):
            yield pair, rule


def _instants() -> Iterator[tuple[Pair, Rule]]:
    """Tolerances and zones on dates and times of every kind, and on their texts."""
    rules = cycle(
        {"within": within, "timezone": zone.key} for within, zone in product(("1us", "1s", "1h", "1d"), ZONES)
    )
    for pair in [*product(INSTANTS, INSTANTS), *((TEXT, kind) for kind in INSTANTS)]:
        yield pair, next(rules)
        yield pair, {"timezone": next(rules)["timezone"]}


def _each_under_its_rule(ruled: Sequence[tuple[Pair, Rule]]) -> Case:
    """A comparison of values that are close to each other, a column per rule."""
    random, rows = Random(0), 150
    columns = [PairedColumn((f"v{place}",) * 2, pair, rule) for place, (pair, rule) in enumerate(ruled)]
    cells = [close_cells(random, column, rows) for column in columns]
    legacy, modern = (tuple((row, *(each[row][side] for each in cells)) for row in range(rows)) for side in (0, 1))
    return Case((PairedColumn(("id", "id"), (INTEGER, INTEGER)), *columns), (0,), (legacy, modern))


@pytest.mark.parametrize("ruled", [_texts, _numbers, _instants])
def test_rules_forgive_what_the_reference_forgives(database, ruled):
    some = Random(0).sample(list(ruled()), 10)

    assert_agreement(database, _each_under_its_rule(some))


@pytest.mark.slow
@pytest.mark.parametrize("in_buckets", [False, True])
@pytest.mark.parametrize("ruled", [_texts, _numbers, _instants])
def test_every_rule_forgives_what_the_reference_forgives(database, ruled, in_buckets):
    assert_agreement(database, _each_under_its_rule(list(ruled())), in_buckets=in_buckets)


def _one_column(pair: tuple[Kind, Kind], cells: Sequence[tuple[Any, Any]], **rule: Any) -> Case:
    """A comparison by id of pairs of cells."""
    columns = PairedColumn(("id", "id"), (INTEGER, INTEGER)), PairedColumn(("v", "v"), pair, rule)
    legacy, modern = (tuple((number, cell[side]) for number, cell in enumerate(cells)) for side in (0, 1))
    return Case(columns, (0,), (legacy, modern))


def _both(kind: Kind) -> tuple[Kind, Kind]:
    return kind, kind


_HUGE, _MONEY, _WIDE, _WHOLE = INTEGERS["HUGEINT"], DECIMALS[18, 2], DECIMALS[38, 10], DECIMALS[38, 0]
_TEXTS = list_of(TEXT)

DETAILS = {
    "nested values that look alike": _one_column(
        _both(_TEXTS),
        [(["a, b"], ["a", "b"]), ([None], ["NULL"]), ([], [None]), (["'a'"], ["a"]), ([""], []), ([], None)],
    ),
    "JSON": _one_column(
        _both(JSON_TEXT), [("1", "1.0"), ("1e2", "100"), ("true", "1"), ("null", None), ('"\\u00e9"', '"é"')], json=True
    ),
    "texts that are no JSON": _one_column(
        _both(JSON_TEXT), [("{broken", "{broken"), ("{broken", "{}"), ("", None)], json=True
    ),
    "a text with an exponent": _one_column((TEXT, INTEGER), [("1e2", 100), ("1.5E+1", 15), ("1e2", 101)]),
    "0 and -1, whose hashes in 128 bits are the same": _one_column(_both(_HUGE), [(0, -1)]),
    "0 and the least negative decimal": _one_column(_both(_WIDE), [(Decimal("0E-10"), Decimal("-1E-10"))]),
    "numbers whose halves change places": _one_column(_both(_HUGE), [(2**64 + 2, 2**65 + 1)]),
    "sums that drift up": _one_column(_both(INTEGER), [(100, 101)], abs="1", drift="0.005"),
    "sums that drift down": _one_column(_both(INTEGER), [(101, 100)], abs="1", drift="0.005"),
    "sums that drift as far as they may": _one_column(_both(INTEGER), [(99, 100)], abs="1", drift="0.01"),
    "sums leave out what is no finite number": _one_column(
        _both(DOUBLE), [(math.nan, math.nan), (math.inf, math.inf), (1.0, 1.0)], drift="0"
    ),
    "half of the larger side": replace(
        _one_column(_both(INTEGER), [(number, number) for number in range(4)]).without_rows(1, [0, 1]),
        entry={"row_tolerance": "0.5"},
    ),
    "NULL is no number": _one_column((TEXT, INTEGER), [("", None), (None, None), ("0", None), ("", 0)], abs="1"),
    "ignoring case, a timestamp is read": _one_column(
        (TEXT, TIMESTAMP), [("2026-01-31T10:00:00Z", datetime.fromisoformat("2026-01-31T10:00"))], case="insensitive"
    ),
    "a date with blanks is read": _one_column(
        (TEXT, TIMESTAMP), [("2026-01-31 ", datetime.fromisoformat("2026-01-31"))]
    ),
    "a boolean is not read with blanks that are no spaces": _one_column((TEXT, BOOLEAN), [("true\u00a0", True)]),
    "a decimal is compared as the nearest double": _one_column(
        (_MONEY, DOUBLE), [(Decimal("9432773622170913.37"), 9432773622170914.0)]
    ),
    "a huge number is compared as the nearest double": _one_column(
        (_HUGE, DOUBLE), [(48807618830178332344, float(48807618830178332344))]
    ),
    "a float is its own text": _one_column((TEXT, FLOAT), [("0.1", FLOAT.near(Fraction("0.1"))[0])]),
    "a number beyond all doubles is not infinity": _one_column((TEXT, DOUBLE), [("1e999", math.inf)]),
    "a clock that is put forward lets no time pass": _one_column(
        _both(TIMESTAMP),
        [(datetime.fromisoformat("2026-03-29T01:30"), datetime.fromisoformat("2026-03-29T03:00"))],
        within="1h",
        timezone="Europe/Berlin",
    ),
    "a clock that is put back does not stand still": _one_column(
        _both(TIMESTAMP),
        [(datetime.fromisoformat("2026-10-25T01:00"), datetime.fromisoformat("2026-10-25T04:00"))],
        within="3h",
        timezone="Europe/Berlin",
    ),
}


@pytest.mark.parametrize("in_buckets", [False, True])
@pytest.mark.parametrize("case", DETAILS.values(), ids=DETAILS)
def test_details_are_those_of_the_reference(database, case, in_buckets):
    assert_agreement(database, case, in_buckets=in_buckets)


LIMITS = {
    "the drift of wide decimals is rounded": _one_column(
        _both(_WIDE),
        [(Decimal("1000000000000000.0000000000"), Decimal("1000000000000000.0000000001"))],
        abs="1",
        drift="0",
    ),
    "sums of doubles cancel each other out": _one_column(
        _both(DOUBLE), [(1e30, 1e30), (1.0, 2.0), (-1e30, -1e30)], abs="1", drift="0.1"
    ),
    "a share of wide decimals is blurred": _one_column(
        _both(_WHOLE), [(Decimal(9 * 10**36 - 1), Decimal(10**37))], rel="0.1"
    ),
    "a tolerance covers no numbers of 39 digits": _one_column(
        _both(INTEGERS["UHUGEINT"]), [(2**128 - 1, 2**128 - 2)], abs="1"
    ),
    "a tolerance covers no text beside a wide number": _one_column(
        (TEXT, _WIDE), [("1.00000000001", Decimal("1.0000000000"))], abs="1"
    ),
}


@pytest.mark.xfail(strict=True, reason="a limit that docs/comparison.md states", raises=AssertionError)
@pytest.mark.parametrize("case", LIMITS.values(), ids=LIMITS)
def test_what_is_beyond_the_limits_of_the_engine(database, case):
    assert not disagreement(database, case, in_buckets=True)
