"""Runs one of the other comparison tools on pairs of tables, in a process of its own, and prints what it found.

`benchmarks/comparison.py` starts it, for SQLMesh with the project's own Python, for the others with that of a virtual
environment which it makes of `benchmarks/requirements.txt`: datacompy wants a Polars that the project does not have.
Only the standard library is therefore imported before the tool is known.

Each tool runs with its default settings. It may use all processors and 12 GB of memory: DuckDB is told so, since it can
write what is beyond to disk, and a process that grows over it ends.

    python benchmarks/comparison_tools.py TOOL DATABASE KEY TABLE [TABLE ...]     (compares raw.TABLE with prod.TABLE)
"""

import hashlib
import importlib.metadata
import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
ENVIRONMENTS = Path(__file__).resolve().parent.parent / "data" / "benchmark-tools"
OF_THE_PROJECT = {"sqlmesh"}
LONGEST_SECONDS = 600
SHORT = 120
MEMORY_GB = 12
SECONDS_BETWEEN_LOOKS = 0.2
SETTINGS = {"memory_limit": f"{MEMORY_GB}GB"}


@dataclass(frozen=True)
class Outcome:
    """What one process measured and found.

    Attributes:
        seconds: Time from the open database to the counts, without imports.
        peak: Most resident memory that the process had at any time, in bytes.
        rows: Rows by kind, by the names that the comparison engine uses.
        columns: Differing cells by column.
        largest: The largest difference in the column with tolerance.
        equal: Whether it calls the two tables equal, without a warning; None where it does not say.
        loading: How many of the seconds went into reading the tables into memory.
        failed: Why there is no result.
        version: Of the tool.
    """

    seconds: float
    peak: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)
    largest: float | None = None
    equal: bool | None = None
    loading: float | None = None
    failed: str = ""
    version: str = ""


@dataclass(frozen=True)
class Trap:
    """Two small tables that must not be called equal, or must be, and why."""

    title: str
    legacy: str
    modern: str
    equal: bool = False


def _values(columns: str, *rows: str) -> str:
    return f"SELECT * FROM (VALUES {', '.join(rows)}) AS t({columns})"


TRAPS = {
    "order": Trap(
        "equal rows in another order",
        _values("id, amount, name", "(1, 1.5::DOUBLE, 'a')", "(2, 'NaN'::DOUBLE, NULL)", "(3, NULL, 'c')"),
        _values("id, amount, name", "(3, NULL::DOUBLE, 'c')", "(1, 1.5, 'a')", "(2, 'NaN'::DOUBLE, NULL)"),
        equal=True,
    ),
    "null_zero": Trap(
        "NULL against 0",
        _values("id, amount", "(1, 5)", "(2, NULL)", "(3, 7)"),
        _values("id, amount", "(1, 5)", "(2, 0)", "(3, 7)"),
    ),
    "decimals": Trap(
        "decimals beyond float precision",
        _values("id, amount", "(1, 5.00::DECIMAL(20, 2))", "(2, 123456789012345678.01)"),
        _values("id, amount", "(1, 5.00::DECIMAL(20, 2))", "(2, 123456789012345678.02)"),
    ),
    "integers": Trap(
        "integers beyond float precision",
        _values("id, account", "(1, 5::BIGINT)", "(2, 9007199254740992)"),
        _values("id, account", "(1, 5::BIGINT)", "(2, 9007199254740993)"),
    ),
    "fourth_decimal": Trap(
        "doubles that differ in the fourth decimal",
        _values("id, rate", "(1, 0.5::DOUBLE)", "(2, 0.1231)"),
        _values("id, rate", "(1, 0.5::DOUBLE)", "(2, 0.1232)"),
    ),
    "microseconds": Trap(
        "timestamps one microsecond apart",
        _values("id, updated", "(1, TIMESTAMP '2026-01-01 00:00:00.000001')"),
        _values("id, updated", "(1, TIMESTAMP '2026-01-01 00:00:00.000002')"),
    ),
    "blanks": Trap(
        "a trailing blank",
        _values("id, club", "(1, 'Ajax')", "(2, 'PSV')"),
        _values("id, club", "(1, 'Ajax')", "(2, 'PSV ')"),
    ),
    "keys": Trap(
        "other keys, the same number of rows",
        _values("id, amount", "(1, 5)", "(2, 6)", "(3, 7)"),
        _values("id, amount", "(1, 5)", "(2, 6)", "(4, 7)"),
    ),
    "duplicate_keys": Trap(
        "a key that occurs twice on both sides",
        _values("id, amount", "(1, 5)", "(1, 6)", "(2, 7)"),
        _values("id, amount", "(1, 6)", "(1, 5)", "(2, 7)"),
    ),
    "row_twice": Trap(
        "a row that occurs twice on one side",
        _values("id, amount", "(1, 5)", "(2, 7)"),
        _values("id, amount", "(1, 5)", "(2, 7)", "(2, 7)"),
    ),
    "null_keys": Trap(
        "a NULL key with another value",
        _values("id, amount", "(1, 5)", "(NULL, 6)"),
        _values("id, amount", "(1, 5)", "(NULL, 7)"),
    ),
    "one_side": Trap(
        "a column on one side only",
        _values("id, amount", "(1, 5)", "(2, 6)"),
        _values("id, amount, fee", "(1, 5, 1)", "(2, 6, 2)"),
    ),
    "empty": Trap(
        "two empty tables",
        _values("id, amount", "(1, 5)") + " WHERE id > 1",
        _values("id, amount", "(1, 5)") + " WHERE id > 1",
    ),
}


