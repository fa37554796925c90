"""Which columns are compared, and what is found in them."""

import pytest

from transferroom_pipeline.comparisons.exceptions import ComparisonError


def test_a_column_on_one_side_only_differs(compared):
    result = compared("SELECT 1 AS id, 1 AS v, 2 AS old", "SELECT 1 AS id, 1 AS v, 3 AS new")

    assert [(column.name, column.status) for column in result.columns] == [
        ("id", "equal"),
        ("v", "equal"),
        ("old", "only_legacy"),
        ("new", "only_modern"),
    ]
    assert result.reasons == ("Column old is only in legacy.", "Column new is only in modern.")


def test_excluded_columns_are_listed_and_not_compared(compared):
    result = compared(
        "SELECT 1 AS id, 1 AS v, 2 AS _dlt_id, 5 AS load_id",
        "SELECT 1 AS id, 1 AS v, 3 AS load_id",
        exclude=("_DLT_*",),
        columns={"load_id": {"exclude": True}},
    )

    assert {column.name for column in result.columns if column.status == "excluded"} == {"_dlt_id", "load_id"}
    assert result.verdict == "proven"


def test_nothing_to_compare_besides_the_key_proves_nothing(compared):
    result = compared("SELECT 1 AS id", "SELECT 1 AS id")

    assert (result.verdict, result.reasons) == ("not_proven", ("No column is left to compare besides the key.",))


def test_a_renamed_column_finds_its_partner(compared):
    result = compared(
        "SELECT 1 AS id, 'x' AS club", "SELECT 1 AS id, 'x' AS current_club", rename={"club": "current_club"}
    )

    assert (result.columns[1].name, result.columns[1].modern_name) == ("club", "current_club")
    assert result.verdict == "proven"


def test_two_columns_that_swap_names_find_their_partners(compared):
    legacy, modern = "SELECT 1 AS id, 'x' AS a, 'y' AS b", "SELECT 1 AS id, 'y' AS a, 'x' AS b"

    assert compared(legacy, modern, rename={"a": "b", "b": "a"}).verdict == "proven"


def test_the_key_may_be_renamed(compared):
    result = compared("SELECT 1 AS old_id, 'x' AS v", "SELECT 1 AS id, 'x' AS v", rename={"old_id": "id"})

    assert result.verdict == "proven"


def test_a_name_that_differs_in_case_only_is_the_same_column(compared):
    assert compared('SELECT 1 AS "ID", 2 AS "Value"', "SELECT 1 AS id, 2 AS value").verdict == "proven"


WEIRD = [
    "a b",
    'quo"te',
    "o'clock",
    "dot.ted",
    "select",
    "UPPER",
    "größe",
    "日本",
    "x; DROP TABLE raw.t; --",
    "c0",
    "present",
    "kind",
]


def test_any_name_can_be_a_column_and_none_is_ever_executed(compared, connection):
    quoted = [name.replace('"', '""') for name in WEIRD]
    row = ", ".join(f"'{number}' AS \"{name}\"" for number, name in enumerate(quoted))
    other = ", ".join(f"'{number}!' AS \"{name}\"" for number, name in enumerate(quoted))

    result = compared(f"SELECT 1 AS id, {row}", f"SELECT 1 AS id, {other}")

    assert {column.name: column.different for column in result.columns[1:]} == dict.fromkeys(WEIRD, 1)
    assert set(result.samples[0].cells) == set(WEIRD)
    assert connection.execute("SELECT count(*) FROM raw.t").fetchone() == (1,)
    key = compared(f"SELECT 1 AS v, {row}", f"SELECT 1 AS v, {row}", key=WEIRD)
    assert (key.verdict, list(key.key)) == ("proven", WEIRD)


def test_any_name_can_be_a_table(compared, connection):
    connection.execute('CREATE SCHEMA "o d.d"; CREATE TABLE "o d.d"."sel""ect" AS SELECT 1 AS id, 2 AS v')

    assert compared("SELECT 1", "SELECT 1 AS id, 2 AS v", legacy='"o d.d"."sel""ect"').verdict == "proven"


def test_sql_in_values_is_a_value(compared, connection):
    value = "'''; DROP TABLE raw.t; --'"

    result = compared(f"SELECT {value} AS id, {value} AS v", f"SELECT {value} AS id, 'x' AS v")

    assert result.samples[0].key == {"id": "'; DROP TABLE raw.t; --"}
    assert connection.execute("SELECT count(*) FROM raw.t").fetchone() == (1,)


