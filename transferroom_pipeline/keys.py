"""The one naming rule: how a table of a stage is called in Dagster, and which group it is shown in."""

from enum import StrEnum

import dagster as dg

OWNERS = ("team:data-platform",)


class Group(StrEnum):
    """The stages of the migration, in the order in which data passes through them."""

    SOURCES = "sources"
    LEGACY = "legacy"
    REPLICATION = "replication"
    MODELS = "models"
    COMPARISONS = "comparisons"
    CUTOVER = "cutover"


def legacy_key(table: str) -> dg.AssetKey:
    """A table of the legacy platform, source or derived."""
    return dg.AssetKey(["legacy", table])


def raw_key(table: str) -> dg.AssetKey:
    """The copy of a legacy table on the target platform."""
    return dg.AssetKey(["raw", table])


def model_key(schema: str, table: str) -> dg.AssetKey:
    """A SQLMesh model: a view of `staging` or a rebuilt table of `prod`."""
    return dg.AssetKey([schema, table])


def comparison_key(table: str) -> dg.AssetKey:
    """The comparison of a legacy table with its rebuild."""
    return dg.AssetKey(["comparison", table])


def analytics_key(table: str) -> dg.AssetKey:
    """The view that consumers query."""
    return dg.AssetKey(["analytics", table])
