"""A checksum of a table's content that does not depend on the order of its rows."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from transferroom_pipeline.platforms.tables import Column, columns, table_expression


@dataclass(frozen=True)
class Checksum:
    """Two tables with the same columns and the same checksum hold the same rows, in whatever order."""

    rows: int
    hash_sum: int


def content_checksum(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> Checksum:
    """Row count and the sum of all row hashes.

    A sum rather than an exclusive or: two equal rows would cancel each other out there.
    """
    names = [column.name for column in columns(connection, schema, table)]
    return _checksum(connection, table_expression(schema, table), names)


def content_version(connection: duckdb.DuckDBPyConnection, table: exp.Table) -> str:
    """The version of a table's content: another whenever a row, a column or a column's type is another.

    Raises:
        duckdb.Error: The table is not there, or it is a view that does not work any more.
    """
    described = connection.sql(exp.select("*").from_(table.copy()).sql(dialect="duckdb"))
    own = [Column(name, str(type_)) for name, type_ in zip(described.columns, described.types, strict=True)]
    return version_of(own, _checksum(connection, table, described.columns))


def version_of(own: Sequence[Column], checksum: Checksum) -> str:
    """The version of the content of a table with these columns and this checksum."""
    digest = hashlib.sha256(repr([(column.name, column.type) for column in own]).encode()).hexdigest()[:16]
    return f"{checksum.rows}-{checksum.hash_sum}-{digest}"


def row_hash(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> exp.Expr:
    """The hash of a row over all columns, the same whatever the order of the columns."""
    return _hash_of([column.name for column in columns(connection, schema, table)])


def _checksum(connection: duckdb.DuckDBPyConnection, table: exp.Table, names: Sequence[str]) -> Checksum:
    hashed = exp.cast(_hash_of(names), "hugeint", dialect="duckdb")
    total = exp.func("coalesce", exp.Sum(this=hashed), exp.Literal.number(0))
    query = exp.select(exp.Count(this=exp.Star()), total).from_(table.copy())
    rows, hash_sum = connection.execute(query.sql(dialect="duckdb")).fetchall()[0]
    return Checksum(int(rows), int(hash_sum))


def _hash_of(names: Sequence[str]) -> exp.Expr:
    return exp.func("hash", *(exp.column(name, quoted=True) for name in sorted(names)), dialect="duckdb")
