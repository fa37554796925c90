"""Materializing models: always today's data, every failure named, nobody else's result lost."""

import shutil
from typing import Any

import dagster as dg
import pytest
from sqlmesh.core.model.definition import AuditResult
from sqlmesh.core.snapshot import Snapshot, SnapshotEvaluator

from transferroom_pipeline.models.project import describe_models
from transferroom_pipeline_tests.models.conftest import Workbench, failed_checks, materialized

ALL = {
    *("staging/snapshot", "staging/players", "staging/clubs", "staging/transfers", "staging/big_transfers"),
    *("prod/derived_a", "prod/derived_b", "prod/derived_b_incremental", "prod/derived_c", "models/plan"),
}

TRANSFERS = {"staging/transfers", "staging/big_transfers", "prod/derived_b", "prod/derived_b_incremental"}


def test_all_models_are_computed_and_all_audits_pass(bench: Workbench) -> None:
    result = bench.materialize()
    assert result.success
    assert materialized(result) == ALL
    assert not failed_checks(result)
    assert bench.sql("SELECT player_id, league FROM prod.derived_a ORDER BY ALL") == [
        ("P0001", "First"),
        ("P0002", "Unknown"),
    ]


def test_a_changed_raw_row_arrives_in_every_model_downstream_of_it(bench: Workbench) -> None:
    assert bench.materialize().success
    bench.sql("UPDATE raw.players SET market_value_millions = 20.00 WHERE player_id = 'P0001'")
    assert bench.materialize().success
    assert bench.sql("SELECT market_value_millions FROM staging.players WHERE player_id = 'P0001'")[0][0] == 20
    assert bench.sql("SELECT market_value_millions FROM prod.derived_a WHERE player_id = 'P0001'")[0][0] == 20
    assert bench.sql("SELECT player_market_value_millions FROM prod.derived_b")[0][0] == 20
    insight = "SELECT max_market_value_millions FROM prod.derived_c WHERE insight_id = 'position:Forward'"
    assert bench.sql(insight)[0][0] == 20


def test_a_selected_model_is_recomputed_and_those_that_read_it_are_reported_too(bench: Workbench) -> None:
    assert bench.materialize().success
    bench.sql("UPDATE raw.players SET market_value_millions = 20.00 WHERE player_id = 'P0001'")
    result = bench.materialize("key:prod/derived_a")
    assert result.success
    assert materialized(result) == {"prod/derived_a", "prod/derived_c"}
    insight = "SELECT max_market_value_millions FROM prod.derived_c WHERE insight_id = 'position:Forward'"
    assert bench.sql(insight)[0][0] == 20


def test_a_materialization_tells_rows_columns_seconds_and_snapshot(bench: Workbench) -> None:
    [event] = [
        event
        for event in bench.materialize().get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["prod", "derived_a"])
    ]
    metadata = event.materialization.metadata
    assert metadata["dagster/row_count"].value == 2
    assert metadata["dagster/table_name"].value == "prod.derived_a"
    assert "player_id" in [column.name for column in metadata["dagster/column_schema"].value.columns]
    assert metadata["seconds"].value > 0
    assert metadata["snapshot"].value


def test_a_column_of_the_last_model_is_followed_back_to_the_copies(bench: Workbench) -> None:
    events = bench.materialize().get_asset_materialization_events()
    lineage = {
        event.asset_key: event.materialization.metadata["dagster/column_lineage"].value.deps_by_column
        for event in events
        if event.asset_key != dg.AssetKey(["models", "plan"])
    }
    columns = [(dg.AssetKey(["prod", "derived_c"]), "total_fee_millions")]
    found = set()
    while columns:
        asset, column = columns.pop()
        found.add((asset.to_user_string(), column))
        columns += [(dep.asset_key, dep.column_name) for dep in lineage.get(asset, {}).get(column, [])]
    assert found == {
        ("prod/derived_c", "total_fee_millions"),
        ("prod/derived_b", "transfer_fee_millions"),
        ("staging/big_transfers", "transfer_fee_millions"),
        ("staging/transfers", "transfer_fee_millions"),
        ("raw/transfers", "transfer_fee_millions"),
    }


def test_a_failing_audit_that_does_not_block_is_a_warning(bench: Workbench) -> None:
    bench.sql("UPDATE raw.players SET age = 51 WHERE player_id = 'P0001'")
    result = bench.materialize()
    assert result.success
    [(name, check)] = failed_checks(result).items()
    assert name == "prod/derived_a:accepted_range_non_blocking"
    assert check.severity is dg.AssetCheckSeverity.WARN
    assert check.metadata["failing_rows"].value == 1
    assert "age" in check.metadata["query"].value


