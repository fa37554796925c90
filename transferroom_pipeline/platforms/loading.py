"""Loading Arrow batches into a table with dlt, all or nothing."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import dlt
import duckdb
import pyarrow as pa
from dlt.common.normalizers.naming.direct import NamingConvention
from dlt.common.schema.typing import TColumnSchema, TDeleteInsertStrategyDict
from dlt.extract.resource import DltResource
from dlt.extract.source import DltSource
from sqlglot import exp

from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.tables import create_schema, table_exists, table_expression, transaction

_TIMESTAMP_PRECISION = {"s": 0, "ms": 3, "us": 6, "ns": 9}


@dataclass(frozen=True)
class ArrowStream:
    """A table on its way: its columns, known before the first row, and its rows in batches that fit in memory."""

    schema: pa.Schema
    batches: Callable[[], Iterator[pa.RecordBatch]]


def loaded_name(name: str) -> str:
    """What dlt calls a column of this name, which must not be empty."""
    return NamingConvention().normalize_identifier(name)


def full_load(table: str, stream: ArrowStream | None = None) -> DltResource:
    """The dlt resource that replaces a table by the stream; without one it only carries the table's name."""
    hints = {} if stream is None else _naive_timestamps(stream.schema)
    return dlt.resource(_rows(stream), name=table, table_name=table, write_disposition="replace", columns=hints)()


def merge_load(table: str, stream: ArrowStream, key: str, leaving: exp.Table) -> DltResource:
    """The dlt resource that replaces some rows of a table by the stream.

    Args:
        table: The table.
        stream: The rows to come, each key once.
        key: The column that identifies a row.
        leaving: A table whose column of that name has the keys of the rows to go: of those that come anew, and of those
            that do not.
    """
    column = exp.column(key, quoted=True)
    scope = column.isin(query=exp.select(column.copy()).from_(leaving)).sql(dialect="duckdb")
    # Nullable, as a full load makes it: dlt would take a key for another kind of column than the one that arrives.
    hints = _naive_timestamps(stream.schema) | {key: {"primary_key": True, "nullable": True}}
    disposition: TDeleteInsertStrategyDict = {
        "disposition": "merge",
        "strategy": "delete-insert",
        # What dlt deletes before it inserts, in the same transaction. By itself it would delete only what comes anew.
        "destination_scope": scope.replace("{", "{{").replace("}", "}}"),
        "deduplicated": True,
    }
    return dlt.resource(_rows(stream), name=table, table_name=table, write_disposition=disposition, columns=hints)()


def _rows(stream: ArrowStream | None) -> Callable[[], Iterator[pa.Table]]:
    def rows() -> Iterator[pa.Table]:
        if stream is None:
            return
        # A load without rows must arrive as well: an empty batch says which columns it has.
        yield stream.schema.empty_table()
        for batch in stream.batches():
            yield pa.Table.from_batches([batch])

    return rows


def _naive_timestamps(schema: pa.Schema) -> dict[str, TColumnSchema]:
    """Hints that keep a timestamp without a time zone what it is; dlt would make it an instant."""
    return {
        field.name: {"data_type": "timestamp", "timezone": False, "precision": _TIMESTAMP_PRECISION[field.type.unit]}
        for field in schema
        if pa.types.is_timestamp(field.type) and field.type.tz is None
    }


@dataclass(frozen=True)
class TableLoader:
    """Makes the dlt source and pipeline that load one table into a schema of a DuckDB file.

    Every table has a pipeline of its own, so that one table's failed load never blocks another's.
    """

    database: Path
    schema: str
    working_dir: Path

    def pipeline(self, table: str) -> dlt.Pipeline:
        """The pipeline of a table; its load is one transaction, so the table is old or new, never half.

        A load needs nothing of the loads before it, so each starts with an empty working folder: what a load that
        died has left there can neither be loaded late nor stand in the way.
        """
        name = self._name(table)
        shutil.rmtree(self.working_dir / name, ignore_errors=True)
        pipeline = dlt.pipeline(
            pipeline_name=name,
            pipelines_dir=str(self.working_dir),
            destination=dlt.destinations.duckdb(
                str(self.database),
                naming_convention="direct",  # names are the same on both platforms, blanks and capitals included
                replace_strategy="insert-from-staging",
                supports_transactions=True,  # dlt does not say so of DuckDB, and would delete and insert one by one
            ),
            dataset_name=self.schema,
        )
        pipeline.config.restore_from_destination = False
        return pipeline

    def source(self, resource: DltResource) -> DltSource:
        """The dlt source with the load of one table as its only resource."""

        @dlt.source(name=self._name(resource.name))
        def source() -> DltResource:
            return resource

        return source()

    def keep_leaving(self, table: str, keys: pa.Table) -> exp.Table:
        """Write the keys of the rows that a merge is to take away, where the merge can read them.

        They stay beside dlt's own rows on their way, until the next merge of the table.

        Args:
            table: The table that is merged into.
            keys: A table of one column, named like the table's key.
        """
        leaving = table_expression(self._staging, f"_leaving_{table}")
        with connect(self.database) as connection:
            create_schema(connection, self._staging)
            connection.register("keys", keys)
            create = exp.Create(this=leaving, kind="TABLE", replace=True, expression=exp.select("*").from_("keys"))
            connection.execute(create.sql(dialect="duckdb"))
        return leaving

    def beside(self) -> "TableLoader":
        """The loader of tables that are to take the place of others: into a schema that holds them until then."""
        return replace(self, schema=f"{self.schema}_incoming")

    def take_over(self, table: str, other: "TableLoader") -> None:
        """Replace a table by one that another loader has made, in one transaction.

        dlt adds columns to a table, but never takes one away or changes its type.
        """
        with connect(self.database) as connection, transaction(connection):
            query = exp.select("*").from_(table_expression(other.schema, table))
            create = exp.Create(this=table_expression(self.schema, table), kind="TABLE", replace=True, expression=query)
            connection.execute(create.sql(dialect="duckdb"))
            self._forget_records(connection, table)
            other._forget(connection, table)

    def forget(self, table: str) -> None:
        """Drop a table and all that dlt has recorded of it, so that the load makes it anew.

        dlt takes a table for present when its records say so, even after somebody has dropped it.
        """
        with connect(self.database) as connection, transaction(connection):
            self._forget(connection, table)

    def _forget(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        self._forget_records(connection, table)
        drop = exp.Drop(this=table_expression(self.schema, table), kind="TABLE", exists=True)
        connection.execute(drop.sql(dialect="duckdb"))

    def _forget_records(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        """Let dlt look at the table itself the next time; what is left of it on its way goes as well."""
        drop = exp.Drop(this=table_expression(self._staging, table), kind="TABLE", exists=True)
        connection.execute(drop.sql(dialect="duckdb"))
        for schema in (self.schema, self._staging):
            if table_exists(connection, schema, "_dlt_version"):
                recorded = exp.column("schema_name").eq(self._name(table))
                forget = exp.delete(table_expression(schema, "_dlt_version")).where(recorded)
                connection.execute(forget.sql(dialect="duckdb"))

    @property
    def _staging(self) -> str:
        """The schema where dlt keeps rows on their way."""
        return f"{self.schema}_staging"

    def _name(self, table: str) -> str:
        """What dlt calls the table's source and pipeline: letters, digits and underscores."""
        return re.sub(r"\W", "_", f"{self.schema}_{table}")
