"""Reading a SQLMesh project into its description; importing this imports SQLMesh."""

import io
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlmesh import Model
from sqlmesh.core.console import NoopConsole, set_console
from sqlmesh.core.model import SqlModel
from sqlmesh.core.snapshot import fingerprint_from_node

from sqlmesh_assets.context import TolerantContext, declared_names, plain, relation_of
from sqlmesh_assets.description import ModelAudit, ModelColumn, ModelDescription, ProjectDescription, Relation
from sqlmesh_assets.files import file_relation, names_file
from sqlmesh_assets.lineage import column_sources
from sqlmesh_assets.project import SQLMeshProject
from sqlmesh_assets.unit_tests import run_unit_tests

_TIME = re.compile(
    r"\b(?:(?:start|end|execution)_(?:date|ds|ts|tstz|dt|dtntz|epoch|millis|hour|hour_dtntz)\b"
    r"|(?:get_)?current_?(?:date|time|timestamp|datetime|local\w+)\b|local_?time(?:stamp)?\b|transaction_timestamp\b"
    r"|(?:now|today|getdate|getutcdate|sysdate|sysdatetime|sysutcdatetime|utc_timestamp|utc_date|unix_timestamp)\s*\()",
    re.IGNORECASE,
)
"""What SQLMesh and engines call the time of a computation."""
_INFERRED_KIND = "UNKNOWN"
_NO_NAME = re.compile(r"\W")
_NO_CRON = "@daily"


def read_project(project: SQLMeshProject) -> ProjectDescription:
    """All models of a project, inputs before those that read them, and the outcome of its unit tests.

    No database is opened but one in memory, for the unit tests. A model that cannot be used is described as far as that
    goes, with the reason.
    """
    set_console(NoopConsole())
    try:
        context = open_offline(project)
    except Exception as error:
        return ProjectDescription(models=tuple(_unreadable(project, plain(error))), is_whole=False)
    try:
        described = [_described(context, model) for model in _relational(context)]
        reasons = {file: context.problem(file) for file in context.refused}
        refused = list(_refused(project, reasons, [model.relation for model in described]))
        models = _with_unknown_sources([*refused, *described], project)
        externals = frozenset(relation_of(model.fqn) for model in context.models.values() if model.kind.is_external)
        return ProjectDescription(models=tuple(models), tests=run_unit_tests(context), externals=externals)
    finally:
        context.close()


def _relational(context: TolerantContext) -> Iterator[Model]:
    """The models that are tables or views, inputs before those that read them."""
    for name in context.dag.sorted:
        model = context.models.get(name)
        if model is not None and not model.kind.is_embedded and not model.kind.is_external:
            yield model


def open_offline(project: SQLMeshProject) -> TolerantContext:
    """The context of a project on no database."""
    # What configurations and models print is not meant for whoever loads a code location.
    with redirect_stdout(io.StringIO()):
        return TolerantContext(paths=str(project.path), config=project.offline_config(), gateway=project.gateway)


def _described(context: TolerantContext, model: Model) -> ModelDescription:
    try:
        return _describe(context, model)
    except Exception as error:
        return _broken(relation_of(model.fqn), Path(str(model._path)), plain(error))


def _describe(context: TolerantContext, model: Model) -> ModelDescription:
    sources = column_sources(context, model)
    fingerprint = fingerprint_from_node(model, nodes=dict(context.models))
    return ModelDescription(
        relation=relation_of(model.fqn),
        kind=model.kind.name.value,
        file=str(model._path),
        description=model.description,
        owner=model.owner,
        tags=tuple(model.tags),
        sql=_rendered(model) if isinstance(model, SqlModel) else None,
        dialect=model.dialect or "",
        cron=context.crons.get(model.fqn, model.cron),
        cron_tz=str(model.cron_tz or "UTC"),
        interval_unit=model.interval_unit.value,
        start=None if model.start is None else str(model.start),
        grain=tuple(column.name for grain in model.grains for column in grain.find_all(exp.Column)),
        code_version=fingerprint.to_version(),
        snapshot=fingerprint.to_identifier(),
        depends_on=tuple(sorted({*_relations_read(context, model), *map(file_relation, _files_read(context, model))})),
        embedded=tuple(sorted({relation_of(fqn) for fqn in _embedded(context, model)})),
        columns=tuple(
            ModelColumn(
                name=name,
                type=type_.sql(dialect=model.dialect),
                description=model.column_descriptions.get(name),
                sources=sources.get(name, ()),
            )
            for name, type_ in (model.columns_to_types or {}).items()
        ),
        audits=_audits(model),
        reads_time=_reads_time(context, model),
        restatable=not model.disable_restatement,
        signals=tuple(name for name, _ in model.signals if name),
    )


def _relations_read(context: TolerantContext, model: Model) -> Iterator[Relation]:
    read = (relation_of(fqn) for fqn in _inputs(context, model))
    return (relation for relation in read if not names_file(relation.table))


def _files_read(context: TolerantContext, model: Model) -> Iterator[str]:
    """The files that a model's query reads, by name or by a function such as `read_csv`."""
    query = model.render_query() if isinstance(model, SqlModel) else None
    if query is not None:
        yield from (table.name for table in query.find_all(exp.Table) if names_file(table.name))
        for function in query.find_all(exp.Func):
            name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
            if name.lower().startswith("read_"):
                yield from (text.name for text in function.find_all(exp.Literal) if names_file(text.name))
    for fqn in _embedded(context, model):
        yield from _files_read(context, context.models[fqn])


