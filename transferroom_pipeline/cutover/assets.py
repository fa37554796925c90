"""The analytics views as assets."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import duckdb

from sqlmesh_assets.observation import UNCHANGED_SINCE, is_in_step, last_changed, observed
from transferroom_pipeline.cutover.interlock import follow_latest_verdict
from transferroom_pipeline.cutover.views import CutoverState, read_state
from transferroom_pipeline.keys import (
    OWNERS,
    RUN_RECORD,
    TARGET_POOL,
    Group,
    analytics_key,
    comparison_key,
    model_key,
    raw_key,
)
from transferroom_pipeline.metadata import table_metadata
from transferroom_pipeline.platforms.resources import TargetPlatform
from transferroom_pipeline.platforms.schemas import ANALYTICS_SCHEMA, REBUILT_SCHEMA

StepEvent = dg.MaterializeResult[None] | dg.AssetObservation | dg.Output[None]
"""What the step yields."""

_SHORT = ("dagster/row_count", "serving")


def analytics_asset(table: str) -> dg.AssetsDefinition:
    """The asset of one analytics view; one that stays where it is, for the same reason, is observed."""
    key = analytics_key(table)

    @dg.multi_asset(
        name=key.to_python_identifier(),
        specs=[
            dg.AssetSpec(
                key,
                deps=[comparison_key(table), raw_key(table), model_key(REBUILT_SCHEMA, table)],
                group_name=Group.CUTOVER,
                owners=list(OWNERS),
                kinds={"duckdb", "view"},
                description=f"What consumers query: the rebuilt {table} while its latest comparison is proven, else "
                "the copy of the legacy table.",
            )
        ],
        pool=TARGET_POOL,
        required_resource_keys={"target", RUN_RECORD},
    )
    def view(context: dg.AssetExecutionContext) -> Iterator[StepEvent]:
        target: TargetPlatform = context.resources.target
        with target.get_connection() as connection:
            before = read_state(connection, table)
            state = follow_latest_verdict(connection, table)
            metadata = _metadata(connection, state)
        if state == before and last_changed(context, key) is not None and is_in_step(context, key):
            since = {UNCHANGED_SINCE: metadata["serving_since"]}
            yield from observed(context, key, state.decision.reason, since | {name: metadata[name] for name in _SHORT})
        else:
            yield dg.MaterializeResult(metadata=metadata)

    return view


def _metadata(connection: duckdb.DuckDBPyConnection, state: CutoverState) -> dict[str, Any]:
    return {
        **table_metadata(connection, ANALYTICS_SCHEMA, state.table),
        "serving": state.shows,
        "reason": state.decision.reason,
        "serving_since": state.serving_since.isoformat(timespec="seconds"),
    }
