"""Exactly what is not up to date is computed; the rest is reported as unchanged."""

import re

import pytest

from sqlmesh_assets_tests.conftest import MODELS, Bench, failed_checks, materialized, metadata, observed, reasons


def test_the_first_run_computes_every_model(bench: Bench) -> None:
    result = bench.materialize()
    assert result.success
    assert materialized(result) == MODELS
    assert observed(result) == set()
    assert not failed_checks(result)
    assert bench.sql("SELECT * FROM marts.spending ORDER BY ALL") == [
        (1, "North", 200, 1),
        (2, "South", 70, 0),
        (3, None, 0, 0),
    ]
    assert bench.sql("SELECT * FROM marts.names ORDER BY ALL") == [(1, "A"), (2, "B"), (3, "C")]
    assert bench.sql("SELECT * FROM marts.daily ORDER BY ALL")[0][1] == 1


def test_a_run_in_which_nothing_changed_observes_every_model_and_computes_none(computed: Bench) -> None:
    result = computed.materialize()
    assert result.success
    assert materialized(result) == set()
    assert observed(result) == MODELS
    assert computed.computing == []


def test_checks_of_unchanged_models_keep_their_results(computed: Bench) -> None:
    evaluations = computed.materialize().get_asset_check_evaluations()
    audited = {f"{e.asset_key.to_user_string()}:{e.check_name}" for e in evaluations}
    assert {"staging/orders:not_null", "marts/spending:not_negative"} <= audited


def test_changed_rows_are_computed_with_everything_downstream_and_nothing_else(computed: Bench) -> None:
    computed.sql("UPDATE raw.customers SET name = 'Dan' WHERE id = 1")
    result = computed.materialize()
    assert result.success
    assert materialized(result) == {"staging/customers", "marts/spending", "marts/names"}
    assert observed(result) == MODELS - materialized(result)
    assert computed.sql("SELECT initial FROM marts.names WHERE customer_id = 1") == [("D",)]
    assert metadata(result, "staging/customers")["reason"] == "raw.customers changed"


def test_changed_code_is_computed_with_everything_downstream_and_nothing_else(computed: Bench) -> None:
    computed.edit("models/customers.sql", "name::TEXT", "UPPER(name)::TEXT")
    result = computed.materialize()
    assert result.success
    assert materialized(result) == {"staging/customers", "marts/spending", "marts/names"}
    assert metadata(result, "staging/customers")["reason"] == "its code or that of a model that it reads changed"


def test_rows_changed_by_other_hands_are_computed_again(computed: Bench) -> None:
    [(table,)] = computed.sql(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        "WHERE table_schema = 'sqlmesh__marts' AND table_name LIKE '%spending%' AND table_name NOT LIKE '%__dev'"
    )
    computed.sql(f"UPDATE {table} SET spent = 1")
    result = computed.materialize()
    assert materialized(result) == {"marts/spending"}
    assert computed.sql("SELECT spent FROM marts.spending WHERE customer_id = 1") == [(200,)]


def test_a_selected_model_is_computed_alone_if_nothing_reads_it(computed: Bench) -> None:
    computed.sql("UPDATE raw.customers SET name = 'Dan' WHERE id = 1")
    result = computed.materialize("key:marts/names")
    assert result.success
    assert materialized(result) == {"marts/names"}
    again = computed.materialize()
    assert materialized(again) == {"staging/customers", "marts/spending", "marts/names"}


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("+key:marts/daily", {"staging/orders", "marts/daily"}),
        ("key:staging/customers+", {"staging/customers", "marts/spending", "marts/names"}),
        ("key:marts/regions", {"marts/regions"}),
    ],
)
def test_parts_can_be_selected_before_anything_was_computed(bench: Bench, selection: str, expected: set[str]) -> None:
    if "customers" in selection:
        assert bench.materialize("key:staging/orders or key:marts/regions").success
    result = bench.materialize(selection)
    assert result.success
    assert materialized(result) == expected


