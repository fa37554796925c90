"""Every type of DuckDB, as value and as key, at its extremes, and beside the types that it may be compared with."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from duckdb import DuckDBPyConnection

from transferroom_pipeline.comparisons.buckets import ALWAYS_HASHED
from transferroom_pipeline.comparisons.engine import Effort, compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.result import ComparisonResult
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline_tests.comparisons.conftest import Compare, make_tables, table_spec

TYPES = {
    "TINYINT": ["(-128)::TINYINT", "127::TINYINT", "0::TINYINT"],
    "SMALLINT": ["(-32768)::SMALLINT", "32767::SMALLINT", "0::SMALLINT"],
    "INTEGER": ["(-2147483648)::INTEGER", "2147483647::INTEGER", "0::INTEGER"],
    "BIGINT": ["(-9223372036854775808)::BIGINT", "9223372036854775807::BIGINT", "9223372036854775806::BIGINT"],
    "UTINYINT": ["0::UTINYINT", "255::UTINYINT", "1::UTINYINT"],
    "USMALLINT": ["0::USMALLINT", "65535::USMALLINT"],
    "UINTEGER": ["0::UINTEGER", "4294967295::UINTEGER"],
    "UBIGINT": ["0::UBIGINT", "18446744073709551615::UBIGINT", "18446744073709551614::UBIGINT"],
    "HUGEINT": [
        "(-170141183460469231731687303715884105728)::HUGEINT",
        "170141183460469231731687303715884105727::HUGEINT",
        "170141183460469231731687303715884105726::HUGEINT",
    ],
    "HUGEINT around zero": ["0::HUGEINT", "(-1)::HUGEINT", "1::HUGEINT", "18446744073709551616::HUGEINT"],
    "UHUGEINT": [
        "0::UHUGEINT",
        "'340282366920938463463374607431768211454'::UHUGEINT",
        "'170141183460469231731687303715884105728'::UHUGEINT",
    ],
    "UHUGEINT with equal halves": ["0::UHUGEINT", "'340282366920938463463374607431768211455'::UHUGEINT"],
    "BIGNUM": [
        "'0'::BIGNUM",
        "'-5'::BIGNUM",
        "('1' || repeat('0', 60))::BIGNUM",
        "('1' || repeat('0', 59) || '1')::BIGNUM",
    ],
    "DECIMAL(4,1)": ["999.9::DECIMAL(4,1)", "-999.9::DECIMAL(4,1)", "0::DECIMAL(4,1)"],
    "DECIMAL(9,9)": ["0.999999999::DECIMAL(9,9)", "0.999999998::DECIMAL(9,9)", "-0.999999999::DECIMAL(9,9)"],
    "DECIMAL(18,2)": [
        "'9999999999999999.99'::DECIMAL(18,2)",
        "'9999999999999999.98'::DECIMAL(18,2)",
        "'-9999999999999999.99'::DECIMAL(18,2)",
    ],
    "DECIMAL(38,0)": [
        "99999999999999999999999999999999999999::DECIMAL(38,0)",
        "99999999999999999999999999999999999998::DECIMAL(38,0)",
        "-99999999999999999999999999999999999999::DECIMAL(38,0)",
    ],
    "DECIMAL(38,38)": [
        "'0.99999999999999999999999999999999999999'::DECIMAL(38,38)",
        "'0.99999999999999999999999999999999999998'::DECIMAL(38,38)",
        "'0.00000000000000000000000000000000000001'::DECIMAL(38,38)",
        "0::DECIMAL(38,38)",
    ],
    "DECIMAL(19,2) around zero": ["0::DECIMAL(19,2)", "-0.01::DECIMAL(19,2)", "0.01::DECIMAL(19,2)"],
    "FLOAT": ["'3.4028235e38'::FLOAT", "'1.1754944e-38'::FLOAT", "'1e-45'::FLOAT", "0.1::FLOAT", "0::FLOAT"],
    "FLOAT that is no number": ["'nan'::FLOAT", "'infinity'::FLOAT", "'-infinity'::FLOAT"],
    "DOUBLE": ["1.7976931348623157e308::DOUBLE", "5e-324::DOUBLE", "1e-323::DOUBLE", "0.1::DOUBLE", "0::DOUBLE"],
    "DOUBLE that is no number": ["'nan'::DOUBLE", "'infinity'::DOUBLE", "'-infinity'::DOUBLE"],
    "VARCHAR": ["''", "'a'", "'a ' ", "chr(0) || 'a'", "chr(0)", "repeat('x', 10000)", "'NULL'"],
    "BLOB": ["''::BLOB", "'\\x00'::BLOB", "'\\x00\\x00'::BLOB", "'\\xFF'::BLOB", "'a'::BLOB", "'A'::BLOB"],
    "BIT": ["'0'::BIT", "'00'::BIT", "'1'::BIT", "repeat('10', 500)::BIT"],
    "BOOLEAN": ["TRUE", "FALSE"],
    "UUID": ["'00000000-0000-0000-0000-000000000000'::UUID", "'ffffffff-ffff-ffff-ffff-ffffffffffff'::UUID"],
    "UUID with equal halves": [
        "'80000000-0000-0001-0000-000000000001'::UUID",
        "'80000000-0000-0002-0000-000000000002'::UUID",
    ],
    "UUID that hashes like NULL": [
        "'80000000-0000-0001-972c-45562f8b72c3'::UUID",
        "'80000000-0000-0001-972c-45562f8b72c4'::UUID",
    ],
    "ENUM": ["'b'::ENUM('b', 'a', '', 'A')", "'a'::ENUM('b', 'a', '', 'A')", "''::ENUM('b', 'a', '', 'A')"],
    "DATE": ["DATE '2026-01-31'", "DATE '0001-01-01'", "'4714-11-24 (BC)'::DATE", "DATE '9999-12-31'"],
    "DATE that is infinite": ["'infinity'::DATE", "'-infinity'::DATE"],
    "DATE beyond timestamps": ["'5881580-07-10'::DATE", "'5877642-06-25 (BC)'::DATE", "DATE '2026-01-31'"],
    "TIME": ["'00:00:00'::TIME", "'24:00:00'::TIME", "'23:59:59.999999'::TIME", "'12:00:00'::TIME"],
    "TIME_NS": ["'00:00:00'::TIME_NS", "'23:59:59.999999999'::TIME_NS", "'23:59:59.999999998'::TIME_NS"],
    "TIMETZ": ["'00:00:00+00'::TIMETZ", "'00:00:00+15:59'::TIMETZ", "'12:00:00-05'::TIMETZ"],
    "TIMESTAMP": [
        "TIMESTAMP '2026-01-31 10:00:00'",
        "'294247-01-10 04:00:54.775806'::TIMESTAMP",
        "'290309-12-22 (BC) 00:00:00'::TIMESTAMP",
        "TIMESTAMP '2026-01-31 10:00:00.000001'",
    ],
    "TIMESTAMP that is infinite": ["'infinity'::TIMESTAMP", "'-infinity'::TIMESTAMP", "TIMESTAMP '2026-01-31'"],
    "TIMESTAMP_S": ["'infinity'::TIMESTAMP_S", "'2026-01-31 10:00:00'::TIMESTAMP_S", "'9999-12-31'::TIMESTAMP_S"],
    "TIMESTAMP_MS": ["'infinity'::TIMESTAMP_MS", "'2026-01-31 10:00:00.123'::TIMESTAMP_MS"],
    "TIMESTAMP_NS": [
        "'infinity'::TIMESTAMP_NS",
        "'2262-04-11 23:47:16.854775806'::TIMESTAMP_NS",
        "'2026-01-31 10:00:00.123456789'::TIMESTAMP_NS",
        "'2026-01-31 10:00:00.123456788'::TIMESTAMP_NS",
    ],
    "TIMESTAMPTZ": [
        "'2026-01-31 10:00:00+02'::TIMESTAMPTZ",
        "'infinity'::TIMESTAMPTZ",
        "'-infinity'::TIMESTAMPTZ",
        "'2026-01-31 10:00:00+03'::TIMESTAMPTZ",
    ],
    "INTERVAL": ["INTERVAL '1 month'", "INTERVAL '30 days'", "INTERVAL '-83 years'", "INTERVAL '1 microsecond'"],
    "STRUCT": ["{'a': NULL, 'b': NULL}", "{'a': NULL, 'b': ''}", "{'a': 1, 'b': NULL}", "{'a': NULL, 'b': 'x'}"],
    "LIST": ["[]::INTEGER[]", "[NULL]::INTEGER[]", "[NULL, NULL]::INTEGER[]", "[1, 2]", "[2, 1]", "[0]"],
    "LIST of nothing": ["[NULL]::VARCHAR[]", "['NULL']", "[]::VARCHAR[]", "['']", "['[]']"],
    "LIST of texts": ["['a, b']", "['a', 'b']", "['a', '''b']", "['a, ''b']"],
    "LIST of doubles": ["[0.1::DOUBLE]", "[0.1::FLOAT::DOUBLE]", "['nan'::DOUBLE]", "['infinity'::DOUBLE]"],
    "ARRAY": ["[1, 2]::INTEGER[2]", "[2, 1]::INTEGER[2]", "[NULL, NULL]::INTEGER[2]"],
    "MAP": [
        "MAP(['a'], [1])",
        "MAP(['a'], [2])",
        "MAP(['b'], [1])",
        "MAP(['a'], [NULL])",
        "MAP()::MAP(VARCHAR, INTEGER)",
    ],
    "UNION": [
        "union_value(n := 1)::UNION(n INTEGER, s VARCHAR)",
        "union_value(s := '1')::UNION(n INTEGER, s VARCHAR)",
        "union_value(s := '')::UNION(n INTEGER, s VARCHAR)",
    ],
    "JSON": ["'{\"a\": 1}'::JSON", "'{\"a\": 2}'::JSON", "'null'::JSON", "'\"a\"'::JSON", "'[]'::JSON", "'{}'::JSON"],
    "LIST of STRUCT": ["[{'a': 1, 'b': ['x']}]", "[{'a': 1, 'b': ['y']}]", "[{'a': 1, 'b': []::VARCHAR[]}]"],
    "STRUCT of MAP": ["{'m': MAP(['k'], [[1]])}", "{'m': MAP(['k'], [[2]])}", "{'m': NULL::MAP(VARCHAR, INTEGER[])}"],
    "MAP of MAP": ["MAP(['a'], [MAP(['x'], [1])])", "MAP(['a'], [MAP(['x'], [2])])"],
    "MAP by STRUCT": ["MAP([{'a': 1}], [1])", "MAP([{'a': 2}], [1])"],
    "LIST of LIST": ["[[1], [2]]", "[[1, 2]]", "[[1], NULL]", "[[1], []]", "[[1], [NULL]]"],
    "LIST of INTERVAL": ["[INTERVAL '1 month']", "[INTERVAL '30 days']"],
    "LIST of JSON": ["['{\"a\": 1}'::JSON]", "['{\"a\": 2}'::JSON]", "['null'::JSON]", "[NULL::JSON]"],
    "LIST of BLOB": ["[','::BLOB, 'x'::BLOB]", "[', x'::BLOB]", "['\\x00'::BLOB]"],
    "LIST of UNION": [
        "[union_value(n := 1)::UNION(n INTEGER, s VARCHAR)]",
        "[union_value(s := '1')::UNION(n INTEGER, s VARCHAR)]",
    ],
    "STRUCT of instants": [
        "{'t': TIMESTAMP '2026-01-01', 'd': DATE '2026-01-01'}",
        "{'t': TIMESTAMP '2026-01-02', 'd': DATE '2026-01-01'}",
    ],
    "LIST of decimals": ["[0::DECIMAL(38,2)]", "[-0.01::DECIMAL(38,2)]"],
    "ARRAY of ARRAY": ["[[1, 2], [3, 4]]::INTEGER[2][2]", "[[1, 2], [3, 5]]::INTEGER[2][2]"],
    "UNION of LIST": [
        "union_value(l := [1])::UNION(l INTEGER[], s VARCHAR)",
        "union_value(l := [2])::UNION(l INTEGER[], s VARCHAR)",
    ],
    "STRUCT with odd names": ["{'a b': 1, 'quo\"te': 2, 'o''clock': 3}", "{'a b': 1, 'quo\"te': 2, 'o''clock': 4}"],
}

CHECKED = Effort(hashing=ALWAYS_HASHED)
HASHED = Effort(hashing=ALWAYS_HASHED, checks_itself=False, samples=0)
JOINED = Effort(checks_itself=False, samples=0)


@pytest.fixture(scope="module")
def connection() -> Iterator[DuckDBPyConnection]:
    """One database for all tests of the module: each makes its tables anew."""
    with connect(None) as opened:
        yield opened


@pytest.fixture
def found(connection) -> Compare:
    """Compares the rows of two queries with some effort and gives the result."""

    def compare_queries(effort: Effort, legacy: str, modern: str, /, **entry: Any) -> ComparisonResult:
        make_tables(connection, legacy, modern)
        with compare(DuckDBEngine(connection), table_spec(**entry), effort=effort) as comparison:
            return comparison.result

    return compare_queries


def _values(name: str) -> str:
    """A query of all values of a type with a number, NULL having 0."""
    rows = [f"SELECT {number}, {value}" for number, value in enumerate(TYPES[name], start=1)]
    return f"WITH t(n, v) AS ({' UNION ALL '.join(rows)} UNION ALL SELECT 0, NULL)"


@pytest.mark.parametrize("name", TYPES)
def test_equal_values_and_keys_of_any_type_are_proven(found, name):
    """Were two of the keys the same, they would be told as duplicates."""
    rows = f"{_values(name)} SELECT v AS id, v FROM t"

    result = found(CHECKED, rows, rows)

    assert result.verdict == "proven", result.reasons
    assert (result.rows.identical, result.rows.null_key_legacy) == (len(TYPES[name]) + 1, 1)


@pytest.mark.parametrize("name", TYPES)
def test_no_value_of_any_type_equals_another_one_or_null(found, name):
    pairs = "FROM t AS a, t AS b"

    result = found(
        JOINED,
        f"{_values(name)} SELECT 100 * a.n + b.n AS id, a.v {pairs}",
        f"{_values(name)} SELECT 100 * a.n + b.n AS id, b.v {pairs}",
    )

    values = len(TYPES[name])
    assert (result.rows.identical, result.rows.different) == (values + 1, values * (values + 1))
    causes = result.columns[1].causes
    assert sum(count for cause, count in causes.items() if cause.startswith("null_vs_")) == 2 * values


@pytest.mark.parametrize("name", TYPES)
def test_no_value_or_key_of_any_type_hides_behind_the_hash_of_another_one_or_null(found, name):
    """Two rows alone, since another difference in their bucket would bring theirs to light."""
    rows = f"{_values(name)} SELECT 1 AS id, v FROM t WHERE n = "
    keys = f"{_values(name)} SELECT v AS id, 1 AS w FROM t WHERE n = "

    values = found(HASHED, f"{rows}1", f"{rows}2")
    apart = found(HASHED, f"{keys}0", f"{keys}1")

    assert values.rows.different == 1
    assert (apart.rows.only_legacy, apart.rows.only_modern) == (1, 1)


BETWEEN_TYPES = {
    "TINYINT and HUGEINT": (
        [("127::TINYINT", "127::HUGEINT"), ("(-128)::TINYINT", "(-128)::HUGEINT")],
        [("1::TINYINT", "18446744073709551617::HUGEINT"), ("(-1)::TINYINT", "255::HUGEINT")],
    ),
    "BIGINT and UBIGINT": (
        [("9223372036854775807::BIGINT", "9223372036854775807::UBIGINT")],
        [("(-1)::BIGINT", "18446744073709551615::UBIGINT"), ("NULL::BIGINT", "18446744073709551615::UBIGINT")],
    ),
    "HUGEINT and UHUGEINT": (
        [("170141183460469231731687303715884105727::HUGEINT", "170141183460469231731687303715884105727::UHUGEINT")],
        [
            ("(-1)::HUGEINT", "'340282366920938463463374607431768211455'::UHUGEINT"),
            ("NULL::HUGEINT", "'340282366920938463463374607431768211455'::UHUGEINT"),
        ],
    ),
    "HUGEINT and DECIMAL": (
        [("12::HUGEINT", "12.00::DECIMAL(38,2)"), ("NULL::HUGEINT", "NULL::DECIMAL(38,2)")],
        [
            ("170141183460469231731687303715884105727::HUGEINT", "1::DECIMAL(38,2)"),
            ("170141183460469231731687303715884105727::HUGEINT", "NULL::DECIMAL(38,2)"),
            ("12::HUGEINT", "12.01::DECIMAL(38,2)"),
        ],
    ),
    "DECIMALs that no DECIMAL holds both of": (
        [("0.5::DECIMAL(4,1)", "0.5::DECIMAL(38,38)")],
        [("999.9::DECIMAL(4,1)", "0.9::DECIMAL(38,38)"), ("999.9::DECIMAL(4,1)", "NULL::DECIMAL(38,38)")],
    ),
    "whole numbers and FLOAT": (
        [("16777216::INTEGER", "16777216::FLOAT"), ("NULL::INTEGER", "NULL::FLOAT")],
        [("16777217::INTEGER", "16777216::FLOAT"), ("0::INTEGER", "'nan'::FLOAT")],
    ),
    "FLOAT and DOUBLE": (
        [("0.5::FLOAT", "0.5::DOUBLE"), ("'nan'::FLOAT", "'nan'::DOUBLE"), ("'infinity'::FLOAT", "'inf'::DOUBLE")],
        [("0.1::FLOAT", "0.1::DOUBLE"), ("'infinity'::FLOAT", "1e308::DOUBLE")],
    ),
    "BOOLEAN and DECIMAL": (
        [("FALSE", "0::DECIMAL(3,3)"), ("NULL::BOOLEAN", "NULL::DECIMAL(3,3)")],
        [("TRUE", "0.999::DECIMAL(3,3)"), ("TRUE", "NULL::DECIMAL(3,3)"), ("TRUE", "0.001::DECIMAL(3,3)")],
    ),
    "BOOLEAN and UTINYINT": ([("TRUE", "1::UTINYINT"), ("FALSE", "0::UTINYINT")], [("TRUE", "255::UTINYINT")]),
    "text and UHUGEINT": (
        [("'340282366920938463463374607431768211455'", "'340282366920938463463374607431768211455'::UHUGEINT")],
        [("'340282366920938463463374607431768211454'", "'340282366920938463463374607431768211455'::UHUGEINT")],
    ),
    "text and HUGEINT": (
        [("'-170141183460469231731687303715884105728'", "(-170141183460469231731687303715884105728)::HUGEINT")],
        [("'0'", "(-1)::HUGEINT"), ("'1.5'", "1::HUGEINT"), ("'1' || repeat('0', 50)", "NULL::HUGEINT")],
    ),
    "text and DECIMAL": (
        [("'0.10'", "0.1::DECIMAL(38,38)"), ("'-.5'", "-0.5::DECIMAL(38,38)"), ("'+0.5'", "0.5::DECIMAL(38,38)")],
        [("'0.' || repeat('9', 39)", "NULL::DECIMAL(38,38)"), ("'0,1'", "0.1::DECIMAL(38,38)")],
    ),
    "text and DOUBLE": (
        [("'NaN'", "'nan'::DOUBLE"), ("'-Infinity'", "'-inf'::DOUBLE"), ("'1E3'", "1000::DOUBLE")],
        [("'none'", "'nan'::DOUBLE"), ("''", "0::DOUBLE"), ("'0x10'", "16::DOUBLE"), ("'1_000'", "1000::DOUBLE")],
    ),
    "text and a FLOAT that may hash like NULL": (
        [("'0.5'", "0.5::FLOAT")],
        [("'-4.645812804824922e+112'", "NULL::FLOAT"), ("'x'", "NULL::FLOAT")],
    ),
    "text and an INTEGER that may hash like NULL": (
        [("'5'", "5::INTEGER")],
        [("'0.0000000015515834664653156994'", "NULL::INTEGER")],
    ),
    "text and BOOLEAN": (
        [("'TRUE'", "TRUE"), ("'f'", "FALSE")],
        [("'2'", "TRUE"), ("''", "FALSE"), ("'maybe'", "NULL::BOOLEAN")],
    ),
    "text and UUID": (
        [("'FFFFFFFF-ffff-ffff-ffff-ffffffffffff'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'::UUID")],
        [("'x'", "NULL::UUID"), ("''", "'ffffffff-ffff-ffff-ffff-ffffffffffff'::UUID")],
    ),
    "text and ENUM": (
        [("'a'", "'a'::ENUM('b', 'a')")],
        [("'A'", "'a'::ENUM('b', 'a')"), ("'a '", "'a'::ENUM('b', 'a')"), ("'b'", "NULL::ENUM('b', 'a')")],
    ),
    "ENUMs with other members": (
        [("'a'::ENUM('a', 'b')", "'a'::ENUM('c', 'b', 'a')")],
        [("'a'::ENUM('a', 'b')", "'c'::ENUM('c', 'b', 'a')")],
    ),
    "text and TIME": (
        [("'10:00'", "TIME '10:00:00'"), ("'10:00:00.5'", "TIME '10:00:00.500'")],
        [("'10:00:00.0000001'", "TIME '10:00:00'"), ("'25:00:00'", "NULL::TIME"), ("'10'", "TIME '10:00:00'")],
    ),
    "text and DATE": (
        [("'2026-01-31'", "DATE '2026-01-31'")],
        [("'2026-1-31x'", "DATE '2026-01-31'"), ("'2026-02-30'", "NULL::DATE"), ("''", "NULL::DATE")],
    ),
    "text and TIMESTAMPTZ": (
        [
            ("'2026-01-31 10:00:00+02:00'", "'2026-01-31 08:00:00+00'::TIMESTAMPTZ"),
            ("'2026-01-31'", "'2026-01-31 00:00:00+00'::TIMESTAMPTZ"),
        ],
        [("'2026-01-31 10:00:00'", "'2026-01-31 10:00:00+02'::TIMESTAMPTZ")],
    ),
    "text and TIMESTAMP_NS": (
        [("'2026-01-31 10:00:00.123456'", "'2026-01-31 10:00:00.123456'::TIMESTAMP_NS")],
        [("'2026-01-31 10:00:00.123456'", "'2026-01-31 10:00:00.123456789'::TIMESTAMP_NS")],
    ),
    "DATE and TIMESTAMP": (
        [("'infinity'::DATE", "'infinity'::TIMESTAMP"), ("DATE '2026-01-31'", "TIMESTAMP '2026-01-31'")],
        [("'5881580-07-10'::DATE", "NULL::TIMESTAMP"), ("DATE '2026-01-31'", "TIMESTAMP '2026-01-31 00:00:00.000001'")],
    ),
    "DATE and TIMESTAMPTZ": (
        [("DATE '2026-01-31'", "'2026-01-31 00:00:00+00'::TIMESTAMPTZ")],
        [("DATE '2026-01-31'", "'2026-01-31 00:00:00+02'::TIMESTAMPTZ")],
    ),
    "TIMESTAMP_S and TIMESTAMP_MS": (
        [("'2026-01-31 10:00:00'::TIMESTAMP_S", "'2026-01-31 10:00:00'::TIMESTAMP_MS")],
        [("'2026-01-31 10:00:00'::TIMESTAMP_S", "'2026-01-31 10:00:00.001'::TIMESTAMP_MS")],
    ),
    "TIMESTAMP_NS and TIMESTAMPTZ": (
        [("'2026-01-31 10:00:00'::TIMESTAMP_NS", "'2026-01-31 12:00:00+02'::TIMESTAMPTZ")],
        [("'2026-01-31 10:00:00.000000001'::TIMESTAMP_NS", "'2026-01-31 12:00:00+02'::TIMESTAMPTZ")],
    ),
    "text and JSON": (
        [('\'{"b": 1, "a": [1, 2]}\'', '\'{"a":[1,2],"b":1}\'::JSON'), ("NULL::VARCHAR", "NULL::JSON")],
        [("'{\"a\": 1}'", '\'{"a": "1"}\'::JSON'), ("NULL::VARCHAR", "'null'::JSON"), ("'[1,2]'", "'[2,1]'::JSON")],
    ),
    "LISTs of other numbers": (
        [("[1, NULL]", "[1, NULL]::BIGINT[]")],
        [("[1]", "[2]::BIGINT[]"), ("[1]", "[]::BIGINT[]")],
    ),
    "LIST and ARRAY": (
        [("[1, 2]", "[1, 2]::INTEGER[2]")],
        [("[1, 2]", "[2, 1]::INTEGER[2]"), ("[1]", "[1, NULL]::INTEGER[2]")],
    ),
    "STRUCTs of other order and case": (
        [("{'a': 1, 'b': 'x'}", "{'B': 'x', 'A': 1::BIGINT}")],
        [
            ("{'a': 1, 'b': 'x'}", "{'B': 'y', 'A': 1::BIGINT}"),
            ("{'a': 1, 'b': NULL::VARCHAR}", "NULL::STRUCT(B VARCHAR, A BIGINT)"),
        ],
    ),
    "MAPs of other numbers and order": (
        [("MAP([1, 2], ['x', 'y'])", "MAP([2::BIGINT, 1::BIGINT], ['y', 'x'])")],
        [("MAP([1, 2], ['x', 'y'])", "MAP([2::BIGINT, 1::BIGINT], ['x', 'y'])")],
    ),
    "UNIONs of other order": (
        [("union_value(n := 1)::UNION(n INTEGER, s VARCHAR)", "union_value(n := 1)::UNION(s VARCHAR, n INTEGER)")],
        [("union_value(n := 1)::UNION(n INTEGER, s VARCHAR)", "union_value(s := '1')::UNION(s VARCHAR, n INTEGER)")],
    ),
    "STRUCTs of MAPs in LISTs of other numbers": (
        [("[{'m': MAP(['a', 'b'], [[1], [2]])}]", "[{'m': MAP(['b', 'a'], [[2::BIGINT], [1::BIGINT]])}]")],
        [("[{'m': MAP(['a', 'b'], [[1], [2]])}]", "[{'m': MAP(['b', 'a'], [[2::BIGINT], [3::BIGINT]])}]")],
    ),
}


def _sides(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Queries of both sides of pairs with their numbers, each type being on either side once."""
    numbered = list(enumerate(pairs))
    return [
        " UNION ALL ".join(f"SELECT {n} AS id, {pair[place]} AS v, {pair[1 - place]} AS w" for n, pair in numbered)
        for place in (0, 1)
    ]


