"""What a materialized table tells Dagster about itself; the one place that renders it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import dagster as dg
import duckdb

from transferroom_pipeline.platforms.tables import Column, columns, row_count


def table_metadata(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> dict[str, Any]:
    """Row count, columns and qualified name of a table, under the names that Dagster's UI knows."""
    return {
        "dagster/row_count": row_count(connection, schema, table),
        "dagster/column_schema": table_schema(columns(connection, schema, table)),
        "dagster/table_name": f"{schema}.{table}",
    }


def table_schema(described: Sequence[Column]) -> dg.TableSchema:
    """Columns as Dagster shows them."""
    return dg.TableSchema(columns=[dg.TableColumn(name=column.name, type=column.type) for column in described])


def records(rows: Iterable[Mapping[str, Any]]) -> dg.TableMetadataValue:
    """Rows as a table in the UI; values that Dagster's records do not take are written as text."""
    return dg.MetadataValue.table(
        records=[dg.TableRecord({name: _plain(value) for name, value in row.items()}) for row in rows],
        schema=None,
    )


def markdown_table(rows: Sequence[Mapping[str, Any]]) -> dg.MarkdownMetadataValue:
    """Rows as a Markdown table; an empty sequence says so."""
    if not rows:
        return dg.MetadataValue.md("none")
    header = list(rows[0])
    lines = [_line(header), _line(["---"] * len(header)), *(_line([row.get(name) for name in header]) for row in rows)]
    return dg.MetadataValue.md("\n".join(lines))


def _line(cells: Iterable[Any]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(value: Any) -> str:
    text = "NULL" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _plain(value: Any) -> str | int | float | bool | None:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Decimal | date | datetime):
        return str(value)
    return repr(value)
