"""SQLMesh's configuration, from the same settings as the rest of the project."""

from transferroom_pipeline.models.configuration import sqlmesh_config
from transferroom_pipeline.settings import load_settings

config = sqlmesh_config(load_settings())