def datacompy(database: Path, table: str, key: str) -> Outcome:
    """Both tables as Polars frames, then `PolarsCompare`."""
    import duckdb  # noqa: PLC0415 - here and below: only the tool that runs is imported
    from datacompy import PolarsCompare  # noqa: PLC0415

    with duckdb.connect(str(database), read_only=True) as connection:
        started = time.perf_counter()
        legacy, modern = (connection.sql(f"FROM {schema}.{table}").pl() for schema in ("raw", "prod"))
        loading = time.perf_counter() - started
        comparison = PolarsCompare(legacy, modern, join_columns=[key])
        matching = comparison.count_matching_rows()
        seconds = time.perf_counter() - started
    return Outcome(
        seconds,
        rows={
            "identical": matching,
            "different": len(comparison.intersect_rows) - matching,
            "only_legacy": len(comparison.df1_unq_rows),
            "only_modern": len(comparison.df2_unq_rows),
        },
        columns={column["column"]: column["unequal_cnt"] for column in comparison.column_stats},
        equal=comparison.matches(),
        loading=loading,
    )


def reladiff(database: Path, table: str, key: str) -> Outcome:
    """The outer join algorithm, on the columns that both sides have, as its command does for all columns."""
    from reladiff import Algorithm, connect, connect_to_table, diff_tables  # noqa: PLC0415

    source = connect({"driver": "duckdb", "filepath": str(database)}, thread_count=1)
    source.query(f"SET memory_limit = '{MEMORY_GB}GB'", None)
    started = time.perf_counter()
    sides = [connect_to_table(source, (schema, table), key) for schema in ("raw", "prod")]
    legacy, modern = (list(source.query_table_schema(side.table_path)) for side in sides)
    columns = tuple(name for name in legacy if name in modern and name != key)
    with diff_tables(*sides, extra_columns=columns, algorithm=Algorithm.JOINDIFF) as diff:
        found = diff.get_stats_dict()
    seconds = time.perf_counter() - started
    cells = {name.removesuffix("_a"): int(count) for name, count in found["stats"]["diff_counts"].items()}
    return Outcome(
        seconds,
        rows={
            "identical": found["unchanged"],
            "different": found["updated"],
            "only_legacy": found["exclusive_A"],
            "only_modern": found["exclusive_B"],
        },
        columns=cells,
        equal=found["total"] == 0,
    )


def sqlmesh(database: Path, table: str, key: str) -> Outcome:
    """`Context.table_diff`, which writes the joined rows to a table; that goes to a database of its own."""
    from sqlmesh import Context  # noqa: PLC0415
    from sqlmesh.core import config  # noqa: PLC0415
    from sqlmesh.core.config.connection import DuckDBAttachOptions  # noqa: PLC0415
    from sqlmesh.core.console import NoopConsole, set_console  # noqa: PLC0415

    set_console(NoopConsole())
    with tempfile.TemporaryDirectory(dir=database.parent) as folder:
        catalogs = {
            "work": str(Path(folder, "work.duckdb")),
            "pair": DuckDBAttachOptions(type="duckdb", path=str(database), read_only=True),
        }
        connection = config.DuckDBConnectionConfig(catalogs=catalogs, connector_config=SETTINGS)
        project = config.Config(
            gateways={"": config.GatewayConfig(connection=connection)},
            model_defaults=config.ModelDefaultsConfig(dialect="duckdb"),
        )
        context = Context(paths=[folder], config=project)
        context.engine_adapter.fetchone("SELECT 1")
        started = time.perf_counter()
        diff = context.table_diff(f"pair.raw.{table}", f"pair.prod.{table}", on=[key], show=False)[0]
        rows, schema = diff.row_diff(), diff.schema_diff()
        seconds = time.perf_counter() - started
        context.close()
    shares = rows.column_stats["pct_match"].fillna(100)
    grain_warning = rows.stats["null_grain_count"] > 0 or any(
        rows.stats[f"distinct_count_{side}"] != rows.stats[f"{side}_count"] for side in "st"
    )
    differing = rows.partial_match_count, rows.s_only_count, rows.t_only_count
    return Outcome(
        seconds,
        rows={
            "identical": rows.full_match_count,
            "different": rows.partial_match_count,
            "only_legacy": rows.s_only_count,
            "only_modern": rows.t_only_count,
        },
        columns={name: round((100 - share) / 100 * rows.join_count) for name, share in shares.items()},
        equal=not (any(differing) or schema.has_changes or rows.empty or grain_warning),
    )


