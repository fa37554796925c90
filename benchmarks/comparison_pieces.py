"""The pieces of work that `benchmarks/comparison.py` measures, each in a process of its own."""

import gc
import importlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import duckdb
from comparison_tables import (
    ID,
    PAIRS,
    RELATIVE_TOLERANCE,
    SCHEMAS,
    Column,
    Pair,
    legacy_statement,
    modern_statement,
    planted_cells,
    planted_rows,
)
from comparison_tools import TRAPS, Outcome, make_traps, peak_memory

from transferroom_pipeline.cli import GARBAGE_THRESHOLD
from transferroom_pipeline.comparisons import engine
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.result import ComparisonResult, Verdict
from transferroom_pipeline.comparisons.spec import Spec, TableEntry, TableSpec
from transferroom_pipeline.platforms.duckdb_database import connect

MEMORY_LIMIT = "1GB"
HEAVY_IMPORTS = {"dagster", "sqlmesh"}
DIFFERS_EXIT_CODE = 1


@dataclass(frozen=True)
class Piece:
    """A piece of work that is measured: what is done with which pair of how many rows."""

    run: str
    pair: str
    rows: int


def run_here(piece: Piece, folder: Path) -> Outcome:
    """Run a piece in this process."""
    (folder / "spill").mkdir(exist_ok=True)
    # As in the command.
    gc.set_threshold(GARBAGE_THRESHOLD)
    gc.freeze()
    outcome = PIECES[piece.run](piece, folder)
    return outcome if outcome.peak else replace(outcome, peak=peak_memory())


def database(piece: Piece, folder: Path) -> Path:
    """The file with the tables of a piece."""
    return folder / f"{piece.pair}_{piece.rows}.duckdb"


