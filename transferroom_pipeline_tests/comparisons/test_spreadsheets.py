"""What stands in CSV files is no formula, and can be had back."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from transferroom_pipeline.comparisons.engine import compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.reports import error_row, write_summary, write_table_reports
from transferroom_pipeline.comparisons.spreadsheets import marked, marked_in_sql, unmarked
from transferroom_pipeline.comparisons.sql_text import DIALECT
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline_tests.comparisons.conftest import make_tables, table_spec

SIGNS = "'=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
TEXTS = st.text(st.sampled_from([*SIGNS, *"0123.eEx \u00e9"]), max_size=6)


@given(TEXTS)
def test_every_text_can_be_had_back_and_none_but_numbers_begins_like_a_formula(text):
    written = marked(text)

    assert unmarked(written) == text
    if written[:1] and written[0] in SIGNS[1:]:
        float(written)


def test_sql_writes_what_python_writes():
    texts = [first + rest for first in SIGNS for rest in ("", "1", "1.5e3", "1\n", "1x", "-1", "'", "\u0661")]
    with connect(None) as connection:
        for text in texts:
            query = exp.select(marked_in_sql(exp.Literal.string(text)))
            assert connection.execute(query.sql(dialect=DIALECT)).fetchall() == [(marked(text),)]


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "'=1", "'"])
def test_a_formula_in_the_data_is_a_text_in_the_reports(connection, tmp_path, text):
    value = exp.Literal.string(text).sql(dialect=DIALECT)
    make_tables(connection, f"SELECT 1 AS id, {value} AS name, -5 AS fee", "SELECT 1 AS id, 'x' AS name, -6 AS fee")
    with compare(DuckDBEngine(connection), table_spec()) as comparison:
        write_table_reports(tmp_path, connection, comparison)

    with (tmp_path / "t_differences.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["column_name"]: row for row in csv.DictReader(file)}

    assert rows["name"]["legacy_value"] == f"'{text}"
    assert (rows["fee"]["legacy_value"], rows["fee"]["modern_value"]) == ("-5", "-6")


def test_a_table_called_like_a_formula_keeps_its_one_row_in_the_summary(tmp_path):
    for reason in ("=first", "second"):
        write_summary(tmp_path, [error_row("=1+1", reason)], keep_other_tables=True)
    write_summary(tmp_path, [error_row("t", "third")], keep_other_tables=True)

    with (tmp_path / "summary.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["table"], row["reasons"]) for row in csv.DictReader(file)]

    assert rows == [("'=1+1", "second"), ("t", "third")]
