"""Removing old evidence of comparisons, in the target and in the journal beside it."""

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from transferroom_pipeline.comparisons.history import JOURNAL as COMPARISON
from transferroom_pipeline.comparisons.history import make_tables
from transferroom_pipeline.comparisons.journal import all_entries, journal_of, rewrite
from transferroom_pipeline.cutover.views import JOURNAL as VIEW
from transferroom_pipeline.cutover.views import runs_shown
from transferroom_pipeline.platforms.tables import transaction
from transferroom_pipeline.retention.removal import Removal

_SQL = Path(__file__).with_name("sql")


def remove_evidence(
    connection: duckdb.DuckDBPyConnection, *, before: datetime, differences_before: datetime, dry_run: bool
) -> list[Removal]:
    """Remove comparisons from before a moment, and differences from before another one.

    The newest comparison of each table, every change of a verdict, and what a view rests on are kept for ever; of
    differences those of the newest comparison of each table.

    Args:
        connection: To the target.
        before: Older comparisons go.
        differences_before: Differences of older comparisons go.
        dry_run: Only say what would go.
    """
    with transaction(connection):
        make_tables(connection)
        _choose(connection, "outdated_comparisons", [_naive(before), list(runs_shown(connection))])
        _choose(connection, "outdated_differences", [_naive(differences_before)])
        kept = set(connection.execute((_SQL / "kept_comparisons.sql").read_text(encoding="utf-8")).fetchall())
        removals = [
            Removal("kept comparisons", _count(connection, "outdated_comparisons")),
            Removal("kept differences", _count(connection, "outdated_differences")),
        ]
        if not dry_run:
            connection.execute((_SQL / "remove_comparisons.sql").read_text(encoding="utf-8"))
        connection.execute("DROP TABLE outdated_comparisons; DROP TABLE outdated_differences")
    journal = journal_of(connection)
    return removals if journal is None else [*removals, _shorten(journal, kept, before, dry_run=dry_run)]


def _choose(connection: duckdb.DuckDBPyConnection, what: str, parameters: list[Any]) -> None:
    connection.execute((_SQL / f"{what}.sql").read_text(encoding="utf-8"), parameters)


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    query = exp.select(exp.Count(this=exp.Star())).from_(table)
    [(count,)] = connection.execute(query.sql(dialect="duckdb")).fetchall()
    return int(count)


def _shorten(journal: Path, kept: Collection[tuple[str, str]], before: datetime, *, dry_run: bool) -> Removal:
    """Leave in the journal the comparisons that are kept, the last move of each view, and what is not old."""
    entries = list(all_entries(journal))
    last_moves = {entry[VIEW]["table"]: entry for entry in entries if VIEW in entry}

    def stays(entry: dict[str, Any]) -> bool:
        if COMPARISON in entry:
            return (entry[COMPARISON]["run"]["run_id"], entry[COMPARISON]["run"]["table_name"]) in kept
        if VIEW in entry:
            moved = entry[VIEW]
            return entry is last_moves[moved["table"]] or datetime.fromisoformat(moved["at"]) >= before
        return True

    remaining = [entry for entry in entries if stays(entry)]
    if len(remaining) < len(entries) and not dry_run:
        rewrite(journal, remaining)
    return Removal("entries of the journal", len(entries) - len(remaining))


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
