"""Removing what SQLMesh keeps of versions that no environment shows any more; importing this imports SQLMesh."""

from collections.abc import Callable

from sqlmesh.core.state_sync.common import ExpiredBatchRange
from sqlmesh.utils.date import now_timestamp

from sqlmesh_assets.project import SQLMeshProject
from sqlmesh_assets.running import Runner


def tidy(project: SQLMeshProject, *, dry_run: bool, on_warning: Callable[[str], None]) -> int:
    """Let SQLMesh remove expired environments and versions of models, and merge the intervals it has written down.

    Args:
        project: The project.
        dry_run: Only look.
        on_warning: Told what SQLMesh warns of.

    Returns:
        How many versions of models have expired.

    Raises:
        SQLMeshAssetsError: SQLMesh's state or the target cannot be opened, or something cannot be removed.
    """
    runner = Runner(project, (), on_computed=lambda name, found: None, on_warning=on_warning)  # noqa: ARG005
    with runner.opened() as context:
        everything = ExpiredBatchRange.all_batch_range()
        expired = context.state_reader.get_expired_snapshots(batch_range=everything, current_ts=now_timestamp())
        if not dry_run:
            context.run_janitor(ignore_ttl=False)
    return 0 if expired is None else len(expired.expired_snapshot_ids)
