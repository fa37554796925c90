"""The command `transferroom clean-up`."""

from datetime import UTC, datetime
from functools import partial

import click

from sqlmesh_assets.exceptions import SQLMeshAssetsError
from transferroom_pipeline.definitions import build_definitions
from transferroom_pipeline.exceptions import TransferRoomError
from transferroom_pipeline.retention.clean_up import clean_up
from transferroom_pipeline.running import open_instance
from transferroom_pipeline.settings import load_settings


@click.command("clean-up")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
def clean_up_command(*, dry_run: bool) -> None:
    """Remove old runs, evidence, differences and leftovers; how long they are kept are settings.

    The newest comparison of each table, every change of a verdict, and what a view rests on are kept for ever.
    """
    settings = load_settings()
    warn = partial(click.echo, err=True)
    with settings.write_lock.held("transferroom clean-up", click.echo), open_instance() as instance:
        checks = build_definitions(settings).resolve_asset_graph().asset_check_keys
        try:
            for removal in clean_up(settings, instance, checks, datetime.now(UTC), dry_run=dry_run, warn=warn):
                click.echo(f"{removal.count:>10,} {removal.what} {'would be removed' if dry_run else 'removed'}")
        except SQLMeshAssetsError as error:
            raise TransferRoomError(str(error)) from error
