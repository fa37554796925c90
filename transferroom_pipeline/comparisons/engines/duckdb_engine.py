"""DuckDB: one file, several attached ones, or an attached server."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING

import duckdb
from duckdb.func import FunctionNullHandling
from duckdb.sqltypes import BOOLEAN, VARCHAR
from sqlglot import exp

from transferroom_pipeline.comparisons.addresses import without_addresses
from transferroom_pipeline.comparisons.engines.attached_postgres import AttachedTable
from transferroom_pipeline.comparisons.engines.base import Reading, StreamingEngine
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.functions.duckdb import JSON_CONTENT, DuckDBFunctions
from transferroom_pipeline.comparisons.json_content import json_content
from transferroom_pipeline.comparisons.queries import relation
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.sql_text import DIALECT, parse_view, selected_whole, tables_in

if TYPE_CHECKING:
    # Comparing small tables must not wait for NumPy and Arrow.
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_SERVER_FUNCTIONS = ("postgres_query", "postgres_scan")

_INTERRUPTED = "Query interrupted"
"""What DuckDB raises on Ctrl-C: a RuntimeError, which is none of its own errors."""

_BYTES_IN_KIB = 1024
_KIB_IN = {"bytes": 1 / 1024, "KiB": 1, "MiB": 1024, "GiB": 1024**2, "TiB": 1024**3, "PiB": 1024**4}
"""The units in which DuckDB tells its limit of memory."""

_A_LITTLE = 0.001

_BATCH_ROWS = 100_000
_STREAMED_AHEAD = "16MB"
"""What DuckDB may work out before it is read: with its default of 1 MB its threads wait half of the time."""

_FEW_ROWS = 5_000
"""As many rows DuckDB looks up by their numbers; to look for more in each block takes longer than to read it."""


class DuckDBEngine(StreamingEngine):
    """A DuckDB connection, which may be read-only: work tables are temporary ones."""

    functions = DuckDBFunctions()

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take a connection that reaches both tables."""
        self.connection = connection
        self._streamed: float | None = None
        # With one MB, as it is by default, DuckDB's threads would wait for the rows of a stream to be taken.
        connection.execute("SET streaming_buffer_size = '16MB'")
        connection.execute(f"SET dynamic_or_filter_threshold = {_FEW_ROWS}")

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """DuckDB's errors."""
        return (duckdb.Error,)

    def explain(self, error: Exception) -> str:
        """The first line: an excerpt of the query follows it."""
        if any(sign in str(error) for sign in ("Out of Memory Error", "No space left on device")):
            return "the memory limit is used up and so is the disk to spill to: raise the limit, or free disk space"
        return first_line(error)

    def columns(self, table: exp.Table) -> list[tuple[str, str]]:
        """By a query without rows, which works for views and attached tables alike."""
        return self._described(_no_rows(table))

    def reading(self, table: exp.Table) -> Reading | None:
        """Of a table on an attached server: some of its values DuckDB's reader would change."""
        on_server = self._on_server(table)
        if on_server is None:
            found = self._catalogued(table) if self._servers() else None
            if found is not None and found[3] is not None:
                self.require_exact(parse_view(found[3]))
            return None
        self._described(_no_rows(table))  # DuckDB's own word first on a table that is not there.
        return on_server.reading()

    def require_exact(self, query: exp.Query) -> None:
        """Of tables on a server, whose values a query would compute with after they were changed."""
        if not self._servers():
            return
        for table in tables_in(query):
            if not isinstance(table.this, exp.Identifier):
                if any(word in table.sql(dialect=DIALECT).lower() for word in _SERVER_FUNCTIONS):
                    raise ComparisonError(
                        f"{_SERVER_FUNCTIONS[0]} and its like may change values: name the table itself"
                    )
            elif self._reads_changed(table):
                name = table.sql(dialect=DIALECT)
                raise ComparisonError(
                    f"{name} has values that DuckDB would change before the query computes with them: compare the "
                    "table itself, or a view on the server that casts them"
                )

    def _reads_changed(self, table: exp.Table) -> bool:
        """Whether a table, or what a view is made of, has values that DuckDB would change."""
        try:
            return self.reading(table) is not None
        except duckdb.CatalogException:
            return False  # Not there: what DuckDB says of the query as a whole is clearer.

    def _on_server(self, table: exp.Table) -> AttachedTable | None:
        server = self._server(table)
        if server is None:
            return None
        return AttachedTable(self.connection, server, table.db if table.catalog else "public", table.name)

    def identity(self, table: exp.Table) -> str:
        """The file, schema and name of the table; of a view that only selects all of another relation, that one's."""
        on_server = self._on_server(table)
        if on_server is not None:
            return on_server.identity
        found = self._catalogued(table)
        if found is None:
            return super().identity(table)
        place, schema, name, view = found
        shown = None if view is None else selected_whole(view)
        return self.identity(shown) if shown is not None else f"{place}.{schema}.{name}".lower()

    def _catalogued(self, table: exp.Table) -> tuple[str, str, str, str | None] | None:
        """File, schema and name of a relation, and the SQL of a view, as DuckDB finds it by its name.

        Of two names DuckDB takes the first for a schema, or for a database with its main schema.
        """
        kinds = ("tables", None), ("views", "sql")
        places = [(table.catalog, table.db)] if table.catalog else [("", table.db or "main"), (table.db, "main")]
        for (kind, text), (database, schema) in product(kinds, places):
            name = f"{kind[:-1]}_name"
            wanted = {"database_name": database, "schema_name": schema, name: table.name}
            same = [exp.Lower(this=exp.column(each)).eq(value.lower()) for each, value in wanted.items() if value]
            here = [] if database else [exp.column("database_name").eq(exp.func("current_database"))]
            columns = ["database_oid", "schema_name", name, text or "NULL"]
            query = exp.select(*columns).from_(f"duckdb_{kind}()").where(*same, *here)
            row = self.connection.execute(self._sql(query)).fetchone()
            if row is not None:
                return self._place_of(row[0]), str(row[1]), str(row[2]), row[3]
        return None

    def _place_of(self, database: int) -> str:
        """The file of a database, whatever it is called here; databases in memory have only their number."""
        query = exp.select("path").from_("duckdb_databases()").where(exp.column("database_oid").eq(database))
        row = self.connection.execute(self._sql(query)).fetchone()
        return os.path.realpath(row[0]) if row and row[0] else f"database {database}"

    def _server(self, table: exp.Table) -> str | None:
        """The attached PostgreSQL database that a table is in; of two names, the first can be that of a database."""
        names = {name.lower(): name for name in self._servers()}
        return names.get((table.catalog or table.db).lower())

    def _servers(self) -> list[str]:
        """The names of the attached PostgreSQL databases."""
        databases = exp.select("database_name").from_("duckdb_databases()").where(exp.column("type").eq("postgres"))
        return [str(name) for (name,) in self.connection.execute(self._sql(databases)).fetchall()]

    def _exists(self, catalogue: str, wanted: Mapping[str, str]) -> bool:
        """Whether one of DuckDB's catalogues has an entry.

        Without parameters: passing them makes DuckDB import NumPy and pandas, for which small comparisons cannot wait.
        """
        query = exp.select("1").from_(catalogue).where(*(exp.column(name).eq(value) for name, value in wanted.items()))
        return self.connection.execute(self._sql(query)).fetchone() is not None

    def type_of_condition(self, rows: exp.Expr, condition: exp.Expr) -> str:
        """DuckDB would take a number for a condition too, so it is asked for the type."""
        return self._described(exp.select(condition).from_(rows).limit(0))[0][1]

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
        with self._interruptible():
            return self.connection.execute(sql)

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        try:
            yield
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

    def work_view(self, name: str) -> exp.Table:
        """A temporary view."""
        return self.work_table(name)

    def create(self, table: exp.Table, query: exp.Expr) -> exp.Expr:
        """As a temporary table."""
        temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
        return exp.Create(this=table.copy(), kind="TABLE", expression=query, properties=temporary)

    def row_id(self, spec: TableSpec, side: int) -> exp.Expr | None:
        """The pseudo-column of tables in a DuckDB file: a view has none, and for a server it means something else."""
        table, row_id = relation(spec, side), exp.column("rowid")
        if spec.where.of(side) or self._server(table):
            return None
        if "rowid" in {name.lower() for name, _ in self._described(_no_rows(table))}:
            return None
        try:
            self._described(exp.select(row_id).from_(table).limit(0))
        except duckdb.BinderException:
            return None
        return row_id

    @contextmanager
    def spared(self, size: int) -> Iterator[bool]:
        """DuckDB keeps at least half of its memory, and more if tables that are held in memory need it."""
        number, unit = str(self.rows("SELECT current_setting('memory_limit')")[0][0]).split()
        # DuckDB tells one decimal and cuts off the rest: without a little more it would cut off one more each time.
        limit = int((float(number) + _A_LITTLE) * _KIB_IN[unit])
        left = limit - size // _BYTES_IN_KIB
        if left < limit // 2:
            yield False
            return
        try:
            yield self._limited(left)
        finally:
            self._limited(limit)

    def _limited(self, kib: int) -> bool:
        """Whether DuckDB can do with a limit of memory."""
        try:
            self.execute(f"SET memory_limit = '{kib} KiB'")
        except duckdb.OutOfMemoryException:
            return False
        return True

    def stream(self, sql: str, rows: int) -> "Iterator[tuple[NDArray[np.uint64], ...]]":
        """By way of Arrow, without a copy."""
        self.execute(f"SET streaming_buffer_size = '{_STREAMED_AHEAD}'")
        reader, taken = self._run(sql).to_arrow_reader(_BATCH_ROWS), 0
        try:
            while (batch := self._next_batch(reader)) is not None:
                taken += batch.num_rows
                self._streamed = min(taken / max(rows, 1), 1)
                yield tuple(_numbers(column) for column in batch.columns)
        finally:
            self._streamed = None

    def _next_batch(self, reader: "pa.RecordBatchReader") -> "pa.RecordBatch | None":
        try:
            with self._interruptible():
                return reader.read_next_batch()
        except StopIteration:
            return None
        except OSError as error:  # What Arrow makes of DuckDB's errors in the middle of a stream.
            raise duckdb.Error(str(error)) from error

    def keep(self, table: exp.Table, name: str, numbers: "NDArray[np.int64]") -> None:
        """By way of one long text: DuckDB takes no array without importing pandas first."""
        written = exp.Literal.string(",".join(map(str, numbers.tolist())))
        parts = exp.Explode(this=exp.Split(this=written, expression=exp.Literal.string(",")))
        number = exp.TryCast(this=parts, to=exp.DataType.build("BIGINT"), safe=True)
        self.execute(self._sql(self.create(table, exp.select(number.as_(name, quoted=True)))))

    def share_done(self) -> float | None:
        """The share of the running statement that is done, of most by DuckDB's estimate; asked from another thread."""
        if self._streamed is not None:
            return self._streamed
        percent = self.connection.query_progress()
        return percent / 100 if percent >= 0 else None

    def _sql(self, query: exp.Expr) -> str:
        return query.sql(dialect=self.functions.dialect)


def first_line(error: Exception) -> str:
    """The engine's error without the excerpt of the query that follows it, and without a server's address."""
    return without_addresses(str(error).partition("\n")[0])


def _no_rows(table: exp.Table) -> exp.Select:
    """A query that has the columns of a table."""
    return exp.select("*").from_(table).limit(0)


def _numbers(column: "pa.UInt64Array") -> "NDArray[np.uint64]":
    """The array's own memory; its method for this would import pandas."""
    import numpy as np  # noqa: PLC0415

    return np.frombuffer(column.buffers()[1], dtype=np.uint64)[column.offset : column.offset + len(column)]
