"""A finished migration of a small sample, made once; tests that change it get a copy of their own."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from transferroom_pipeline.cli import main
from transferroom_pipeline.platforms.checksum import content_checksum
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.settings import PROJECT_ROOT, Settings
from transferroom_pipeline.sources.sample_data import generate

DERIVED = ("derived_a", "derived_b", "derived_c")
SOURCES = ("players", "clubs", "transfers")
COPIED = (*SOURCES, "rejected_rows", "snapshot", *DERIVED)
COMPARED = (*DERIVED, "derived_b_incremental", *SOURCES)


@dataclass(frozen=True)
class Project:
    """A folder with source files and all that the migration makes of them, and the command on it."""

    root: Path

    @property
    def settings(self) -> Settings:
        """The settings of the folder."""
        return Settings(source_dir=self.root / "source", data_dir=self.root / "data", results_dir=self.root / "results")

    def environment(self) -> dict[str, str]:
        """The settings as the environment variables that a person would set."""
        settings = self.settings
        return {
            "TRANSFERROOM_SOURCE_DIR": str(settings.source_dir),
            "TRANSFERROOM_DATA_DIR": str(settings.data_dir),
            "TRANSFERROOM_RESULTS_DIR": str(settings.results_dir),
            "DAGSTER_HOME": str(self.root / "dagster_home"),
        }

    def call(self, *arguments: str, **environment: str) -> Result:
        """Call the `transferroom` command."""
        return CliRunner().invoke(main, list(arguments), env=self.environment() | environment)

    def target(self, statement: str) -> list[tuple[object, ...]]:
        """Run SQL on the target."""
        with connect(self.settings.target_database) as connection:
            return connection.execute(statement).fetchall()

    def legacy(self, statement: str) -> list[tuple[object, ...]]:
        """Run SQL on the legacy platform."""
        with connect(self.settings.legacy_database) as connection:
            return connection.execute(statement).fetchall()

    def rewrite(self, table: str, lines: Sequence[str]) -> None:
        """Replace the source file of a table."""
        (self.settings.source_dir / f"{table}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def lines(self, table: str) -> list[str]:
        """The lines of a table's source file."""
        return (self.settings.source_dir / f"{table}.csv").read_text(encoding="utf-8").splitlines()


def contents(project: Project) -> dict[str, object]:
    """Checksums of every table that consumers or comparisons see, and the newest verdicts."""
    with connect(project.settings.target_database, read_only=True) as connection:
        names = [("raw", table) for table in COPIED] + [
            (schema, table) for schema in ("prod", "analytics") for table in DERIVED
        ]
        sums = {f"{schema}.{table}": content_checksum(connection, schema, table) for schema, table in names}
        newest = (
            "SELECT table_name, arg_max(verdict, compared_at) FROM migration.comparison_runs GROUP BY ALL ORDER BY ALL"
        )
        return {**sums, "verdicts": connection.execute(newest).fetchall()}


def new_project(root: Path) -> Project:
    """A folder with a small sample, and nothing migrated yet."""
    project = Project(root)
    generate(project.settings.source_dir, players=150, clubs=20, transfers=400)
    home = root / "dagster_home"
    home.mkdir()
    configuration = (PROJECT_ROOT / "dagster.yaml").read_text(encoding="utf-8")
    (home / "dagster.yaml").write_text(configuration.replace("data/dagster", str(home)), encoding="utf-8")
    return project


@pytest.fixture(scope="session")
def migrated_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Result]:
    """The finished migration and what the command printed; not to be changed."""
    project = new_project(tmp_path_factory.mktemp("migrated"))
    return project, project.call("run")


@pytest.fixture
def migrated(migrated_once: tuple[Project, Result], tmp_path: Path) -> Project:
    """A copy of the finished migration, to be changed."""
    copy = tmp_path / "project"
    shutil.copytree(migrated_once[0].root, copy)
    home = copy / "dagster_home"
    configuration = (home / "dagster.yaml").read_text(encoding="utf-8")
    configuration = configuration.replace(str(migrated_once[0].root), str(copy))
    (home / "dagster.yaml").write_text(configuration, encoding="utf-8")
    return Project(copy)


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    """A folder with a small sample, and nothing migrated yet."""
    return new_project(tmp_path)
