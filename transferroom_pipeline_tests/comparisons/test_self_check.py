"""A comparison that cannot fail is found out: deliberately broken dialects, and the sound one beside them."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlglot import exp

from transferroom_pipeline.comparisons.buckets import ALWAYS_HASHED
from transferroom_pipeline.comparisons.column_types import ColumnType
from transferroom_pipeline.comparisons.engine import Effort, compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.functions.base import Element, Functions
from transferroom_pipeline.comparisons.functions.duckdb import DuckDBFunctions
from transferroom_pipeline.comparisons.result import ComparisonResult
from transferroom_pipeline_tests.comparisons.conftest import make_tables, table_spec

JOINED, HASHED = Effort(), Effort(hashing=ALWAYS_HASHED)
ROWS = "SELECT range AS id, 'a' || range AS name, range * 1.5 AS fee FROM range(10)"


def _speaking(functions: Functions) -> type[DuckDBEngine]:
    """DuckDB in another dialect."""
    return type("Speaking", (DuckDBEngine,), {"functions": functions})


def _misreading(written: str, read: str) -> type[DuckDBEngine]:
    """A DuckDB that takes one piece of SQL for another."""

    class Misreading(DuckDBEngine):
        def rows(self, sql: str) -> list[tuple[object, ...]]:
            return super().rows(sql.replace(written, read))

        def execute(self, sql: str) -> None:
            super().execute(sql.replace(written, read))

    return Misreading


class _HashesNoValue(DuckDBFunctions):
    """Only the first of the values counts, which is the key's hash."""

    def row_hash(self, values: Sequence[exp.Expr]) -> exp.Expr:
        return super().row_hash(values[:1])


class _HashesNotTheLastValue(DuckDBFunctions):
    """The last column is forgotten."""

    def row_hash(self, values: Sequence[exp.Expr]) -> exp.Expr:
        return super().row_hash(values[:-1] if len(values) > 2 else values)


class _SumsNoHash(DuckDBEngine):
    """The hashes of rows all get lost on their way."""

    def stream(self, sql: str, rows: int) -> Iterator[tuple[NDArray[np.uint64], ...]]:
        for keys, *others in super().stream(sql, rows):
            yield keys, *(np.zeros_like(hashes) for hashes in others)


class _MixesUpRowIds(DuckDBEngine):
    """Other rows are read than those that differ."""

    def keep(self, table: exp.Table, name: str, numbers: NDArray[np.int64]) -> None:
        super().keep(table, name, numbers + 1 if name == "row_id" else numbers)


class _EveryKeyIsTheSame(DuckDBFunctions):
    def same_key(self, left: exp.Expr, right: exp.Expr) -> exp.Expr:
        return exp.true()


class _NoKeyIsTheSame(DuckDBFunctions):
    def same_key(self, left: exp.Expr, right: exp.Expr) -> exp.Expr:
        return exp.and_(super().same_key(left, right), exp.false())


class _EveryTextIsTheSame(DuckDBFunctions):
    def exact_text(self, text: exp.Expr) -> exp.Expr:
        return exp.Left(this=super().exact_text(text), expression=exp.Literal.number(0))


class _EveryInstantIsTheSame(DuckDBFunctions):
    """A tolerance between instants is far too wide."""

    def microseconds(self, instant: exp.Expr, own: ColumnType) -> exp.Expr:
        none = exp.Mul(this=exp.paren(super().microseconds(instant, own)), expression=exp.Literal.number(0))
        return self.cast(exp.paren(none), "INT128")


class _NoTwoInstantsAreNear(DuckDBFunctions):
    """A tolerance between instants is far too narrow."""

    def microseconds(self, instant: exp.Expr, own: ColumnType) -> exp.Expr:
        return exp.Mul(this=exp.paren(super().microseconds(instant, own)), expression=exp.Literal.number(1_000_000))


class _TakesOneBoundForAnother(DuckDBFunctions):
    """The tolerance of the spec is read as another one."""

    def __init__(self, written: str, read: str) -> None:
        self.written, self.read = written, read

    def cast(self, value: exp.Expr, to: str) -> exp.Expr:
        is_bound = isinstance(value, exp.Literal) and value.name.rstrip("0") == self.written
        return super().cast(exp.Literal.string(self.read) if is_bound else value, to)


