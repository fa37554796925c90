"""Comparing two tables: the steps, from their columns to the verdict."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from transferroom_pipeline.comparisons import queries
from transferroom_pipeline.comparisons.column_types import column_type
from transferroom_pipeline.comparisons.columns import Column, ColumnPlan, plan_columns
from transferroom_pipeline.comparisons.differences import long_form
from transferroom_pipeline.comparisons.exceptions import ComparisonError, SpecError
from transferroom_pipeline.comparisons.findings import Findings
from transferroom_pipeline.comparisons.measures import Sums, column_results, drift_beyond
from transferroom_pipeline.comparisons.result import ComparisonResult, RowCounts, Snapshot
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.sql_text import parse_predicate, parse_relation
from transferroom_pipeline.comparisons.statements import Statements
from transferroom_pipeline.comparisons.verdict import Allowances, Evidence, judge

DEFAULT_SAMPLES = 20


@dataclass(frozen=True)
class Comparison:
    """A finished comparison whose differences can still be read.

    Attributes:
        result: What was found.
        differences: A query of every difference in long form (see `differences.long_form`), for the connection of the
            comparison, until it is closed.
        differences_total: The number of its rows.
    """

    result: ComparisonResult
    differences: exp.Query
    differences_total: int


@dataclass(frozen=True)
class _Side:
    """What counting the rows of one side gives."""

    rows: int
    null_keys: int
    sums: Sums


@contextmanager
def compare(
    connection: duckdb.DuckDBPyConnection,
    spec: TableSpec,
    *,
    snapshot: Snapshot | None = None,
    samples: int = DEFAULT_SAMPLES,
) -> Iterator[Comparison]:
    """Compare two tables where they lie.

    Args:
        connection: Reaches both tables; it may be read-only.
        spec: What to compare.
        snapshot: The state of the data, to be written into the result.
        samples: How many rows of each kind to show.

    Raises:
        ComparisonError: The comparison cannot be carried out.
    """
    statements = Statements(connection, spec.table)
    tables = queries.WorkTables.named_apart()
    try:
        yield _compared(statements, spec, tables, snapshot, samples)
    finally:
        for table in (tables.duplicate_keys, tables.duplicates, tables.differences):
            statements.drop(table)


def _compared(
    statements: Statements, spec: TableSpec, tables: queries.WorkTables, snapshot: Snapshot | None, samples: int
) -> Comparison:
    started = time.perf_counter()
    plan = plan_columns(spec, *(_columns(statements, spec, side) for side in (queries.LEGACY, queries.MODERN)))
    sides = [_side(statements, spec, plan, side) for side in (queries.LEGACY, queries.MODERN)]
    findings = _run(statements, spec, plan, tables)
    evidence = _evidence(findings, spec, *sides)
    verdict, reasons = judge(evidence, Allowances(spec.row_tolerance, spec.allow_empty, spec.multiset))
    shown = findings.samples(samples, evidence.rows)
    differences = long_form(findings)
    total = statements.row(exp.select(exp.Count(this=exp.Star())).from_(differences.subquery("differences")))[0]
    result = ComparisonResult(
        table=spec.table,
        legacy=spec.legacy,
        modern=spec.modern,
        verdict=verdict,
        reasons=reasons,
        snapshot=snapshot,
        key=spec.key,
        rows=evidence.rows,
        columns=tuple(evidence.columns),
        samples=shown,
        suggestions=(),
        seconds=round(time.perf_counter() - started, 3),
        sql=tuple(statements.run),
    )
    return Comparison(result, differences, total)


def _columns(statements: Statements, spec: TableSpec, side: int) -> list[Column]:
    """The columns of one side, after a look at whether its predicate is one."""
    relation = exp.select("*").from_(parse_relation((spec.legacy, spec.modern)[side]))
    columns = [Column(name, column_type(name_of_type)) for name, name_of_type in statements.column_types(relation)]
    predicate = (spec.where.legacy, spec.where.modern)[side]
    if predicate is not None:
        condition = relation.select(parse_predicate(predicate), append=False)
        _, type_name = statements.column_types(condition)[0]
        if type_name != "BOOLEAN":
            message = f"predicate {predicate!r} is of type {type_name}: write a condition that is true or false"
            raise SpecError(f"table {spec.table}: {message}")
    return columns


def _side(statements: Statements, spec: TableSpec, plan: ColumnPlan, side: int) -> _Side:
    rows, null_keys, *sums = statements.row(queries.count_rows(spec, plan, side))
    positions = (compared.position for compared in queries.summed_columns(plan))
    return _Side(rows, null_keys, dict(zip(positions, sums, strict=True)))


def _run(statements: Statements, spec: TableSpec, plan: ColumnPlan, tables: queries.WorkTables) -> Findings:
    """Write every row that is not identical to the temporary tables."""
    has_duplicates = not plan.key
    if plan.key:
        statements.create(tables.duplicate_keys, queries.duplicate_keys(spec, plan))
        has_duplicates = bool(statements.row(exp.select(exp.Count(this=exp.Star())).from_(tables.duplicate_keys))[0])
        statements.create(tables.differences, queries.differing_rows(spec, plan, tables, has_duplicates=has_duplicates))
    if has_duplicates:
        statements.create(tables.duplicates, queries.grouped_rows(spec, plan, tables))
    return Findings(statements, plan, tables, has_duplicates)


def _evidence(findings: Findings, spec: TableSpec, legacy: _Side, modern: _Side) -> Evidence:
    sums = legacy.sums, modern.sums
    duplicates = findings.duplicate_rows()
    rows = _row_counts(findings, legacy, modern, duplicates)
    return Evidence(
        rows,
        column_results(findings, spec, sums),
        duplicate_rows_differing=duplicates["differing"],
        compared_columns=len(findings.plan.value_columns),
        rows_before_where=_rows_before_where(findings.statements, spec, rows),
        drift_beyond=drift_beyond(findings.plan.value_columns, sums),
    )


def _row_counts(findings: Findings, legacy: _Side, modern: _Side, duplicates: dict[str, int]) -> RowCounts:
    kinds = findings.rows_by_kind()
    different, only_legacy, only_modern = (kinds.get(kind, 0) for kind in ("different", "only_legacy", "only_modern"))
    identical = legacy.rows - duplicates["legacy"] - only_legacy - different
    if identical != modern.rows - duplicates["modern"] - only_modern - different:
        message = "its rows changed while they were read, or a view gives other rows each time"
        raise ComparisonError(f"table {findings.statements.table} cannot be compared: {message}")
    return RowCounts(
        legacy=legacy.rows,
        modern=modern.rows,
        identical=identical,
        different=different,
        only_legacy=only_legacy,
        only_modern=only_modern,
        accepted=0,
        duplicate_key_legacy=duplicates["legacy"],
        duplicate_key_modern=duplicates["modern"],
        null_key_legacy=legacy.null_keys,
        null_key_modern=modern.null_keys,
    )


def _rows_before_where(statements: Statements, spec: TableSpec, rows: RowCounts) -> int | None:
    """How many rows a predicate had to choose from; of interest only where it kept none."""
    if rows.legacy or rows.modern or not (spec.where.legacy or spec.where.modern):
        return None
    return sum(int(statements.row(queries.count_all(spec, side))[0]) for side in (queries.LEGACY, queries.MODERN))
