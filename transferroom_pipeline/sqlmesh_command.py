"""The command `transferroom sqlmesh`."""

import os
from collections.abc import Sequence
from typing import NoReturn

import click

from transferroom_pipeline.cutover.interlock import withdraw_before_change
from transferroom_pipeline.legacy.tables import LEGACY_TABLES
from transferroom_pipeline.models.project import keep_home_in_data
from transferroom_pipeline.platforms.duckdb_database import connect, held_open
from transferroom_pipeline.settings import Settings, load_settings

ONLY_READS = {
    *("audit", "create_test", "dag", "diff", "environments", "evaluate", "format", "info", "lint", "render"),
    *("table_diff", "table_name", "test"),
}
"""Commands of SQLMesh that leave the rebuilt tables as they are; after any other a proof need not hold any more."""

_HELP = {"--help", "--version"}


@click.command(
    "sqlmesh",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="ARGUMENTS")
def sqlmesh_command(arguments: Sequence[str]) -> None:
    """Call SQLMesh's own command on the project, as the only process that works on the data.

    A command that may change the rebuilt tables takes them from consumers first, until they are proven again.
    """
    settings = load_settings()
    keep_home_in_data(settings)
    places = {"--log-file-dir": settings.data_dir / "logs" / "sqlmesh", "--paths": settings.sqlmesh_project}
    call = [*(word for option, place in places.items() for word in (option, str(place))), *arguments]
    if not arguments or _HELP.intersection(arguments):
        _call(call)
    command = next((argument for argument in arguments if not argument.startswith("-")), None)
    with settings.write_lock.held(f"transferroom sqlmesh {' '.join(arguments)}", click.echo):
        if command not in ONLY_READS and settings.target_database.is_file():
            _withdraw(settings)
        with held_open(settings.target_database):
            _call(call)


def _withdraw(settings: Settings) -> None:
    with connect(settings.target_database) as connection:
        withdraw_before_change(connection, [table.name for table in LEGACY_TABLES])
    compare = "transferroom run --select 'group:comparisons or group:cutover'"
    click.echo(f"The analytics views show the legacy copies until the tables are compared again: {compare}")


def _call(arguments: list[str]) -> NoReturn:
    """In this process, which holds the lock: it is given back when SQLMesh has ended, however it ends."""
    os.environ.setdefault("MAX_FORK_WORKERS", "1")  # A child would hold the lock, too.
    from sqlmesh.cli.main import cli  # noqa: PLC0415 - takes long, and the lock comes first

    cli(arguments, prog_name="transferroom sqlmesh")
    raise SystemExit  # Which SQLMesh's command does itself.
