"""Three small tables with a column of each type, on the stand-in as they would be on SQL Server."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from transferroom_pipeline.legacy.tsql.calls import stand_in_type
from transferroom_pipeline.legacy.tsql.sql_types import parse_type

COLUMNS = {
    "t": {
        "id": "INT", "b": "BIGINT", "si": "SMALLINT", "bit": "BIT", "x": "DECIMAL(10,2)", "m": "MONEY", "f": "FLOAT",
        "s": "VARCHAR(20)", "ns": "NVARCHAR(40)", "c": "CHAR(5)", "u": "UNIQUEIDENTIFIER", "d": "DATE",
        "dt": "DATETIME", "d2": "DATETIME2", "tm": "TIME", "ti": "TINYINT", "y": "DECIMAL(2,2)", "c2": "CHAR(2)",
        "code": "VARCHAR(10)",
    },
    "k": {"id": "INT", "s": "VARCHAR(20)", "n": "INT"},
    "e": {"id": "INT", "n": "INT"},
}  # fmt: skip
ROWS = {
    "t": [
        (1, 10, 3, True, "12.50", "3.5", 2.5, "abc", "Ann ", "abc  ", "6f9619ff-8b86-d011-b42d-00c04fc964ff",
         "2026-01-31", "2026-01-31 10:20:30.123", "2026-01-31 10:20:30.123456", "10:20:30", 200, "0.50", "NO", "12"),
        (2, 20, None, False, "-12.50", None, -2.5, "Abc ", None, None, None, "2024-02-29", "2024-02-29", None, None,
         0, "-0.25", "SE", "007"),
        (3, None, -7, None, None, None, None, "", "Bob", "x    ", None, None, None, None, None, None, None, None, ""),
    ],
    "k": [(1, "a", 5), (1, "b", 7), (2, "A", None), (3, "5", 1)],
    "e": [],
}  # fmt: skip


@contextmanager
def filled_tables() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a database in memory with the tables in schema `prod`."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA prod")
        for table, columns in COLUMNS.items():
            listed = ", ".join(
                f'"{name}" {stand_in_type(parse_type(kind)).sql(dialect="duckdb")}' for name, kind in columns.items()
            )
            connection.execute(f"CREATE TABLE prod.{table} ({listed})")
            marks = ", ".join("?" * len(columns))
            for row in ROWS[table]:
                connection.execute(f"INSERT INTO prod.{table} VALUES ({marks})", row)
        yield connection
