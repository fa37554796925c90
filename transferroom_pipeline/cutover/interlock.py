"""The interlock: a view moves forward on proof alone, and back at once, before anything can be wrong."""

from collections.abc import Sequence

import duckdb

from transferroom_pipeline.comparisons.history import latest_verdict
from transferroom_pipeline.comparisons.result import ComparisonResult, Verdict
from transferroom_pipeline.cutover.generations import generation, hold_generation, raise_generation
from transferroom_pipeline.cutover.policy import STALE, Decision, Serving, decide, unproven
from transferroom_pipeline.cutover.views import CutoverState, read_state, set_view
from transferroom_pipeline.legacy.snapshot import TABLE as SNAPSHOT
from transferroom_pipeline.legacy.snapshot import read_snapshot
from transferroom_pipeline.platforms.schemas import RAW_SCHEMA
from transferroom_pipeline.platforms.tables import table_exists, transaction


def follow_latest_verdict(connection: duckdb.DuckDBPyConnection, table: str) -> CutoverState:
    """Point the view of a table where its newest kept verdict says; the only way forward.

    What the verdict is about is looked at in the transaction that moves the view: a table that changes meanwhile makes
    it fail.

    Raises:
        PlatformError: The table to be shown is not there.
    """
    with transaction(connection):
        hold_generation(connection, table)
        held = read_snapshot(connection, RAW_SCHEMA).id if table_exists(connection, RAW_SCHEMA, SNAPSHOT) else None
        decision = decide(latest_verdict(connection, table), generation(connection, table), held)
        return set_view(connection, table, decision)


def withdraw_unproven(
    connection: duckdb.DuckDBPyConnection, result: ComparisonResult, run_id: str
) -> CutoverState | None:
    """Point the view of a table back to legacy when a comparison of it is not proven.

    Such a comparison stops everything downstream of it, the view's own asset included, so the way back must not wait
    for that asset. The way forward is only ever taken there. The generation is raised: should the process die before
    this verdict is kept, an older proof must not bring the rows back that were found wrong.

    Returns:
        What the view shows now; None when it was left alone.
    """
    if result.verdict is Verdict.PROVEN:
        return None
    with transaction(connection):
        raise_generation(connection, result.table)
        return _withdraw(connection, result.table, unproven(result.verdict, result.reasons, run_id))


def withdraw_after_error(connection: duckdb.DuckDBPyConnection, table: str, error: str) -> CutoverState:
    """Point the view of a table back to legacy when its comparison could not be carried out.

    What cannot be checked is not shown; verdicts from before do not count any more.
    """
    reason = f"the latest comparison could not be carried out: {error}"
    with transaction(connection):
        raise_generation(connection, table)
        return _withdraw(connection, table, Decision(Serving.LEGACY, reason))


def withdraw_before_change(connection: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> None:
    """Point the views of tables that are about to be copied or rebuilt back to legacy.

    Whatever was proven of them is not about what is there afterwards, and nobody is to see unproven rows meanwhile.
    They move forward again when they are proven anew. A view that was never made is left to its asset.
    """
    with transaction(connection):
        for table in tables:
            raise_generation(connection, table)
            if read_state(connection, table) is not None:
                _withdraw(connection, table, Decision(Serving.LEGACY, STALE))


def _withdraw(connection: duckdb.DuckDBPyConnection, table: str, decision: Decision) -> CutoverState:
    """Where there is no legacy copy to go back to, consumers are shown nothing rather than something unproven."""
    if not table_exists(connection, decision.serving, table):
        reason = f"{decision.reason}; there is no {Serving.LEGACY}.{table} to show instead"
        decision = Decision(Serving.NOTHING, reason, decision.run_id)
    return set_view(connection, table, decision)
