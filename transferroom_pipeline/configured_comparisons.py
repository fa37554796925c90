"""The comparisons of this project: which tables, by which keys, on which target, and what follows from a verdict."""

import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import duckdb

from sqlmesh_assets.description import Relation
from transferroom_pipeline.comparisons.basis import basis
from transferroom_pipeline.comparisons.engine import Comparison
from transferroom_pipeline.comparisons.history import keep
from transferroom_pipeline.comparisons.result import Snapshot
from transferroom_pipeline.comparisons.spec import Spec, TableSpec
from transferroom_pipeline.comparisons.spec_file import packaged_spec
from transferroom_pipeline.comparisons.sql_text import DIALECT
from transferroom_pipeline.cutover.generations import generation
from transferroom_pipeline.cutover.interlock import withdraw_after_error, withdraw_unproven
from transferroom_pipeline.cutover.views import CutoverState
from transferroom_pipeline.legacy.tables import LEGACY_TABLES
from transferroom_pipeline.models.project import describe_models
from transferroom_pipeline.platforms.checksum import content_version
from transferroom_pipeline.platforms.duckdb_database import Tell, connect
from transferroom_pipeline.platforms.schemas import LEGACY_DATABASE, RAW_SCHEMA, REBUILT_SCHEMA
from transferroom_pipeline.replication.provenance import copied_snapshot
from transferroom_pipeline.replication.tables import COPIED_TABLES
from transferroom_pipeline.settings import Settings

_DERIVED = tuple(table.name for table in LEGACY_TABLES)


class ConfiguredComparisons:
    """What comparisons need of the rest of the project, for Dagster's assets and for the command alike."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings that say where the target is; nothing is opened yet."""
        self._settings = settings
        self.run_id = str(uuid.uuid4())

    @property
    def results_dir(self) -> Path:
        """Where the reports go."""
        return self._settings.results_dir

    def tables(self) -> Sequence[TableSpec]:
        """Every derived table, with the rules that the spec has for it, and what else the spec names."""
        further = [name for name in self._spec.tables if not self.has_view(name)]
        return [self.table_spec(name) for name in (*_DERIVED, *further)]

    def has_view(self, table: str) -> bool:
        """Whether consumers are shown what a comparison proves; only derived tables have a view."""
        return table in _DERIVED

    def table_spec(self, table: str) -> TableSpec:
        """The complete spec of a table; its key, unless the spec says otherwise, is the grain of the rebuilt model.

        Without a model the key of the legacy table stands in, so that what is missing is said of the rebuilt table.

        Raises:
            SpecError: The spec is not valid, or there is no key.
        """
        entry = self._spec.tables.get(table)
        is_named = entry is not None and entry.key is not None
        return self._spec.for_table(table, default_key=None if is_named else self._keys.get(table))

    @cached_property
    def _spec(self) -> Spec:
        """Read once: a run asks for it with every table."""
        return packaged_spec()

    @cached_property
    def _keys(self) -> dict[str, tuple[str, ...]]:
        """The key of each table where the spec names none; made once, since it takes reading the whole project."""
        models = describe_models(self._settings).models
        rebuilt = [model for model in models if model.relation.schema == REBUILT_SCHEMA and model.grain]
        grains = {model.relation.table: model.grain for model in rebuilt}
        return {legacy.name: legacy.key for legacy in LEGACY_TABLES} | grains

    def sole_writer(self, tell: Tell) -> AbstractContextManager[None]:
        """Keeps other processes from working on the data meanwhile."""
        return self._settings.write_lock.held("transferroom compare --all", tell)

    def connect(self, spec: TableSpec) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A connection to the target, for writing, since evidence is kept beside the data.

        Legacy is attached where a table lies there, and only there: no other comparison is to fail with it.
        """
        settings = self._settings
        databases = {table.catalog for table in spec.tables_read()}
        return connect(
            settings.target_database,
            create=False,
            attach={LEGACY_DATABASE: settings.legacy_database} if LEGACY_DATABASE in databases else None,
            memory_limit=settings.comparison_memory_limit,
        )

    def snapshot(self, connection: duckdb.DuckDBPyConnection, spec: TableSpec) -> Snapshot:
        """The state of the data that a comparison is about.

        Raises:
            PlatformError: The copies that its two tables are, or are made of, are not all of one snapshot.
        """
        held = copied_snapshot(connection, self._copies_read(spec))
        return Snapshot(id=held.id, as_of=held.as_of, generation=generation(connection, spec.table))

    def _copies_read(self, spec: TableSpec) -> set[str]:
        """The copies that are compared, or that compared models read, directly or by other models."""
        models = {model.relation: model for model in describe_models(self._settings).models}
        found: set[Relation] = set()
        left = [Relation(table.db, table.name) for table in spec.tables_read() if table.catalog != LEGACY_DATABASE]
        while left:
            relation = left.pop()
            model = models.get(relation)
            if model is not None and model.problem is not None:
                # Nobody knows what the rows that are there were made of.
                return {table.name for table in COPIED_TABLES}
            if relation not in found:
                found.add(relation)
                left += () if model is None else model.depends_on
        return {relation.table for relation in found if relation.schema == RAW_SCHEMA}

    def basis(self, connection: duckdb.DuckDBPyConnection, spec: TableSpec) -> str | None:
        """What a comparison's outcome depends on, as a digest (see `basis.basis`); changes made by hand included.

        A table that cannot be read is for the comparison to report.
        """
        try:
            versions = {table.sql(dialect=DIALECT): content_version(connection, table) for table in spec.tables_read()}
        except duckdb.Error:
            return None
        return basis(spec, versions, datetime.now(UTC).date())

    def keep(
        self, connection: duckdb.DuckDBPyConnection, comparison: Comparison, *, run_id: str, basis: str | None
    ) -> CutoverState | None:
        """Keep a comparison as evidence and take its table away from consumers, if they see it, unless it is proven.

        Returns:
            What the table's view shows now, if it was taken away.
        """
        # In this order: a process that dies in between leaves consumers with legacy rows, not with unproven ones.
        result = comparison.result
        withdrawn = withdraw_unproven(connection, result, run_id) if self.has_view(result.table) else None
        if withdrawn is not None:
            comparison = _of_next_generation(comparison)
        limit = self._settings.differences_limit
        keep(connection, comparison, run_id=run_id, basis=basis, difference_limit=limit)
        return withdrawn

    def after(self, connection: duckdb.DuckDBPyConnection, comparison: Comparison, basis: str | None) -> None:
        """Keep a comparison of the command; all comparisons of one call are one run."""
        self.keep(connection, comparison, run_id=self.run_id, basis=basis)

    def failed(self, table: str, error: str) -> CutoverState | None:
        """Take a table away from consumers, if they see it, whose comparison could not be carried out.

        On a connection of its own: that of the comparison may be what failed.

        Returns:
            What the table's view shows now, if it has one.
        """
        if not self.has_view(table):
            return None
        with connect(self._settings.target_database, create=False) as connection:
            return withdraw_after_error(connection, table, error)


def _of_next_generation(comparison: Comparison) -> Comparison:
    """The comparison as one of the generation that taking its view back has begun: the tables are the same."""
    result = comparison.result
    if result.snapshot is None:
        return comparison
    snapshot = replace(result.snapshot, generation=result.snapshot.generation + 1)
    return replace(comparison, result=replace(result, snapshot=snapshot))
