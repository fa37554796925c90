"""The sensor turns looks at the source files into runs of the migration."""

import dagster as dg
import pytest

from transferroom_pipeline.sources.assets import SourceFiles


@pytest.fixture
def sensor(location):
    return location.resolve_sensor_def("source_files_changed")


@pytest.fixture
def tick(sensor, location, source_dir):
    """One evaluation of the sensor from a cursor."""
    files = SourceFiles(directory=str(source_dir), intake_dir="intake", dlt_dir="dlt", max_rejected_share=0.0)

    def evaluate(cursor=None):
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_sensor_context(
                instance=instance,
                cursor=cursor,
                resources={"source_files": files},
                repository_def=location.get_repository_def(),
            )
            return sensor.evaluate_tick(context)

    return evaluate


def test_without_files_it_skips_and_says_why(tick, source_dir):
    data = tick()
    assert not data.run_requests
    assert data.skip_message == f"there are no source files in {source_dir}"


def test_it_waits_starts_one_migration_and_is_silent_again(tick, source_dir):
    (source_dir / "players.csv").write_text("player_id\n")
    first = tick()
    assert not first.run_requests
    assert "waiting" in first.skip_message
    second = tick(first.cursor)
    [request] = second.run_requests
    assert request.run_key
    assert not second.skip_message
    third = tick(second.cursor)
    assert not third.run_requests
    assert "not changed" in third.skip_message
    assert third.cursor == second.cursor


def test_it_starts_the_whole_migration_and_looks_twice_a_minute(sensor):
    assert sensor.job_name == "migration"
    assert sensor.minimum_interval_seconds == 30
