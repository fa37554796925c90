"""The comparisons of the spec as assets with their checks."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import duckdb
from pydantic import Field
from sqlglot import exp

from sqlmesh_assets.observation import UNCHANGED_SINCE, is_in_step, last_changed, observed
from transferroom_pipeline.comparisons.asset_page import page_metadata
from transferroom_pipeline.comparisons.engine import Comparison, compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.history import StandingProof, standing_proof
from transferroom_pipeline.comparisons.reports import (
    error_row,
    row_of_proof_or_result,
    warned_of,
    write_summary,
    write_table_reports,
)
from transferroom_pipeline.comparisons.result import ComparisonResult, Verdict
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.terminal import summarise, unchanged, under_rules
from transferroom_pipeline.configured_comparisons import ConfiguredComparisons
from transferroom_pipeline.cutover.views import CutoverState
from transferroom_pipeline.failed_checks import checks_failed
from transferroom_pipeline.keys import (
    OWNERS,
    TARGET_POOL,
    Group,
    analytics_key,
    comparison_key,
    legacy_key,
    raw_key,
    target_key,
)
from transferroom_pipeline.legacy.snapshot import TABLE as SNAPSHOT
from transferroom_pipeline.platforms.schemas import LEGACY_DATABASE

SUMMARY = "summary"
"""Name of the metadata of the check `verdict` that holds the comparison as text for people."""

VERDICT = "verdict"
"""Name of the check that decides, and of its metadata that holds the verdict."""

CHECKS = {
    "schema": "Every column is on both sides.",
    "keys": "The key is unique and nowhere NULL, on both sides.",
    "rows": "Every row is on both sides.",
    "values": "Every compared cell is equal, within what the spec allows.",
    VERDICT: "The two tables are proven equal.",
}


StepEvent = dg.MaterializeResult[None] | dg.AssetObservation | dg.Output[None] | dg.AssetCheckResult
"""What the step yields."""


class ComparisonConfig(dg.Config):
    """What a person may decide for one comparison, in the launchpad."""

    again: bool = Field(default=False, description="Compare also if the table was proven and has not changed since.")


def comparison_asset(
    spec: TableSpec, comparisons: ConfiguredComparisons, notes: Mapping[str, dg.MetadataValue[Any]] | None = None
) -> dg.AssetsDefinition:
    """The asset that compares two tables; what follows from its verdict is the business of `comparisons`.

    A table that was proven and has not changed since is observed, not compared again.

    `notes` are shown with each of its results: what is known of the two tables beforehand.
    """
    key = comparison_key(spec.table)

    @dg.multi_asset(
        name=key.to_python_identifier(),
        specs=[
            dg.AssetSpec(
                key,
                deps=_inputs(spec),
                group_name=Group.COMPARISONS,
                owners=list(OWNERS),
                kinds={"duckdb"},
                description=f"Is {spec.modern} equal to {spec.legacy}, row by row and cell by cell?",
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(name, asset=key, blocking=name == VERDICT, description=description)
            for name, description in CHECKS.items()
        ],
        pool=TARGET_POOL,
        required_resource_keys={"target"},  # for the right to write: evidence is kept on a connection of its own
    )
    def comparison(context: dg.AssetExecutionContext, config: ComparisonConfig) -> Iterator[StepEvent]:
        again = config.again or last_changed(context, key) is None
        try:
            with comparisons.connect(spec) as connection:
                basis, snapshot = comparisons.basis(connection, spec), comparisons.snapshot(connection, spec)
                standing = None if again else standing_proof(connection, spec.table, basis, snapshot)
                if standing is None:
                    with compare(DuckDBEngine(connection), spec, snapshot=snapshot) as compared:
                        result = _kept_and_reported(connection, compared, comparisons, context, basis)
                else:
                    result = standing.result
        except Exception as error:
            _tell(context, comparisons.failed(spec.table, str(error)))
            with warned_of(context.log.warning):
                row = error_row(spec.table, str(error), run_id=context.run_id)
                write_summary(comparisons.results_dir, [row], keep_other_tables=True)
            raise
        with warned_of(context.log.warning) as attempt:
            row = row_of_proof_or_result(result, standing.kept if standing else None, context.run_id)
            write_summary(comparisons.results_dir, [row], keep_other_tables=True)
        metadata = {**page_metadata(result, comparisons.results_dir), **(notes or {})}
        if standing is not None:
            yield from _unchanged(context, key, standing, metadata)
        else:
            yield dg.MaterializeResult(metadata=metadata, check_results=_check_results(result, _evidence(result)))
        if result.verdict is not Verdict.PROVEN:
            reports = f"\nReports: {comparisons.results_dir}" if attempt.succeeded else ""
            raise checks_failed(f"{summarise(result)}{reports}")

    return comparison


def _inputs(spec: TableSpec) -> list[dg.AssetKey]:
    """The assets of the tables that are compared, and of the snapshot."""
    tables = [_table_key(table) for table in spec.tables_read() if table.db]
    return list(dict.fromkeys([*tables, raw_key(SNAPSHOT)]))


def _table_key(table: exp.Table) -> dg.AssetKey:
    """The asset of a table that is compared."""
    return legacy_key(table.name) if table.catalog == LEGACY_DATABASE else target_key(table.db, table.name)


def _kept_and_reported(
    connection: duckdb.DuckDBPyConnection,
    compared: Comparison,
    comparisons: ConfiguredComparisons,
    context: dg.AssetExecutionContext,
    basis: str | None,
) -> ComparisonResult:
    withdrawn = comparisons.keep(connection, compared, run_id=context.run_id, basis=basis)
    with warned_of(context.log.warning):
        write_table_reports(comparisons.results_dir, connection, compared)
    _tell(context, withdrawn)
    return compared.result


def _unchanged(
    context: dg.AssetExecutionContext, key: dg.AssetKey, standing: StandingProof, full: Mapping[str, Any]
) -> Iterator[StepEvent]:
    """What a new comparison would say, and on which evidence it rests."""
    kept, result = standing.kept, standing.result
    since = {UNCHANGED_SINCE: kept.compared_at.isoformat(timespec="seconds"), "evidence_of_run": kept.run_id}
    if is_in_step(context, key):
        metadata = {**since, "dagster/row_count": result.rows.legacy, "snapshot": kept.snapshot_id}
        yield from observed(context, key, unchanged(kept), metadata)
    else:
        yield dg.MaterializeResult(asset_key=key, metadata={**full, **since})
    yield from _check_results(result, {VERDICT: kept.verdict.value, **since})


def _tell(context: dg.AssetExecutionContext, withdrawn: CutoverState | None) -> None:
    """Put a view that was taken back outside its own asset into the asset's history all the same."""
    if withdrawn is not None:
        metadata = {"serving": withdrawn.shows, "reason": withdrawn.decision.reason}
        context.log_event(dg.AssetMaterialization(analytics_key(withdrawn.table), metadata=metadata))


