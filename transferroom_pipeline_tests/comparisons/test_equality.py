"""When two cells are equal."""

import pytest

from transferroom_pipeline.comparisons.exceptions import ComparisonError

STRICTLY_EQUAL = [
    ("NULL::INTEGER", "NULL::INTEGER"),
    ("'nan'::DOUBLE", "'nan'::DOUBLE"),
    ("-0.0::DOUBLE", "0.0::DOUBLE"),
    ("'infinity'::DOUBLE", "'infinity'::DOUBLE"),
    ("1.10::DECIMAL(18,2)", "1.1::DECIMAL(38,20)"),
    ("1::INTEGER", "1::BIGINT"),
    ("1::BIGINT", "1.00::DECIMAL(18,2)"),
    ("0.5::DECIMAL(18,2)", "0.5::DOUBLE"),
    ("99999999999999999999::DECIMAL(38,0)", "99999999999999999999::HUGEINT"),
    ("TRUE", "1"),
    ("TRUE", "1::DECIMAL(38,37)"),
    ("FALSE", "0::DECIMAL(3,1)"),
    ("12", "'12'"),
    ("12.50::DECIMAL(18,2)", "' 12.5 '"),
    ("0.1::DOUBLE", "'0.1'"),
    ("TRUE", "'true'"),
    ("DATE '2026-01-31'", "'2026-01-31'"),
    ("TIMESTAMP '2026-01-31 10:00:00'", "'2026-01-31T10:00:00'"),
    ("TIMESTAMP '2026-01-31 10:00:00'", "'2026-01-31T12:00:00+02:00'"),
    ("TIMESTAMPTZ '2026-01-31 10:00:00+00'", "'2026-01-31 10:00:00'"),
    ("DATE '2026-01-31'", "TIMESTAMP '2026-01-31 00:00:00'"),
    ("TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMPTZ '2026-01-31 12:00:00+02'"),
    ("TIMESTAMP_S '2026-01-31 10:00:00'", "TIMESTAMP_NS '2026-01-31 10:00:00'"),
    ("TIME '10:00:00'", "'10:00:00'"),
    ("TIME '10:00:00'", "'10:00'"),
    ("TIMESTAMPTZ '2021-10-01 09:44:31.123+00'", "'2021-10-01 11:44:31.1230000 +02:00'"),
    ("TIMESTAMPTZ '2024-03-05 10:00:00+00'", "'2024-03-05T10:00Z'"),
    ("TIMESTAMPTZ '2024-03-05 10:00:00+00'", "'2024-03-05 10:00:00 Z'"),
    ("TIMESTAMPTZ '2024-03-05 10:00:00+00'", "'2024-03-05t10:00:00z'"),
    ("TIMESTAMPTZ '2024-03-05 10:00:00.5+00'", "'2024-03-05T12:30:00,5+0230'"),
    ("TIMESTAMP '2024-03-05 00:00:00'", "'20240305'"),
    ("DATE '2024-03-05'", "'20240305'"),
    ("TIMESTAMP '2024-03-05 10:00:00'", "'20240305T10:00'"),
    ("TIMESTAMP '2024-03-05 10:00:00'", "'20240305T1000'"),
    ("TIMESTAMP '2024-03-05 10:00:30.25'", "'20240305T100030.25'"),
    ("TIMESTAMPTZ '2024-03-05 10:00:30+00'", "' 20240305T120030+0200 '"),
    ("TIMESTAMPTZ '2024-03-05 10:00:00+00'", "'20240305 1000Z'"),
    ("TIMESTAMP_NS '2026-01-31 10:00:00.123456789'", "'2026-01-31 10:00:00.123456789'"),
    ("TIMESTAMP_NS '1899-12-31 23:59:59.999999999'", "'1899-12-31T23:59:59.999999999Z'"),
    ("TIMESTAMP_NS '2026-01-31 10:00:00.123456'", "TIMESTAMPTZ '2026-01-31 10:00:00.123456+00'"),
    ("0.5::FLOAT", "'0.5'"),
    ("16777216::FLOAT", "'16777216'"),
    ("0", "'0'"),
    ("0.5::DECIMAL(9,2)", "'0.50'"),
    ("{'a': 1, 'b': NULL}", "{'a': 1, 'b': NULL}"),
    ("[1, NULL]", "[1, NULL]"),
    ("MAP(['a', 'b'], [1, 2])", "MAP(['b', 'a'], [2, 1])"),
]

