"""Tables loaded by dlt as Dagster assets."""

import shutil
import warnings
from collections.abc import Mapping

import dagster as dg
import duckdb
import pyarrow as pa
from dagster_dlt import DagsterDltResource, DagsterDltTranslator
from dagster_dlt.translator import DltResourceTranslatorData
from dlt.common.warnings import DltDeprecationWarning
from dlt.extract.resource import DltResource

from transferroom_pipeline.platforms.duckdb_database import connect, held_open
from transferroom_pipeline.platforms.loading import ArrowStream, TableLoader, full_load, merge_load
from transferroom_pipeline.platforms.tables import Column, columns, table_exists


class StageTranslator(DagsterDltTranslator):
    """Gives each dlt resource the key, group and lineage that its stage has for it."""

    def __init__(self, specs: Mapping[str, dg.AssetSpec]) -> None:
        """Take the asset of each table, by the table's name."""
        self._specs = specs

    def get_asset_spec(self, data: DltResourceTranslatorData) -> dg.AssetSpec:
        """The stage's asset, with what dagster-dlt knows of the resource in its metadata."""
        spec = self._specs[data.resource.name]
        return spec.merge_attributes(metadata=super().get_asset_spec(data).metadata)

    def table_spec(self, table: str) -> dg.AssetSpec:
        """The asset of a table, for the definition, when there is no data and no pipeline yet."""
        return self.get_asset_spec(DltResourceTranslatorData(resource=full_load(table), pipeline=None))


def load_table(
    context: dg.AssetExecutionContext,
    dlt_resource: DagsterDltResource,
    translator: StageTranslator,
    loader: TableLoader,
    table: str,
    stream: ArrowStream,
) -> None:
    """Replace a table by a stream through dagster-dlt; it is there all the time, with its old columns or the new ones.

    Raises:
        PlatformError: The database cannot be opened.
    """
    with connect(loader.database) as connection:
        is_there = table_exists(connection, loader.schema, table)
        as_wanted = is_as_wanted(connection, loader.schema, table, stream.schema)
    if as_wanted:
        _load(context, dlt_resource, translator, loader, full_load(table, stream))
    elif is_there:
        beside = loader.beside()
        beside.forget(table)
        _load(context, dlt_resource, translator, beside, full_load(table, stream))
        loader.take_over(table, beside)
    else:
        loader.forget(table)
        _load(context, dlt_resource, translator, loader, full_load(table, stream))


def merge_into_table(
    context: dg.AssetExecutionContext,
    dlt_resource: DagsterDltResource,
    translator: StageTranslator,
    loader: TableLoader,
    table: str,
    stream: ArrowStream,
    leaving: pa.Table,
) -> None:
    """Replace some rows of a table by a stream through dagster-dlt, in one transaction.

    The table must be there with the columns and types of the stream.

    Args:
        context: Of the asset.
        dlt_resource: Of the asset.
        translator: Of the asset.
        loader: Where the table is.
        table: Its name.
        stream: The rows to come.
        leaving: One column, named like the key: the keys of all rows to go, those that come anew included.

    Raises:
        PlatformError: The database cannot be opened.
    """
    keys = loader.keep_leaving(table, leaving)
    (key,) = leaving.column_names
    _load(context, dlt_resource, translator, loader, merge_load(table, stream, key, keys))


def _load(
    context: dg.AssetExecutionContext,
    dlt_resource: DagsterDltResource,
    translator: StageTranslator,
    loader: TableLoader,
    resource: DltResource,
) -> None:
    pipeline = loader.pipeline(resource.name)
    events = dlt_resource.run(
        context=context,
        dlt_source=loader.source(resource),
        dlt_pipeline=pipeline,
        dagster_dlt_translator=translator,
    )
    with held_open(loader.database), warnings.catch_warnings():
        # dagster-dlt drops pending packages, of which there are none, by a name that dlt has given another since.
        warnings.simplefilter("ignore", DltDeprecationWarning)
        list(events)
    shutil.rmtree(pipeline.working_dir)  # a copy of all rows that nothing reads again


def is_as_wanted(connection: duckdb.DuckDBPyConnection, schema: str, table: str, wanted: pa.Schema) -> bool:
    """Whether a table is there with the columns and types of an Arrow schema."""
    incoming = connection.from_arrow(wanted.empty_table())
    described = {Column(name, str(type_)) for name, type_ in zip(incoming.columns, incoming.types, strict=True)}
    return set(columns(connection, schema, table)) == described
