"""Changed code that is planned while something that reads it is not: whatever can be computed is."""

import pytest

from sqlmesh_assets.launchpad import Mode
from sqlmesh_assets_tests.conftest import Bench, materialized, reasons

DOUBLED = "COALESCE(SUM(2 * orders.amount), 0)"
SUM = "COALESCE(SUM(orders.amount), 0)"
CUSTOMERS = "SELECT customer_name FROM staging.customers ORDER BY customer_id"


@pytest.fixture
def upper(computed: Bench) -> Bench:
    """A project in which the code of `staging.customers` changed, which `marts.names` and `marts.spending` read."""
    computed.edit("models/customers.sql", "name::TEXT", "UPPER(name)::TEXT")
    return computed


def test_a_reader_whose_unit_test_fails_is_told_and_the_others_are_planned(upper: Bench) -> None:
    upper.edit("models/spending.sql", SUM, DOUBLED)
    result = upper.materialize()
    assert "marts.spending: unit test" in reasons(result)
    assert materialized(result) == {"staging/customers", "marts/names"}
    assert upper.sql(CUSTOMERS) == [("ANN",), ("BOB",), ("CID",)]
    assert upper.sql("SELECT sum(spent) FROM marts.spending") == [(270,)]


def test_a_reader_that_cannot_be_read_any_more_is_told_and_the_others_are_planned(upper: Bench) -> None:
    upper.edit("models/spending.sql", "SELECT", "SELEC (")
    result = upper.materialize()
    assert "could not run the models" not in reasons(result)
    assert materialized(result) == {"staging/customers", "marts/names"}
    assert upper.sql("SELECT sum(spent) FROM marts.spending") == [(270,)]


def test_runs_go_on_after_a_plan_that_left_a_reader_out(upper: Bench) -> None:
    upper.edit("models/spending.sql", SUM, DOUBLED)
    upper.materialize()
    upper.sql("UPDATE raw.orders SET ordered_on = ordered_on + 1")
    result = upper.materialize("key:staging/orders")
    assert result.success, reasons(result)
    assert upper.materialize("key:marts/names", mode=Mode.run).success


def test_a_reader_that_fails_while_it_is_computed_leaves_the_others_shown(upper: Bench) -> None:
    upper.without_unit_tests()
    upper.edit("models/spending.sql", "AS large_orders", "+ error('x')::INT AS large_orders")
    result = upper.materialize()
    assert "marts.spending: " in reasons(result)
    assert materialized(result) == {"staging/customers", "marts/names"}
    assert upper.sql(CUSTOMERS) == [("ANN",), ("BOB",), ("CID",)]


def test_code_above_a_reader_whose_rows_an_audit_refuses_is_not_deployed_and_told(upper: Bench) -> None:
    upper.without_unit_tests()
    upper.sql("UPDATE raw.orders SET amount = -500 WHERE id = 12")
    result = upper.materialize()
    assert "marts.spending: blocking audit failed: not_negative" in reasons(result)
    assert "staging.customers: its code was not deployed: a model that reads it failed" in reasons(result)
    assert {"staging/orders", "marts/daily"} <= materialized(result)
    assert upper.sql(CUSTOMERS) == [("Ann",), ("Bob",), ("Cid",)]
    upper.sql("UPDATE raw.orders SET amount = 70 WHERE id = 12")
    mended = upper.materialize()
    assert mended.success, reasons(mended)
    assert upper.sql(CUSTOMERS) == [("ANN",), ("BOB",), ("CID",)]


def test_a_changed_seed_whose_reader_fails_is_loaded(computed: Bench) -> None:
    computed.without_unit_tests()
    computed.edit("seeds/regions.csv", "North", "West")
    computed.edit("models/spending.sql", "AS large_orders", "+ error('x')::INT AS large_orders")
    result = computed.materialize()
    assert "marts.spending: " in reasons(result)
    assert materialized(result) == {"marts/regions"}


def test_one_reader_of_an_embedded_model_can_be_planned_alone(computed: Bench) -> None:
    computed.without_unit_tests()
    computed.write(
        "models/big.sql", "MODEL (name marts.big);\nSELECT order_id::INT AS order_id FROM marts.large_orders\n"
    )
    assert computed.materialize().success
    computed.edit("models/large_orders.sql", ">= 100", ">= 60")
    result = computed.materialize("key:marts/big")
    assert result.success, reasons(result)
    assert computed.sql("SELECT order_id FROM marts.big ORDER BY ALL") == [(11,), (12,)]
    assert computed.materialize().success
    assert computed.sql("SELECT sum(large_orders) FROM marts.spending") == [(2,)]


def test_a_part_can_be_planned_without_a_ledger(upper: Bench) -> None:
    upper.project.ledger.unlink()
    result = upper.materialize("key:staging/customers")
    assert result.success, reasons(result)
    assert upper.materialize().success


def test_a_model_that_fails_twice_in_a_run_is_told_as_one_that_fails(computed: Bench) -> None:
    computed.without_unit_tests()
    computed.edit("models/spending.sql", SUM, DOUBLED)
    computed.sql("UPDATE raw.orders SET amount = -500 WHERE id = 12")
    result = computed.materialize()
    assert "marts.spending: blocking audit failed" in reasons(result)
    assert "staging/orders" in materialized(result)
