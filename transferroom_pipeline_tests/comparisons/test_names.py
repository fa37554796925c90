"""Names of every kind: nothing that a table, a column or a field is called may change what is found."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from duckdb import DuckDBPyConnection

from transferroom_pipeline.comparisons.buckets import ALWAYS_HASHED
from transferroom_pipeline.comparisons.engine import Comparison, Effort, compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline_tests.comparisons.conftest import make_tables, table_spec

NAMES = [
    "a b",
    " leading and trailing ",
    'quo"te',
    'two""quotes',
    "o'clock",
    "two''quotes",
    "back`tick",
    "dot.ted",
    "a.b.c",
    "[brackets]",
    "semi;colon",
    "comma, comma",
    "back\\slash",
    "percent %s {0} $1 ?",
    "-- comment",
    "/* comment */",
    "line\nend",
    "tab\tbed",
    "select",
    "FROM",
    "order",
    "null",
    "true",
    "*",
    "1",
    "1st",
    "UPPER",
    "Mixed Case",
    "größe",
    "日本語",
    "🏆",
    "e\u0301",
    "x" * 200,
]
"""Names that SQL means something by, or that have to be quoted."""

OWN_NAMES = [
    *("k0", "k1", "c0", "c1", "l1", "m1", "d1", "f1_0", "bucket", "key_hash", "hash", "rows", "keyed", "present"),
    *("source", "legacy", "modern", "legacy_rows", "legacy_value", "kind", "key", "cause", "copy", "copy_", "copies"),
    *("pair", "candidate", "folded", "duplicate", "accepted", "column_name", "sample_key", "element", "t", "raw"),
]
"""Names that a comparison's own SQL might use."""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _row(names: list[str], key: int, more: int = 0) -> str:
    """A row in which the columns have their places for values."""
    return f"SELECT {key} AS id, " + ", ".join(f"{place + more} AS {_quoted(name)}" for place, name in enumerate(names))


def _texts(names: list[str], more: int = 0) -> dict[str, str]:
    return {name: str(place + more) for place, name in enumerate(names)}


_JOINED, _HASHED = Effort(), Effort(hashing=ALWAYS_HASHED)


def _compared(
    connection: DuckDBPyConnection, legacy: str, modern: str, *, effort: Effort = _JOINED, **entry: Any
) -> tuple[Comparison, list[tuple[Any, ...]]]:
    make_tables(connection, legacy, modern)
    with compare(DuckDBEngine(connection), table_spec(**entry), effort=effort) as comparison:
        return comparison, connection.execute(comparison.differences.sql(dialect="duckdb")).fetchall()


OF_EVERY_KIND = pytest.mark.parametrize(
    ("names", "effort"), [(NAMES, _JOINED), (OWN_NAMES, _HASHED)], ids=["odd names", "names of the comparison"]
)


@OF_EVERY_KIND
def test_columns_of_any_name_are_proven_equal(connection, names, effort):
    rows = f"{_row(names, 1)} UNION ALL {_row(names, 2)}"

    comparison, differences = _compared(connection, rows, rows, effort=effort)

    assert comparison.result.verdict == "proven", comparison.result.reasons
    assert [column.name for column in comparison.result.columns] == ["id", *names]
    assert differences == []


@OF_EVERY_KIND
def test_a_difference_in_a_column_of_any_name_is_found_and_told_under_that_name(connection, names, effort):
    legacy = f"{_row(names, 1)} UNION ALL {_row(names, 2)} UNION ALL {_row(names, 3)}"
    modern = f"{_row(names, 1)} UNION ALL {_row(names, 2, more=1000)} UNION ALL {_row(names, 4)}"

    comparison, differences = _compared(connection, legacy, modern, effort=effort)
    result = comparison.result

    counts = (result.rows.identical, result.rows.different, result.rows.only_legacy, result.rows.only_modern)
    assert counts == (1, 1, 1, 1)
    assert {column.name: column.different for column in result.columns[1:]} == dict.fromkeys(names, 1)
    different, only_legacy, only_modern = result.samples
    assert (different.key, only_legacy.key, only_modern.key) == ({"id": "2"}, {"id": "3"}, {"id": "4"})
    told = [{name: cell.legacy for name, cell in sample.cells.items()} for sample in (different, only_legacy)]
    assert told == [_texts(names)] * 2
    told = [{name: cell.modern for name, cell in sample.cells.items()} for sample in (different, only_modern)]
    assert told == [_texts(names, more=1000), _texts(names)]
    cells = [{row[2]: row[side] for row in differences if row[0] == "different"} for side in (3, 4)]
    assert cells == [_texts(names), _texts(names, more=1000)]
    rows = {row[0]: json.loads(row[3] or row[4]) for row in differences if row[0] != "different"}
    assert rows == {
        "only_legacy": {"id": "3", **_texts(names)},
        "only_modern": {"id": "4", **_texts(names)},
    }
    assert comparison.differences_total == len(differences) == len(names) + 2


