"""Saying of an asset that it is up to date, in the step that would else have materialized it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from dagster._core.definitions.source_asset import SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION

_NO_EVENT = {SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION: True}
"""Marks an output that lets downstream steps run without an event of its own; Dagster has no public way to say so."""


UNCHANGED_SINCE = "unchanged_since"
"""Metadata of an asset that was found up to date: since when it is as it is."""

_DATA_VERSION = "dagster/data_version"
_NO_VERSION = "INITIAL"
"""What Dagster takes for the version of a materialization that has none."""


def is_in_step(context: dg.AssetExecutionContext, key: dg.AssetKey) -> bool:
    """Whether an asset was last materialized from the data versions that its dependencies have now.

    Dagster calls an asset out of date that is not, and an observation does not settle that: what is unchanged and not
    in step is to be materialized as it is. Of an asset that was never materialized there is nothing to be out of date.
    """
    provenance = context.get_asset_provenance(key)
    if provenance is None:
        return context.instance.get_latest_materialization_event(key) is None
    read = {dependency: version.value for dependency, version in provenance.input_data_versions.items()}
    dependencies = {dependency.asset_key for dependency in context.assets_def.specs_by_key[key].deps}
    now = {dependency: _version(context, dependency) for dependency in dependencies}
    # A table that others make has no version.
    return all(version is None or version == read.get(dependency) for dependency, version in now.items())


def _version(context: dg.AssetExecutionContext, key: dg.AssetKey) -> str | None:
    event = context.instance.get_latest_materialization_event(key)
    if event is None or event.asset_materialization is None:
        return None
    tags: Mapping[str, str] = event.asset_materialization.tags or {}
    return tags.get(_DATA_VERSION, _NO_VERSION)


def last_changed(context: dg.AssetExecutionContext, key: dg.AssetKey) -> datetime | None:
    """Since when an asset is what it was last materialized as, in UTC; None if it never was."""
    event = context.instance.get_latest_materialization_event(key)
    if event is None or event.asset_materialization is None:
        return None
    since = event.asset_materialization.metadata.get(UNCHANGED_SINCE)
    return datetime.fromtimestamp(event.timestamp, UTC) if since is None else datetime.fromisoformat(str(since.value))


def observed(
    context: dg.AssetExecutionContext, key: dg.AssetKey, description: str, metadata: Mapping[str, Any]
) -> Iterator[dg.AssetObservation | dg.Output[None]]:
    """An observation in place of a materialization, and an output that lets downstream steps run."""
    yield dg.AssetObservation(key, description=description, metadata=metadata)
    yield dg.Output(None, output_name=context.assets_def.get_output_name_for_asset_key(key), metadata=_NO_EVENT)
