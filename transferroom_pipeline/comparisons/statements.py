"""Running the SQL of one comparison, with a record of it and errors that a person can act on."""

from dataclasses import dataclass, field
from typing import Any

import duckdb
from sqlglot import exp

from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.sql_text import DIALECT


@dataclass
class Statements:
    """Statements on one connection.

    Attributes:
        connection: Where they run.
        table: The name of the comparison, for errors.
        run: The statements so far.
    """

    connection: duckdb.DuckDBPyConnection
    table: str
    run: list[str] = field(default_factory=list)

    def rows(self, query: exp.Expr) -> list[tuple[Any, ...]]:
        """All rows of a query.

        Raises:
            ComparisonError: The engine refuses the query.
        """
        return self._execute(query).fetchall()

    def row(self, query: exp.Expr) -> tuple[Any, ...]:
        """The only row of an aggregate."""
        return self.rows(query)[0]

    def column_types(self, query: exp.Query) -> list[tuple[str, str]]:
        """Names and types of a query's columns."""
        described = self._execute(query.limit(0)).description or []
        return [(column[0], str(column[1])) for column in described]

    def create(self, table: exp.Table, query: exp.Expr) -> None:
        """Keep a query's rows in a temporary table."""
        temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
        self._execute(exp.Create(this=table.copy(), kind="TABLE", expression=query, properties=temporary))

    def drop(self, table: exp.Table) -> None:
        """Drop a temporary table; it need not be there, the comparison may have failed before."""
        self._execute(exp.Drop(this=table.copy(), kind="TABLE", exists=True))

    def _execute(self, statement: exp.Expr) -> duckdb.DuckDBPyConnection:
        # Each statement is built for one use, so that the generator need not spare it by working on a copy.
        sql = statement.sql(dialect=DIALECT, copy=False)
        self.run.append(sql)
        try:
            return self.connection.execute(sql)
        except duckdb.Error as error:
            raise ComparisonError(f"table {self.table} cannot be compared: {first_line(error)}") from error


def first_line(error: duckdb.Error) -> str:
    """The engine's error without the excerpt of the query that follows it."""
    return str(error).partition("\n")[0]
