"""Removing old runs from Dagster's history, with their events, checks and logs."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import dagster as dg
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage

from transferroom_pipeline.retention.removal import Removal

_BATCH = 500


def remove_runs(
    instance: dg.DagsterInstance,
    checks: Iterable[dg.AssetCheckKey],
    keep: Iterable[str],
    *,
    before: datetime,
    dry_run: bool,
) -> Removal:
    """Remove the finished runs from before a moment.

    Kept are those in which an asset was last materialized or observed, or a check last evaluated: by them the web UI
    says what is known of it.

    Args:
        instance: The history.
        checks: All checks.
        keep: Further runs to keep.
        before: Older runs go.
        dry_run: Only say what would go.
    """
    needed = {*keep, *_runs_of_assets(instance), *_runs_of_checks(instance, checks)}
    filters = dg.RunsFilter(statuses=list(FINISHED_STATUSES), created_before=before)
    outdated = [run.run_id for run in instance.get_runs(filters) if run.run_id not in needed]
    if not dry_run:
        for run_id in outdated:
            instance.delete_run(run_id)
            instance.compute_log_manager.delete_logs(prefix=[run_id])
        _remove_what_dagster_leaves(instance, outdated)
    return Removal("runs of Dagster", len(outdated))


def _runs_of_assets(instance: dg.DagsterInstance) -> Iterator[str]:
    """The runs of the newest materialization and observation of each asset."""
    for record in instance.get_asset_records():
        entry = record.asset_entry
        newest = (entry.last_materialization_record, *instance.fetch_observations(entry.asset_key, limit=1).records)
        yield from (event.run_id for event in newest if event is not None)


def _runs_of_checks(instance: dg.DagsterInstance, checks: Iterable[dg.AssetCheckKey]) -> Iterator[str]:
    newest = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(checks))
    return (record.run_id for record in newest.values())


def _remove_what_dagster_leaves(instance: dg.DagsterInstance, runs: list[str]) -> None:
    """The evaluations of checks, the files of events, and the room that both took in files of SQLite."""
    storage = instance.event_log_storage
    if isinstance(storage, SqlEventLogStorage):
        with storage.index_connection() as connection:
            for start in range(0, len(runs), _BATCH):
                of_runs = AssetCheckExecutionsTable.c.run_id.in_(runs[start : start + _BATCH])
                connection.execute(AssetCheckExecutionsTable.delete().where(of_runs))
    if isinstance(storage, SqliteEventLogStorage) and runs:
        for run_id in runs:
            events = Path(storage.path_for_shard(run_id))
            for file in (events, *(events.with_name(f"{events.name}-{part}") for part in ("wal", "shm"))):
                file.unlink(missing_ok=True)
        with closing(sqlite3.connect(storage.path_for_shard(INDEX_SHARD_NAME))) as index:
            index.execute("VACUUM")
