"""Sequences of changes, failures and interruptions after which nothing may pass for up to date that is not."""

import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
from sqlmesh.core.snapshot import SnapshotEvaluator

from sqlmesh_assets.exceptions import SQLMeshAssetsError
from sqlmesh_assets.launchpad import Mode
from sqlmesh_assets.ledger import Ledger, read_ledger, write_ledger
from sqlmesh_assets.schedules import model_schedules
from sqlmesh_assets.translator import Translator
from sqlmesh_assets_tests.conftest import MODELS, Bench, materialized, observed, plan_markdown, reasons
from sqlmesh_assets_tests.test_launchpad import make_due, physical

SPENT = "SELECT customer_id, spent FROM marts.spending ORDER BY ALL"


class Killed(BaseException):
    """Stands for the death of the process."""


def states(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """What is said of the models that were not computed."""
    events = [event for event in result.all_events if event.event_type is dg.DagsterEventType.ASSET_OBSERVATION]
    observations = [event.asset_observation_data.asset_observation for event in events]
    return {found.asset_key.to_user_string(): str(found.metadata["state"].value) for found in observations}


def test_tampered_rows_are_not_merged_into_while_an_input_changes(computed: Bench) -> None:
    computed.sql(f"UPDATE {physical(computed, 'latest')} SET amount = 1 WHERE order_id = 11")
    computed.sql("UPDATE raw.orders SET amount = 60, updated_at = TIMESTAMP '2026-02-01' WHERE id = 10")
    assert computed.materialize("key:staging/orders").success
    assert computed.sql("SELECT amount FROM marts.latest ORDER BY order_id") == [(60,), (150,), (70,)]


def test_tampered_days_do_not_pass_once_another_day_was_computed_again(computed: Bench) -> None:
    computed.sql(f"UPDATE {physical(computed, 'daily')} SET orders = 99 WHERE ordered_on = DATE '2026-01-01'")
    day = {"restate": ["marts.daily"], "start": "2026-01-02", "end": "2026-01-02"}
    assert computed.materialize(**day).success
    assert "marts/daily" in materialized(computed.materialize())
    assert computed.sql("SELECT orders FROM marts.daily ORDER BY ordered_on") == [(1,), (2,)]


def test_a_day_does_not_make_a_model_known_that_the_ledger_has_lost(computed: Bench) -> None:
    computed.project.ledger.unlink()
    computed.sql("UPDATE raw.orders SET ordered_on = ordered_on + 1")
    day = {"restate": ["marts.daily"], "start": "2026-01-02", "end": "2026-01-02"}
    assert computed.materialize("key:marts/daily", **day).success
    computed.materialize()
    assert computed.sql("SELECT ordered_on::TEXT FROM marts.daily ORDER BY ALL") == [("2026-01-02",), ("2026-01-03",)]


def test_code_that_was_taken_back_is_computed_whole_even_if_only_a_day_was_asked_for(computed: Bench) -> None:
    computed.edit("models/daily.sql", "COUNT(*)::BIGINT", "(10 * COUNT(*))::BIGINT")
    assert computed.materialize().success
    computed.sql("UPDATE raw.orders SET ordered_on = ordered_on + 1")
    computed.edit("models/daily.sql", "(10 * COUNT(*))::BIGINT", "COUNT(*)::BIGINT")
    day = {"restate": ["marts.daily"], "start": "2026-01-02", "end": "2026-01-02"}
    assert computed.materialize(**day).success
    computed.materialize()
    assert computed.sql("SELECT ordered_on::TEXT, orders FROM marts.daily ORDER BY ALL") == [
        ("2026-01-02", 1),
        ("2026-01-03", 2),
    ]


def test_a_run_that_dies_after_its_plan_leaves_nothing_that_passes_for_up_to_date(computed: Bench) -> None:
    computed.without_unit_tests()
    before = (computed.folder / "models" / "spending.sql").read_text(encoding="utf-8")
    computed.edit("models/spending.sql", "COALESCE(SUM(orders.amount), 0)", "(1 + COALESCE(SUM(orders.amount), -1))")
    original, asked = computed.versions, []

    def versions(relations: Any) -> Any:
        asked.append(relations)
        return original(relations) if len(asked) == 1 else killed()

    computed.versions = versions  # type: ignore[method-assign]
    assert not computed.materialize().success
    assert computed.sql(SPENT) == [(1, 201), (2, 71), (3, 0)]
    computed.versions = original  # type: ignore[method-assign]
    computed.write("models/spending.sql", before)
    assert computed.materialize().success
    assert computed.sql(SPENT) == [(1, 200), (2, 70), (3, 0)]
    assert materialized(computed.materialize()) == set()


@pytest.mark.parametrize("bench_of", ["bench", "computed"])
def test_a_run_that_dies_before_its_views_are_made_is_made_good_by_the_next(
    bench_of: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench: Bench = request.getfixturevalue(bench_of)
    bench.write("models/new.sql", "MODEL (name marts.new);\nSELECT order_id::INT AS x FROM staging.orders\n")
    with monkeypatch.context() as patched:
        patched.setattr(SnapshotEvaluator, "promote", killed)
        assert not bench.materialize().success
    result = bench.materialize()
    assert result.success, reasons(result)
    assert bench.sql("SELECT count(*) FROM marts.new") == [(3,)]


def killed(*_: Any, **__: Any) -> None:
    raise Killed


def test_rows_that_change_while_a_run_computes_are_computed_by_the_next(computed: Bench) -> None:
    computed.sql("UPDATE raw.orders SET amount = 60 WHERE id = 10")
    original = computed.versions
    asked: list[int] = []

    def versions(relations: Any) -> Any:
        asked.append(len(asked))
        if len(asked) == 2:  # the second time, when everything is computed
            computed.sql("UPDATE raw.orders SET amount = 700 WHERE id = 12")
        return original(relations)

    computed.versions = versions  # type: ignore[method-assign]
    assert computed.materialize().success
    computed.versions = original  # type: ignore[method-assign]
    assert "marts/spending" in materialized(computed.materialize())
    assert computed.sql(SPENT) == [(1, 210), (2, 700), (3, 0)]


def test_a_model_that_failed_once_runs_by_schedule_when_it_can(computed: Bench) -> None:
    computed.sql("UPDATE raw.orders SET amount = -500 WHERE id = 12")
    assert not computed.materialize().success
    computed.sql("UPDATE raw.orders SET amount = 70 WHERE id = 12")
    result = computed.materialize(mode=Mode.run)
    assert result.success, reasons(result)
    assert computed.sql(SPENT) == [(1, 200), (2, 70), (3, 0)]


def test_what_reads_refused_rows_is_not_computed_from_them(computed: Bench) -> None:
    computed.write(
        "models/top.sql", "MODEL (name marts.top);\nSELECT MIN(spent)::DECIMAL(38, 2) AS least FROM marts.spending\n"
    )
    assert computed.materialize().success
    computed.sql("UPDATE raw.orders SET amount = -500 WHERE id = 12")
    assert not computed.materialize().success
    result = computed.materialize("key:marts/top")
    assert not result.success
    assert "marts.spending has rows that do not count: materialize the asset marts/spending first" in reasons(result)


def test_restating_one_model_does_not_hide_that_another_is_stale(computed: Bench) -> None:
    computed.sql("UPDATE raw.orders SET amount = 60 WHERE id = 10")
    result = computed.materialize(restate=["marts.names"])
    assert result.success
    assert {"marts/names", "marts/spending"} <= materialized(result)


def test_what_a_run_leaves_alone_is_not_called_up_to_date(computed: Bench) -> None:
    computed.sql("UPDATE raw.orders SET amount = 60 WHERE id = 10")
    result = computed.materialize(mode=Mode.run)
    assert states(result)["staging/orders"] == "left alone: raw.orders changed, and it is not due"
    assert states(result)["marts/regions"] == "up to date: neither code nor data changed"
    computed.edit("models/names.py", ".str[0]", ".str[1]")
    assert states(computed.materialize(mode=Mode.run))["marts/names"] == (
        "left alone: its code changed, and this run deploys none"
    )


def test_a_model_by_unique_key_that_does_not_say_that_it_merges_is_replaced(computed: Bench) -> None:
    computed.edit("models/latest.sql", "  tags (merges_changes),\n", "")
    assert computed.materialize().success
    computed.sql("DELETE FROM raw.orders WHERE id = 12")
    assert computed.materialize().success
    assert computed.sql("SELECT order_id FROM marts.latest ORDER BY ALL") == [(10,), (11,)]


@pytest.mark.parametrize("sql", ["now()", "get_current_timestamp()", "current_date", "@execution_ts", "today()"])
def test_a_query_that_reads_the_clock_in_any_way_waits_for_its_cron(bench: Bench, sql: str) -> None:
    bench.write("models/clock.sql", f"MODEL (name marts.clock);\nSELECT ({sql})::TEXT AS at\n")
    assert bench.model("marts.clock").reads_time


def test_the_time_counts_in_embedded_models_and_in_jinja(bench: Bench) -> None:
    bench.edit("models/large_orders.sql", "amount >= 100", "amount >= 100 AND now() > ordered_on")
    jinja = "JINJA_QUERY_BEGIN;\nSELECT '{{ execution_ts }}'::TEXT AS at\nJINJA_END;\n"
    bench.write("models/jinja.sql", f"MODEL (name marts.jinja);\n{jinja}")
    assert bench.model("marts.spending").reads_time
    assert bench.model("marts.jinja").reads_time


def test_a_seed_outside_of_the_project_counts(bench: Bench) -> None:
    shutil.move(bench.folder / "seeds" / "regions.csv", bench.root / "regions.csv")
    bench.edit("models/regions.sql", "../seeds/regions.csv", "../../regions.csv")
    before = bench.model("marts.regions").code_version
    (bench.root / "regions.csv").write_text("region_id,region\n1,West\n", encoding="utf-8")
    assert bench.model("marts.regions").code_version != before


def test_an_ended_day_and_changed_rows_are_computed_by_one_run(computed: Bench) -> None:
    ledger = read_ledger(computed.project.ledger)
    past = datetime.now(UTC) - timedelta(days=2)
    known = ledger.computations
    known["marts.daily"] = known["marts.daily"].model_copy(update={"interval": (past, past)})
    write_ledger(computed.project.ledger, ledger)
    computed.sql("UPDATE raw.orders SET ordered_on = ordered_on + 1")
    assert computed.materialize().success
    assert computed.sql("SELECT ordered_on::TEXT FROM marts.daily ORDER BY ALL") == [("2026-01-02",), ("2026-01-03",)]


def test_a_model_that_may_not_be_restated_is_not_called_computed(bench: Bench) -> None:
    bench.edit("models/latest.sql", "unique_key order_id", "unique_key order_id, disable_restatement true")
    assert bench.materialize().success
    bench.sql("UPDATE raw.orders SET amount = 60, updated_at = TIMESTAMP '2026-02-01' WHERE id = 10")
    result = bench.materialize()
    assert result.success, reasons(result)
    assert "marts/latest" not in materialized(result)


def test_a_removed_model_leaves_even_if_a_part_ran_in_between(computed: Bench) -> None:
    (computed.folder / "models" / "names.py").unlink()
    computed.sql("UPDATE raw.orders SET amount = 60 WHERE id = 10")
    assert computed.materialize("key:marts/spending").success
    assert computed.materialize().success
    views = computed.sql("SELECT count(*) FROM information_schema.tables WHERE table_name = 'names'")
    assert views == [(0,)]


@pytest.mark.parametrize("broken", ["import nothing_like_it\n", "def (:\n"])
def test_a_python_model_that_breaks_keeps_its_view(computed: Bench, broken: str) -> None:
    text = (computed.folder / "models" / "names.py").read_text(encoding="utf-8")
    text = text.replace('    "marts.names",\n    kind="FULL",\n', '    kind="FULL",\n    name="marts.names",\n')
    computed.write("models/names.py", text)
    assert computed.materialize().success
    computed.write("models/names.py", broken + text)
    result = computed.materialize()
    assert not result.success
    assert "marts.names" in reasons(result)
    assert computed.sql("SELECT count(*) FROM marts.names") == [(3,)]


def test_a_python_model_whose_name_cannot_be_read_is_there_by_its_place(computed: Bench) -> None:
    computed.write("models/names.py", "import nothing_like_it\nfrom sqlmesh import model\n@model(NAME)\ndef f(): ...\n")
    result = computed.materialize()
    assert not result.success
    assert "models.names: " in reasons(result)
    assert computed.sql("SELECT count(*) FROM marts.names") == [(3,)]


def test_an_environment_that_differs_from_production_in_letters_only_is_refused(computed: Bench) -> None:
    for name in ("PROD", "Prod", "9dev"):
        result = computed.materialize(environment=name)
        assert not result.success
        assert f"environment '{name}' is no name" in reasons(result)


def test_a_named_environment_can_be_run_again_and_again(computed: Bench) -> None:
    assert "Nothing was computed" in plan_markdown(computed.materialize(environment="dev"))
    computed.edit("models/customers.sql", "name::TEXT", "UPPER(name)::TEXT")
    assert computed.materialize(environment="dev").success
    again = computed.materialize(environment="dev")
    assert again.success, reasons(again)
    dry = computed.materialize(environment="dev", dry_run=True)
    assert dry.success, reasons(dry)
    assert materialized(computed.materialize()) == {"staging/customers", "marts/spending", "marts/names"}


def test_a_new_model_without_an_ended_interval_is_told_and_takes_no_other_with_it(bench: Bench) -> None:
    bench.write(
        "models/monthly.sql", "MODEL (name marts.monthly, cron '@monthly');\nSELECT 1::INT AS x FROM staging.orders\n"
    )
    result = bench.materialize()
    if datetime.now(UTC).day <= 2:  # the month has just ended
        pytest.skip("today a month's interval has ended")
    assert not result.success
    assert "marts.monthly: no interval of its cron @monthly has ended yet: give it an earlier start" in reasons(result)
    assert materialized(result) == MODELS


def test_one_stale_model_does_not_keep_the_audits_of_others_from_running(computed: Bench) -> None:
    computed.edit("models/orders.sql", "ordered_on::DATE AS", "(ordered_on + 1)::DATE AS")
    result = computed.materialize("*", checks_only=True)
    assert not result.success
    assert "staging/orders" in reasons(result)


def test_a_second_run_after_a_day_was_restated_has_nothing_to_do(computed: Bench) -> None:
    day = {"restate": ["marts.daily"], "start": "2026-01-02", "end": "2026-01-02"}
    assert computed.materialize(**day).success
    computed.computing.clear()
    assert observed(computed.materialize()) == MODELS
    assert computed.computing == []


def test_names_that_dagster_does_not_have_are_written_as_it_can(bench: Bench) -> None:
    bench.write(
        "models/odd.sql",
        'MODEL (name "odd schema"."my-table", owner \'x@y\', tags (\'a b!\'), audits (not_null(columns := ("x y",)), '
        'not_null(columns := (z,))));\nSELECT 1::INT AS "x y", 2::INT AS z\n',
    )
    result = bench.materialize()
    assert result.success, reasons(result)
    assert "odd_schema/my_table" in materialized(result)
    assert bench.assets().specs_by_key[dg.AssetKey(["odd_schema", "my_table"])].owners == []


@pytest.mark.parametrize("name", ['marts."da-_ily"', "marts__da.ily", "models.plan"])
def test_two_models_that_would_have_one_name_in_dagster_are_told(bench: Bench, name: str) -> None:
    bench.write("models/first.sql", "MODEL (name marts.da__ily);\nSELECT 1::INT AS x\n")
    bench.write("models/second.sql", f"MODEL (name {name});\nSELECT 1::INT AS x\n")
    with pytest.raises(SQLMeshAssetsError, match=r"would both be \w+ in Dagster: rename"):
        bench.assets()


def test_a_file_without_a_name_does_not_take_the_name_of_a_model(bench: Bench) -> None:
    bench.write("models/marts/daily.sql", "MODEL (kind FULL);\nSELECT 1 AS x\n")
    names = {model.name: model.problem for model in bench.describe().models}
    assert names["marts.daily"] is None
    assert "name" in (names["marts.daily_unreadable"] or "")


def test_comments_texts_and_disabled_models_declare_no_names(bench: Bench) -> None:
    bench.edit(
        "models/regions.sql",
        "  grain region_id",
        "  description 'The name marts.spending, as in MODEL (name a.b)',\n  grain region_id",
    )
    bench.write(
        "models/off.sql", "/* MODEL (name marts.spending) */\nMODEL (name marts.other, enabled false);\nSELECT 1 AS x\n"
    )
    assert {model.name for model in bench.describe().models if model.problem} == set()


def test_links_that_lead_nowhere_and_files_of_editors_are_passed_over(bench: Bench) -> None:
    before = [model.name for model in bench.describe().models]
    (bench.folder / "models" / ".#orders.sql").symlink_to("nobody@nowhere.1")
    assert {model.name: model.problem for model in bench.describe().models} == dict.fromkeys(before)


def test_a_unit_test_of_no_model_has_failed(bench: Bench) -> None:
    bench.edit("tests/test_spending.yaml", "model: marts.spending", "model: marts.spendign")
    [test] = bench.describe().tests
    assert test.failure == "there is no model marts.spendign"


@pytest.mark.parametrize("start", ["1 week ago", "yesterday", "2026-01-01 12:00:00"])
def test_a_start_in_words_or_with_a_time_does_not_take_the_code_location_away(bench: Bench, start: str) -> None:
    bench.edit("models/daily.sql", "start '2026-01-01'", f"start '{start}'")
    jobs = bench.backfills()
    assert ("backfill_marts_daily" in {job.name for job in jobs}) == start.startswith("2026")


def test_a_cron_of_any_form_has_a_schedule_with_a_name(bench: Bench) -> None:
    bench.edit("models/daily.sql", "@daily", "30 4 * * SUN#1")
    schedules = model_schedules(bench.describe(), translator=Translator(), timezone="UTC")
    assert "models_at_30_4_x_x_SUN_1" in {schedule.name for schedule in schedules}


def test_a_standalone_audit_does_not_stand_in_the_way(bench: Bench) -> None:
    bench.write(
        "audits/alone.sql", "AUDIT (name alone, standalone true);\nSELECT * FROM marts.spending WHERE spent < 0\n"
    )
    result = bench.materialize()
    assert result.success, reasons(result)


def test_a_ledger_of_an_older_form_makes_everything_computed_once_more(computed: Bench) -> None:
    computed.project.ledger.write_text('{"marts.spending": {"rows": 1}}', encoding="utf-8")
    assert read_ledger(computed.project.ledger) == Ledger()
    assert materialized(computed.materialize()) == MODELS


def test_models_whose_intervals_sqlmesh_has_already_computed_are_unchanged(computed: Bench) -> None:
    make_due(computed)
    result = computed.materialize()
    assert result.success, reasons(result)
    assert materialized(result) == set()
    assert observed(result) == MODELS


NOT_RESTATED = "unique_key order_id, disable_restatement true"


@pytest.fixture
def kept(bench: Bench) -> Bench:
    """Everything computed, of which `marts.latest` may not be computed again and reads rows that have changed since."""
    bench.edit("models/latest.sql", "unique_key order_id", NOT_RESTATED)
    bench.edit("models/latest.sql", "tags (merges_changes)", "audits (not_negative(column := amount))")
    assert bench.materialize().success
    bench.sql("UPDATE raw.orders SET amount = 60, updated_at = TIMESTAMP '2026-02-01' WHERE id = 10")
    return bench


def test_a_part_above_a_model_that_may_not_be_computed_again_can_be_run_alone(kept: Bench) -> None:
    result = kept.materialize("key:staging/orders")
    assert result.success, reasons(result)
    assert "staging/orders" in materialized(result)


def test_a_model_that_may_be_computed_again_at_last_is_computed_from_what_has_changed(kept: Bench) -> None:
    result = kept.materialize()
    assert result.success, reasons(result)
    assert "what it reads changed, but it may not be computed again" in states(result)["marts/latest"]
    assert kept.sql("SELECT amount FROM marts.latest WHERE order_id = 10") == [(50,)]
    kept.edit("models/latest.sql", NOT_RESTATED, "unique_key order_id")
    result = kept.materialize()
    assert result.success, reasons(result)
    assert kept.sql("SELECT amount FROM marts.latest WHERE order_id = 10") == [(60,)]


def test_a_model_that_may_not_be_computed_again_says_so_when_asked_to(kept: Bench) -> None:
    before = read_ledger(kept.project.ledger).computations["marts.latest"]
    assert "may not be computed again" in states(kept.materialize(restate=["marts.latest"]))["marts/latest"]
    after = read_ledger(kept.project.ledger).computations["marts.latest"]
    assert (after.inputs, after.computed_at, after.interval) == (before.inputs, before.computed_at, before.interval)


def test_the_plan_alone_does_not_forget_what_failed_before(computed: Bench) -> None:
    computed.sql("UPDATE raw.orders SET amount = -500 WHERE id = 12")
    assert not computed.materialize().success
    assert "marts.spending: it failed when it was last computed" in reasons(computed.materialize("key:models/plan"))


def test_audits_of_a_model_with_a_failing_unit_test_say_that_it_fails(computed: Bench) -> None:
    computed.edit("models/spending.sql", "COALESCE", "1 + COALESCE")
    told = reasons(computed.materialize("key:marts/spending", checks_only=True))
    assert "the audits of marts.spending cannot be run: unit test " in told


def test_rows_that_are_kept_and_that_an_audit_refuses_do_not_count(kept: Bench) -> None:
    kept.write("models/top.sql", "MODEL (name marts.top);\nSELECT MIN(amount)::INT AS least FROM marts.latest\n")
    assert kept.materialize().success
    kept.sql(f"UPDATE {physical(kept, 'latest')} SET amount = -1 WHERE order_id = 10")
    result = kept.materialize(restate=["marts.latest"])
    assert "marts.latest: blocking audit failed: not_negative (1 rows)" in reasons(result)
    assert "marts.top: it reads marts.latest" in reasons(result)
    assert "marts/top" not in materialized(result)


def test_a_seed_that_an_audit_refuses_is_not_called_computed(bench: Bench) -> None:
    bench.edit("models/regions.sql", "grain region_id", "grain region_id, audits (few), depends_on (raw.customers)")
    bench.write("audits/few.sql", "AUDIT (name few);\nSELECT * FROM raw.customers WHERE id > 50\n")
    assert bench.materialize().success
    bench.sql("INSERT INTO raw.customers VALUES (99, 'Zed', 1)")
    result = bench.materialize()
    assert "marts.regions: blocking audit failed: few (1 rows)" in reasons(result)
    assert not {"marts/regions", "marts/spending"} & materialized(result)


def test_days_in_which_a_model_has_no_interval_are_told_and_spoil_nothing(computed: Bench) -> None:
    result = computed.materialize(restate=["marts.daily"], start="2020-01-01", end="2020-01-02")
    assert "marts.daily: SQLMesh computed none of these days" in reasons(result)
    assert read_ledger(computed.project.ledger).unfinished == {}
    assert materialized(computed.materialize()) == set()


def test_a_reader_that_has_no_interval_in_the_days_stays_as_it_was(bench: Bench) -> None:
    columns = "order_id::INT AS order_id, ordered_on::DATE AS ordered_on"
    for name, start, read in (("src", "2026-01-01", "staging.orders"), ("later", "2026-01-02", "marts.src")):
        kind = "INCREMENTAL_BY_TIME_RANGE (time_column ordered_on)"
        query = f"SELECT {columns} FROM {read} WHERE ordered_on BETWEEN @start_date AND @end_date"
        bench.write(f"models/{name}.sql", f"MODEL (name marts.{name}, kind {kind}, start '{start}');\n{query}\n")
    assert bench.materialize().success
    result = bench.materialize(restate=["marts.src"], start="2026-01-01", end="2026-01-01")
    assert result.success, reasons(result)
    assert read_ledger(bench.project.ledger).unfinished == {}


@pytest.mark.parametrize("day", ["2036-01-01", "2026-01-02T12:00:00"])
def test_days_to_come_and_times_of_a_day_are_refused(computed: Bench, day: str) -> None:
    told = reasons(computed.materialize(restate=["marts.daily"], start=day))
    assert f"start {day} is in the future" in told or f"start '{day}' is no date" in told
    assert computed.computing == []
