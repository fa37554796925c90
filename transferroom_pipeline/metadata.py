"""What a materialized table tells Dagster about itself; the one place that renders it."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import duckdb

from sqlmesh_assets import markdown
from transferroom_pipeline.platforms.checksum import Checksum, content_checksum, version_of
from transferroom_pipeline.platforms.tables import Column, columns, row_count


def table_metadata(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> dict[str, Any]:
    """Row count, columns and qualified name of a table, as the database has them now."""
    described = columns(connection, schema, table)
    return described_table(schema, table, described, row_count(connection, schema, table))


def described_table(schema: str, table: str, described: Sequence[Column], rows: int) -> dict[str, Any]:
    """What is known of a table, under the names that Dagster's UI knows."""
    shown = [dg.TableColumn(name=column.name, type=column.type) for column in described]
    return {
        "dagster/row_count": rows,
        "dagster/column_schema": dg.TableSchema(columns=shown),
        "dagster/table_name": f"{schema}.{table}",
    }


def metadata_and_version(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str
) -> tuple[dict[str, Any], dg.DataVersion]:
    """The same metadata, and the data version, by reading the table once."""
    described, content = columns(connection, schema, table), content_checksum(connection, schema, table)
    return described_table(schema, table, described, content.rows), data_version(described, content)


def data_version(described: Sequence[Column], content: Checksum) -> dg.DataVersion:
    """The same for the same content: made again with the rows that it had, a table puts nothing out of date."""
    return dg.DataVersion(version_of(described, content))


def markdown_table(rows: Sequence[Mapping[str, object]]) -> dg.MarkdownMetadataValue:
    """Rows of values as a table; an empty sequence says so."""
    return dg.MetadataValue.md(markdown.table_of_data(rows))
