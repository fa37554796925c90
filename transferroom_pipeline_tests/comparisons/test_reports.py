"""Reports as files, and the JSON form."""

import csv
import json
import re
from datetime import UTC, date, datetime

import pytest

from transferroom_pipeline.comparisons.engine import compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.reports import error_row, summary_row, write_summary, write_table_reports
from transferroom_pipeline.comparisons.result import Snapshot
from transferroom_pipeline.comparisons.terminal import summarise
from transferroom_pipeline_tests.comparisons.conftest import make_tables, table_spec

LEGACY = (
    "SELECT * FROM (VALUES (1, 'a', 1.50), (2, 'b', 2.00), (4, 'd', 4), (5, NULL, 5), (5, NULL, 5)) AS r(id, name, fee)"
)
MODERN = "SELECT * FROM (VALUES (1, 'a', 1.75), (2, 'b ', 2.00), (3, 'c', 3), (5, NULL, 5)) AS r(id, name, fee)"

PROVEN = "SELECT 1 AS id, 'a' AS name"


@pytest.fixture
def reported(connection, tmp_path):
    """Compares two queries and writes their reports."""

    def report(legacy: str, modern: str):
        make_tables(connection, legacy, modern)
        with compare(DuckDBEngine(connection), table_spec(), snapshot=Snapshot("s1", date(2026, 6, 30))) as comparison:
            write_table_reports(tmp_path, connection, comparison)
            return comparison.result

    return report


def _rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_that_is_not_proven_gets_its_result_and_every_difference(reported, tmp_path):
    result = reported(LEGACY, MODERN)

    assert json.loads((tmp_path / "t.json").read_text(encoding="utf-8")) == result.to_dict()
    differences = _rows(tmp_path / "t_differences.csv")
    kinds = sorted(row["kind"] for row in differences)
    assert kinds == ["different", "different", "duplicate_key", "only_legacy", "only_modern"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.json", "t_differences.csv"]


def test_the_differences_of_an_earlier_run_go_when_the_table_is_proven_and_its_result_is_written(reported, tmp_path):
    reported(LEGACY, MODERN)
    reported(PROVEN, PROVEN)

    assert [path.name for path in tmp_path.iterdir()] == ["t.json"]
    assert json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))["verdict"] == "proven"


def test_a_report_that_cannot_be_finished_leaves_the_earlier_one(reported, tmp_path, connection):
    reported(LEGACY, MODERN)
    earlier = (tmp_path / "t_differences.csv").read_bytes()
    make_tables(connection, LEGACY, MODERN)
    with compare(DuckDBEngine(connection), table_spec()) as comparison:
        pass

    with pytest.raises(Exception, match="differences of t cannot be written"):
        write_table_reports(tmp_path, connection, comparison)

    assert (tmp_path / "t_differences.csv").read_bytes() == earlier
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.json", "t_differences.csv"]


def test_the_summary_has_one_row_per_table_errors_included(reported, tmp_path):
    result = reported(LEGACY, MODERN)

    path = write_summary(tmp_path / "results", [summary_row(result), error_row("u", "table u does not exist")])

    first, second = _rows(path)
    assert (first["table"], first["verdict"], first["different"], first["differing_columns"]) == (
        "t",
        "differs",
        "2",
        "name, fee",
    )
    assert (first["snapshot_id"], first["as_of"]) == ("s1", "2026-06-30")
    assert (second["table"], second["verdict"], second["reasons"]) == ("u", "error", "table u does not exist")


def test_the_summary_tells_rules_moment_and_run_so_that_rows_of_earlier_runs_are_known(connection, tmp_path):
    make_tables(connection, PROVEN, PROVEN)
    spec = table_spec(columns={"name": {"trim": "both"}})
    with compare(DuckDBEngine(connection), spec) as comparison:
        result = comparison.result
    earlier = datetime(2026, 6, 30, 10, tzinfo=UTC)

    path = write_summary(tmp_path, [summary_row(result, run_id="run 7", compared_at=earlier), error_row("u", "gone")])

    first, second = _rows(path)
    assert (first["rules"], first["run_id"], first["compared_at"]) == ("1", "run 7", "2026-06-30T10:00:00+00:00")
    assert second["compared_at"] > first["compared_at"]
    assert summarise(result).startswith("t: PROVEN under 1 rule (")


def test_the_summary_can_keep_the_tables_of_earlier_calls(tmp_path):
    write_summary(tmp_path, [error_row("b", "old"), error_row("a", "old")])
    write_summary(tmp_path, [error_row("b", "new")], keep_other_tables=True)

    assert [(row["table"], row["reasons"]) for row in _rows(tmp_path / "summary.csv")] == [("a", "old"), ("b", "new")]


def test_a_table_s_name_never_leads_out_of_the_directory(connection, tmp_path):
    make_tables(connection, LEGACY, MODERN)
    spec = table_spec().model_copy(update={"table": "../t"})
    with compare(DuckDBEngine(connection), spec) as comparison:
        write_table_reports(tmp_path / "results", connection, comparison)

    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == ["..%2Ft.json", "..%2Ft_differences.csv"]


def test_the_json_form_has_the_keys_of_the_contract_in_their_order(reported, golden):
    text = reported(LEGACY, MODERN).to_json()

    stable = re.sub(r'"seconds": [0-9.]+', '"seconds": 0.0', text)
    golden("result_json.txt", re.sub(r'"sql": \[.*\]\n', '"sql": []\n', stable, flags=re.DOTALL) + "\n")
