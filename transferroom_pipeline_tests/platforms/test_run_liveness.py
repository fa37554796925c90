"""A run whose process has died is closed by whoever comes next; one whose process lives is left alone."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from transferroom_pipeline.automation.sensors import dead_runs_sensor
from transferroom_pipeline.platforms import run_liveness
from transferroom_pipeline.platforms.run_liveness import UNFINISHED, RunLiveness

LIVE = """
import sys
from pathlib import Path
from transferroom_pipeline.platforms.run_liveness import RunLiveness
with RunLiveness(Path(sys.argv[1])).shown(sys.argv[2]):
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def liveness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunLiveness:
    monkeypatch.setattr(run_liveness, "_LAST_WORDS_SECONDS", 0)
    return RunLiveness(tmp_path / "data")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def started(instance: dg.DagsterInstance, status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED) -> str:
    return create_run_for_test(instance, "migration", status=status).run_id


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


@pytest.mark.parametrize("unfinished", UNFINISHED)
def test_a_run_is_closed_once_its_process_has_died(
    liveness: RunLiveness, instance: dg.DagsterInstance, unfinished: dg.DagsterRunStatus
) -> None:
    run_id = started(instance, unfinished)
    command = [sys.executable, "-c", LIVE, str(liveness.data_dir), run_id]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert liveness.close_dead_runs(instance) == []
    assert status(instance, run_id) is unfinished
    process.kill()
    process.communicate()
    assert liveness.close_dead_runs(instance) == [run_id]
    assert status(instance, run_id) is dg.DagsterRunStatus.FAILURE
    assert liveness.close_dead_runs(instance) == []


def test_a_run_of_this_process_lives_however_many_parts_show_it(
    liveness: RunLiveness, instance: dg.DagsterInstance
) -> None:
    run_id = started(instance)
    with liveness.shown(run_id), liveness.shown(run_id):
        assert liveness.close_dead_runs(instance) == []


def test_a_run_that_has_only_just_begun_is_given_time_to_show_itself(
    liveness: RunLiveness, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = started(instance)
    assert liveness.close_dead_runs(instance) == []
    monkeypatch.setattr(run_liveness, "_SLOWEST_START", timedelta(0))
    assert liveness.close_dead_runs(instance) == [run_id]


def test_a_run_on_another_data_folder_is_left_to_those_who_work_on_that(
    liveness: RunLiveness, instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_liveness, "_SLOWEST_START", timedelta(0))
    other = RunLiveness(tmp_path / "other")
    run_id = started(instance)
    instance.add_run_tags(run_id, other.tags)
    assert liveness.close_dead_runs(instance) == []
    with other.shown(run_id):
        assert other.close_dead_runs(instance) == []
    assert other.close_dead_runs(instance) == [run_id]


@pytest.mark.parametrize("other", [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.NOT_STARTED])
def test_runs_that_have_ended_or_not_begun_are_left_alone(
    liveness: RunLiveness,
    instance: dg.DagsterInstance,
    other: dg.DagsterRunStatus,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_liveness, "_SLOWEST_START", timedelta(0))
    run_id = started(instance, other)
    assert liveness.close_dead_runs(instance) == []
    assert status(instance, run_id) is other


def test_the_daemon_closes_dead_runs_by_a_sensor_that_is_on_from_the_start(
    liveness: RunLiveness, instance: dg.DagsterInstance
) -> None:
    sensor = dead_runs_sensor(liveness.data_dir)
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert told(sensor, instance) == "every run lives"
    run_id = started(instance)
    with liveness.shown(run_id):
        pass
    (liveness.data_dir / "runs").mkdir(parents=True, exist_ok=True)
    (liveness.data_dir / "runs" / f"{run_id}.lock").touch()
    assert told(sensor, instance) == f"closed {run_id[:8]}"
    assert status(instance, run_id) is dg.DagsterRunStatus.FAILURE


def told(sensor: dg.SensorDefinition, instance: dg.DagsterInstance) -> str | None:
    return sensor.evaluate_tick(dg.build_sensor_context(instance=instance)).skip_message