def test_a_failing_blocking_audit_fails_its_model_and_spares_the_others(bench: Workbench) -> None:
    bench.sql("UPDATE raw.players SET position = 'Coach' WHERE player_id = 'P0001'")
    result = bench.materialize()
    assert not result.success
    assert materialized(result) == ALL - {"prod/derived_a", "prod/derived_c"}
    check = failed_checks(result)["prod/derived_a:accepted_values"]
    assert check.severity is dg.AssetCheckSeverity.ERROR
    assert check.metadata["failing_rows"].value == 1
    reason = failure_of(result)
    assert "prod.derived_a: blocking audit failed: accepted_values (1 rows)" in reason
    assert "prod.derived_c: a model that it reads was not computed" in reason


def test_a_model_that_fails_at_first_leaves_the_others_computed_and_visible(bench: Workbench) -> None:
    bench.sql("ALTER TABLE raw.transfers DROP COLUMN status")
    result = bench.materialize()
    assert not result.success
    assert materialized(result) == ALL - TRANSFERS - {"prod/derived_c"}
    assert "staging.transfers" in failure_of(result)
    assert bench.sql("SELECT count(*) FROM prod.derived_a") == [(2,)]


def test_a_model_that_fails_later_keeps_what_it_had(bench: Workbench) -> None:
    assert bench.materialize().success
    bench.sql("UPDATE raw.players SET age = 99")
    bench.sql("ALTER TABLE raw.transfers RENAME TO hidden")
    result = bench.materialize("key:staging/players or key:prod/derived_a or key:prod/derived_b or key:prod/derived_c")
    assert not result.success
    assert "prod/derived_a" in materialized(result)
    bench.sql("ALTER TABLE raw.hidden RENAME TO transfers")
    assert bench.materialize().success


def test_a_missing_input_is_named_with_the_asset_that_makes_it(bench: Workbench) -> None:
    bench.sql("DROP TABLE raw.clubs")
    result = bench.materialize()
    assert not result.success
    assert "table raw.clubs does not exist yet: materialize the asset raw/clubs first" in failure_of(result)


def test_audits_run_alone_without_computing_the_model(bench: Workbench) -> None:
    assert bench.materialize().success
    bench.sql("UPDATE raw.players SET market_value_millions = 20.00 WHERE player_id = 'P0001'")
    result = bench.materialize(checks_only=True)
    assert result.success
    assert materialized(result) == set()
    assert len(result.get_asset_check_evaluations()) == sum(
        len(model.audits) for model in describe_models(bench.settings).models
    )
    assert bench.sql("SELECT market_value_millions FROM prod.derived_a WHERE player_id = 'P0001'")[0][0] == 10


def test_tables_about_to_be_rebuilt_are_told_before_with_those_downstream(bench: Workbench) -> None:
    bench.materialize()
    bench.sql("UPDATE raw.transfers SET transfer_fee_millions = 8.00")
    bench.materialize("key:staging/transfers")
    bench.sql("UPDATE raw.players SET market_value_millions = 20.00")
    bench.materialize("key:prod/derived_a")
    bench.materialize(checks_only=True)
    assert bench.rebuilt == [
        ["derived_a", "derived_b", "derived_b_incremental", "derived_c"],
        ["derived_b", "derived_b_incremental", "derived_c"],
        ["derived_a", "derived_c"],
    ]


def test_a_table_whose_deployed_code_is_refreshed_along_is_told_before_too(own_project: Workbench) -> None:
    assert own_project.materialize().success
    own_project.edit("derived_a", "'Unknown')::TEXT AS league", "'None')::TEXT AS league")
    own_project.sql("UPDATE raw.players SET market_value_millions = 99.00 WHERE player_id = 'P0002'")
    assert "prod.derived_a: unit test " in failure_of(own_project.materialize())
    assert "derived_a" in own_project.rebuilt[-1]
    assert own_project.sql("SELECT market_value_millions FROM prod.derived_a WHERE player_id = 'P0002'") == [(99,)]


def test_nothing_is_told_before_a_run_that_rebuilds_nothing(bench: Workbench) -> None:
    bench.materialize()
    assert materialized(bench.materialize()) == {"models/plan"}
    assert len(bench.rebuilt) == 1


