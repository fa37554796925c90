"""The work of the migration, part by part, without Dagster; imported by pipeline.py, which times it."""

from pathlib import Path

import pyarrow.parquet as pq
from dagster_dlt import DagsterDltResource  # noqa: F401 - part of what a run imports

from transferroom_pipeline.comparisons.engine import compare
from transferroom_pipeline.comparisons.history import latest_verdict
from transferroom_pipeline.comparisons.reports import write_table_reports
from transferroom_pipeline.configured_comparisons import ConfiguredComparisons
from transferroom_pipeline.cutover.policy import decide
from transferroom_pipeline.cutover.views import apply_decision
from transferroom_pipeline.definitions import COPIED_TABLES
from transferroom_pipeline.legacy.building import SCHEMA, build_table
from transferroom_pipeline.legacy.checks import repeated_keys
from transferroom_pipeline.legacy.snapshot import take_snapshot
from transferroom_pipeline.legacy.tables import LEGACY_TABLES
from transferroom_pipeline.models.project import describe_models
from transferroom_pipeline.models.running import ModelsRunner
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.loading import ArrowStream, TableLoader
from transferroom_pipeline.replication.copying import RAW_SCHEMA, legacy_stream
from transferroom_pipeline.replication.verification import table_state
from transferroom_pipeline.settings import load_settings
from transferroom_pipeline.sources.contracts import SOURCE_TABLES
from transferroom_pipeline.sources.intake import take_in
from transferroom_pipeline.sources.rejections import record_rejections


class Work:
    """Each method is one part; they are called in order, on an empty data folder."""

    def __init__(self) -> None:
        """Read the settings from the environment."""
        self._settings = load_settings()

    def loads(self) -> None:
        """Check the source files and load them."""
        settings = self._settings
        for table in SOURCE_TABLES:
            intake = take_in(table, settings.source_dir, settings.intake_dir)
            with connect(settings.legacy_database) as connection:
                record_rejections(connection, table.name, intake.rejected_path)
            self._load(
                TableLoader(settings.legacy_database, SCHEMA, settings.dlt_dir), table.name, _rows(intake.accepted_path)
            )

    def legacy(self) -> None:
        """Take the snapshot, build the derived tables and check their keys."""
        with connect(self._settings.legacy_database) as connection:
            snapshot = take_snapshot(connection, [table.name for table in SOURCE_TABLES], self._settings.as_of)
            for table in LEGACY_TABLES:
                build_table(connection, table, snapshot.as_of)
                repeated_keys(connection, SCHEMA, table.name, table.key)

    def copies(self) -> None:
        """Copy every legacy table and check that the copy is the same."""
        settings = self._settings
        for table in COPIED_TABLES:
            loader = TableLoader(settings.target_database, RAW_SCHEMA, settings.dlt_dir)
            self._load(loader, table, legacy_stream(settings.legacy_database, table))
            for database, schema in ((settings.legacy_database, SCHEMA), (settings.target_database, RAW_SCHEMA)):
                with connect(database, read_only=True) as connection:
                    table_state(connection, schema, table, made_by=f"{schema}/{table}")

    def plan(self) -> None:
        """Read the models, compute them and run their audits."""
        models = describe_models(self._settings)
        ModelsRunner(self._settings, models).run([model.name for model in models], [])

    def comparisons(self) -> None:
        """Compare, keep the evidence, write the reports and set the views."""
        comparisons = ConfiguredComparisons(self._settings)
        with comparisons.connect() as connection:
            for spec in comparisons.tables():
                with compare(connection, spec, snapshot=comparisons.snapshot(connection)) as comparison:
                    comparisons.after(connection, comparison)
                    write_table_reports(comparisons.results_dir, connection, comparison)
                apply_decision(connection, spec.table, decide(latest_verdict(connection, spec.table)))

    def _load(self, loader: TableLoader, table: str, stream: ArrowStream) -> None:
        loader.database.parent.mkdir(parents=True, exist_ok=True)
        loader.pipeline(table).run(loader.source(table, stream)).raise_on_failed_jobs()


def _rows(file: Path) -> ArrowStream:
    return ArrowStream(pq.read_schema(file), lambda: pq.ParquetFile(file).iter_batches())
