"""The analytics views as assets."""

from typing import Any

import dagster as dg
import duckdb

from transferroom_pipeline.cutover.interlock import follow_latest_verdict
from transferroom_pipeline.cutover.views import CutoverState
from transferroom_pipeline.keys import OWNERS, TARGET_POOL, Group, analytics_key, comparison_key, model_key, raw_key
from transferroom_pipeline.metadata import table_metadata
from transferroom_pipeline.platforms.resources import TargetPlatform
from transferroom_pipeline.platforms.schemas import ANALYTICS_SCHEMA, REBUILT_SCHEMA


def analytics_asset(table: str) -> dg.AssetsDefinition:
    """The asset of one analytics view."""

    @dg.asset(
        key=analytics_key(table),
        deps=[comparison_key(table), raw_key(table), model_key(REBUILT_SCHEMA, table)],
        group_name=Group.CUTOVER,
        owners=list(OWNERS),
        kinds={"duckdb", "view"},
        pool=TARGET_POOL,
        description=f"What consumers query: the rebuilt {table} while its latest comparison is proven, else the copy "
        "of the legacy table.",
    )
    def view(target: TargetPlatform) -> dg.MaterializeResult[None]:
        with target.get_connection() as connection:
            state = follow_latest_verdict(connection, table)
            return dg.MaterializeResult(metadata=_metadata(connection, state))

    return view


def _metadata(connection: duckdb.DuckDBPyConnection, state: CutoverState) -> dict[str, Any]:
    return {
        **table_metadata(connection, ANALYTICS_SCHEMA, state.table),
        "serving": state.shows,
        "reason": state.decision.reason,
        "serving_since": state.serving_since.isoformat(timespec="seconds"),
    }
