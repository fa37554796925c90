"""A model that fails is told with all that is needed, and takes nobody else's results away."""

import dagster as dg
import pytest

from sqlmesh_assets_tests.conftest import MODELS, Bench, failed_checks, materialized, reasons


def test_a_failing_model_tells_model_file_line_sql_and_the_engines_words(bench: Bench) -> None:
    bench.edit("models/daily.sql", "COUNT(*)::BIGINT", "SUM(order_total)::BIGINT")
    result = bench.materialize()
    assert not result.success
    told = reasons(result)
    line = next(
        number
        for number, text in enumerate((bench.folder / "models/daily.sql").read_text().splitlines(), 1)
        if "order_total" in text
    )
    assert f"marts.daily: {bench.folder / 'models/daily.sql'}:{line}: Binder Error" in told
    assert "order_total" in told
    assert "SQL:\nSELECT" in told
    assert materialized(result) == MODELS - {"marts/daily"}


def test_a_failing_python_model_tells_file_and_error(bench: Bench) -> None:
    bench.edit("models/names.py", "customers = ", "raise ValueError('no names today')\n    customers = ")
    result = bench.materialize()
    assert not result.success
    assert f"marts.names: {bench.folder / 'models/names.py'}:" in reasons(result)
    assert "no names today" in reasons(result)
    assert materialized(result) == MODELS - {"marts/names"}


def test_a_failing_blocking_audit_stops_the_model_and_shows_rows_that_fail(computed: Bench) -> None:
    computed.sql("UPDATE raw.orders SET amount = -500 WHERE id = 12")
    result = computed.materialize()
    assert not result.success
    assert "marts.spending: blocking audit failed: not_negative (1 rows)" in reasons(result)
    check = failed_checks(result)["marts/spending:not_negative"]
    assert check.severity is dg.AssetCheckSeverity.ERROR
    assert check.metadata["failing_rows"].value == 1
    assert "| 2 | South | -500.00 | 0 |" in str(check.metadata["sample"].value)
    assert "marts/spending" not in materialized(result)
    assert "marts/latest" in materialized(result)


def test_a_failing_audit_that_does_not_block_is_a_warning_with_a_sample(computed: Bench) -> None:
    computed.sql(
        "INSERT INTO raw.orders SELECT 100 + i, 1, 200.00, DATE '2026-01-02', now()::TIMESTAMP FROM range(9) AS t (i)"
    )
    result = computed.materialize()
    assert result.success
    [(name, check)] = failed_checks(result).items()
    assert name == "marts/spending:accepted_range_non_blocking"
    assert check.severity is dg.AssetCheckSeverity.WARN
    assert "| 1 | North |" in str(check.metadata["sample"].value)


def test_what_an_audit_found_is_told_again_while_the_model_is_unchanged(computed: Bench) -> None:
    computed.sql(
        "INSERT INTO raw.orders SELECT 100 + i, 1, 200.00, DATE '2026-01-02', now()::TIMESTAMP FROM range(9) AS t (i)"
    )
    computed.materialize()
    again = computed.materialize()
    assert materialized(again) == set()
    assert list(failed_checks(again)) == ["marts/spending:accepted_range_non_blocking"]


def test_a_model_that_failed_is_computed_as_soon_as_it_can_be(computed: Bench) -> None:
    computed.sql("UPDATE raw.orders SET amount = -500 WHERE id = 12")
    assert not computed.materialize().success
    computed.sql("UPDATE raw.orders SET amount = 70 WHERE id = 12")
    result = computed.materialize()
    assert result.success
    assert "marts/spending" in materialized(result)
    assert computed.sql("SELECT spent FROM marts.spending WHERE customer_id = 2") == [(70,)]


@pytest.mark.parametrize(("first", "then"), [("prod", "prod"), ("dev", "prod"), ("dev", "dev")])
def test_rows_of_code_that_was_not_deployed_are_not_taken_over(computed: Bench, first: str, then: str) -> None:
    computed.without_unit_tests()
    computed.edit("models/orders.sql", "kind VIEW", "kind FULL")
    computed.sql("UPDATE raw.orders SET amount = -500 WHERE id = 12")
    assert "marts.spending: blocking audit failed" in reasons(computed.materialize(environment=first))
    computed.sql("UPDATE raw.orders SET amount = 90 WHERE id = 12")
    assert computed.materialize(environment=then).success
    marts = "marts" if then == "prod" else "marts__dev"
    assert computed.sql(f"SELECT spent FROM {marts}.spending WHERE customer_id = 2") == [(90,)]


def test_audits_run_alone_without_computing_the_model(computed: Bench) -> None:
    computed.sql("UPDATE raw.orders SET id = NULL WHERE id = 12")
    result = computed.materialize("key:staging/orders", checks_only=True)
    assert materialized(result) == set()
    check = failed_checks(result)["staging/orders:not_null"]
    assert check.metadata["failing_rows"].value == 1


def test_one_audit_of_several_can_run_alone(computed: Bench) -> None:
    assets = computed.assets()
    chosen = dg.AssetCheckKey(dg.AssetKey(["marts", "spending"]), "not_negative")
    result = dg.materialize(
        [assets], selection=dg.AssetSelection.checks(chosen), instance=dg.DagsterInstance.ephemeral()
    )
    assert [e.check_name for e in result.get_asset_check_evaluations()] == ["not_negative"]


def test_audits_of_code_that_was_never_computed_say_what_to_do(computed: Bench) -> None:
    computed.without_unit_tests()
    computed.edit("models/spending.sql", "COALESCE(SUM(orders.amount), 0)", "COALESCE(SUM(orders.amount), 1)")
    result = computed.materialize("key:marts/spending", checks_only=True)
    assert not result.success
    assert "materialize the asset marts/spending first" in reasons(result)


def test_an_audit_with_an_error_in_its_sql_fails_its_model_with_that_reason(bench: Bench) -> None:
    bench.edit("audits/not_negative.sql", "@column < 0", "@column < no_such_column")
    result = bench.materialize()
    assert not result.success
    assert "marts.spending: " in reasons(result)
    assert "no_such_column" in reasons(result)
    assert "marts/daily" in materialized(result)
