"""When models are due."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlmesh_assets.description import ModelDescription, ProjectDescription, Relation
from sqlmesh_assets.due_times import interval_start, is_due, last_tick
from sqlmesh_assets.schedules import model_schedules
from sqlmesh_assets.translator import Translator
from sqlmesh_assets_tests.conftest import Bench, materialized, observed

UNITS = ["year", "month", "day", "hour", "half_hour", "quarter_hour", "five_minute"]


def model(cron: str, unit: str = "day", zone: str = "UTC") -> ModelDescription:
    return ModelDescription(
        relation=Relation("marts", "m"),
        kind="FULL",
        file="m.sql",
        cron=cron,
        cron_tz=zone,
        interval_unit=unit,
        code_version="1",
        snapshot="1",
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("due", "computed_until", "now", "is_now_due"),
    [
        (model("@daily"), "2026-06-30", "2026-06-30 23:59:59", False),
        (model("@daily"), "2026-06-30", "2026-07-01", True),
        (model("30 3 * * *"), "2026-06-30", "2026-06-30 10:00", False),
        (model("30 3 * * *"), "2026-06-30", "2026-07-01 03:29", False),
        (model("30 3 * * *"), "2026-06-30", "2026-07-01 03:30", True),
        (model("1 * * * *", "hour"), "2026-06-30 10:00", "2026-06-30 10:59", False),
        (model("1 * * * *", "hour"), "2026-06-30 10:00", "2026-06-30 11:00:59", False),
        (model("1 * * * *", "hour"), "2026-06-30 10:00", "2026-06-30 11:01", True),
        (model("0 0 * * 1"), "2026-06-29", "2026-07-05 12:00", False),
        (model("0 0 * * 1"), "2026-06-29", "2026-07-06", True),
        (model("0 6 * * *", zone="America/New_York"), "2026-06-30", "2026-07-01 09:59", False),
        (model("0 6 * * *", zone="America/New_York"), "2026-06-30", "2026-07-01 10:00", True),
        (model("* * * * *", "five_minute"), "2026-06-30 10:05", "2026-06-30 10:09:59", False),
        (model("* * * * *", "five_minute"), "2026-06-30 10:05", "2026-06-30 10:10", True),
        (model("*/7 * * * *", "five_minute"), "2026-06-30 10:00", "2026-06-30 10:06:59", False),
        (model("*/7 * * * *", "five_minute"), "2026-06-30 10:00", "2026-06-30 10:07", True),
    ],
)
def test_a_model_is_due_when_its_cron_has_ticked_after_the_end_of_an_interval(
    due: ModelDescription, computed_until: str, now: str, *, is_now_due: bool
) -> None:
    assert is_due(due, at(computed_until), at(now)) is is_now_due


MOMENTS = st.integers(0, 2**31).map(lambda second: datetime.fromtimestamp(second, UTC))


@given(moment=MOMENTS, unit=st.sampled_from(UNITS))
def test_an_interval_begins_before_all_of_its_moments_and_only_once(moment: datetime, unit: str) -> None:
    start = interval_start(moment, unit)
    assert start <= moment
    assert interval_start(start, unit) == start


@given(
    moment=MOMENTS,
    cron=st.sampled_from(["@daily", "1 * * * *", "*/7 * * * *", "0 0 * * 1"]),
    unit=st.sampled_from(UNITS),
)
def test_a_model_is_not_due_right_after_it_was_computed(moment: datetime, cron: str, unit: str) -> None:
    found = model(cron, unit)
    assert last_tick(found, moment) <= moment
    assert not is_due(found, interval_start(last_tick(found, moment), unit), moment)


@pytest.mark.parametrize("cron", ["1 * * * *", "30 3 * * *", "* * * * *", "*/7 * * * *"])
def test_a_model_is_up_to_date_after_it_was_computed_whenever_its_cron_ticks(computed: Bench, cron: str) -> None:
    computed.write(
        "models/ticking.sql",
        f"MODEL (name marts.ticking, kind FULL, cron '{cron}');\nSELECT id, current_date AS day FROM raw.customers\n",
    )
    assert computed.model("marts.ticking").cron == cron
    first = computed.materialize("marts/ticking")
    assert first.success
    assert materialized(first) == {"marts/ticking"}
    # SQLMesh's first plan ends with the last hour, and what has ended since is computed by the next.
    assert computed.materialize("marts/ticking").success
    third = computed.materialize("marts/ticking")
    assert (materialized(third), observed(third)) == (set(), {"marts/ticking"})


def test_a_schedule_is_kept_in_the_time_zone_of_its_cron() -> None:
    models = (
        model("@daily"),
        model("@daily", zone="Europe/Berlin").model_copy(update={"relation": Relation("marts", "n")}),
    )
    schedules = model_schedules(ProjectDescription(models=models), translator=Translator(), timezone="UTC")
    zones = {schedule.name: schedule.execution_timezone for schedule in schedules}
    assert zones == {"models_daily": "UTC", "models_daily_in_Europe_Berlin": "Europe/Berlin"}
