"""Schedules follow from the models' crons, and jobs for backfills from the days that models can be computed by."""

import dagster as dg
import pytest

from sqlmesh_assets.description import ModelDescription, ProjectDescription, Relation
from sqlmesh_assets.schedules import model_schedules
from sqlmesh_assets.translator import Translator
from sqlmesh_assets_tests.conftest import Bench, materialized


def model(name, cron, *depends_on):
    return ModelDescription(
        relation=Relation(*name.split(".")),
        kind="FULL",
        file=f"{name}.sql",
        cron=cron,
        code_version="1",
        snapshot="1",
        depends_on=tuple(Relation(*other.split(".")) for other in depends_on),
    )


def schedules_of(models):
    return model_schedules(ProjectDescription(models=tuple(models)), translator=Translator(), timezone="UTC")


MODELS = [
    model("staging.players", "@hourly", "raw.players"),
    model("prod.derived_a", "*/5 * * * *", "staging.players"),
    model("prod.derived_b", "*/5 * * * *", "raw.players"),
]


@pytest.fixture
def selected():
    """What the job of a schedule selects, in a graph of the models above with what is before and after them."""
    names = {"raw/players": [], "staging/players": ["raw/players"], "prod/derived_a": ["staging/players"],
             "prod/derived_b": ["raw/players"], "comparison/derived_a": ["prod/derived_a"],
             "analytics/derived_a": ["comparison/derived_a"], "analytics/other": ["raw/players"]}  # fmt: skip
    specs = [
        dg.AssetSpec(name.split("/"), deps=[dg.AssetKey(other.split("/")) for other in upstream])
        for name, upstream in names.items()
    ]

    @dg.multi_asset(specs=specs, can_subset=True)
    def all_of_them():
        """Never run."""

    def of(schedule):
        location = dg.Definitions(assets=[all_of_them], schedules=[schedule])
        keys = location.resolve_job_def(schedule.job_name).asset_layer.selected_asset_keys
        return {key.to_user_string() for key in keys}

    return of


def test_there_is_one_schedule_per_cron(selected):
    schedules = {schedule.cron_schedule: schedule for schedule in schedules_of(MODELS)}
    assert set(schedules) == {"@hourly", "*/5 * * * *"}
    assert {schedule.execution_timezone for schedule in schedules.values()} == {"UTC"}


def test_a_schedule_runs_its_models_and_everything_downstream(selected):
    hourly, five = sorted(schedules_of(MODELS), key=lambda schedule: schedule.cron_schedule, reverse=True)
    assert (hourly.cron_schedule, five.cron_schedule) == ("@hourly", "*/5 * * * *")
    derived = {"prod/derived_a", "comparison/derived_a", "analytics/derived_a"}
    assert selected(hourly) == {"staging/players"} | derived
    assert selected(five) == {"prod/derived_b"} | derived


def test_crons_that_are_alike_have_names_of_their_own():
    crons = [
        "0 5 * * *",
        "0 5 * * 1",
        "0 5 * * 1-5",
        "0 5 * * 1,5",
        "*/5 * * * *",
        "5 * * * *",
        "@daily",
        "0 */5 * * *",
        "00 5 * * *",
        "0 05 * * *",
        "*/05 * * * *",
    ]
    schedules = schedules_of([model(f"prod.t{n}", cron) for n, cron in enumerate(crons)])
    assert len({schedule.name for schedule in schedules}) == len(crons)
    assert all(schedule.name.replace("_", "").isalnum() for schedule in schedules)


@pytest.mark.parametrize(
    ("cron", "name"),
    [
        ("* * * * *", "models_every_minute"),
        ("*/5 * * * *", "models_every_5_minutes"),
        ("1 * * * *", "models_hourly_at_minute_1"),
        ("30 4 * * *", "models_daily_at_04_30"),
        ("@weekly", "models_weekly"),
        ("0 5 * * 1-5", "models_at_0_5_x_x_1_to_5"),
    ],
)
def test_a_schedule_is_called_by_its_time_and_says_what_it_does(cron, name):
    (schedule,) = schedules_of([model("prod.t", cron)])
    assert schedule.name == name
    assert schedule.description == (
        f"Computes the models with cron {cron} that are due, and what is downstream; deploys no code."
    )


def test_without_models_there_is_no_schedule():
    assert schedules_of([]) == []


def test_changing_a_cron_in_sql_changes_the_schedule(bench: Bench) -> None:
    before = {schedule.cron_schedule for schedule in schedules_of(bench.describe().models)}
    bench.edit("models/customers.sql", "@hourly", "17 3 * * *")
    assert {schedule.cron_schedule for schedule in schedules_of(bench.describe().models)} == before | {"17 3 * * *"}


def test_a_broken_model_has_no_schedule(bench: Bench) -> None:
    bench.write("models/extra.sql", "MODEL (name marts.extra, kind FULL, cron '1 1 * * *');\nSELEC (\n")
    assert "1 1 * * *" not in {schedule.cron_schedule for schedule in schedules_of(bench.describe().models)}


def test_a_scheduled_run_deploys_no_code(computed: Bench) -> None:
    computed.edit("models/customers.sql", "name::TEXT", "UPPER(name)::TEXT")
    schedules = schedules_of(computed.describe().models)
    hourly = next(schedule for schedule in schedules if schedule.cron_schedule == "@hourly")
    location = dg.Definitions(assets=[computed.assets()], schedules=[hourly])
    job = location.resolve_job_def(hourly.job_name)
    with dg.DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(instance=instance).success
    assert computed.sql("SELECT customer_name FROM staging.customers WHERE customer_id = 1") == [("Ann",)]


def test_models_that_can_be_computed_by_days_have_a_partitioned_job_for_backfills(computed: Bench) -> None:
    jobs = computed.backfills()
    assert {job.name for job in jobs} == {"backfill_marts_daily", "backfill_marts_latest"}
    location = dg.Definitions(jobs=jobs)
    job = location.resolve_job_def("backfill_marts_daily")
    computed.sql("UPDATE raw.orders SET ordered_on = DATE '2026-01-02' WHERE id = 10")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(partition_key="2026-01-02", instance=instance)
    assert result.success
    assert materialized(result) == {"marts/daily"}
    assert computed.sql("SELECT orders FROM marts.daily ORDER BY ordered_on") == [(1,), (3,)]
