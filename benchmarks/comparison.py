"""Measures the comparison engine against what the same work costs at least, and against other tools.

Every measure is a ratio between two pieces of work within one run: the pieces alternate for five rounds, and the
median of the rounds' ratios is what counts, so that the machine's speed and its noise are in both numbers. Each piece
runs in a process of its own, so that its peak memory is its own too. What the engine and the other tools report is
compared with the differences that were planted; an engine that counts wrongly ends the benchmark.

    python benchmarks/comparison.py [--rounds N] [--scale X] [--only NAME ...] [--no-tools] [--json FILE] [--folder DIR]

Tables: 12 columns, one row in 50,000 different, one in 200,000 missing and as many extra; the modern rows lie in
another physical order. They are made once per run in a temporary folder, or kept in --folder and used again.

Other tools: SQLMesh's table_diff is the one of the project. datacompy and reladiff need other libraries than the
project has; they are installed, as benchmarks/requirements.txt pins them, into data/benchmark-tools, once. They may
take ten minutes and 12 GB each, and are measured in one round unless --tool-rounds says more. The engine gets 1 GB.
"""

import argparse
import importlib
import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
from comparison_tools import (
    TOOLS,
    TRAPS,
    Outcome,
    make_traps,
    peak_memory,
    read_outcomes,
    run_tool_apart,
    shortened,
    trap_answers,
)

from transferroom_pipeline.comparisons import engine
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.result import ComparisonResult, Verdict
from transferroom_pipeline.comparisons.spec import Spec, TableEntry, TableSpec
from transferroom_pipeline.platforms.duckdb_database import connect

MEMORY_LIMIT = "1GB"
SCHEMAS = {"legacy": "raw", "modern": "prod"}
LEAST_ROWS, MILLION = 1_000, 1_000_000
GIGABYTE = 10**9
RELATIVE_TOLERANCE, RELATIVE_NOISE = 1e-6, 1e-9
DIFFERENT_EVERY, ONE_SIDE_EVERY = 50_000, 200_000
DIFFERENT_AT, MISSING_AT, EXTRA_AT = 33, 17, 59
STRIDE = 1_000_003
HEAVY_IMPORTS = {"dagster", "sqlmesh"}
DIFFERS_EXIT_CODE = 1


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


@dataclass(frozen=True)
class Piece:
    """A piece of work that is measured: what is done with which pair of how many rows."""

    run: str
    pair: str
    rows: int


@dataclass(frozen=True)
class Measure:
    """Two pieces whose times are compared, or one whose seconds count.

    Attributes:
        name: Measures of one name are measured together, piece after piece in each round.
        ours: What the engine does.
        baseline: What it is held against.
        limit: The largest ratio, or the most seconds where there is no baseline; None only informs.
        peak_limit: The most memory that ours may take, in bytes.
    """

    name: str
    ours: Piece
    baseline: Piece | None
    limit: float | None
    peak_limit: float = math.inf

    @property
    def title(self) -> str:
        """What is measured against what."""
        title = f"{self.name}: {self.ours.rows:,} rows, {PAIRS[self.ours.pair].title}"
        if self.baseline is None:
            return title
        what = BASELINES.get(self.baseline.run, self.baseline.run)
        return f"{title}; against {what.format(rows=self.baseline.rows)}"


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
WIDE_VALUES = tuple(
    Column(f"column_{seed:03}", value.format(seed=seed), changed)
    for seed in range(1, 200)
    for value, changed in (WIDE_KINDS[seed % len(WIDE_KINDS)],)
)
PAIRS = {
    "differing": Pair("one in 50,000 differs", (ID,), VALUES),
    "identical": Pair("all equal", (ID,), VALUES, planted=False),
    "tolerance": Pair("all different within tolerance", (ID,), VALUES, noisy="rate"),
    "wide": Pair("200 columns", (ID,), WIDE_VALUES),
    "four_keys": Pair("a key of four columns", FOUR_KEYS, VALUES),
}
BASELINES = {
    "compare": "{rows:,} rows",
    "hashes": "hashing both tables",
    "join_and_keys": "a join by hand that counts the same",
    "join": "that join without the count of duplicate keys",
}


def _against(baseline: str, name: str, pair: str, rows: int, limit: float | None, **more: float) -> Measure:
    return Measure(name, Piece("compare", pair, rows), Piece(baseline, pair, rows), limit, **more)


