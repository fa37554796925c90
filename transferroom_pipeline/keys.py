"""The one naming rule: how a table of a stage is called in Dagster, and which group it is shown in."""

from typing import Final

import dagster as dg

OWNERS = ("team:data-platform",)

LEGACY_POOL: Final = "legacy_database"
TARGET_POOL: Final = "target_database"
"""Pools of one place each: a DuckDB file has one writing process at a time."""


RUN_RECORD: Final = "run_record"
"""The resource that keeps a record of the run; the assets of the last stage require it."""


class Group:
    """The stages of the migration, in the order in which data passes through them.

    Plain strings: Dagster does not carry enumerations of ours to its web server.
    """

    SOURCES: Final = "sources"
    LEGACY: Final = "legacy"
    REPLICATION: Final = "replication"
    MODELS: Final = "models"
    COMPARISONS: Final = "comparisons"
    CUTOVER: Final = "cutover"


def legacy_key(table: str) -> dg.AssetKey:
    """A table of the legacy platform, source or derived."""
    return dg.AssetKey(["legacy", table])


def raw_key(table: str) -> dg.AssetKey:
    """The copy of a legacy table on the target platform."""
    return target_key("raw", table)


def model_key(schema: str, table: str) -> dg.AssetKey:
    """A SQLMesh model: a view of `staging` or a rebuilt table of `prod`."""
    return target_key(schema, table)


def target_key(schema: str, table: str) -> dg.AssetKey:
    """A table of the target platform, whatever makes it."""
    return dg.AssetKey([schema, table])


def comparison_key(table: str) -> dg.AssetKey:
    """The comparison of two tables, by the name of its entry in the spec."""
    return dg.AssetKey(["comparison", table])


def analytics_key(table: str) -> dg.AssetKey:
    """The view that consumers query."""
    return target_key("analytics", table)
