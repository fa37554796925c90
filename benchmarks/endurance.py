"""Tries to break a migration: kills at random moments, two processes at once, and a reader who looks at the views.

Each try is `transferroom run` on a folder of its own with a small sample, killed outright (SIGKILL) after a random
time. Now and then the source files change, the clock of the run is set back by up to three days, and a second process
compares all tables or plans the models. A reader opens the target whenever nobody writes, and looks whether each view
shows exactly the rows of the legacy copy, as every proof here demands. After each kill the target must open with all
the evidence that it had. After every fifth and after the last a run that nobody disturbs must prove everything, and the
last must show what a run on a new folder shows.

    pip install time-machine
    python benchmarks/endurance.py [--kills N] [--looks N] [--seed N] [--keep FOLDER]

Exits with 1 if anything was lost, or shown unproven. If a run that nobody disturbs fails, the benchmark ends there, and
the folder that it failed on is copied to the one of `--keep`.
"""

import argparse
import csv
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
from folders import empty_folder

VIEWS = ("derived_a", "derived_b", "derived_c")
LONGEST_SECONDS = 25.0
"""A killed run is killed before this; most have done all their work by then."""

OTHERS = (
    ["compare", "--all", "--quiet"],
    ["sqlmesh", "plan", "--auto-apply", "--no-prompts"],
    ["run", "--select", "group:comparisons or group:cutover"],
)
"""What a second process does meanwhile."""


SET_BACK = """
import sys
from datetime import UTC, datetime, timedelta

import time_machine

from transferroom_pipeline.cli import main

hours = float(sys.argv.pop(1))
with time_machine.travel(datetime.now(UTC) - timedelta(hours=hours), tick=True):
    main()
"""
"""Calls the command by a clock that is some hours slow."""

MOST_HOURS = 72.0
SHARE_SET_BACK = 0.3


@dataclass
class Findings:
    """What was tried and what came of it."""

    kills: int = 0
    set_back: int = 0
    lost: list[str] = field(default_factory=list)
    looks: int = 0
    unproven: list[str] = field(default_factory=list)


def main() -> None:
    """Try, and tell what held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100, help="at least so many")
    parser.add_argument("--looks", type=int, default=10_000, help="at least so many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="where to copy a folder on which a run failed")
    arguments = parser.parse_args()
    findings, chance = Findings(), random.Random(arguments.seed)
    with sources() as source, empty_folder(source) as environment:
        target = Path(environment["TRANSFERROOM_DATA_DIR"]) / "new" / "transferroom.duckdb"
        run_undisturbed(environment, "the first run", arguments.keep)
        with reading(target, findings):
            while findings.kills < arguments.kills or findings.looks < arguments.looks:
                kill_one(environment, source, target, findings, chance)
                if findings.kills % 5 == 0:
                    run_undisturbed(environment, f"the run after kill {findings.kills}", arguments.keep)
        run_undisturbed(environment, "the last run", arguments.keep)
        compare_with_new_folder(source, target, findings)
    print(f"kills: {findings.kills} tried, {findings.kills - len(findings.lost)} held, {len(findings.lost)} lost")
    print(f"clocks: {findings.set_back} of the killed runs had theirs set back")
    print(f"looks: {findings.looks:,} at the views, {len(findings.unproven)} unproven or partial")
    for found in (*findings.lost, *findings.unproven[:20]):
        print(f"  {found}")
    sys.exit(1 if findings.lost or findings.unproven else 0)


@contextmanager
def sources() -> Iterator[Path]:
    """A small sample that may be changed."""
    with empty_folder() as environment:
        folder = Path(environment["DAGSTER_HOME"]) / "source"
        numbers = ("--players", "150", "--clubs", "20", "--transfers", "400")
        require(call(environment, "sample-data", "--out", str(folder), *numbers), "making the sample")
        yield folder


def command(*arguments: str) -> list[str]:
    """The call of the `transferroom` command."""
    return [str(Path(sys.executable).with_name("transferroom")), *arguments]


def call(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Call it and wait."""
    return subprocess.run(command(*arguments), env=environment, capture_output=True, text=True, check=False)


def require(done: subprocess.CompletedProcess[str], what: str) -> None:
    """End the benchmark if something failed that nobody disturbed."""
    if done.returncode:
        sys.exit(f"{what} failed:\n{done.stdout}\n{done.stderr}")


def run_undisturbed(environment: dict[str, str], which: str, keep: Path | None) -> None:
    """Run without a kill; if that fails, keep the folder to look at and end the benchmark."""
    done = call(environment, "run")
    if done.returncode and keep:
        shutil.copytree(environment["DAGSTER_HOME"], keep, dirs_exist_ok=True)
    require(done, which)


