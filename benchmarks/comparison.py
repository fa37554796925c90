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
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from comparison_pieces import Piece, database, run_here, trap_verdicts, wrong
from comparison_tables import ID, PAIRS
from comparison_tools import TOOLS, TRAPS, Outcome, read_outcomes, run_tool_apart, shortened, trap_answers

LEAST_ROWS, MILLION = 1_000, 1_000_000
GIGABYTE = 10**9


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
    Measure("columns", Piece("command", "columns", LEAST_ROWS), None, 1.5),
    Measure("self_check", Piece("self_check", "columns", LEAST_ROWS), None, 0.3),
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
    verdicts = trap_verdicts(file)
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


if __name__ == "__main__":
    main()
