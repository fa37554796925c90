"""Times what the SQLMesh integration costs: loading the code location, and a run in which nothing changed.

Each number is the median of some rounds, and each difference is between processes that were started right after each
other, since the machine's noise is in both.

- load: `import transferroom_pipeline.definitions` and resolving its definitions as Dagster does, in a process of
  its own with a warm cache, against a process that only imports dagster, dagster_dlt and patito.
- 200 models: the same with a generated SQLMesh project of 200 models, against one of 3.
- nothing changed: the step of the models in a run after one that computed everything, in a process of its own, by the
  times of Dagster's own events.

    python benchmarks/models.py [--rounds N]
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from folders import PROJECT, empty_folder

BARE = "import dagster, dagster_dlt, patito"
LOCATION = "import transferroom_pipeline.definitions as location; location.defs().get_repository_def()"
STEP = """
import dagster as dg
from transferroom_pipeline.definitions import build_definitions
from transferroom_pipeline.platforms.run_liveness import RunLiveness
from transferroom_pipeline.running import run_assets
from transferroom_pipeline.selection import selected_keys
from transferroom_pipeline.settings import load_settings

with dg.DagsterInstance.get() as instance:
    settings = load_settings()
    definitions = build_definitions(settings)
    keys = selected_keys(definitions, "group:models")
    outcome = run_assets(definitions, keys, instance, RunLiveness(settings.data_dir), selection="group:models")
    assert outcome.success
    [step] = [s for s in instance.get_run_step_stats(outcome.run_id) if s.step_key == "models"]
    print(step.end_time - step.start_time)
"""
FEW, MANY, COLUMNS = 3, 200, 20
LOAD_LIMIT, MANY_LIMIT, STEP_LIMIT = 1.0, 2.0, 1.5


def main() -> None:
    """Run the rounds and print the medians with their limits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with empty_folder() as environment:
        report(
            "loading the code location", "more than its imports alone", load_difference(environment, rounds), LOAD_LIMIT
        )
    with empty_folder() as folder_of_few, empty_folder() as folder_of_many:
        few, many = generated(folder_of_few, FEW), generated(folder_of_many, MANY)
        difference = differences(LOCATION, many, LOCATION, few, rounds)
        report(f"loading {MANY} models", f"more than {FEW} models", difference, MANY_LIMIT)
    with empty_folder() as environment:
        report(
            "a run in which nothing changed",
            "in the step of the models",
            unchanged_steps(environment, rounds),
            STEP_LIMIT,
        )


def report(what: str, meaning: str, seconds: list[float], limit: float) -> None:
    """Print one line."""
    median, worst = statistics.median(seconds), max(seconds)
    print(f"{what:<32}{median:>6.2f} s {meaning:<30} (worst {worst:.2f} s; at most {limit:.1f} s)")


def seconds_of(script: str, environment: Mapping[str, str]) -> float:
    """The time of a process that runs a script."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", script], env=dict(environment), check=True, cwd=PROJECT)
    return time.perf_counter() - started


def differences(
    script: str, environment: Mapping[str, str], base: str, base_environment: Mapping[str, str], rounds: int
) -> list[float]:
    """By how much one process is slower than another, both with warm caches."""
    seconds_of(script, environment), seconds_of(base, base_environment)
    return [seconds_of(script, environment) - seconds_of(base, base_environment) for _ in range(rounds)]


def load_difference(environment: Mapping[str, str], rounds: int) -> list[float]:
    """What the code location takes beyond its imports."""
    return differences(LOCATION, environment, BARE, environment, rounds)


def unchanged_steps(environment: Mapping[str, str], rounds: int) -> list[float]:
    """The seconds of the step of the models when there is nothing to compute."""
    command = [str(Path(sys.executable).with_name("transferroom")), "run"]
    subprocess.run(command, env=dict(environment), check=True, stdout=subprocess.DEVNULL, cwd=PROJECT)
    steps = []
    for _ in range(rounds):
        script = [sys.executable, "-c", STEP]
        done = subprocess.run(script, env=dict(environment), check=True, stdout=subprocess.PIPE, text=True, cwd=PROJECT)
        steps.append(float(done.stdout.splitlines()[-1]))
    return steps


def generated(environment: dict[str, str], models: int) -> dict[str, str]:
    """The environment with a SQLMesh project of so many models, each of which reads a copied table or another model."""
    folder = Path(environment["DAGSTER_HOME"], "sqlmesh_project")
    shutil.copytree(
        PROJECT / "sqlmesh_project", folder, ignore=shutil.ignore_patterns("models", "tests", "__pycache__")
    )
    (folder / "models").mkdir()
    for number in range(models):
        (folder / "models" / f"m{number}.sql").write_text(generated_model(number), encoding="utf-8")
    return environment | {"TRANSFERROOM_SQLMESH_PROJECT": str(folder)}


def generated_model(number: int) -> str:
    """A model with columns, descriptions and audits as models have them."""
    source = "raw.players" if number % 10 == 0 else f"prod.m{number - 1}"
    first = "player_id" if number % 10 == 0 else "c0"
    columns = ", ".join(f"c{column} TEXT" for column in range(COLUMNS))
    descriptions = ", ".join(f"c{column} = 'Column {column}.'" for column in range(COLUMNS))
    selected = ",\n  ".join(f"{first}::TEXT AS c{column}" for column in range(COLUMNS))
    return (
        f"MODEL (\n  name prod.m{number},\n  kind FULL,\n  cron '*/5 * * * *',\n  grain c0,\n"
        f"  description 'Generated.',\n  columns ({columns}),\n  column_descriptions ({descriptions}),\n"
        f"  audits (not_null(columns := (c0,)), unique_values(columns := (c0,)))\n);\n\n"
        f"SELECT\n  {selected}\nFROM {source}\n"
    )


if __name__ == "__main__":
    main()
