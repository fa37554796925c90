"""The generation of each table: raised whenever its copy or its rebuild may change.

A verdict is about one generation. Whether it is still about what is there can so be told without asking any clock.
"""

from pathlib import Path

import duckdb
from sqlglot import exp

from transferroom_pipeline.platforms.schemas import MIGRATION_SCHEMA
from transferroom_pipeline.platforms.tables import create_schema, table_exists, table_expression

TABLE = "generations"

_SQL = Path(__file__).with_name("sql")


def generation(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """The generation of a table; 0 of one that has not changed since generations are counted."""
    if not table_exists(connection, MIGRATION_SCHEMA, TABLE):
        return 0
    query = (
        exp.select(exp.Max(this=exp.column("generation")))
        .from_(table_expression(MIGRATION_SCHEMA, TABLE))
        .where(exp.column("table_name").eq(table))
    )
    [(newest,)] = connection.execute(query.sql(dialect="duckdb")).fetchall()
    return int(newest or 0)


def raise_generation(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Say that what was known of a table does not count any more."""
    _step(connection, table, 1)


def hold_generation(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Make the transaction fail if the generation of a table is raised by another one meanwhile."""
    _step(connection, table, 0)


def _step(connection: duckdb.DuckDBPyConnection, table: str, size: int) -> None:
    create_schema(connection, MIGRATION_SCHEMA)
    connection.execute((_SQL / "generations.sql").read_text(encoding="utf-8"))
    connection.execute((_SQL / "first_generation.sql").read_text(encoding="utf-8"), [table, table])
    connection.execute((_SQL / "raise_generation.sql").read_text(encoding="utf-8"), [size, table])
