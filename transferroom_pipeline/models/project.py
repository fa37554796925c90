"""The SQLMesh project of this code location: where it is, how it is opened, what its models may read."""

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlmesh_assets.description import ProjectDescription, Relation
from sqlmesh_assets.exceptions import SQLMeshAssetsError
from sqlmesh_assets.project import SQLMeshProject, describe
from transferroom_pipeline.platforms.duckdb_database import held_open
from transferroom_pipeline.platforms.schemas import RAW_SCHEMA
from transferroom_pipeline.replication.tables import COPIED_TABLES
from transferroom_pipeline.settings import Settings, SettingsError

if TYPE_CHECKING:
    from sqlmesh.core.config import Config

GATEWAY = "target"


def sqlmesh_project(settings: Settings) -> SQLMeshProject:
    """The project of given settings; nothing is read yet."""
    keep_home_in_data(settings)
    return SQLMeshProject(
        path=settings.sqlmesh_project,
        config=partial(_config, settings),
        offline_config=partial(_offline_config, settings),
        session=partial(held_open, settings.target_database),
        gateway=GATEWAY,
        cache_dir=settings.sqlmesh_cache,
        ledger=settings.models_ledger,
        state_file=settings.sqlmesh_state,
        settings={name: str(value) for name, value in settings.model_dump(mode="json").items()},
        code=tuple(Path(__file__).parent.glob("*.py")),
        sources=frozenset(Relation(RAW_SCHEMA, table.name) for table in COPIED_TABLES),
    )


def keep_home_in_data(settings: Settings) -> None:
    """Let SQLMesh write under the data folder what it writes under the user's home by itself.

    To be called before SQLMesh is imported, which takes this up.
    """
    os.environ.setdefault("SQLMESH_HOME", str(settings.sqlmesh_home.resolve()))


def describe_models(settings: Settings) -> ProjectDescription:
    """The models of the project, as SQLMesh reads them.

    Raises:
        SettingsError: There is no project where the settings say, or it has no models.
    """
    try:
        return describe(sqlmesh_project(settings))
    except SQLMeshAssetsError as error:
        raise SettingsError(f"{error}, which is TRANSFERROOM_SQLMESH_PROJECT") from error


def _config(settings: Settings) -> "Config":
    # Imported only when it is called: it imports SQLMesh.
    from transferroom_pipeline.models.configuration import sqlmesh_config  # noqa: PLC0415

    return sqlmesh_config(settings)


def _offline_config(settings: Settings) -> "Config":
    from transferroom_pipeline.models.configuration import offline_config  # noqa: PLC0415 - as above

    return offline_config(settings)