STRICTLY_DIFFERENT = [
    ("NULL::INTEGER", "0"),
    ("NULL::VARCHAR", "''"),
    ("'nan'::DOUBLE", "NULL::DOUBLE"),
    ("'infinity'::DOUBLE", "'-infinity'::DOUBLE"),
    ("'a'", "'A'"),
    ("'a'", "'a '"),
    ("'caf' || chr(233)", "'cafe' || chr(769)"),
    ("1.10::DECIMAL(18,2)", "1.1000000000000001::DECIMAL(38,20)"),
    ("9007199254740993::DECIMAL(18,0)", "9007199254740992::BIGINT"),
    ("'99999999999999999999999999999999999999'::DECIMAL(38,0)", "0.1::DECIMAL(38,37)"),
    ("2", "TRUE"),
    ("TRUE", "0.00000000000000000000000000000000000001::DECIMAL(38,38)"),
    ("1", "'1.5'"),
    ("2", "'1.5'"),
    ("1.00::DECIMAL(38,2)", "'1.001'"),
    ("0", "'zero'"),
    ("NULL::INTEGER", "'zero'"),
    ("NULL::DATE", "'no date'"),
    ("DATE '2026-01-31'", "'2026-01-31 10:00:00'"),
    ("DATE '2026-01-31'", "TIMESTAMP '2026-01-31 00:00:01'"),
    ("TIMESTAMP '2024-03-05 10:00:00'", "'20240305T10000'"),
    ("TIMESTAMP '2024-03-05 10:00:00'", "'2024-03-05T1000'"),
    ("TIMESTAMP '2026-01-31 10:00:00.123456'", "'2026-01-31 10:00:00.123456789'"),
    ("TIMESTAMP '2026-01-31 10:00:00.123456'", "TIMESTAMP_NS '2026-01-31 10:00:00.123456789'"),
    ("TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMPTZ '2026-01-31 10:00:00+02'"),
    ("16777216::FLOAT", "'16777217'"),
    ("0.3::FLOAT", "'0.3'"),
    ("0.3::FLOAT", "'0.30000001'"),
    ("1234", "'01234'"),
    ("-5", "'-05'"),
    ("0.5::DECIMAL(9,2)", "'00.5'"),
    ("7::DOUBLE", "'007'"),
    ("TIMESTAMPTZ '2024-03-06 11:00:00+00'", "'2024-03-05 10:00:00-25:00'"),
    ("TIMESTAMPTZ '2024-03-01 06:01:00+00'", "'2024-03-05 10:00:00+99:59'"),
    ("TIMESTAMP '2024-03-05 00:00:00'", "'2024-0305'"),
    ("TIMESTAMP_NS '2026-01-31 10:00:00.123456789'", "'2026-01-31 10:00:00.123456788'"),
    ("TIMESTAMP_NS '2026-01-31 10:00:00.123456789'", "'2026-01-31 10:00:00.1234567891'"),
    ("INTERVAL '1 month'", "INTERVAL '30 days'"),
    ("{'a': 1}", "{'a': 2}"),
    ("[1, 2]", "[2, 1]"),
]


