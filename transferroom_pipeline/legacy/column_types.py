"""The types of the legacy platform's columns on SQL Server, as far as the stand-in and the contracts show them.

This is the one place that says which type of SQL Server a type of the stand-in stands for.
"""

import re
from collections.abc import Iterable

import duckdb
import polars as pl

from transferroom_pipeline.platforms.schemas import LEGACY_SCHEMA
from transferroom_pipeline.platforms.tables import columns
from transferroom_pipeline.sources.contracts import SOURCE_TABLES

Types = dict[str, dict[str, str]]
"""Types of SQL Server by table and column."""

_SERVER_TYPES = {
    # The stand-in keeps no length: NVARCHAR without one is a text whose length is not known.
    "VARCHAR": "NVARCHAR",
    "BOOLEAN": "BIT",
    "UTINYINT": "TINYINT",
    "TINYINT": "SMALLINT",
    "SMALLINT": "SMALLINT",
    "INTEGER": "INT",
    "BIGINT": "BIGINT",
    "HUGEINT": "BIGINT",
    "FLOAT": "REAL",
    "DOUBLE": "FLOAT",
    "DATE": "DATE",
    "TIME": "TIME",
    # A DATETIME, with its thirds of 10 milliseconds, cannot be told from a DATETIME2.
    "TIMESTAMP": "DATETIME2",
    "TIMESTAMP WITH TIME ZONE": "DATETIMEOFFSET",
    "UUID": "UNIQUEIDENTIFIER",
    "BLOB": "VARBINARY(MAX)",
}
_DECIMAL = re.compile(r"DECIMAL\(\d+,\d+\)")
_STAND_IN_TYPES: dict[type[pl.DataType], str] = {
    pl.String: "VARCHAR",
    pl.Int64: "BIGINT",
    pl.Date: "DATE",
    pl.Datetime: "TIMESTAMP",
}


def stored_types(connection: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> Types:
    """The types of the tables of legacy `prod`, from the stand-in's catalogue; a table that is not there has none."""
    return {
        table: {
            column.name: known
            for column in columns(connection, LEGACY_SCHEMA, table)
            if (known := server_type(column.type))
        }
        for table in tables
    }


def declared_types() -> Types:
    """The types of the source tables, from their contracts."""
    return {
        table.name: {
            name: known for name, dtype in table.dtypes.items() if (known := server_type(_stand_in_type(dtype)))
        }
        for table in SOURCE_TABLES
    }


def server_type(stand_in_type: str) -> str | None:
    """The type of SQL Server that a type of the stand-in stands for; None where it is not known."""
    return stand_in_type if _DECIMAL.fullmatch(stand_in_type) else _SERVER_TYPES.get(stand_in_type)


def _stand_in_type(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Decimal):
        return f"DECIMAL({dtype.precision},{dtype.scale})"
    return _STAND_IN_TYPES.get(type(dtype), "")
