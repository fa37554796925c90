"""Comparing two tables: the steps, from their columns to the verdict."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from sqlglot import exp

from transferroom_pipeline.comparisons.acceptance import accept, require_agreements
from transferroom_pipeline.comparisons.buckets import ALWAYS_HASHED, HASHED_IF_LARGE, Hashing
from transferroom_pipeline.comparisons.columns import Column, ColumnPlan, plan_columns, typed_columns
from transferroom_pipeline.comparisons.differences import long_form
from transferroom_pipeline.comparisons.engines.base import Engine
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.findings import Findings
from transferroom_pipeline.comparisons.key_suggestions import KEY_FORMAT, KeySuggesting
from transferroom_pipeline.comparisons.matching import Matched, match, rows_changed
from transferroom_pipeline.comparisons.measures import column_results, drift_beyond, measure
from transferroom_pipeline.comparisons.queries import count_all, count_null_keys, relation, unique_mark
from transferroom_pipeline.comparisons.reading import Sides, readable
from transferroom_pipeline.comparisons.result import ColumnResult, ComparisonResult, RowCounts, Snapshot, Suggestion
from transferroom_pipeline.comparisons.samples import samples
from transferroom_pipeline.comparisons.self_check import SelfCheck, self_check
from transferroom_pipeline.comparisons.sides import LEGACY, MODERN, SIDES
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.sql_text import parse_predicate
from transferroom_pipeline.comparisons.statements import Progress, Statements, silent
from transferroom_pipeline.comparisons.suggestions import Suggesting
from transferroom_pipeline.comparisons.verdict import Allowances, Evidence, judge

DEFAULT_SAMPLES = 20


@dataclass(frozen=True)
class Comparison:
    """A finished comparison whose differences can still be read.

    Attributes:
        result: What was found.
        findings: What the result was made of.
        differences_total: How many differences there are in long form.
    """

    result: ComparisonResult
    findings: Findings
    differences_total: int

    @property
    def differences(self) -> exp.Query:
        """A query of every difference in long form (see `differences.long_form`).

        It is for the connection of the comparison, until it is closed.
        """
        return long_form(self.findings)


@dataclass(frozen=True)
class Effort:
    """How a comparison goes about its work; what it finds does not depend on it.

    Attributes:
        samples: How many rows of each kind to show.
        checks_itself: Whether changes are planted to prove that the comparison finds them.
        hashing: When rows are hashed before anything is joined.
    """

    samples: int = DEFAULT_SAMPLES
    checks_itself: bool = True
    hashing: Hashing = HASHED_IF_LARGE


@contextmanager
def compare(
    engine: Engine,
    spec: TableSpec,
    *,
    snapshot: Snapshot | None = None,
    today: date | None = None,
    effort: Effort = Effort(),
    progress: Progress = silent,
) -> Iterator[Comparison]:
    """Compare two tables where they lie.

    Args:
        engine: Reaches both tables.
        spec: What to compare.
        snapshot: The state of the data, to be written into the result.
        today: The day on which agreements must still hold; by default this one, in UTC.
        effort: How to go about it.
        progress: Told of every step.

    Raises:
        ComparisonError: The comparison cannot be carried out.
    """
    statements = Statements(engine, spec.table, unique_mark(), progress)
    judged_on = today or datetime.now(UTC).date()
    try:
        started = time.perf_counter()
        sides = readable(statements, spec)
        yield _Comparison(statements, spec, sides, effort).made(snapshot, judged_on, started)
    except KeyboardInterrupt:
        if not engine.work_tables_are_temporary:
            with suppress(ComparisonError):
                statements.drop_all()
        raise
    except BaseException:
        # What went wrong first is what a person must read, even where the engine can no longer drop a table.
        with suppress(ComparisonError):
            statements.drop_all()
        raise
    statements.drop_all()


@dataclass(frozen=True)
class _Comparison:
    statements: Statements
    written: TableSpec
    sides: Sides
    effort: Effort

    @property
    def spec(self) -> TableSpec:
        """The comparison over what is read."""
        return self.sides.spec

    def made(self, snapshot: Snapshot | None, today: date, started: float) -> Comparison:
        plan = self._plan()
        matched = match(self.statements, self.spec, plan, self.effort.hashing)
        self.statements.progress("explaining what differs", 0)
        found = Findings(self.statements, plan, matched.differences, matched.duplicates).examined()
        acceptance = accept(self.statements, self.spec, plan, matched.differences, today)
        findings = replace(found, acceptance=acceptance)
        rows = self._row_counts(findings, matched)
        measures = measure(findings, self.spec, matched.largest(self.statements, plan))
        columns = column_results(findings, measures)
        checked = self._self_check(plan, matched, rows)
        evidence = Evidence(
            rows,
            columns,
            duplicate_rows_differing=findings.duplicate_rows()["differing"],
            compared_columns=len(plan.value_columns),
            rows_before_where=self._rows_before_where(rows),
            drift_beyond=drift_beyond(plan.value_columns, measures.sums),
            lapsed_agreements=acceptance.lapsed,
            missed_by_self_check=checked.missed,
            planted_changes=checked.planted,
        )
        return self._finished(findings, evidence, matched, snapshot, started)

    def _finished(
        self, findings: Findings, evidence: Evidence, matched: Matched, snapshot: Snapshot | None, started: float
    ) -> Comparison:
        spec = self.spec
        verdict, reasons = judge(evidence, Allowances(spec.row_tolerance, spec.allow_empty, spec.multiset))
        columns: tuple[ColumnResult, ...] = tuple(evidence.columns)
        result = ComparisonResult(
            table=spec.table,
            legacy=self.written.legacy,
            modern=self.written.modern,
            verdict=verdict,
            reasons=reasons,
            snapshot=snapshot,
            key=spec.key,
            rows=evidence.rows,
            columns=columns,
            samples=samples(findings, self.effort.samples, evidence.rows),
            suggestions=tuple(self._suggestions(findings, evidence, matched)),
            seconds=round(time.perf_counter() - started, 3),
            sql=tuple(self.statements.run),
        )
        return Comparison(result, findings, _total(findings, evidence.rows))

    def _suggestions(self, findings: Findings, evidence: Evidence, matched: Matched) -> Iterator[Suggestion]:
        """For columns in which cells differ and no sum drifts, and for keys that are written differently."""
        what = (self.statements, self.spec, findings.plan, matched)
        known = findings.known({place: column.causes for place, column in enumerate(evidence.columns)})
        yield from Suggesting(*what).of_columns(
            evidence.columns,
            {place: each for place, each in known.items() if evidence.columns[place].name not in evidence.drift_beyond},
        )
        if findings.row_causes(evidence.rows).get(KEY_FORMAT):
            yield from KeySuggesting(*what).suggestions()

    def _plan(self) -> ColumnPlan:
        legacy, modern = (self._columns(side) for side in SIDES)
        plan = plan_columns(self.spec, legacy, modern, self.statements.engine.functions)
        require_agreements(self.statements, self.spec, plan)
        return plan

    def _columns(self, side: int) -> list[Column]:
        """The columns of one side, after a look at whether its predicate is one."""
        engine = self.statements.engine
        table, predicate = relation(self.spec, side), self.spec.where.of(side)
        columns = self.statements.columns(table)
        if predicate is not None:
            self.statements.require_condition(table, parse_predicate(predicate), written=predicate)
        return typed_columns(columns, self.sides.numerals[side], engine.functions.dialect)

    def _row_counts(self, findings: Findings, matched: Matched) -> RowCounts:
        kinds, duplicates = findings.rows_by_kind(), findings.duplicate_rows()
        different, only_legacy, only_modern = (
            kinds.get(kind, 0) for kind in ("different", "only_legacy", "only_modern")
        )
        legacy, modern = matched.rows
        identical = legacy - duplicates["legacy"] - only_legacy - different
        if identical != modern - duplicates["modern"] - only_modern - different or identical < 0:
            raise rows_changed(self.spec)
        null_keys = [self._null_keys(findings.plan, side) for side in SIDES]
        return RowCounts(
            legacy=legacy,
            modern=modern,
            identical=identical,
            different=different,
            only_legacy=only_legacy,
            only_modern=only_modern,
            accepted=findings.accepted_rows(),
            duplicate_key_legacy=duplicates["legacy"],
            duplicate_key_modern=duplicates["modern"],
            null_key_legacy=null_keys[LEGACY],
            null_key_modern=null_keys[MODERN],
        )

    def _null_keys(self, plan: ColumnPlan, side: int) -> int:
        return int(self.statements.value(count_null_keys(self.spec, plan, side))) if plan.key else 0

    def _self_check(self, plan: ColumnPlan, matched: Matched, rows: RowCounts) -> SelfCheck:
        has_equal_rows = rows.identical or (self.spec.multiset and rows.duplicate_key_legacy)
        if not (self.effort.checks_itself and has_equal_rows and plan.value_columns):
            return SelfCheck()
        hashing = self.effort.hashing
        as_here = ALWAYS_HASHED if max(matched.rows) >= hashing.from_rows else hashing
        return self_check(self.statements, self.spec, plan, matched, as_here)

    def _rows_before_where(self, rows: RowCounts) -> int | None:
        """How many rows a predicate had to choose from; of interest only where it kept none."""
        if rows.legacy or rows.modern or not (self.spec.where.legacy or self.spec.where.modern):
            return None
        return sum(int(self.statements.value(count_all(self.spec, side))) for side in SIDES)


def _total(findings: Findings, rows: RowCounts) -> int:
    """How many differences there are in long form."""
    one_sided = rows.only_legacy + rows.only_modern if findings.plan.key else 0
    return sum(findings.cells.values()) + one_sided + findings.unequal_groups()
