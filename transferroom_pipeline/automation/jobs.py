"""The jobs: the whole migration, and each stage alone."""

from typing import TYPE_CHECKING

import dagster as dg

from transferroom_pipeline.keys import Group

if TYPE_CHECKING:
    # What `define_asset_job` returns has no public name.
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

MIGRATION = "migration"

STAGE_JOBS = {
    Group.SOURCES: "load_sources",
    Group.LEGACY: "build_legacy",
    Group.REPLICATION: "replicate",
    Group.MODELS: "run_models",
    Group.COMPARISONS: "compare",
    Group.CUTOVER: "cut_over",
}


def migration_job() -> "UnresolvedAssetJobDefinition":
    """Everything, from the source files to the analytics views."""
    return dg.define_asset_job(
        MIGRATION, selection=dg.AssetSelection.all(), description="The whole migration, from source files to views."
    )


def stage_jobs() -> list["UnresolvedAssetJobDefinition"]:
    """One job per stage, on what the stages before it left."""
    return [
        dg.define_asset_job(name, selection=dg.AssetSelection.groups(group), description=f"The stage {group} alone.")
        for group, name in STAGE_JOBS.items()
    ]
