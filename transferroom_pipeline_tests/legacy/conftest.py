"""A small legacy database whose rows differ from a plain one only where a test says so, and the builds on it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from transferroom_pipeline.legacy.building import build_table
from transferroom_pipeline.legacy.tables import LEGACY_TABLES, LegacyTable
from transferroom_pipeline.platforms.duckdb_database import connect

AS_OF = date(2026, 6, 30)

_COLUMNS = {
    "players": "player_id VARCHAR, name VARCHAR, position VARCHAR, age BIGINT, nationality VARCHAR, "
    "current_club VARCHAR, market_value_millions DECIMAL(18, 2), contract_end_date DATE, updated_at TIMESTAMP",
    "clubs": "club_id VARCHAR, name VARCHAR, league VARCHAR, country VARCHAR, updated_at TIMESTAMP",
    "transfers": "transfer_id VARCHAR, player_id VARCHAR, selling_club_id VARCHAR, buying_club_id VARCHAR, "
    "transfer_fee_millions DECIMAL(18, 2), transfer_type VARCHAR, transfer_window VARCHAR, transfer_date DATE, "
    "contract_length_years DECIMAL(4, 1), salary_thousands_weekly DECIMAL(18, 2), status VARCHAR, updated_at TIMESTAMP",
    "derived_a": "player_id VARCHAR, position VARCHAR, age BIGINT, league VARCHAR, "
    "market_value_millions DECIMAL(18, 2)",
    "derived_b": "transfer_id VARCHAR, player_position VARCHAR, player_age BIGINT, "
    "player_market_value_millions DECIMAL(18, 2), selling_club_league VARCHAR, buying_club_league VARCHAR, "
    "transfer_fee_millions DECIMAL(18, 2)",
}

_PLAIN: dict[str, dict[str, Any]] = {
    "players": {
        "player_id": "P0001", "name": "Ada Lovelace", "position": "Forward", "age": 24, "nationality": "England",
        "current_club": "Ashbourne FC", "market_value_millions": "12.50", "contract_end_date": "2028-06-30",
        "updated_at": "2026-06-01 12:00:00",
    },
    "clubs": {
        "club_id": "C001", "name": "Ashbourne FC", "league": "Premier League", "country": "England",
        "updated_at": "2026-06-01 12:00:00",
    },
    "transfers": {
        "transfer_id": "T00001", "player_id": "P0001", "selling_club_id": "C001", "buying_club_id": "C002",
        "transfer_fee_millions": "20.00", "transfer_type": "Permanent", "transfer_window": "Summer",
        "transfer_date": "2025-07-01", "contract_length_years": "4.5", "salary_thousands_weekly": "55.25",
        "status": "Completed", "updated_at": "2026-06-01 12:00:00",
    },
    "derived_a": {
        "player_id": "P0001", "position": "Forward", "age": 24, "league": "Premier League",
        "market_value_millions": "10.00",
    },
    "derived_b": {
        "transfer_id": "T00001", "player_position": "Forward", "player_age": 24,
        "player_market_value_millions": "10.00", "selling_club_league": "La Liga",
        "buying_club_league": "Premier League", "transfer_fee_millions": "10.00",
    },
}  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "legacy.duckdb"


@pytest.fixture
def legacy(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a legacy platform with empty source tables."""
    with connect(database) as connection:
        connection.execute("CREATE SCHEMA prod")
        for table in ("players", "clubs", "transfers"):
            connection.execute(f"CREATE TABLE prod.{table} ({_COLUMNS[table]})")
        yield connection


@pytest.fixture
def rows(legacy: duckdb.DuckDBPyConnection) -> Callable[..., None]:
    """Puts rows into a table in place of what it held: each the plain one with some columns changed."""

    def put(table: str, *changes: Mapping[str, Any]) -> None:
        legacy.execute(f"CREATE OR REPLACE TABLE prod.{table} ({_COLUMNS[table]})")
        for change in changes:
            row = _PLAIN[table] | dict(change)
            assert row.keys() == _PLAIN[table].keys()
            marks = ", ".join("?" * len(row))
            legacy.execute(f"INSERT INTO prod.{table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))

    return put


@pytest.fixture
def built(legacy: duckdb.DuckDBPyConnection) -> Callable[..., list[dict[str, Any]]]:
    """Builds a derived table and gives its rows in the order of its key."""

    def build(name: str, as_of: date = AS_OF) -> list[dict[str, Any]]:
        table = legacy_table(name)
        build_table(legacy, table, as_of)
        found = legacy.sql(f"SELECT * FROM prod.{name} ORDER BY {', '.join(table.key)}")
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]

    return build


def legacy_table(name: str) -> LegacyTable:
    [table] = [table for table in LEGACY_TABLES if table.name == name]
    return table
