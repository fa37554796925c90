"""Models that come, go or change their names."""

from pathlib import Path

from sqlmesh_assets_tests.conftest import MODELS, Bench, materialized, observed
from sqlmesh_assets_tests.test_launchpad import physical


def test_a_new_model_is_computed_and_the_others_are_not(computed: Bench) -> None:
    computed.write(
        "models/new.sql", "MODEL (name marts.new, kind FULL);\nSELECT order_id::INT AS x FROM staging.orders\n"
    )
    result = computed.materialize()
    assert result.success
    assert materialized(result) == {"marts/new"}
    assert observed(result) == MODELS


def test_a_removed_model_leaves_production_with_the_next_run_of_all_models(computed: Bench) -> None:
    (computed.folder / "models" / "names.py").unlink()
    partial = computed.materialize("key:marts/regions")
    assert partial.success
    assert computed.sql("SELECT count(*) FROM marts.names") == [(3,)]
    result = computed.materialize()
    assert result.success
    assert materialized(result) == set()
    assert views(computed) == {"regions", "spending", "daily", "latest"}


def test_a_renamed_model_is_computed_under_its_new_name_and_gone_under_the_old(computed: Bench) -> None:
    computed.edit("models/names.py", "marts.names", "marts.initials")
    result = computed.materialize()
    assert result.success
    assert materialized(result) == {"marts/initials"}
    assert views(computed) == {"regions", "spending", "daily", "latest", "initials"}


def test_a_model_that_another_reads_can_be_renamed_with_it(computed: Bench) -> None:
    computed.edit("models/customers.sql", "staging.customers", "staging.people")
    for file in ("models/spending.sql", "models/names.py", "tests/test_spending.yaml"):
        computed.edit(file, "staging.customers", "staging.people")
    result = computed.materialize()
    assert result.success
    assert materialized(result) == {"staging/people", "marts/spending", "marts/names"}


def test_a_changed_seed_arrives_in_what_reads_it(computed: Bench) -> None:
    computed.edit("seeds/regions.csv", "North", "Far north")
    result = computed.materialize()
    assert result.success
    assert materialized(result) == {"marts/regions", "marts/spending"}
    assert computed.sql("SELECT region FROM marts.spending WHERE customer_id = 1") == [("Far north",)]


def test_a_seed_changed_by_other_hands_is_loaded_again(computed: Bench) -> None:
    computed.sql(f"UPDATE {physical(computed, 'regions')} SET region = 'Nowhere'")
    result = computed.materialize()
    assert result.success
    assert materialized(result) == {"marts/regions", "marts/spending"}
    assert computed.sql("SELECT region FROM marts.regions ORDER BY ALL") == [("North",), ("South",)]


def test_a_change_of_kind_computes_the_model_anew(computed: Bench) -> None:
    computed.edit("models/spending.sql", "kind FULL", "kind VIEW")
    result = computed.materialize()
    assert result.success
    assert materialized(result) == {"marts/spending"}


def test_a_changed_description_is_planned_without_computing_anything(computed: Bench) -> None:
    computed.edit("models/spending.sql", "What each customer has spent.", "Spending.")
    before = computed.model("marts.spending").code_version
    result = computed.materialize()
    assert result.success
    assert materialized(result) == set()
    assert observed(result) == MODELS
    assert computed.model("marts.spending").code_version == before
    assert computed.computing == []
    assert materialized(computed.materialize()) == set()


def test_a_new_audit_is_run_on_rows_that_need_not_be_computed(computed: Bench) -> None:
    computed.edit(
        "models/spending.sql", "unique_values(columns", "number_of_rows(threshold := 2),\n    unique_values(columns"
    )
    result = computed.materialize()
    assert result.success
    assert materialized(result) == set()
    audited = {e.check_name for e in result.get_asset_check_evaluations() if "spending" in e.asset_key.path}
    assert "number_of_rows" in audited


def test_a_new_audit_that_fails_is_told(computed: Bench) -> None:
    computed.edit(
        "models/spending.sql", "unique_values(columns", "number_of_rows(threshold := 99),\n    unique_values(columns"
    )
    result = computed.materialize()
    assert not result.success
    assert computed.sql("SELECT count(*) FROM marts.spending") == [(3,)]


def views(bench: Bench) -> set[str]:
    """What production shows in the schema of the marts."""
    found = bench.sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'marts'")
    return {str(name) for (name,) in found}


def test_the_integration_knows_nothing_of_the_project_that_it_was_made_for() -> None:
    package = Path(__file__).parent.parent / "sqlmesh_assets"
    for file in package.glob("*.py"):
        assert "transferroom" not in file.read_text(encoding="utf-8").lower(), file
