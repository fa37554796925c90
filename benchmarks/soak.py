"""Runs the migration every five minutes while nothing changes, and then once a day, with the clock moved.

Shows what a day of such runs adds to the disk, whether runs take longer with time, and what is left after the nightly
clean-up once old runs go. Nothing waits: the clock is moved from run to run.

    pip install time-machine
    python benchmarks/soak.py [--runs N] [--days N]

Exits with 1 if a limit is not met.
"""

import argparse
import os
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine
from click.testing import CliRunner
from folders import empty_folder

from transferroom_pipeline.cli import main as transferroom

RUNS_A_DAY = 288
DAYS = 90
LIMIT_OF_DAY, LIMIT_IN_ALL, LIMIT_OF_GROWTH = 30e6, 500e6, 1.2
FIRST_AND_LAST = 20
"""So many runs at either end are compared to tell whether runs take longer."""


def main() -> None:
    """Run, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300, help="every five minutes")
    parser.add_argument("--days", type=int, default=40, help="of one run and one clean-up a day, after that")
    arguments = parser.parse_args()
    with empty_folder() as environment:
        folder, moment = Path(environment["DAGSTER_HOME"]), datetime.now(UTC)
        call(environment, moment, "run")
        met = frequent(environment, folder, moment, arguments.runs)
        met &= daily(environment, folder, moment + timedelta(days=2), arguments.days)
    sys.exit(0 if met else 1)


def frequent(environment: dict[str, str], folder: Path, moment: datetime, runs: int) -> bool:
    """Runs in which nothing changes; the first of a day looks at everything."""
    before, seconds = size(folder), []
    for number in range(1, runs + 1):
        started = time.perf_counter()
        call(environment, moment + timedelta(minutes=5 * number), "run")
        seconds.append(time.perf_counter() - started)
    a_day = (size(folder) - before) / runs * RUNS_A_DAY
    growth = statistics.median(seconds[-FIRST_AND_LAST:]) / statistics.median(seconds[:FIRST_AND_LAST])
    print(
        f"{runs} runs, {statistics.median(seconds):.2f} s each; the last take {growth:.2f} of the first (at most 1.2)"
    )
    print(f"{a_day / 1e6:.1f} MB a day of {RUNS_A_DAY} runs (at most {LIMIT_OF_DAY / 1e6:.0f} MB)")
    return a_day <= LIMIT_OF_DAY and growth <= LIMIT_OF_GROWTH


def daily(environment: dict[str, str], folder: Path, moment: datetime, days: int) -> bool:
    """Days of one run that looks at everything and one clean-up; what the last ten add goes on for ninety days."""
    sizes = []
    for day in range(days):
        call(environment, moment + timedelta(days=day), "run")
        call(environment, moment + timedelta(days=day, hours=1), "clean-up")
        sizes.append(size(folder))
    added = max(sizes[-1] - sizes[-min(10, days)], 0) / max(min(10, days) - 1, 1)
    in_all = sizes[-1] + added * max(DAYS - days, 0)
    print(f"{sizes[-1] / 1e6:.0f} MB after {days} days with clean-up, {added / 1e6:.2f} MB more a day in the end")
    print(f"{in_all / 1e6:.0f} MB after {DAYS} days (at most {LIMIT_IN_ALL / 1e6:.0f} MB)")
    return in_all <= LIMIT_IN_ALL


def call(environment: dict[str, str], moment: datetime, *arguments: str) -> None:
    """Call the command at a moment; the benchmark ends if it fails."""
    os.environ.update(environment)
    with time_machine.travel(moment, tick=True):
        result = CliRunner().invoke(transferroom, list(arguments))
    if result.exit_code:
        sys.exit(f"transferroom {' '.join(arguments)} failed at {moment}:\n{result.output}\n{result.exception!r}")


def size(folder: Path) -> int:
    """Bytes of all files."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


if __name__ == "__main__":
    main()
