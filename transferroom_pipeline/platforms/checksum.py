"""A checksum of a table's content that does not depend on the order of its rows."""

from dataclasses import dataclass

import duckdb
from sqlglot import exp

from transferroom_pipeline.platforms.tables import columns, table_expression


@dataclass(frozen=True)
class Checksum:
    """Two tables with the same columns and the same checksum hold the same rows, in whatever order."""

    rows: int
    hash_sum: int


def content_checksum(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> Checksum:
    """Row count and the sum of all row hashes.

    A sum rather than an exclusive or: two equal rows would cancel each other out there.
    """
    hashed = exp.cast(row_hash(connection, schema, table), "hugeint", dialect="duckdb")
    query = exp.select(
        exp.Count(this=exp.Star()), exp.func("coalesce", exp.Sum(this=hashed), exp.Literal.number(0))
    ).from_(table_expression(schema, table))
    rows, hash_sum = connection.execute(query.sql(dialect="duckdb")).fetchall()[0]
    return Checksum(int(rows), int(hash_sum))


def row_hash(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> exp.Expr:
    """The hash of a row over all columns, the same whatever the order of the columns."""
    names = sorted(column.name for column in columns(connection, schema, table))
    return exp.func("hash", *(exp.column(name, quoted=True) for name in names), dialect="duckdb")
