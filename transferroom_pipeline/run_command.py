"""The command `transferroom run`."""

import time
from pathlib import Path

import click

from transferroom_pipeline.comparisons.history import KeptVerdict, latest_verdict
from transferroom_pipeline.comparisons.result import Verdict
from transferroom_pipeline.cutover.views import read_state
from transferroom_pipeline.definitions import build_definitions
from transferroom_pipeline.legacy.tables import LEGACY_TABLES
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.running import RunOutcome, open_instance, run_assets
from transferroom_pipeline.settings import Settings, load_settings

EVERYTHING = "*"


@click.command("run")
@click.option(
    "--select",
    "selection",
    default=EVERYTHING,
    show_default=True,
    metavar="SELECTION",
    help="Which assets, as in Dagster.",
)
@click.pass_context
def run_command(context: click.Context, selection: str) -> None:
    """Run the migration, or the assets of a selection on what is there already.

    Exit code: 0 when everything ran and every comparison of the run is proven, 1 when not, 2 for a mistake in the call.
    """
    started = time.perf_counter()
    settings = load_settings()
    definitions = build_definitions(settings)
    with open_instance() as instance:
        outcome = run_assets(definitions, selection, instance)
    proven = _report(settings, outcome)
    seconds = time.perf_counter() - started
    done = outcome.success and proven
    ending = click.style("done", fg="green") if done else click.style("not done: see the lines marked ✗", fg="red")
    click.echo(f"\nRun {outcome.run_id[:8]} {ending} ({seconds:.1f} s). History and lineage: make dev")
    context.exit(0 if done else 1)


def _report(settings: Settings, outcome: RunOutcome) -> bool:
    """Print the verdicts of the run and where the reports are; whether all of them are proven."""
    rows = _verdicts(settings, outcome.run_id)
    if not rows:
        return True
    click.echo("\nComparisons")
    for verdict, serving in rows:
        colour = "green" if verdict.verdict is Verdict.PROVEN else "red"
        mark = click.style(f"{verdict.verdict.value:<11}", fg=colour)
        click.echo(f"  {verdict.table:<24} {mark} analytics.{verdict.table} shows {serving}")
    click.echo(f"Reports: {settings.results_dir / 'summary.csv'}")
    return all(verdict.verdict is Verdict.PROVEN for verdict, _ in rows)


def _verdicts(settings: Settings, run_id: str) -> list[tuple[KeptVerdict, str]]:
    """The verdicts that this run reached, with what each table's view shows after it."""
    if not Path(settings.target_database).is_file():
        return []
    found: list[tuple[KeptVerdict, str]] = []
    with connect(settings.target_database, read_only=True) as connection:
        for table in LEGACY_TABLES:
            verdict, state = latest_verdict(connection, table.name), read_state(connection, table.name)
            if verdict is not None and verdict.run_id == run_id:
                found.append((verdict, "nothing yet" if state is None else state.shows))
    return found
