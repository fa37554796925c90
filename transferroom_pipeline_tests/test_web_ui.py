"""The web UI as a person sees it, in a real browser."""

import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from transferroom_pipeline.settings import PROJECT_ROOT
from transferroom_pipeline_tests.conftest import COMPARED, Project
from transferroom_pipeline_tests.test_migration import rebuilt_table

pytestmark = pytest.mark.slow

CHROMIUM = shutil.which("chromium")
CHROMIUM_OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"),
]
PATIENCE = 60_000
"""Milliseconds that a page may take; the first one compiles."""


@pytest.fixture
def server(migrated: Project) -> Iterator[tuple[Project, str]]:
    """The web server on a migration in which one table differs and one audit fails; stops with the test."""
    migrated.target("UPDATE raw.players SET age = 51 WHERE player_id = (SELECT min(player_id) FROM prod.derived_a)")
    assert migrated.call("run", "--select", "group:models").exit_code == 0
    migrated.target(f"DELETE FROM {rebuilt_table(migrated, 'derived_a')}")
    assert migrated.call("run", "--select", "group:comparisons").exit_code == 1
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("dagster-webserver")), "--host", "127.0.0.1", "--port", str(port)]
    log = (migrated.root / "webserver.log").open("w", encoding="utf-8")
    process = subprocess.Popen(
        command, env=os.environ | migrated.environment(), cwd=PROJECT_ROOT, stdout=log, stderr=subprocess.STDOUT
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address, process)
        yield migrated, address
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Ask until the server answers; a server that has ended will not."""
    while process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/server_info", timeout=10):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            continue
    pytest.fail("the web server ended before it answered")


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """A page in a headless browser."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(PATIENCE)
        yield page
        page.screenshot(path=tmp_path / "last.png")
        browser.close()


def test_lineage_assets_and_a_failed_check_are_there_to_see(server: tuple[Project, str], page: Page) -> None:
    _, address = server
    page.goto(f"{address}/asset-groups")
    for stage in ("sources", "legacy", "replication", "models", "comparisons", "cutover"):
        expect(page.get_by_text(stage, exact=True).first).to_be_visible(timeout=PATIENCE)

    page.goto(f"{address}/assets/prod/derived_b")
    expect(page.get_by_text("Completed permanent transfers").first).to_be_visible(timeout=PATIENCE)

    page.goto(f"{address}/assets/comparison/derived_a?view=checks&checkDetail=verdict")
    expect(page.get_by_text("DIFFERS").first).to_be_visible(timeout=PATIENCE)


def test_a_model_shows_where_it_comes_from_and_what_its_audits_found(server: tuple[Project, str], page: Page) -> None:
    _, address = server
    page.goto(f"{address}/assets/prod/derived_c?view=overview")
    expect(page.get_by_text("Sum of their fees, in millions.").first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("derived_c.sql").first).to_be_visible()
    page.get_by_role("row", name="column_lineage").get_by_text("[Show Markdown]").first.click()
    expect(page.get_by_text("raw.transfers.transfer_fee_millions").first).to_be_visible(timeout=PATIENCE)
    job = "locations/transferroom_pipeline.definitions/jobs/backfill_prod_derived_b_incremental"
    page.goto(f"{address}/{job}/partitions")
    expect(page.get_by_role("button", name="Launch backfill").first).to_be_visible(timeout=PATIENCE)
    page.goto(f"{address}/assets/prod/derived_a?view=checks&checkDetail=accepted_range_non_blocking")
    expect(page.get_by_text("failing_rows").first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("sample", exact=True).first).to_be_visible()


EXECUTE_AGAIN = """
mutation Again($run: String!) {
  launchRunReexecution(reexecutionParams: {parentRunId: $run, strategy: ALL_STEPS}) {
    __typename
    ... on LaunchRunSuccess { run { jobName assetSelection { path } tags { key value } } }
    ... on PythonError { message }
  }
}
"""


def test_a_run_of_the_command_is_on_its_job_and_can_be_executed_again(server: tuple[Project, str], page: Page) -> None:
    project, address = server
    with dg.DagsterInstance.from_config(str(project.root / "dagster_home")) as instance:
        parent = instance.get_runs(limit=1)[0]
    page.goto(f"{address}/locations/transferroom_pipeline.definitions/jobs/migration/runs")
    expect(page.get_by_text(parent.run_id[:8]).first).to_be_visible(timeout=PATIENCE)
    page.goto(f"{address}/runs/{parent.run_id}")
    expect(page.get_by_text("Re-execute").first).to_be_visible(timeout=PATIENCE)

    answer = page.request.post(
        f"{address}/graphql", data={"query": EXECUTE_AGAIN, "variables": {"run": parent.run_id}}
    ).json()["data"]["launchRunReexecution"]

    assert answer["__typename"] == "LaunchRunSuccess", answer
    run = answer["run"]
    assert (run["jobName"], len(run["assetSelection"])) == ("migration", len(COMPARED))
    assert {"key": "transferroom/selection", "value": "group:comparisons"} in run["tags"]
