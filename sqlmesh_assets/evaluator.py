"""A SQLMesh context that keeps what it did: rows, intervals, findings of audits; importing this imports SQLMesh.

SQLMesh tells no more of a computation than that it ended and how many audits failed. Asking again afterwards would read
every table twice, and could not show the rows of a table that an audit has refused.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd
from sqlglot import exp
from sqlmesh.core.engine_adapter.base import EngineAdapter
from sqlmesh.core.model import Model, SqlModel
from sqlmesh.core.model.definition import AuditResult
from sqlmesh.core.selector import Selector
from sqlmesh.core.snapshot import Snapshot, SnapshotEvaluator, SnapshotId
from sqlmesh.utils import CorrelationId, UniqueKeyDict
from sqlmesh.utils.dag import DAG
from sqlmesh.utils.date import TimeLike, to_datetime, to_timestamp

from sqlmesh_assets.context import TolerantContext
from sqlmesh_assets.ledger import AuditOutcome
from sqlmesh_assets.project import PRODUCTION

SAMPLE_ROWS = 10
"""How many of the rows that fail an audit are kept."""


_NOT_RENDERED = frozenset(
    {"allow_destructive_snapshots", "allow_additive_snapshots", "batch_index", "target_table_exists"}
)
"""What an evaluation is told that is not for its query."""


@dataclass
class Record:
    """What is known of the computation of one version of a model.

    Attributes:
        interval: From when to when it was computed; None while it was not.
        from_nothing: Whether the version had no rows before, so that none is left that was not computed now.
        rows: How many it has.
        audits: What each audit found; one that was skipped has no outcome.
        failed_sql: The query, if it failed.
        left_out: Columns that the query gives and the table does not have: SQLMesh adds none to a table that is there.
    """

    interval: tuple[datetime, datetime] | None = None
    from_nothing: bool = False
    rows: int = 0
    audits: list[AuditOutcome | None] = field(default_factory=list)
    failed_sql: str | None = None
    left_out: tuple[str, ...] = ()


@dataclass
class Records:
    """What evaluators share: the records of a run, and how its models are to be computed.

    Attributes:
        merged: Names of models by unique key that are brought up to date by merging what changed, where SQLMesh would
            replace all of their rows.
        backfilled: Start and end of a backfill that was asked for; only rows of that time are computed again.
    """

    by_snapshot: dict[SnapshotId, Record] = field(default_factory=dict)
    merged: Collection[str] = ()
    backfilled: tuple[TimeLike, TimeLike] | None = None

    def of(self, snapshot: Snapshot) -> Record:
        """The record of a version of a model, begun with the first question."""
        return self.by_snapshot.setdefault(snapshot.snapshot_id, Record())


class RecordingEvaluator(SnapshotEvaluator):
    """Evaluates snapshots as SQLMesh does, and keeps what it did."""

    def __init__(self, *args: Any, records: Records) -> None:
        """Take what SQLMesh's own evaluator takes, and where to record."""
        super().__init__(*args)
        self.records = records

    def evaluate(self, snapshot: Snapshot, *, start: TimeLike, end: TimeLike, **options: Any) -> str | None:
        """Compute an interval of a model."""
        record = self.records.of(snapshot)
        if record.interval is None:
            record.from_nothing = not snapshot.intervals
        if snapshot.name in self.records.merged:
            snapshot = _as_computed_before(snapshot, start, end)
            if self.records.backfilled is not None:
                start, end = self.records.backfilled
                options["is_backfill"] = True
        first, last = record.interval or (to_datetime(start), to_datetime(end))
        record.interval = min(first, to_datetime(start)), max(last, to_datetime(end))
        times: dict[str, Any] = {"start": start, "end": end}
        with self._keeping_sql(snapshot, options | times):
            wap_id: str | None = super().evaluate(snapshot, **times, **options)
        record.left_out = tuple(self._columns_left_out(snapshot, options | times))
        return wap_id

    def _render_snapshot_for_evaluation(self, snapshot: Snapshot, *args: Any, **options: Any) -> Iterator[Any]:
        """The queries or frames to insert; a Python model that yields no rows has none, and not those of before."""
        has_rows = False
        for rows in super()._render_snapshot_for_evaluation(snapshot, *args, **options):
            if not (isinstance(rows, pd.DataFrame) and rows.empty):
                has_rows = True
                yield rows
        if not has_rows:
            columns = snapshot.model.columns_to_types_or_raise
            nulls = [exp.cast(exp.null(), type_).as_(name, quoted=True) for name, type_ in columns.items()]
            yield exp.select(*nulls).where(exp.false())

    def _columns_left_out(self, snapshot: Snapshot, options: dict[str, Any]) -> Iterator[str]:
        """Of a model that selects whatever columns there are, those that have come since its table was made."""
        model = snapshot.model_or_none
        if not isinstance(model, SqlModel) or model.kind.is_view or model.columns_to_types:
            return
        adapter, index = self.get_adapter(snapshot.model_gateway), options.get("deployability_index")
        rendered = {name: value for name, value in options.items() if name not in _NOT_RENDERED}
        query = model.render_query(engine_adapter=adapter, snapshot=snapshot, **rendered)
        if query is None or not query.is_star:
            return
        names = columns_given(adapter, query)
        deployable = index is None or index.is_deployable(snapshot)
        present = {name.lower() for name in adapter.columns(snapshot.table_name(is_deployable=deployable))}
        yield from (name for name in names if name.lower() not in present)

    def create_snapshot(
        self, snapshot: Snapshot, snapshots: dict[str, Snapshot], deployability_index: Any, *args: Any, **options: Any
    ) -> None:
        """Make the table or view of a model, which is where a new view fails."""
        known = {"snapshots": snapshots, "deployability_index": deployability_index}
        with self._keeping_sql(snapshot, known):
            super().create_snapshot(snapshot, snapshots, deployability_index, *args, **options)

    def audit(self, snapshot: Snapshot, *, snapshots: dict[str, Snapshot], **options: Any) -> list[AuditResult]:
        """Run the audits of a model, in the order in which it declares them."""
        results: list[AuditResult] = super().audit(snapshot, snapshots=snapshots, **options)
        record = self.records.of(snapshot)
        found = [None if result.skipped else self._outcome(snapshot, result) for result in results]
        record.audits = [_together(*outcomes) for outcomes in zip(record.audits or found, found, strict=True)]
        if snapshot.is_model:
            record.rows = self._rows(snapshot, options.get("deployability_index"))
        return results

    def set_correlation_id(self, correlation_id: CorrelationId) -> "RecordingEvaluator":
        """The evaluator that a plan is applied with; it records to the same place."""
        return recording(super().set_correlation_id(correlation_id), self.records)

    def _outcome(self, snapshot: Snapshot, result: AuditResult) -> AuditOutcome:
        adapter = self.get_adapter(snapshot.model_gateway)
        failing = result.count or 0
        sample: tuple[dict[str, str | None], ...] = ()
        if failing and result.query is not None:
            query = (
                exp.select("*")
                .from_(exp.Subquery(this=result.query, alias=exp.to_identifier("failing")))
                .limit(SAMPLE_ROWS)
            )
            # Not as a data frame, which turns decimals into floating-point numbers.
            rows = adapter.fetchall(query, quote_identifiers=True)
            names = [str(column[0]) for column in adapter.cursor.description]
            sample = tuple(dict(zip(names, map(_text, row), strict=True)) for row in rows)
        return AuditOutcome(
            check=result.audit.name,
            blocking=result.blocking,
            failing_rows=failing,
            query="" if result.query is None else result.query.sql(dialect=adapter.dialect, pretty=True),
            sample=sample,
        )

    def _rows(self, snapshot: Snapshot, deployability_index: Any) -> int:
        deployable = deployability_index is None or deployability_index.is_deployable(snapshot)
        table = exp.to_table(snapshot.table_name(is_deployable=deployable))
        counted = self.get_adapter(snapshot.model_gateway).fetchone(
            exp.select(exp.Count(this=exp.Star())).from_(table), quote_identifiers=True
        )
        return 0 if counted is None else int(counted[0])

    @contextmanager
    def _keeping_sql(self, snapshot: Snapshot, options: dict[str, Any]) -> Iterator[None]:
        """Record the query of a computation that fails."""
        try:
            yield
        except Exception:
            rendered = {name: value for name, value in options.items() if name not in _NOT_RENDERED}
            self.records.of(snapshot).failed_sql = self._sql(snapshot, **rendered)
            raise

    def _sql(self, snapshot: Snapshot, **options: Any) -> str | None:
        if not isinstance(snapshot.model, SqlModel):
            return None
        adapter = self.get_adapter(snapshot.model_gateway)
        query = snapshot.model.render_query(engine_adapter=adapter, snapshot=snapshot, **options)
        return None if query is None else query.sql(dialect=adapter.dialect, pretty=True)


