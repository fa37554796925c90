"""Building a legacy table on the stand-in."""

from datetime import date

import duckdb
import pandas as pd
from sqlglot import exp

from transferroom_pipeline.legacy.column_types import stored_types
from transferroom_pipeline.legacy.exceptions import LegacyError
from transferroom_pipeline.legacy.tables import Frames, LegacyTable
from transferroom_pipeline.legacy.tsql import stand_in_sql
from transferroom_pipeline.platforms.schemas import LEGACY_SCHEMA
from transferroom_pipeline.platforms.tables import require_table, table_expression


def build_table(connection: duckdb.DuckDBPyConnection, table: LegacyTable, as_of: date) -> str:
    """Replace a derived table in one statement, so that it is old or new, never half.

    Returns:
        What was run: the T-SQL, or the name of the pandas function.

    Raises:
        LegacyError: The T-SQL cannot be carried to the stand-in, or it stops there.
        PlatformError: A table that the build reads is not there.
    """
    for name in table.inputs:
        require_table(connection, LEGACY_SCHEMA, name, f"legacy/{name}")
    if isinstance(table.build, Frames):
        return _build_from_frames(connection, table, table.build)
    tsql = table.build.tsql(as_of)
    types = stored_types(connection, table.inputs)
    create = _create(table, stand_in_sql(tsql, table=table.name, columns=types))
    try:
        connection.execute(create)
    except duckdb.Error as error:
        [reason, *_] = str(error).splitlines() or [type(error).__name__]
        raise LegacyError(f"the T-SQL of legacy table {table.name} stopped on the stand-in: {reason}") from error
    return tsql


def _build_from_frames(connection: duckdb.DuckDBPyConnection, table: LegacyTable, build: Frames) -> str:
    frames = {name: _frame(connection, name) for name in table.inputs}
    connection.register("built", build.function(frames))
    try:
        connection.execute(_create(table, exp.select("*").from_("built").sql(dialect="duckdb")))
    finally:
        connection.unregister("built")
    return f"{build.function.__module__}.{build.function.__qualname__}"


def _create(table: LegacyTable, query: str) -> str:
    create = exp.Create(
        this=table_expression(LEGACY_SCHEMA, table.name),
        kind="TABLE",
        replace=True,
        expression=exp.maybe_parse(query, dialect="duckdb"),
    )
    return create.sql(dialect="duckdb")


def _frame(connection: duckdb.DuckDBPyConnection, table: str) -> pd.DataFrame:
    """A table with its exact types: pandas' own would turn decimals into floats."""
    query = exp.select("*").from_(table_expression(LEGACY_SCHEMA, table)).sql(dialect="duckdb")
    frame: pd.DataFrame = connection.sql(query).to_arrow_table().to_pandas(types_mapper=pd.ArrowDtype)
    return frame
