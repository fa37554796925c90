"""SQLMesh's configuration, made from the settings of the project."""

from typing import Any

from sqlmesh.core.config import Config, DuckDBConnectionConfig, GatewayConfig, ModelDefaultsConfig

from transferroom_pipeline.settings import Settings

DEFAULT_CRON = "*/5 * * * *"
"""When a model is due that does not say so itself."""

DEFAULT_START = "2 days ago"
"""From when on a model has intervals that does not say so itself.

Without it, SQLMesh finds nothing to compute for a daily model that reads a view of today.
"""

CATALOG = "transferroom"
"""The target's catalog: DuckDB names it after the file."""


def sqlmesh_config(settings: Settings) -> Config:
    """The configuration with which models are planned and run on the target."""
    for database in (settings.target_database, settings.sqlmesh_state):
        database.parent.mkdir(parents=True, exist_ok=True)
    gateway = GatewayConfig(
        connection=DuckDBConnectionConfig(database=str(settings.target_database)),
        # State apart from the data, so that the target holds nothing but tables.
        state_connection=DuckDBConnectionConfig(database=str(settings.sqlmesh_state)),
    )
    return _config(settings, gateway)


def offline_config(settings: Settings) -> Config:
    """The configuration with which models are only read: no database is opened, so none can be locked."""
    return _config(settings, GatewayConfig(connection=DuckDBConnectionConfig(catalogs={CATALOG: ":memory:"})))


def _config(settings: Settings, gateway: GatewayConfig) -> Config:
    options: dict[str, Any] = {"cache_dir": str(settings.sqlmesh_cache.resolve() / "sqlmesh")}
    return Config(
        gateways={"target": gateway},
        default_gateway="target",
        model_defaults=ModelDefaultsConfig(dialect="duckdb", cron=DEFAULT_CRON, start=DEFAULT_START),
        disable_anonymized_analytics=True,
        **options,
    )