def _inputs(context: TolerantContext, model: Model) -> Iterator[str]:
    """What a model reads; an embedded model is no relation, so that its own inputs stand in for it."""
    embedded = set(_embedded(context, model))
    for fqn in model.depends_on:
        if fqn in embedded:
            yield from _inputs(context, context.models[fqn])
        else:
            yield fqn


def _embedded(context: TolerantContext, model: Model) -> Iterator[str]:
    """The embedded models that a model's query contains, those within each other included."""
    for fqn in model.depends_on:
        read = context.models.get(fqn)
        if read is not None and read.kind.is_embedded:
            yield fqn
            yield from _embedded(context, read)


def _reads_time(context: TolerantContext, model: Model) -> bool:
    """Whether the rows depend on the time or the interval in which they are computed."""
    if model.kind.is_seed:
        return False
    if model.is_python or model.kind.is_incremental_by_time_range:
        return True
    if not isinstance(model, SqlModel):
        return False
    parts = [model.query, *model.pre_statements, *model.post_statements]
    # As text, so that Jinja counts as well: to see the time in a query that has none costs a computation, not a row.
    text = " ".join([*(part.sql(dialect=model.dialect) for part in parts), _rendered(model) or ""])
    embedded = (context.models[fqn] for fqn in _embedded(context, model))
    return _TIME.search(text) is not None or any(_reads_time(context, part) for part in embedded)


def _rendered(model: SqlModel) -> str | None:
    query = model.render_query()
    return None if query is None else query.sql(dialect=model.dialect, pretty=True)


def _audits(model: Model) -> tuple[ModelAudit, ...]:
    checks = _check_names([(audit.name, arguments) for audit, arguments in model.audits_with_args])
    return tuple(
        ModelAudit(check=check, name=audit.name, blocking=_blocking(arguments, default=audit.blocking))
        for check, (audit, arguments) in zip(checks, model.audits_with_args, strict=True)
    )


def _blocking(arguments: Mapping[str, Any], *, default: bool) -> bool:
    """Whether an audit stops the model; the model's own word counts before the audit's."""
    own = arguments.get("blocking")
    return default if own is None else own == exp.true()


def _check_names(audits: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """Names of the audits, unique within a model: one that occurs more than once adds the columns it is about."""
    occurrences = Counter(name for name, _ in audits)
    names: list[str] = []
    for name, arguments in audits:
        check = _NO_NAME.sub("_", name)
        if occurrences[name] > 1:
            columns = [column.name for value in arguments.values() for column in value.find_all(exp.Column)]
            check = _NO_NAME.sub("_", "_".join([name, *columns]))
        repeated = names.count(check)
        names.append(f"{check}_{repeated + 1}" if repeated else check)
    return names


def _refused(
    project: SQLMeshProject, refused: Mapping[Path, str], taken: Iterable[Relation] = ()
) -> Iterator[ModelDescription]:
    """The models of files that cannot be read, each once; an audit's file has none, its users are refused too."""
    seen = set(taken)
    for file, problem in refused.items():
        for relation in dict.fromkeys(_relations_of(project, file)):
            declared_again = relation in seen and "declared more than once" in problem
            if not declared_again:
                free = _free(relation, seen)
                seen.add(free)
                yield _broken(free, file, problem)


def _free(relation: Relation, taken: Collection[Relation]) -> Relation:
    """The relation, or one named like it that no other model has."""
    while relation in taken:
        relation = Relation(relation.schema, f"{relation.table}_unreadable")
    return relation


def _unreadable(project: SQLMeshProject, problem: str) -> Iterator[ModelDescription]:
    """Every model that the project's files name, with one reason for all."""
    files = sorted(file for pattern in ("*.sql", "*.py") for file in (project.path / "models").rglob(pattern))
    models = [file for file in files if file.suffix == ".sql" or declared_names(file)]
    return _refused(project, dict.fromkeys(models, f"the SQLMesh project cannot be read: {problem}"))


def _relations_of(project: SQLMeshProject, file: Path) -> Iterator[Relation]:
    """What a file declares; where it names nothing, what its place says: the folder is the schema."""
    if project.path.resolve() / "models" not in file.resolve().parents:
        return
    names = declared_names(file)
    if not names:
        names = [f"{file.parent.name}.{file.stem}"]
    for name in names:
        try:
            yield relation_of(name)
        except SqlglotError:
            # A name that is itself what cannot be parsed.
            yield Relation(file.parent.name, file.stem)


def _broken(relation: Relation, file: Path, problem: str) -> ModelDescription:
    return ModelDescription(
        relation=relation,
        kind=_INFERRED_KIND,
        file=str(file),
        cron=_NO_CRON,
        code_version="",
        snapshot="",
        problem=problem,
    )


def _with_unknown_sources(models: Iterable[ModelDescription], project: SQLMeshProject) -> Iterator[ModelDescription]:
    """The models, with a problem where one reads what neither is a model nor among the known sources."""
    models = list(models)
    if project.sources is None:
        yield from models
        return
    known = project.sources | {model.relation for model in models}
    for model in models:
        unknown = [read for read in model.depends_on if read not in known and not read.is_file]
        yield model.model_copy(update={"problem": _unknown(unknown, known)}) if unknown else model


def _unknown(unknown: Sequence[Relation], known: Iterable[Relation]) -> str:
    names = ", ".join(map(str, unknown))
    alike = get_close_matches(str(unknown[0]), map(str, known), n=1)
    hint = f"; did you mean {alike[0]}?" if alike else ""
    return f"it reads {names}, which is neither a model nor a known source{hint}"
