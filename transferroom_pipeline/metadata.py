"""What a materialized table tells Dagster about itself; the one place that renders it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg
import duckdb

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