@contextmanager
def opened(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the memory that ours and its baselines get; what is beyond goes to the benchmark's own folder."""
    with connect(file, read_only=True, memory_limit=MEMORY_LIMIT) as connection:
        connection.execute(f"SET temp_directory = '{file.parent / 'spill'}'")
        yield connection


def compared(connection: duckdb.DuckDBPyConnection, spec: TableSpec) -> ComparisonResult:
    """The one place that calls the engine."""
    with engine.compare(DuckDBEngine(connection), spec) as comparison:
        return comparison.result


def table_spec(table: str, pair: Pair) -> TableSpec:
    """How raw.table and prod.table are compared: by the defaults, apart from the noisy column."""
    rules = {pair.noisy: {"rel": RELATIVE_TOLERANCE}} if pair.noisy else {}
    entry = TableEntry.model_validate({"key": [column.name for column in pair.key], "columns": rules})
    return Spec(tables={table: entry}).for_table(table)


def compare_pair(piece: Piece, folder: Path) -> Outcome:
    """Our comparison, from the open connection to the result, in a process that has its libraries imported."""
    importlib.import_module("pyarrow")
    importlib.import_module("transferroom_pipeline.comparisons.streamed_hashes")
    pair = PAIRS[piece.pair]
    with opened(database(piece, folder)) as connection:
        started = time.perf_counter()
        result = compared(connection, table_spec("t", pair))
        seconds = time.perf_counter() - started
    largest = [column.max_abs_diff for column in result.columns if column.name == pair.noisy]
    return Outcome(
        seconds,
        rows=asdict(result.rows),
        columns={column.name: column.different for column in result.columns},
        largest=largest[0] if largest else None,
        equal=result.verdict is Verdict.PROVEN,
    )


def check_itself(piece: Piece, folder: Path) -> Outcome:
    """What the self-check adds to a comparison: the seconds with it less those without."""
    spec, seconds = table_spec("t", PAIRS[piece.pair]), {}
    with opened(database(piece, folder)) as connection:
        # Once before the clock starts, since the first comparison of a process pays for what all of them use.
        for checks_itself in (True, False, True):
            started = time.perf_counter()
            effort = engine.Effort(checks_itself=checks_itself)
            with engine.compare(DuckDBEngine(connection), spec, effort=effort):
                seconds[checks_itself] = time.perf_counter() - started
    return Outcome(seconds[True] - seconds[False])


def hash_pair(piece: Piece, folder: Path) -> Outcome:
    """Every value of both tables read and hashed once: the least that any proof has to do."""
    with opened(database(piece, folder)) as connection:
        started = time.perf_counter()
        sums = [connection.execute(f"SELECT sum(hash(t)) FROM {side}.t AS t").fetchone() for side in SCHEMAS.values()]
        return Outcome(time.perf_counter() - started, equal=sums[0] == sums[1])


def join_pair(piece: Piece, folder: Path) -> Outcome:
    """What a person would write by hand, taking it for granted that no key occurs twice."""
    with opened(database(piece, folder)) as connection:
        return joined(connection, PAIRS[piece.pair])


def join_pair_and_keys(piece: Piece, folder: Path) -> Outcome:
    """The same with a look at the keys: what the engine counts, by hand."""
    pair = PAIRS[piece.pair]
    with opened(database(piece, folder)) as connection:
        started = time.perf_counter()
        duplicates = {f"duplicate_key_{side}": duplicate_keys(connection, side, pair) for side in SCHEMAS}
        seconds = time.perf_counter() - started
        outcome = joined(connection, pair)
    return replace(outcome, seconds=outcome.seconds + seconds, rows=outcome.rows | duplicates)


def duplicate_keys(connection: duckdb.DuckDBPyConnection, side: str, pair: Pair) -> int:
    """Rows of one side whose key occurs more than once there."""
    keys = ", ".join(column.name for column in pair.key)
    groups = f"SELECT count(*) AS rows FROM {SCHEMAS[side]}.t GROUP BY {keys} HAVING count(*) > 1"
    return int(connection.sql(f"SELECT coalesce(sum(rows), 0) FROM ({groups})").fetchall()[0][0])


def joined(connection: duckdb.DuckDBPyConnection, pair: Pair) -> Outcome:
    """The counts of a full outer join."""
    started = time.perf_counter()
    found = connection.sql(join_statement(pair))
    counts = dict(zip(found.columns, found.fetchall()[0], strict=True))
    seconds = time.perf_counter() - started
    columns = {column.name: counts.pop(column.name) for column in pair.values}
    largest = counts.pop("largest")
    return Outcome(seconds, rows=counts, columns=columns, largest=largest)


def join_statement(pair: Pair) -> str:
    """One row of counts, named as in an outcome."""
    first_key = pair.key[0].name
    on = " AND ".join(f"legacy.{column.name} = modern.{column.name}" for column in pair.key)
    differs = ", ".join(f"{cell_differs(column, pair)} AS {column.name}" for column in pair.values)
    any_differs = " OR ".join(column.name for column in pair.values)
    cells = ", ".join(f"count(*) FILTER (in_both AND {column.name}) AS {column.name}" for column in pair.values)
    return f"""
        SELECT
            count(*) FILTER (in_legacy) AS legacy,
            count(*) FILTER (in_modern) AS modern,
            count(*) FILTER (in_both AND NOT ({any_differs})) AS identical,
            count(*) FILTER (in_both AND ({any_differs})) AS different,
            count(*) FILTER (NOT in_modern) AS only_legacy,
            count(*) FILTER (NOT in_legacy) AS only_modern,
            max(difference) AS largest,
            {cells}
        FROM (
            SELECT
                legacy.{first_key} IS NOT NULL AS in_legacy,
                modern.{first_key} IS NOT NULL AS in_modern,
                in_legacy AND in_modern AS in_both,
                abs(legacy.{pair.noisy} - modern.{pair.noisy}) AS difference,
                {differs}
            FROM raw.t AS legacy FULL JOIN prod.t AS modern ON {on}
        )"""


def cell_differs(column: Column, pair: Pair) -> str:
    """The condition under which two cells are not equal."""
    legacy, modern = f"legacy.{column.name}", f"modern.{column.name}"
    if column.name != pair.noisy:
        return f"{legacy} IS DISTINCT FROM {modern}"
    bound = f"{RELATIVE_TOLERANCE} * greatest(abs({legacy}), abs({modern}))"
    return f"({legacy} IS DISTINCT FROM {modern} AND coalesce(abs({legacy} - {modern}) > {bound}, true))"


def trap_verdicts(file: Path) -> dict[str, Verdict]:
    """What the engine says of every trap, which are made in a new file; a wrong answer ends the benchmark."""
    file.unlink(missing_ok=True)
    key_only = Pair("a trap", (ID,), ())
    with connect(file) as connection:
        make_traps(connection)
        verdicts = {name: compared(connection, table_spec(name, key_only)).verdict for name in TRAPS}
    for name, verdict in verdicts.items():
        if (verdict is Verdict.PROVEN) != TRAPS[name].equal:
            sys.exit(f"the engine is wrong, its verdict on {TRAPS[name].title} is {verdict}")
    return verdicts


def run_command(piece: Piece, folder: Path) -> Outcome:
    """The command as a person starts it, from the start of its process to the end."""
    file, output = database(piece, folder), folder / "result.json"
    keys = [word for column in PAIRS[piece.pair].key for word in ("--key", column.name)]
    program = str(Path(sys.executable).with_name("transferroom"))
    command = [program, "compare", "raw.t", "prod.t", *keys, "--database", str(file), "--json", str(output), "--quiet"]
    started = time.perf_counter()
    done = subprocess.run(command, check=False)
    seconds, peak = time.perf_counter() - started, peak_memory(resource.RUSAGE_CHILDREN)
    if done.returncode != DIFFERS_EXIT_CODE:
        sys.exit(f"transferroom compare ended with {done.returncode} instead of {DIFFERS_EXIT_CODE}")
    refuse_heavy_imports(command)
    result = json.loads(output.read_text(encoding="utf-8"))
    return Outcome(
        seconds,
        peak,
        rows=result["rows"],
        columns={column["name"]: column["different"] for column in result["columns"]},
        equal=result["verdict"] == Verdict.PROVEN,
    )


def refuse_heavy_imports(command: Sequence[str]) -> None:
    """Run the command once more, with Python writing down what it imports."""
    environment = os.environ | {"PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run(command, check=False, env=environment, stderr=subprocess.PIPE, text=True)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    if duckdb.__name__ not in imported:
        sys.exit("Python did not write down what transferroom compare imports")
    if imported & HEAVY_IMPORTS:
        sys.exit(f"transferroom compare imports {', '.join(sorted(imported & HEAVY_IMPORTS))}")


def make_pair(piece: Piece, folder: Path) -> Outcome:
    """Make the two tables; the file gets its name once it is whole."""
    pair, file = PAIRS[piece.pair], database(piece, folder)
    unfinished = file.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    started = time.perf_counter()
    with connect(unfinished) as connection:
        connection.execute("CREATE SCHEMA raw; CREATE SCHEMA prod")
        # DuckDB reads a table with all processors, but counts a range with one.
        connection.execute(f"CREATE TEMPORARY TABLE numbers AS SELECT range AS i FROM range({piece.rows})")
        connection.execute(f"CREATE TABLE raw.t AS {legacy_statement(pair)}")
        connection.execute(f"CREATE TABLE prod.t AS {modern_statement(pair, piece.rows)}")
    unfinished.rename(file)
    return Outcome(time.perf_counter() - started)


def wrong(piece: Piece, outcome: Outcome) -> list[str]:
    """Every count that is not what was planted; a piece may leave counts out, the engine may not."""
    tables = PAIRS[piece.pair], piece.rows
    found, planted = outcome.rows | outcome.columns, planted_rows(*tables) | planted_cells(*tables)
    errors = [
        f"{name}: {found[name]:,} instead of {planted[name]:,}"
        for name in planted
        if found.get(name, planted[name]) != planted[name]
    ]
    if piece.run in OURS:
        errors += [f"{name} is not counted" for name in planted if name not in found]
    if outcome.equal is not None and outcome.equal == PAIRS[piece.pair].planted:
        errors.append(f"says that the tables are {'equal' if outcome.equal else 'not equal'}")
    return errors


PIECES: dict[str, Callable[[Piece, Path], Outcome]] = {
    "make": make_pair,
    "compare": compare_pair,
    "self_check": check_itself,
    "hashes": hash_pair,
    "join": join_pair,
    "join_and_keys": join_pair_and_keys,
    "command": run_command,
}
OURS = {"compare", "command"}
