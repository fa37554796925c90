"""A target with a few raw rows, and the real SQLMesh project on it."""

import shutil
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from sqlmesh_assets.launchpad import ModelsConfig
from transferroom_pipeline.legacy.snapshot import SourceSnapshot
from transferroom_pipeline.models.assets import Models
from transferroom_pipeline.models.project import describe_models
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.resources import TargetPlatform
from transferroom_pipeline.replication.provenance import record_copy
from transferroom_pipeline.settings import Settings

RAW = """
CREATE SCHEMA raw;
CREATE TABLE raw.snapshot AS SELECT 'abc' AS id, DATE '2026-06-30' AS as_of;
CREATE TABLE raw.players AS FROM (VALUES
    ('P0001', 'One', 'Forward', 19::BIGINT, 'Spain', 'Alpha', 10.00::DECIMAL(18, 2), DATE '2027-06-30',
     TIMESTAMP '2026-06-30'),
    ('P0002', 'Two', 'Defender', 28::BIGINT, NULL, NULL, 6.50::DECIMAL(18, 2), NULL, TIMESTAMP '2026-06-29')
) AS t (player_id, name, position, age, nationality, current_club, market_value_millions, contract_end_date,
        updated_at);
CREATE TABLE raw.clubs AS FROM (VALUES
    ('C001', 'Alpha', 'First', 'Spain', NULL, 100::BIGINT, 1.00::DECIMAL(18, 2), 1::BIGINT, 'None',
     TIMESTAMP '2026-06-30'),
    ('C002', 'Beta', 'Second', 'France', NULL, NULL, NULL, NULL, 'None', TIMESTAMP '2026-06-30')
) AS t (club_id, name, league, country, stadium, capacity, transfer_budget_millions, league_position,
        european_competition, updated_at);
CREATE TABLE raw.transfers AS FROM (VALUES
    ('T00001', 'P0001', 'C001', 'C002', 7.00::DECIMAL(18, 2), 'Permanent', 'Summer', DATE '2025-07-01',
     3.5::DECIMAL(4, 1), 80.00::DECIMAL(18, 2), 'Completed', TIMESTAMP '2026-06-30')
) AS t (transfer_id, player_id, selling_club_id, buying_club_id, transfer_fee_millions, transfer_type, transfer_window,
        transfer_date, contract_length_years, salary_thousands_weekly, status, updated_at);
"""


@dataclass(frozen=True)
class Workbench:
    """The models on a target of their own."""

    settings: Settings
    rebuilt: list[list[str]] = field(default_factory=list)
    """What was told before each rebuild."""

    @property
    def target(self) -> TargetPlatform:
        """The target as a resource."""
        return TargetPlatform(database=str(self.settings.target_database))

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        """Run SQL on the target."""
        with connect(self.settings.target_database) as connection:
            return connection.execute(statement).fetchall()

    def edit(self, model: str, old: str, new: str) -> None:
        """Change the code of a model in `prod`."""
        file = self.settings.sqlmesh_project / "models" / "prod" / f"{model}.sql"
        code = file.read_text(encoding="utf-8")
        assert old in code
        file.write_text(code.replace(old, new), encoding="utf-8")

    def materialize(
        self, selection: str = "*", *, checks_only: bool = False, **config: Any
    ) -> dg.ExecuteInProcessResult:
        """Materialize models through Dagster; failures are in the result."""
        told = self.rebuilt
        models = Models(describe_models(self.settings), self.settings, lambda _, tables: told.append(list(tables)))
        assets = models.assets()
        chosen = dg.AssetSelection.from_string(selection)
        audits = dg.AssetSelection.checks(*assets.check_keys)
        selected = audits if checks_only else chosen
        return dg.materialize(
            [assets, *models.checks()],
            selection=selected,
            run_config=dg.RunConfig(ops={"models": ModelsConfig(**config)}),
            instance=dg.DagsterInstance.ephemeral(),
            resources={"target": self.target},
            raise_on_error=False,
        )


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    workbench = Workbench(Settings(data_dir=tmp_path / "data"))
    workbench.sql("SELECT 1")
    with connect(workbench.settings.target_database) as connection:
        connection.execute(RAW)
        for table in ("snapshot", "players", "clubs", "transfers"):
            record_copy(connection, table, SourceSnapshot("abc", date(2026, 6, 30)))
    return workbench


@pytest.fixture
def own_project(bench: Workbench, tmp_path: Path) -> Workbench:
    """The same on a copy of the SQLMesh project, whose models may be edited."""
    project = tmp_path / "sqlmesh_project"
    shutil.copytree(bench.settings.sqlmesh_project, project)
    settings = Settings(data_dir=bench.settings.data_dir, sqlmesh_project=project)
    return Workbench(settings)


def materialized(result: dg.ExecuteInProcessResult) -> set[str]:
    """The assets that a run reported as materialized."""
    events = result.get_asset_materialization_events()
    return {event.asset_key.to_user_string() for event in events if event.asset_key is not None}


def failed_checks(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """The checks of a run that did not pass, by asset and name."""
    evaluations = result.get_asset_check_evaluations()
    return {f"{e.asset_key.to_user_string()}:{e.check_name}": e for e in evaluations if not e.passed}
