"""Times the whole migration on the sample data against the sum of its own parts.

The whole is the command `transferroom run`, in a process of its own, on empty folders. The parts are measured apart in
another process: importing and loading the code location, then each stage alone, with Dagster's history in memory. What
the whole takes beyond its parts is the start of the process, the history on disk and what stages cost each other. The
machine's noise is in both numbers, so the ratio is what counts.

    python benchmarks/pipeline.py [--rounds N] [--source DIR]
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from folders import SAMPLE, empty_folder

STAGES = {
    "loads": "group:sources",
    "legacy": "group:legacy",
    "copies": "group:replication",
    "plan": "group:models",
    "comparisons": "group:comparisons or group:cutover",
}
PARTS = ("imports", *STAGES)
LIMIT_SECONDS, LIMIT_RATIO = 15.0, 1.3


def main() -> None:
    """Run the rounds and print a table of medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--source", type=Path, default=SAMPLE)
    parser.add_argument("--parts", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.parts:
        print(json.dumps(time_parts()))
        return
    wholes, parts = [], []
    for _ in range(arguments.rounds):
        with empty_folder(arguments.source) as environment:
            wholes.append(run_whole(environment))
        with empty_folder(arguments.source) as environment:
            parts.append(run_parts(environment))
    report(wholes, parts)


def run_whole(environment: dict[str, str]) -> float:
    """Seconds of `transferroom run`, from the start of its process to the end."""
    started = time.perf_counter()
    command = [str(Path(sys.executable).with_name("transferroom")), "run"]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def run_parts(environment: dict[str, str]) -> dict[str, float]:
    """Seconds of each part, in a process of their own."""
    command = [sys.executable, __file__, "--parts"]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    seconds: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


def time_parts() -> dict[str, float]:
    """Load the code location and run its stages one after the other."""
    started = time.perf_counter()
    import dagster  # noqa: PLC0415 - importing is one of the parts

    import sqlmesh_assets.running  # noqa: PLC0415, F401 - imports SQLMesh
    from transferroom_pipeline.definitions import build_definitions  # noqa: PLC0415
    from transferroom_pipeline.platforms.run_liveness import RunLiveness  # noqa: PLC0415
    from transferroom_pipeline.running import run_assets  # noqa: PLC0415
    from transferroom_pipeline.selection import selected_keys  # noqa: PLC0415
    from transferroom_pipeline.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    definitions, liveness = build_definitions(settings), RunLiveness(settings.data_dir)
    seconds = {"imports": time.perf_counter() - started}
    for name, selection in STAGES.items():
        with dagster.DagsterInstance.ephemeral() as instance:
            started = time.perf_counter()
            keys = selected_keys(definitions, selection)
            outcome = run_assets(definitions, keys, instance, liveness, selection=selection)
            seconds[name] = time.perf_counter() - started
        if not outcome.success:
            sys.exit(f"the stage {name} failed: its time says nothing")
    return seconds


def report(wholes: list[float], parts: list[dict[str, float]]) -> None:
    """Print the medians and the ratio."""
    for name in PARTS:
        print(f"{name:<24}{statistics.median(part[name] for part in parts):>8.2f} s")
    sums = [sum(part.values()) for part in parts]
    ratio = statistics.median(one / total for one, total in zip(wholes, sums, strict=True))
    whole = statistics.median(wholes)
    print(f"{'sum of the parts':<24}{statistics.median(sums):>8.2f} s")
    print(f"{'transferroom run':<24}{whole:>8.2f} s   (at most {LIMIT_SECONDS:.0f} s on 2 idle cores)")
    print(f"{'ratio':<24}{ratio:>8.2f}     (less than {LIMIT_RATIO})")


if __name__ == "__main__":
    main()
