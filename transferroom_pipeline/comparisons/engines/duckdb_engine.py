"""DuckDB: one file, several attached ones, or an attached server."""

from collections.abc import Mapping

import duckdb
from duckdb.func import FunctionNullHandling
from duckdb.sqltypes import BOOLEAN, VARCHAR
from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import NUMERIC_WITHOUT_PRECISION
from transferroom_pipeline.comparisons.engines.base import Engine
from transferroom_pipeline.comparisons.engines.errors import without_addresses
from transferroom_pipeline.comparisons.functions.duckdb import JSON_CONTENT, DuckDBFunctions
from transferroom_pipeline.comparisons.json_content import json_content

_INTERRUPTED = "Query interrupted"
"""What DuckDB raises on Ctrl-C: a RuntimeError, which is none of its own errors."""

_SORTED_FROM = 1_000_000
_SORTED_AT_ONCE = 32_000_000
"""Hashes sorted in memory at a time: 256 MB."""


class DuckDBEngine(Engine):
    """A DuckDB connection, which may be read-only: work tables are temporary ones."""

    functions = DuckDBFunctions()

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take a connection that reaches both tables."""
        self.connection = connection

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """DuckDB's errors."""
        return (duckdb.Error,)

    def explain(self, error: Exception) -> str:
        """The first line: an excerpt of the query follows it."""
        if isinstance(error, duckdb.OutOfMemoryException) or "No space left on device" in str(error):
            return "the memory limit is used up and so is the disk to spill to: raise the limit, or free disk space"
        return first_line(error)

    def columns(self, table: exp.Table) -> list[tuple[str, str]]:
        """By a query without rows, which works for views and attached tables alike."""
        doubtful = self._numerics_without_precision(table)
        return [
            (name, NUMERIC_WITHOUT_PRECISION if name in doubtful else type_name)
            for name, type_name in self._described(exp.select("*").from_(table).limit(0))
        ]

    def _numerics_without_precision(self, table: exp.Table) -> set[str]:
        """Columns of an attached PostgreSQL table that hold any number: DuckDB reads them as doubles."""
        if not self._exists("duckdb_databases()", {"database_name": table.catalog, "type": "postgres"}):
            return set()
        name = exp.table_(table.name, db=table.db or "public", quoted=True).sql(dialect="postgres")
        columns = (
            exp.select("attname")
            .from_("pg_catalog.pg_attribute")
            .where(
                exp.column("attrelid").eq(exp.func("to_regclass", exp.Literal.string(name))),
                exp.column("atttypid").eq(exp.cast(exp.Literal.string("numeric"), "regtype", dialect="postgres")),
                exp.column("atttypmod").eq(-1),
            )
        )
        arguments = (exp.Literal.string(text) for text in (table.catalog, columns.sql(dialect="postgres")))
        query = exp.select("*").from_(exp.Anonymous(this="POSTGRES_QUERY", expressions=list(arguments)))
        return {str(row[0]) for row in self.connection.execute(self._sql(query)).fetchall()}

    def _exists(self, catalogue: str, wanted: Mapping[str, str]) -> bool:
        """Whether one of DuckDB's catalogues has an entry.

        Without parameters: passing them makes DuckDB import NumPy and pandas, for which small comparisons cannot wait.
        """
        query = exp.select("1").from_(catalogue).where(*(exp.column(name).eq(value) for name, value in wanted.items()))
        return self.connection.execute(self._sql(query)).fetchone() is not None

    def type_of_condition(self, table: exp.Table, condition: exp.Expr) -> str:
        """DuckDB would take a number for a condition too, so it is asked for the type."""
        return self._described(exp.select(condition).from_(table).limit(0))[0][1]

    def _described(self, query: exp.Select) -> list[tuple[str, str]]:
        described = self.connection.execute(self._sql(query)).description or []
        return [(column[0], str(column[1])) for column in described]

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """All rows of a query."""
        return self._run(sql).fetchall()

    def execute(self, sql: str) -> None:
        """Run a statement."""
        self._run(sql)

    def _run(self, sql: str) -> duckdb.DuckDBPyConnection:
        if JSON_CONTENT in sql:
            self._register_json_content()
        try:
            return self.connection.execute(sql)
        except RuntimeError as error:
            if str(error) == _INTERRUPTED:
                # DuckDB's other threads may not have heard of it, and closing the connection would wait for them.
                self.connection.interrupt()
                raise KeyboardInterrupt from error
            raise

    def _register_json_content(self) -> None:
        """On first use: most comparisons have no JSON."""
        if not self._exists("duckdb_functions()", {"function_name": JSON_CONTENT}):
            self.connection.create_function(
                JSON_CONTENT, json_content, [VARCHAR, BOOLEAN], VARCHAR, null_handling=FunctionNullHandling.SPECIAL
            )

    def work_table(self, name: str) -> exp.Table:
        """A temporary table."""
        return exp.table_(name, db="main", catalog="temp", quoted=True)

    def create(self, table: exp.Table, query: exp.Expr) -> exp.Expr:
        """As a temporary table."""
        temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
        return exp.Create(this=table.copy(), kind="TABLE", expression=query, properties=temporary)

    def all_distinct(self, hashes: exp.Select, rows: int) -> exp.Select | bool:
        """Of many rows by sorting their hashes in NumPy: a third of the time and memory of DuckDB's own grouping."""
        if rows < _SORTED_FROM:
            return super().all_distinct(hashes, rows)
        parts = -(-rows // _SORTED_AT_ONCE)
        hashed = exp.column("hash", quoted=True)
        part = exp.Mod(this=hashed, expression=exp.Literal.number(parts))
        for number in range(parts):
            chosen = exp.EQ(this=part.copy(), expression=exp.Literal.number(number))
            query = exp.select("*").from_(hashes.copy().subquery("hashes")).where(chosen if parts > 1 else None)
            if _has_repeats(self.connection, self._sql(query), -(-rows // parts)):
                return False
        return True

    def share_done(self) -> float | None:
        """The share of the running statement that is done, by DuckDB's estimate; to be asked from another thread."""
        percent = self.connection.query_progress()
        return percent / 100 if percent >= 0 else None

    def _sql(self, query: exp.Expr) -> str:
        return query.sql(dialect=self.functions.dialect)


def first_line(error: Exception) -> str:
    """The engine's error without the excerpt of the query that follows it, and without a server's address."""
    return without_addresses(str(error).partition("\n")[0])


def _has_repeats(connection: duckdb.DuckDBPyConnection, sql: str, expected: int) -> bool:
    """Whether a query's only column of 64-bit numbers has a value twice."""
    # Imported here: comparing small tables must not wait for NumPy and Arrow.
    import numpy as np  # noqa: PLC0415

    from transferroom_pipeline.comparisons.engines.streaming import wide_stream  # noqa: PLC0415

    found = np.empty(expected + expected // 16, dtype=np.uint64)
    size = 0
    with wide_stream(connection):
        for batch in connection.execute(sql).to_arrow_reader(1_000_000):
            values = batch.column(0).to_numpy()
            if size + len(values) > len(found):
                found = np.concatenate([found, np.empty(len(found) // 4 + len(values), dtype=np.uint64)])
            found[size : size + len(values)] = values
            size += len(values)
    found = found[:size]
    found.sort()
    return bool((found[1:] == found[:-1]).any())
