"""The tables that the comparison is measured with, and the differences that are planted in them."""

import math
import sys
from dataclasses import dataclass

SCHEMAS = {"legacy": "raw", "modern": "prod"}
RELATIVE_TOLERANCE, RELATIVE_NOISE = 1e-6, 1e-9
DIFFERENT_EVERY, ONE_SIDE_EVERY = 50_000, 200_000
DIFFERENT_AT, MISSING_AT, EXTRA_AT = 33, 17, 59
STRIDE = 1_000_003


@dataclass(frozen=True)
class Column:
    """A column of the generated tables: SQL of its value by the row's number i, and of a value that differs from it."""

    name: str
    value: str
    changed: str = ""


@dataclass(frozen=True)
class Pair:
    """Two tables, raw.t and prod.t.

    Attributes:
        title: What they are.
        key: The columns that identify a row.
        values: The others.
        planted: Whether rows differ; otherwise the two are equal.
        noisy: The column of doubles that differs in every row, less than its tolerance.
    """

    title: str
    key: tuple[Column, ...]
    values: tuple[Column, ...]
    planted: bool = True
    noisy: str | None = None


LONGER_TEXT = "coalesce({}, '') || '!'"
ID = Column("id", "'P' || lpad(i::VARCHAR, 9, '0')")
FOUR_KEYS = (
    Column("club", "'club ' || i % 7"),
    Column("season", "(2000 + i // 7 % 20)::INTEGER"),
    Column("day", "DATE '2026-01-01' + (i // 140 % 365)::INTEGER"),
    Column("number", "i // 51100"),
)
VALUES = (
    Column("goals", "(i % 1000)::INTEGER", "{} + 1"),
    Column("account", "(hash(i) % 1000000000000)::BIGINT", "{} + 1"),
    Column("amount", "(hash(i, 1) % 10000000)::DOUBLE / 100", "{} + 0.5"),
    Column("rate", "sqrt(i + 1)", "{} * 2 + 1"),
    Column("birthday", "DATE '1980-01-01' + (hash(i, 2) % 10000)::INTEGER", "{} + 1"),
    Column(
        "updated",
        "TIMESTAMP '2020-01-01' + to_milliseconds((hash(i, 3) % 200000000000)::BIGINT)",
        "{} + INTERVAL 1 DAY",
    ),
    Column("name", "CASE WHEN hash(i, 4) % 10 > 0 THEN 'player ' || hash(i, 5) % 100000000 END", LONGER_TEXT),
    Column("city", "CASE WHEN hash(i, 6) % 7 > 0 THEN 'city ' || hash(i, 7) % 5000 END", LONGER_TEXT),
    Column("note", "CASE WHEN hash(i, 8) % 4 = 0 THEN repeat('note ', (i % 5 + 1)::BIGINT) || i END", LONGER_TEXT),
    Column("status", "['open', 'closed', 'on hold'][i % 3 + 1]", "{} || '!'"),
    Column("active", "hash(i, 9) % 2 = 0", "NOT {}"),
)
WIDE_KINDS = (
    ("(hash(i, {seed}) % 100000)::INTEGER", "{} + 1"),
    ("(hash(i, {seed}) % 1000000)::DOUBLE / 100", "{} + 0.5"),
    ("CASE WHEN hash(i, {seed}) % 5 > 0 THEN 'text ' || hash(i, {seed}) % 1000 END", LONGER_TEXT),
    ("DATE '2020-01-01' + (hash(i, {seed}) % 2000)::INTEGER", "{} + 1"),
)
MOST_COLUMNS = tuple(
    Column(f"column_{seed:03}", value.format(seed=seed), changed)
    for seed in range(1, 400)
    for value, changed in (WIDE_KINDS[seed % len(WIDE_KINDS)],)
)
WIDE_VALUES = MOST_COLUMNS[:199]
PAIRS = {
    "differing": Pair("one in 50,000 differs", (ID,), VALUES),
    "identical": Pair("all equal", (ID,), VALUES, planted=False),
    "tolerance": Pair("all different within tolerance", (ID,), VALUES, noisy="rate"),
    "wide": Pair("200 columns", (ID,), WIDE_VALUES),
    "columns": Pair("400 columns", (ID,), MOST_COLUMNS),
    "four_keys": Pair("a key of four columns", FOUR_KEYS, VALUES),
}


def legacy_statement(pair: Pair) -> str:
    """The rows by their number, without those that only the modern side has."""
    cells = ", ".join(f"{column.value} AS {column.name}" for column in (*pair.key, *pair.values))
    kept = f" WHERE i % {ONE_SIDE_EVERY} <> {EXTRA_AT}" if pair.planted else ""
    return f"SELECT {cells} FROM numbers{kept}"


def modern_statement(pair: Pair, rows: int) -> str:
    """The same rows with the planted differences, each in one cell, column after column."""
    if math.gcd(rows, STRIDE) > 1:
        sys.exit(f"{rows} rows cannot be put in another order by steps of {STRIDE}: choose another scale")
    keys = [f"{column.value} AS {column.name}" for column in pair.key]
    cells = [f"{modern_cell(pair, number)} AS {column.name}" for number, column in enumerate(pair.values)]
    kept = f" WHERE i % {ONE_SIDE_EVERY} <> {MISSING_AT}" if pair.planted else ""
    return f"SELECT {', '.join(keys + cells)} FROM (SELECT i * {STRIDE} % {rows} AS i FROM numbers){kept}"


def modern_cell(pair: Pair, number: int) -> str:
    """SQL of a modern value."""
    column = pair.values[number]
    value = column.value
    if column.name == pair.noisy:
        value = f"{value} * (1 + {RELATIVE_NOISE} * (1 + i % 7))"
    if not pair.planted:
        return value
    chosen = f"i % {DIFFERENT_EVERY} = {DIFFERENT_AT} AND i // {DIFFERENT_EVERY} % {len(pair.values)} = {number}"
    return f"CASE WHEN {chosen} THEN {column.changed.format(column.value)} ELSE {value} END"


def planted_rows(pair: Pair, rows: int) -> dict[str, int]:
    """How many rows of each kind a comparison has to find."""
    different, only_legacy, only_modern = (
        len(range(first, rows, step)) if pair.planted else 0
        for first, step in (
            (DIFFERENT_AT, DIFFERENT_EVERY),
            (MISSING_AT, ONE_SIDE_EVERY),
            (EXTRA_AT, ONE_SIDE_EVERY),
        )
    )
    return {
        "legacy": rows - only_modern,
        "modern": rows - only_legacy,
        "identical": rows - only_modern - only_legacy - different,
        "different": different,
        "only_legacy": only_legacy,
        "only_modern": only_modern,
        "duplicate_key_legacy": 0,
        "duplicate_key_modern": 0,
    }


def planted_cells(pair: Pair, rows: int) -> dict[str, int]:
    """How many cells of each column a comparison has to find."""
    different = planted_rows(pair, rows)["different"]
    return {column.name: len(range(number, different, len(pair.values))) for number, column in enumerate(pair.values)}
