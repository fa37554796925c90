"""The interlock: what is not proven is taken away from consumers at once."""

import duckdb

from transferroom_pipeline.comparisons.history import latest_verdict
from transferroom_pipeline.cutover.policy import Serving, decide, decide_without_verdict
from transferroom_pipeline.cutover.views import CutoverState, apply_decision
from transferroom_pipeline.platforms.tables import table_exists


def withdraw_unproven(
    connection: duckdb.DuckDBPyConnection, table: str, error: str | None = None
) -> CutoverState | None:
    """Point the view of a table back to legacy unless the table's latest comparison is proven.

    A comparison that is not proven stops everything downstream of it, the view's own asset included, so the way back
    must not wait for that asset. The way forward is only ever taken there.

    Args:
        connection: To the target, for writing.
        table: The derived table.
        error: Why the comparison could not be carried out, when it could not.

    Returns:
        What the view shows now; None when it was left alone, as the table is proven or there is no copy to go back to.
    """
    decision = decide(latest_verdict(connection, table)) if error is None else decide_without_verdict(error)
    if decision.serving is Serving.MODERN or not table_exists(connection, decision.serving, table):
        return None
    return apply_decision(connection, table, decision)
