"""The SQLMesh models as assets, their audits as checks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import dagster as dg

from transferroom_pipeline.keys import OWNERS, TARGET_POOL, Group, model_key
from transferroom_pipeline.metadata import table_metadata
from transferroom_pipeline.models.description import ModelDescription
from transferroom_pipeline.models.exceptions import ModelError
from transferroom_pipeline.platforms.resources import BeforeChange, TargetPlatform
from transferroom_pipeline.platforms.schemas import REBUILT_SCHEMA
from transferroom_pipeline.platforms.tables import require_table
from transferroom_pipeline.settings import Settings

if TYPE_CHECKING:
    from transferroom_pipeline.models.running import AuditOutcome, ModelsRun

PLAN_KEY = model_key("models", "plan")
FAILED = "failed"
"""Name of the plan's metadata that holds the models that were not computed, with the reasons."""


def model_assets(
    models: Sequence[ModelDescription], settings: Settings, before_rebuild: BeforeChange
) -> dg.AssetsDefinition:
    """All models as one step, since SQLMesh plans them together; any of them and of their checks can be selected.

    A model that fails yields nothing, which stops what reads it and nothing else. The failure itself is told by the
    asset of the plan and its check, or by the step where the plan is not selected.

    Args:
        models: As the project describes them.
        settings: Where the target and SQLMesh's state are.
        before_rebuild: Told, on a connection to the target, which tables of `prod` are about to be rebuilt.
    """

    @dg.multi_asset(
        name="models",
        specs=[*(_asset_spec(model) for model in models), _plan_spec(models)],
        check_specs=[spec for model in models for spec in _check_specs(model)],
        can_subset=True,
        pool=TARGET_POOL,
    )
    def run_models(
        context: dg.AssetExecutionContext, target: TargetPlatform
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        # Imported only when models run: loading the code location must not cost SQLMesh's import.
        from transferroom_pipeline.models.running import ModelsRunner  # noqa: PLC0415

        compute = [model for model in models if _key(model) in context.selected_asset_keys]
        audited = {check.asset_key for check in context.selected_asset_check_keys}
        audit = [model.name for model in models if _key(model) in audited and model not in compute]
        _require_inputs(compute, target)
        if compute:
            with target.get_connection() as connection:
                before_rebuild(connection, _rebuilt_tables(compute, models))
        account = ModelsRunner(settings, models).run([model.name for model in compute], audit)
        yield from _materializations(context, account, models, target)
        yield from _check_results(context, account, models)
        if PLAN_KEY in context.selected_asset_keys:
            yield dg.MaterializeResult(asset_key=PLAN_KEY, metadata=_plan_metadata(account))
        elif account.failed:
            raise dg.Failure(_told(_reasons(account)), allow_retries=False)

    return run_models


def plan_check() -> dg.AssetChecksDefinition:
    """The check that makes a run red in which a model failed, without stopping what the others are for."""

    @dg.asset_check(
        name="every_model_computed",
        asset=PLAN_KEY,
        blocking=True,
        description="The newest plan computed every model that was asked for.",
    )
    def every_model_computed(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        event = context.instance.get_latest_materialization_event(PLAN_KEY)
        if event is None or event.asset_materialization is None:
            raise ModelError("no plan was applied yet: materialize the models first")
        reasons = cast("dict[str, str]", event.asset_materialization.metadata[FAILED].value)
        passed = not reasons
        return dg.AssetCheckResult(passed=passed, description=None if passed else _told(reasons))

    return every_model_computed


def _plan_spec(models: Sequence[ModelDescription]) -> dg.AssetSpec:
    return dg.AssetSpec(
        PLAN_KEY,
        deps=[_key(model) for model in models],
        skippable=True,  # when only some models or checks are run
        group_name=Group.MODELS,
        owners=list(OWNERS),
        kinds={"sqlmesh"},
        description="The newest plan of SQLMesh's environment prod: what was computed, and what was not and why.",
    )


def _plan_metadata(account: "ModelsRun") -> dict[str, Any]:
    seconds = {computed.name: computed.seconds for computed in account.computed.values()}
    return {"computed": seconds, FAILED: _reasons(account)}


def _reasons(account: "ModelsRun") -> dict[str, str]:
    return {failed.name: failed.reason for failed in account.failed.values()}


def _told(reasons: Mapping[str, str]) -> str:
    return "\n".join(["models that were not computed:", *(f"  {name}: {reason}" for name, reason in reasons.items())])


def _rebuilt_tables(compute: Sequence[ModelDescription], models: Sequence[ModelDescription]) -> list[str]:
    """The tables of `prod` that computing models rebuilds, those downstream of them included."""
    rebuilt: set[tuple[str, str]] = {(model.schema_name, model.table) for model in compute}
    for model in models:  # inputs come before those that read them
        if rebuilt & set(model.depends_on):
            rebuilt.add((model.schema_name, model.table))
    return sorted(table for schema, table in rebuilt if schema == REBUILT_SCHEMA)


def _asset_spec(model: ModelDescription) -> dg.AssetSpec:
    columns = [dg.TableColumn(column.name, column.type, column.description) for column in model.columns]
    return dg.AssetSpec(
        _key(model),
        deps=[model_key(schema, table) for schema, table in model.depends_on],
        skippable=True,  # a model that fails yields nothing; the others' results are reported all the same
        group_name=Group.MODELS,
        owners=list(OWNERS),
        kinds={"sqlmesh", "duckdb", model.kind.lower()},
        code_version=model.code_version,
        description=model.description,
        metadata={
            "dagster/column_schema": dg.TableSchema(columns=columns),
            "dagster/table_name": model.name,
            "cron": model.cron,
            "grain": list(model.grain),
        },
    )


def _check_specs(model: ModelDescription) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            audit.check,
            asset=_key(model),
            description=f"SQLMesh audit {audit.name}; {'blocking' if audit.blocking else 'a warning'}.",
        )
        for audit in model.audits
    ]