@pytest.mark.parametrize("name", BETWEEN_TYPES)
def test_equal_values_of_two_types_are_proven_on_either_side(found, name):
    equal, _ = BETWEEN_TYPES[name]

    result = found(CHECKED, *_sides(equal))

    assert result.verdict == "proven", result.reasons
    assert [column.type_changed for column in result.columns] == [False, True, True]


@pytest.mark.parametrize("name", BETWEEN_TYPES)
def test_different_values_of_two_types_are_found_on_either_side(found, name):
    equal, different = BETWEEN_TYPES[name]

    result = found(JOINED, *_sides([*equal, *different]))

    assert (result.rows.identical, result.rows.different) == (len(equal), len(different))
    assert [column.different for column in result.columns] == [0, len(different), len(different)]


@pytest.mark.parametrize("name", BETWEEN_TYPES)
def test_keys_of_two_types_match_where_they_are_equal_and_nowhere_else(found, name):
    equal, different = BETWEEN_TYPES[name]

    def keys(pairs: Sequence[tuple[str, str]]) -> list[str]:
        return [f"SELECT v AS id, 1 AS one FROM ({side})" for side in _sides(pairs)]

    same = found(JOINED, *keys(equal))
    apart = found(HASHED, *keys(different[:1]))

    assert (same.rows.identical, same.rows.only_legacy, same.rows.only_modern) == (len(equal), 0, 0)
    assert (apart.rows.only_legacy, apart.rows.only_modern) == (1, 1)


