"""The models of a SQLMesh project as one multi-asset, their audits and unit tests as checks."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, cast

import dagster as dg

from sqlmesh_assets.description import ModelDescription, ProjectDescription
from sqlmesh_assets.exceptions import SQLMeshAssetsError
from sqlmesh_assets.execution import BeforeCompute, ModelsRun, Outcome
from sqlmesh_assets.launchpad import ModelsConfig
from sqlmesh_assets.ledger import BLOCKING, NOT_BLOCKING, AuditOutcome, Computation, DataVersions
from sqlmesh_assets.observation import UNCHANGED_SINCE, is_in_step, observed
from sqlmesh_assets.origins import column_origins
from sqlmesh_assets.project import PRODUCTION, SQLMeshProject, describe
from sqlmesh_assets.rendering import audit_metadata, listeners, model_metadata, plan_metadata, told
from sqlmesh_assets.translator import Translator

FAILED = "failed"
"""Name of the plan's metadata that holds the models that were not computed, with the reasons."""

StepEvent = (
    dg.MaterializeResult[None] | dg.AssetMaterialization | dg.AssetCheckResult | dg.AssetObservation | dg.Output[None]
)
"""What the step yields."""


def sqlmesh_assets(
    project: SQLMeshProject,
    description: ProjectDescription,
    versions: DataVersions,
    *,
    translator: Translator | None = None,
    before_compute: BeforeCompute = lambda models: None,  # noqa: ARG005 - a listener that does not care
    pool: str | None = None,
    required_resources: AbstractSet[str] = frozenset(),
) -> dg.AssetsDefinition:
    """All models as one step, since SQLMesh plans them together; any of them and of their checks can be selected.

    A model that is up to date is observed, not materialized. A model that fails yields nothing, which stops what reads
    it and nothing else. The failure itself is told by the asset of the plan and its check, or by the step where the
    plan is not selected.

    Args:
        project: Read again with every run, so that what is run is what is there.
        description: The project as it was when the code location was loaded.
        versions: Tells the version of the content of relations of the target.
        translator: How models appear in Dagster.
        before_compute: Told which models are about to be computed in production.
        pool: Of the step.
        required_resources: Resources to be set up for the step, such as one that keeps others from writing.

    Raises:
        SQLMeshAssetsError: Two models would have one name in Dagster.
    """
    translator = translator or Translator()
    _require_distinct_names(description, translator)

    @dg.multi_asset(
        name="models",
        specs=[*(translator.asset_spec(model) for model in description.models), _plan_spec(description, translator)],
        check_specs=[spec for model in description.models for spec in _check_specs(model, translator)],
        can_subset=True,
        pool=pool,
        required_resource_keys=set(required_resources),
    )
    def models(context: dg.AssetExecutionContext, config: ModelsConfig) -> Iterator[StepEvent]:
        step = _Step(context, describe(project), translator, config)
        run = ModelsRun(project, step.description, versions, listeners(context.log, before_compute))
        selected, audited = step.selected(), step.audited()
        if selected or not audited:
            yield from step.results(run.execute(selected, config))
        if audited:
            yield from step.audit_results(run.audit(audited))

    return models


def plan_checks(project: SQLMeshProject, translator: Translator | None = None) -> list[dg.AssetChecksDefinition]:
    """The checks that make a run red in which a model failed, without stopping what the others are for."""
    plan = (translator or Translator()).plan_key()

    @dg.asset_check(
        name="every_model_computed",
        asset=plan,
        blocking=True,
        description="The newest plan computed every model that was asked for and not up to date.",
    )
    def every_model_computed(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        event = context.instance.get_latest_materialization_event(plan)
        if event is None or event.asset_materialization is None:
            raise SQLMeshAssetsError("no plan was applied yet: materialize the models first")
        reasons = cast("dict[str, str]", event.asset_materialization.metadata[FAILED].value)
        return dg.AssetCheckResult(passed=not reasons, description=told(reasons) if reasons else "no model failed")

    @dg.asset_check(
        name="unit_tests",
        asset=plan,
        blocking=True,
        description="The project's unit tests pass; a model with one that fails is not planned.",
    )
    def unit_tests() -> dg.AssetCheckResult:
        tests = describe(project).tests
        failures = {f"{test.model} {test.name}": test.failure for test in tests if test.failure is not None}
        return dg.AssetCheckResult(
            passed=not failures,
            description=told(failures, "unit tests that fail:") if failures else f"{len(tests)} unit tests pass",
            metadata={"tests": len(tests), "failed": len(failures)},
        )

    return [every_model_computed, unit_tests]


def _require_distinct_names(description: ProjectDescription, translator: Translator) -> None:
    """Dagster has fewer signs for names than SQLMesh, so that two names may become one."""
    taken = {translator.plan_key().to_python_identifier(): "the plan"}
    for model in description.models:
        key = translator.asset_key(model.relation)
        other = taken.setdefault(key.to_python_identifier(), model.name)
        if other != model.name:
            raise SQLMeshAssetsError(
                f"model {model.name} ({model.file}) and {other} would both be {key.to_python_identifier()} in Dagster: "
                "rename the model, or give it a key of its own in the translator"
            )


def _plan_spec(description: ProjectDescription, translator: Translator) -> dg.AssetSpec:
    return dg.AssetSpec(
        translator.plan_key(),
        deps=[translator.asset_key(model.relation) for model in description.models],
        skippable=True,  # when only some models or checks are run
        group_name=translator.group_name(None),
        owners=translator.owners(None),
        kinds={"sqlmesh"},
        description=f"The newest plan of SQLMesh's environment {PRODUCTION}: what was computed, what was up to date, "
        "and what was not computed and why.",
    )


def _check_specs(model: ModelDescription, translator: Translator) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            audit.check,
            asset=translator.asset_key(model.relation),
            description=f"SQLMesh audit {audit.name}. {BLOCKING if audit.blocking else NOT_BLOCKING}",
        )
        for audit in model.audits
    ]


