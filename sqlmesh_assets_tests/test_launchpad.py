"""What a person may ask of a run in the launchpad."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from sqlmesh_assets.exceptions import ConfigurationError
from sqlmesh_assets.launchpad import Mode, ModelsConfig
from sqlmesh_assets.ledger import Ledger, read_ledger, write_ledger
from sqlmesh_assets_tests.conftest import MODELS, Bench, materialized, observed, plan_markdown, reasons


def test_a_dry_run_before_anything_was_computed_shows_every_model_as_added_and_does_nothing(bench: Bench) -> None:
    result = bench.materialize(dry_run=True)
    assert result.success
    plan = plan_markdown(result)
    assert "**Added**" in plan
    assert "- `marts.spending`" in plan
    assert "| `marts.daily` | 2026-01-01 - " in plan
    assert materialized(result) == set()
    assert bench.sql("SELECT count(*) FROM information_schema.tables WHERE table_schema <> 'raw'") == [(0,)]
    assert bench.computing == []


def test_a_dry_run_tells_breaking_from_other_changes_with_the_difference_of_the_text(computed: Bench) -> None:
    computed.edit("models/customers.sql", "name::TEXT", "UPPER(name)::TEXT")
    computed.edit("models/daily.sql", "COUNT(*)::BIGINT AS orders", "COUNT(*)::BIGINT AS orders,\n  42::INT AS answer")
    plan = plan_markdown(computed.materialize(dry_run=True))
    assert "- `staging.customers`: breaking\n" in plan
    assert "-  CAST(name AS TEXT) AS customer_name" in plan
    assert "+  CAST(UPPER(name) AS TEXT) AS customer_name" in plan
    assert "- `marts.names`: breaking, through a model that it reads" in plan
    assert "+  CAST(42 AS INT) AS answer" in plan


def test_a_dry_run_calls_a_column_added_at_the_end_non_breaking(computed: Bench) -> None:
    computed.edit(
        "models/customers.sql", "region_id::INT AS region_id\n", "region_id::INT AS region_id,\n  1::INT AS one\n"
    )
    assert "- `staging.customers`: non-breaking" in plan_markdown(computed.materialize(dry_run=True))


def test_a_dry_run_shows_what_changed_rows_would_make_computed(computed: Bench) -> None:
    computed.sql("UPDATE raw.customers SET name = 'Dan' WHERE id = 1")
    plan = plan_markdown(computed.materialize(dry_run=True))
    assert "- `staging.customers`: raw.customers changed" in plan
    assert "| `marts.names` |" in plan
    assert "marts.daily" not in plan
    assert computed.sql("SELECT initial FROM marts.names WHERE customer_id = 1") == [("A",)]


def test_a_dry_run_shows_what_is_removed(computed: Bench) -> None:
    (computed.folder / "models" / "names.py").unlink()
    plan = plan_markdown(computed.materialize(dry_run=True))
    assert "**Removed**\n\n- `marts.names`" in plan


def test_a_dry_run_of_what_is_up_to_date_says_so(computed: Bench) -> None:
    assert "All that can be computed is up to date." in plan_markdown(computed.materialize(dry_run=True))
    assert "Nothing is due." in plan_markdown(computed.materialize(dry_run=True, mode=Mode.run))


@pytest.mark.parametrize("config", [{"dry_run": True}, {"environment": "dev", "dry_run": True}, {"environment": "dev"}])
def test_a_plan_says_what_it_leaves_out_and_why(computed: Bench, config: dict[str, Any]) -> None:
    computed.edit("models/spending.sql", "COALESCE", "1 + COALESCE")
    plan = plan_markdown(computed.materialize(**config))
    assert "**Cannot be computed**\n\n`marts.spending`\n\n```\nunit test " in plan


def test_a_named_environment_leaves_production_and_the_history_alone(computed: Bench) -> None:
    before = read_ledger(computed.project.ledger)
    computed.edit("models/customers.sql", "name::TEXT", "UPPER(name)::TEXT")
    with dg.DagsterInstance.ephemeral() as instance:
        result = computed.materialize(environment="dev", instance=instance)
        assert result.success
        for asset in MODELS:
            assert instance.get_latest_materialization_event(dg.AssetKey(asset.split("/"))) is None
    assert observed(result) == {"models/plan"}
    assert result.get_asset_check_evaluations() == [] or {
        e.asset_key.to_user_string() for e in result.get_asset_check_evaluations()
    } <= {"models/plan"}
    assert "| `staging.customers` | 3 |" in plan_markdown(result)
    assert computed.sql("SELECT customer_name FROM staging__dev.customers WHERE customer_id = 1") == [("ANN",)]
    assert computed.sql("SELECT customer_name FROM staging.customers WHERE customer_id = 1") == [("Ann",)]
    assert read_ledger(computed.project.ledger) == before
    assert computed.computing == []


def test_a_restated_model_is_computed_again_with_everything_downstream(computed: Bench) -> None:
    result = computed.materialize(restate=["staging.customers"])
    assert result.success
    assert materialized(result) == {"staging/customers", "marts/spending", "marts/names"}
    assert observed(result) == MODELS - materialized(result)


def test_a_restated_model_need_not_be_selected(computed: Bench) -> None:
    result = computed.materialize("key:marts/daily", restate=["marts.names"])
    assert result.success
    assert materialized(result) == {"marts/names"}
    assert observed(result) == {"marts/daily"}


def test_days_of_a_model_by_time_are_restated_and_the_others_are_not(computed: Bench) -> None:
    table = physical(computed, "daily")
    computed.sql(f"UPDATE {table} SET orders = 99")
    result = computed.materialize("key:marts/daily", restate=["marts.daily"], start="2026-01-02", end="2026-01-02")
    assert result.success
    assert [orders for (orders,) in computed.sql("SELECT orders FROM marts.daily ORDER BY ordered_on")] == [99, 2]


def test_a_run_for_days_deploys_no_code_but_that_of_the_models_it_computes(computed: Bench) -> None:
    computed.edit("models/daily.sql", "COUNT(*)::BIGINT", "(10 * COUNT(*))::BIGINT")
    computed.edit("models/names.py", ".str[0]", ".str[1]")
    result = computed.materialize(restate=["marts.daily"], start="2026-01-02", end="2026-01-02")
    assert result.success
    assert materialized(result) == {"marts/daily"}
    assert computed.sql("SELECT initial FROM marts.names WHERE customer_id = 1") == [("A",)]


def test_mode_run_deploys_no_code_and_computes_what_is_due(computed: Bench) -> None:
    computed.edit("models/customers.sql", "name::TEXT", "UPPER(name)::TEXT")
    computed.sql("UPDATE raw.customers SET name = 'Dan' WHERE id = 1")
    assert materialized(computed.materialize(mode=Mode.run)) == set()
    make_due(computed)
    result = computed.materialize(mode=Mode.run)
    assert result.success
    assert "staging/customers" in materialized(result)
    assert computed.sql("SELECT customer_name FROM staging.customers WHERE customer_id = 1") == [("Dan",)]


def test_mode_run_says_of_models_that_were_never_deployed_what_to_do(bench: Bench) -> None:
    result = bench.materialize(mode=Mode.run)
    assert not result.success
    assert "marts.names: it was never deployed: run it in mode plan first" in reasons(result)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"restate": ["marts.nothing"]}, "restate names marts.nothing, which is no model"),
        ({"environment": "my dev"}, "environment 'my dev' is no name"),
        ({"start": "2026-01-01"}, "only with restate"),
        ({"restate": ["marts.daily"], "start": "yesterday"}, "start 'yesterday' is no date"),
        ({"restate": ["marts.daily"], "start": "2026-02-01", "end": "2026-01-01"}, "is after end"),
        ({"mode": Mode.run, "environment": "dev"}, "leave out restate and environment"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_sentence(bench: Bench, config: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        ModelsConfig(**config).check(bench.describe().models)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_launchpad_takes_what_the_documentation_says(computed: Bench) -> None:
    config = {"mode": "run", "environment": "prod", "restate": [], "dry_run": True}
    result = dg.materialize(
        [computed.assets()],
        instance=dg.DagsterInstance.ephemeral(),
        run_config={"ops": {"models": {"config": config}}},
    )
    assert "Nothing is due." in plan_markdown(result)


def test_a_refused_configuration_fails_the_run_and_computes_nothing(bench: Bench) -> None:
    result = bench.materialize(restate=["marts.nothing"])
    assert not result.success
    assert "restate names marts.nothing" in reasons(result)
    assert bench.computing == []


def physical(bench: Bench, name: str) -> str:
    """The table behind a model's view."""
    [(table,)] = bench.sql(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        f"WHERE table_schema LIKE 'sqlmesh__%' AND table_name LIKE '%__{name}__%' AND table_name NOT LIKE '%__dev'"
    )
    return str(table)


