"""Changed code that is planned while something that reads it is not: whatever can be computed is."""

import pytest

from sqlmesh_assets.launchpad import Mode
from sqlmesh_assets_tests.conftest import Bench, materialized, reasons
from sqlmesh_assets_tests.test_launchpad import make_due

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
    assert "staging.customers: its code was not deployed: a plan is deployed as a whole, and marts.spending" in reasons(
        result
    )
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


def test_code_whose_unit_test_fails_is_not_deployed_along_with_that_of_a_model_that_is_computed(upper: Bench) -> None:
    upper.edit("models/spending.sql", SUM, DOUBLED)
    upper.edit("models/names.py", ".str[0]", ".no_such_method()")
    result = upper.materialize()
    assert "marts.spending: unit test" in reasons(result)
    assert "marts.names: " in reasons(result)
    assert materialized(result) == {"staging/customers"}
    assert upper.sql("SELECT sum(spent) FROM marts.spending") == [(270,)]


def test_whoever_guards_rows_is_told_of_deployed_code_that_is_refreshed_along(upper: Bench) -> None:
    upper.edit("models/spending.sql", SUM, DOUBLED)
    upper.materialize()
    assert upper.computing == [["staging.customers", "marts.names", "marts.spending"]]


def test_whoever_guards_rows_is_told_of_a_model_that_does_not_say_any_more_what_it_reads(computed: Bench) -> None:
    computed.edit("models/spending.sql", "SELECT", "SELEC (")
    computed.sql("UPDATE raw.orders SET amount = amount + 100")
    computed.materialize()
    assert computed.sql("SELECT sum(spent) FROM marts.spending") == [(570,)]
    assert "marts.spending" in computed.computing[0]


def test_a_new_audit_that_was_not_deployed_counts_as_soon_as_it_is(computed: Bench) -> None:
    computed.without_unit_tests()
    computed.edit("models/orders.sql", "not_null(", "number_of_rows(threshold := 1), not_null(")
    computed.edit("models/spending.sql", "AS large_orders", "+ error('x')::INT AS large_orders")
    assert not computed.materialize().success
    computed.sql("DELETE FROM raw.orders WHERE id > 10")
    make_due(computed)
    assert "staging.orders: blocking audit failed: number_of_rows" in reasons(computed.materialize(mode=Mode.run))


def test_a_new_audit_that_fails_leaves_the_code_of_others_to_be_deployed(upper: Bench) -> None:
    upper.without_unit_tests()
    upper.edit("models/latest.sql", "grain order_id,", "grain order_id, audits (number_of_rows(threshold := 99)),")
    upper.edit("models/spending.sql", SUM, DOUBLED)
    result = upper.materialize()
    assert "marts.latest: blocking audit failed: number_of_rows" in reasons(result)
    assert materialized(result) == {"staging/customers", "marts/names", "marts/spending"}
    assert upper.sql("SELECT sum(spent) FROM marts.spending") == [(540,)]
    assert upper.sql(CUSTOMERS) == [("ANN",), ("BOB",), ("CID",)]


def test_models_that_follow_get_their_materialization_even_if_a_selected_one_fails(computed: Bench) -> None:
    computed.without_unit_tests()
    computed.edit("models/customers.sql", "name::TEXT", "UPPER(name)::TEXT")
    computed.write("seeds/regions.csv", "region_id,area\n1,North\n")
    result = computed.materialize('key:"staging/customers" or key:"marts/regions"')
    assert not result.success
    assert {"staging/customers", "marts/names"} <= materialized(result)
