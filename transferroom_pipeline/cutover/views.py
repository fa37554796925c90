"""The analytics views and the record of what they show."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from sqlglot import exp

from transferroom_pipeline.comparisons.journal import append, journal_of
from transferroom_pipeline.cutover.policy import Decision, Serving
from transferroom_pipeline.platforms.schemas import ANALYTICS_SCHEMA, MIGRATION_SCHEMA
from transferroom_pipeline.platforms.tables import create_schema, require_table, table_exists, table_expression

STATE_TABLE = "cutover_state"

JOURNAL = "view"
"""The kind of the journal's entries that hold a move of a view."""

_SQL = Path(__file__).with_name("sql")


@dataclass(frozen=True)
class CutoverState:
    """What a view shows, why, and since when; times are in UTC."""

    table: str
    decision: Decision
    serving_since: datetime

    @property
    def shows(self) -> str:
        """The table behind the view, in words."""
        serving = self.decision.serving
        return "nothing" if serving is Serving.NOTHING else f"{serving}.{self.table}"


def set_view(connection: duckdb.DuckDBPyConnection, table: str, decision: Decision) -> CutoverState:
    """Point the view of a table where the decision says and record it; in a transaction, so both or neither.

    Where it points there already for the same reason, the record is left as it is.

    Raises:
        PlatformError: The table to be shown is not there.
    """
    if decision.serving is not Serving.NOTHING:
        require_table(connection, decision.serving, table, f"{decision.serving}/{table}")
    before = read_state(connection, table)
    state = CutoverState(table, decision, _since(before, decision))
    _replace_view(connection, state)
    if state == before:
        return state
    _write_state(connection, state)
    journal = journal_of(connection)
    if journal is not None:
        append(journal, {JOURNAL: {"table": table, "at": datetime.now(UTC).isoformat(), **asdict(decision)}})
    return state


def read_state(connection: duckdb.DuckDBPyConnection, table: str) -> CutoverState | None:
    """What the view of a table shows; None when it was never set."""
    if not table_exists(connection, MIGRATION_SCHEMA, STATE_TABLE):
        return None
    query = (
        exp.select("serving", "reason", "run_id", "serving_since")
        .from_(table_expression(MIGRATION_SCHEMA, STATE_TABLE))
        .where(exp.column("table_name").eq(table))
    )
    row = connection.execute(query.sql(dialect="duckdb")).fetchone()
    if row is None:
        return None
    serving, reason, run_id, since = row
    return CutoverState(table, Decision(Serving(serving), reason, run_id), since.replace(tzinfo=UTC))


def runs_shown(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The runs whose comparisons decide what views show."""
    if not table_exists(connection, MIGRATION_SCHEMA, STATE_TABLE):
        return set()
    query = exp.select("run_id").from_(table_expression(MIGRATION_SCHEMA, STATE_TABLE)).where("NOT run_id IS NULL")
    return {run_id for (run_id,) in connection.execute(query.sql(dialect="duckdb")).fetchall()}


def _since(before: CutoverState | None, decision: Decision) -> datetime:
    """A view that goes on showing the same has shown it since before."""
    if before is not None and before.decision.serving is decision.serving:
        return before.serving_since
    return datetime.now(UTC)


def _replace_view(connection: duckdb.DuckDBPyConnection, state: CutoverState) -> None:
    create_schema(connection, ANALYTICS_SCHEMA)
    view = table_expression(ANALYTICS_SCHEMA, state.table)
    statement: exp.Expression = exp.Drop(this=view, kind="VIEW", exists=True)
    if state.decision.serving is not Serving.NOTHING:
        query = exp.select("*").from_(table_expression(state.decision.serving, state.table))
        statement = exp.Create(this=view, kind="VIEW", replace=True, expression=query)
    connection.execute(statement.sql(dialect="duckdb"))


def _write_state(connection: duckdb.DuckDBPyConnection, state: CutoverState) -> None:
    create_schema(connection, MIGRATION_SCHEMA)
    connection.execute((_SQL / "cutover_state.sql").read_text(encoding="utf-8"))
    forget = exp.delete(table_expression(MIGRATION_SCHEMA, STATE_TABLE)).where(exp.column("table_name").eq(state.table))
    connection.execute(forget.sql(dialect="duckdb"))
    decision, since = state.decision, state.serving_since.astimezone(UTC).replace(tzinfo=None)
    row = [state.table, decision.serving.value, decision.reason, decision.run_id, since]
    connection.execute((_SQL / "write_state.sql").read_text(encoding="utf-8"), row)
