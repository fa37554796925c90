"""Models that are computed by parts: only what changed, only the days that are due or asked for."""

from datetime import UTC, datetime, timedelta

import dagster as dg
from sqlmesh.core.context import Context
from sqlmesh.utils.date import to_timestamp

from sqlmesh_assets.launchpad import Mode
from sqlmesh_assets.ledger import read_ledger, write_ledger
from sqlmesh_assets_tests.conftest import Bench, materialized, metadata
from sqlmesh_assets_tests.test_launchpad import physical

LATEST = "SELECT order_id, amount, computed_rows FROM marts.latest ORDER BY order_id"


def test_a_model_by_unique_key_merges_only_what_changed(computed: Bench) -> None:
    assert computed.sql(LATEST) == [(10, 50, 3), (11, 150, 3), (12, 70, 3)]
    computed.sql("UPDATE raw.orders SET amount = 60, updated_at = TIMESTAMP '2026-02-01' WHERE id = 10")
    result = computed.materialize()
    assert result.success
    assert computed.sql(LATEST) == [(10, 60, 1), (11, 150, 3), (12, 70, 3)]
    assert metadata(result, "marts/latest")["dagster/row_count"] == 3


def test_a_late_row_is_merged_however_old_it_says_it_is(computed: Bench) -> None:
    computed.sql("INSERT INTO raw.orders VALUES (9, 2, 5.00, DATE '2025-01-01', TIMESTAMP '2025-01-01')")
    assert computed.materialize().success
    assert computed.sql(LATEST)[0] == (9, 5, 1)


def test_a_restated_model_by_unique_key_is_replaced_as_a_whole(computed: Bench) -> None:
    computed.sql("DELETE FROM raw.orders WHERE id = 12")
    assert computed.materialize(restate=["marts.latest"]).success
    assert computed.sql(LATEST) == [(10, 50, 2), (11, 150, 2)]


def test_tampered_rows_of_a_model_by_unique_key_are_replaced_as_a_whole(computed: Bench) -> None:
    computed.sql(f"UPDATE {physical(computed, 'latest')} SET amount = 1 WHERE order_id = 11")
    computed.sql("UPDATE raw.orders SET amount = 60, updated_at = TIMESTAMP '2026-02-01' WHERE id = 10")
    assert computed.materialize().success
    assert computed.sql(LATEST) == [(10, 60, 3), (11, 150, 3), (12, 70, 3)]


def test_new_code_of_a_model_by_unique_key_computes_all_rows(computed: Bench) -> None:
    computed.edit("models/latest.sql", "orders.amount::DECIMAL(18, 2) AS", "(2 * orders.amount)::DECIMAL(18, 2) AS")
    assert computed.materialize().success
    assert computed.sql(LATEST) == [(10, 100, 3), (11, 300, 3), (12, 140, 3)]


def test_a_backfill_of_a_day_computes_the_rows_of_that_day_and_keeps_the_others(computed: Bench) -> None:
    computed.sql(f"UPDATE {physical(computed, 'latest')} SET amount = 0")
    jobs = computed.backfills()
    job = dg.Definitions(jobs=jobs).resolve_job_def("backfill_marts_latest")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(partition_key="2026-01-02", instance=instance)
    assert result.success
    assert materialized(result) == {"marts/latest"}
    assert computed.sql(LATEST) == [(10, 0, 3), (11, 150, 1), (12, 0, 3)]


def test_days_computed_again_do_not_make_the_others_pass_for_up_to_date(computed: Bench) -> None:
    computed.sql("UPDATE raw.orders SET ordered_on = ordered_on + 1")
    config = {"restate": ["marts.daily"], "start": "2026-01-02", "end": "2026-01-02"}
    assert computed.materialize("key:marts/daily", **config).success
    assert computed.sql("SELECT count(*) FROM marts.daily") == [(2,)]
    assert "marts/daily" in materialized(computed.materialize("key:marts/daily"))
    assert computed.sql("SELECT orders FROM marts.daily ORDER BY ordered_on") == [(1,), (2,)]