def test_the_size_of_differences_is_measured_within_tolerance_too(compared):
    legacy = "SELECT range AS id, 100.00::DECIMAL(18,2) AS v FROM range(3)"
    modern = "SELECT range AS id, (100 + range * 0.25)::DECIMAL(18,2) AS v FROM range(3)"

    tolerated = compared(legacy, modern, columns={"v": {"abs": 1}}).columns[1]
    strict = compared(legacy, modern).columns[1]

    assert (tolerated.different, tolerated.max_abs_diff) == (0, 0.5)
    assert tolerated.max_rel_diff == pytest.approx(0.5 / 100.5)
    assert (strict.different, strict.max_abs_diff) == (2, 0.5)
    assert tolerated.rule == {"abs": 1.0}


def test_small_differences_that_lean_one_way_are_found_by_their_sum(compared):
    legacy = "SELECT range AS id, 10.00::DECIMAL(18,2) AS v FROM range(100)"
    leaning = "SELECT range AS id, 10.01::DECIMAL(18,2) AS v FROM range(100)"
    balanced = "SELECT range AS id, (9.99 + range % 2 * 0.02)::DECIMAL(18,2) AS v FROM range(100)"
    rule = {"columns": {"v": {"abs": "0.01", "drift": "0.0005"}}}

    result = compared(legacy, leaning, **rule)

    assert result.reasons == ("The sum of column v drifts further than its rule allows.",)
    assert result.columns[1].drift == pytest.approx(1 / 1001)
    assert compared(legacy, balanced, **rule).verdict == "proven"


def test_the_most_frequent_changes_come_first_and_no_more_than_five(compared):
    result = compared(
        "SELECT range AS id, 'a' AS v FROM range(30)",
        "SELECT range AS id, CASE WHEN range < 10 THEN NULL ELSE range % 10 END::VARCHAR AS v FROM range(30)",
    )

    changes = result.columns[1].top_changes
    assert [(change.modern, change.rows) for change in changes] == [(None, 10), ("0", 2), ("1", 2), ("2", 2), ("3", 2)]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"key": ["nope"]}, "key column nope, which neither table has"),
        ({"key": ["old"]}, "key column old is not in the modern table"),
        ({"columns": {"nope": {"abs": 1}}}, "rules for column nope, which neither table has"),
        ({"columns": {"id": {"exclude": True}}}, "key column id is excluded"),
        ({"rename": {"nope": "v"}}, "column nope of the renaming is not in the legacy table"),
        ({"rename": {"old": "nope"}}, "column nope of the renaming is not in the modern table"),
    ],
)
def test_a_spec_that_names_a_column_that_is_not_there_is_refused(compared, entry, said):
    with pytest.raises(ComparisonError, match=said):
        compared("SELECT 1 AS id, 1 AS v, 1 AS old", "SELECT 1 AS id, 1 AS v", **entry)


def test_sums_of_doubles_do_not_drift_with_the_order_of_rows_and_infinite_ones_cannot_be_judged(compared):
    rule = {"columns": {"v": {"drift": 0}}}
    legacy = "SELECT range AS id, 1 / (1 + range) AS v FROM range(1000)"
    infinite = "SELECT range AS id, 1e308::DOUBLE AS v FROM range(10)"

    assert compared(legacy, f"FROM ({legacy}) ORDER BY id DESC", **rule).verdict == "proven"
    result = compared(infinite, infinite, **rule)
    assert (result.verdict, result.columns[1].drift) == ("differs", None)
    assert compared(infinite, infinite).verdict == "proven"


def test_a_difference_beyond_the_largest_double_is_still_valid_json(compared):
    result = compared("SELECT 1 AS id, 1e308::DOUBLE AS v", "SELECT 1 AS id, -1e308::DOUBLE AS v")

    assert (result.columns[1].different, result.columns[1].max_abs_diff) == (1, None)
    assert "Infinity" not in result.to_json()


def test_two_columns_cannot_be_renamed_to_one(compared):
    with pytest.raises(ComparisonError, match="two columns cannot be renamed to one, nor one to two: a to c, b to C"):
        compared("SELECT 1 AS id, 1 AS a, 2 AS b", "SELECT 1 AS id, 1 AS c", rename={"a": "c", "b": "C"})


def test_two_rules_for_one_column_are_refused(compared):
    with pytest.raises(ComparisonError, match="club and current_club are one column, and there are rules for both"):
        compared(
            "SELECT 1 AS id, 'x' AS club",
            "SELECT 1 AS id, 'x' AS current_club",
            rename={"club": "current_club"},
            columns={"club": {"trim": "right"}, "current_club": {"case": "insensitive"}},
        )