class _Step:
    """One execution of the step: what is selected of it, and what it tells Dagster."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        description: ProjectDescription,
        translator: Translator,
        config: ModelsConfig,
    ) -> None:
        self._context = context
        self._translator = translator
        self._config = config
        self._keys = {model.name: translator.asset_key(model.relation) for model in description.models}
        self._origins = column_origins(description.models)
        self.description = description

    def selected(self) -> list[str]:
        """The models whose assets are selected."""
        return [name for name, key in self._keys.items() if key in self._context.selected_asset_keys]

    def audited(self) -> list[str]:
        """The models of which only checks are selected."""
        keys = {check.asset_key for check in self._context.selected_asset_check_keys}
        selected = self.selected()
        return [name for name, key in self._keys.items() if key in keys and name not in selected]

    def results(self, outcome: Outcome) -> Iterator[StepEvent]:
        """Everything that the run came to."""
        plan = self._translator.plan_key()
        if outcome.markdown is not None:
            yield self._observed_plan(outcome)
        else:
            for model in self.description.models:
                yield from self._model_results(model, outcome)
        if plan in self._context.selected_asset_keys and outcome.markdown is None:
            yield dg.MaterializeResult(asset_key=plan, metadata=plan_metadata(outcome) | {FAILED: outcome.failed})
        elif outcome.failed and not self._config.dry_run:
            raise dg.Failure(told(outcome.failed), allow_retries=False)

    def audit_results(self, found: Iterator[tuple[str, AuditOutcome]]) -> Iterator[dg.AssetCheckResult]:
        """What audits found that were run alone."""
        for name, outcome in found:
            yield from self._check_results(name, [outcome])

    def _model_results(self, model: ModelDescription, outcome: Outcome) -> Iterator[StepEvent]:
        if model.name in outcome.computed:
            yield from self._materialized(model, outcome.computed[model.name], outcome.reasons[model.name])
        elif model.name in outcome.unchanged:
            yield from self._unchanged(model, outcome.unchanged[model.name], outcome.left.get(model.name))
        yield from self._check_results(model.name, outcome.audits(model.name))

    def _materialized(
        self, model: ModelDescription, computed: Computation, reason: str, more: Mapping[str, Any] | None = None
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetMaterialization]:
        """A result for a selected model; one that SQLMesh computed along is told to Dagster too: its data is new."""
        key = self._keys[model.name]
        metadata = {**model_metadata(model, computed, reason, self._origins, self._translator), **(more or {})}
        if key in self._context.selected_asset_keys:
            version = None if computed.content is None else dg.DataVersion(computed.content)
            yield dg.MaterializeResult(asset_key=key, metadata=metadata, data_version=version)
        else:
            yield dg.AssetMaterialization(key, metadata=metadata)

    def _unchanged(self, model: ModelDescription, known: Computation, left: str | None) -> Iterator[StepEvent]:
        """An observation, and an output that lets what reads the model run."""
        key = self._keys[model.name]
        since = known.computed_at.isoformat(timespec="seconds")
        state = "up to date: neither code nor data changed" if left is None else f"left alone: {left}"
        self._context.log.info(f"{model.name}: unchanged since {since}" + ("" if left is None else f", {state}"))
        metadata: dict[str, Any] = {
            UNCHANGED_SINCE: since,
            "dagster/row_count": known.rows,
            "snapshot": known.snapshot,
            "state": state,
        }
        if left is not None or is_in_step(self._context, key):
            yield from observed(self._context, key, state, metadata)
        else:
            yield from self._materialized(model, known, state, metadata)

    def _check_results(self, name: str, outcomes: Sequence[AuditOutcome]) -> Iterator[dg.AssetCheckResult]:
        for outcome in outcomes:
            check = dg.AssetCheckKey(self._keys[name], outcome.check)
            if check in self._context.selected_asset_check_keys:
                yield dg.AssetCheckResult(
                    asset_key=check.asset_key,
                    check_name=check.name,
                    passed=outcome.failing_rows == 0,
                    severity=dg.AssetCheckSeverity.ERROR if outcome.blocking else dg.AssetCheckSeverity.WARN,
                    description=outcome.in_words,
                    metadata=audit_metadata(outcome),
                )

    def _observed_plan(self, outcome: Outcome) -> dg.AssetObservation:
        """A plan that was not carried out, or not in production; the models' own assets are left alone."""
        plan = self._translator.plan_key()
        description = f"Plan of environment {self._config.environment}"
        self._context.log.info(f"{description}: see the observation of {plan.to_user_string()}")
        metadata: dict[str, Any] = {"plan": dg.MetadataValue.md(outcome.markdown or ""), FAILED: outcome.failed}
        return dg.AssetObservation(plan, description=description, metadata=metadata)