def test_a_day_that_has_ended_is_computed_and_the_days_before_are_not(computed: Bench) -> None:
    forget_last_day(computed, "marts.daily")
    computed.sql(f"UPDATE {physical(computed, 'daily')} SET orders = 99")
    accept_rows(computed, "marts.daily")
    result = computed.materialize("key:marts/daily", mode=Mode.run)
    assert result.success
    assert materialized(result) == {"marts/daily"}
    assert "an interval of its cron @daily has ended" in metadata(result, "marts/daily")["reason"]
    assert computed.sql("SELECT DISTINCT orders FROM marts.daily") == [(99,)]
    assert materialized(computed.materialize("key:marts/daily", mode=Mode.run)) == set()


def forget_last_day(bench: Bench, name: str) -> None:
    """Let the newest day of a model be not computed yet, for SQLMesh and for the ledger."""
    context = Context(paths=str(bench.folder), config=bench.project.config())
    snapshot = next(found for found in context.snapshots.values() if found.model.name == name)
    stored = context.state_sync.get_snapshots([snapshot])[snapshot.snapshot_id]
    last = stored.intervals[-1][1]
    day = timedelta(days=1)
    start = datetime.fromtimestamp(last / 1000, tz=UTC) - day
    context.state_sync.remove_intervals([(stored, (to_timestamp(start), last))])
    context.close()
    ledger = read_ledger(bench.project.ledger)
    known = ledger.computations
    first, end = known[name].interval
    known[name] = known[name].model_copy(update={"interval": (first, end - day)})
    write_ledger(bench.project.ledger, ledger)


def accept_rows(bench: Bench, name: str) -> None:
    """Let the rows of a model be those that were computed, as far as the ledger knows."""
    ledger = read_ledger(bench.project.ledger)
    [version] = bench.versions([bench.model(name).relation]).values()
    ledger.computations[name] = ledger.computations[name].model_copy(update={"content": version})
    write_ledger(bench.project.ledger, ledger)


DIRECT = """
MODEL (name marts.direct, kind INCREMENTAL_BY_TIME_RANGE (time_column ordered_on), start '{start}');
SELECT ordered_on::DATE AS ordered_on, COUNT(*)::BIGINT AS orders
FROM raw.orders WHERE ordered_on BETWEEN @start_date AND @end_date GROUP BY ordered_on
"""
ORDERS_A_DAY = "SELECT orders FROM marts.direct ORDER BY ordered_on"


def test_days_that_are_added_at_the_start_do_not_pass_for_all_days(computed: Bench) -> None:
    computed.write("models/direct.sql", DIRECT.format(start="2026-01-01"))
    assert computed.materialize().success
    assert computed.sql(ORDERS_A_DAY) == [(1,), (2,)]
    computed.write("models/direct.sql", DIRECT.format(start="2025-12-01"))
    computed.sql("DELETE FROM raw.orders WHERE id = 12")
    assert computed.materialize().success
    assert computed.sql(ORDERS_A_DAY) == [(1,), (1,)]


def test_days_that_are_added_at_the_start_do_not_make_a_model_due(computed: Bench) -> None:
    computed.write("models/top.sql", "MODEL (name marts.top);\nSELECT COUNT(*)::INT AS days FROM marts.daily\n")
    assert computed.materialize().success
    computed.edit("models/daily.sql", "start '2026-01-01'", "start '2025-12-01'")
    assert "marts/daily" in materialized(computed.materialize())
    assert materialized(computed.materialize()) == set()


def test_a_model_whose_cron_became_more_frequent_is_up_to_date_after_one_run(computed: Bench) -> None:
    computed.edit("models/daily.sql", "cron '@daily'", "cron '@hourly'")
    result = computed.materialize()
    assert materialized(result) == {"marts/daily"}
    assert metadata(result, "marts/daily")["interval"].startswith("2026-01-01 00:00+00:00 to ")
    assert materialized(computed.materialize()) == set()
