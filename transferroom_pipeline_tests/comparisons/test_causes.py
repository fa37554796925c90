"""Why cells and rows differ, which explanation goes before which, and that what is suggested settles it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from duckdb import DuckDBPyConnection

from transferroom_pipeline.comparisons.engine import Effort, compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.result import ComparisonResult
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline_tests.comparisons.conftest import Compare, make_tables, table_spec

_UNCHECKED = Effort(checks_itself=False)

Cells = Sequence[str]


def _rows(values: Cells, name: str = "v") -> str:
    return " UNION ALL ".join(f"SELECT {number} AS id, {value} AS {name}" for number, value in enumerate(values))


@pytest.fixture(scope="module")
def connection() -> Iterator[DuckDBPyConnection]:
    """One database for all tests of the module: each makes its tables anew."""
    with connect(None) as opened:
        yield opened


@pytest.fixture
def explained(connection) -> Compare:
    """Compares two queries without checking the comparison itself."""

    def compare_queries(legacy: str, modern: str, /, **entry: Any) -> ComparisonResult:
        make_tables(connection, legacy, modern)
        with compare(DuckDBEngine(connection), table_spec(**entry), effort=_UNCHECKED) as comparison:
            long_form = connection.execute(comparison.differences.sql(dialect="duckdb")).fetchall()
        result = comparison.result
        assert _causes_in(long_form) == {column.name: dict(column.causes) for column in result.columns if column.causes}
        return result

    return compare_queries


def _causes_in(long_form: Sequence[tuple[Any, ...]]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for kind, _, column, _, _, cause, *_ in long_form:
        if kind == "different":
            found.setdefault(column, Counter())[cause] += 1
    return {column: dict(causes) for column, causes in found.items()}


EXPLAINED: dict[str, tuple[Cells, Cells, dict[str, int]]] = {
    "trailing blanks": (["'a'", "'a '", "''"], ["'a  '", "'a'", "' '"], {"trailing_blanks": 3}),
    "case": (["'Ajax'", "'\u00c4'", "'a B '"], ["'AJAX'", "'\u00e4'", "'A b '"], {"case": 3}),
    "unicode form": (["'caf' || chr(233)"], ["'cafe' || chr(769)"], {"unicode_form": 1}),
    "blanks at the start, inside, and those that are no spaces": (
        ["' a'", "'a b'", "'a' || chr(9)", "'a' || chr(160) || 'b'", "'a  b'"],
        ["'a'", "'ab'", "'a'", "'a b'", "'a b'"],
        {"blanks": 5},
    ),
    "a text cut at one length": (["'abcdef'", "'uvwxyz'", "'abc'"], ["'abc'", "'uvw'", "'abc'"], {"truncated": 2}),
    "a text cut at one length in legacy": (["'abc'", "'uvw'"], ["'abcdef'", "'uvwx'"], {"truncated": 2}),
    "a text cut at one length, and one that only begins alike": (
        ["'abcdef'", "'uvwxyz'", "'xy'"],
        ["'abc'", "'uvw'", "'x'"],
        {"value": 3},
    ),
    "a text cut at one length, and a longer one that was not cut": (
        ["'abcdef'", "'uvwxyz'", "'abcdef'"],
        ["'abc'", "'uvw'", "'vwxyz'"],
        {"value": 3},
    ),
    "null and nothing": (["NULL::VARCHAR", "''", "NULL"], ["''", "NULL", "'  '"], {"null_vs_empty": 3}),
    "null and zero": (["NULL::INTEGER", "0"], ["0", "NULL::INTEGER"], {"null_vs_zero": 2}),
    "null and zero as decimals": (
        ["NULL::DECIMAL(18,2)", "0.00"],
        ["0.00::DECIMAL(18,2)", "NULL"],
        {"null_vs_zero": 2},
    ),
    "null and zero as doubles": (["NULL::DOUBLE", "0"], ["-0.0::DOUBLE", "NULL"], {"null_vs_zero": 2}),
    "null and a number": (["NULL::INTEGER", "7"], ["5", "NULL"], {"null_vs_value": 2}),
    "null and a text": (["NULL::VARCHAR", "'x'"], ["'0'", "NULL"], {"null_vs_value": 2}),
    "null and a boolean": (["NULL::BOOLEAN"], ["FALSE"], {"null_vs_value": 1}),
    "null and a date": (["NULL::DATE"], ["DATE '1900-01-01'"], {"null_vs_value": 1}),
    "null and a list": (["NULL::INTEGER[]"], ["[]"], {"null_vs_value": 1}),
    "the noise of doubles": (
        ["0.3::DOUBLE", "1e20::DOUBLE", "-5.1::DOUBLE"],
        ["0.1::DOUBLE + 0.2::DOUBLE", "1e20::DOUBLE + 16384", "-5.1000000000000005::DOUBLE"],
        {"float_noise": 3},
    ),
    "the noise of single precision": (["0.1::FLOAT"], ["0.1::DOUBLE"], {"float_noise": 1}),
    "the noise of the smallest doubles": (["5e-324::DOUBLE"], ["1e-323::DOUBLE"], {"float_noise": 1}),
    "more than noise": (["1::DOUBLE"], ["1.0000000000011::DOUBLE"], {"rounding": 1}),
    "a number rounded to fewer decimals": (
        ["1.234::DECIMAL(18,3)", "-1.236", "2.5", "0.004"],
        ["1.23::DECIMAL(18,2)", "-1.24", "3", "0"],
        {"rounding": 4},
    ),
    "a number rounded in legacy": (["1.23::DECIMAL(18,2)"], ["1.2345::DECIMAL(18,4)"], {"rounding": 1}),
    "a half rounded up, which no double is exactly": (
        ["1.005::DECIMAL(18,3)", "2.675", "1.115"],
        ["1.01::DECIMAL(18,2)", "2.68", "1.12"],
        {"rounding": 3},
    ),
    "a number rounded to many decimals": (
        ["0.12345678::DECIMAL(18,8)"],
        ["0.1234568::DECIMAL(18,7)"],
        {"rounding": 1},
    ),
    "a number rounded to a whole one": (["12.4::DOUBLE", "12.6::DOUBLE"], ["12", "13"], {"rounding": 2}),
    "one power of ten": (
        ["1.5::DECIMAL(18,2)", "-2", "NULL", "0"],
        ["1500000::DECIMAL(18,2)", "-2000000", "NULL", "0"],
        {"scale": 2},
    ),
    "one power of ten downwards": (["1000", "5000"], ["1", "5"], {"scale": 2}),
    "one power of ten in doubles": (["0.1::DOUBLE", "0.7::DOUBLE"], ["10::DOUBLE", "70::DOUBLE"], {"scale": 2}),
    "several powers of ten": (["1", "2"], ["10", "200"], {"value": 2}),
    "one power of ten, but not everywhere": (["1", "2"], ["100", "201"], {"value": 2}),
    "the sign": (["5", "-7"], ["-5", "7"], {"sign": 2}),
    "one shift of time": (
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-06-30 23:30:00'", "NULL"],
        ["TIMESTAMP '2026-01-31 11:00:00'", "TIMESTAMP '2026-07-01 00:30:00'", "NULL"],
        {"fixed_shift": 2},
    ),
    "one shift of time backwards": (
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-06-30 23:30:00'"],
        ["TIMESTAMP '2026-01-31 08:00:00'", "TIMESTAMP '2026-06-30 21:30:00'"],
        {"fixed_shift": 2},
    ),
    "one shift of dates": (
        ["DATE '2026-01-31'", "DATE '2024-02-28'"],
        ["DATE '2026-02-01'", "DATE '2024-02-29'"],
        {"fixed_shift": 2},
    ),
    "one shift of time where some rows are at midnight": (
        ["TIMESTAMP '2026-01-31 00:00:00'", "TIMESTAMP '2026-01-31 07:00:00'"],
        ["TIMESTAMP '2026-01-31 01:00:00'", "TIMESTAMP '2026-01-31 08:00:00'"],
        {"fixed_shift": 2},
    ),
    "two shifts of time, which summer time makes": (
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-07-31 10:00:00'"],
        ["TIMESTAMP '2026-01-31 11:00:00'", "TIMESTAMP '2026-07-31 12:00:00'"],
        {"zone": 2},
    ),
    "two shifts of time, one of them in the hour that comes twice": (
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-07-31 10:00:00'", "TIMESTAMP '2026-10-25 02:30:00'"],
        ["TIMESTAMP '2026-01-31 09:00:00'", "TIMESTAMP '2026-07-31 08:00:00'", "TIMESTAMP '2026-10-25 00:30:00'"],
        {"zone": 3},
    ),
    "two shifts of time that no zone makes": (
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-07-31 10:00:00'"],
        ["TIMESTAMP '2026-01-31 12:00:00'", "TIMESTAMP '2026-07-31 11:00:00'"],
        {"value": 2},
    ),
    "a shift in a single row, which is no pattern": (
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-01-31 10:00:00'"],
        ["TIMESTAMP '2026-01-31 11:00:00'", "TIMESTAMP '2026-01-31 10:00:00'"],
        {"value": 1},
    ),
    "the time of day lost": (
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-02-01 23:59:59'"],
        ["DATE '2026-01-31'", "DATE '2026-02-01'"],
        {"date_only": 2},
    ),
    "the time of day lost in legacy": (
        ["TIMESTAMP '2026-01-31 00:00:00'", "TIMESTAMP '2026-02-01 00:00:00'"],
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-02-01 11:30:00'"],
        {"date_only": 2},
    ),
    "fractions of a second lost": (
        ["TIMESTAMP '2026-01-31 10:00:00.25'", "TIMESTAMP '2026-01-31 10:00:07.999999'"],
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-01-31 10:00:07'"],
        {"sub_second": 2},
    ),
    "a number written otherwise": (["'1e3'", "'+.5'"], ["'1000'", "'0.50'"], {"type_text": 2}),
    "a number with zeros before it": (["'007'", "'7'", "'01234'"], ["'7'", "'007.0'", "'1234'"], {"leading_zeros": 3}),
    "a text with zeros before the number": (["'01234'", "'-05'"], ["1234", "-5"], {"leading_zeros": 2}),
    "long ids that differ in the last digit": (
        ["'12345678901234567890'"],
        ["'12345678901234567891'"],
        {"value": 1},
    ),
    "case and trailing blanks": (["'ABC '"], ["'abc'"], {"case + trailing_blanks": 1}),
    "case and Unicode form": (["'CAF' || chr(201)"], ["'cafe' || chr(769)"], {"case + unicode_form": 1}),
    "case and blanks": (["'A B'"], ["'ab'"], {"case + blanks": 1}),
    "a sign of its own and the letter that it is": (["chr(8491)"], ["chr(197)"], {"unicode_form": 1}),
    "less than a microsecond": (
        ["'2026-01-31 10:00:00.1234567'::TIMESTAMP_NS"],
        ["'2026-01-31 10:00:00.123456'::TIMESTAMP_NS"],
        {"sub_second": 1},
    ),
    "less than a microsecond beside an instant with a zone": (
        ["'2026-01-31 10:00:00.1234567'::TIMESTAMP_NS"],
        ["'2026-01-31 10:00:00.123456+00'::TIMESTAMPTZ"],
        {"sub_second": 1},
    ),
    "long ids as text beside numbers": (["'9007199254740993'"], ["9007199254740992::BIGINT"], {"value": 1}),
    "less than a second around midnight": (
        ["TIMESTAMP '2026-01-31 00:00:00'"],
        ["TIMESTAMP '2026-01-31 00:00:00.5'"],
        {"sub_second": 1},
    ),
    "exact numbers that are close to each other": (
        ["123456789012345678901234567890.11::DECIMAL(38,2)"],
        ["123456789012345678901234567890.12::DECIMAL(38,2)"],
        {"value": 1},
    ),
    "a number written with more zeros": (
        ["'12.50'", "'7.10'", "'3.00'"],
        ["'12.5'", "'7.1'", "'3'"],
        {"type_text": 3},
    ),
    "a text that is no number": (["'n/a'", "'-'"], ["0", "5"], {"type_text": 2}),
    "a text that is no date": (["'31/01/2026'"], ["DATE '2026-01-31'"], {"type_text": 1}),
    "another value": (["'a'", "'b'"], ["'x'", "'c d'"], {"value": 2}),
    "other whole numbers": (["5", "9007199254740993::BIGINT"], ["6", "9007199254740992"], {"value": 2}),
    "infinity": (["'infinity'::DOUBLE", "'infinity'::DOUBLE"], ["1::DOUBLE", "'nan'::DOUBLE"], {"value": 2}),
    "content": (["[1]", "[2]"], ["[2]", "[3]"], {"value": 2}),
    "other bytes": (["'a'::BLOB"], ["'A'::BLOB"], {"value": 1}),
}


@pytest.mark.parametrize("name", EXPLAINED)
def test_a_cause_is_told_and_counted(explained, name):
    legacy, modern, causes = EXPLAINED[name]

    assert explained(_rows(legacy), _rows(modern)).columns[1].causes == causes


MOST_SPECIFIC = [
    ("'a'", "'a '", "trailing_blanks", "blanks, and a cut"),
    ("'A b'", "'a B'", "case", "another value"),
    ("' a'", "'a'", "blanks", "another value"),
    ("NULL::VARCHAR", "''", "null_vs_empty", "null and a value"),
    ("NULL::INTEGER", "0", "null_vs_zero", "null and a value"),
    ("NULL::INTEGER", "''", "null_vs_empty", "a text that does not convert"),
    ("0.3::DOUBLE", "0.30000000000000004::DOUBLE", "float_noise", "rounding"),
    ("0.1::DOUBLE", "0.1::FLOAT", "float_noise", "rounding"),
    ("10", "-10", "sign", "a power of ten"),
    ("0.4::DECIMAL(18,2)", "0", "rounding", "another value"),
]


def test_the_most_specific_explanation_goes_first(explained):
    legacy, modern = (
        "SELECT 1 AS id, " + ", ".join(f"{case[side]} AS v{number}" for number, case in enumerate(MOST_SPECIFIC))
        for side in (0, 1)
    )

    found = [list(column.causes) for column in explained(legacy, modern).columns[1:]]

    assert found == [[cause] for _, _, cause, _ in MOST_SPECIFIC]


def test_each_cell_of_a_column_gets_its_own_cause(explained):
    legacy = ["'a'", "'B'", "NULL", "'c d'", "'e'", "'f'"]
    modern = ["'a '", "'b'", "''", "'cd'", "'x'", "'f'"]

    column = explained(_rows(legacy), _rows(modern)).columns[1]

    assert column.causes == {"trailing_blanks": 1, "case": 1, "null_vs_empty": 1, "blanks": 1, "value": 1}


def test_the_most_frequent_cause_is_told_first(explained):
    column = explained(_rows(["'a'", "'b'", "'c'"]), _rows(["'x'", "'b '", "'c '"])).columns[1]

    assert list(column.causes.items()) == [("trailing_blanks", 2), ("value", 1)]


def test_samples_tell_the_cause_of_each_cell(explained):
    result = explained(_rows(["'a'", "'B'"]), _rows(["'a '", "'b'"]))

    causes = {sample.key["id"]: sample.cells["v"].cause for sample in result.samples}
    assert causes == {"0": "trailing_blanks", "1": "case"}


def test_what_one_column_has_in_common_says_nothing_of_another(explained):
    legacy = "SELECT range AS id, 1 + range AS a, 1 + range AS b FROM range(3)"
    modern = "SELECT range AS id, (1 + range) * 100 AS a, 7 * (1 + range) AS b FROM range(3)"

    assert [dict(column.causes) for column in explained(legacy, modern).columns[1:]] == [{"scale": 3}, {"value": 3}]


KEYS = {
    "case and blanks": (["'a'", "'B '", "'x'"], ["'A'", "' b'", "'y'"], {"key_format": 4, "missing": 2}),
    "case beyond ASCII": (["'\u00c4'"], ["'\u00e4'"], {"key_format": 2}),
    "a partner on the other side only": (["'a'", "'A'"], ["'a'"], {"missing": 1}),
    "two partners": (["'a'"], ["'A'", "'a '"], {"key_format": 3}),
    "null is no blank": (["NULL::VARCHAR"], ["' '"], {"missing": 2}),
    "other letters": (["'ab'"], ["'a b'"], {"missing": 2}),
    "no texts": (["1", "2"], ["1", "3"], {"missing": 2}),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_key_in_another_form_is_told_from_a_missing_row(connection, name):
    legacy, modern, causes = KEYS[name]
    sides = [" UNION ALL ".join(f"SELECT {value} AS id, 1 AS v" for value in values) for values in (legacy, modern)]
    make_tables(connection, *sides)

    with compare(DuckDBEngine(connection), table_spec(), effort=_UNCHECKED) as comparison:
        found = connection.execute(comparison.differences.sql(dialect="duckdb")).fetchall()

    assert Counter(row[5] for row in found) == causes
    assert bool(comparison.result.suggestions) == ("key_format" in causes and name != "two partners")
    assert {cell.cause for sample in comparison.result.samples for cell in sample.cells.values()} == set(causes)


SETTLED = {
    "trailing blanks": ("trailing_blanks", ["'a'", "'b  '"], ["'a '", "'b'"]),
    "case": ("case", ["'Ajax'", "'b'"], ["'AJAX'", "'B'"]),
    "unicode form": ("unicode_form", ["'caf' || chr(233)"], ["'cafe' || chr(769)"]),
    "blanks at both ends": ("blanks", ["' a'", "'b '"], ["'a'", "' b'"]),
    "null and nothing": ("null_vs_empty", ["NULL::VARCHAR", "''"], ["''", "NULL"]),
    "null and blanks": ("null_vs_empty", ["NULL::VARCHAR", "''"], ["'  '", "NULL"]),
    "noise of doubles": ("float_noise", ["0.3::DOUBLE"], ["0.1::DOUBLE + 0.2::DOUBLE"]),
    "noise of single precision": (
        "float_noise",
        ["0.1::FLOAT", "16777216::FLOAT"],
        ["0.1::DOUBLE", "16777217::DOUBLE"],
    ),
    "case and trailing blanks": ("case + trailing_blanks", ["'ABC '", "'x'"], ["'abc'", "'x'"]),
    "blanks inside": ("blanks", ["'a b'"], ["'ab'"]),
    "tabs": ("blanks", ["'a' || chr(9)"], ["'a'"]),
    "zeros before numbers": ("leading_zeros", ["'007'", "'8'"], ["7", "8"]),
    "numbers written otherwise": ("type_text", ["'1.50'", "'8'"], ["'1.5'", "'8.0'"]),
    "local time that became UTC": (
        "zone",
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-07-31 10:00:00'"],
        ["TIMESTAMP '2026-01-31 09:00:00'", "TIMESTAMP '2026-07-31 08:00:00'"],
    ),
    "local time that became instants": (
        "zone",
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-07-31 10:00:00'"],
        ["'2026-01-31 15:00:00+00'::TIMESTAMPTZ", "'2026-07-31 14:00:00+00'::TIMESTAMPTZ"],
    ),
    "zeros for nulls": ("null_vs_zero", ["NULL::INTEGER", "7"], ["0", "7"]),
    "one value for nulls": ("null_vs_value", ["DATE '1900-01-01'", "DATE '2026-01-31'"], ["NULL", "DATE '2026-01-31'"]),
    "local time that became texts of instants": (
        "zone",
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-07-31 10:00:00'"],
        ["'2026-01-31T09:00:00Z'", "'2026-07-31T08:00:00Z'"],
    ),
    "less than a microsecond": (
        "sub_second",
        ["'2026-01-31 10:00:00.1234567'::TIMESTAMP_NS", "NULL"],
        ["'2026-01-31 10:00:00.123456'::TIMESTAMP_NS", "NULL"],
    ),
    "rounding of decimals": (
        "rounding",
        ["1.23::DECIMAL(18,2)", "4.57", "9.00"],
        ["1.2345::DECIMAL(18,4)", "4.5678", "9.0000"],
    ),
    "rounding of doubles": ("rounding", ["1.23::DOUBLE", "-4.57"], ["1.2345::DOUBLE", "-4.5678"]),
    "rounding to whole numbers": ("rounding", ["1", "5"], ["1.4::DOUBLE", "4.6::DOUBLE"]),
    "time of day lost": (
        "date_only",
        ["DATE '2026-01-31'", "DATE '2026-02-01'"],
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-02-01 23:59:59.999999'"],
    ),
    "fractions of a second lost": (
        "sub_second",
        ["'2026-01-31 10:00:00'::TIMESTAMP_S", "'2026-01-31 10:00:07'::TIMESTAMP_S"],
        ["TIMESTAMP '2026-01-31 10:00:00.25'", "TIMESTAMP '2026-01-31 10:00:07.4'"],
    ),
    "one shift of hours": (
        "fixed_shift",
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-06-30 23:30:00'"],
        ["TIMESTAMP '2026-01-31 12:00:00'", "TIMESTAMP '2026-07-01 01:30:00'"],
    ),
    "one shift of minutes backwards": (
        "fixed_shift",
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-06-30 23:30:00'"],
        ["TIMESTAMP '2026-01-31 09:30:00'", "TIMESTAMP '2026-06-30 23:00:00'"],
    ),
    "one shift of days": (
        "fixed_shift",
        ["DATE '2026-01-31'", "DATE '2024-02-28'"],
        ["DATE '2026-02-01'", "DATE '2024-02-29'"],
    ),
    "one shift of time beside a zone": (
        "fixed_shift",
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-02-15 23:30:00'"],
        ["'2026-01-31 11:00:00+00'::TIMESTAMPTZ", "'2026-02-16 00:30:00+00'::TIMESTAMPTZ"],
    ),
}


def _suggested(result: ComparisonResult, column: str) -> dict[str, dict[str, Any]]:
    return {found.cause: dict(found.rule) for found in result.suggestions if found.column == column}


@pytest.mark.parametrize("name", SETTLED)
def test_the_rule_that_is_suggested_settles_its_cause(compared, explained, name):
    cause, legacy, modern = SETTLED[name]
    found = explained(_rows(legacy), _rows(modern))
    assert (list(found.columns[1].causes), list(_suggested(found, "v"))) == ([cause], [cause])

    result = compared(_rows(legacy), _rows(modern), columns={"v": _suggested(found, "v")[cause]})

    assert result.verdict == "proven", result.reasons


MENDED = {
    "trailing blanks": ("trailing_blanks", ["'a'", "'b'"], ["'a '", "'b  '"]),
    "case": ("case", ["'ajax'", "'b'"], ["'AJAX'", "'B'"]),
    "case in capitals": ("case", ["'AJAX'", "'B'"], ["'Ajax'", "'b'"]),
    "unicode form": SETTLED["unicode form"],
    "blanks at both ends": ("blanks", ["'a'", "'b'"], ["' a'", "' b '"]),
    "nothing for null": ("null_vs_empty", ["NULL::VARCHAR", "NULL"], ["''", "''"]),
    "blanks for null": ("null_vs_empty", ["NULL::VARCHAR", "NULL"], ["''", "' '"]),
    "null for nothing": ("null_vs_empty", ["''", "''"], ["NULL::VARCHAR", "NULL"]),
    **{
        name: SETTLED[name]
        for name in (
            "noise of single precision",
            "rounding of decimals",
            "rounding to whole numbers",
            "time of day lost",
            "fractions of a second lost",
            "one shift of hours",
            "one shift of minutes backwards",
            "one shift of days",
            "one shift of time beside a zone",
        )
    },
}


@pytest.mark.parametrize("name", MENDED)
def test_the_sql_that_is_suggested_mends_the_model(compared, explained, name):
    cause, legacy, modern = MENDED[name]
    found = explained(_rows(legacy), _rows(modern))
    (suggestion,) = found.suggestions
    assert suggestion.cause == cause

    result = compared(_rows(legacy), f'SELECT * REPLACE ({suggestion.sql} AS "v") FROM ({_rows(modern)})')

    assert result.verdict == "proven", result.reasons


@pytest.mark.parametrize("name", SETTLED)
def test_sql_is_suggested_only_where_it_mends_the_model(explained, name):
    _, legacy, modern = SETTLED[name]
    (suggestion,) = explained(_rows(legacy), _rows(modern)).suggestions

    if suggestion.sql:
        mended = f'SELECT * REPLACE ({suggestion.sql} AS "v") FROM ({_rows(modern)})'
        assert explained(_rows(legacy), mended).verdict == "proven"


MIXED = {
    "texts": (
        ["'a'", "'B'", "NULL", "'caf' || chr(233)", "' e'"],
        ["'a '", "'b'", "''", "'cafe' || chr(769)", "'e'"],
    ),
    "numbers": (["0.3::DOUBLE", "1.23", "5"], ["0.1::DOUBLE + 0.2::DOUBLE", "1.2345", "5"]),
    "instants": (
        ["TIMESTAMP '2026-01-31 00:00:00'", "TIMESTAMP '2026-02-01 10:00:00.5'"],
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-02-01 10:00:00'"],
    ),
}


@pytest.mark.parametrize("name", MIXED)
def test_one_rule_is_suggested_that_settles_all_causes_of_a_column(compared, explained, name):
    legacy, modern = map(_rows, MIXED[name])
    found = explained(legacy, modern)
    assert len(found.columns[1].causes) > 1
    (rule,) = _suggested(found, "v").values()

    assert compared(legacy, modern, columns={"v": rule}).verdict == "proven"


UNSETTLED = {
    "rounding": (["1.23::DECIMAL(18,4)", "5", "9"], ["1.2345::DECIMAL(18,4)", "5000.0001", "9"]),
    "float_noise": (["0.3::DOUBLE", "5", "9"], ["0.30000000000000004::DOUBLE", "5.7123456789", "9"]),
    "trailing_blanks": (["'a'", "'b'"], ["'a '", "'x'"]),
    "case": (["'a'", "'b'"], ["'A'", "'x'"]),
    "null_vs_empty": (["NULL::VARCHAR", "'y'"], ["''", "'x'"]),
    "sub_second": (
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-01-31 10:00:00'"],
        ["TIMESTAMP '2026-01-31 10:00:00.5'", "TIMESTAMP '2026-01-31 13:00:00'"],
    ),
    "date_only": (
        ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-01-31 10:00:00'"],
        ["TIMESTAMP '2026-01-31 00:00:00'", "TIMESTAMP '2026-03-31 13:00:00'"],
    ),
}


@pytest.mark.parametrize("name", UNSETTLED)
def test_no_rule_is_suggested_beside_a_difference_that_it_would_not_settle(explained, name):
    legacy, modern = map(_rows, UNSETTLED[name])
    found = explained(legacy, modern)
    assert name in found.columns[1].causes
    assert sum(found.columns[1].causes.values()) == 2

    assert found.suggestions == ()


def test_no_sql_is_suggested_that_changes_rows_which_are_equal(explained):
    legacy, modern = ["'a'", "'b '"], ["'a '", "'b '"]

    (suggestion,) = explained(_rows(legacy), _rows(modern)).suggestions

    assert (suggestion.rule, suggestion.sql) == ({"trim": "right"}, "")


def test_no_zone_is_suggested_where_rows_are_equal_without_it(explained):
    legacy = ["TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-07-31 10:00:00'", "TIMESTAMP '2026-07-31 12:00:00'"]
    modern = ["TIMESTAMP '2026-01-31 09:00:00'", "TIMESTAMP '2026-07-31 08:00:00'", "TIMESTAMP '2026-07-31 12:00:00'"]

    found = explained(_rows(legacy), _rows(modern))

    assert (found.columns[1].causes, found.suggestions) == ({"zone": 2}, ())


NOT_TO_SETTLE = {
    "another value": (["'a'"], ["'x'"]),
    "another number": (["5"], ["6"]),
    "a power of ten": (["1", "2"], ["100", "200"]),
    "the sign": (["1", "2"], ["-1", "-2"]),
    "a text that is cut": (["'abcdef'", "'uvwxyz'"], ["'abc'", "'uvw'"]),
    "null and several values": (["NULL::INTEGER", "NULL"], ["5", "6"]),
    "a text that is no number": (["'n/a'"], ["5"]),
    "infinity": (["'infinity'::DOUBLE"], ["1e308::DOUBLE"]),
}


@pytest.mark.parametrize("name", NOT_TO_SETTLE)
def test_nothing_is_suggested_that_no_rule_would_settle(explained, name):
    legacy, modern = NOT_TO_SETTLE[name]

    assert explained(_rows(legacy), _rows(modern)).suggestions == ()


def test_a_suggestion_keeps_the_rule_that_is_there(explained):
    result = explained(_rows(["'a'", "'b '"]), _rows(["'A'", "'b'"]), columns={"v": {"trim": "right"}})

    assert _suggested(result, "v") == {"case": {"trim": "right", "case": "insensitive"}}


def test_a_suggestion_goes_by_the_modern_name_that_the_spec_goes_by(compared):
    rename = {"rename": {"club": "current club"}}
    legacy, modern = _rows(["'a'"], "club"), _rows(["'a '"], '"current club"')
    (suggestion,) = compared(legacy, modern, **rename).suggestions

    assert (suggestion.column, suggestion.cause) == ("current club", "trailing_blanks")
    assert compared(legacy, modern, **rename, columns={suggestion.column: suggestion.rule}).verdict == "proven"


def test_the_rules_that_are_suggested_for_a_key_find_its_partners(compared):
    legacy = "SELECT 'a' AS part, 1 AS number, 'x' AS v UNION ALL SELECT 'B ', 2, 'y'"
    modern = "SELECT 'A' AS part, 1 AS number, 'x' AS v UNION ALL SELECT 'b', 2, 'y'"
    key = {"key": ["part", "number"]}
    found = compared(legacy, modern, **key)
    (suggestion,) = found.suggestions
    assert (found.rows.only_legacy, suggestion.column, suggestion.cause) == (2, "part", "key_format")
    assert suggestion.sql == "", "what legacy has of blanks and capitals cannot be had from modern"

    assert compared(legacy, modern, **key, columns={"part": suggestion.rule}).verdict == "proven"


PARTS = {
    "blanks at the end of one part": (
        ["'a '", "'b'"],
        ["'x'", "'y'"],
        ["'a'", "'b'"],
        ["'x'", "'y'"],
        [{"trim": "right"}],
    ),
    "blanks at both ends": (["' a'", "'b'"], ["'x'", "'y'"], ["'a'", "'b'"], ["'x'", "'y'"], [{"trim": "both"}]),
    "one thing in each part": (
        ["'a '", "'b'"],
        ["'X'", "'y'"],
        ["'a'", "'b'"],
        ["'x'", "'y'"],
        [{"trim": "right"}, {"case": "insensitive"}],
    ),
    "two characters for one letter": (
        ["chr(8491)", "'b'"],
        ["'x'", "'y'"],
        ["chr(197)", "'b'"],
        ["'x'", "'y'"],
        [{"unicode": "nfc"}],
    ),
    "capitals in modern": (["'a'", "'b'"], ["'x'", "'y'"], ["'A'", "'B'"], ["'x'", "'y'"], [{"case": "insensitive"}]),
}


@pytest.mark.parametrize("name", PARTS)
def test_the_least_that_works_is_suggested_for_each_part_of_a_key(compared, name):
    first, second, modern_first, modern_second, rules = PARTS[name]
    sides = [
        " UNION ALL ".join(f"SELECT {a} AS a, {b} AS b, 1 AS v" for a, b in zip(*parts, strict=True))
        for parts in ((first, second), (modern_first, modern_second))
    ]
    found = compared(*sides, key=["a", "b"])

    assert [dict(suggestion.rule) for suggestion in found.suggestions] == rules
    together = {suggestion.column: suggestion.rule for suggestion in found.suggestions}
    assert compared(*sides, key=["a", "b"], columns=together).verdict == "proven"
    fixed = ", ".join(f"{each.sql} AS {each.column}" for each in found.suggestions if each.sql)
    if fixed:
        assert compared(sides[0], f"SELECT * REPLACE ({fixed}) FROM ({sides[1]})", key=["a", "b"]).verdict == "proven"
    assert bool(fixed) == (name == "capitals in modern")


def test_no_rule_is_suggested_for_a_key_that_makes_one_key_of_two(compared):
    legacy = "SELECT 'a' AS id, 1 AS v UNION ALL SELECT 'b', 2 UNION ALL SELECT 'B', 3"
    modern = "SELECT 'A' AS id, 1 AS v UNION ALL SELECT 'b', 2 UNION ALL SELECT 'B', 3"

    found = compared(legacy, modern)

    assert (found.rows.only_legacy, found.rows.only_modern, found.suggestions) == (1, 1, ())
