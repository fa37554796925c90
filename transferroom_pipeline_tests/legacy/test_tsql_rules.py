"""The table of rules: one entry per rule, a document that follows from it, and a command that reads it."""

from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner

from transferroom_pipeline.legacy.tsql.command import tsql_command
from transferroom_pipeline.legacy.tsql.date_parts import PARTS, rounded_to_datetime
from transferroom_pipeline.legacy.tsql.functions import FUNCTIONS
from transferroom_pipeline.legacy.tsql.like_patterns import regular_expression
from transferroom_pipeline.legacy.tsql.rules.table import RULES
from transferroom_pipeline.legacy.tsql.rules_document import rules_command, rules_document
from transferroom_pipeline.legacy.tsql.sql_types import SqlType, arithmetic, common, parse_type
from transferroom_pipeline_tests.legacy.test_tsql_refusals import IN_DOUBT, REFUSED, WARNED


def test_each_rule_has_an_id_of_its_own_and_says_why_and_what_to_do():
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.why, rule.id
        assert rule.instead, rule.id
        assert "\n" not in f"{rule.construct}{rule.why}{rule.instead}", rule.id


def test_every_rule_that_refuses_or_warns_on_the_stand_in_has_a_statement_that_shows_it():
    shown = {rule for _, rule in (*REFUSED, *WARNED, *IN_DOUBT)}
    found_in_queries = {rule.id for rule in RULES if rule.nodes and rule.duckdb.value != "right"}
    assert found_in_queries - shown == set()


def test_the_document_is_up_to_date(pytestconfig):
    written = (pytestconfig.rootpath / "docs" / "tsql.md").read_text(encoding="utf-8")
    assert written == rules_document(), "write it again with `transferroom tsql-rules`"


def test_the_document_has_every_rule_and_function(tmp_path):
    result = CliRunner().invoke(rules_command, ["--out", str(tmp_path / "tsql.md")])
    assert result.exit_code == 0
    written = (tmp_path / "tsql.md").read_text(encoding="utf-8")
    assert all(f"| `{rule.id}` |" in written for rule in RULES)
    assert all(f"`{name}`" in written for name in FUNCTIONS)


@pytest.fixture
def checked(tmp_path):
    """The exit code and output of the command for the content of files."""

    def check(*contents, options=()):
        for number, content in enumerate(contents):
            (tmp_path / f"{number}.sql").write_bytes(content)
        files = [str(tmp_path / f"{number}.sql") for number in range(len(contents))]
        result = CliRunner().invoke(tsql_command, [*options, *files])
        told = (
            str(result.exception)
            if result.exit_code and not isinstance(result.exception, SystemExit)
            else result.output
        )
        return result.exit_code, told.replace(f"{tmp_path}/", "")

    return check


def test_the_command_lists_findings_with_file_line_and_column(checked):
    code, told = checked(b"SELECT id\nFROM prod.k", b"SELECT\r\n  GETDATE() AS now")
    assert code == 1
    assert told.splitlines() == [
        "1.sql:2:3: refuse: GETDATE, the clock: the two sides run at different moments, so the rows "
        "are not reproducible; "
        "take the as-of date from prod.snapshot",
        "2 files, 1 refused on the stand-in (DuckDB)",
    ]
    assert checked(b"SELECT id FROM prod.k") == (0, "1 file, 0 refused on the stand-in (DuckDB)\n")


def test_the_command_judges_for_databricks_and_with_types_of_columns(checked, tmp_path):
    types = tmp_path / "types.yaml"
    types.write_text("prod.k: {id: INT, n: INT}", encoding="utf-8")
    code, told = checked(b"SELECT id / n AS q FROM prod.k", options=["--engine", "databricks", "--columns", str(types)])
    assert code == 1
    assert told.startswith("0.sql:1:8: refuse: division of whole numbers: ")
    assert checked(b"SELECT id / n AS q FROM prod.k", options=["--columns", str(types)])[0] == 0
    assert checked(b"SELECT id / n AS q FROM prod.k")[0] == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_of_management_studio_are_read(checked, encoding):
    assert checked("SELECT N'Čech' AS name".encode(encoding))[0] == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"SELECT 1 AS a\n-- \xe9", "T-SQL file 0.sql is not UTF-8 in line 2: save it as UTF-8"),
        (b"\xff\xfeS", "T-SQL file 0.sql is not UTF-8 in line 1: save it as UTF-8"),
    ],
)
def test_a_file_in_another_encoding_is_told_in_one_sentence(checked, content, reason):
    assert checked(content) == (1, reason)


