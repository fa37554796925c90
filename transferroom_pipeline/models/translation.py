"""How SQLMesh's models are called in Dagster."""

from collections.abc import Sequence
from typing import Any

from dagster_sqlmesh import SQLMeshContextConfig, SQLMeshDagsterTranslator
from sqlglot import exp
from sqlmesh import Model
from sqlmesh.core.config import Config as SQLMeshConfig
from sqlmesh.core.context import Context

from transferroom_pipeline.keys import Group
from transferroom_pipeline.models.configuration import offline_config, sqlmesh_config
from transferroom_pipeline.settings import Settings


class StageTranslator(SQLMeshDagsterTranslator):
    """Keys of two parts, schema and table, in the group of the models stage."""

    def get_asset_key_name(self, fqn: str) -> Sequence[str]:
        """Schema and table; the catalog is the same for all."""
        table = exp.to_table(fqn)
        return [table.db, table.name]

    def get_group_name(self, context: Context, model: Model) -> str:  # noqa: ARG002 - the base class's signature
        """All models are one stage, whatever their schema."""
        return Group.MODELS


class ProjectConfig(SQLMeshContextConfig):
    """The SQLMesh project with the configuration of given settings, whatever the environment says."""

    settings: dict[str, Any]
    offline: bool = False

    @property
    def sqlmesh_config(self) -> SQLMeshConfig:
        """The configuration in which SQLMesh's context is made."""
        settings = Settings.model_validate(self.settings)
        return offline_config(settings) if self.offline else sqlmesh_config(settings)

    def get_translator(self) -> StageTranslator:
        """The translator of this stage."""
        return StageTranslator()


def project_config(settings: Settings, *, offline: bool = False) -> ProjectConfig:
    """The project of the settings; offline it can be read but not planned."""
    return ProjectConfig(
        path=str(settings.sqlmesh_project.resolve()),
        gateway="target",
        settings=settings.model_dump(mode="json"),
        offline=offline,
    )
