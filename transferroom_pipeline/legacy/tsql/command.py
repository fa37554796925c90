"""`transferroom tsql`: what is found in files of T-SQL."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import click

from transferroom_pipeline.legacy.exceptions import LegacyError
from transferroom_pipeline.legacy.tsql.findings import of_verdict
from transferroom_pipeline.legacy.tsql.reading import read_tsql
from transferroom_pipeline.legacy.tsql.stand_in import judge
from transferroom_pipeline.legacy.tsql.types import Columns
from transferroom_pipeline.legacy.tsql.verdicts import ENGINE_NAMES, Engine, Verdict
from transferroom_pipeline.strict_yaml import read_yaml

_EXIT_REFUSED = 1


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--engine", type=click.Choice(get_args(Engine)), default="duckdb", show_default=True, help="Engine to judge for."
)
@click.option(
    "--columns",
    type=click.Path(dir_okay=False, path_type=Path),
    help="YAML file with the SQL Server types of columns: table, then column: type. Without it, more is in doubt.",
)
@click.pass_context
def tsql_command(context: click.Context, files: Sequence[Path], engine: Engine, columns: Path | None) -> None:
    """List what FILES of T-SQL hold that means something else elsewhere, with line and column.

    Exit code: 0 when nothing is refused, 1 when something is, 2 when a file cannot be read.
    """
    types = read_columns(columns) if columns is not None else {}
    refused = sum([_report(file, types, engine) for file in files])
    counted = "1 file" if len(files) == 1 else f"{len(files)} files"
    click.echo(f"{counted}, {refused} refused on {ENGINE_NAMES[engine]}")
    context.exit(_EXIT_REFUSED if refused else 0)


def _report(file: Path, columns: Columns, engine: Engine) -> bool:
    """Print the findings of a file; whether it is refused."""
    found = judge(read_tsql(file), columns, engine=engine)
    for finding in found:
        click.echo(f"{file}:{finding.line}:{finding.column}: {finding.verdict(engine)}: {finding.text}")
    return bool(of_verdict(found, engine, Verdict.REFUSE))


def read_columns(file: Path) -> Columns:
    """The types of columns that a YAML file gives by table and column.

    Raises:
        LegacyError: It cannot be read, or is not of that form.
    """
    try:
        found = read_yaml(file)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise LegacyError(f"file of column types {file} cannot be read: {reason}") from error
    is_valid = isinstance(found, dict) and all(
        isinstance(columns, dict) and all(isinstance(kind, str) for kind in columns.values())
        for columns in found.values()
    )
    if not is_valid:
        raise LegacyError(f"file of column types {file} must give for each table its columns with their types, as text")
    return {str(table): {str(name): kind for name, kind in columns.items()} for table, columns in found.items()}
