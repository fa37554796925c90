"""Times the whole migration on the sample data against the sum of its own parts.

The parts are the same work without Dagster around it, done one after the other in a process of their own: importing
the libraries, loading the sources, building the legacy tables, copying, planning and running the models, comparing.
Every round starts from nothing. The machine's own noise is in both numbers, so the ratio is what counts.

    python benchmarks/pipeline.py [--rounds N] [--source DIR]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PARTS = ("imports", "loads", "legacy", "copies", "plan", "comparisons")
LIMIT_SECONDS, LIMIT_RATIO = 15.0, 1.3


def main() -> None:
    """Run the rounds and print a table of medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--source", default="data/sample")
    parser.add_argument("--parts-in", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.parts_in:
        print(json.dumps(time_parts(Path(arguments.parts_in))))
        return
    wholes, parts = [], []
    for _ in range(arguments.rounds):
        wholes.append(in_empty_folder(arguments.source, run_whole))
        parts.append(in_empty_folder(arguments.source, run_parts))
    report(wholes, parts)


def in_empty_folder(source: str, run: Callable[[Path, dict[str, str]], object]) -> object:
    """Call with a new data folder and the environment that points the pipeline to it."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "TRANSFERROOM_SOURCE_DIR": str(Path(source).resolve()),
            "TRANSFERROOM_DATA_DIR": f"{folder}/data",
            "TRANSFERROOM_RESULTS_DIR": f"{folder}/results",
            "DAGSTER_HOME": folder,
        }
        return run(Path(folder), os.environ | settings)


def run_whole(folder: Path, environment: dict[str, str]) -> float:
    """Seconds of `transferroom run`, from the start of its process to the end."""
    started = time.perf_counter()
    command = [str(Path(sys.executable).with_name("transferroom")), "run"]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def run_parts(folder: Path, environment: dict[str, str]) -> dict[str, float]:
    """Seconds of each part, in a process of their own."""
    command = [sys.executable, __file__, "--parts-in", str(folder)]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    seconds: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


def time_parts(folder: Path) -> dict[str, float]:
    """Do the work of the migration without Dagster and take the time of each part."""
    seconds: dict[str, float] = {}
    started = time.perf_counter()
    import parts  # noqa: PLC0415 - importing is one of the parts

    seconds["imports"] = time.perf_counter() - started
    work = parts.Work()
    for name in PARTS[1:]:
        started = time.perf_counter()
        getattr(work, name)()
        seconds[name] = time.perf_counter() - started
    return seconds


def report(wholes: list[float], parts: list[dict[str, float]]) -> None:
    """Print the medians and the ratio."""
    for name in PARTS:
        print(f"{name:<24}{statistics.median(part[name] for part in parts):>8.2f} s")
    sums = [sum(part.values()) for part in parts]
    ratio = statistics.median(whole / total for whole, total in zip(wholes, sums, strict=True))
    print(f"{'sum of the parts':<24}{statistics.median(sums):>8.2f} s")
    print(
        f"{'transferroom run':<24}{statistics.median(wholes):>8.2f} s   (at most {LIMIT_SECONDS:.0f} s on 2 idle cores)"
    )
    print(f"{'ratio':<24}{ratio:>8.2f}     (less than {LIMIT_RATIO})")


if __name__ == "__main__":
    main()
