"""The analytics views and the record of what they show."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from sqlglot import exp

from transferroom_pipeline.cutover.policy import Decision, Serving
from transferroom_pipeline.platforms.tables import create_schema, require_table, table_exists, table_expression

ANALYTICS_SCHEMA = "analytics"
MIGRATION_SCHEMA = "migration"
STATE_TABLE = "cutover_state"

_SQL = Path(__file__).with_name("sql")


@dataclass(frozen=True)
class CutoverState:
    """What a view shows and since when (UTC)."""

    table: str
    serving: Serving
    reason: str
    run_id: str | None
    serving_since: datetime


def apply_decision(connection: duckdb.DuckDBPyConnection, table: str, decision: Decision) -> CutoverState:
    """Point the view of a table where the decision says and record it, both or neither.

    Raises:
        PlatformError: The table to be shown is not there.
    """
    source = f"{decision.serving}/{table}"
    require_table(connection, decision.serving, table, source)
    before = read_state(connection, table)
    kept = before is not None and before.serving is decision.serving
    since = before.serving_since if before is not None and kept else datetime.now(UTC).replace(tzinfo=None)
    state = CutoverState(table, decision.serving, decision.reason, decision.run_id, since)
    connection.begin()
    try:
        _replace_view(connection, state)
        _write_state(connection, state)
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    return state


def read_state(connection: duckdb.DuckDBPyConnection, table: str) -> CutoverState | None:
    """What the view of a table shows; None when it was never set."""
    if not table_exists(connection, MIGRATION_SCHEMA, STATE_TABLE):
        return None
    query = (
        exp.select("table_name", "serving", "reason", "run_id", "serving_since")
        .from_(table_expression(MIGRATION_SCHEMA, STATE_TABLE))
        .where(exp.column("table_name").eq(table))
    )
    row = connection.execute(query.sql(dialect="duckdb")).fetchone()
    if row is None:
        return None
    name, serving, reason, run_id, since = row
    return CutoverState(name, Serving(serving), reason, run_id, since)


def _replace_view(connection: duckdb.DuckDBPyConnection, state: CutoverState) -> None:
    create_schema(connection, ANALYTICS_SCHEMA)
    view = exp.Create(
        this=table_expression(ANALYTICS_SCHEMA, state.table),
        kind="VIEW",
        replace=True,
        expression=exp.select("*").from_(table_expression(state.serving, state.table)),
    )
    connection.execute(view.sql(dialect="duckdb"))


def _write_state(connection: duckdb.DuckDBPyConnection, state: CutoverState) -> None:
    create_schema(connection, MIGRATION_SCHEMA)
    connection.execute((_SQL / "cutover_state.sql").read_text(encoding="utf-8"))
    forget = exp.delete(table_expression(MIGRATION_SCHEMA, STATE_TABLE)).where(exp.column("table_name").eq(state.table))
    connection.execute(forget.sql(dialect="duckdb"))
    row = [state.table, state.serving.value, state.reason, state.run_id, state.serving_since]
    connection.execute((_SQL / "write_state.sql").read_text(encoding="utf-8"), row)
