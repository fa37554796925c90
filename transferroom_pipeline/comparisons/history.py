"""Keeping the evidence of comparisons in the target, and reading the newest verdict back."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from pydantic import TypeAdapter, ValidationError
from sqlglot import exp

from transferroom_pipeline.comparisons.engine import Comparison
from transferroom_pipeline.comparisons.engines.duckdb_engine import first_line
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.journal import append, entries, journal_of
from transferroom_pipeline.comparisons.result import ColumnResult, ComparisonResult, Snapshot, Verdict
from transferroom_pipeline.comparisons.sql_text import DIALECT
from transferroom_pipeline.platforms.tables import transaction

DIFFERENCE_LIMIT = 1_000_000

_DEFINITIONS = Path(__file__).with_name("sql") / "evidence_tables.sql"
_SCHEMA = "migration"
_RUNS, _COLUMNS, _DIFFERENCES = "comparison_runs", "comparison_columns", "differences"
_STATEMENTS = "comparison_statements"
_WORK_TABLES, _DIGEST_LENGTH = "comparison", 32
JOURNAL = "comparison"
"""The kind of the journal's entries that hold a comparison."""


@dataclass(frozen=True)
class KeptVerdict:
    """The verdict of one kept comparison.

    Attributes:
        run_id: The run that wrote it.
        table: The name of the comparison.
        compared_at: When it was kept, in UTC.
        generation: Which generation of the table was judged, where the comparison said so.
        verdict: What was shown.
        reasons: Why.
        snapshot_id: Which state of the data was judged.
        as_of: The date that the data was computed for.
        basis: What the comparison's outcome depends on, as a digest; None where that is not known.
    """

    run_id: str
    table: str
    compared_at: datetime
    verdict: Verdict
    reasons: tuple[str, ...]
    snapshot_id: str | None
    as_of: date | None
    generation: int | None
    basis: str | None


@dataclass(frozen=True)
class StandingProof:
    """A kept proof that still holds, since nothing of what it rests on has changed; its result is without SQL."""

    kept: KeptVerdict
    result: ComparisonResult


def keep(
    connection: duckdb.DuckDBPyConnection,
    comparison: Comparison,
    *,
    run_id: str,
    basis: str | None = None,
    difference_limit: int = DIFFERENCE_LIMIT,
) -> None:
    """Write a comparison to the schema `migration`, all of it or nothing.

    What the same run kept of the same table before is replaced, so that a step that is tried again counts once. All but
    the differences and the SQL is also written to the journal beside the database, from which a new one gets it back.
    SQL that an earlier comparison ran as well is not written again.

    Args:
        connection: The one that the comparison runs on, while it is open; its default database is written to.
        comparison: What to keep.
        run_id: The run that made it.
        basis: What its outcome depends on, as a digest (see `basis.basis`).
        difference_limit: How many differences to keep at most; how many there are is kept in any case.

    Raises:
        ComparisonError: The database cannot be written to.
    """
    result = comparison.result
    identity = {"run_id": run_id, "table_name": result.table}
    with _transaction(connection, result.table):
        journal = journal_of(connection)
        make_tables(connection)
        for table in (_RUNS, _COLUMNS, _DIFFERENCES):
            forget = exp.delete(exp.table_(table, db=_SCHEMA)).where(_is_of(run_id, result.table))
            connection.execute(_sql(forget))
        kept = _keep_differences(connection, comparison, identity, difference_limit)
        result_json = json.dumps(_with_digests(connection, comparison), ensure_ascii=False, allow_nan=False)
        numbered = {"number": _next_number(connection), "basis": basis, "result": result_json}
        run = identity | _run_row(comparison, kept) | numbered
        columns = [
            identity | {"position": position} | _column_row(column) for position, column in enumerate(result.columns)
        ]
        _insert_comparison(connection, run, columns)
        if journal is not None:
            append(journal, {JOURNAL: {"run": _without_sql(run), "columns": columns}})


