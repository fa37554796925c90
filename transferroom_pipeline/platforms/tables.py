"""Questions about a table that every stage asks: is it there, its columns, its rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from transferroom_pipeline.platforms.exceptions import PlatformError


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Everything inside it happens, or nothing does."""
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


@dataclass(frozen=True)
class Column:
    """A column as the database describes it."""

    name: str
    type: str


def table_expression(schema: str, table: str) -> exp.Table:
    """A table's name with both parts quoted."""
    return exp.table_(table, db=schema, quoted=True)


def table_exists(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    """Whether a table or view of that name is there."""
    query = (
        "SELECT count(*) FROM information_schema.tables "
        "WHERE table_catalog = current_database() AND table_schema = ? AND table_name = ?"
    )
    return bool(_scalar(connection, query, [schema, table]))


def require_table(connection: duckdb.DuckDBPyConnection, schema: str, table: str, made_by: str) -> None:
    """Say which asset to materialize first when a table is not there.

    Raises:
        PlatformError: The table is missing.
    """
    if not table_exists(connection, schema, table):
        raise PlatformError(f"table {schema}.{table} does not exist yet: materialize the asset {made_by} first")


def columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> tuple[Column, ...]:
    """The columns of a table in their order."""
    query = (
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_catalog = current_database() AND table_schema = ? AND table_name = ? ORDER BY ordinal_position"
    )
    return tuple(Column(name, type_) for name, type_ in connection.execute(query, [schema, table]).fetchall())


def row_count(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> int:
    """How many rows a table has."""
    query = exp.select(exp.Count(this=exp.Star())).from_(table_expression(schema, table))
    return int(_scalar(connection, query.sql(dialect="duckdb")))


def create_schema(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Make a schema where it is not there."""
    create = exp.Create(this=exp.Table(db=exp.to_identifier(schema, quoted=True)), kind="SCHEMA", exists=True)
    connection.execute(create.sql(dialect="duckdb"))


def _scalar(connection: duckdb.DuckDBPyConnection, query: str, parameters: list[str] | None = None) -> int:
    row = connection.execute(query, parameters or []).fetchone()
    if row is None:
        raise PlatformError(f"the database gave no row for: {query}")
    return int(row[0])