class RecordingContext(TolerantContext):
    """SQLMesh's context with an evaluator that records."""

    @property
    def snapshot_evaluator(self) -> RecordingEvaluator:
        """The evaluator with which plans are applied and audits are run."""
        evaluator = super().snapshot_evaluator
        if not isinstance(evaluator, RecordingEvaluator):
            evaluator = recording(evaluator, Records())
            self._snapshot_evaluator = evaluator
        return evaluator

    def _new_selector(self, models: UniqueKeyDict[str, Model] | None = None, dag: DAG[str] | None = None) -> Selector:
        """Knows what deployed code reads as well: a model that cannot be read any more still reads what changed."""
        if models is None and dag is None:
            dag = DAG()
            deployed = [snapshot.model for snapshot in self.deployed_snapshots() if snapshot.is_model]
            for model in (*deployed, *self._models.values()):
                dag.add(model.fqn, model.depends_on)
        return super()._new_selector(models, dag)

    def deployed_snapshots(self) -> list[Snapshot]:
        """The versions of models and audits that production shows."""
        environment = self.state_reader.get_environment(PRODUCTION)
        return [] if environment is None else list(self.state_reader.get_snapshots(environment.snapshots).values())


def columns_given(adapter: EngineAdapter, query: exp.Query) -> list[str]:
    """The names of the columns that a query gives; none of its rows is read."""
    adapter.fetchall(exp.select("*").from_(query.subquery("found")).limit(0), quote_identifiers=True)
    return [str(column[0]) for column in adapter.cursor.description]


def recording(evaluator: SnapshotEvaluator, records: Records) -> RecordingEvaluator:
    """An evaluator like another, which records."""
    return RecordingEvaluator(
        evaluator.adapters, evaluator.ddl_concurrent_tasks, evaluator.selected_gateway, records=records
    )


def _as_computed_before(snapshot: Snapshot, start: TimeLike, end: TimeLike) -> Snapshot:
    """The snapshot as one whose table has rows already: SQLMesh merges into such a table, and replaces any other."""
    computed = snapshot.copy()
    computed.intervals = [(to_timestamp(start), to_timestamp(end))]
    return computed


def _together(before: AuditOutcome | None, now: AuditOutcome | None) -> AuditOutcome | None:
    """What an audit found in all batches of intervals so far; a model that is computed at once has one."""
    if before is None or now is None or before is now:
        return now
    rows = before.failing_rows + now.failing_rows
    sample = (*before.sample, *now.sample)[:SAMPLE_ROWS]
    return now.model_copy(update={"failing_rows": rows, "sample": sample})


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
