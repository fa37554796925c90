"""Both platforms on files of their own, and the copy of one table between them."""

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster_dlt import DagsterDltResource

from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.resources import LegacyPlatform, TargetPlatform
from transferroom_pipeline.replication.assets import Replication, copy_asset
from transferroom_pipeline.replication.tables import CopiedTable
from transferroom_pipeline.settings import ReplicationMode

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")

WHOLE = CopiedTable("t")
KEYED = CopiedTable("t", key="id")

THREE_ROWS = (
    "SELECT * FROM (VALUES (1::BIGINT, 'a', 1.10::DECIMAL(18, 2)), (2, '', 2.20), (3, NULL, NULL)) AS v(id, s, m)"
)


def legacy_in(folder: Path) -> LegacyPlatform:
    return LegacyPlatform(database=str(folder / "legacy" / "transferroom.duckdb"))


def target_in(folder: Path) -> TargetPlatform:
    return TargetPlatform(database=str(folder / "new" / "transferroom.duckdb"))


def hold(legacy: LegacyPlatform, query: str) -> None:
    with connect(legacy.path) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS prod")
        connection.execute(f"CREATE OR REPLACE TABLE prod.t AS {query}")


def materialize(
    folder: Path,
    *further: dg.AssetsDefinition,
    table: CopiedTable = WHOLE,
    mode: ReplicationMode = ReplicationMode.full,
    selection: dg.AssetSelection | None = None,
    run_config: dg.RunConfig | None = None,
) -> dg.ExecuteInProcessResult:
    replication = Replication(folder / "dlt", lambda *_: None, mode)
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [copy_asset(table, replication), *further],
            instance=instance,
            resources={"dlt": DagsterDltResource(), "legacy": legacy_in(folder), "target": target_in(folder)},
            selection=selection,
            run_config=run_config,
            raise_on_error=False,
        )


@pytest.fixture
def legacy(tmp_path: Path) -> LegacyPlatform:
    return legacy_in(tmp_path)


@pytest.fixture
def target(tmp_path: Path) -> TargetPlatform:
    return target_in(tmp_path)


@pytest.fixture
def holds(legacy: LegacyPlatform) -> Callable[[str], None]:
    """Lets legacy `prod.t` hold the rows of a query."""
    return partial(hold, legacy)


@pytest.fixture
def copied(target: TargetPlatform) -> Callable[[], list[tuple[Any, ...]]]:
    """What the copy holds, in an order of its own."""

    def rows() -> list[tuple[Any, ...]]:
        with connect(target.path, read_only=True) as connection:
            return connection.sql("SELECT * FROM raw.t ORDER BY ALL").fetchall()

    return rows


@pytest.fixture
def changed(legacy: LegacyPlatform) -> Callable[[str], None]:
    """Changes legacy behind the back of the copy."""

    def execute(statement: str) -> None:
        with connect(legacy.path) as connection:
            connection.execute(statement)

    return execute


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., dg.ExecuteInProcessResult]:
    """Runs the copy of `t`, or what is selected of it; an error is in the result, not raised."""
    return partial(materialize, tmp_path)


@pytest.fixture(scope="session")
def both_sides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both platforms after a copy of the three rows."""
    folder = tmp_path_factory.mktemp("copied")
    hold(legacy_in(folder), THREE_ROWS)
    assert materialize(folder).success
    return folder


@pytest.fixture
def after_a_copy(both_sides: Path, tmp_path: Path) -> None:
    """The platforms of the test are those after a copy of the three rows."""
    shutil.copytree(both_sides, tmp_path, dirs_exist_ok=True)


@pytest.fixture
def checked(run: Callable[..., dg.ExecuteInProcessResult]) -> Callable[..., dict[str, bool]]:
    """The outcome of the checks alone, nothing being copied."""

    def outcome(*names: str) -> dict[str, bool]:
        keys = [
            dg.AssetCheckKey(dg.AssetKey(["raw", "t"]), name) for name in names or ("row_count", "schema", "content")
        ]
        result = run(selection=dg.AssetSelection.checks(*keys))
        assert not result.get_asset_materialization_events()
        return {found.check_name: found.passed for found in result.get_asset_check_evaluations()}

    return outcome