def _key(model: ModelDescription) -> dg.AssetKey:
    return model_key(model.schema_name, model.table)


def _require_inputs(compute: Sequence[ModelDescription], target: TargetPlatform) -> None:
    """Say which asset is missing before SQLMesh fails on a table that nobody asked about.

    Raises:
        PlatformError: A relation that a selected model reads is neither there nor selected itself.
    """
    selected = {(model.schema_name, model.table) for model in compute}
    inputs = sorted({relation for model in compute for relation in model.depends_on} - selected)
    if not inputs:
        return
    with target.get_connection(read_only=True) as connection:
        for schema, table in inputs:
            require_table(connection, schema, table, model_key(schema, table).to_user_string())


def _materializations(
    context: dg.AssetExecutionContext,
    account: "ModelsRun",
    models: Sequence[ModelDescription],
    target: TargetPlatform,
) -> Iterator[dg.MaterializeResult[None]]:
    """A result for each selected model that was computed, in the order of the models.

    Models downstream of the selection that SQLMesh computed along are told to Dagster too: their data is new.
    """
    described = _described(account, models, target)
    for model in models:
        metadata = described.get(model.name)
        if metadata is None:
            continue
        if _key(model) in context.selected_asset_keys:
            yield dg.MaterializeResult(asset_key=_key(model), metadata=metadata)
        else:
            context.log.info(f"{model.name} was computed as well, since it reads a selected model")
            context.log_event(dg.AssetMaterialization(_key(model), metadata=metadata))


def _described(
    account: "ModelsRun", models: Sequence[ModelDescription], target: TargetPlatform
) -> dict[str, dict[str, Any]]:
    """What is told of each computed model, by its name."""
    computed = [model for model in models if model.name in account.computed]
    if not computed:
        return {}
    with target.get_connection(read_only=True) as connection:
        return {
            model.name: {
                **table_metadata(connection, model.schema_name, model.table),
                "seconds": account.computed[model.name].seconds,
                "snapshot": account.computed[model.name].snapshot,
            }
            for model in computed
        }


def _check_results(
    context: dg.AssetExecutionContext, account: "ModelsRun", models: Sequence[ModelDescription]
) -> Iterator[dg.AssetCheckResult]:
    keys = {model.name: _key(model) for model in models}
    for outcome in account.audits:
        check = dg.AssetCheckKey(keys[outcome.model], outcome.check)
        if check in context.selected_asset_check_keys:
            yield _check_result(check, outcome)


def _check_result(check: dg.AssetCheckKey, outcome: "AuditOutcome") -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=check.asset_key,
        check_name=check.name,
        passed=outcome.failing_rows == 0,
        severity=dg.AssetCheckSeverity.ERROR if outcome.blocking else dg.AssetCheckSeverity.WARN,
        metadata={"failing_rows": outcome.failing_rows, "query": dg.MetadataValue.md(f"```sql\n{outcome.query}\n```")},
    )
