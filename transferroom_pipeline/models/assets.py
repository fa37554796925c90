"""The SQLMesh models of this project as assets, their audits and unit tests as checks."""

from collections.abc import Collection, Sequence

import dagster as dg
import duckdb

from sqlmesh_assets.assets import plan_checks, sqlmesh_assets
from sqlmesh_assets.backfills import backfill_jobs
from sqlmesh_assets.description import ModelDescription, ProjectDescription, Relation
from sqlmesh_assets.schedules import NothingToDo, model_schedules
from sqlmesh_assets.translator import Translator
from transferroom_pipeline.keys import OWNERS, TARGET_POOL, Group, model_key
from transferroom_pipeline.models.project import sqlmesh_project
from transferroom_pipeline.platforms.checksum import content_version
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.resources import BeforeChange
from transferroom_pipeline.platforms.schemas import REBUILT_SCHEMA
from transferroom_pipeline.platforms.tables import table_exists, table_expression
from transferroom_pipeline.settings import Settings


class StageTranslator(Translator):
    """Models by the naming rule of this project, all in the group of their stage."""

    def asset_key(self, relation: Relation) -> dg.AssetKey:
        """Schema and table."""
        return model_key(relation.schema, relation.table)

    def group_name(self, model: ModelDescription | None) -> str:  # noqa: ARG002 - the base class's signature
        """All models are one stage, whatever their schema."""
        return Group.MODELS

    def owners(self, model: ModelDescription | None) -> list[str]:
        """The owner in SQLMesh, or else the owners of everything here."""
        return super().owners(model) or list(OWNERS)


class Models:
    """What the models' step, checks and jobs have in common."""

    def __init__(self, description: ProjectDescription, settings: Settings, before_rebuild: BeforeChange) -> None:
        """Take the models as they are when the code location is loaded.

        Args:
            description: The project.
            settings: Where project, target and SQLMesh's state are.
            before_rebuild: Told, on a connection to the target, which tables of `prod` are about to be rebuilt.
        """
        self._description = description
        self._settings = settings
        self._before_rebuild = before_rebuild
        self._project = sqlmesh_project(settings)

    def assets(self) -> dg.AssetsDefinition:
        """All models as one step."""
        return sqlmesh_assets(
            self._project,
            self._description,
            self._versions,
            translator=StageTranslator(),
            before_compute=self._before_compute,
            pool=TARGET_POOL,
            required_resources={"target"},
        )

    def checks(self) -> list[dg.AssetChecksDefinition]:
        """The checks of the plan as a whole."""
        return plan_checks(self._project, StageTranslator())

    def schedules(self, timezone: str, nothing_to_do: NothingToDo) -> list[dg.ScheduleDefinition]:
        """One schedule per cron of the models."""
        return model_schedules(
            self._description, translator=StageTranslator(), timezone=timezone, nothing_to_do=nothing_to_do
        )

    def backfill_jobs(self) -> list[dg.JobDefinition]:
        """One job with daily partitions per model that can be computed by days."""
        return backfill_jobs(
            self._project,
            self._description,
            self._versions,
            translator=StageTranslator(),
            before_compute=self._before_compute,
            pool=TARGET_POOL,
            required_resources={"target"},
        )

    def _versions(self, relations: Collection[Relation]) -> dict[Relation, str]:
        return content_versions(self._settings, relations)

    def _before_compute(self, models: Sequence[ModelDescription]) -> None:
        tables = sorted(model.relation.table for model in models if model.relation.schema == REBUILT_SCHEMA)
        with connect(self._settings.target_database) as connection:
            self._before_rebuild(connection, tables)


def content_versions(settings: Settings, relations: Collection[Relation]) -> dict[Relation, str]:
    """The checksum over all rows of each relation of the target that is there and can be read."""
    if not settings.target_database.is_file():
        return {}
    with connect(settings.target_database, read_only=True) as connection:
        found = {relation: _version(connection, relation) for relation in relations}
    return {relation: version for relation, version in found.items() if version is not None}


def _version(connection: duckdb.DuckDBPyConnection, relation: Relation) -> str | None:
    if not table_exists(connection, relation.schema, relation.table):
        return None
    try:
        return content_version(connection, table_expression(relation.schema, relation.table))
    except (duckdb.CatalogException, duckdb.BinderException):
        # A view whose table is gone, or has lost a column: there is nothing that could be unchanged.
        return None
