"""The models run at their own times with all that is judged by them, and the whole migration once a day."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from transferroom_pipeline.automation.schedules import daily_schedule, model_schedules
from transferroom_pipeline.models.description import ModelDescription
from transferroom_pipeline.models.project import describe_models


def model(name, cron, *depends_on):
    schema, table = name.split(".")
    return ModelDescription(
        schema_name=schema, table=table, kind="FULL", description=None, owner=None, cron=cron, grain=(),
        code_version="1", depends_on=tuple(tuple(other.split(".")) for other in depends_on), columns=(), audits=(),
    )  # fmt: skip


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
    schedules = {schedule.cron_schedule: schedule for schedule in model_schedules(MODELS)}
    assert set(schedules) == {"@hourly", "*/5 * * * *"}
    assert {schedule.execution_timezone for schedule in schedules.values()} == {"UTC"}


def test_a_schedule_runs_its_models_and_everything_downstream(selected):
    hourly, five = sorted(model_schedules(MODELS), key=lambda schedule: schedule.cron_schedule, reverse=True)
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
    ]
    schedules = model_schedules([model(f"prod.t{n}", cron) for n, cron in enumerate(crons)])
    assert len({schedule.name for schedule in schedules}) == len(crons)
    assert all(schedule.name.replace("_", "").isalnum() for schedule in schedules)


def test_without_models_there_is_no_schedule():
    assert model_schedules([]) == []


def test_the_schedules_of_the_location_follow_the_crons_of_its_models(location, settings):
    models = describe_models(settings)
    crons = {found.cron for found in models}
    by_cron = {
        schedule.cron_schedule: schedule
        for schedule in location.schedules
        if schedule.name.startswith("models_at_")
    }  # fmt: skip
    assert set(by_cron) == crons
    for cron, schedule in by_cron.items():
        job = location.resolve_job_def(schedule.job_name)
        keys = {key.to_user_string() for key in job.asset_layer.selected_asset_keys}
        own = {f"{found.schema_name}/{found.table}" for found in models if found.cron == cron}
        assert own <= keys
        for table in ("derived_a", "derived_b", "derived_c"):
            assert {f"comparison/{table}", f"analytics/{table}"} <= keys
        assert not {key for key in keys if key.startswith(("legacy/", "raw/"))}


def test_every_schedule_says_its_time_zone(location):
    assert location.schedules
    assert {schedule.execution_timezone for schedule in location.schedules} == {"UTC"}


def test_the_daily_tick_asks_for_one_run_of_the_whole_migration(location):
    schedule = location.resolve_schedule_def("daily_migration")
    assert schedule.job_name == "migration"
    assert daily_schedule().cron_schedule == "0 5 * * *"
    moment = datetime(2026, 6, 30, 5, tzinfo=UTC)
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(instance=instance, scheduled_execution_time=moment)
        tick = schedule.evaluate_tick(context)
    [request] = tick.run_requests
    assert request.asset_selection is None
