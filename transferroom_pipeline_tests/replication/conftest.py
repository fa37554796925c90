"""Both platforms on files of their own, and the copy of one table between them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster_dlt import DagsterDltResource

from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.resources import LegacyPlatform, TargetPlatform
from transferroom_pipeline.replication.assets import copy_asset

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")


@pytest.fixture
def legacy(tmp_path: Path) -> LegacyPlatform:
    return LegacyPlatform(database=str(tmp_path / "legacy" / "transferroom.duckdb"))


@pytest.fixture
def target(tmp_path: Path) -> TargetPlatform:
    return TargetPlatform(database=str(tmp_path / "new" / "transferroom.duckdb"))


@pytest.fixture
def holds(legacy: LegacyPlatform) -> Callable[[str], None]:
    """Lets legacy `prod.t` hold the rows of a query."""

    def make(query: str) -> None:
        with connect(legacy.path) as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS prod")
            connection.execute(f"CREATE OR REPLACE TABLE prod.t AS {query}")

    return make


@pytest.fixture
def copied(target: TargetPlatform) -> Callable[[], list[tuple[Any, ...]]]:
    """What the copy holds, in an order of its own."""

    def rows() -> list[tuple[Any, ...]]:
        with connect(target.path, read_only=True) as connection:
            return connection.sql("SELECT * FROM raw.t ORDER BY ALL").fetchall()

    return rows


@pytest.fixture
def run(legacy: LegacyPlatform, target: TargetPlatform, tmp_path: Path) -> Callable[..., dg.ExecuteInProcessResult]:
    """Runs the copy of `t`, or what is selected of it; an error is in the result, not raised."""

    def materialize(
        *further: dg.AssetsDefinition, selection: dg.AssetSelection | None = None
    ) -> dg.ExecuteInProcessResult:
        with dg.DagsterInstance.ephemeral() as instance:
            return dg.materialize(
                [copy_asset("t", tmp_path / "dlt"), *further],
                instance=instance,
                resources={"dlt": DagsterDltResource(), "legacy": legacy, "target": target},
                selection=selection,
                raise_on_error=False,
            )

    return materialize


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
