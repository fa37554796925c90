"""Whatever a person writes into a file of T-SQL ends in findings with their place, or in a query."""

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from transferroom_pipeline.legacy.exceptions import LegacyError
from transferroom_pipeline.legacy.tsql import judge, stand_in_sql
from transferroom_pipeline.legacy.tsql.functions import FUNCTIONS
from transferroom_pipeline_tests.legacy.tsql_tables import COLUMNS

WORDS = (
    "SELECT", "TOP", "1", "DISTINCT", "FROM", "prod.t", "AS", "a", "WHERE", "GROUP", "BY", "ORDER", "HAVING",
    "UNION", "ALL", "EXCEPT", "JOIN", "LEFT", "ON", "CROSS", "APPLY", "WITH", "c", "INSERT", "INTO", "VALUES",
    "CREATE", "VIEW", "v", "PROCEDURE", "p", "AS", "BEGIN", "END", "IF", "ELSE", "SET", "NOCOUNT", "DECLARE",
    "@x", "EXEC", "GO", ";", ",", "(", ")", ".", "*", "+", "-", "/", "%", "&", "|", "^", "~", "=", "<>", "!<",
    ">=", "id", "x", "s", "d", "dt", "f", "bit", "1", "2.5", "1e3", "'a'", "N'b'", "'2026-01-31'", "''", "NULL",
    "AND", "OR", "NOT", "IN", "LIKE", "'[a%'", "BETWEEN", "IS", "EXISTS", "CASE", "WHEN", "THEN", "OVER",
    "PARTITION", "ROWS", "CAST", "CONVERT", "VARCHAR(3)", "DATETIME", "INT", "DECIMAL(38,10)", "ISNULL",
    "COUNT(*)", "GETDATE()", "#t", "[x", "y]", "\"q\"", "{", "}", "$5", "/*", "*/", "--", "FOR", "XML", "PATH",
    "PIVOT", "OFFSET", "FETCH", "NEXT", "OPTION", "TRY_CAST", "DATEADD", "day", "y", "FORMAT", "TRIM",
)  # fmt: skip
OPERANDS = (
    "id", "b", "x", "m", "f", "s", "ns", "c", "u", "d", "dt", "d2", "tm", "bit", "1", "2.5", "'a'", "'7'", "NULL",
    "'2026-01-31'", "missing",
)  # fmt: skip
TYPES = (
    "INT",
    "DECIMAL(9,2)",
    "FLOAT",
    "VARCHAR(3)",
    "CHAR(2)",
    "DATE",
    "DATETIME",
    "DATETIME2(3)",
    "BIT",
    "TIME",
    "MONEY",
)

expressions = st.recursive(
    st.sampled_from(OPERANDS),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/%"), inner),
        st.builds("CASE WHEN {} {} {} THEN {} END".format, inner, st.sampled_from(("=", "<", "LIKE")), inner, inner),
        st.builds("{}(CAST({} AS {}))".format, st.sampled_from(("", "ABS", "LEN")), inner, st.sampled_from(TYPES)),
        st.builds("{}({})".format, st.sampled_from(sorted(FUNCTIONS)), st.lists(inner, max_size=3).map(", ".join)),
        st.builds(
            "{}({}, {}, {})".format,
            st.sampled_from(("DATEADD", "DATEDIFF")),
            st.sampled_from(("m", "hh")),
            inner,
            inner,
        ),
    ),
    max_leaves=6,
)


def check(tsql):
    lines = tsql.split("\n")
    for finding in judge(tsql, COLUMNS):
        assert 1 <= finding.line <= len(lines)
        assert 1 <= finding.column <= len(lines[finding.line - 1]) + 1
    try:
        answer = stand_in_sql(tsql, table="t", columns=COLUMNS)
    except LegacyError as error:
        answer = str(error).removeprefix("the T-SQL of legacy table t cannot be carried to the stand-in:\n  line ")
    assert answer


def check_readable(tsql):
    """What is accepted can be read by the stand-in, whatever is in the tables."""
    try:
        sql = stand_in_sql(tsql, table="t", columns=COLUMNS)
    except LegacyError:
        return
    assert len(duckdb.extract_statements(sql)) == 1


@given(st.text())
@settings(max_examples=300, deadline=None)
def test_any_text_is_answered(text):
    check(text)


@given(st.lists(st.sampled_from((*WORDS, "\n")), max_size=25).map(" ".join))
@settings(max_examples=500, deadline=None)
def test_any_words_of_t_sql_are_answered(tsql):
    check(tsql)
    check_readable(tsql)


@given(expressions)
@settings(max_examples=500, deadline=None)
def test_any_expression_is_answered(expression):
    check(f"SELECT {expression} AS e FROM prod.t")
    check_readable(f"SELECT {expression} AS e FROM prod.t")