class _AllContentIsTheSame(DuckDBFunctions):
    def json_content(self, text: exp.Expr, *, unordered: bool) -> exp.Expr:
        return exp.Left(this=super().json_content(text, unordered=unordered), expression=exp.Literal.number(0))


class _SeesNoElements(DuckDBFunctions):
    def elements(self, values: exp.Expr, element: Element) -> exp.Expr:
        return exp.Anonymous(
            this="LIST_SLICE", expressions=[super().elements(values, element), *[exp.Literal.number(0)] * 2]
        )


def _compared(connection, engine: type[DuckDBEngine], effort: Effort, rows: str, **entry: Any) -> ComparisonResult:
    make_tables(connection, rows, rows)
    with compare(engine(connection), table_spec(**entry), effort=effort) as comparison:
        return comparison.result


NULLS = "SELECT range AS id, NULL::VARCHAR AS name, NULL::INTEGER AS fee FROM range(10)"
INSTANTS = "SELECT range AS id, TIMESTAMP '2026-01-31 10:00:00' + INTERVAL (range) HOUR AS seen FROM range(10)"
CONTENT = "SELECT range AS id, '{\"a\": ' || range || '}' AS payload, [range, 5] AS list FROM range(10)"
NUMBERS = "SELECT range AS id, (range + 1)::DECIMAL(18,4) AS fee, (range + 1)::DOUBLE AS share FROM range(10)"

TOLERANT = {"columns": {"fee": {"abs": "0.0123"}, "share": {"abs": "0.0123"}}}
WITHIN = {"columns": {"seen": {"within": "1s"}}}
WITHOUT_KEY = {"key": [], "multiset": True}