FORGIVEN = [
    ("'01234'", "1234", {"numeric": True}),
    ("'007'", "'7.0'", {"numeric": True}),
    ("'1e3'", "' 1000 '", {"numeric": True}),
    ("'-0.00'", "'0'", {"numeric": True}),
    ("'NaN'", "' nan'", {"numeric": True}),
    ("'-Infinity'", "'-inf'", {"numeric": True}),
    (
        "'12345678901234567890123456789012345678901234567890'",
        "'12345678901234567890123456789012345678901234567890.0'",
        {"numeric": True},
    ),
    ("'10.004'", "10", {"numeric": True, "abs": "0.005"}),
    ("'1900-01-01T00:00:00'", "TIMESTAMP '1900-01-01 00:00:00'", {"null_equals": ["1900-01-01"]}),
    ("'1900-01-01 00:00:00'", "NULL::DATE", {"null_equals": ["1900-01-01"]}),
    ("'-1.0'", "NULL::INTEGER", {"null_equals": ["-1"]}),
    ("'1000.0'", "NULL::VARCHAR", {"numeric": True, "null_equals": ["1000"]}),
    ("NULL::DECIMAL(38,38)", "1::DECIMAL(38,0)", {"null_equals": ["1"]}),
    ("NULL::DECIMAL(38,38)", "'1'", {"null_equals": ["1"]}),
    ("[TIMESTAMP '2026-01-31 10:00:00']", "[TIMESTAMP '2026-01-31 10:00:00']", {"timezone": "Europe/Berlin"}),
    ("'a' || chr(0) || chr(233)", "'a' || chr(0) || 'e' || chr(769)", {"unicode": "nfc"}),
    ("'a' || chr(13) || chr(10) || 'b'", "'a b' || chr(9) || chr(160)", {"blanks": "ignore"}),
    ("NULL::VARCHAR", "' ' || chr(9)", {"blanks": "ignore", "null_equals_empty": True}),
    ("DATE '1900-01-01'", "NULL::DATE", {"null_equals": ["1900-01-01"]}),
    ("TIMESTAMP '1900-01-01 00:00:00'", "NULL::TIMESTAMP", {"null_equals": ["1900-01-01"]}),
    ("DATE '1900-01-01'", "DATE '9999-12-31'", {"null_equals": ["1900-01-01", "9999-12-31"]}),
    ("-1", "NULL::INTEGER", {"null_equals": ["-1"]}),
    ("'N/A '", "NULL::VARCHAR", {"null_equals": ["n/a"], "case": "insensitive", "trim": "right"}),
    ("[1.0, 2.0, NULL]::DOUBLE[]", "[1.004, 2.0, NULL]::DOUBLE[]", {"abs": "0.005"}),
    ("[[1.0], [2.0]]::DOUBLE[][]", "[[1.004], [2.0]]::DOUBLE[][]", {"abs": "0.005"}),
    ("{'a': 1.0::DOUBLE, 'b': 'x'}", "{'b': 'x', 'a': 1.004::DOUBLE}", {"abs": "0.005"}),
    ("[{'a': 1.0::DOUBLE}]", "[{'a': 1.004::DOUBLE}]", {"abs": "0.005"}),
    ("[TIMESTAMP '2026-01-31 10:00:00']", "[TIMESTAMP '2026-01-31 10:00:01']", {"within": "1s"}),
    ("TIMESTAMP_NS '2026-01-31 10:00:00.1234567'", "TIMESTAMPTZ '2026-01-31 10:00:00.123456+00'", {"within": "1us"}),
    ("TIMESTAMP '2026-01-31 10:00:00.123456'", "'2026-01-31 10:00:00.1234567'", {"within": "1us"}),
    ("chr(304)", "'i' || chr(775)", {"case": "insensitive"}),
    ("1.00::DECIMAL(18,2)", "1.05::DECIMAL(18,2)", {"abs": "0.05"}),
    ("100", "110", {"rel": "0.1"}),
    ("110.00::DECIMAL(18,2)", "100.00::DECIMAL(18,2)", {"rel": "0.1"}),
    ("1.0::DOUBLE", "1.0000001::DOUBLE", {"abs": "1e-6"}),
    # The difference has one digit more than the type.
    (
        "'-0.00000000000000000000000000000000000001'::DECIMAL(38,38)",
        "'0.99999999999999999999999999999999999999'::DECIMAL(38,38)",
        {"abs": 1},
    ),
    (
        "'-99999999999999999999999999999999999999'::DECIMAL(38,0)",
        "'99999999999999999999999999999999999999'::DECIMAL(38,0)",
        {"abs": "2e38"},
    ),
    ("'-9223372036854775808'::BIGINT", "'9223372036854775807'", {"abs": "1e20"}),
    ("'-9223372036854775808'::BIGINT", "'9223372036854775807'", {"abs": "18446744073709551615"}),
    # The text has more digits before the point than the type beside it.
    ("'11960546319502172.2'", "-5394.36::DECIMAL(15,2)", {"abs": "1e20"}),
    ("'10000000000000.00'", "9999999999999.99::DECIMAL(15,2)", {"abs": "0.01"}),
    ("'19999999999999.98'", "9999999999999.99::DECIMAL(15,2)", {"rel": "0.5"}),
    ("'130'", "127::TINYINT", {"abs": 3}),
    ("'18446744073709551620'", "18446744073709551615::UBIGINT", {"rel": "0.001"}),
    ("1.0::DOUBLE", "1.01::DECIMAL(18,2)", {"rel": "0.02"}),
    ("'1.5'", "1.6::DOUBLE", {"abs": "0.2"}),
    (
        "'99999999999999999999999999999999999999'::DECIMAL(38,0)",
        "99999999999999999999999999999999999998::DECIMAL(38,0)",
        {"abs": 1},
    ),
    (
        "123456789012345678901234567.01::DECIMAL(38,10)",
        "123456789012345678901234567.02::DECIMAL(38,10)",
        {"abs": "0.01"},
    ),
    ("'1.005'", "1.00::DECIMAL(18,2)", {"abs": "0.005"}),
    ("0.7::DECIMAL(18,2)", "1.00::DECIMAL(18,2)", {"rel": "0.3"}),
    ("'infinity'::DOUBLE", "'infinity'::DOUBLE", {"rel": "0.5"}),
    ("'nan'::DOUBLE", "'nan'::DOUBLE", {"abs": "1"}),
    ("'A'", "'a'", {"case": "insensitive"}),
    ("'a'", "'a  '", {"trim": "right"}),
    ("' a'", "'a '", {"trim": "both"}),
    ("NULL::VARCHAR", "''", {"null_equals_empty": True}),
    ("NULL::VARCHAR", "'  '", {"null_equals_empty": True, "trim": "right"}),
    ("'caf' || chr(233)", "'cafe' || chr(769)", {"unicode": "nfc"}),
    ("TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-01-31 10:00:01'", {"within": "1s"}),
    ("DATE '2026-01-31'", "DATE '2026-02-01'", {"within": "1d"}),
    ("TIMESTAMP '2026-07-01 12:00:00'", "TIMESTAMPTZ '2026-07-01 10:00:00+00'", {"timezone": "Europe/Berlin"}),
    ("TIMESTAMP '2026-07-01 12:00:00'", "'2026-07-01 10:00:00Z'", {"timezone": "Europe/Berlin"}),
    ("'1 '", "1", {"trim": "right"}),
]

