"""Known, agreed differences: what they cover, and when they no longer hold."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from duckdb import DuckDBPyConnection
from pydantic import ValidationError

from transferroom_pipeline.comparisons.engine import Comparison, Effort, compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.exceptions import ComparisonError, SpecError
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline_tests.comparisons.conftest import Compare, make_tables, table_spec

TODAY = date(2026, 7, 1)
COLUMNS = "id, league, fee"
LEGACY = "SELECT * FROM (VALUES (1, 'Unknown', 10), (2, 'Unknown', 20), (3, 'Serie A', 30), (4, 'La Liga', 40))"
MODERN = "SELECT * FROM (VALUES (1, NULL, 10), (2, 'Eredivisie', 21), (3, 'Serie B', 30), (4, 'La Liga', 40))"


def agreed(**changes: Any) -> dict[str, Any]:
    """An agreement on the column league that holds, with whatever is given instead."""
    of = {"column": "league", "reason": "it says so now", "owner": "team:data", "expires": "2026-12-31", "max_rows": 50}
    return {name: value for name, value in {**of, **changes}.items() if value is not None}


@pytest.fixture(scope="module")
def connection() -> Iterator[DuckDBPyConnection]:
    """One database for all tests of the module: each makes its tables anew."""
    with connect(None) as opened:
        yield opened


@pytest.fixture
def judged(connection) -> Compare:
    """Compares two queries under agreements on a day and gives the comparison with its differences as rows."""

    def compare_queries(
        *accepted: dict[str, Any],
        legacy: str = f"{LEGACY} AS t({COLUMNS})",
        modern: str = f"{MODERN} AS t({COLUMNS})",
        today: date = TODAY,
        **entry: Any,
    ) -> tuple[Comparison, list[tuple[Any, ...]]]:
        make_tables(connection, legacy, modern)
        spec = table_spec(accepted=list(accepted), **entry)
        effort = Effort(checks_itself=False)
        with compare(DuckDBEngine(connection), spec, today=today, effort=effort) as comparison:
            rows = connection.execute(comparison.differences.sql(dialect="duckdb")).fetchall()
        return comparison, rows

    return compare_queries


def _counts(comparison: Comparison) -> dict[str, Any]:
    result = comparison.result
    return {
        "verdict": result.verdict.value,
        "different": result.rows.different,
        "accepted": result.rows.accepted,
        "cells": {column.name: (column.different, column.accepted) for column in result.columns if column.different},
    }


def _accepted(rows: list[tuple[Any, ...]]) -> list[tuple[str, str | None]]:
    """The keys and columns of the differences that are accepted, in long form."""
    return sorted((row[1], row[2]) for row in rows if row[6])


def test_an_agreement_covers_the_cells_of_its_column_that_its_predicate_holds_for(judged):
    comparison, rows = judged(agreed(where="legacy_value = 'Unknown'"))

    assert _counts(comparison) == {
        "verdict": "differs",
        "different": 3,
        "accepted": 1,
        "cells": {"league": (3, 2), "fee": (1, 0)},
    }
    assert _accepted(rows) == [('{"id":"1"}', "league"), ('{"id":"2"}', "league")]


def test_an_agreement_without_a_predicate_covers_the_whole_column(judged):
    comparison, _ = judged(agreed())

    assert _counts(comparison)["cells"] == {"league": (3, 3), "fee": (1, 0)}


def test_a_row_with_another_difference_beside_an_accepted_one_still_differs(judged):
    comparison, _ = judged(agreed(), where="id = 2")

    assert _counts(comparison)["verdict"] == "differs"
    assert (comparison.result.rows.different, comparison.result.rows.accepted) == (1, 0)


def test_differences_that_are_all_agreed_on_are_proven_and_still_told(judged):
    comparison, rows = judged(agreed(), agreed(column="fee", where="modern_value = legacy_value + 1"))

    assert _counts(comparison) == {
        "verdict": "proven",
        "different": 3,
        "accepted": 3,
        "cells": {"league": (3, 3), "fee": (1, 1)},
    }
    assert [row[6] for row in rows] == [True] * 4
    assert any("3 rows" in reason and "agreed" in reason for reason in comparison.result.reasons)


@pytest.mark.parametrize(
    ("where", "covered"),
    [
        ("modern_value IS NULL", ["1"]),
        ("legacy_value LIKE 'Serie%' AND modern_value LIKE 'Serie%'", ["3"]),
        ("id = 2", ["2"]),
        ("ID = 2 OR LEGACY_VALUE = 'Serie A'", ["2", "3"]),
        ("id IN (1, 3)", ["1", "3"]),
        ("modern_value <> 'Serie B'", ["2"]),
        ("modern_value = 'nothing like it'", []),
        ("legacy_value IS DISTINCT FROM modern_value", ["1", "2", "3"]),
        ("legacy_value = 'Unknown'' OR 1 = 1 --'", []),
    ],
)
def test_a_predicate_is_about_both_values_and_the_key_and_null_is_no(judged, where, covered):
    _, rows = judged(agreed(where=where))

    assert [key for key, _ in _accepted(rows)] == [f'{{"id":"{number}"}}' for number in covered]


def test_values_have_their_own_types_in_a_predicate(judged):
    legacy = "SELECT 1 AS id, DATE '2026-01-31' AS v UNION ALL SELECT 2, DATE '2026-03-31'"
    modern = "SELECT 1 AS id, TIMESTAMP '2026-01-31 10:00:00' AS v UNION ALL SELECT 2, TIMESTAMP '2026-03-31 10:00:00'"

    comparison, _ = judged(
        agreed(column="v", where="legacy_value < DATE '2026-02-01' AND hour(modern_value) = 10"),
        legacy=legacy,
        modern=modern,
    )

    assert _counts(comparison)["cells"] == {"v": (2, 1)}


def test_a_composite_key_can_be_named_in_full(judged):
    legacy = "SELECT 1 AS a, NULL AS b, 1 AS v UNION ALL SELECT 1, 2, 1"
    modern = "SELECT 1 AS a, NULL AS b, 2 AS v UNION ALL SELECT 1, 2, 2"

    comparison, rows = judged(
        agreed(column="v", where="a = 1 AND b IS NULL"), legacy=legacy, modern=modern, key=["a", "b"]
    )

    assert _counts(comparison)["cells"] == {"v": (2, 1)}
    assert _accepted(rows) == [('{"a":"1","b":null}', "v")]


@pytest.mark.parametrize("name", ["club", "current_club", "CLUB"])
def test_a_renamed_column_goes_by_either_name(judged, name):
    comparison, _ = judged(
        agreed(column=name),
        legacy="SELECT 1 AS id, 'a' AS club UNION ALL SELECT 2, 'same'",
        modern="SELECT 1 AS id, 'b' AS current_club UNION ALL SELECT 2, 'same'",
        rename={"club": "current_club"},
    )

    assert _counts(comparison)["verdict"] == "proven"


def test_a_renamed_key_goes_by_either_name(judged):
    tables = {
        "legacy": "SELECT 1 AS old_id, 'a' AS v UNION ALL SELECT 2, 'same'",
        "modern": "SELECT 1 AS id, 'b' AS v UNION ALL SELECT 2, 'same'",
        "rename": {"old_id": "id"},
    }

    for name in ("old_id", "id"):
        assert _counts(judged(agreed(column="v", where=f"{name} = 1"), **tables)[0])["verdict"] == "proven"


def test_where_several_agreements_cover_a_cell_it_counts_once(judged):
    comparison, rows = judged(agreed(), agreed(where="legacy_value = 'Unknown'"))

    assert _counts(comparison)["cells"]["league"] == (3, 3)
    assert len(rows) == comparison.differences_total == 4


def test_of_several_agreements_the_first_one_counts(judged):
    unknown, others = agreed(where="legacy_value = 'Unknown'", max_rows=2), agreed(max_rows=1)

    assert _counts(judged(unknown, others)[0])["cells"]["league"] == (3, 3)
    assert judged(others, unknown)[0].result.reasons[0].endswith("covers 1 differences at most, and there are 3.")


def test_an_agreement_whose_predicate_is_no_condition_is_refused_whatever_is_found(judged):
    same = f"{LEGACY} AS t({COLUMNS})"
    for modern in (same, f"{MODERN} AS t({COLUMNS})"):
        with pytest.raises(SpecError, match="'legacy_value - 1' is of type INTEGER: write a condition"):
            judged(agreed(column="fee", where="legacy_value - 1"), modern=modern)


def test_nothing_is_accepted_where_nothing_differs(judged):
    rows = f"{LEGACY} AS t({COLUMNS})"

    comparison, _ = judged(agreed(max_rows=1), agreed(expires="2020-01-01"), legacy=rows, modern=rows)

    assert _counts(comparison) == {"verdict": "proven", "different": 0, "accepted": 0, "cells": {}}


ONE_SIDED_LEGACY = "SELECT * FROM (VALUES (1, 'test'), (2, 'a'), (3, 'test')) AS t(id, name)"
ONE_SIDED_MODERN = "SELECT * FROM (VALUES (2, 'a'), (4, 'test'), (5, 'new')) AS t(id, name)"


@pytest.mark.parametrize(
    ("where", "covered"),
    [
        (None, ["1", "3", "4", "5"]),
        ("name = 'test'", ["1", "3", "4"]),
        ("id > 3", ["4", "5"]),
        ("id = 1 AND name = 'test'", ["1"]),
    ],
)
def test_an_agreement_without_a_column_covers_rows_on_one_side(judged, where, covered):
    comparison, rows = judged(agreed(column=None, where=where), legacy=ONE_SIDED_LEGACY, modern=ONE_SIDED_MODERN)

    result = comparison.result
    assert [key for key, _ in _accepted(rows)] == [f'{{"id":"{number}"}}' for number in covered]
    assert (result.rows.only_legacy, result.rows.only_modern, result.rows.accepted) == (2, 2, len(covered))
    assert (result.verdict == "proven") == (len(covered) == 4)


def test_an_agreement_on_rows_covers_no_cell_and_one_on_cells_no_row(judged):
    legacy, modern = "SELECT 1 AS id, 'a' AS v UNION ALL SELECT 2, 'b'", "SELECT 1 AS id, 'x' AS v"

    of_rows, _ = judged(agreed(column=None), legacy=legacy, modern=modern)
    of_cells, _ = judged(agreed(column="v"), legacy=legacy, modern=modern)

    for comparison in (of_rows, of_cells):
        assert (comparison.result.verdict, comparison.result.rows.accepted) == ("differs", 1)


def test_rows_that_exchanged_column_names_are_judged_by_their_own_side_s_names(judged):
    """Legacy's a is modern's b: on a row that only legacy has, a is legacy's."""
    comparison, _ = judged(
        agreed(column=None, where="a = 'mine'"),
        legacy="SELECT 1 AS id, 'mine' AS a, 'other' AS b UNION ALL SELECT 2, 'same', 'same'",
        modern="SELECT 2 AS id, 'same' AS a, 'same' AS b",
        rename={"a": "b", "b": "a"},
    )

    assert comparison.result.verdict == "proven"


