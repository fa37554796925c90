"""What a contract says of each column, in a form that does not depend on Patito."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import polars as pl

from transferroom_pipeline.sources.contracts import SourceTable

_BOUNDS = ("ge", "gt", "le", "lt")


@dataclass(frozen=True)
class Column:
    """A column of a source table.

    Attributes:
        name: Its name.
        dtype: Its exact type.
        nullable: Whether it may be empty.
        unique: Whether it is the key.
        bounds: Limits by kind: ge and le include the limit, gt and lt do not.
        values: The only values allowed; empty when any are.
        pattern: Regular expression that values match, or None.
        description: What it means, with its unit.
    """

    name: str
    dtype: pl.DataType
    nullable: bool
    unique: bool
    bounds: dict[str, Any]
    values: tuple[str, ...]
    pattern: str | None
    description: str


def columns_of(table: SourceTable) -> tuple[Column, ...]:
    """The columns of a table in the order of its contract."""
    return tuple(_column(table, name) for name in table.columns)


def _column(table: SourceTable, name: str) -> Column:
    field = table.model.model_fields[name]
    stated = {bound: _constraint(field.metadata, bound) for bound in (*_BOUNDS, "pattern")}
    return Column(
        name=name,
        dtype=table.dtypes[name],
        nullable=name in table.model.nullable_columns,
        unique=name in table.model.unique_columns,
        bounds={bound: stated[bound] for bound in _BOUNDS if stated[bound] is not None},
        values=tuple(_literals(field.annotation)),
        pattern=stated["pattern"],
        description=field.description or "",
    )


def _constraint(metadata: list[Any], name: str) -> Any:
    """A constraint wherever Pydantic keeps it: each kind is an attribute of some metadata object."""
    return next((value for item in metadata if (value := getattr(item, name, None)) is not None), None)


def _literals(annotation: Any) -> Iterator[str]:
    """The values of a Literal, also of one that may be None."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
        return
    for part in get_args(annotation):
        yield from _literals(part)
