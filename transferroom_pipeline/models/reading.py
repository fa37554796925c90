"""Reading the models of the SQLMesh project through dagster-sqlmesh; importing this imports SQLMesh."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dagster_sqlmesh.controller.dagster import DagsterSQLMeshController
from sqlglot import exp
from sqlmesh import Model
from sqlmesh.core.context import Context
from sqlmesh.utils.errors import SQLMeshError

from transferroom_pipeline.models.description import ModelAudit, ModelColumn, ModelDescription
from transferroom_pipeline.models.exceptions import ModelError
from transferroom_pipeline.models.translation import StageTranslator, project_config
from transferroom_pipeline.settings import Settings


def read_project(settings: Settings) -> tuple[ModelDescription, ...]:
    """All models of the project, inputs before those that read them; no database is opened.

    Raises:
        ModelError: The project cannot be read.
    """
    config = project_config(settings, offline=True)
    controller: DagsterSQLMeshController[Context] = DagsterSQLMeshController.setup_with_config(config=config)
    try:
        with controller.instance("prod") as mesh:
            models = mesh.context.models
            return tuple(_describe(mesh.context, models[name]) for name in mesh.models_dag().sorted if name in models)
    except SQLMeshError as error:
        message = f"the SQLMesh project at {settings.sqlmesh_project} cannot be read: {error}"
        raise ModelError(message) from error


def _describe(context: Context, model: Model) -> ModelDescription:
    translator = StageTranslator()

    def parts(fqn: str) -> tuple[str, str]:
        schema, table = translator.get_asset_key(context, fqn).path
        return schema, table

    schema, table = parts(model.fqn)
    return ModelDescription(
        schema_name=schema,
        table=table,
        kind=model.kind.name.value,
        description=model.description,
        owner=model.owner,
        cron=model.cron,
        grain=tuple(column.name for grain in model.grains for column in grain.find_all(exp.Column)),
        code_version=model.data_hash,
        depends_on=tuple(sorted(parts(fqn) for fqn in model.depends_on)),
        columns=_columns(model),
        audits=_audits(model),
    )


def _columns(model: Model) -> tuple[ModelColumn, ...]:
    return tuple(
        ModelColumn(name=name, type=type_.sql(dialect=model.dialect), description=model.column_descriptions.get(name))
        for name, type_ in (model.columns_to_types or {}).items()
    )


def _audits(model: Model) -> tuple[ModelAudit, ...]:
    checks = _check_names([(audit.name, arguments) for audit, arguments in model.audits_with_args])
    return tuple(
        ModelAudit(check=check, name=audit.name, blocking=_blocking(arguments, default=audit.blocking))
        for check, (audit, arguments) in zip(checks, model.audits_with_args, strict=True)
    )


def _blocking(arguments: dict[str, Any], *, default: bool) -> bool:
    """Whether an audit stops the model; the model's own word counts before the audit's."""
    own = arguments.get("blocking")
    return default if own is None else own == exp.true()


def _check_names(audits: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
    """Names of the audits, unique within a model: one that occurs more than once adds the columns it is about."""
    occurrences = Counter(name for name, _ in audits)
    names: list[str] = []
    for name, arguments in audits:
        check = name
        if occurrences[name] > 1:
            columns = [column.name for value in arguments.values() for column in value.find_all(exp.Column)]
            check = "_".join([name, *columns])
        repeated = names.count(check)
        names.append(f"{check}_{repeated + 1}" if repeated else check)
    return names