def kill_one(
    environment: dict[str, str], source: Path, target: Path, findings: Findings, chance: random.Random
) -> None:
    """One run that is killed, with another process beside it half of the time."""
    before = evidence(target)
    if chance.choice((True, False)):
        change(source, chance, findings.kills)
    run = command("run")
    if chance.random() < SHARE_SET_BACK:
        run = [sys.executable, "-c", SET_BACK, str(chance.uniform(0, MOST_HOURS)), "run"]
        findings.set_back += 1
    started = [subprocess.Popen(run, env=environment, **QUIET)]
    if chance.choice((True, False)):
        started.append(subprocess.Popen(command(*chance.choice(OTHERS)), env=environment, **QUIET))
    time.sleep(chance.uniform(0.5, LONGEST_SECONDS))
    for process in started:
        process.kill()
    for process in started:
        process.wait()
    findings.kills += 1
    try:
        missing = before - evidence(target)
    except duckdb.Error as error:
        findings.lost.append(f"kill {findings.kills}: the target cannot be opened: {error}")
        return
    if missing:
        findings.lost.append(f"kill {findings.kills}: {len(missing)} kept comparisons are gone")


QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def change(source: Path, chance: random.Random, number: int) -> None:
    """Give some players another value, and a later update with it, by which the incremental model goes."""
    file = source / "players.csv"
    with file.open(encoding="utf-8", newline="") as opened_file:
        players = list(csv.DictReader(opened_file))
    updated = datetime(2026, 7, 1, tzinfo=UTC) + timedelta(minutes=number)
    for player in chance.sample(players, 5):
        player["market_value_millions"] = f"{chance.uniform(1, 90):.2f}"
        player["updated_at"] = f"{updated:%Y-%m-%d %H:%M:%S}"
    unfinished = file.with_suffix(".partial")
    with unfinished.open("w", encoding="utf-8", newline="") as opened_file:
        writer = csv.DictWriter(opened_file, players[0])
        writer.writeheader()
        writer.writerows(players)
    unfinished.replace(file)


def evidence(target: Path) -> set[tuple[str, str]]:
    """Which comparisons are kept."""
    with opened(target) as connection:
        query = "SELECT run_id, table_name FROM migration.comparison_runs"
        return set(connection.execute(query).fetchall())


@contextmanager
def opened(target: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The target for reading, once nobody writes."""
    while True:
        try:
            connection = duckdb.connect(str(target), read_only=True)
            break
        except duckdb.IOException as error:
            if "lock" not in str(error):
                raise
            time.sleep(0.01)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def reading(target: Path, findings: Findings) -> Iterator[None]:
    """Look at the views all the time."""
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            with suppress(duckdb.IOException), opened(target) as connection:
                for view in VIEWS:
                    findings.looks += 1
                    findings.unproven += list(wrong_with(connection, view))
            time.sleep(0.02)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield
    finally:
        ended.set()
        looking.join()


def wrong_with(connection: duckdb.DuckDBPyConnection, view: str) -> Iterator[str]:
    """What a reader sees that nobody has proven: every proven table has the rows of its copy."""
    shown, copied = (f"SELECT * FROM {schema}.{view}" for schema in ("analytics", "raw"))
    columns = [
        name for (name, *_) in connection.execute(f"DESCRIBE {copied}").fetchall() if not name.startswith("_dlt")
    ]
    chosen = ", ".join(f'"{name}"' for name in columns)
    shown, copied = (f"SELECT {chosen} FROM {schema}.{view}" for schema in ("analytics", "raw"))
    counts = f"SELECT (SELECT count(*) FROM ({shown})), (SELECT count(*) FROM ({copied}))"
    [(rows, expected)] = connection.execute(counts).fetchall()
    [(other,)] = connection.execute(f"SELECT count(*) FROM ({shown} EXCEPT ALL {copied})").fetchall()
    if rows != expected or other:
        yield f"analytics.{view} shows {rows} rows, {other} of them not in the copy of {expected}"


def compare_with_new_folder(source: Path, target: Path, findings: Findings) -> None:
    """Whether the folder that went through all this shows what a new one shows."""
    with empty_folder(source) as environment:
        require(call(environment, "run"), "a run on a new folder")
        fresh = Path(environment["TRANSFERROOM_DATA_DIR"]) / "new" / "transferroom.duckdb"
        for view in VIEWS:
            if rows_of(target, view) != rows_of(fresh, view):
                findings.lost.append(f"in the end analytics.{view} differs from that of a new folder")


def rows_of(target: Path, view: str) -> Sequence[tuple[object, ...]]:
    """The rows that consumers see."""
    with opened(target) as connection:
        return connection.execute(f"SELECT * FROM analytics.{view} ORDER BY ALL").fetchall()


if __name__ == "__main__":
    main()