TOOLS: dict[str, Callable[[Path, str, str], Outcome]] = {
    "datacompy": datacompy,
    "reladiff": reladiff,
    "sqlmesh": sqlmesh,
}


def run_tool_apart(tool: str, database: Path, key: str, tables: Collection[str]) -> list[Outcome]:
    """What the tool found in each pair of tables, in a process of its own that may not take for ever."""
    python = Path(sys.executable) if tool in OF_THE_PROJECT else installed_python()
    command = [str(python), __file__, tool, str(database), key, *tables]
    environment = os.environ | {"SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "1", "TMPDIR": str(database.parent)}
    started = time.perf_counter()
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, env=environment, timeout=LONGEST_SECONDS
        )
    except subprocess.TimeoutExpired:
        failed = f"not done within {LONGEST_SECONDS} s"
    else:
        if done.returncode == 0:
            return read_outcomes(done.stdout)
        failed = (done.stderr.splitlines() or [f"ended with {done.returncode}"])[-1]
    return [Outcome(time.perf_counter() - started, failed=failed)] * len(tables)


def make_traps(connection: "duckdb.DuckDBPyConnection") -> None:
    """Write the pairs of every trap into an empty database."""
    connection.execute("CREATE SCHEMA raw; CREATE SCHEMA prod")
    for name, trap in TRAPS.items():
        connection.execute(f"CREATE TABLE raw.{name} AS {trap.legacy}")
        connection.execute(f"CREATE TABLE prod.{name} AS {trap.modern}")


def trap_answers(tool: str, database: Path, key: str) -> dict[str, str]:
    """What the tool makes of every trap."""
    outcomes = run_tool_apart(tool, database, key, TRAPS)
    return {name: _answer(TRAPS[name], outcome) for name, outcome in zip(TRAPS, outcomes, strict=True)}


def _answer(trap: Trap, outcome: Outcome) -> str:
    if outcome.failed:
        return f"refuses: {shortened(outcome.failed)}"
    if trap.equal:
        return "equal" if outcome.equal else "FALSE ALARM"
    return "MISSED" if outcome.equal else "noticed"


def shortened(text: str) -> str:
    """A text that fits into a table."""
    return textwrap.shorten(text.replace("|", "/"), SHORT)


def read_outcomes(output: str) -> list[Outcome]:
    """The outcomes that another process printed, after whatever else it printed."""
    return [Outcome(**fields) for fields in json.loads(output.splitlines()[-1])]


@cache
def installed_python() -> Path:
    """The Python of the tools' own environment, which is made once for each state of the requirements."""
    folder = ENVIRONMENTS / hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    python, ready = folder / "bin" / "python", folder / "ready"
    if not ready.exists():
        print(f"installing the other tools into {folder}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS)], check=True)
        ready.touch()
    return python


def run_tool(tool: str, database: Path, table: str, key: str) -> Outcome:
    """What the tool found; whatever it raises is its answer too."""
    version = importlib.metadata.version(tool)
    started = time.perf_counter()
    try:
        return replace(TOOLS[tool](database, table, key), version=version)
    except Exception as error:
        message = f"{type(error).__name__}: {error}".splitlines()[0]
        return Outcome(time.perf_counter() - started, failed=message, version=version)


def peak_memory(of: int = resource.RUSAGE_SELF) -> int:
    """The most memory that this process had at any time, in bytes; Linux counts it in kilobytes."""
    return resource.getrusage(of).ru_maxrss * 1024


def end_beyond_memory() -> None:
    """End the process once it has taken more memory than it may."""
    while peak_memory() < MEMORY_GB * 10**9:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    print(f"needs more than {MEMORY_GB} GB", file=sys.stderr, flush=True)
    os._exit(1)


def main(arguments: list[str]) -> None:
    """Run the tool on each pair and print the outcomes as one line of JSON."""
    tool, database, key, *tables = arguments
    logging.disable(logging.CRITICAL)
    threading.Thread(target=end_beyond_memory, daemon=True).start()
    outcomes = [run_tool(tool, Path(database), table, key) for table in tables]
    found: list[dict[str, Any]] = [asdict(replace(outcome, peak=peak_memory())) for outcome in outcomes]
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
