"""The source tables as dlt assets, with their contracts as checks."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
from dagster_dlt import DagsterDltResource
from pydantic import Field

from transferroom_pipeline.failed_checks import checks_failed
from transferroom_pipeline.keys import LEGACY_POOL, OWNERS, Group, legacy_key
from transferroom_pipeline.metadata import markdown_table, metadata_and_version
from transferroom_pipeline.platforms.dlt_assets import StageTranslator, load_table
from transferroom_pipeline.platforms.loading import ArrowStream, TableLoader
from transferroom_pipeline.platforms.resources import LegacyPlatform
from transferroom_pipeline.platforms.schemas import LEGACY_SCHEMA
from transferroom_pipeline.platforms.tables import require_table, row_count, table_exists
from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.intake import Intake, take_in
from transferroom_pipeline.sources.references import DanglingReference, dangling_references
from transferroom_pipeline.sources.rejections import TABLE, record_rejections, rejections_per_rule
from transferroom_pipeline.sources.source_file import listed

_SHOWN = 5
"""Refused rows that the failure of a load shows; the check and the table have more."""

FRESH_WITHIN = timedelta(days=2)
"""The daily schedule may miss a day before a source table counts as out of date."""


class SourceFiles(dg.ConfigurableResource[None]):
    """Where the source files are, how many of their rows may break the contract, and how many a table may lose."""

    directory: str
    intake_dir: str
    dlt_dir: str
    max_rejected_share: float
    max_lost_share: float = 0.5

    def take_in(self, table: SourceTable) -> Intake:
        """Check the file of a table against the table's contract.

        Raises:
            SourceError: The file is missing or cannot be read.
        """
        return take_in(table, Path(self.directory), Path(self.intake_dir))


class LoadConfig(dg.Config):
    """What a person may decide for one load, in the launchpad."""

    accept_loss: bool = Field(
        default=False, description="Load the files although the table loses more rows than it may by the settings."
    )


def source_asset(table: SourceTable) -> dg.AssetsDefinition:
    """The asset that loads one source file into the legacy platform, unless too much of it breaks the contract."""
    key = legacy_key(table.name)
    spec = dg.AssetSpec(
        key,
        skippable=True,  # a file that breaks its contract is not loaded; the table keeps what it had
        group_name=Group.SOURCES,
        owners=list(OWNERS),
        kinds={"dlt", "duckdb"},
        description=table.description,
        metadata={"key": table.key},
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=FRESH_WITHIN),
    )
    translator = StageTranslator({table.name: spec})

    @dg.multi_asset(
        name=f"load_{table.name}",
        specs=[translator.table_spec(table.name)],
        check_specs=[
            dg.AssetCheckSpec(
                "contract",
                asset=key,
                blocking=True,
                description="Every row of the files keeps the table's contract, and none is lost on the way.",
            ),
            dg.AssetCheckSpec(
                "row_loss", asset=key, blocking=True, description="The table does not lose most of its rows at once."
            ),
            dg.AssetCheckSpec("new_columns", asset=key, description="The files have no column beyond the contract."),
        ],
        pool=LEGACY_POOL,
    )
    def load(
        context: dg.AssetExecutionContext,
        config: LoadConfig,
        dlt: DagsterDltResource,
        legacy: LegacyPlatform,
        source_files: SourceFiles,
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        intake = source_files.take_in(table)
        allowed = 1 if config.accept_loss else source_files.max_lost_share
        loss = RowLoss(_rows_held(legacy, table), intake.accepted, allowed)
        may_load = may_be_loaded(intake, source_files.max_rejected_share)
        held_back = may_load and loss.is_too_large
        loaded = may_load and not held_back
        if loaded:
            loader = TableLoader(legacy.path, LEGACY_SCHEMA, Path(source_files.dlt_dir))
            load_table(context, dlt, translator, loader, table.name, _accepted_rows(intake))
        with legacy.get_connection() as connection:
            record_rejections(connection, table.name, intake.rejected_path)
            metadata, version = metadata_and_version(connection, LEGACY_SCHEMA, table.name) if loaded else ({}, None)
        if loaded:
            shown = {**metadata, "source_file": intake.source}
            yield dg.MaterializeResult(asset_key=key, metadata=shown, data_version=version)
        in_table = metadata.get("dagster/row_count")
        contract = contract_check(intake, source_files.max_rejected_share, in_table, held_back=held_back)
        row_loss = row_loss_check(intake, loss, held_back=held_back)
        yield from (contract, row_loss, new_columns_check(intake))
        failed = [
            check
            for check in (contract, row_loss)
            if check.severity is dg.AssetCheckSeverity.ERROR and not check.passed
        ]
        if failed:
            rows = _first(intake) if contract in failed else ()
            raise checks_failed("\n".join([*(str(check.description) for check in failed), *rows]))

    return load


def _first(intake: Intake) -> Iterator[str]:
    """Some of the refused rows, a line each."""
    for row in intake.samples[:_SHOWN]:
        yield f"  {row.source_file} line {row.line_number}: {row.column_name} {row.value!r} breaks {row.rule}"


def _rows_held(legacy: LegacyPlatform, table: SourceTable) -> int:
    """The rows that the table has before it is loaded."""
    with legacy.get_connection() as connection:
        is_there = table_exists(connection, LEGACY_SCHEMA, table.name)
        return row_count(connection, LEGACY_SCHEMA, table.name) if is_there else 0


@dataclass(frozen=True)
class RowLoss:
    """What a load would take from a table.

    Attributes:
        before: The rows that the table has.
        after: The rows that it would have.
        allowed: The share of its rows that it may lose at once, from 0 to 1.
    """

    before: int
    after: int
    allowed: float

    @property
    def is_too_large(self) -> bool:
        """Whether more would be lost than may be."""
        return self.before - self.after > self.before * self.allowed


def row_loss_check(intake: Intake, loss: RowLoss, *, held_back: bool) -> dg.AssetCheckResult:
    """Stops a load that would take most of a table: an export that broke off looks like any other file."""
    would_lose = f"the table has {loss.before:,} rows, and {intake.source} only {loss.after:,} that can be loaded"
    return dg.AssetCheckResult(
        asset_key=legacy_key(intake.table),
        check_name="row_loss",
        passed=not held_back,
        description=(
            f"{would_lose}: nothing was loaded, since more than {loss.allowed:.0%} would be lost; export the file "
            "again, or confirm with TRANSFERROOM_MAX_LOST_SHARE=1 or accept_loss in the launchpad"
            if held_back
            else f"{loss.before:,} rows before, {loss.after:,} in {intake.source}"
        ),
        metadata={"rows_before": loss.before, "rows_after": loss.after},
    )


def may_be_loaded(intake: Intake, max_rejected_share: float) -> bool:
    """Only if every row of every file is accounted for, and few enough break the contract."""
    return not intake.incomplete and intake.rejected_share <= max_rejected_share


def contract_check(
    intake: Intake, max_rejected_share: float, in_table: int | None, *, held_back: bool = False
) -> dg.AssetCheckResult:
    """Passes without refused rows, and warns up to the share that is allowed; above it, or if rows are lost, it stops.

    Args:
        intake: What was taken from the files.
        max_rejected_share: The share of refused rows that is allowed.
        in_table: Rows in the table after the load, None when nothing was loaded.
        held_back: Whether nothing was loaded for another reason than the contract.
    """
    complete = held_back or in_table == intake.accepted
    return dg.AssetCheckResult(
        asset_key=legacy_key(intake.table),
        check_name="contract",
        passed=complete and intake.rejected == 0,
        severity=dg.AssetCheckSeverity.WARN if complete else dg.AssetCheckSeverity.ERROR,
        description=(
            f"{_kept(intake)}; nothing was loaded, see row_loss"
            if held_back
            else _contract_verdict(intake, max_rejected_share, in_table)
        ),
        metadata={
            "rows": intake.rows,
            "rejected": intake.rejected,
            "rejected_share": intake.rejected_share,
            "files": markdown_table([asdict(file) for file in intake.files]),
            "samples": markdown_table([asdict(rejection) for rejection in intake.samples]),
        },
    )


def _contract_verdict(intake: Intake, max_rejected_share: float, in_table: int | None) -> str:
    if intake.incomplete:
        file = intake.incomplete[0]
        return (
            f"{file.file} has {file.counted:,} rows, of which {file.accepted:,} were accepted and {file.rejected:,} "
            "rejected: nothing was loaded; export the file again, and report it if it stays so"
        )
    if in_table is not None and in_table != intake.accepted:
        return (
            f"{intake.accepted:,} rows were accepted and the table has {in_table:,}: what uses it is stopped; run the "
            "load again"
        )
    counted = _kept(intake)
    if intake.rejected == 0:
        return counted
    hint = f"; {intake.hint}" if intake.hint else ""
    if in_table is not None:
        return f"{counted}; the others were loaded{hint}"
    return (
        f"{counted}, more than the {max_rejected_share:.2%} that are allowed: nothing was loaded; "
        f"fix the file, or raise TRANSFERROOM_MAX_REJECTED_SHARE{hint}"
    )


def _kept(intake: Intake) -> str:
    """How many rows keep the contract, in words."""
    if intake.rejected == 0:
        blank = f"; {intake.without_values:,} lines of separators alone are no rows" if intake.without_values else ""
        return f"all {intake.rows:,} rows of {intake.source} keep the contract{blank}"
    share = f"{intake.rejected:,} of {intake.rows:,} rows of {intake.source}"
    return f"{share} break the contract and are in {LEGACY_SCHEMA}.{TABLE}"


def new_columns_check(intake: Intake) -> dg.AssetCheckResult:
    """Warns of columns that are in the files and do not go on from there, since somebody may miss them."""
    ignored = [column for column in intake.new_columns if column not in intake.loaded_columns]
    return dg.AssetCheckResult(
        asset_key=legacy_key(intake.table),
        check_name="new_columns",
        passed=not ignored,
        severity=dg.AssetCheckSeverity.WARN,
        description=(
            f"not in the contract and not loaded: {listed(ignored)}; "
            "add them to the contract, or set the option new_columns"
            if ignored
            else "every column of the files is loaded"
        ),
        metadata={"ignored": ignored, "loaded": list(intake.loaded_columns)},
    )


def _accepted_rows(intake: Intake) -> ArrowStream:
    def batches() -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(intake.accepted_path) as file:
            yield from file.iter_batches()

    return ArrowStream(pq.read_schema(intake.accepted_path), batches)


def references_check(table: SourceTable) -> dg.AssetChecksDefinition:
    """The check that a table's references are found; a warning, since a missing partner is no fault of the row."""
    key = legacy_key(table.name)

    @dg.asset_check(
        name="references",
        asset=key,
        additional_deps=[legacy_key(name) for name in sorted({reference.table for reference in table.references})],
        description="Every reference to another source table is found there.",
        pool=LEGACY_POOL,
    )
    def references(legacy: LegacyPlatform) -> dg.AssetCheckResult:
        with legacy.get_connection(read_only=True) as connection:
            for name in {table.name, *(reference.table for reference in table.references)}:
                require_table(connection, LEGACY_SCHEMA, name, legacy_key(name).to_user_string())
            found = dangling_references(connection, table, LEGACY_SCHEMA)
        samples = [
            {"column": reference.column, "key": row.key, "value": row.value}
            for reference in found
            for row in reference.samples
        ]
        return dg.AssetCheckResult(
            passed=all(reference.count == 0 for reference in found),
            severity=dg.AssetCheckSeverity.WARN,
            description=_references_description(found),
            metadata={
                **{f"rows_{reference.column}": reference.count for reference in found},
                "samples": markdown_table(samples),
            },
        )

    return references


def _references_description(found: Sequence[DanglingReference]) -> str:
    dangling = (
        f"rows with a {reference.column} that is not in {reference.referenced_table}: {reference.count:,}"
        for reference in found
        if reference.count
    )
    return "; ".join(dangling) or "every reference is found"


def rejected_rows_asset(tables: Sequence[SourceTable]) -> dg.AssetsDefinition:
    """The asset of the refused rows, which the loads of the source tables write."""

    @dg.asset(
        key=legacy_key(TABLE),
        deps=[legacy_key(table.name) for table in tables],
        group_name=Group.SOURCES,
        owners=list(OWNERS),
        kinds={"duckdb"},
        pool=LEGACY_POOL,
        description="Source rows that break their contract, as they stand in the files, with the rule they break.",
    )
    def rejected_rows(legacy: LegacyPlatform) -> dg.MaterializeResult[None]:
        with legacy.get_connection() as connection:
            counts = rejections_per_rule(connection, [table.name for table in tables])
            metadata, version = metadata_and_version(connection, LEGACY_SCHEMA, TABLE)
        return dg.MaterializeResult(metadata={**metadata, "per_rule": markdown_table(counts)}, data_version=version)

    return rejected_rows