def _evidence(result: ComparisonResult) -> dict[str, Any]:
    return {VERDICT: result.verdict.value, "rules": result.rules, SUMMARY: summarise(result)}


def _check_results(result: ComparisonResult, evidence: dict[str, Any]) -> list[dg.AssetCheckResult]:
    rows = result.rows
    one_sided = {column.name: str(column.status) for column in result.columns if column.status.startswith("only_")}
    keys = {
        "duplicate_key_legacy": rows.duplicate_key_legacy,
        "duplicate_key_modern": rows.duplicate_key_modern,
        "null_key_legacy": rows.null_key_legacy,
        "null_key_modern": rows.null_key_modern,
    }
    missing = {"only_legacy": rows.only_legacy, "only_modern": rows.only_modern}
    different = {column.name: column.different for column in result.columns if column.different}
    findings: dict[str, dict[str, Any]] = {"schema": one_sided, "keys": keys, "rows": missing, "values": different}
    checks = [
        _check(name, result, found, _told(name, found), passed=not any(found.values()))
        for name, found in findings.items()
    ]
    said = " ".join(result.reasons) or f"Proven equal{under_rules(result.rules)}."
    return [*checks, _check(VERDICT, result, evidence, said, passed=result.verdict is Verdict.PROVEN)]


def _told(check: str, found: dict[str, Any]) -> str:
    """What a check found, as a sentence."""
    return ", ".join(f"{name} {value}" for name, value in found.items() if value) or CHECKS[check]


def _check(
    name: str, result: ComparisonResult, metadata: dict[str, Any], description: str, *, passed: bool
) -> dg.AssetCheckResult:
    """A finding that the spec tolerates is a warning: the verdict is what counts."""
    return dg.AssetCheckResult(
        check_name=name,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN if result.verdict is Verdict.PROVEN else dg.AssetCheckSeverity.ERROR,
        description=description,
        metadata=metadata,
    )