def test_each_audit_reads_its_table_once(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    audited: list[str] = []
    original = SnapshotEvaluator.audit

    def counting(self: SnapshotEvaluator, snapshot: Snapshot, **options: Any) -> list[AuditResult]:
        audited.append(snapshot.name)
        return original(self, snapshot, **options)

    monkeypatch.setattr(SnapshotEvaluator, "audit", counting)
    assert bench.materialize().success
    assert len(audited) == len(set(audited)) == len(describe_models(bench.settings).models)


def test_a_model_whose_new_code_fails_is_red_though_its_old_version_is_refreshed(own_project: Workbench) -> None:
    assert own_project.materialize().success
    without_unit_tests(own_project)
    own_project.sql("UPDATE raw.transfers SET transfer_fee_millions = 8.00")
    own_project.edit("derived_c", "COUNT(*) AS transfer_count", "error('broken') AS transfer_count")
    result = own_project.materialize()
    assert not result.success
    assert "prod.derived_c: " in failure_of(result)
    assert "broken" in failure_of(result)
    assert materialized(result) == TRANSFERS | {"models/plan"}
    assert not any(name.startswith("prod/derived_c") for name in failed_checks(result))


def test_a_broken_model_amid_changed_data_leaves_the_others_results_reported(own_project: Workbench) -> None:
    assert own_project.materialize().success
    without_unit_tests(own_project)
    own_project.edit("derived_a", "COALESCE(clubs.league, 'Unknown')", "error('broken')")
    own_project.sql("UPDATE raw.transfers SET transfer_fee_millions = 8.00")
    result = own_project.materialize()
    assert not result.success
    assert materialized(result) == TRANSFERS | {"models/plan"}
    assert own_project.sql("SELECT transfer_fee_millions FROM prod.derived_b")[0][0] == 8
    own_project.edit("derived_a", "error('broken')", "COALESCE(clubs.league, 'Unknown')")
    assert own_project.materialize().success


def test_a_selected_model_works_while_another_has_code_that_was_not_planned(own_project: Workbench) -> None:
    assert own_project.materialize().success
    own_project.edit("derived_a", "'Unknown')::TEXT AS league", "'None')::TEXT AS league")
    own_project.sql("UPDATE raw.transfers SET transfer_fee_millions = 8.00")
    result = own_project.materialize("key:prod/derived_b")
    assert result.success
    assert own_project.sql("SELECT transfer_fee_millions FROM prod.derived_b")[0][0] == 8
    assert own_project.sql("SELECT league FROM prod.derived_a WHERE player_id = 'P0002'") == [("Unknown",)]


def test_audits_of_code_that_was_never_computed_say_what_to_do(own_project: Workbench) -> None:
    assert own_project.materialize().success
    own_project.edit("derived_a", "'Unknown')::TEXT AS league", "'None')::TEXT AS league")
    told = failure_of(own_project.materialize(checks_only=True))
    assert "the audits of prod.derived_a cannot be run: unit test " in told
    assert "materialize the asset prod/derived_c first" in told
    without_unit_tests(own_project)
    told = failure_of(own_project.materialize(checks_only=True))
    assert "materialize the asset prod/derived_a, prod/derived_c first" in told


def test_a_target_that_is_not_the_one_of_the_state_is_told_with_what_to_do(bench: Workbench) -> None:
    assert bench.materialize().success
    bench.sql("DROP VIEW prod.derived_a")
    result = bench.materialize()
    assert not result.success
    assert f"delete {bench.settings.sqlmesh_state} and run the models again" in failure_of(result)
    bench.settings.sqlmesh_state.unlink()
    assert bench.materialize().success
    assert bench.sql("SELECT count(*) FROM prod.derived_a") == [(2,)]


def without_unit_tests(project: Workbench) -> None:
    """Let broken code through to the target: its unit tests would stop it before."""
    shutil.rmtree(project.settings.sqlmesh_project / "tests")


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """Everything that the failed step or the plan's check says, causes included."""
    gate = failed_checks(result).get("models/plan:every_model_computed")
    if gate is not None:
        return gate.description or ""
    [event] = result.get_step_failure_events()
    data = event.step_failure_data
    told = [data.user_failure_data.description or ""] if data.user_failure_data else []
    error = data.error
    while error is not None:
        told.append(error.message)
        error = error.cause
    return "\n".join(told)
