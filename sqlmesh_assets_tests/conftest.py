"""A small shop as a SQLMesh project of its own, on a DuckDB file of its own."""

import shutil
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from sqlmesh.core.config import Config, DuckDBConnectionConfig, GatewayConfig, ModelDefaultsConfig

from sqlmesh_assets.assets import plan_checks, sqlmesh_assets
from sqlmesh_assets.backfills import backfill_jobs
from sqlmesh_assets.description import ModelDescription, ProjectDescription, Relation
from sqlmesh_assets.launchpad import ModelsConfig
from sqlmesh_assets.project import SQLMeshProject, describe

RAW = """
CREATE SCHEMA raw;
CREATE TABLE raw.customers AS FROM (VALUES (1, 'Ann', 1), (2, 'Bob', 2), (3, 'Cid', NULL)) AS t (id, name, region_id);
CREATE TABLE raw.orders AS FROM (VALUES
    (10, 1, 50.00, DATE '2026-01-01', TIMESTAMP '2026-01-01 10:00:00'),
    (11, 1, 150.00, DATE '2026-01-02', TIMESTAMP '2026-01-02 10:00:00'),
    (12, 2, 70.00, DATE '2026-01-02', TIMESTAMP '2026-01-03 10:00:00')
) AS t (id, customer_id, amount, ordered_on, updated_at);
"""
MODELS = {
    *("staging/orders", "staging/customers", "marts/regions", "marts/spending", "marts/daily", "marts/latest"),
    "marts/names",
}