BROKEN = {
    "NULL equals everything": (_misreading(" IS NOT DISTINCT FROM ", " = "), JOINED, NULLS, {}, ["name", "fee"]),
    "every value equals every other one": (
        _misreading(" IS NOT DISTINCT FROM ", " IS NOT NULL OR TRUE OR "),
        JOINED,
        "SELECT 1 AS id, 'a' AS name",
        {},
        ["column name"],
    ),
    "every text equals every other one": (_speaking(_EveryTextIsTheSame()), JOINED, ROWS, {}, ["column name"]),
    "every text equals every other one, hashed": (_speaking(_EveryTextIsTheSame()), HASHED, ROWS, {}, ["column name"]),
    "hashes take in no value": (_speaking(_HashesNoValue()), HASHED, ROWS, {}, ["column name", "column fee"]),
    "hashes leave out a column": (
        _speaking(_HashesNotTheLastValue()),
        HASHED,
        "SELECT range AS id, 'a' || range AS name, 'b' || range AS club FROM range(10)",
        {},
        ["column club"],
    ),
    "hashes are not summed": (_SumsNoHash, HASHED, ROWS, {}, ["column name", "column fee"]),
    "every key is the same": (_speaking(_EveryKeyIsTheSame()), JOINED, "SELECT 1 AS id, 1 AS v", {}, ["missing row"]),
    "rows that only modern has are lost": (
        _misreading("FULL OUTER JOIN", "LEFT JOIN"),
        JOINED,
        ROWS,
        {},
        ["an extra row"],
    ),
    "rows that only legacy has are lost": (
        _misreading("FULL OUTER JOIN", "RIGHT JOIN"),
        JOINED,
        ROWS,
        {},
        ["a missing row"],
    ),
    "rows are counted once however often they are there": (
        _misreading('UNION ALL SELECT 0 AS "legacy", 1 AS "modern"', 'UNION SELECT 0 AS "legacy", 1 AS "modern"'),
        JOINED,
        ROWS,
        {},
        ["a row twice"],
    ),
    "a tolerance of numbers is too wide": (
        _speaking(_TakesOneBoundForAnother("0.0123", "1000000")),
        JOINED,
        NUMBERS,
        TOLERANT,
        ["a change in column fee", "a change in column share"],
    ),
    "a tolerance of numbers is not kept to": (
        _speaking(_TakesOneBoundForAnother("0.0123", "0")),
        JOINED,
        NUMBERS,
        TOLERANT,
        ["column fee forgives", "column share forgives"],
    ),
    "a tolerance of instants is too wide": (
        _speaking(_EveryInstantIsTheSame()),
        JOINED,
        INSTANTS,
        WITHIN,
        ["a change in column seen"],
    ),
    "a tolerance of instants is not kept to": (
        _speaking(_NoTwoInstantsAreNear()),
        JOINED,
        INSTANTS,
        WITHIN,
        ["column seen forgives"],
    ),
    "all JSON has the same content": (
        _speaking(_AllContentIsTheSame()),
        JOINED,
        CONTENT,
        {"columns": {"payload": {"json": True}}},
        ["column payload"],
    ),
    "no list has elements": (
        _speaking(_SeesNoElements()),
        JOINED,
        CONTENT,
        {"columns": {"list": {"unordered": True}}},
        ["column list"],
    ),
    "texts are the same without a key": (
        _speaking(_EveryTextIsTheSame()),
        JOINED,
        ROWS,
        WITHOUT_KEY,
        ["did not count"],
    ),
    "hashes take in no value without a key": (
        _speaking(_HashesNoValue()),
        HASHED,
        "SELECT 1 AS id, 'a' AS name",
        WITHOUT_KEY,
        ["did not count"],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_comparison_that_cannot_fail_proves_nothing(connection, name):
    engine, effort, rows, entry, missed = BROKEN[name]

    result = _compared(connection, engine, effort, rows, **entry)

    assert result.verdict == "not_proven", result.reasons
    assert all("self-check planted" in reason for reason in result.reasons)
    assert [said for said in missed if not any(said in reason for reason in result.reasons)] == []


def test_keys_that_never_match_are_no_proof_either(connection):
    assert _compared(connection, _speaking(_NoKeyIsTheSame()), JOINED, ROWS).verdict == "differs"


FAMILIES = {
    "numbers": "range::INTEGER AS a, range::UBIGINT AS b, range::HUGEINT AS c, range::DECIMAL(38,9) AS d, 0.1 AS e",
    "texts": "'a' || range AS a, range::VARCHAR AS b, ''::VARCHAR AS c, 'b'::ENUM('a', 'b') AS d, 'x'::BLOB AS e",
    "booleans and the like": "range = 1 AS a, uuid() AS b, '101'::BIT AS c, NULL::BOOLEAN AS d",
    "instants": (
        "DATE '2026-01-31' AS a, TIMESTAMP '2026-01-31 10:00:00' AS b, '2026-01-31 10:00:00+02'::TIMESTAMPTZ AS c, "
        "TIME '10:00:00' AS d, 'infinity'::TIMESTAMP AS e, '2026-01-31 10:00:00.000000001'::TIMESTAMP_NS AS f"
    ),
    "intervals": "INTERVAL '1 month' AS a, NULL::INTERVAL AS b",
    "nested values": "[range] AS a, {'x': range} AS b, MAP([range], ['x']) AS c, '{}'::JSON AS d, []::INTEGER[] AS e",
    "nulls": "NULL::INTEGER AS a, NULL::VARCHAR AS b, NULL::DATE AS c, NULL::INTEGER[] AS d, NULL::DOUBLE AS e",
    "numbers that are none": "'nan'::DOUBLE AS a, 'infinity'::DOUBLE AS b, '-infinity'::FLOAT AS c, -0.0::DOUBLE AS d",
    "names of its own": "range AS copy, range AS copy_, range AS l0, range AS m0, range AS pair",
}


@pytest.mark.parametrize("effort", [JOINED, HASHED], ids=["joined", "hashed"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_sound_comparison_of_every_family_of_types_finds_what_it_plants(connection, family, effort):
    connection.execute(f"CREATE TABLE rows_of AS SELECT range AS id, {FAMILIES[family]} FROM range(6)")

    result = _compared(connection, DuckDBEngine, effort, "FROM rows_of")

    assert result.verdict == "proven", result.reasons
    assert "planted changes were found" in result.reasons[0]


ENTRIES = {
    "one row": ("SELECT 1 AS id, 'a' AS v", {}),
    "one row of nulls": ("SELECT NULL::INTEGER AS id, NULL::VARCHAR AS v", {}),
    "many rows": ("SELECT range AS id, range AS v FROM range(3000)", {}),
    "a key of several parts": (
        "SELECT range AS a, 'x' AS b, NULL::DATE AS c, range AS v FROM range(5)",
        {"key": ["c", "a", "b"]},
    ),
    "a key of a text under rules": (
        "SELECT 'A' || range AS id, range AS v FROM range(5)",
        {"columns": {"id": {"case": "insensitive", "trim": "both", "null_equals_empty": True}}},
    ),
    "no key": (ROWS, WITHOUT_KEY),
    "no key and one row": ("SELECT 1 AS id, NULL AS v", WITHOUT_KEY),
    "no key and the same row often": ("SELECT 1 AS id, 'a' AS v FROM range(5)", WITHOUT_KEY),
    "duplicate keys beside unique ones": (
        "SELECT range // 2 AS id, range AS v FROM range(4) UNION ALL SELECT 9, 9",
        {"multiset": True},
    ),
    "duplicate keys only": ("SELECT 1 AS id, range AS v FROM range(4)", {"multiset": True}),
    "a predicate": (ROWS, {"where": "id > 7"}),
    "drift": (ROWS, {"columns": {"fee": {"drift": 0}}}),
    "instants under a tolerance of a lifetime": (
        "SELECT range AS id, TIMESTAMP '2026-01-31' AS seen FROM range(5)",
        {"columns": {"seen": {"within": "30000d"}}},
    ),
    "values that stand for null, within a tolerance": (
        "SELECT range AS id, TIMESTAMP '1999-12-31 23:00:00' + INTERVAL (range) HOUR AS seen FROM range(3)",
        {"columns": {"seen": {"within": "1h", "null_equals": ["2000-01-01"]}}},
    ),
    "numbers that stand for null, within a tolerance": (
        "SELECT range AS id, range AS v, range / 10.0 AS w FROM range(4)",
        {"columns": {name: {"abs": 2, "null_equals": ["0", "1"]} for name in ("v", "w")}},
    ),
    "fractions that stand for null": (
        "SELECT range AS id, (range / 10.0)::DECIMAL(2,2) AS v FROM range(4)",
        {"columns": {"v": {"null_equals": ["0", "0.1"]}}},
    ),
    "texts that stand for null, under rules": (
        "SELECT range AS id, ['a', 'A ', 'ab', ''][range + 1] AS v FROM range(4)",
        {"columns": {"v": {"trim": "both", "case": "insensitive", "null_equals": ["A", ""]}}},
    ),
    "documents that stand for null": (
        "SELECT range AS id, ['{}', '[]', '1'][range + 1] AS v FROM range(3)",
        {"columns": {"v": {"json": True, "null_equals": ["{}"]}}},
    ),
    "a rule for every column": (
        "SELECT range AS id, 'a' AS name, 1.5 AS fee, TIMESTAMP '2026-01-31' AS seen, '[1]' AS payload FROM range(5)",
        {
            "columns": {
                "name": {"case": "insensitive", "trim": "both", "unicode": "nfc", "null_equals_empty": True},
                "fee": {"abs": "0.1", "rel": "0.1", "drift": "0.1"},
                "seen": {"within": "1min", "timezone": "Europe/Berlin"},
                "payload": {"json": True, "unordered": True},
            }
        },
    ),
}


@pytest.mark.parametrize("effort", [JOINED, HASHED], ids=["joined", "hashed"])
@pytest.mark.parametrize("name", ENTRIES)
def test_a_sound_comparison_of_every_kind_finds_what_it_plants(connection, name, effort):
    rows, entry = ENTRIES[name]

    result = _compared(connection, DuckDBEngine, effort, rows, **entry)

    assert result.verdict == "proven", result.reasons


def test_what_is_planted_is_planted_in_real_rows_that_differ_within_their_tolerance(connection):
    make_tables(
        connection,
        "SELECT range AS id, 100 + range AS v, 'Ajax' AS name FROM range(5)",
        "SELECT range AS id, 100.5 + range AS v, 'AJAX ' AS name FROM range(5)",
    )
    rules = {"v": {"abs": "0.5"}, "name": {"case": "insensitive", "trim": "right"}}

    with compare(DuckDBEngine(connection), table_spec(columns=rules)) as comparison:
        assert comparison.result.verdict == "proven", comparison.result.reasons


def test_a_truth_within_a_tolerance_of_a_number_is_changed_to_null(connection):
    make_tables(
        connection,
        "SELECT range AS id, 1.0::FLOAT AS v FROM range(5) UNION ALL SELECT 9, NULL",
        "SELECT range AS id, TRUE AS v FROM range(5) UNION ALL SELECT 9, NULL",
    )

    with compare(DuckDBEngine(connection), table_spec(columns={"v": {"abs": "1000"}})) as comparison:
        assert comparison.result.verdict == "proven", comparison.result.reasons


def test_nothing_that_is_planted_shows_in_the_tables_or_the_numbers(connection):
    make_tables(connection, ROWS, f"{ROWS} WHERE id > 0 UNION ALL SELECT 99, 'x', 1")
    found = []
    for checks_itself in (True, False):
        effort = Effort(checks_itself=checks_itself)
        with compare(DuckDBEngine(connection), table_spec(), effort=effort) as comparison:
            result = comparison.result.to_dict()
            found.append({name: value for name, value in result.items() if name not in {"seconds", "sql"}})

    assert found[0] == found[1]
    for table in ("raw.t", "prod.t"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (10,)
    assert connection.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchone() == (0,)


def test_a_comparison_that_is_told_not_to_check_itself_says_nothing_of_it(connection):
    result = _compared(connection, DuckDBEngine, Effort(checks_itself=False), ROWS)

    assert (result.verdict, "planted" in result.reasons[0]) == ("proven", False)


def test_rows_that_are_not_where_they_were_read_are_looked_for(connection):
    make_tables(connection, ROWS, f"{ROWS} WHERE id <> 3 UNION ALL SELECT 3, 'other', 1")

    with compare(_MixesUpRowIds(connection), table_spec(), effort=HASHED) as comparison:
        result = comparison.result

    assert (result.rows.different, result.rows.identical, result.rows.only_legacy) == (1, 9, 0)
    assert any(sql.count('"bucket"') == 3 for sql in result.sql if "_rows" in sql.partition(" AS ")[0])


def test_the_statements_of_the_self_check_grow_no_faster_than_the_columns(connection):
    def length(columns: int) -> int:
        names = [f"v{number}" for number in range(columns)]
        rows = f"SELECT range AS id, {', '.join(f'range AS {name}' for name in names)} FROM range(5)"
        result = _compared(connection, DuckDBEngine, JOINED, rows, columns={name: {"abs": 1} for name in names})
        assert result.verdict == "proven"
        return sum(map(len, result.sql))

    assert length(32) < 3 * length(16)


def test_rows_that_all_share_their_keys_are_planted_in_as_well(connection):
    rows = "SELECT range % 2 AS id, 'a' || range AS name, range * 1.5 AS fee FROM range(10)"
    for engine, verdict in ((DuckDBEngine, "proven"), (_speaking(_EveryTextIsTheSame()), "not_proven")):
        result = _compared(connection, engine, JOINED, rows, multiset=True)

        assert (result.verdict, result.rows.identical, "planted" in result.reasons[0]) == (verdict, 0, True)


def test_a_first_row_that_is_missing_does_not_keep_rows_without_a_key_from_being_planted_in(connection):
    make_tables(connection, ROWS, f"{ROWS} WHERE range > 0")

    with compare(DuckDBEngine(connection), table_spec(**WITHOUT_KEY, row_tolerance=0.2)) as comparison:
        result = comparison.result

    assert (result.verdict, "planted changes were found" in result.reasons[0]) == ("proven", True)


def test_a_comparison_that_cannot_check_itself_is_no_proof(connection):
    make_tables(connection, "SELECT range AS id FROM range(40)", "SELECT range AS id FROM range(20, 40)")

    with compare(DuckDBEngine(connection), table_spec(**WITHOUT_KEY, row_tolerance=0.9)) as comparison:
        result = comparison.result

    assert result.verdict == "not_proven"
    assert "The self-check found no equal rows to plant changes in." in result.reasons
