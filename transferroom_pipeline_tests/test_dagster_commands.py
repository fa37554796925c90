"""The code location through Dagster's own commands, as CI and the web UI start it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from transferroom_pipeline.settings import PROJECT_ROOT
from transferroom_pipeline_tests.conftest import Project
from transferroom_pipeline_tests.test_migration import rebuilt_table

pytestmark = pytest.mark.slow

MODULE = "transferroom_pipeline.definitions"


def dagster(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Call `dagster` from the repository's root with the folders of a project."""
    command = [str(Path(sys.executable).with_name("dagster")), *arguments]
    environment = os.environ | project.environment()
    return subprocess.run(
        command, env=environment, cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=300, check=False
    )


def test_the_code_location_is_valid(fresh: Project) -> None:
    assert dagster(fresh, "definitions", "validate").returncode == 0


def test_materializing_everything_proves_every_table(fresh: Project) -> None:
    done = dagster(fresh, "asset", "materialize", "-m", MODULE, "--select", "*")
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = fresh.target("SELECT DISTINCT verdict FROM migration.comparison_runs")
    assert verdicts == [("proven",)]
    assert max(len(line) for line in (done.stdout + done.stderr).splitlines()) < 1000, "a library dumps its insides"


def test_a_comparison_that_differs_fails_the_command(migrated: Project) -> None:
    migrated.target(f"DELETE FROM {rebuilt_table(migrated, 'derived_a')}")
    select = ("asset", "materialize", "-m", MODULE, "--select")
    assert dagster(migrated, *select, "key:comparison/derived_a").returncode == 1
    assert dagster(migrated, *select, "key:comparison/derived_b").returncode == 0