def test_upstream_of_a_model_leaves_what_was_never_computed_alone(bench: Bench) -> None:
    assert materialized(bench.materialize("+key:marts/daily")) == {"staging/orders", "marts/daily"}
    bench.sql("DELETE FROM raw.orders WHERE id = 10")
    result = bench.materialize("key:staging/orders")
    assert result.success
    assert materialized(result) == {"staging/orders", "marts/daily"}


def test_a_model_whose_input_was_not_made_names_it(bench: Bench) -> None:
    result = bench.materialize("key:marts/names")
    assert not result.success
    [event] = result.get_step_failure_events()
    assert event.step_failure_data.user_failure_data is not None
    assert "materialize the asset staging/customers first" in str(event.step_failure_data.user_failure_data.description)


@pytest.mark.parametrize(
    "query",
    ["SELECT id FROM read_csv('{file}')", "SELECT id FROM '{file}'", "SELECT id FROM read_csv(['{folder}/*.csv'])"],
)
def test_a_model_that_reads_a_file_is_computed_when_the_file_changes(computed: Bench, query: str) -> None:
    folder = computed.root / "files"
    folder.mkdir()
    file = folder / "numbers.csv"
    computed.write(
        "models/filed.sql",
        f"MODEL (name marts.filed, kind FULL);\n{query.format(file=file, folder=folder)}\n",
    )
    missing = computed.materialize("marts/filed")
    assert not missing.success
    assert re.search(r"file \S+ does not exist", reasons(missing))
    for text, rows in (("id\n1\n", 1), ("id\n1\n2\n", 2)):
        file.write_text(text, encoding="utf-8")
        assert materialized(computed.materialize("marts/filed")) == {"marts/filed"}
        assert computed.sql("SELECT count(*) FROM marts.filed") == [(rows,)]
        assert observed(computed.materialize("marts/filed")) == {"marts/filed"}


def test_a_column_that_a_table_of_all_columns_does_not_take_over_is_reported(
    computed: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    computed.write("models/starred.sql", "MODEL (name marts.starred, kind FULL);\nSELECT * FROM raw.customers\n")
    assert computed.materialize("marts/starred").success
    assert "which came after its table was made" not in capfd.readouterr().err
    computed.sql("ALTER TABLE raw.customers ADD COLUMN extra INTEGER DEFAULT 7")
    assert materialized(computed.materialize("marts/starred")) == {"marts/starred"}
    assert "marts.starred: its query gives extra, which came after its table was made" in capfd.readouterr().err


PYTHON_MODEL = """
import pandas as pd
from sqlmesh import model
from sqlmesh.core.model.kind import ModelKindName

@model(
    "marts.rows_of", kind={kind}, columns={{"customer_id": "int", "day": "date"}}, depends_on=["staging.customers"],
    start="2026-01-01",
)
def execute(context, start, end, execution_time, **kwargs):
    found = context.fetchdf(f"SELECT customer_id FROM {{context.resolve_table('staging.customers')}}")
    found["day"] = start.date()
    {result}
"""
FULL = '"FULL"'
BY_TIME = '{"name": ModelKindName.INCREMENTAL_BY_TIME_RANGE, "time_column": "day"}'


@pytest.mark.parametrize("kind", [FULL, BY_TIME])
@pytest.mark.parametrize("result", ["if len(found): yield found", "return found"])
def test_a_python_model_that_gives_no_rows_has_none(computed: Bench, kind: str, result: str) -> None:
    (computed.folder / "models" / "names.py").unlink()
    computed.write("models/rows_of.py", PYTHON_MODEL.format(kind=kind, result=result))
    assert "marts/rows_of" in materialized(computed.materialize())
    assert computed.sql("SELECT count(*) > 0 FROM marts.rows_of") == [(True,)]

    computed.sql("DELETE FROM raw.customers")
    outcome = computed.materialize()

    assert outcome.success, reasons(outcome)
    assert "marts/rows_of" in materialized(outcome)
    assert computed.sql("SELECT count(*) FROM marts.rows_of") == [(0,)]
    assert "marts/rows_of" in observed(computed.materialize())
