"""The `transferroom` command.

Commands are imported when they are called: comparing two tables must not wait for Dagster or SQLMesh.
"""

import gc
from importlib import import_module
from typing import TYPE_CHECKING

import click

from transferroom_pipeline.exceptions import TransferRoomError
from transferroom_pipeline.interruptions import exit_code
from transferroom_pipeline.private_files import keep_files_private

if TYPE_CHECKING:
    from transferroom_pipeline.configured_comparisons import ConfiguredComparisons

EXIT_ERROR = 2
GARBAGE_THRESHOLD = 500_000
"""Objects allocated and not freed between two searches for garbage; Python's own is 700."""

COMMANDS = {
    "run": ("transferroom_pipeline.run_command", "run_command"),
    "compare": ("transferroom_pipeline.comparisons.command", "compare_command"),
    "clean-up": ("transferroom_pipeline.retention.command", "clean_up_command"),
    "sqlmesh": ("transferroom_pipeline.sqlmesh_command", "sqlmesh_command"),
    "spec-schema": ("transferroom_pipeline.comparisons.spec_schema", "spec_schema_command"),
    "sample-data": ("transferroom_pipeline.sources.sample_data", "sample_data_command"),
    "data-dictionary": ("transferroom_pipeline.sources.dictionary", "dictionary_command"),
    "tsql": ("transferroom_pipeline.legacy.tsql.command", "tsql_command"),
    "tsql-rules": ("transferroom_pipeline.legacy.tsql.rules_document", "rules_command"),
}
"""Name of each command, with the module and the name of what carries it out."""


class LazyGroup(click.Group):
    """A group that imports a command when it is called or its help is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command of a name."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name]
        # Imports, and the expressions that sqlglot builds, allocate much and leave little garbage: looking for it as
        # often as Python does by default takes a tenth of a run.
        gc.set_threshold(GARBAGE_THRESHOLD)
        command: click.Command = getattr(import_module(module), attribute)
        gc.freeze()
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; an error that a person can put right is one sentence and exit code 2."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            # click would exit with 1, which says that something is not proven.
            click.echo("Interrupted.", err=True)
            ctx.exit(exit_code())
        except TransferRoomError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(EXIT_ERROR)


@click.group(cls=LazyGroup, help="TransferRoom's migration from SQL Server to Databricks.")
@click.version_option(package_name="transferroom-pipeline")
@click.pass_context
def main(context: click.Context) -> None:
    """The entry point of the command."""
    keep_files_private()
    context.obj = configured_target


def configured_target() -> "ConfiguredComparisons":
    """What `transferroom compare --all` compares: the project's own tables on the target of the settings."""
    comparisons = import_module("transferroom_pipeline.configured_comparisons")
    settings = import_module("transferroom_pipeline.settings")
    configured: ConfiguredComparisons = comparisons.ConfiguredComparisons(settings.load_settings())
    return configured