def make_due(bench: Bench) -> None:
    """Let the last computation of everything be two days old, as far as the ledger knows."""
    ledger = read_ledger(bench.project.ledger)
    past = datetime.now(UTC) - timedelta(days=2)
    older = {name: known.model_copy(update={"interval": (past, past)}) for name, known in ledger.computations.items()}
    write_ledger(bench.project.ledger, Ledger(computations=older))


def test_a_restated_model_that_cannot_be_computed_is_told_even_if_it_is_not_selected(computed: Bench) -> None:
    computed.edit("models/spending.sql", "COALESCE", "1 + COALESCE")
    result = computed.materialize("key:marts/regions", restate=["marts.spending"])
    assert not result.success
    assert "marts.spending: unit test" in reasons(result)


def test_restating_what_an_environment_shares_says_where_it_can_be_restated(computed: Bench) -> None:
    plan = plan_markdown(computed.materialize(environment="dev", restate=["marts.spending"]))
    assert "Nothing was computed. What an environment shares with production is restated in production." in plan


def test_an_environment_whose_source_is_gone_names_the_model_and_the_source(computed: Bench) -> None:
    computed.sql("DROP TABLE raw.customers")
    told = reasons(computed.materialize(environment="dev"))
    assert "SQLMesh could not run the models: staging.customers: Catalog Error: Table with name customers" in told


def test_planning_into_one_environment_leaves_the_rows_of_another_alone(computed: Bench) -> None:
    computed.edit("models/daily.sql", " COUNT(*)::BIGINT", " (10 * COUNT(*))::BIGINT")
    assert computed.materialize(environment="one").success
    computed.sql("INSERT INTO raw.orders SELECT * REPLACE (13 AS id) FROM raw.orders WHERE id = 12")
    assert computed.materialize("key:marts/daily", environment="two").success
    assert computed.sql("SELECT sum(orders) FROM marts__one.daily") == [(30,)]
