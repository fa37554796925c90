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


MATERIALIZE = ("asset", "materialize", "-m", MODULE, "--select")


def test_a_comparison_that_differs_fails_the_command_and_says_what_differs(migrated: Project) -> None:
    migrated.target(f"UPDATE {rebuilt_table(migrated, 'derived_a')} SET league = 'Elsewhere'")
    done = dagster(migrated, *MATERIALIZE, "key:comparison/derived_a")
    assert done.returncode == 1
    printed = done.stdout + done.stderr
    assert "derived_a: DIFFERS (raw.derived_a versus prod.derived_a)" in printed
    assert "    league: " in printed
    assert f"Reports: {migrated.settings.results_dir}" in printed
    assert dagster(migrated, *MATERIALIZE, "key:comparison/derived_b").returncode == 0


def test_a_file_that_breaks_its_contract_fails_the_command_and_says_which_rows(migrated: Project) -> None:
    header, first, *_ = migrated.lines("players")
    migrated.rewrite("players", [header, ",".join(["", *first.split(",")[1:]])])
    done = dagster(migrated, *MATERIALIZE, "key:legacy/players")
    assert done.returncode == 1
    printed = done.stdout + done.stderr
    file = migrated.settings.source_dir / "players.csv"
    assert f"Failure: 1 of 1 rows of {file} break the contract" in printed
    assert "players.csv line 2: player_id" in printed
