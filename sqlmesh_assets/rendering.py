"""What is told to Dagster of models, audits and plans, as metadata."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from sqlmesh_assets import markdown
from sqlmesh_assets.description import ColumnSource, ModelDescription
from sqlmesh_assets.execution import BeforeCompute, Listeners, Outcome
from sqlmesh_assets.ledger import AuditOutcome, Computation
from sqlmesh_assets.origins import Origins
from sqlmesh_assets.project import PRODUCTION
from sqlmesh_assets.translator import Translator, column_schema


def listeners(log: dg.DagsterLogManager, before_compute: BeforeCompute) -> Listeners:
    """Whoever is told while a run is under way: one line for each model, and every warning."""
    return Listeners(
        before_compute, lambda name, computed, reason: log.info(_computed_line(name, computed, reason)), log.warning
    )


def _computed_line(name: str, computed: Computation, reason: str) -> str:
    """A computed model as one line of a log."""
    words = computed.in_words
    return f"{name}: {words['rows']} rows in {words['seconds']} s, {words['audits']} ({reason})"


def model_metadata(
    model: ModelDescription, computed: Computation, reason: str, origins: Origins, translator: Translator
) -> dict[str, Any]:
    """What a materialization of a model says, under the names that Dagster's UI knows; assets stand for production."""
    return {
        "dagster/row_count": computed.rows,
        "dagster/column_schema": column_schema(model),
        "dagster/column_lineage": column_lineage(model, translator),
        "dagster/table_name": model.name,
        "seconds": computed.seconds,
        "interval": " to ".join(time.isoformat(sep=" ", timespec="minutes") for time in computed.interval),
        "snapshot": computed.snapshot,
        "environment": PRODUCTION,
        "reason": reason,
        "column_lineage": dg.MetadataValue.md(lineage_table(model, origins)),
    }


def column_lineage(model: ModelDescription, translator: Translator) -> dg.TableColumnLineage:
    """From each column to the columns of the model's inputs that it is made of; Dagster's UI follows them on."""
    return dg.TableColumnLineage(
        {
            column.name: [
                dg.TableColumnDep(asset_key=translator.asset_key(source.relation), column_name=source.column)
                for source in column.sources
            ]
            for column in model.columns
            if column.sources
        }
    )


def lineage_table(model: ModelDescription, origins: Origins) -> str:
    """From each column to what it is made of, here and in the end, for whoever looks at the asset.

    Dagster shows its own column lineage in Dagster+ only.
    """
    rows = [
        {
            "column": column.name,
            "made of": _columns(column.sources),
            "from": _columns(origins.get((model.relation, column.name), ())),
        }
        for column in model.columns
    ]
    return markdown.table_of_data(rows)


def _columns(sources: Sequence[ColumnSource]) -> str:
    return ", ".join(f"{source.relation}.{source.column}" for source in sources)


def audit_metadata(outcome: AuditOutcome) -> dict[str, Any]:
    """What a check says of an audit: how many rows fail, the query that selects them, and the first of them."""
    metadata: dict[str, Any] = {
        "failing_rows": outcome.failing_rows,
        "query": dg.MetadataValue.md(markdown.block(outcome.query, "sql")),
    }
    if outcome.sample:
        metadata["sample"] = dg.MetadataValue.md(markdown.table_of_data(outcome.sample))
    return metadata


def plan_metadata(outcome: Outcome) -> dict[str, Any]:
    """What the plan says of itself."""
    rows = [
        {"model": f"`{name}`", "why": outcome.reasons[name], **computed.in_words}
        for name, computed in outcome.computed.items()
    ]
    return {
        "computed": dg.MetadataValue.md(markdown.table(rows)),
        "unchanged": ", ".join(outcome.unchanged) or "none",
        **({"waiting": told(outcome.waiting, "models that wait for a signal:")} if outcome.waiting else {}),
    }


def told(reasons: Mapping[str, str], heading: str = "models that were not computed:") -> str:
    """Names with reasons, a line each, more where a reason has more."""
    return "\n".join([heading, *(f"  {name}: {reason}" for name, reason in reasons.items())])
