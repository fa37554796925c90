"""A migration that is killed needs no cleaning up: the next run ends where an undisturbed one does."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from click.testing import Result

from transferroom_pipeline_tests.conftest import Project, contents

pytestmark = pytest.mark.slow

COMMAND = str(Path(sys.executable).with_name("transferroom"))


@pytest.mark.parametrize(
    "finished_assets",
    [0, 2, 7, 13, 18, 26, 30],  # before anything, amid loads, copies, the models' plan, comparisons and views
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


def kill_after(project: Project, finished_assets: int) -> None:
    """Start the migration and kill its process as soon as so many assets are reported."""
    process = subprocess.Popen(
        [COMMAND, "run"], env=os.environ | project.environment(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for _ in range(finished_assets):
        assert process.stdout.readline().startswith("✓")
    process.kill()
    process.communicate()
    assert process.returncode == -9
