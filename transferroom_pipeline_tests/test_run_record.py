"""A run that would change nothing is not started."""

import os
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from sqlmesh_assets.ledger import read_ledger, write_ledger
from transferroom_pipeline.automation.jobs import MIGRATION
from transferroom_pipeline.definitions import build_definitions
from transferroom_pipeline.run_record import RunRecord, code_digest, inputs_digest, outputs_digest, unchanged_since
from transferroom_pipeline.settings import Settings
from transferroom_pipeline_tests.conftest import Project

NOW = datetime.now(UTC)
VIEWS = [dg.AssetKey(["analytics", table]) for table in ("derived_a", "derived_b", "derived_c")]


@pytest.fixture
def instance(migrated: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", str(migrated.root / "dagster_home"))
    with dg.DagsterInstance.get() as instance:
        yield instance


@pytest.fixture
def settled(migrated: Project) -> RunRecord:
    """The record of the run of the project, as if that had made the files where they are now."""
    record = RunRecord.model_validate_json(migrated.settings.run_record.read_bytes())
    inputs = inputs_digest(migrated.settings, code_digest(), NOW.date())
    return write(migrated, record.model_copy(update={"inputs": inputs, "outputs": outputs_digest(migrated.settings)}))


def write(project: Project, record: RunRecord) -> RunRecord:
    project.settings.run_record.write_text(record.model_dump_json(), encoding="utf-8")
    return record


def found(
    settings: Settings, instance: dg.DagsterInstance, *, wanted: Collection[dg.AssetKey] = VIEWS, now: datetime = NOW
) -> RunRecord | None:
    return unchanged_since(settings, instance, MIGRATION, wanted, now)


def test_a_run_after_which_nothing_changed_is_found(
    migrated: Project, settled: RunRecord, instance: dg.DagsterInstance
) -> None:
    assert found(migrated.settings, instance) == settled
    assert settled.selected is None


def same_size_and_time(project: Project) -> None:
    file = project.settings.source_dir / "players.csv"
    before = file.stat()
    file.write_bytes(file.read_bytes().replace(b"Forward", b"Defende", 1))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "change",
    [
        same_size_and_time,
        lambda project: (project.settings.source_dir / "options.yaml").write_text("{}", encoding="utf-8"),
        lambda project: (project.settings.source_dir / "clubs.csv").unlink(),
        lambda project: project.target("UPDATE raw.players SET age = age + 1 WHERE rowid = 0"),
        lambda project: project.legacy("CREATE TABLE prod.another AS SELECT 1 AS id"),
        lambda project: (project.settings.results_dir / "summary.csv").unlink(),
        lambda project: project.settings.models_ledger.unlink(),
        lambda project: project.settings.run_record.write_text("{}", encoding="utf-8"),
        lambda project: project.settings.run_record.unlink(),
    ],
)
def test_whatever_a_run_reads_or_leaves_counts_when_it_changes(
    migrated: Project, settled: RunRecord, instance: dg.DagsterInstance, change: Callable[[Project], object]
) -> None:
    change(migrated)
    assert found(migrated.settings, instance) is None


def test_other_settings_and_another_day_count_as_changes(
    migrated: Project, settled: RunRecord, instance: dg.DagsterInstance
) -> None:
    assert found(migrated.settings.model_copy(update={"as_of": NOW.date()}), instance) is None
    assert found(migrated.settings, instance, now=NOW + timedelta(days=1)) is None


@pytest.mark.parametrize(
    "record", [{"selected": frozenset({"analytics/derived_a"})}, {"run_id": "gone"}, {"selected": None, "job": "other"}]
)
def test_a_run_of_fewer_assets_or_one_that_nobody_knows_does_not_count(
    migrated: Project, settled: RunRecord, instance: dg.DagsterInstance, record: dict[str, object]
) -> None:
    write(migrated, settled.model_copy(update=record))
    assert found(migrated.settings, instance) is None


@pytest.mark.parametrize(
    "change", [{"unfinished": {"prod.derived_a": "waiting for its signal s"}}, {"computations": {}}]
)
def test_a_run_that_left_a_model_to_be_computed_does_not_count(
    migrated: Project, settled: RunRecord, instance: dg.DagsterInstance, change: dict[str, object]
) -> None:
    file = migrated.settings.models_ledger
    write_ledger(file, read_ledger(file).model_copy(update=change))
    write(migrated, settled.model_copy(update={"outputs": outputs_digest(migrated.settings)}))
    assert found(migrated.settings, instance) is None


def test_a_run_that_failed_does_not_count(migrated: Project, settled: RunRecord, instance: dg.DagsterInstance) -> None:
    run = instance.get_run_by_id(settled.run_id)
    assert run is not None
    instance.report_run_failed(run)
    assert found(migrated.settings, instance) is None


def test_the_command_starts_no_run_then_and_says_so(migrated: Project, instance: dg.DagsterInstance) -> None:
    selection = ("--select", "group:cutover")
    first = migrated.call("run", *selection)
    runs = instance.get_runs_count()
    second = migrated.call("run", *selection)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert second.output.startswith("Nothing has changed since run ")
    assert instance.get_runs_count() == runs
    assert not migrated.call("run", "--again", *selection).output.startswith("Nothing has changed")
    assert instance.get_runs_count() == runs + 1


def test_a_tick_of_a_schedule_of_models_starts_a_run_only_if_something_may_have_changed(
    migrated: Project, settled: RunRecord, instance: dg.DagsterInstance
) -> None:
    repository = build_definitions(migrated.settings).get_repository_def()
    schedule = next(each for each in repository.schedule_defs if each.name.startswith("models_every_"))

    def tick() -> list[dg.RunRequest]:
        context = dg.build_schedule_context(instance, scheduled_execution_time=NOW, repository_def=repository)
        return list(schedule.evaluate_tick(context).run_requests or [])

    assert tick() == []
    migrated.target("UPDATE raw.players SET age = age + 1 WHERE rowid = 0")
    assert len(tick()) == 1