INCOMPARABLE = [
    ("'a'::BLOB", "'a'"),
    ("'1'::BIT", "'1'"),
    ("'1'::BIT", "1"),
    ("'a'::BLOB", "'1'::BIT"),
    ("1", "DATE '2026-01-31'"),
    ("TRUE", "DATE '2026-01-31'"),
    ("1.5", "TIME '10:00:00'"),
    ("INTERVAL '1 day'", "'1 day'"),
    ("INTERVAL '1 day'", "86400::BIGINT"),
    ("uuid()", "'a'::BLOB"),
    ("uuid()", "1::HUGEINT"),
    ("TIME '10:00:00'", "TIMESTAMP '2026-01-31 10:00:00'"),
    ("'10:00:00+00'::TIMETZ", "TIME '10:00:00'"),
    ("1::BIGNUM", "1::BIGINT"),
    ("'{}'::JSON", "1"),
    ("'{}'::JSON", "{'a': 1}"),
    ("[1]", "1"),
    ("[1]", "'[1]'"),
    ("[1]", "[DATE '2026-01-31']"),
    ("[1]", "['1']"),
    ("{'a': 1}", "{'b': 1}"),
    ("{'a': 1}", "{'a': 1, 'b': 2}"),
    ("{'a': 1}", "'{a: 1}'"),
    ("{'a': 1}", "MAP(['a'], [1])"),
    ("MAP(['a'], [1])", "[{'key': 'a', 'value': 1}]"),
    ("union_value(n := 1)", "1"),
    ("union_value(n := 1)", "union_value(m := 1)"),
]