NOT_FORGIVEN = [
    ("chr(304)", "'i'", {"case": "insensitive"}),
    ("chr(305)", "'I'", {"case": "insensitive"}),
    ("'007'", "'8'", {"numeric": True}),
    ("'12345678901234567890123456789012345678901'", "'12345678901234567890123456789012345678902'", {"numeric": True}),
    ("'x1'", "'x01'", {"numeric": True}),
    ("'1'", "NULL::INTEGER", {"numeric": True, "abs": "5"}),
    ("9007199254740992", "'9007199254740993'", {"abs": "0.5"}),
    ("'a b'", "'a-b'", {"blanks": "ignore"}),
    ("'a' || chr(0) || chr(233)", "'a' || chr(0) || chr(252)", {"unicode": "nfc"}),
    ("'nan'", "'-inf'", {"numeric": True}),
    ("DATE '1900-01-02'", "NULL::DATE", {"null_equals": ["1900-01-01"]}),
    ("[1.0, 2.0]::DOUBLE[]", "[1.006, 2.0]::DOUBLE[]", {"abs": "0.005"}),
    ("[1.0, 2.0]::DOUBLE[]", "[1.0]::DOUBLE[]", {"abs": "0.005"}),
    ("[1.0, NULL]::DOUBLE[]", "[1.0, 2.0]::DOUBLE[]", {"abs": "5"}),
    ("[]::DOUBLE[]", "NULL::DOUBLE[]", {"abs": "5"}),
    ("{'a': 1.0::DOUBLE, 'b': 'x'}", "{'a': 1.0::DOUBLE, 'b': 'y'}", {"abs": "0.005"}),
    ("[TIMESTAMP '2026-01-31 10:00:00']", "[TIMESTAMP '2026-01-31 10:00:02']", {"within": "1s"}),
    ("TIMESTAMP_NS '2026-01-31 10:00:00.1234567'", "TIMESTAMPTZ '2026-01-31 10:00:00.123455+00'", {"within": "1us"}),
    ("1.00::DECIMAL(18,2)", "1.06::DECIMAL(18,2)", {"abs": "0.05"}),
    (
        "'-0.00000000000000000000000000000000000002'::DECIMAL(38,38)",
        "'0.99999999999999999999999999999999999999'::DECIMAL(38,38)",
        {"abs": 1},
    ),
    ("'-9223372036854775808'::BIGINT", "'9223372036854775807'", {"abs": "18446744073709551614"}),
    (
        "'-1'::DECIMAL(38,0)",
        "'99999999999999999999999999999999999999'::DECIMAL(38,0)",
        {"abs": "99999999999999999999999999999999999999"},
    ),
    ("'10000000000000.01'", "9999999999999.99::DECIMAL(15,2)", {"abs": "0.01"}),
    ("'19999999999999.99'", "9999999999999.99::DECIMAL(15,2)", {"rel": "0.5"}),
    ("100", "112", {"rel": "0.1"}),
    (
        "123456789012345678901234567.01::DECIMAL(38,10)",
        "123456789012345678901234567.03::DECIMAL(38,10)",
        {"abs": "0.01"},
    ),
    ("1267650600228229401496703205376::HUGEINT", "1267650600228229401496703205378::HUGEINT", {"abs": 1}),
    ("1e308::DOUBLE", "-1e308::DOUBLE", {"abs": "1e308", "rel": "0.9"}),
    ("NULL::DOUBLE", "0.0::DOUBLE", {"abs": "1000"}),
    ("'infinity'::DOUBLE", "1e308::DOUBLE", {"rel": "0.9"}),
    ("'infinity'::DOUBLE", "'-infinity'::DOUBLE", {"abs": "1e30", "rel": "0.9"}),
    ("'nan'::DOUBLE", "1.0::DOUBLE", {"abs": "1", "rel": "0.9"}),
    ("'b'", "'A'", {"case": "insensitive"}),
    ("' a'", "'a'", {"trim": "right"}),
    ("'a' || chr(9)", "'a'", {"trim": "right"}),
    ("'a' || chr(160)", "'a'", {"trim": "both"}),
    ("NULL::VARCHAR", "' '", {"null_equals_empty": True}),
    ("TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMP '2026-01-31 10:00:01.000001'", {"within": "1s"}),
    ("TIMESTAMP '2026-01-31 10:00:00'", "NULL::TIMESTAMP", {"within": "1d"}),
    ("'x'", "1", {"abs": "5"}),
]


