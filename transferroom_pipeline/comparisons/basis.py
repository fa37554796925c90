"""What the outcome of a comparison depends on, as a digest: with the same one, comparing again finds the same."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path

from sqlglot import exp

from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.sql_text import parse_predicate

_SAME_FOR_THE_SAME_ROW = (
    *(exp.Abs, exp.Case, exp.Cast, exp.Coalesce, exp.Connector, exp.If, exp.Length, exp.Lower, exp.Round),
    *(exp.Substring, exp.Trim, exp.Upper),
)
"""Functions in conditions that depend on nothing but the row."""


def basis(spec: TableSpec, versions: Mapping[str, str], today: date) -> str | None:
    """The digest of all that decides what a comparison finds.

    Args:
        spec: What is compared and how.
        versions: The version of the content of each table that is read: another whenever a row is another.
        today: The day on which agreements must still hold.

    Returns:
        None where the outcome may depend on more than that: on a query, or on a condition that reads other tables, or
        calls a function that may not give the same each time.
    """
    if spec.legacy_query is not None or spec.modern_query is not None:
        return None
    if not all(_is_repeatable(predicate) for predicate in _predicates(spec)):
        return None
    day = today.isoformat() if spec.accepted else ""
    facts = [_code(), spec.model_dump_json(), *sorted(f"{table} {version}" for table, version in versions.items()), day]
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()


def _predicates(spec: TableSpec) -> Iterator[str]:
    """The conditions that a person wrote."""
    written = [spec.where.legacy, spec.where.modern, *(agreed.where for agreed in spec.accepted)]
    return (predicate for predicate in written if predicate is not None)


def _is_repeatable(predicate: str) -> bool:
    nodes = parse_predicate(predicate).find_all(exp.Query, exp.Func)
    return all(isinstance(node, _SAME_FOR_THE_SAME_ROW) for node in nodes)


@cache
def _code() -> str:
    """What compares: this package and the libraries that run its SQL."""
    digest = hashlib.sha256(repr([(name, version(name)) for name in ("duckdb", "sqlglot")]).encode())
    folder = Path(__file__).parent
    for file in sorted(path for path in folder.rglob("*") if path.suffix in {".py", ".sql"}):
        digest.update(f"{file.relative_to(folder)}\0".encode() + file.read_bytes())
    return digest.hexdigest()
