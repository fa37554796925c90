"""Types of columns as DuckDB names them, sorted into the families that equality is defined for."""

import re
from dataclasses import dataclass
from typing import Literal

Family = Literal[
    "boolean", "integer", "decimal", "float", "text", "instant", "time", "interval", "map", "nested", "other"
]

WIDEST_DECIMAL = 38
"""Digits that a decimal can hold."""

NUMERIC: frozenset[Family] = frozenset({"boolean", "integer", "decimal", "float"})

_INTEGER_DIGITS = {
    "TINYINT": 3,
    "UTINYINT": 3,
    "SMALLINT": 5,
    "USMALLINT": 5,
    "INTEGER": 10,
    "UINTEGER": 10,
    "BIGINT": 19,
    "UBIGINT": 20,
    "HUGEINT": 39,
    "UHUGEINT": 39,
}
_FAMILIES: dict[str, Family] = {
    "BOOLEAN": "boolean",
    "FLOAT": "float",
    "DOUBLE": "float",
    "VARCHAR": "text",
    "JSON": "text",
    "DATE": "instant",
    "TIMESTAMP": "instant",
    "TIMESTAMP_S": "instant",
    "TIMESTAMP_MS": "instant",
    "TIMESTAMP_NS": "instant",
    "TIMESTAMP WITH TIME ZONE": "instant",
    "TIME": "time",
    "INTERVAL": "interval",
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")


@dataclass(frozen=True)
class ColumnType:
    """The type of a column.

    Attributes:
        name: The type as the engine names it.
        family: What it is compared as.
        whole_digits: Digits before the decimal point that an exact number can have; 0 for everything else.
        scale: Digits after it.
    """

    name: str
    family: Family
    whole_digits: int = 0
    scale: int = 0

    @property
    def has_zone(self) -> bool:
        """Whether values are instants by themselves rather than readings of a clock in some zone."""
        return self.name == "TIMESTAMP WITH TIME ZONE"

    @property
    def is_exact_number(self) -> bool:
        """Whether values are numbers without rounding error."""
        return self.family in {"boolean", "integer", "decimal"}


def column_type(name: str) -> ColumnType:
    """Sort a type into its family; what has none is compared with itself only."""
    if name in _INTEGER_DIGITS:
        return ColumnType(name, "integer", whole_digits=_INTEGER_DIGITS[name])
    if match := _DECIMAL.fullmatch(name):
        width, scale = int(match[1]), int(match[2])
        return ColumnType(name, "decimal", whole_digits=width - scale, scale=scale)
    if name == "BOOLEAN":
        return ColumnType(name, "boolean", whole_digits=1)
    return ColumnType(name, _FAMILIES.get(name) or _composite_family(name))


def _composite_family(name: str) -> Family:
    if name.startswith("ENUM("):
        return "text"
    if name.endswith("]") or name.startswith("STRUCT("):
        return "nested"
    return "map" if name.startswith("MAP(") else "other"
