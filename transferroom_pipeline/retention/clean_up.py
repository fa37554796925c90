"""The clean-up: what is kept no longer, in all the places where a run writes."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

import dagster as dg

from transferroom_pipeline.models.project import sqlmesh_project
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.retention.dagster_history import remove_runs
from transferroom_pipeline.retention.evidence import remove_evidence
from transferroom_pipeline.retention.loads import remove_load_records, remove_working_folders
from transferroom_pipeline.retention.removal import Removal
from transferroom_pipeline.run_record import read_record
from transferroom_pipeline.settings import Settings


def clean_up(
    settings: Settings,
    instance: dg.DagsterInstance,
    checks: Iterable[dg.AssetCheckKey],
    now: datetime,
    *,
    dry_run: bool,
    warn: Callable[[str], None],
) -> Iterator[Removal]:
    """Remove what is older than the settings say, one kind after the other.

    To be called by the only process that works on the data.

    Args:
        settings: Where everything is, and how long it is kept.
        instance: Dagster's history.
        checks: All checks of the code location.
        now: The time that ages are counted from, in UTC.
        dry_run: Only say what would go.
        warn: Told what SQLMesh warns of.

    Raises:
        PlatformError: A database cannot be opened.
        SQLMeshAssetsError: SQLMesh's state cannot be cleaned up.
    """
    old_runs, old_evidence, old_differences = (
        now - timedelta(days=days)
        for days in (settings.keep_runs_days, settings.keep_evidence_days, settings.keep_differences_days)
    )
    last = read_record(settings.run_record)
    kept = [] if last is None else [last.run_id]
    yield remove_runs(instance, checks, kept, before=old_runs, dry_run=dry_run)
    if settings.target_database.is_file():
        with connect(settings.target_database) as connection:
            yield from remove_evidence(
                connection, before=old_evidence, differences_before=old_differences, dry_run=dry_run
            )
    for database in (settings.legacy_database, settings.target_database):
        if database.is_file():
            with connect(database) as connection:
                yield from remove_load_records(connection, database.parent.name, before=old_runs, dry_run=dry_run)
    yield remove_working_folders(settings.dlt_dir, dry_run=dry_run)
    if settings.sqlmesh_state.is_file():
        yield Removal("versions of models that nothing shows", _tidy_models(settings, warn, dry_run=dry_run))


def _tidy_models(settings: Settings, warn: Callable[[str], None], *, dry_run: bool) -> int:
    # Imported only now: it imports SQLMesh.
    from sqlmesh_assets.janitor import tidy  # noqa: PLC0415

    return tidy(sqlmesh_project(settings), dry_run=dry_run, on_warning=warn)