def make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of the evidence where they are not there, with what the journal tells of a database before.

    What it tells proves nothing of the tables of this one: restored verdicts are about no generation.
    """
    is_new, journal = not _has_column(connection, "run_id"), journal_of(connection)
    for statement in sqlglot.parse(_DEFINITIONS.read_text(encoding="utf-8"), dialect=DIALECT):
        if statement is not None:
            connection.execute(_sql(statement))
    if is_new and journal is not None:
        # A step that was tried again is there twice, and counts once.
        told = {(kept["run"]["run_id"], kept["run"]["table_name"]): kept for kept in entries(journal, JOURNAL)}
        for kept in told.values():
            _insert_comparison(connection, {**kept["run"], "generation": None}, kept["columns"])


def _insert_comparison(
    connection: duckdb.DuckDBPyConnection, run: Mapping[str, object], columns: Sequence[Mapping[str, object]]
) -> None:
    _insert(connection, _RUNS, run)
    for column in columns:
        _insert(connection, _COLUMNS, column)


def _without_sql(run: Mapping[str, Any]) -> dict[str, Any]:
    """A row for the journal: nine tenths of a result are its SQL."""
    result = {name: value for name, value in json.loads(run["result"]).items() if name != "sql"}
    as_text = {name: value.isoformat() for name, value in run.items() if isinstance(value, date | datetime)}
    return {**run, **as_text, "result": json.dumps(result, ensure_ascii=False)}


def latest_verdict(connection: duckdb.DuckDBPyConnection, table: str) -> KeptVerdict | None:
    """The newest kept verdict of a table; None when it was never compared here."""
    if not _has_column(connection, "run_id"):
        return None
    # Evidence from before verdicts were counted may be in a database that is only read.
    since = [name if _has_column(connection, name) else f"NULL AS {name}" for name in ("generation", "basis")]
    order = ["number DESC NULLS LAST"] if _has_column(connection, "number") else []
    newest = (
        exp.select("run_id", "table_name", "compared_at", "verdict", "reasons", "snapshot_id", "as_of", *since)
        .from_(exp.table_(_RUNS, db=_SCHEMA))
        .where(exp.column("table_name").eq(table))
        .order_by(*order, "compared_at DESC", "run_id DESC")
        .limit(1)
    )
    row = connection.execute(_sql(newest)).fetchone()
    return None if row is None else _kept_verdict(row)


def rules_of(connection: duckdb.DuckDBPyConnection, kept: KeptVerdict) -> int:
    """How many columns were not held to strict equality in a kept comparison."""
    loosened = exp.and_(_is_of(kept.run_id, kept.table), exp.column("rule").neq("{}"), copy=False)
    query = exp.select(exp.Count(this=exp.Star())).from_(exp.table_(_COLUMNS, db=_SCHEMA)).where(loosened)
    [(rules,)] = connection.execute(_sql(query)).fetchall()
    return int(rules)


def standing_proof(
    connection: duckdb.DuckDBPyConnection, table: str, basis: str | None, snapshot: Snapshot | None
) -> StandingProof | None:
    """The newest verdict of a table if it is a proof that still holds.

    Args:
        connection: To the database with the evidence.
        table: The name of the comparison.
        basis: What a comparison's outcome depends on now, as a digest (see `basis.basis`).
        snapshot: What the table is now: the proof must be about the same generation and snapshot.
    """
    kept = latest_verdict(connection, table)
    if kept is None or kept.verdict is not Verdict.PROVEN or basis is None or kept.basis != basis:
        return None
    now = (snapshot.id, snapshot.generation) if snapshot else (None, None)
    result = _kept_result(connection, kept) if (kept.snapshot_id, kept.generation) == now else None
    return None if result is None else StandingProof(kept, result)


def _kept_result(connection: duckdb.DuckDBPyConnection, kept: KeptVerdict) -> ComparisonResult | None:
    """The result of a kept comparison; None where another version of this code wrote it."""
    query = exp.select("result").from_(exp.table_(_RUNS, db=_SCHEMA)).where(_is_of(kept.run_id, kept.table))
    [(result,)] = connection.execute(_sql(query)).fetchall()
    try:
        return TypeAdapter(ComparisonResult).validate_python({**json.loads(result), "sql": ()})
    except ValidationError:
        return None


def _has_column(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether comparisons are kept here, with a column that older evidence may not have."""
    found = (
        exp.select("1")
        .from_("information_schema.columns")
        .where(
            "table_catalog = CURRENT_DATABASE()",
            exp.column("table_schema").eq(_SCHEMA),
            exp.column("table_name").eq(_RUNS),
            exp.column("column_name").eq(name),
        )
    )
    return connection.execute(_sql(found)).fetchone() is not None


def _kept_verdict(row: tuple[Any, ...]) -> KeptVerdict:
    run_id, table, compared_at, verdict, reasons, *about = row
    moment = compared_at.replace(tzinfo=UTC)
    return KeptVerdict(run_id, table, moment, Verdict(verdict), tuple(json.loads(reasons)), *about)