@pytest.mark.parametrize(("legacy", "modern"), INCOMPARABLE)
def test_types_that_cannot_be_compared_are_an_error_that_names_the_column_and_the_ways_out(found, legacy, modern):
    for one, other in ((legacy, modern), (modern, legacy)):
        with pytest.raises(ComparisonError, match=r"column v: types .* cannot be compared: exclude the column, or"):
            found(JOINED, f"SELECT 1 AS id, {one} AS v", f"SELECT 1 AS id, {other} AS v")


def test_types_that_cannot_be_compared_hinder_nothing_once_the_column_is_excluded(found):
    legacy, modern = "SELECT 1 AS id, 1 AS w, 'a'::BLOB AS v", "SELECT 1 AS id, 1 AS w, 'a' AS v"

    assert found(CHECKED, legacy, modern, columns={"v": {"exclude": True}}).verdict == "proven"


RULED = {
    "numbers": {
        "abs on integers": ("(100 + range)::INTEGER", "(101 + range)::INTEGER", {"abs": 1}),
        "abs on unsigned integers": ("range::UTINYINT", "(range + 1)::UTINYINT", {"abs": 1}),
        "abs on wide integers": ("range::HUGEINT", "(range + 1)::HUGEINT", {"abs": 1}),
        "abs on decimals": ("(range + 0.25)::DECIMAL(38,2)", "(range + 0.5)::DECIMAL(38,2)", {"abs": "0.25"}),
        "rel on doubles": ("(range + 1)::DOUBLE", "(range + 1) * 1.01::DOUBLE", {"rel": "0.01"}),
        "rel on floats": ("(range + 1)::FLOAT", "((range + 1) * 1.001)::FLOAT", {"rel": "0.01"}),
        "abs on a text beside a number": ("range::VARCHAR", "(range + 0.5)::DECIMAL(18,2)", {"abs": "0.5"}),
        "abs on a number beside a text": ("(range + 0.5)::DECIMAL(18,2)", "range::VARCHAR", {"abs": "0.5"}),
        "abs on nulls": ("NULL::INTEGER", "NULL::INTEGER", {"abs": 1}),
        "abs on numbers that are none": ("'nan'::DOUBLE", "'nan'::DOUBLE", {"abs": 1, "rel": "0.1"}),
        "drift": ("range::INTEGER", "range::INTEGER", {"drift": 0}),
    },
    "texts": {
        "trim": ("'a ' || range", "'a ' || range || '  '", {"trim": "right"}),
        "case": ("'a' || range", "'A' || range", {"case": "insensitive"}),
        "unicode": ("'caf' || chr(233)", "'cafe' || chr(769)", {"unicode": "nfc"}),
        "null for empty": ("NULLIF('', 'x')", "NULL::VARCHAR", {"null_equals_empty": True}),
        "all rules for texts": (
            "'caf' || chr(233)",
            "' CAFE' || chr(769)",
            {"trim": "both", "case": "insensitive", "unicode": "nfc", "null_equals_empty": True},
        ),
        "trim beside a number": ("' 1 '", "1", {"trim": "both"}),
        "case of members": ("'A'::ENUM('a', 'A')", "'a'::ENUM('a', 'A')", {"case": "insensitive"}),
    },
    "instants": {
        "within on timestamps": (
            "TIMESTAMP '2026-01-31 10:00:00'",
            "TIMESTAMP '2026-01-31 10:00:00.3'",
            {"within": "1s"},
        ),
        "within on dates": ("DATE '2026-01-31'", "DATE '2026-02-01'", {"within": "1d"}),
        "within on dates and timestamps": ("DATE '2026-01-31'", "TIMESTAMP '2026-01-31 01:00:00'", {"within": "1h"}),
        "within on timestamps with zones": (
            "'2026-01-31 10:00:00+00'::TIMESTAMPTZ",
            "'2026-01-31 12:00:01+02'::TIMESTAMPTZ",
            {"within": "1s"},
        ),
        "within on seconds": (
            "'2026-01-31 10:00:00'::TIMESTAMP_S",
            "'2026-01-31 10:00:01'::TIMESTAMP_S",
            {"within": "1s"},
        ),
        "within on texts": ("'2026-01-31 10:00:00'", "TIMESTAMP '2026-01-31 10:00:01'", {"within": "1s"}),
        "timezone": (
            "TIMESTAMP '2026-07-01 12:00:00'",
            "'2026-07-01 10:00:00+00'::TIMESTAMPTZ",
            {"timezone": "Europe/Berlin"},
        ),
    },
    "nanoseconds": {
        "within on nanoseconds": (
            "'2026-01-31 10:00:00.123456789'::TIMESTAMP_NS",
            "'2026-01-31 10:00:00.123456788'::TIMESTAMP_NS",
            {"within": "1s"},
        ),
    },
    "content": {
        "json": ('\'{"a": 1, "b": 2}\'', '\'{"b":2,"a":1}\'', {"json": True}),
        "json unordered": ("'[1, [2, 3]]'", "'[[3,2],1]'", {"json": True, "unordered": True}),
        "unordered JSON": ("'[1, 2]'::JSON", "'[2, 1]'::JSON", {"unordered": True}),
        "json that is none": ("'{broken'", "'{broken'", {"json": True}),
        "unordered lists": ("[1, 2]", "[2, 1]", {"unordered": True}),
        "unordered lists of lists": ("[[1, 2], [3]]", "[[3], [2, 1]]", {"unordered": True}),
        "unordered lists in structs": ("{'a': [1, 2]}", "{'a': [2, 1]}", {"unordered": True}),
        "unordered lists in maps": ("MAP(['a'], [[1, 2]])", "MAP(['a'], [[2, 1]])", {"unordered": True}),
        "unordered lists of structs": ("[{'a': 1}, {'a': 2}]", "[{'a': 2}, {'a': 1}]", {"unordered": True}),
    },
}


@pytest.mark.parametrize("name", RULED)
def test_what_a_rule_forgives_is_proven_for_every_type_it_is_for(found, name):
    ruled = RULED[name]
    sides = [
        "SELECT range AS id, "
        + ", ".join(f'{case[place]} AS "{rule}"' for rule, case in ruled.items())
        + " FROM range(3)"
        for place in (0, 1)
    ]

    result = found(CHECKED, *sides, columns={column: rule for column, (_, _, rule) in ruled.items()})

    assert result.verdict == "proven", result.reasons
