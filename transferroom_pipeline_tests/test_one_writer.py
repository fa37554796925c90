"""One process at a time works on the data; whoever comes second waits, and says for whom."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from transferroom_pipeline.definitions import build_definitions
from transferroom_pipeline_tests.conftest import Project

COMMAND = str(Path(sys.executable).with_name("transferroom"))

HOLD_THE_LOCK = """
import sys
from transferroom_pipeline.settings import load_settings
with load_settings().write_lock.held("somebody else", print):
    print("ready", flush=True)
    sys.stdin.read()
"""

READ_THE_TARGET = """
import sys
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.settings import load_settings
with connect(load_settings().target_database, read_only=True):
    print("ready", flush=True)
    sys.stdin.read()
"""

READ_THE_TARGET_AGAIN_AND_AGAIN = """
import time
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.exceptions import PlatformError
from transferroom_pipeline.settings import load_settings
target = load_settings().target_database
print("ready", flush=True)
while True:
    try:
        with connect(target, read_only=True):
            time.sleep(0.1)
    except PlatformError:
        pass
    time.sleep(0.01)
"""


def test_a_run_waits_for_a_limit_and_says_for_whom(migrated: Project) -> None:
    with other_process(migrated, holding=HOLD_THE_LOCK) as process:
        result = migrated.call("run", "--select", "group:cutover", TRANSFERROOM_LOCK_TIMEOUT="0.5")
    assert result.exit_code == 2
    told = f"somebody else (process {process}, since "
    assert result.output.startswith(told)
    assert "waiting for at most 0.5 s" in result.output
    assert f"Error: {told}" in result.output
    assert "TRANSFERROOM_LOCK_TIMEOUT" in result.output


@pytest.mark.parametrize("holding", [HOLD_THE_LOCK, READ_THE_TARGET])
def test_a_run_begins_when_the_other_process_ends(migrated: Project, holding: str) -> None:
    with (
        other_process(migrated, holding=holding) as process,
        started(migrated, [COMMAND, "run", "--select", "group:cutover"]) as run,
    ):
        waiting = run.stdout.readline() if run.stdout else ""
        assert f"process {process}" in waiting
        assert waiting.endswith("waiting for at most 600 s\n")
        os.kill(process, signal.SIGKILL)
        output, _ = run.communicate()
    assert run.returncode == 0, output
    assert shown(migrated, "derived_a") == "prod"


def test_a_reader_who_comes_again_and_again_fails_no_step(migrated: Project) -> None:
    with other_process(migrated, holding=READ_THE_TARGET_AGAIN_AND_AGAIN):
        result = migrated.call("run", "--select", "key:raw/players or key:prod/derived_a or key:models/plan")
        planned = sqlmesh(migrated, "plan", "--auto-apply", "--no-prompts")
    assert result.exit_code == 0, result.output
    assert planned.returncode == 0, planned.stderr


def test_comparing_all_tables_waits_as_well_and_takes_nothing_from_consumers_meanwhile(migrated: Project) -> None:
    with other_process(migrated, holding=HOLD_THE_LOCK):
        result = migrated.call("compare", "--all", TRANSFERROOM_LOCK_TIMEOUT="0.5")
    assert result.exit_code == 2
    assert "Error: somebody else (process " in result.output
    assert shown(migrated, "derived_a") == "prod"


@pytest.mark.parametrize("asset", ["prod/derived_a", "comparison/derived_a", "analytics/derived_a", "raw/players"])
def test_every_run_of_dagster_waits_whoever_starts_it(
    migrated: Project, asset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in migrated.environment().items():
        monkeypatch.setenv(name, value)
    settings = migrated.settings.model_copy(update={"lock_timeout": 0.5})
    job = build_definitions(settings).resolve_job_def("migration")
    with other_process(migrated, holding=HOLD_THE_LOCK), dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance, asset_selection=[dg.AssetKey(asset.split("/"))], raise_on_error=False
        )
        [failure] = [event for event in result.all_events if event.is_failure]
    assert "somebody else" in str(failure)
    assert shown(migrated, "derived_a") == "prod"


def test_sqlmesh_s_own_command_waits_and_takes_its_tables_from_consumers_until_they_are_proven_again(
    migrated: Project,
) -> None:
    with other_process(migrated, holding=HOLD_THE_LOCK):
        refused = sqlmesh(migrated, "plan", TRANSFERROOM_LOCK_TIMEOUT="0.5")
    assert refused.returncode == 2
    assert "Error: somebody else" in refused.stderr
    assert shown(migrated, "derived_a") == "prod"
    for leaves_tables_alone in (["test"], ["plan", "--help"], ["--help"]):
        assert sqlmesh(migrated, *leaves_tables_alone).returncode == 0
        assert shown(migrated, "derived_a") == "prod"
    planned = sqlmesh(migrated, "plan", "--auto-apply", "--no-prompts")
    assert planned.returncode == 0, planned.stderr
    assert shown(migrated, "derived_a") == "raw"
    assert migrated.call("run", "--select", "group:cutover").exit_code == 0
    assert shown(migrated, "derived_a") == "raw"
    assert migrated.call("run", "--select", "group:comparisons or group:cutover").exit_code == 0
    assert shown(migrated, "derived_a") == "prod"


def test_a_command_of_sqlmesh_that_may_do_anything_takes_the_tables_from_consumers_too(migrated: Project) -> None:
    assert sqlmesh(migrated, "fetchdf", "SELECT 1").returncode == 0
    assert shown(migrated, "derived_a") == "raw"


def test_the_time_to_wait_is_for_all_files_of_a_run_together(migrated: Project) -> None:
    with other_process(migrated, holding=READ_THE_TARGET):
        result = migrated.call("run", "--select", "group:comparisons", TRANSFERROOM_LOCK_TIMEOUT="0.6")
    assert result.exit_code != 0
    assert result.output.count("waiting for at most 0.6 s") == 1
    assert result.output.count("waiting for at most") == 1


def sqlmesh(project: Project, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call SQLMesh's own command, in a process of its own: it sets up logging for all that runs in one."""
    command = [COMMAND, "sqlmesh", *arguments]
    variables = os.environ | project.environment() | environment
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


def shown(project: Project, table: str) -> str:
    """The schema whose table the view of a table shows."""
    query = f"SELECT sql FROM duckdb_views() WHERE schema_name = 'analytics' AND view_name = '{table}'"
    [(definition,)] = project.target(query)
    return "prod" if f"prod.{table}" in str(definition) else "raw"


@contextmanager
def other_process(project: Project, *, holding: str) -> Iterator[int]:
    """A process that holds something until the block ends; gives its number."""
    with started(project, [sys.executable, "-c", holding]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process.pid


@contextmanager
def started(project: Project, command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """A process on the project, which ends with the block at the latest."""
    environment = os.environ | project.environment()
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