MEASURES = (
    _against("hashes", "differing", "differing", 20 * MILLION, 2.0, peak_limit=1.5 * GIGABYTE),
    _against("hashes", "identical", "identical", 20 * MILLION, 1.6, peak_limit=1.5 * GIGABYTE),
    _against("join_and_keys", "tolerance", "tolerance", 5 * MILLION, 1.2),
    _against("join", "tolerance", "tolerance", 5 * MILLION, None),
    Measure(
        "growth",
        Piece("compare", "differing", 20 * MILLION),
        Piece("compare", "differing", 5 * MILLION),
        4.4,
    ),
    _against("hashes", "wide", "wide", MILLION, 2.5),
    _against("hashes", "wide", "four_keys", 20 * MILLION, 2.5),
    *(_against(tool, "tools", "differing", 5 * MILLION, 1 / 8) for tool in TOOLS),
    Measure("command", Piece("command", "differing", LEAST_ROWS), None, 1.5),
)

Rounds = dict[Piece, list[Outcome]]


def main() -> None:
    """Run the measures and print their tables, or run the one piece that this process is for."""
    arguments = read_arguments()
    if arguments.piece:
        run, pair, rows, folder = arguments.piece
        outcome = run_here(Piece(run, pair, int(rows)), Path(folder))
        print(json.dumps([asdict(outcome)]))
        return
    with working_folder(arguments.folder) as folder:
        report = measured_report(arguments, folder)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def read_arguments() -> argparse.Namespace:
    """The command line; a name that is no measure is refused."""
    names = list(dict.fromkeys(measure.name for measure in MEASURES))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tool-rounds", type=int, default=1, help="rounds of tools, which are slow")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows, for a quick look")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--no-tools", action="store_true", help="leave the other tools out")
    parser.add_argument("--json", metavar="FILE", help="write every round's outcomes too")
    parser.add_argument("--folder", metavar="DIR", help="keep the tables there, and use those that are there")
    parser.add_argument("--piece", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.only = [name for name in arguments.only if not (arguments.no_tools and name == "tools")]
    if not arguments.only:
        parser.error("nothing is left to measure")
    return arguments


@contextmanager
def working_folder(kept: str | None) -> Iterator[Path]:
    """Where the tables lie and whatever is written on the way."""
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(kept).resolve()
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def measured_report(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Everything that was measured, printed on the way."""
    report: dict[str, Any] = {"machine": machine(), "versions": versions(), "scale": arguments.scale}
    rows, rounds = [], {}
    for name in arguments.only:
        group = [scaled(measure, arguments.scale) for measure in MEASURES if measure.name == name]
        rounds[name] = run_group(group, folder, arguments.tool_rounds if name == "tools" else arguments.rounds)
        rows += [measure_row(measure, rounds[name]) for measure in group]
    print_facts(report["machine"])
    print_facts(report["versions"])
    report["measures"] = print_table(rows)
    if "tools" in rounds:
        report["tools"] = print_table([tool_row(*measured) for measured in rounds["tools"].items()])
        report["traps"] = print_table(trap_rows(folder))
    report["rounds"] = {name: rounds_as_data(measured) for name, measured in rounds.items()}
    return report


def scaled(measure: Measure, scale: float) -> Measure:
    """The same measure with a share of its rows."""

    def smaller(piece: Piece) -> Piece:
        return replace(piece, rows=max(LEAST_ROWS, round(piece.rows * scale)))

    return replace(
        measure, ours=smaller(measure.ours), baseline=smaller(measure.baseline) if measure.baseline else None
    )


# Running the pieces


def run_group(group: Sequence[Measure], folder: Path, rounds: int) -> Rounds:
    """Measure the pieces of some measures in turn, round after round."""
    pieces = list(dict.fromkeys(piece for measure in group for piece in (measure.ours, measure.baseline) if piece))
    for file in dict.fromkeys(make_tables(piece, folder) for piece in pieces):
        read_once(file)
    measured: Rounds = {piece: [] for piece in pieces}
    for number in range(1, rounds + 1):
        for piece in pieces:
            outcome = run_checked(piece, folder)
            measured[piece].append(outcome)
            progress = f"{group[0].name} {number}/{rounds}: {piece.run} {piece.pair} {piece.rows:,}"
            print(f"{progress}: {outcome.failed or f'{outcome.seconds:.2f} s'}", file=sys.stderr, flush=True)
    check_agreement(measured)
    return measured


def check_agreement(measured: Rounds) -> None:
    """End the benchmark if the engine and the join by hand do not find the same largest difference."""
    found = [outcome.largest for outcomes in measured.values() for outcome in outcomes if outcome.largest is not None]
    if found and not math.isclose(min(found), max(found)):
        sys.exit(f"the largest difference is {min(found)} in one piece and {max(found)} in another")


def make_tables(piece: Piece, folder: Path) -> Path:
    """The piece's database, made in a process of its own: Linux counts this one's memory for its children too."""
    file = database(piece, folder)
    if not file.exists():
        print(f"making {file.name}", file=sys.stderr, flush=True)
        run_apart(replace(piece, run="make"), folder)
    return file


def database(piece: Piece, folder: Path) -> Path:
    """The file with the tables of a piece."""
    return folder / f"{piece.pair}_{piece.rows}.duckdb"


def read_once(file: Path) -> None:
    """Bring a file into the system's memory, so that the first piece does not pay for the disk."""
    with file.open("rb", buffering=0) as opened:
        while opened.read(MILLION):
            pass


def run_checked(piece: Piece, folder: Path) -> Outcome:
    """Measure a piece, and end the benchmark if it is not a tool's and wrong."""
    outcome = run_apart(piece, folder)
    errors = [] if piece.run in TOOLS else wrong(piece, outcome)
    if errors:
        sys.exit(f"{piece} is wrong, its time says nothing: {'; '.join(errors)}")
    return outcome


def run_apart(piece: Piece, folder: Path) -> Outcome:
    """Run a piece in a process of its own; only another tool may fail."""
    if piece.run in TOOLS:
        return run_tool_apart(piece.run, database(piece, folder), PAIRS[piece.pair].key[0].name, ["t"])[0]
    command = [sys.executable, __file__, "--piece", piece.run, piece.pair, str(piece.rows), str(folder)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{piece} failed")
    return read_outcomes(done.stdout)[0]


def run_here(piece: Piece, folder: Path) -> Outcome:
    """Run a piece in this process."""
    (folder / "spill").mkdir(exist_ok=True)
    outcome = PIECES[piece.run](piece, folder)
    return outcome if outcome.peak else replace(outcome, peak=peak_memory())


# The pieces


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


# The tables


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


def planted_rows(piece: Piece) -> dict[str, int]:
    """How many rows of each kind a comparison has to find."""
    different, only_legacy, only_modern = (
        len(range(first, piece.rows, step)) if PAIRS[piece.pair].planted else 0
        for first, step in (
            (DIFFERENT_AT, DIFFERENT_EVERY),
            (MISSING_AT, ONE_SIDE_EVERY),
            (EXTRA_AT, ONE_SIDE_EVERY),
        )
    )
    return {
        "legacy": piece.rows - only_modern,
        "modern": piece.rows - only_legacy,
        "identical": piece.rows - only_modern - only_legacy - different,
        "different": different,
        "only_legacy": only_legacy,
        "only_modern": only_modern,
        "duplicate_key_legacy": 0,
        "duplicate_key_modern": 0,
    }


def planted_cells(piece: Piece) -> dict[str, int]:
    """How many cells of each column a comparison has to find."""
    values, different = PAIRS[piece.pair].values, planted_rows(piece)["different"]
    return {column.name: len(range(number, different, len(values))) for number, column in enumerate(values)}


def wrong(piece: Piece, outcome: Outcome) -> list[str]:
    """Every count that is not what was planted; a piece may leave counts out, the engine may not."""
    found, planted = outcome.rows | outcome.columns, planted_rows(piece) | planted_cells(piece)
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


# The report


def machine() -> dict[str, str]:
    """What the numbers depend on."""
    cpu_lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in cpu_lines if line.startswith("model name")), "unknown")
    return {
        "processor": model,
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": gigabytes(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")),
        "load before": f"{os.getloadavg()[0]:.2f}",
    }


