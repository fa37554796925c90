"""The models run at their own times with all that is judged by them, and the whole migration once a day."""

from datetime import UTC, datetime

import dagster as dg

from transferroom_pipeline.automation.schedules import daily_schedule
from transferroom_pipeline.models.project import describe_models


def test_the_schedules_of_the_location_follow_the_crons_of_its_models(location, settings):
    models = describe_models(settings).models
    crons = {found.cron for found in models}
    by_cron = {
        schedule.cron_schedule: schedule
        for schedule in location.schedules
        if schedule.name.startswith("models_")
    }  # fmt: skip
    assert set(by_cron) == crons
    for cron, schedule in by_cron.items():
        job = location.resolve_job_def(schedule.job_name)
        keys = {key.to_user_string() for key in job.asset_layer.selected_asset_keys}
        own = {f"{found.relation.schema}/{found.relation.table}" for found in models if found.cron == cron}
        assert own <= keys
        rebuilt = {key.removeprefix("prod/") for key in own if key.startswith("prod/")}
        assert {f"comparison/{table}" for table in rebuilt} <= keys
        assert {f"analytics/{table}" for table in rebuilt & {"derived_a", "derived_b", "derived_c"}} <= keys
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
