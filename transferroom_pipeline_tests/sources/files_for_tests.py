"""Small source files, built from rows that keep every rule but where a test says otherwise."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import patito as pt
import polars as pl

from transferroom_pipeline.sources.contracts import SOURCE_TABLES, Contract, SourceTable
from transferroom_pipeline.sources.file_options import FileOptions

PLAYERS, CLUBS, TRANSFERS = SOURCE_TABLES

NOON = datetime.fromisoformat("2026-06-30 12:00:00")

_GOOD_ROWS: dict[str, dict[str, Any]] = {
    "players": {
        "player_id": "P0001",
        "name": "Šeško O'Neill",
        "position": "Forward",
        "age": 24,
        "nationality": "Slovenia",
        "current_club": "Ashbourne FC",
        "market_value_millions": Decimal("12.50"),
        "contract_end_date": date(2028, 6, 30),
        "updated_at": NOON,
    },
    "clubs": {
        "club_id": "C001",
        "name": "Ashbourne FC",
        "league": "Premier League",
        "country": "England",
        "stadium": "Ashbourne Park",
        "capacity": 30000,
        "transfer_budget_millions": Decimal("80.00"),
        "league_position": 3,
        "european_competition": "None",
        "updated_at": NOON,
    },
    "transfers": {
        "transfer_id": "T00001",
        "player_id": "P0001",
        "selling_club_id": "C001",
        "buying_club_id": "C002",
        "transfer_fee_millions": Decimal("5.00"),
        "transfer_type": "Permanent",
        "transfer_window": "Summer",
        "transfer_date": date(2025, 7, 1),
        "contract_length_years": Decimal("4.5"),
        "salary_thousands_weekly": Decimal("55.25"),
        "status": "Completed",
        "updated_at": NOON,
    },
}
_KEY_PREFIXES = {"players": ("P", 4), "clubs": ("C", 3), "transfers": ("T", 5)}


def row(table: SourceTable, **changes: Any) -> dict[str, Any]:
    """A good row of a table, apart from the changes."""
    return _GOOD_ROWS[table.name] | changes


def rows(table: SourceTable, *changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per change, with keys 1, 2, 3 and so on where the change names none."""
    prefix, width = _KEY_PREFIXES[table.name]
    return [row(table, **{table.key: f"{prefix}{n:0{width}d}"} | dict(change)) for n, change in enumerate(changes, 1)]


def write_csv(table: SourceTable, source_dir: Path, content: Sequence[Mapping[str, Any]]) -> Path:
    """A CSV file of the rows; None becomes an empty value."""
    path = source_dir / f"{table.name}.csv"
    with path.open("w", encoding="utf-8", newline="") as sink:
        writer = csv.DictWriter(sink, fieldnames=list(content[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(content)
    return path


def write_parquet(table: SourceTable, source_dir: Path, frame: pl.DataFrame) -> Path:
    """A Parquet file of the frame as it is."""
    path = source_dir / f"{table.name}.parquet"
    frame.write_parquet(path)
    return path


def typed_frame(table: SourceTable, content: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """The rows in the types of the contract."""
    return pl.DataFrame(content, schema=dict(table.dtypes), orient="row")


class Note(Contract):
    """Notes of scouts: all text, so that any file of three columns can be one."""

    note_id: str = pt.Field(unique=True)
    author: str | None
    text: str | None


NOTES = SourceTable("notes", Note)


def with_options(table: SourceTable, **options: Any) -> SourceTable:
    """The table with options of its files."""
    return replace(table, file_options=FileOptions(**options))