def _next_number(connection: duckdb.DuckDBPyConnection) -> int:
    """Comparisons are counted: a clock may be set back."""
    newest = exp.select(exp.func("COALESCE", exp.Max(this=exp.column("number")), exp.Literal.number(0)))
    [(number,)] = connection.execute(_sql(newest.from_(exp.table_(_RUNS, db=_SCHEMA)))).fetchall()
    return int(number) + 1


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[None]:
    try:
        with transaction(connection):
            yield
    except duckdb.Error as error:
        raise ComparisonError(f"the comparison of {table} cannot be kept: {first_line(error)}") from error


def _is_of(run_id: str, table: str) -> exp.Condition:
    """The condition for the rows of one comparison."""
    return exp.and_(exp.column("run_id").eq(run_id), exp.column("table_name").eq(table), copy=False)


def _keep_differences(
    connection: duckdb.DuckDBPyConnection, comparison: Comparison, identity: Mapping[str, str], limit: int
) -> int:
    """Copy differences within the database; which ones does not depend on the order in which rows were read."""
    found = comparison.differences
    names = [exp.column(name, quoted=True) for name in found.named_selects]
    marks = [exp.Literal.string(value) for value in identity.values()]
    chosen = exp.select(*marks, *names).from_(found.subquery("found"))
    if comparison.differences_total > limit:
        chosen = chosen.order_by(exp.MD5(this=exp.column("key")), *(name.copy() for name in names)).limit(limit)
    columns = [*(exp.to_identifier(name) for name in identity), *(name.this.copy() for name in names)]
    connection.execute(_sql(exp.insert(chosen, exp.table_(_DIFFERENCES, db=_SCHEMA), columns=columns)))
    return min(limit, comparison.differences_total)


def _run_row(comparison: Comparison, kept: int) -> dict[str, object]:
    result = comparison.result
    return {
        "compared_at": datetime.now(UTC).replace(tzinfo=None),
        "verdict": result.verdict.value,
        "reasons": json.dumps(result.reasons, ensure_ascii=False),
        "snapshot_id": result.snapshot.id if result.snapshot else None,
        "as_of": result.snapshot.as_of if result.snapshot else None,
        "generation": result.snapshot.generation if result.snapshot else None,
        "legacy": result.legacy,
        "modern": result.modern,
        **_row_counts(result),
        "differences_total": comparison.differences_total,
        "differences_kept": kept,
        "seconds": result.seconds,
    }


def _with_digests(connection: duckdb.DuckDBPyConnection, comparison: Comparison) -> dict[str, Any]:
    """The result with the digest of each statement in place of its text, which is kept once.

    The names of work tables have a mark that no other comparison's have; it is left out of what is kept.
    """
    mark = comparison.findings.statements.mark
    statements = [statement.replace(mark, _WORK_TABLES) for statement in comparison.result.sql]
    digests = [hashlib.sha256(statement.encode()).hexdigest()[:_DIGEST_LENGTH] for statement in statements]
    kept = exp.select("digest").from_(exp.table_(_STATEMENTS, db=_SCHEMA))
    known = {digest for (digest,) in connection.execute(_sql(kept)).fetchall()}
    for digest, statement in dict(zip(digests, statements, strict=True)).items():
        if digest not in known:
            _insert(connection, _STATEMENTS, {"digest": digest, "statement": statement})
    return {**comparison.result.to_dict(), "sql": digests}


def _row_counts(result: ComparisonResult) -> dict[str, int]:
    return {f"{name}_rows": count for name, count in asdict(result.rows).items()}


def _column_row(column: ColumnResult) -> dict[str, object]:
    return {
        "column_name": column.name,
        "modern_name": column.modern_name,
        "status": column.status,
        "legacy_type": column.legacy_type,
        "modern_type": column.modern_type,
        "type_changed": column.type_changed,
        "different": column.different,
        "accepted": column.accepted,
        "rule": json.dumps(dict(column.rule), ensure_ascii=False),
        "causes": json.dumps(dict(column.causes), ensure_ascii=False),
        "max_abs_diff": column.max_abs_diff,
        "max_rel_diff": column.max_rel_diff,
        "drift": column.drift,
        "converted_with_loss": column.converted_with_loss,
    }


def _insert(connection: duckdb.DuckDBPyConnection, table: str, row: Mapping[str, object]) -> None:
    values = exp.values([tuple(exp.Placeholder() for _ in row)])
    statement = exp.insert(values, exp.table_(table, db=_SCHEMA), columns=list(row))
    connection.execute(_sql(statement), list(row.values()))


def _sql(statement: exp.Expr) -> str:
    return statement.sql(dialect=DIALECT)
