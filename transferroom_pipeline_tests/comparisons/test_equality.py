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
    ("99999999999999999999999999999999999999::DECIMAL(38,0)", "0.1::DECIMAL(38,37)"),
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
    ("TIMESTAMP '2026-01-31 10:00:00.123456'", "'2026-01-31 10:00:00.123456789'"),
    ("TIMESTAMP '2026-01-31 10:00:00.123456'", "TIMESTAMP_NS '2026-01-31 10:00:00.123456789'"),
    ("TIMESTAMP '2026-01-31 10:00:00'", "TIMESTAMPTZ '2026-01-31 10:00:00+02'"),
    ("INTERVAL '1 month'", "INTERVAL '30 days'"),
    ("{'a': 1}", "{'a': 2}"),
    ("[1, 2]", "[2, 1]"),
]


FORGIVEN = [
    ("1.00::DECIMAL(18,2)", "1.05::DECIMAL(18,2)", {"abs": "0.05"}),
    ("100", "110", {"rel": "0.1"}),
    ("110.00::DECIMAL(18,2)", "100.00::DECIMAL(18,2)", {"rel": "0.1"}),
    ("1.0::DOUBLE", "1.0000001::DOUBLE", {"abs": "1e-6"}),
    ("1.0::DOUBLE", "1.01::DECIMAL(18,2)", {"rel": "0.02"}),
    ("'1.5'", "1.6::DOUBLE", {"abs": "0.2"}),
    (
        "99999999999999999999999999999999999999::DECIMAL(38,0)",
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
    ("1.00::DECIMAL(18,2)", "1.06::DECIMAL(18,2)", {"abs": "0.05"}),
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


@pytest.mark.parametrize(
    ("legacy", "modern"), [("[1]", "1"), ("'a'::BLOB", "'a'"), ("{'a': 1}", "{'b': 1}"), ("[1]", "['1']")]
)
def test_types_that_cannot_be_compared_are_an_error_that_names_the_column_and_the_way_out(compared, legacy, modern):
    with pytest.raises(ComparisonError, match=r"table t, column v: types .* cannot be compared: exclude the column"):
        compared(f"SELECT 1 AS id, {legacy} AS v", f"SELECT 1 AS id, {modern} AS v")


@pytest.mark.parametrize(
    ("value", "rule"), [("1", {"trim": "right"}), ("'a'", {"abs": 1}), ("1", {"within": "1s"}), ("TRUE", {"drift": 0})]
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
