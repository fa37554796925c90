"""A migration that is killed needs no cleaning up: the next run ends where an undisturbed one does."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from click.testing import Result

from transferroom_pipeline.platforms.run_liveness import RunLiveness
from transferroom_pipeline_tests.conftest import Project, contents

pytestmark = pytest.mark.slow

COMMAND = str(Path(sys.executable).with_name("transferroom"))


@pytest.mark.parametrize(
    "finished_assets",
    [0, 2, 7, 13, 20, 29, 33],  # before anything, amid loads, copies, the models' plan, comparisons and views
)
def test_a_run_killed_at_any_point_is_made_good_by_the_next(
    fresh: Project, migrated_once: tuple[Project, Result], finished_assets: int
) -> None:
    kill_after(fresh, finished_assets)
    result = fresh.call("run")
    assert result.exit_code == 0, result.output
    assert contents(fresh) == contents(migrated_once[0])
    with dg.DagsterInstance.from_config(str(fresh.root / "dagster_home")) as instance:
        assert {run.status for run in instance.get_runs()} <= {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE}


@pytest.mark.parametrize("finished_assets", [3, 16])
def test_a_second_run_killed_leaves_the_views_readable(migrated: Project, finished_assets: int) -> None:
    before = contents(migrated)
    kill_after(migrated, finished_assets)
    shown = "SELECT count(*) FROM (FROM analytics.derived_b EXCEPT FROM raw.derived_b)"
    assert migrated.target(shown) == [(0,)], "what consumers see is proven, and so equal to legacy"
    result = migrated.call("run")
    assert result.exit_code == 0, result.output
    assert contents(migrated) == before


@pytest.mark.parametrize("finished_assets", [16, 19, 22])
def test_a_run_on_changed_sources_killed_amid_the_models_leaves_nothing_that_passes_for_up_to_date(
    migrated: Project, finished_assets: int
) -> None:
    file = migrated.settings.source_dir / "players.csv"
    players = pl.read_csv(file, infer_schema=False)
    changed = {"market_value_millions": "77.00", "updated_at": "2026-07-01 00:00:00"}
    players.with_columns(**{name: pl.lit(value) for name, value in changed.items()}).write_csv(file)
    kill_after(migrated, finished_assets)
    result = migrated.call("run")
    assert result.exit_code == 0, result.output
    values = "SELECT DISTINCT market_value_millions FROM prod.derived_a"
    assert [str(found) for (found,) in migrated.target(values)] == ["77.00"]


@pytest.mark.parametrize("started_steps", [0, 4])
def test_a_killed_dagster_command_leaves_no_run_that_others_would_wait_for(
    migrated: Project, started_steps: int
) -> None:
    command = [str(Path(sys.executable).with_name("dagster")), "asset", "materialize", "--select", "*"]
    process = subprocess.Popen(
        [*command, "-m", "transferroom_pipeline.definitions"],
        env=os.environ | migrated.environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    mark = "RESOURCE_INIT_SUCCESS" if not started_steps else "STEP_START"
    for _ in range(started_steps or 1):
        assert any(mark in line for line in process.stderr)
    process.kill()
    process.communicate()
    with dg.DagsterInstance.from_config(str(migrated.root / "dagster_home")) as instance:
        assert dg.DagsterRunStatus.STARTED in {run.status for run in instance.get_runs()}
        RunLiveness(migrated.settings.data_dir).close_dead_runs(instance)
        assert {run.status for run in instance.get_runs()} <= {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE}
    assert migrated.call("run").exit_code == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("finished_assets", [3, 11, 17, 27])  # amid loads, copies, models and comparisons
def test_a_signal_ends_the_whole_run_and_the_next_one_goes_on(
    fresh: Project, migrated_once: tuple[Project, Result], number: signal.Signals, code: int, finished_assets: int
) -> None:
    process = start(fresh, finished_assets)
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code
    assert "✗" not in output
    with dg.DagsterInstance.from_config(str(fresh.root / "dagster_home")) as instance:
        unfinished = {dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING}
        assert not unfinished & {run.status for run in instance.get_runs()}
    result = fresh.call("run")
    assert result.exit_code == 0, result.output
    assert contents(fresh) == contents(migrated_once[0])


def start(project: Project, finished_assets: int) -> subprocess.Popen[str]:
    """Start the migration and wait until so many assets are reported."""
    process = subprocess.Popen(
        [COMMAND, "run"],
        env=os.environ | project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    for _ in range(finished_assets):
        assert process.stdout.readline().startswith(("✓", "=", "!"))
    return process


def kill_after(project: Project, finished_assets: int) -> None:
    """Start the migration and kill its process as soon as so many assets are reported."""
    process = start(project, finished_assets)
    process.kill()
    process.communicate()
    assert process.returncode == -9