def test_equal_values_are_equal_whatever_their_types(unequal):
    assert unequal([(*case, {}) for case in STRICTLY_EQUAL]) == []


def test_no_two_different_values_are_equal_without_a_rule(unequal):
    cases = [(*case, {}) for case in STRICTLY_DIFFERENT]

    assert unequal(cases) == cases


def test_a_rule_forgives_what_it_says(unequal):
    assert unequal(FORGIVEN) == []


def test_a_rule_forgives_nothing_more(unequal):
    assert unequal(NOT_FORGIVEN) == NOT_FORGIVEN


def test_the_change_of_a_type_is_reported_although_the_values_are_equal(compared):
    result = compared("SELECT 1 AS id, 1 AS v", "SELECT 1 AS id, '1' AS v")

    column = result.columns[1]
    assert (column.status, column.type_changed, column.legacy_type, column.modern_type) == (
        "equal",
        True,
        "INTEGER",
        "VARCHAR",
    )
    assert result.verdict == "proven"


BERLIN = {"timezone": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("text", "naive", "is_equal"),
    [
        ("2024-10-27T02:30:00+02:00", "2024-10-27 02:30:00", False),
        ("2024-10-27T02:30:00+01:00", "2024-10-27 02:30:00", True),
        ("2024-07-01T08:00:00Z", "2024-07-01 10:00:00", True),
        ("2024-07-01T10:00:00", "2024-07-01 10:00:00", True),
        ("2024-07-01T10:00:00Z", "2024-07-01 10:00:00", False),
        ("2024-03-31T02:30:00", "2024-03-31 03:30:00", False),
    ],
)
def test_texts_with_an_offset_are_instants_beside_readings_of_a_clock(compared, text, naive, is_equal):
    sides = f"SELECT 1 AS id, '{text}' AS v", f"SELECT 1 AS id, TIMESTAMP '{naive}' AS v"

    found = [compared(*order, columns={"v": BERLIN}).rows.different for order in (sides, sides[::-1])]

    assert found == [int(not is_equal)] * 2


