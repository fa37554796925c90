"""Finding rows of the loaded source tables that refer to a row that is not there."""

from dataclasses import dataclass

import duckdb
from sqlglot import exp

from transferroom_pipeline.sources.contracts import SOURCE_TABLES, Reference, SourceTable

SAMPLES = 20


@dataclass(frozen=True)
class DanglingRow:
    """A row that refers to nothing.

    Attributes:
        key: The key of the row.
        value: The key it refers to, which no row of the other table has.
    """

    key: str
    value: str


@dataclass(frozen=True)
class DanglingReference:
    """How many rows of a table refer to nothing through one column.

    Attributes:
        table: The referring table.
        column: The referring column.
        referenced_table: The table referred to.
        count: Rows whose value is no key there; rows without a value refer to nothing and are not counted.
        samples: The first of them by key, at most `SAMPLES`.
    """

    table: str
    column: str
    referenced_table: str
    count: int
    samples: tuple[DanglingRow, ...]


def dangling_references(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, schema: str
) -> tuple[DanglingReference, ...]:
    """Look up every reference of a table in the loaded tables.

    Args:
        connection: A database that holds the table and those it refers to.
        table: The referring table.
        schema: The schema they are in.

    Returns:
        One result per reference of the table, also where no row is dangling.
    """
    return tuple(_dangling(connection, table, reference, schema) for reference in table.references)


def dangling_rows(table: SourceTable, reference: Reference, schema: str) -> exp.Select:
    """The query for key and value of all rows that refer to nothing through one column."""
    (referenced_key,) = (other.key for other in SOURCE_TABLES if other.name == reference.table)
    value = exp.column(reference.column, table="referring", quoted=True)
    target = exp.column(referenced_key, table="referenced", quoted=True)
    return (
        exp.select(
            exp.column(table.key, table="referring", quoted=True).as_("key", quoted=True),
            value.as_("value", quoted=True),
        )
        .from_(exp.table_(table.name, db=schema, quoted=True).as_("referring", quoted=True))
        .join(
            exp.table_(reference.table, db=schema, quoted=True).as_("referenced", quoted=True),
            on=value.eq(target),
            join_type="left",
        )
        .where(value.is_(exp.null()).not_(), target.is_(exp.null()))
    )


def _dangling(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, reference: Reference, schema: str
) -> DanglingReference:
    rows = dangling_rows(table, reference, schema)
    counting = exp.select(exp.Count(this=exp.Star())).from_(rows.subquery("dangling"))
    (count,) = connection.execute(counting.sql(dialect="duckdb")).fetchall()[0]
    first = rows.order_by(exp.column("key", quoted=True)).limit(SAMPLES)
    samples = connection.execute(first.sql(dialect="duckdb")).fetchall() if count else []
    return DanglingReference(
        table=table.name,
        column=reference.column,
        referenced_table=reference.table,
        count=count,
        samples=tuple(DanglingRow(str(key), str(value)) for key, value in samples),
    )