def versions() -> dict[str, str]:
    """What was measured; the other tools' versions are in their table."""
    packages = ("transferroom-pipeline", "duckdb", "sqlglot")
    return {"python": platform.python_version()} | {package: version(package) for package in packages}


def gigabytes(size: float) -> str:
    """A size for people."""
    return f"{size / GIGABYTE:.2f} GB"


def seconds_of(outcomes: Sequence[Outcome]) -> str:
    """The median, or why there is none."""
    if not outcomes:
        return ""
    failed = next((outcome.failed for outcome in outcomes if outcome.failed), None)
    return shortened(failed) if failed else f"{statistics.median(outcome.seconds for outcome in outcomes):.2f}"


def print_facts(facts: dict[str, str]) -> None:
    """One line of facts."""
    print("; ".join(f"{name} {value}" for name, value in facts.items()))


def print_table(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Print rows of the same fields as a Markdown table, and hand them back."""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    print("\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines), flush=True)
    return rows


def measure_row(measure: Measure, measured: Rounds) -> dict[str, str]:
    """The medians of a measure, and whether its limits hold."""
    ours, baselines = measured[measure.ours], measured[measure.baseline] if measure.baseline else []
    number, peak = judged_number(measure, measured), max(outcome.peak for outcome in ours)
    ratio, unit = (number, "") if measure.baseline else (None, " s")
    peak_limit = f", at most {gigabytes(measure.peak_limit)}" if measure.peak_limit < math.inf else ""
    return {
        "measure": measure.title,
        "ours s": seconds_of(ours),
        "baseline s": seconds_of(baselines),
        "ratio": "" if ratio is None else f"{ratio:.3g}",
        "limit": "" if measure.limit is None else f"{measure.limit:.3g}{unit}",
        "met?": met(measure, number, peak),
        "peak resident memory": gigabytes(peak) + peak_limit,
    }


def met(measure: Measure, number: float | None, peak: int) -> str:
    """Whether both limits hold; a baseline that failed decides nothing."""
    if measure.limit is None or number is None:
        return ""
    return "yes" if number <= measure.limit and peak <= measure.peak_limit else "NO"


def judged_number(measure: Measure, measured: Rounds) -> float | None:
    """The median of the ratios or, without a baseline, of the seconds; None where the baseline never finished."""
    ours = measured[measure.ours]
    if measure.baseline is None:
        return statistics.median(outcome.seconds for outcome in ours)
    pairs = zip(ours, measured[measure.baseline], strict=True)
    ratios = [one.seconds / other.seconds for one, other in pairs if not other.failed]
    return statistics.median(ratios) if ratios else None


def tool_row(piece: Piece, outcomes: Sequence[Outcome]) -> dict[str, str]:
    """What a tool took and how well it counted."""
    last = outcomes[-1]
    return {
        "tool": f"{piece.run} {last.version}" if piece.run in TOOLS else "transferroom",
        "s": seconds_of(outcomes),
        "of which reading": f"{last.loading:.2f}" if last.loading else "",
        "peak resident memory": gigabytes(max(outcome.peak for outcome in outcomes)) if last.peak else "",
        "counts": "" if last.failed else shortened("; ".join(wrong(piece, last)) or "all right"),
    }


def trap_rows(folder: Path) -> list[dict[str, str]]:
    """Whether each tool sees what is wrong with small tables; ours has to."""
    file = folder / "traps.duckdb"
    file.unlink(missing_ok=True)
    key_only = Pair("a trap", (ID,), ())
    with connect(file) as connection:
        make_traps(connection)
        verdicts = {name: compared(connection, table_spec(name, key_only)).verdict for name in TRAPS}
    for name, verdict in verdicts.items():
        if (verdict is Verdict.PROVEN) != TRAPS[name].equal:
            sys.exit(f"the engine is wrong, its verdict on {TRAPS[name].title} is {verdict}")
    answers = {tool: trap_answers(tool, file, ID.name) for tool in TOOLS}
    return [
        {"trap": trap.title, "transferroom": verdicts[name]} | {tool: answers[tool][name] for tool in TOOLS}
        for name, trap in TRAPS.items()
    ]


def rounds_as_data(measured: Rounds) -> list[dict[str, Any]]:
    """Every outcome, for a file."""
    return [
        asdict(piece) | {"outcomes": [asdict(outcome) for outcome in outcomes]} for piece, outcomes in measured.items()
    ]


PIECES: dict[str, Callable[[Piece, Path], Outcome]] = {
    "make": make_pair,
    "compare": compare_pair,
    "hashes": hash_pair,
    "join": join_pair,
    "join_and_keys": join_pair_and_keys,
    "command": run_command,
}
OURS = {"compare", "command"}


if __name__ == "__main__":
    main()
