"""The command `transferroom run`."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import click
import duckdb

from transferroom_pipeline.automation.jobs import MIGRATION
from transferroom_pipeline.comparisons.history import latest_verdict, rules_of
from transferroom_pipeline.comparisons.reports import SUMMARY_FILE
from transferroom_pipeline.comparisons.result import Verdict
from transferroom_pipeline.comparisons.terminal import under_rules
from transferroom_pipeline.configured_comparisons import ConfiguredComparisons
from transferroom_pipeline.cutover.policy import Serving
from transferroom_pipeline.cutover.views import CutoverState, read_state
from transferroom_pipeline.definitions import build_definitions
from transferroom_pipeline.interruptions import exit_code, received_signal, watching
from transferroom_pipeline.keys import analytics_key, comparison_key
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.run_liveness import RunLiveness
from transferroom_pipeline.run_record import unchanged_since
from transferroom_pipeline.running import RunOutcome, open_instance, run_assets
from transferroom_pipeline.selection import selected_keys
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
@click.option("--again", is_flag=True, help="Compare also what was proven and has not changed since.")
@click.pass_context
def run_command(context: click.Context, selection: str, *, again: bool) -> None:
    """Run the migration, or the assets of a selection on what is there already.

    Exit code: 0 when everything ran and every comparison of the run is proven, 1 when not, 2 when it could not be run
    (a mistake in the call or in a setting, another process that works on the data), 130 or 143 when it was interrupted.
    """
    started, started_at = time.perf_counter(), time.time()
    settings = load_settings()
    outcome = _run(settings, selection, again=again)
    if outcome is None or received_signal() is not None:
        click.echo("Interrupted: nothing is half-done; run it again to go on.", err=True)
        context.exit(exit_code())
    proven = _report(settings, outcome, started_at)
    seconds = time.perf_counter() - started
    done = outcome.success and proven
    ending = click.style("done", fg="green") if done else click.style("not done: see the lines marked ✗", fg="red")
    click.echo(f"\nRun {outcome.run_id[:8]} {ending} ({seconds:.1f} s). History and lineage: make dev")
    context.exit(0 if done else 1)


def _run(settings: Settings, selection: str, *, again: bool) -> RunOutcome | None:
    """Run the assets, unless nothing has changed since they were run; None where that was interrupted."""
    try:
        with watching(), settings.write_lock.held("transferroom run", _tell), open_instance() as instance:
            definitions = build_definitions(settings)
            keys = selected_keys(definitions, selection)
            record = None if again else unchanged_since(settings, instance, MIGRATION, keys, datetime.now(UTC))
            if record is None:
                liveness = RunLiveness(settings.data_dir)
                return run_assets(definitions, keys, instance, liveness, selection=selection, again=again)
    except KeyboardInterrupt:
        return None
    ended = record.ended.isoformat(sep=" ", timespec="seconds")
    click.echo(f"Nothing has changed since run {record.run_id[:8]} ended ({ended}); --again runs it all the same.")
    return RunOutcome(record.run_id, success=True, selected=frozenset(keys), verdicts=None)


def _tell(sentence: str) -> None:
    """Say why nothing happens yet."""
    click.echo(sentence)


def _report(settings: Settings, outcome: RunOutcome, started: float) -> bool:
    """Print the verdicts of the run and where the reports are; whether every comparison asked for is proven.

    A report of before the run, which started at some second of the epoch, is none of it.
    """
    comparisons = ConfiguredComparisons(settings)
    compared = [spec for spec in comparisons.tables() if comparison_key(spec.table) in outcome.selected]
    if not compared:
        return True
    click.echo("\nComparisons")
    kept = _kept(settings, [spec.table for spec in compared])
    found = (
        {table: each.verdict for table, each in kept.items()}
        if outcome.verdicts is None
        else {spec.table: outcome.verdicts.get(comparison_key(spec.table)) for spec in compared}
    )
    for spec in compared:
        verdict, known = found[spec.table], kept[spec.table]
        view = _view(spec.table, verdict, known.state, has_moved=analytics_key(spec.table) in outcome.selected)
        shown = view if comparisons.has_view(spec.table) else f"{spec.legacy} versus {spec.modern}"
        loosened = under_rules(known.rules)
        click.echo(f"  {spec.table:<24} {_marked(verdict)}{loosened}{':' if loosened else ''} {shown}")
    summary = settings.results_dir / SUMMARY_FILE
    if summary.is_file() and (outcome.verdicts is None or summary.stat().st_mtime >= started):
        click.echo(f"Reports: {summary}")
    return all(verdict is Verdict.PROVEN for verdict in found.values())


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


@dataclass(frozen=True)
class _Kept:
    """What the target knows of a table after a run.

    Attributes:
        verdict: The newest one, if there is one.
        rules: How many rules its comparison had.
        state: What its view shows, if it has one.
    """

    verdict: Verdict | None = None
    rules: int = 0
    state: CutoverState | None = None


def _kept(settings: Settings, tables: Sequence[str]) -> dict[str, _Kept]:
    """What is kept of each table; nothing where there is no target."""
    if not settings.target_database.is_file():
        return dict.fromkeys(tables, _Kept())
    with connect(settings.target_database, read_only=True) as connection:
        return {table: _kept_of(connection, table) for table in tables}


def _kept_of(connection: duckdb.DuckDBPyConnection, table: str) -> _Kept:
    newest, state = latest_verdict(connection, table), read_state(connection, table)
    return _Kept(state=state) if newest is None else _Kept(newest.verdict, rules_of(connection, newest), state)