def test_a_row_on_one_side_is_judged_by_the_names_of_either_side(judged):
    tables = {
        "legacy": "SELECT 1 AS id, 'x' AS club UNION ALL SELECT 2, 'same'",
        "modern": "SELECT 2 AS id, 'same' AS current_club",
        "rename": {"club": "current_club"},
    }

    for name in ("club", "current_club"):
        comparison, _ = judged(agreed(column=None, where=f"{name} = 'x'"), **tables)
        assert comparison.result.verdict == "proven"


def test_rows_that_share_a_key_are_covered_by_no_agreement(judged):
    comparison, _ = judged(
        agreed(column=None),
        agreed(column="v"),
        legacy="SELECT 1 AS id, 1 AS v FROM range(2)",
        modern="SELECT 1 AS id, 1 AS v",
    )

    assert (comparison.result.verdict, comparison.result.rows.accepted) == ("differs", 0)


def test_no_agreement_covers_a_column_on_one_side_or_drift(judged):
    tables = {"legacy": "SELECT 1 AS id, 10 AS v, 1 AS old", "modern": "SELECT 1 AS id, 20 AS v"}

    comparison, _ = judged(agreed(column="v"), **tables, columns={"v": {"drift": "0.1"}})

    assert comparison.result.verdict == "differs"
    assert [("old" in reason, "drift" in reason) for reason in comparison.result.reasons[:2]] == [
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize(("most", "verdict", "accepted"), [(3, "proven", 3), (2, "differs", 0)])
def test_an_agreement_covers_up_to_its_number_of_cells_and_beyond_it_none(judged, most, verdict, accepted):
    comparison, rows = judged(agreed(max_rows=most), columns={"fee": {"exclude": True}})

    assert (comparison.result.verdict, comparison.result.rows.accepted) == (verdict, accepted)
    assert len(_accepted(rows)) == accepted
    if verdict == "differs":
        (reason,) = [reason for reason in comparison.result.reasons if "team:data" in reason]
        assert all(said in reason for said in ("column league", "it says so now", "2 ", "3"))


@pytest.mark.parametrize(
    ("today", "verdict"), [(date(2026, 12, 31), "proven"), (date(2027, 1, 1), "differs"), (date(2026, 1, 1), "proven")]
)
def test_an_agreement_holds_through_its_last_day(judged, today, verdict):
    comparison, _ = judged(agreed(), columns={"fee": {"exclude": True}}, today=today)

    assert comparison.result.verdict == verdict
    if verdict == "differs":
        (reason,) = [reason for reason in comparison.result.reasons if "team:data" in reason]
        assert all(said in reason for said in ("column league", "it says so now", "2026-12-31"))


def test_an_agreement_on_rows_that_lapsed_says_who_and_what(judged):
    comparison, _ = judged(
        agreed(column=None, max_rows=1, owner="ops"), legacy=ONE_SIDED_LEGACY, modern=ONE_SIDED_MODERN
    )

    assert comparison.result.verdict == "differs"
    assert any("ops" in reason and "rows" in reason for reason in comparison.result.reasons)


def test_an_agreement_that_lapsed_differs_although_the_row_tolerance_covers_the_rows(judged):
    comparison, _ = judged(agreed(max_rows=1), row_tolerance="0.9")

    assert comparison.result.verdict == "differs"


def test_one_agreement_that_lapsed_takes_nothing_from_another(judged):
    comparison, rows = judged(agreed(where="id = 1"), agreed(where="id > 1", expires="2020-01-01", owner="late"))

    assert _accepted(rows) == [('{"id":"1"}', "league")]
    assert [reason for reason in comparison.result.reasons if "team:data" in reason] == []
    assert any("late" in reason for reason in comparison.result.reasons)


def test_accepted_rows_do_not_count_against_the_row_tolerance(judged):
    comparison, _ = judged(agreed(), row_tolerance="0.25")

    assert (comparison.result.verdict, comparison.result.rows.accepted) == ("proven", 2)


def test_a_tolerance_comes_before_an_agreement(judged):
    comparison, _ = judged(agreed(column="fee", max_rows=1), agreed(), columns={"fee": {"abs": 1}})

    assert _counts(comparison)["cells"] == {"league": (3, 3)}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (agreed(where="nothing = 1"), "nothing"),
        (agreed(where="fee = 1"), "fee"),
        (agreed(column="nothing"), "nothing"),
        (agreed(column="id"), "id"),
        (agreed(column=None, where="legacy_value = 1"), "legacy_value"),
        (agreed(column=None, where="nothing = 1"), "nothing"),
    ],
)
def test_an_agreement_on_a_column_that_is_not_there_is_an_error(judged, entry, said):
    with pytest.raises(SpecError, match=f"table t: .*{said}"):
        judged(entry)


