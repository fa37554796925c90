"""Which columns a model's columns are made of; importing this imports SQLMesh."""

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlmesh import Model
from sqlmesh.core.lineage import column_dependencies
from sqlmesh.core.model import SqlModel
from sqlmesh.utils.errors import SQLMeshError

from sqlmesh_assets.context import TolerantContext, relation_of
from sqlmesh_assets.description import ColumnSource


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
    return tuple(sorted(set(_resolved(context, found)), key=lambda source: (source.relation, source.column)))


def _resolved(context: TolerantContext, found: dict[str, set[str]]) -> Iterator[ColumnSource]:
    """Columns of relations; those of an embedded model, which is none, are followed on."""
    for fqn, columns in found.items():
        read = context.models.get(fqn)
        for name in columns - {"*"}:
            if read is not None and read.kind.is_embedded:
                yield from _sources(context, read, name)
            else:
                yield ColumnSource(relation=relation_of(fqn), column=name)