def test_each_side_may_have_a_zone_of_its_own(compared):
    legacy = "SELECT 1 AS id, TIMESTAMP '2026-01-31 10:00:00' AS v UNION ALL SELECT 2, TIMESTAMP '2026-07-31 10:00:00'"
    modern = "SELECT 1 AS id, TIMESTAMP '2026-01-31 09:00:00' AS v UNION ALL SELECT 2, TIMESTAMP '2026-07-31 08:00:00'"
    zones = {"timezone": {"legacy": "Europe/Berlin", "modern": "UTC"}}

    assert compared(legacy, modern, columns={"v": zones}).verdict == "proven"
    assert compared(modern, legacy, columns={"v": zones}).rows.different == 2
    texts = "SELECT id, CAST(v AS VARCHAR) AS v FROM "
    assert compared(f"{texts}({legacy})", modern, columns={"v": zones}).verdict == "proven"
    assert compared(legacy, f"{texts}({modern})", columns={"v": zones}).verdict == "proven"


NESTED_IN_ZONES = {
    "list": "[{}]",
    "struct": "{{'a': {}}}",
    "map": "MAP {{'a': {}}}",
    "unordered list": "[{}, NULL]",
}


@pytest.mark.parametrize("name", NESTED_IN_ZONES)
def test_each_side_has_its_zone_inside_nested_values(compared, name):
    noon, eleven = (f"TIMESTAMP '2026-01-31 {hour}:00:00'" for hour in (12, 11))
    rule = {"timezone": {"legacy": "Europe/Berlin", "modern": "UTC"}, "unordered": name == "unordered list"}
    sides = {value: f"SELECT 1 AS id, {NESTED_IN_ZONES[name].format(value)} AS v" for value in (noon, eleven)}

    assert compared(sides[noon], sides[eleven], columns={"v": rule}).verdict == "proven"
    assert compared(sides[noon], sides[noon], columns={"v": rule}).verdict == "differs"


