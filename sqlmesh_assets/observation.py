"""Saying of an asset that it is up to date, in the step that would else have materialized it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from dagster._core.definitions.source_asset import SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION

_NO_EVENT = {SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION: True}
"""Marks an output that lets downstream steps run without an event of its own; Dagster has no public way to say so."""


def last_materialized(context: dg.AssetExecutionContext, key: dg.AssetKey) -> datetime | None:
    """When an asset was last materialized, in UTC; one that never was has nothing to be left at."""
    event = context.instance.get_latest_materialization_event(key)
    return None if event is None else datetime.fromtimestamp(event.timestamp, UTC)


def observed(
    context: dg.AssetExecutionContext, key: dg.AssetKey, description: str, metadata: Mapping[str, Any]
) -> Iterator[dg.AssetObservation | dg.Output[None]]:
    """An observation in place of a materialization, and an output that lets downstream steps run."""
    yield dg.AssetObservation(key, description=description, metadata=metadata)
    yield dg.Output(None, output_name=context.assets_def.get_output_name_for_asset_key(key), metadata=_NO_EVENT)
