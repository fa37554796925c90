"""The clean-up as a job of Dagster."""

from collections.abc import Collection
from datetime import UTC, datetime

import dagster as dg

from transferroom_pipeline.keys import TARGET_POOL
from transferroom_pipeline.retention.clean_up import clean_up
from transferroom_pipeline.settings import Settings

CLEAN_UP = "clean_up"


def clean_up_job(settings: Settings, checks: Collection[dg.AssetCheckKey]) -> dg.JobDefinition:
    """The job that removes what is older than the settings say, given all checks of the code location."""

    @dg.op(pool=TARGET_POOL, required_resource_keys={"target"})  # the target for the right to write
    def remove_what_is_old(context: dg.OpExecutionContext) -> None:
        removals = clean_up(
            settings, context.instance, checks, datetime.now(UTC), dry_run=False, warn=context.log.warning
        )
        for removal in removals:
            context.log.info(f"{removal.count:,} {removal.what} removed")

    @dg.job(
        name=CLEAN_UP,
        description="Removes old runs, evidence, differences and leftovers, as `transferroom clean-up` does.",
    )
    def remove() -> None:
        remove_what_is_old()

    return remove