def test_a_tolerance_in_a_list_counts_from_the_instants(compared):
    rule = {"timezone": {"legacy": "Europe/Berlin", "modern": "UTC"}, "within": "1s"}
    noon, eleven = (f"SELECT 1 AS id, [TIMESTAMP '2026-01-31 {hour}:00:00'] AS v" for hour in (12, 11))

    assert compared(noon, eleven, columns={"v": rule}).verdict == "proven"
    assert compared(noon, noon, columns={"v": rule}).verdict == "differs"


@pytest.mark.parametrize(
    ("kind", "sentinel"),
    [
        ("DECIMAL(3,1)", "1.49"),
        ("DATE", "2024-01-01 12:00"),
        ("TIMESTAMP_S", "2024-01-01 10:00:00.9"),
        ("FLOAT", "16777217"),
        ("DOUBLE", "9007199254740993"),
        ("INTEGER", "1.5"),
    ],
)
def test_a_sentinel_that_the_type_would_round_is_refused(compared, kind, sentinel):
    with pytest.raises(ComparisonError, match=f"null_equals has '{sentinel}', which is no value of type"):
        compared(
            f"SELECT 1 AS id, NULL::{kind} AS v",
            f"SELECT 1 AS id, NULL::{kind} AS v",
            columns={"v": {"null_equals": [sentinel]}},
        )


@pytest.mark.parametrize(
    ("legacy", "modern", "rule"),
    [
        ("1", "NULL::DOUBLE", {"null_equals": ["1"]}),
        ("0", "NULL::INTEGER", {"null_equals": ["0", "1"]}),
        ("'x'", "NULL::VARCHAR", {"null_equals": [" x "], "trim": "both"}),
        ("DATE '1970-01-01'", "NULL::DATE", {"null_equals": ["1970-01-01", "2038-01-01"]}),
    ],
)
def test_values_that_stand_for_null_pass_the_check_of_the_comparison_itself(compared, legacy, modern, rule):
    result = compared(f"SELECT 1 AS id, {legacy} AS v", f"SELECT 1 AS id, {modern} AS v", columns={"v": rule})

    assert (result.verdict, result.reasons[0].endswith("planted changes were found.")) == ("proven", True)


def test_days_of_the_calendar_are_in_no_zone(compared):
    zones = {"timezone": {"legacy": "Europe/Berlin", "modern": "America/New_York"}}
    day = "SELECT 1 AS id, DATE '2026-01-31' AS v"

    for rule in (zones, {**zones, "within": "1s"}):
        assert compared(day, day, columns={"v": rule}).verdict == "proven"


LOSSY = {
    "whole numbers beyond 2^53": ("9007199254740993::BIGINT", "9007199254740992::DOUBLE", 1),
    "a whole number that a double holds": ("1152921504606846976::BIGINT", "1152921504606846976::DOUBLE", 0),
    "a small number": ("12::INTEGER", "12::DOUBLE", 0),
    "a decimal with sixteen digits": ("12345678901234.56::DECIMAL(18,2)", "12345678901234.56::DOUBLE", 0),
    "a decimal with eighteen digits": ("1234567890123456.78::DECIMAL(18,2)", "1234567890123456.78::DOUBLE", 1),
    "a tenth": ("0.1::DECIMAL(18,2)", "0.1::DOUBLE", 0),
    "a text with many digits": ("'9007199254740993'", "9007199254740992::DOUBLE", 1),
    "a text that is the double": ("'0.1'", "0.1::DOUBLE", 0),
    "a text that is no number": ("'x'", "NULL::DOUBLE", 0),
    "a list of whole numbers": ("[1, NULL, 9007199254740993]::BIGINT[]", "[1, NULL, 9007199254740992]::DOUBLE[]", 1),
    "a list of small numbers": ("[1, NULL, 2]::BIGINT[]", "[1, NULL, 2]::DOUBLE[]", 0),
    "a field of a struct": (
        "{'n': NULL, 'v': {'w': 9007199254740993}}",
        "{'v': {'w': 9007199254740992::DOUBLE}, 'n': NULL}",
        1,
    ),
    "a value of a map": ("MAP {'a': 9007199254740993}", "MAP {'a': 9007199254740992::DOUBLE}", 1),
    "an array": ("[9007199254740993]::BIGINT[1]", "[9007199254740992]::DOUBLE[]", 1),
    "a huge number": ("170141183460469231731687303715884105727::HUGEINT", "1.7014118346046923e38::DOUBLE", 1),
}


