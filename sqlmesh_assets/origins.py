"""Following a column through all models back to the columns that no model makes."""

from collections.abc import Iterable

from sqlmesh_assets.description import ColumnSource, ModelDescription, Relation

Origins = dict[tuple[Relation, str], tuple[ColumnSource, ...]]
"""The columns outside of the models that a column of a model is made of in the end."""


def column_origins(models: Iterable[ModelDescription]) -> Origins:
    """The origins of every column of every model.

    A column for which its model does not tell what it is made of is an origin itself.

    Args:
        models: Inputs before those that read them.
    """
    origins: Origins = {}
    for model in models:
        for column in model.columns:
            found = {
                origin
                for source in column.sources
                for origin in origins.get((source.relation, source.column), ()) or (source,)
            }
            origins[model.relation, column.name] = tuple(sorted(found, key=_place))
    return origins


def _place(source: ColumnSource) -> tuple[Relation, str]:
    return source.relation, source.column