@OF_EVERY_KIND
def test_a_key_of_columns_of_any_name_finds_its_partners(connection, names, effort):
    legacy, modern = (f"SELECT * RENAME (id AS value) FROM ({_row(names, number)})" for number in (1, 2))

    comparison, differences = _compared(connection, legacy, modern, effort=effort, key=names)

    assert (list(comparison.result.key), comparison.result.rows.different) == (names, 1)
    assert comparison.result.samples[0].key == _texts(names)
    assert json.loads(differences[0][1]) == _texts(names)


@OF_EVERY_KIND
def test_duplicates_under_keys_of_any_name_are_counted_and_told(connection, names, effort):
    rows = _row(names, 1)

    comparison, differences = _compared(connection, f"{rows} UNION ALL {rows}", rows, effort=effort, key=names)

    result = comparison.result
    assert (result.rows.duplicate_key_legacy, result.rows.duplicate_key_modern) == (2, 1)
    assert [(sample.kind, sample.key) for sample in result.samples] == [("duplicate_key", _texts(names))]
    assert [row[0] for row in differences] == ["duplicate_key"]
    assert json.loads(differences[0][3]) == {"id": "1", **_texts(names)}


@OF_EVERY_KIND
def test_rows_without_a_key_in_columns_of_any_name_are_compared(connection, names, effort):
    comparison, differences = _compared(
        connection, _row(names, 1), _row(names, 2), effort=effort, key=[], multiset=True
    )

    assert (comparison.result.rows.only_legacy, comparison.result.rows.only_modern) == (1, 1)
    rows = sorted((json.loads(row[3] or row[4]) for row in differences), key=lambda row: row["id"])
    assert rows == [{"id": number, **_texts(names)} for number in ("1", "2")]


@OF_EVERY_KIND
def test_columns_of_any_name_have_rules_are_renamed_and_excluded(connection, names, effort):
    renamed = {name: f"new {name}" for name in names}
    legacy, modern = _row(names, 1), _row([*renamed.values()], 1, more=1)
    rules = {new: {"abs": 1} for new in renamed.values()}

    quick = replace(effort, checks_itself=False)
    tolerant, _ = _compared(connection, legacy, modern, effort=quick, rename=renamed, columns=rules)
    strict, _ = _compared(connection, legacy, modern, effort=quick, rename=renamed)
    excluded, _ = _compared(
        connection, legacy, modern, rename=renamed, columns={name: {"exclude": True} for name in names}
    )

    assert tolerant.result.verdict == "proven", tolerant.result.reasons
    assert {column.name: column.modern_name for column in strict.result.columns[1:]} == renamed
    assert [column.different for column in strict.result.columns[1:]] == [1] * len(names)
    assert {column.status for column in excluded.result.columns[1:]} == {"excluded"}


@OF_EVERY_KIND
def test_a_column_of_any_name_that_one_side_lacks_is_told(connection, names, effort):
    comparison, _ = _compared(connection, _row(names, 1), "SELECT 1 AS id", effort=effort)

    assert {column.name: column.status for column in comparison.result.columns[1:]} == dict.fromkeys(
        names, "only_legacy"
    )
    assert len(comparison.result.reasons) == len(names)


def test_a_default_exclusion_is_a_pattern_or_the_very_name(connection):
    spec = {"exclude": ("[brackets]", "_dlt_*", "a?")}
    legacy = 'SELECT 1 AS id, 1 AS v, 1 AS "[brackets]", 1 AS _DLT_id, 1 AS ab, 1 AS dlt_id, 1 AS abc'

    comparison, _ = _compared(connection, legacy, "SELECT 1 AS id, 1 AS v, 1 AS dlt_id, 1 AS abc", **spec)

    excluded = [column.name for column in comparison.result.columns if column.status == "excluded"]
    assert (excluded, comparison.result.verdict) == (["[brackets]", "_DLT_id", "ab"], "proven")


@OF_EVERY_KIND
def test_tables_and_schemas_of_any_name_are_compared(connection, names, effort):
    connection.execute("CREATE TABLE rows_of AS SELECT 1 AS id, 2 AS v")
    for name in names:
        if name in {"raw", "prod"}:
            continue
        connection.execute(f"CREATE SCHEMA {_quoted(name)}")
        connection.execute(f"CREATE TABLE {_quoted(name)}.{_quoted(name)} AS FROM rows_of")

    relations = [f"{_quoted(name)}.{_quoted(name)}" for name in names if name not in {"raw", "prod"}]
    quick = replace(effort, checks_itself=False)
    for legacy, modern in pairwise(relations):
        with compare(DuckDBEngine(connection), table_spec(legacy=legacy, modern=modern), effort=quick) as comparison:
            result = comparison.result
        assert (result.legacy, result.modern, result.rows.identical) == (legacy, modern, 1)