@pytest.mark.parametrize("name", LOSSY)
def test_values_with_more_digits_than_a_double_are_counted(compared, name):
    exact, double, lossy = LOSSY[name]
    for sides in ((exact, double), (double, exact)):
        result = compared(*(f"SELECT 1 AS id, {value} AS v UNION ALL SELECT 2, NULL" for value in sides))

        assert result.columns[1].converted_with_loss == lossy
        assert ("Column v: 1 value has more digits than the double that it is compared as." in result.reasons) == bool(
            lossy
        )


def test_structs_without_names_of_fields_are_refused(compared, connection):
    connection.execute("CREATE VIEW one AS SELECT 1 AS id, row(1, 2) AS v")
    connection.execute("CREATE VIEW other AS SELECT 1 AS id, row(1, 2::BIGINT) AS v")

    with pytest.raises(ComparisonError, match=r"column v: the fields of .* have no names: exclude the column"):
        compared("SELECT 1", "SELECT 1", legacy="main.one", modern="main.other")


@pytest.mark.parametrize(
    ("legacy", "modern"), [("[1]", "1"), ("'a'::BLOB", "'a'"), ("{'a': 1}", "{'b': 1}"), ("[1]", "['1']")]
)
def test_types_that_cannot_be_compared_are_an_error_that_names_the_column_and_the_way_out(compared, legacy, modern):
    with pytest.raises(ComparisonError, match=r"table t, column v: types .* cannot be compared: exclude the column"):
        compared(f"SELECT 1 AS id, {legacy} AS v", f"SELECT 1 AS id, {modern} AS v")


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("1", {"trim": "right"}),
        ("'a'", {"abs": 1}),
        ("1", {"within": "1s"}),
        ("TRUE", {"drift": 0}),
        ("1", {"numeric": True}),
        ("1", {"timezone": "Europe/Berlin"}),
        ("'a'", {"numeric": True, "abs": 1}),
        ("MAP {'a': 1.5}", {"abs": 1}),
        ("TRUE", {"null_equals": ["true"]}),
        ("['a']", {"abs": 1}),
        ("[1.5]", {"drift": 0}),
        ("[1]", {"within": "1s"}),
    ],
)
def test_a_rule_that_does_not_apply_to_the_type_is_refused(compared, value, rule):
    with pytest.raises(ComparisonError, match=r"column v: .* apply|applies to"):
        compared(f"SELECT 1 AS id, {value} AS v", f"SELECT 1 AS id, {value} AS v", columns={"v": rule})


def test_a_collation_of_the_engine_loosens_nothing(compared, connection):
    connection.execute("CREATE TABLE upper (id VARCHAR COLLATE NOCASE, v VARCHAR COLLATE NOCASE)")
    connection.execute(
        "CREATE TABLE lower AS FROM upper; INSERT INTO upper VALUES ('a', 'X'); INSERT INTO lower VALUES ('a', 'x')"
    )
    values = compared("SELECT 1", "SELECT 1", legacy="main.upper", modern="main.lower")
    connection.execute("UPDATE upper SET id = 'A', v = 'x'")
    keys = compared("SELECT 1", "SELECT 1", legacy="main.upper", modern="main.lower")

    assert values.rows.different == 1
    assert (keys.rows.only_legacy, keys.rows.only_modern) == (1, 1)
    assert (
        compared("SELECT 1", "SELECT 1", legacy="main.upper", modern="main.lower", key=[], multiset=True).rows.identical
        == 0
    )
