"""The command `transferroom run`."""

import time
from collections.abc import Sequence

import click

from transferroom_pipeline.comparisons.history import latest_verdict
from transferroom_pipeline.comparisons.reports import SUMMARY_FILE
from transferroom_pipeline.comparisons.result import Verdict
from transferroom_pipeline.configured_comparisons import ConfiguredComparisons
from transferroom_pipeline.cutover.policy import Serving
from transferroom_pipeline.cutover.views import CutoverState, read_state
from transferroom_pipeline.definitions import build_definitions
from transferroom_pipeline.interruptions import exit_code, received_signal, watching
from transferroom_pipeline.keys import analytics_key, comparison_key
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.run_liveness import RunLiveness
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

    Exit code: 0 when everything ran and every comparison of the run is proven, 1 when not, 2 for a mistake in the call,
    130 or 143 when it was interrupted.
    """
    started = time.perf_counter()
    settings = load_settings()
    outcome = _run(settings, selection)
    if outcome is None or received_signal() is not None:
        click.echo("Interrupted: nothing is half-done; run it again to go on.", err=True)
        context.exit(exit_code())
    proven = _report(settings, outcome)
    seconds = time.perf_counter() - started
    done = outcome.success and proven
    ending = click.style("done", fg="green") if done else click.style("not done: see the lines marked ✗", fg="red")
    click.echo(f"\nRun {outcome.run_id[:8]} {ending} ({seconds:.1f} s). History and lineage: make dev")
    context.exit(0 if done else 1)


def _run(settings: Settings, selection: str) -> RunOutcome | None:
    """Run the assets; None where that was interrupted."""
    try:
        with watching(), settings.write_lock.held("transferroom run", _tell), open_instance() as instance:
            return run_assets(build_definitions(settings), selection, instance, RunLiveness(settings.data_dir))
    except KeyboardInterrupt:
        return None


def _tell(sentence: str) -> None:
    """Say why nothing happens yet."""
    click.echo(sentence)


def _report(settings: Settings, outcome: RunOutcome) -> bool:
    """Print the verdicts of the run and where the reports are; whether every comparison asked for is proven."""
    comparisons = ConfiguredComparisons(settings)
    compared = [spec for spec in comparisons.tables() if comparison_key(spec.table) in outcome.selected]
    if not compared:
        return True
    click.echo("\nComparisons")
    verdicts = _verdicts(settings, outcome.run_id, [spec.table for spec in compared])
    for spec in compared:
        verdict, state = verdicts[spec.table]
        view = _view(spec.table, verdict, state, has_moved=analytics_key(spec.table) in outcome.selected)
        told = view if comparisons.has_view(spec.table) else f"{spec.legacy} versus {spec.modern}"
        click.echo(f"  {spec.table:<24} {_marked(verdict)} {told}")
    summary = settings.results_dir / SUMMARY_FILE
    if summary.is_file():
        click.echo(f"Reports: {summary}")
    return all(verdict is Verdict.PROVEN for verdict, _ in verdicts.values())


def _marked(verdict: Verdict | None) -> str:
    word = "no verdict" if verdict is None else verdict.value
    return click.style(f"{word:<11}", fg="green" if verdict is Verdict.PROVEN else "red")


def _view(table: str, verdict: Verdict | None, state: CutoverState | None, *, has_moved: bool) -> str:
    """What a table's view shows; where that is not what the verdict lets one expect, why.

    Args:
        table: The table.
        verdict: What this run has found.
        state: What the view shows, if it was ever made.
        has_moved: Whether this run was to move the view.
    """
    shows = f"analytics.{table} shows {'nothing' if state is None else state.shows}"
    if verdict is not Verdict.PROVEN or (state is not None and state.decision.serving is Serving.MODERN):
        return shows
    if state is not None and has_moved:
        return f"{shows}: {state.decision.reason}"
    return f"{shows} until it is moved: transferroom run --select key:analytics/{table}"


def _verdicts(
    settings: Settings, run_id: str, tables: Sequence[str]
) -> dict[str, tuple[Verdict | None, CutoverState | None]]:
    """The verdict that this run reached on each table, if it did, with the state of the table's view after it."""
    if not settings.target_database.is_file():
        return dict.fromkeys(tables, (None, None))
    found: dict[str, tuple[Verdict | None, CutoverState | None]] = {}
    with connect(settings.target_database, read_only=True) as connection:
        for table in tables:
            latest, state = latest_verdict(connection, table), read_state(connection, table)
            verdict = latest.verdict if latest is not None and latest.run_id == run_id else None
            found[table] = verdict, state
    return found
