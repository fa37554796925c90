"""Each use of private parts of Dagster, with the reason: what the project needs and Dagster has no public way to."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

CODE_LOCATION = "transferroom_pipeline.definitions"
"""The module of the code location, and its name in the web UI: that of workspace.yaml."""

_REPOSITORY = "__repository__"
"""What Dagster calls the definitions of a module."""


def run_job(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    run_id: str,
    *,
    config: Mapping[str, Any],
    selection: Sequence[dg.AssetKey] | None,
    tags: Mapping[str, str],
) -> dg.JobExecutionResult:
    """Run a job in this process as if the web UI had started it: it is in the timeline and can be executed again.

    `JobDefinition.execute_in_process` leaves a run that belongs to no code location, which the web UI shows with no job
    and cannot execute again.

    Args:
        job: The job.
        instance: Where the run is kept.
        run_id: Its id.
        config: Its configuration.
        selection: The assets; None for all of the job.
        tags: Further tags of the run.
    """
    run = instance.create_run_for_job(
        job,
        run_id=run_id,
        run_config=config,
        tags={**job.run_tags, **tags},
        asset_selection=None if selection is None else frozenset(selection),
        remote_job_origin=_origin(job.name),
    )
    return execute_run(InMemoryJob(job), run, instance)


def _origin(job: str) -> RemoteJobOrigin:
    """Where the web UI finds a job."""
    target = LoadableTargetOrigin(module_name=CODE_LOCATION)
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, location_name=CODE_LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, _REPOSITORY), job)


@contextmanager
def history_held_open(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Hold SQLite's event logs open while a run writes to them.

    Dagster opens and closes them for every event, and each time the last connection closes, SQLite writes the whole
    write-ahead log back: more work than all the events themselves.
    """
    storage = instance.event_log_storage
    with ExitStack() as held:
        if isinstance(storage, SqliteEventLogStorage):
            for shard in (INDEX_SHARD_NAME, run_id):
                log = held.enter_context(closing(sqlite3.connect(storage.path_for_shard(shard))))
                log.execute("PRAGMA journal_mode = WAL")
        yield
