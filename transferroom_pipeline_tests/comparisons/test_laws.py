"""What holds for the comparison of any two tables, without asking what the right answer is."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat
from typing import Any

import duckdb
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from transferroom_pipeline.comparisons.result import RowCounts, Verdict
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline_tests.comparisons.kinds import BIGINT, DOUBLE, TEXT, value_pair
from transferroom_pipeline_tests.comparisons.strategies import (
    RELATIONS,
    Case,
    Found,
    PairedColumn,
    cases,
    changed_cell,
    compared,
    equal_cases,
    examples,
    found_by_engine,
    identifier,
    matching_rows,
    random_rule,
    seeds,
)

few = examples(5)


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(None) as connection:
        connection.execute("CREATE SCHEMA raw; CREATE SCHEMA prod; ATTACH ':memory:' AS elsewhere")
        yield connection


# What does not matter


def _in_batches(connection: duckdb.DuckDBPyConnection, case: Case, side: int, relation: str) -> str:
    connection.execute(case.script(side, relation)[0])
    for row in case.rows[side]:
        connection.execute(case.insert(side, relation, [row])[0])
    return relation


def _in_another_database(connection: duckdb.DuckDBPyConnection, case: Case, side: int, relation: str) -> str:
    there = f"elsewhere.main.side_{side}"
    for statement in case.script(side, there):
        connection.execute(statement)
    return there


def _after_deletions(connection: duckdb.DuckDBPyConnection, case: Case, side: int, relation: str) -> str:
    """A table that has had every row twice, one of them deleted."""
    for statement in [*case.script(side, relation), *case.insert(side, relation, case.rows[side])]:
        connection.execute(statement)
    connection.execute(f"DELETE FROM {relation} WHERE rowid < {len(case.rows[side])}")
    return relation


def _as_view(connection: duckdb.DuckDBPyConnection, case: Case, side: int, relation: str) -> str:
    """A view of two tables, its columns in another order."""
    half = len(case.rows[side]) // 2
    for part, rows in enumerate((case.rows[side][:half], case.rows[side][half:])):
        for statement in case.with_rows(side, rows).script(side, f"{relation}_{part}"):
            connection.execute(statement)
    names = ", ".join(identifier(column.names[side]) for _, column, _ in reversed(case.columns_of(side)))
    parts = " UNION ALL ".join(f"SELECT {names} FROM {relation}_{part}" for part in (1, 0))
    connection.execute(f"CREATE OR REPLACE VIEW {relation}_view AS {parts}")
    return f"{relation}_view"


_LAYOUTS = [_in_batches, _in_another_database, _after_deletions, _as_view]


def _without_layout(found: Found) -> tuple[Any, ...]:
    """Everything that was found, apart from how long it took, where, and in which order the columns come.

    That order decides which rows of one key are shown.
    """
    result = found.result.to_dict()
    for name in ("seconds", "sql", "legacy", "modern"):
        del result[name]
    result["samples"] = [each for each in result["samples"] if each["key"] and each["kind"] != "duplicate_key"]
    for name in ("columns", "reasons", "suggestions"):
        result[name] = sorted(result[name], key=repr)
    rows = ("legacy_value", "modern_value")
    differences = Counter(
        repr(replace(each, **{name: sorted(json.loads(getattr(each, name) or "{}").items()) for name in rows}))
        if each.column_name is None
        else repr(each)
        for each in found.differences
    )
    return result, differences


@few
@given(case=cases(), random=seeds())
def test_neither_the_order_of_rows_and_columns_nor_the_way_they_are_stored_matters(database, case, random):
    expected = _without_layout(compared(database, case))
    shuffled = replace(case, rows=tuple(tuple(random.sample(rows, len(rows))) for rows in case.rows))
    layouts = random.choices(_LAYOUTS, k=2)

    relations = [layout(database, shuffled, side, RELATIONS[side]) for side, layout in enumerate(layouts)]

    assert _without_layout(found_by_engine(database, case.spec(tuple(relations)))) == expected


@few
@given(case=cases())
def test_hashing_buckets_first_changes_nothing(database, case):
    assert _without_layout(compared(database, case, in_buckets=True)) == _without_layout(compared(database, case))


@few
@given(case=cases())
def test_swapping_the_sides_mirrors_the_result(database, case):
    found, mirrored = compared(database, case).result, compared(database, case.mirrored()).result

    assert mirrored.verdict is found.verdict
    assert _swapped(mirrored.rows) == found.rows
    mirror = {"only_legacy": "only_modern", "only_modern": "only_legacy"}
    assert Counter(
        (column.status, column.different, column.max_abs_diff, column.max_rel_diff, column.drift)
        for column in found.columns
    ) == Counter(
        (
            mirror.get(column.status, column.status),
            column.different,
            column.max_abs_diff,
            column.max_rel_diff,
            column.drift,
        )
        for column in mirrored.columns
    )


def _swapped(rows: RowCounts) -> RowCounts:
    return replace(
        rows,
        **{
            name: getattr(rows, other)
            for pair in (
                ("legacy", "modern"),
                ("only_legacy", "only_modern"),
                ("duplicate_key_legacy", "duplicate_key_modern"),
                ("null_key_legacy", "null_key_modern"),
            )
            for name, other in (pair, pair[::-1])
        },
    )


@few
@given(case=cases(), value=st.sampled_from([(TEXT, None), (TEXT, "a "), (DOUBLE, float("nan")), (BIGINT, 2**53 + 1)]))
def test_an_equal_column_more_changes_nothing(database, case, value):
    kind, cell = value
    assume(len([column for column in case.columns if None not in column.kinds]) > len(case.key))
    before = compared(database, case).result

    cells = [[cell] * len(rows) for rows in case.rows]
    after = compared(database, case.with_column(PairedColumn(("further", "Further"), (kind, kind)), cells)).result

    assert after.rows == before.rows
    assert [column for column in after.columns if column.name != "further"] == list(before.columns)
    excluded = {column.status for column in before.columns} <= {"excluded"}
    assert after.verdict is before.verdict or excluded


@few
@given(case=cases())
def test_renaming_the_columns_of_one_side_changes_nothing(database, case):
    before = compared(database, case).result
    renamed = [
        replace(column, names=(column.names[0], f"new {place}")) if None not in column.kinds else column
        for place, column in enumerate(case.columns)
    ]
    patterns = {"exclude": ("_dlt_*",)}

    after = compared(database, replace(case, columns=tuple(renamed), entry={**case.entry, **patterns})).result

    assert (after.verdict, after.rows) == (before.verdict, before.rows)
    assert [replace(column, modern_name=None) for column in after.columns] == [
        replace(column, modern_name=None) for column in before.columns
    ]


# What is equal


@few
@given(case=equal_cases(), in_buckets=st.booleans())
def test_a_table_is_proven_equal_to_itself(database, case, in_buckets):
    side = 0
    columns = [replace(each, kinds=(each.pair[side],) * 2, names=(each.names[side],) * 2) for each in case.columns]
    itself = replace(case, columns=tuple(replace(each, rule={}) for each in columns), rows=(case.rows[side],) * 2)
    for statement in itself.script(side, RELATIONS[0]):
        database.execute(statement)
    # Comparing a table with itself is refused; a view that might leave out rows is another relation.
    database.execute(f"CREATE OR REPLACE VIEW prod.itself AS SELECT * FROM {RELATIONS[0]} WHERE TRUE")

    found = found_by_engine(database, itself.spec((RELATIONS[0], "prod.itself")), in_buckets=in_buckets)

    assert (found.result.verdict, found.differences) == (Verdict.PROVEN, ())


@few
@given(case=equal_cases(), by_pattern=st.booleans())
def test_without_the_only_column_that_differs_a_table_is_proven(database, case, by_pattern):
    cells = [[f"{word} {row}" for row, _ in enumerate(case.rows[0])] for word in ("old", "new")]
    differing = case.with_column(PairedColumn(("changed", "changed"), (TEXT, TEXT)), cells)
    place = len(case.columns)
    without = (
        replace(differing, entry={"exclude": ("CHANG*",)})
        if by_pattern
        else differing.with_rule(place, {"exclude": True})
    )

    assert compared(database, differing).result.verdict is Verdict.DIFFERS
    assert compared(database, without).result.verdict is Verdict.PROVEN


# What a rule forgives


@few
@given(random=seeds())
def test_equality_is_symmetric(database, random):
    pairs = [value_pair(random) for _ in range(4)]
    there = [
        PairedColumn((f"v{n}",) * 2, pair, random_rule(random, pair, as_key=False)) for n, pair in enumerate(pairs)
    ]
    back = [replace(each, names=(f"w{n}",) * 2, kinds=each.kinds[::-1]) for n, each in enumerate(there)]
    legacy, modern = matching_rows(random, there, 30, distinct=4)
    modern = [[changed_cell(random, *cell) for cell in zip(there, repeat(1), row)] for row in modern]
    ids = PairedColumn(("id", "id"), (BIGINT, BIGINT))
    rows = [
        tuple((number, *one, *other) for number, (one, other) in enumerate(zip(*sides, strict=True)))
        for sides in ((legacy, modern), (modern, legacy))
    ]

    found = compared(database, Case((ids, *there, *back), (0,), (rows[0], rows[1])))

    assert _keys(found, "v") == _keys(found, "w")


def _keys(found: Found, first_letter: str) -> set[tuple[str, str]]:
    return {(each.key, name[1:]) for each in found.differences if (name := each.column_name or "")[:1] == first_letter}


@few
@given(case=cases())
def test_a_rule_never_makes_cells_differ_that_are_equal_without_it(database, case):
    assume(case.key)
    strict = case
    for place, column in enumerate(case.columns):
        if place not in case.key:
            kept = {name: part for name, part in column.rule.items() if name in {"timezone", "exclude", "json"}}
            strict = strict.with_rule(place, kept)

    assert _cells(compared(database, case)) <= _cells(compared(database, strict))


def _cells(found: Found) -> set[tuple[str, str | None]]:
    return {(each.key, each.column_name) for each in found.differences if each.kind == "different"}


# What is found

_ROWS = 3000
_TYPES = {
    "whole": ("range * 7919 % 1000", "whole + 1"),
    "huge": ("(range * 12345678901234567890)::HUGEINT", "huge - 1"),
    "money": ("(range % 1000 / 8)::DECIMAL(18, 3)", "money + 0.001"),
    "ratio": ("1 / (1 + range)", "ratio * (1 + 2.3e-16)"),
    "single": ("(1 / (1 + range))::FLOAT", "single * 1.0000002"),
    "name": ("'name ' || range % 100", "name || ' '"),
    "code": ("chr(97 + (range % 26)::INTEGER)", "upper(code)"),
    "seen": ("TIMESTAMP '2026-01-31' + range * INTERVAL '1 minute'", "seen + INTERVAL '1 microsecond'"),
    "day": ("DATE '2026-01-31' + (range % 500)::INTEGER", "day + 1"),
    "flag": ("range % 2 = 0", "NOT flag"),
    "tags": ("[range % 3, NULL]", "list_reverse(tags)"),
    "pair": ("{'a': range % 5, 'b': 'x'}", "{'a': pair.a, 'b': 'y'}"),
    "bytes": ("('\\x00' || range % 10)::BLOB", "bytes || '\\x00'::BLOB"),
}
_CHANGES = [(name, changed) for name, (_, changed) in _TYPES.items()] + [(name, "NULL") for name in _TYPES]
_ROW_CHANGES = {
    "a row is missing": ("DELETE FROM prod.t WHERE id = 1234", {"only_legacy": 1}),
    "a row is new": (
        "INSERT INTO prod.t SELECT * REPLACE (9999 AS id) FROM prod.t WHERE id = 1234",
        {"only_modern": 1},
    ),
    "a row is there twice": (
        "INSERT INTO prod.t FROM prod.t WHERE id = 1234",
        {"duplicate_key_legacy": 1, "duplicate_key_modern": 2},
    ),
    "a row has the key of another": (
        "UPDATE prod.t SET id = 1235 WHERE id = 1234",
        {"only_legacy": 1, "duplicate_key_legacy": 1, "duplicate_key_modern": 2},
    ),
    "a key is NULL": (
        "UPDATE prod.t SET id = NULL WHERE id = 1234",
        {"only_legacy": 1, "only_modern": 1, "null_key_modern": 1},
    ),
    "two rows swap their keys": ("UPDATE prod.t SET id = 3579 - id WHERE id IN (1234, 2345)", {"different": 2}),
    "two rows swap a value": (
        "UPDATE prod.t SET ratio = 1 / (1 + 3579 - id) WHERE id IN (1234, 2345)",
        {"different": 2},
    ),
    "two changes cancel each other out": (
        "UPDATE prod.t SET whole = whole + CASE WHEN id = 1234 THEN 1 ELSE -1 END WHERE id IN (1234, 2345)",
        {"different": 2},
    ),
    "the same change is everywhere": ("UPDATE prod.t SET money = money + 1", {"different": _ROWS}),
}


@pytest.fixture
def large(database) -> duckdb.DuckDBPyConnection:
    """Two tables with the same rows, in another order."""
    columns = ", ".join(f"{expression} AS {name}" for name, (expression, _) in _TYPES.items())
    database.execute(f"CREATE OR REPLACE TABLE raw.t AS SELECT range AS id, {columns} FROM range({_ROWS})")
    database.execute("CREATE OR REPLACE TABLE prod.t AS FROM raw.t ORDER BY hash(id)")
    return database


def _large_spec(**entry: Any) -> TableSpec:
    return TableSpec.model_validate({"table": "t", "legacy": "raw.t", "modern": "prod.t", "key": ["id"], **entry})


def _found_cells(found: Found) -> set[tuple[str, str | None]]:
    return {(json.loads(each.key)["id"], each.column_name) for each in found.differences}


@pytest.mark.parametrize("in_buckets", [False, True])
def test_every_change_of_a_cell_is_found_and_nothing_else(large, in_buckets):
    planted = {(str(100 + 7 * number), name) for number, (name, _) in enumerate(_CHANGES)}
    for number, (name, changed) in enumerate(_CHANGES):
        large.execute(f"UPDATE prod.t SET {name} = {changed} WHERE id = {100 + 7 * number}")

    found = found_by_engine(large, _large_spec(), in_buckets=in_buckets)

    assert _found_cells(found) == planted
    assert found.result.verdict is Verdict.DIFFERS


@pytest.mark.slow
@pytest.mark.parametrize("in_buckets", [False, True])
@pytest.mark.parametrize(("name", "changed"), _CHANGES)
def test_a_single_change_of_a_cell_is_found(large, name, changed, in_buckets):
    large.execute(f"UPDATE prod.t SET {name} = {changed} WHERE id = 1234")

    assert _found_cells(found_by_engine(large, _large_spec(), in_buckets=in_buckets)) == {("1234", name)}


@pytest.mark.parametrize("in_buckets", [False, True])
@pytest.mark.parametrize(("statement", "counts"), _ROW_CHANGES.values(), ids=_ROW_CHANGES)
def test_every_change_of_rows_is_found(large, statement, counts, in_buckets):
    large.execute(statement)

    found = found_by_engine(large, _large_spec(), in_buckets=in_buckets).result

    unusual = {
        name: count
        for name, count in vars(found.rows).items()
        if count and name not in {"legacy", "modern", "identical"}
    }
    assert (unusual, found.verdict) == (counts, Verdict.DIFFERS)


@pytest.mark.parametrize("statement", [statement for statement, _ in _ROW_CHANGES.values()], ids=_ROW_CHANGES)
def test_every_change_of_rows_is_found_without_a_key(large, statement):
    large.execute(statement)

    found = found_by_engine(large, _large_spec(key=[], multiset=True), in_buckets=True).result

    assert found.verdict is Verdict.DIFFERS
