"""Which columns a model's columns are made of; importing this imports SQLMesh."""

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlmesh import Model
from sqlmesh.core.lineage import column_dependencies
from sqlmesh.core.model import SqlModel
from sqlmesh.utils.errors import SQLMeshError

from sqlmesh_assets.context import TolerantContext
from sqlmesh_assets.description import ColumnSource, Relation


def column_sources(context: TolerantContext, model: Model) -> dict[str, tuple[ColumnSource, ...]]:
    """The columns of the inputs that each column of a model is made of.

    A column for which SQL does not tell (of a Python model, of a seed, behind `*` of a table whose columns are not
    known) has none.
    """
    if not isinstance(model, SqlModel):
        return {}
    return {name: _sources(context, model, name) for name in model.columns_to_types or {}}


def _sources(context: TolerantContext, model: Model, column: str) -> tuple[ColumnSource, ...]:
    try:
        found = column_dependencies(context, model.fqn, exp.column(column, quoted=True))
    except (SqlglotError, SQLMeshError, ValueError):
        # A query that lineage cannot follow can be computed all the same.
        return ()
    sources = []
    for fqn, columns in found.items():
        table = exp.to_table(fqn)
        relation = Relation(table.db, table.name)
        sources += [ColumnSource(relation=relation, column=name) for name in sorted(columns) if name != "*"]
    return tuple(sorted(sources, key=lambda source: (source.relation, source.column)))