@pytest.mark.parametrize(
    "where", ["legacy_value", "CAST(legacy_value AS INTEGER) = 1", "sum(id) > 1", "no_function(id)"]
)
def test_a_predicate_that_cannot_be_used_is_an_error_and_no_verdict(judged, where):
    with pytest.raises(ComparisonError, match="table t"):
        judged(agreed(where=where))


@pytest.mark.parametrize("where", ["1 = 1; DROP TABLE raw.t", "1 = 1) OR (1 = 1", "SELECT TRUE", ""])
def test_a_predicate_that_is_more_than_a_condition_is_refused(judged, connection, where):
    with pytest.raises(ValidationError):
        judged(agreed(where=where))


@pytest.mark.parametrize(
    "entry",
    [
        agreed(reason=None),
        agreed(owner=None),
        agreed(expires=None),
        agreed(max_rows=None),
        agreed(reason=""),
        agreed(owner=""),
        agreed(max_rows=0),
        agreed(expires="soon"),
        agreed(until="2026-12-31"),
    ],
)
def test_an_agreement_says_why_who_how_long_and_how_many(entry):
    with pytest.raises(ValidationError):
        table_spec(accepted=[entry])


def test_rows_without_a_key_cannot_be_agreed_on(judged):
    with pytest.raises(SpecError, match="accepted differences need a key"):
        judged(agreed(), key=[], multiset=True)


