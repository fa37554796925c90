"""A run's log has one line per model; warnings and failures are whole."""

import logging
from pathlib import Path

import dagster as dg
import pytest

from sqlmesh_assets.errors import explain
from sqlmesh_assets_tests.conftest import MODELS, Bench


def messages(bench: Bench, level: int) -> list[str]:
    """What a run of everything says at a level, Dagster's own events left out."""
    with dg.DagsterInstance.ephemeral() as instance:
        result = bench.materialize(instance=instance)
        entries = [entry for entry in instance.all_logs(result.run_id) if entry.dagster_event is None]
    return [entry.user_message for entry in entries if entry.level == level]


def test_each_computed_model_is_one_line_with_rows_seconds_audits_and_the_reason(bench: Bench) -> None:
    lines = messages(bench, logging.INFO)
    assert len(lines) == len(MODELS)
    [line] = [line for line in lines if line.startswith("marts.spending: ")]
    assert "3 rows in 0." in line
    assert "3 audits passed (it was not computed before)" in line
    assert all("\n" not in line for line in lines)


def test_each_unchanged_model_is_one_line(computed: Bench) -> None:
    lines = messages(computed, logging.INFO)
    assert len(lines) == len(MODELS)
    assert all(": unchanged since 20" in line for line in lines)


def test_a_warning_of_sqlmesh_is_whole(computed: Bench) -> None:
    computed.edit("models/spending.sql", "max_v := 5", "max_v := 0")
    computed.sql("UPDATE raw.orders SET amount = 500 WHERE id = 10")
    warnings = messages(computed, logging.WARNING)
    assert warnings
    for warning in warnings:
        assert "accepted_range_non_blocking" in warning
        assert "large_orders" in warning


def test_nothing_is_printed_beside_the_log(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.materialize()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ('Binder Error: Referenced column "amont" not found', 4),
        ("Conversion Error: something else", 3),
        ('Catalog Error: unclear\n\nLINE 1: SELECT x, broken_function(y) FROM t\n                  ^', 5),
        ('Binder Error: column "x" is there more than once', 3),
        ("", 3),
    ],
)  # fmt: skip
def test_a_failure_names_the_line_that_it_is_about_or_else_where_the_query_begins(
    tmp_path: Path, message: str, line: int
) -> None:
    file = tmp_path / "m.sql"
    file.write_text("MODEL (name a.m);\n\nSELECT x,\n  amont,\n  broken_function(x)\nFROM t\n", encoding="utf-8")
    told = explain(file, message, "SELECT 1")
    assert told.startswith(f"{file}:{line}: ")
    assert told.endswith("\nSQL:\nSELECT 1")


def test_a_failure_of_a_file_that_is_gone_is_told_all_the_same(tmp_path: Path) -> None:
    assert explain(tmp_path / "gone.sql", "broken", None) == f"{tmp_path / 'gone.sql'}:1: broken"