@dataclass
class Bench:
    """The project in a folder, its target, and runs of it through Dagster."""

    root: Path
    sources: frozenset[Relation] | None = None
    computing: list[list[str]] = field(default_factory=list)
    """What was told before models were computed."""

    @property
    def folder(self) -> Path:
        """The SQLMesh project."""
        return self.root / "project"

    @property
    def target(self) -> Path:
        """The DuckDB file."""
        return self.root / "shop.duckdb"

    @property
    def project(self) -> SQLMeshProject:
        """The project as the integration takes it."""
        return SQLMeshProject(
            path=self.folder,
            config=lambda: self.config(str(self.target), str(self.root / "state.duckdb")),
            offline_config=lambda: self.config(None, None),
            gateway="shop",
            cache_dir=self.root / "cache",
            ledger=self.root / "ledger.json",
            state_file=self.root / "state.duckdb",
            sources=self.sources,
        )

    def config(self, database: str | None, state: str | None) -> Config:
        """SQLMesh's configuration, on files or on none."""
        connection = (
            DuckDBConnectionConfig(catalogs={"shop": ":memory:"})
            if database is None
            else DuckDBConnectionConfig(database=database)
        )
        return Config(
            gateways={
                "shop": GatewayConfig(
                    connection=connection,
                    state_connection=None if state is None else DuckDBConnectionConfig(database=state),
                )
            },
            default_gateway="shop",
            model_defaults=ModelDefaultsConfig(dialect="duckdb", start="2 days ago"),
            disable_anonymized_analytics=True,
            cache_dir=str(self.root / "cache" / "sqlmesh"),
        )

    def describe(self) -> ProjectDescription:
        """The project as it is now."""
        return describe(self.project)

    def model(self, name: str) -> ModelDescription:
        """One model as it is now."""
        [found] = [model for model in self.describe().models if model.name == name]
        return found

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run SQL on the target."""
        with closing(duckdb.connect(str(self.target))) as connection:
            return connection.execute(statement).fetchall()

    def write(self, file: str, text: str) -> None:
        """Write a file of the project."""
        place = self.folder / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a file of the project."""
        text = (self.folder / file).read_text(encoding="utf-8")
        assert old in text
        self.write(file, text.replace(old, new))

    def without_unit_tests(self) -> None:
        """Take away the project's unit tests, which stop models that were changed on purpose."""
        shutil.rmtree(self.folder / "tests")

    def versions(self, relations: Collection[Relation]) -> dict[Relation, str]:
        """A checksum of each relation that can be read."""
        with closing(duckdb.connect(str(self.target))) as connection:
            return dict(self._versions(connection, relations))

    def _versions(
        self, connection: duckdb.DuckDBPyConnection, relations: Collection[Relation]
    ) -> Iterator[tuple[Relation, str]]:
        for relation in relations:
            try:
                rows = connection.execute(f"SELECT count(*), sum(hash(t)) FROM {relation} AS t").fetchall()
            except duckdb.Error:
                continue
            yield relation, str(rows)

    def assets(self) -> dg.AssetsDefinition:
        """The models as assets."""
        return sqlmesh_assets(
            self.project,
            self.describe(),
            self.versions,
            before_compute=lambda models: self.computing.append([model.name for model in models]),
        )

    def backfills(self) -> list[dg.JobDefinition]:
        """The jobs that compute days of models again."""
        return backfill_jobs(self.project, self.describe(), self.versions)

    def materialize(
        self,
        selection: str = "*",
        *,
        checks_only: bool = False,
        instance: dg.DagsterInstance | None = None,
        **config: Any,
    ) -> dg.ExecuteInProcessResult:
        """Run models through Dagster; failures are in the result."""
        assets = self.assets()
        chosen = dg.AssetSelection.from_string(selection)
        if checks_only:
            keys = {check for check in assets.check_keys if check.asset_key in chosen.resolve([assets])}
            chosen = dg.AssetSelection.checks(*keys)
        return dg.materialize(
            [assets, *plan_checks(self.project)],
            selection=chosen,
            instance=instance or dg.DagsterInstance.ephemeral(),
            run_config=dg.RunConfig(ops={"models": ModelsConfig(**config)}),
            raise_on_error=False,
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return _new_bench(tmp_path)


@pytest.fixture(scope="session")
def computed_once(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The project with everything computed; not to be changed."""
    bench = _new_bench(tmp_path_factory.mktemp("computed"))
    assert bench.materialize().success
    return bench


@pytest.fixture
def computed(computed_once: Bench, tmp_path: Path) -> Bench:
    """The project with everything computed, to be changed."""
    shutil.copytree(computed_once.root, tmp_path, dirs_exist_ok=True)
    return Bench(tmp_path)


def _new_bench(folder: Path) -> Bench:
    bench = Bench(folder)
    shutil.copytree(Path(__file__).parent / "project", bench.folder, ignore=shutil.ignore_patterns("__pycache__"))
    bench.sql(RAW)
    return bench


def materialized(result: dg.ExecuteInProcessResult) -> set[str]:
    """The assets that a run reported as materialized, the plan left out."""
    events = result.get_asset_materialization_events()
    keys = {event.asset_key.to_user_string() for event in events if event.asset_key is not None}
    return keys - {"models/plan"}


def observed(result: dg.ExecuteInProcessResult) -> set[str]:
    """The assets that a run reported as unchanged."""
    events = [event for event in result.all_events if event.event_type is dg.DagsterEventType.ASSET_OBSERVATION]
    return {event.asset_key.to_user_string() for event in events if event.asset_key is not None}


def failed_checks(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """The checks of a run that did not pass, by asset and name."""
    evaluations = result.get_asset_check_evaluations()
    return {f"{e.asset_key.to_user_string()}:{e.check_name}": e for e in evaluations if not e.passed}


def reasons(result: dg.ExecuteInProcessResult) -> str:
    """Everything that a failed run says, of the plan or of the step."""
    gate = failed_checks(result).get("models/plan:every_model_computed")
    told = [gate.description or ""] if gate is not None else []
    for event in result.get_step_failure_events():
        data = event.step_failure_data
        told += [data.user_failure_data.description or ""] if data.user_failure_data else []
        error = data.error
        while error is not None:
            told.append(error.message)
            error = error.cause
    return "\n".join(told)


def metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    """The metadata of an asset's materialization, as plain values."""
    [event] = [e for e in result.get_asset_materialization_events() if e.asset_key == dg.AssetKey(asset.split("/"))]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def plan_markdown(result: dg.ExecuteInProcessResult) -> str:
    """The plan that a run showed."""
    [event] = [event for event in result.all_events if event.event_type is dg.DagsterEventType.ASSET_OBSERVATION]
    return str(event.asset_observation_data.asset_observation.metadata["plan"].value)