@pytest.mark.parametrize("alias", ["o d", 'quo"te', "dot.ted", "select", "GROSS", "größe"])
def test_databases_of_any_name_are_compared(tmp_path, alias):
    for file, value in (("old", 1), ("new", 2)):
        with connect(tmp_path / f"{file}.duckdb") as connection:
            connection.execute(f'CREATE SCHEMA "s s"; CREATE TABLE "s s"."t.t" AS SELECT 1 AS id, {value} AS v')

    spec = table_spec(legacy=f'{_quoted(alias)}."s s"."t.t"', modern='"s s"."t.t"')
    with (
        connect(tmp_path / "new.duckdb", read_only=True, attach={alias: tmp_path / "old.duckdb"}) as connection,
        compare(DuckDBEngine(connection), spec) as comparison,
    ):
        assert comparison.result.rows.different == 1


def test_the_name_of_the_comparison_itself_is_free(connection):
    make_tables(connection, "SELECT 1 AS id, 1 AS v", "SELECT 1 AS id, 2 AS v")
    spec = table_spec().model_copy(update={"table": 'o\'clock "x"; DROP TABLE raw.t --'})

    with compare(DuckDBEngine(connection), spec) as comparison:
        assert (comparison.result.table, comparison.result.rows.different) == (spec.table, 1)


def test_a_name_that_differs_in_case_only_is_the_same_column_and_both_are_told(connection):
    comparison, differences = _compared(
        connection, 'SELECT 1 AS "ID", 1 AS "PlayerName"', "SELECT 1 AS id, 2 AS player_name, 3 AS playername"
    )

    told = [(column.name, column.modern_name, column.status) for column in comparison.result.columns]
    assert told == [
        ("ID", "id", "equal"),
        ("PlayerName", "playername", "different"),
        ("player_name", "player_name", "only_modern"),
    ]
    assert [(row[1], row[2]) for row in differences] == [('{"id":"1"}', "PlayerName")]


def test_a_name_that_differs_in_case_only_is_the_same_beyond_ascii(connection):
    comparison, _ = _compared(connection, 'SELECT 1 AS id, 1 AS "GRÖSSE"', 'SELECT 1 AS id, 1 AS "grösse"')

    assert comparison.result.verdict == "proven"


@pytest.mark.parametrize("key", ["ID", "id", "Id"])
def test_the_spec_may_name_a_column_in_any_case(connection, key):
    comparison, _ = _compared(
        connection, 'SELECT 1 AS "Id", 1 AS "V"', "SELECT 1 AS iD, 2 AS v", key=[key], columns={"V": {"abs": 1}}
    )

    assert comparison.result.verdict == "proven"
    assert comparison.result.columns[1].rule == {"abs": 1.0}


def test_the_order_of_columns_does_not_matter(connection):
    legacy = _row(NAMES, 1)
    modern = f"SELECT {', '.join(map(_quoted, NAMES[::-1]))}, id FROM ({legacy})"

    comparison, _ = _compared(connection, legacy, modern)

    assert comparison.result.verdict == "proven", comparison.result.reasons
    assert [column.name for column in comparison.result.columns] == ["id", *NAMES]


def test_a_struct_called_like_a_table_of_the_comparison_s_own_hides_no_column(connection):
    """Of `"source"."v"` an engine could take the field v of a struct called source."""
    names = ["source", "legacy", "modern", "rows", "slice", "keyed", "hashed", "groups"]
    structs = ", ".join(f"{{'v': 1, 'id': 1, 'c0': 1, 'c1': 1, 'k0': 1}} AS {name}" for name in names)

    comparison, _ = _compared(connection, f"SELECT 2 AS id, 3 AS v, {structs}", f"SELECT 2 AS id, 4 AS v, {structs}")

    assert {column.name: column.different for column in comparison.result.columns if column.different} == {"v": 1}


def test_fields_of_any_name_are_compared(connection):
    fields = ", ".join(f"{_literal(name)}: {number}" for number, name in enumerate(NAMES))
    turned = ", ".join(f"{_literal(name)}: {number}" for number, name in [*enumerate(NAMES)][::-1])
    changed = fields.removesuffix(str(len(NAMES) - 1)) + "99"

    same, _ = _compared(connection, f"SELECT 1 AS id, {{{fields}}} AS v", f"SELECT 1 AS id, {{{turned}}} AS v")
    other, _ = _compared(connection, f"SELECT 1 AS id, {{{fields}}} AS v", f"SELECT 1 AS id, {{{changed}}} AS v")

    assert same.result.verdict == "proven", same.result.reasons
    assert other.result.rows.different == 1


def test_keys_of_any_content_are_told_as_they_are(connection):
    keys = [*NAMES, "", "{", '{"id":"1"}', "\\u0041", "\u2028"]
    legacy = " UNION ALL ".join(f"SELECT {_literal(key)} AS id, 1 AS v" for key in keys)

    comparison, differences = _compared(
        connection, legacy, f"SELECT id, 2 AS v FROM ({legacy})", effort=Effort(samples=100)
    )

    assert {sample.key["id"] for sample in comparison.result.samples} == set(keys)
    assert {json.loads(row[1])["id"] for row in differences} == set(keys)