def test_a_key_called_like_a_value_is_not_taken_for_it(judged):
    """`legacy_value` is the value of the column; a key of that name cannot mean the key."""
    same = " UNION ALL SELECT 'y', 'same'"
    legacy, modern = f"SELECT 'x' AS legacy_value, 'a' AS v{same}", f"SELECT 'x' AS legacy_value, 'b' AS v{same}"

    comparison, _ = judged(
        agreed(column="v", where="legacy_value = 'a'"), legacy=legacy, modern=modern, key=["legacy_value"]
    )

    assert comparison.result.verdict == "proven"


def test_any_name_can_be_named_in_a_predicate(judged):
    name = 'o\'clock; DROP TABLE "x"'
    quoted = '"' + name.replace('"', '""') + '"'

    comparison, _ = judged(
        agreed(column=name, where='"the ""key""" = 1'),
        legacy=f'SELECT 1 AS "the ""key""", 1 AS {quoted} UNION ALL SELECT 2, 2',
        modern=f'SELECT 1 AS "the ""key""", 2 AS {quoted} UNION ALL SELECT 2, 2',
        key=['the "key"'],
    )

    assert comparison.result.verdict == "proven"


ALL_AGREED = {
    "every row is on one side, as agreed": (
        "SELECT range AS id, 'a' AS v FROM range(3)",
        "SELECT 10 + range AS id, 'a' AS v FROM range(3)",
    ),
    "one side is empty, as agreed": (
        "SELECT range AS id, 'a' AS v FROM range(3)",
        "SELECT range AS id, 'a' AS v FROM range(0)",
    ),
}


@pytest.mark.parametrize("name", ALL_AGREED)
def test_agreed_differences_alone_prove_nothing(judged, name):
    legacy, modern = ALL_AGREED[name]

    comparison, _ = judged(agreed(column=None, max_rows=10), legacy=legacy, modern=modern)

    assert comparison.result.verdict == "not_proven"
    assert comparison.result.reasons == (
        "No row is identical on both sides: all that was found are agreed differences.",
    )


def test_agreed_differences_in_every_row_prove_nothing(judged):
    comparison, _ = judged(
        agreed(column="v"), legacy="SELECT 1 AS id, 'a' AS v, 1 AS n", modern="SELECT 1 AS id, 'b' AS v, 1 AS n"
    )

    assert comparison.result.verdict == "not_proven"
