"""The analytics view through Dagster."""

import dagster as dg
import pytest

from transferroom_pipeline.comparisons.result import Verdict
from transferroom_pipeline.cutover.assets import analytics_asset
from transferroom_pipeline.keys import RUN_RECORD
from transferroom_pipeline.platforms.duckdb_database import connect

VIEW = dg.AssetKey(["analytics", "t"])


@pytest.fixture
def cut_over(target):
    def run():
        with dg.DagsterInstance.ephemeral() as instance:
            return dg.materialize(
                [analytics_asset("t")],
                instance=instance,
                resources={"target": target, RUN_RECORD: None},
                raise_on_error=False,
            )

    return run


def told(result):
    [event] = result.get_asset_materialization_events()
    assert event.asset_key == VIEW
    return {name: value.value for name, value in event.materialization.metadata.items()}


@pytest.mark.parametrize("verdict", Verdict)
def test_the_asset_follows_the_latest_kept_verdict_and_tells_why(cut_over, compared, connection, verdict, target):
    compared(Verdict.DIFFERS if verdict is Verdict.PROVEN else Verdict.PROVEN)
    compared(verdict)
    connection.close()
    metadata = told(cut_over())
    serving = "prod.t" if verdict is Verdict.PROVEN else "raw.t"
    assert metadata["serving"] == serving
    assert metadata["reason"].startswith("the latest comparison ")
    assert metadata["dagster/row_count"] == (4 if verdict is Verdict.NOT_PROVEN else 2)
    assert metadata["dagster/table_name"] == "analytics.t"
    with connect(target.path, read_only=True) as reading:
        state = reading.sql("SELECT serving || '.' || table_name, reason, serving_since FROM migration.cutover_state")
        [(shown, reason, since)] = state.fetchall()
        rows = (sorted(reading.sql(f"FROM {name}").fetchall()) for name in ("analytics.t", serving))
        assert next(rows) == next(rows)
    assert (shown, reason) == (serving, metadata["reason"])
    assert metadata["serving_since"] == f"{since.isoformat(timespec='seconds')}+00:00"


def test_without_the_copy_the_asset_fails_and_names_what_to_materialize(cut_over, connection):
    connection.execute("DROP TABLE raw.t")
    connection.close()
    [failure] = cut_over().get_step_failure_events()
    told_cause = failure.step_failure_data.error.cause.message.strip()
    assert told_cause.endswith("table raw.t does not exist yet: materialize the asset raw/t first")


def test_the_asset_follows_the_comparison_and_both_tables():
    asset = analytics_asset("t")
    upstream = {dg.AssetKey(path) for path in (["comparison", "t"], ["raw", "t"], ["prod", "t"])}
    assert asset.asset_deps[VIEW] == upstream
    assert asset.specs_by_key[VIEW].group_name == "cutover"