@pytest.mark.parametrize("content", ["prod.k: INT", "- a", "prod.k: {id: 1}", "{", ""])
def test_column_types_of_another_form_are_told_in_one_sentence(checked, tmp_path, content):
    types = tmp_path / "types.yaml"
    types.write_text(content, encoding="utf-8")
    code, told = checked(b"SELECT 1 AS a", options=["--columns", str(types)])
    assert code == 1
    assert told.startswith("file of column types types.yaml")
    assert "\n" not in told


@pytest.mark.parametrize(
    ("operator", "left", "right", "result"),
    [
        # The examples of "Precision, scale, and length" in SQL Server's documentation, and its rules at the edges.
        ("Add", "DECIMAL(9,2)", "DECIMAL(9,4)", "DECIMAL(12,4)"),
        ("Mul", "DECIMAL(9,2)", "DECIMAL(9,4)", "DECIMAL(19,6)"),
        ("Div", "DECIMAL(18,2)", "INT", "DECIMAL(29,13)"),
        ("Mul", "DECIMAL(38,2)", "DECIMAL(18,6)", "DECIMAL(38,6)"),
        ("Mul", "DECIMAL(38,2)", "INT", "DECIMAL(38,2)"),
        ("Div", "DECIMAL(38,10)", "DECIMAL(38,10)", "DECIMAL(38,6)"),
        ("Add", "DECIMAL(38,2)", "DECIMAL(38,2)", "DECIMAL(38,2)"),
        ("Add", "INT", "BIGINT", "BIGINT"),
        ("Mul", "DECIMAL(9,2)", "FLOAT", "FLOAT"),
        ("Add", "VARCHAR(5)", "NVARCHAR(3)", "NVARCHAR(8)"),
        ("Sub", "MONEY", "INT", "MONEY"),
    ],
)
def test_operators_have_the_types_of_sql_server(operator, left, right, result):
    from sqlglot import exp

    assert str(arithmetic(getattr(exp, operator), parse_type(left), parse_type(right))) == result


def test_branches_have_the_type_of_highest_precedence():
    assert str(common([parse_type("INT"), parse_type("DECIMAL(5,2)")])) == "DECIMAL(12,2)"
    assert str(common([parse_type("DATE"), SqlType("NULL"), parse_type("DATETIME")])) == "DATETIME"
    assert str(common([parse_type("VARCHAR(3)"), parse_type("NVARCHAR(MAX)")])) == "NVARCHAR(MAX)"


def test_every_abbreviation_of_a_date_part_is_known():
    given = "yy yyyy qq q mm m dy y dd d wk ww dw w hh mi n ss s ms mcs ns tz isowk isoww"
    assert set(given.split()) <= PARTS.keys()
    assert (PARTS["y"], PARTS["m"], PARTS["w"], PARTS["n"]) == ("dayofyear", "month", "weekday", "minute")


def test_a_datetime_has_the_thirds_of_ten_milliseconds_of_sql_server():
    # The examples of "datetime" in SQL Server's documentation.
    midnight = datetime.fromisoformat("2026-01-01")
    given = [midnight + timedelta(milliseconds=milliseconds) for milliseconds in range(990, 999)]
    rounded = [rounded_to_datetime(moment).microsecond // 1000 for moment in given]
    assert rounded == [990, 990, 993, 993, 993, 997, 997, 997, 997]
    last = datetime.fromisoformat("2026-01-01 23:59:59.999")
    assert rounded_to_datetime(last) == datetime.fromisoformat("2026-01-02")


def test_classes_of_like_are_regular_expressions():
    assert regular_expression("P[0-4]%") == "P[0-4].*"
    assert regular_expression("a.b_[^x]") == r"a\.b.[^x]"
    assert regular_expression("[[]%[]") is None
    assert regular_expression("!%[a]", "!") == "%[a]"
    assert regular_expression("[!]", "!") is None
    assert regular_expression(r"[\^]") == r"[\\\^]"
