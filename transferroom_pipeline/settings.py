"""Where things are and what a run goes by: environment variables, validated once."""

import os
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from transferroom_pipeline.exceptions import TransferRoomError
from transferroom_pipeline.platforms.write_lock import WriteLock

ENVIRONMENT_PREFIX = "TRANSFERROOM_"

_PACKAGE = Path(__file__).resolve().parent
PROJECT_ROOT = _PACKAGE.parent


def shipped(name: str) -> Path:
    """A file or folder of the project: beside the package in a checkout, inside it once it is installed."""
    beside = PROJECT_ROOT / name
    return beside if beside.exists() else _PACKAGE / name


class SettingsError(TransferRoomError):
    """An environment variable has a value that cannot be used."""


class ReplicationMode(StrEnum):
    """How a legacy table is copied to the target.

    The members are called like their values, since Dagster shows an enumeration's names.
    """

    full = "full"
    incremental = "incremental"


def _readable_by_libraries(folder: Path) -> Path:
    """Refuse what DuckDB takes for the end of a path, and dlt for the end of a text or for an escaped sign."""
    found = [sign for sign in "?'%" if sign in str(folder.absolute())]
    if found:
        raise ValueError(f"DuckDB and dlt cannot read a path with {found[0]}, as in {folder.absolute()}")
    return folder


class Settings(BaseSettings):
    """Every setting is the environment variable of its name with the prefix `TRANSFERROOM_`.

    Relative paths are taken from the working directory; an empty variable counts as not set.
    """

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, env_ignore_empty=True, frozen=True)

    source_dir: Path = Field(Path("data/sample"), description="Folder of the source files, CSV or Parquet.")
    data_dir: Annotated[Path, AfterValidator(_readable_by_libraries)] = Field(
        Path("data"), validate_default=True, description="Folder for everything that a run writes, reports aside."
    )
    results_dir: Path = Field(Path("migration_test_results"), description="Folder for the comparison reports.")
    sqlmesh_project: Path = Field(shipped("sqlmesh_project"), description="Folder of the SQLMesh project.")
    as_of: date | None = Field(None, description="As-of date of a run; without it the newest update in the sources.")
    max_rejected_share: float = Field(
        0.01, ge=0, le=1, description="Share of a source file's rows that may break the contract before loading stops."
    )
    max_lost_share: float = Field(
        0.5, ge=0, le=1, description="Share of a source table's rows that a load may take away before it is refused."
    )
    replication: ReplicationMode = Field(
        ReplicationMode.full,
        description="How the source tables are copied: full, all rows each time, or incremental, what changed since.",
    )
    comparison_memory_limit: str = Field("2GB", description="Memory that one comparison may use before it spills.")
    lock_timeout: float = Field(
        600, ge=0, description="Seconds that a run waits for another process that works on the same data."
    )
    differences_limit: int = Field(1_000_000, ge=0, description="Differing cells that one comparison keeps.")
    keep_runs_days: int = Field(30, ge=1, description="Days that Dagster's runs are kept with events and logs.")
    keep_evidence_days: int = Field(
        90, ge=1, description="Days that comparisons are kept which decide nothing and changed no verdict."
    )
    keep_differences_days: int = Field(
        30, ge=1, description="Days that the differences of comparisons are kept which are not the newest of a table."
    )

    @property
    def write_lock(self) -> WriteLock:
        """The right to write to the data folder, which one process has at a time."""
        return WriteLock(self.data_dir, self.lock_timeout)

    @property
    def legacy_database(self) -> Path:
        """The DuckDB file that plays SQL Server."""
        return self.data_dir / "legacy" / "transferroom.duckdb"

    @property
    def target_database(self) -> Path:
        """The DuckDB file that plays Databricks."""
        return self.data_dir / "new" / "transferroom.duckdb"

    @property
    def sqlmesh_state(self) -> Path:
        """SQLMesh's own state, apart from the data it describes."""
        return self.data_dir / "state" / "sqlmesh_state.duckdb"

    @property
    def models_ledger(self) -> Path:
        """What the models were last computed from; beside SQLMesh's state, which it goes with."""
        return self.sqlmesh_state.parent / "models_ledger.json"

    @property
    def run_record(self) -> Path:
        """What the last run went by and left."""
        return self.data_dir / "state" / "last_run.json"

    @property
    def sqlmesh_cache(self) -> Path:
        """What SQLMesh and the translation of its project keep between loads; may be deleted at any time."""
        return self.data_dir / "cache"

    @property
    def sqlmesh_home(self) -> Path:
        """What SQLMesh writes down of itself; may be deleted at any time."""
        return self.data_dir / "cache" / "sqlmesh_home"

    @property
    def intake_dir(self) -> Path:
        """Source rows on their way into the legacy platform, checked and typed."""
        return self.data_dir / "intake"

    @property
    def dlt_dir(self) -> Path:
        """The working folders of the dlt pipelines."""
        return self.data_dir / "dlt"


def load_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: A variable's value is not what it must be; the message names the variable.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        variable = ENVIRONMENT_PREFIX + str(first["loc"][0]).upper()
        reason = first["msg"].removeprefix("Value error, ")
        if variable not in os.environ:
            raise SettingsError(f"{reason}: set {variable}") from None
        raise SettingsError(f"environment variable {variable} is '{first['input']}': {reason}") from None
