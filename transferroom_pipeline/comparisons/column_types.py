"""Types of columns, sorted into the families that equality is defined for."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from sqlglot import exp

Family = Literal[
    "boolean",
    "integer",
    "decimal",
    "float",
    "text",
    "json",
    "uuid",
    "instant",
    "time",
    "interval",
    "list",
    "struct",
    "map",
    "union",
    "other",
]

UNLIMITED_DIGITS = 1_000
"""Stands for the digits of a decimal type without a stated precision, such as PostgreSQL's numeric."""

NUMERIC: frozenset[Family] = frozenset({"boolean", "integer", "decimal", "float"})
NESTED: frozenset[Family] = frozenset({"list", "struct", "map", "union"})

NUMERAL = "NUMERIC AS TEXT"
"""What a column of exact numbers is called that is read as text, since no other type of the engine's holds them all."""

_T = exp.DataType.Type

_INTEGER_DIGITS = {
    _T.TINYINT: 3,
    _T.UTINYINT: 3,
    _T.SMALLINT: 5,
    _T.SMALLSERIAL: 5,
    _T.USMALLINT: 5,
    _T.INT: 10,
    _T.SERIAL: 10,
    _T.UINT: 10,
    _T.BIGINT: 19,
    _T.BIGSERIAL: 19,
    _T.UBIGINT: 20,
    _T.INT128: 39,
    _T.UINT128: 39,
}
_FAMILIES: dict[exp.DType, Family] = {
    _T.BOOLEAN: "boolean",
    _T.FLOAT: "float",
    _T.DOUBLE: "float",
    _T.CHAR: "text",
    _T.BPCHAR: "text",
    _T.NCHAR: "text",
    _T.VARCHAR: "text",
    _T.NVARCHAR: "text",
    _T.TEXT: "text",
    _T.ENUM: "text",
    _T.JSON: "json",
    _T.JSONB: "json",
    _T.UUID: "uuid",
    _T.DATE: "instant",
    _T.TIMESTAMP: "instant",
    _T.TIMESTAMPNTZ: "instant",
    _T.TIMESTAMPTZ: "instant",
    _T.TIMESTAMPLTZ: "instant",
    _T.TIMESTAMP_S: "instant",
    _T.TIMESTAMP_MS: "instant",
    _T.TIMESTAMP_NS: "instant",
    _T.TIME: "time",
    _T.INTERVAL: "interval",
    _T.LIST: "list",
    _T.ARRAY: "list",
    _T.STRUCT: "struct",
    _T.MAP: "map",
    _T.UNION: "union",
}
_ZONED = {_T.TIMESTAMPTZ, _T.TIMESTAMPLTZ}


@dataclass(frozen=True)
class ColumnType:
    """The type of a column.

    Attributes:
        name: The type as the engine names it.
        family: What it is compared as.
        kind: The type as sqlglot knows it.
        whole_digits: Digits before the decimal point that an exact number can have; 0 for everything else.
        scale: Digits after it.
        dialect: The dialect of the name.
        members: The types inside a nested type: a list's elements, a map's keys and values, a struct's or union's
            fields by name.
    """

    name: str
    family: Family
    kind: exp.DType
    whole_digits: int = 0
    scale: int = 0
    dialect: str = "duckdb"
    members: tuple[tuple[str, "ColumnType"], ...] = ()

    @property
    def has_zone(self) -> bool:
        """Whether values are instants by themselves rather than readings of a clock in some zone."""
        return self.kind in _ZONED

    @property
    def has_unnamed_fields(self) -> bool:
        """Whether it is, or holds, a struct without names of fields, as DuckDB's row(...) makes."""
        is_unnamed = self.family == "struct" and any(not name for name, _ in self.members)
        return is_unnamed or any(member.has_unnamed_fields for _, member in self.members)

    @property
    def is_numeral(self) -> bool:
        """Whether it is a number, although it is read as text."""
        return self.name == NUMERAL

    @property
    def is_nested(self) -> bool:
        """Whether it has members."""
        return self.family in NESTED

    @property
    def digits(self) -> int:
        """All digits that an exact number can have."""
        return self.whole_digits + self.scale

    @property
    def is_unsigned(self) -> bool:
        """Whether the type has no negative numbers."""
        return self.kind.name.startswith("U")

    def data_type(self) -> exp.DataType:
        """The type for a cast."""
        name = "TEXT" if self.is_numeral else self.name
        return exp.DataType.build(name, dialect=self.dialect, udt=True)

    def contains(self, family: Family) -> bool:
        """Whether the type, or one inside it, is of a family."""
        return self.family == family or any(member.contains(family) for _, member in self.members)


@cache
def column_type(name: str, dialect: str = "duckdb") -> ColumnType:
    """Sort a type, as an engine names it, into its family; what has none is compared with itself only."""
    if name == NUMERAL:
        return ColumnType(name, "text", _T.TEXT, dialect=dialect)
    return _sorted(exp.DataType.build(name, dialect=dialect, udt=True), name, dialect)


def _sorted(found: exp.DataType, name: str, dialect: str) -> ColumnType:
    kind = found.this if isinstance(found.this, exp.DType) else _T.UNKNOWN
    if kind in _INTEGER_DIGITS:
        return ColumnType(name, "integer", kind, whole_digits=_INTEGER_DIGITS[kind], dialect=dialect)
    if kind is _T.DECIMAL:
        whole, scale = _decimal_digits(found)
        return ColumnType(name, "decimal", kind, whole_digits=whole, scale=scale, dialect=dialect)
    if kind is _T.BOOLEAN:
        return ColumnType(name, "boolean", kind, whole_digits=1, dialect=dialect)
    family = _FAMILIES.get(kind, "other")
    return ColumnType(name, family, kind, dialect=dialect, members=tuple(_members(found, family, dialect)))


def _decimal_digits(found: exp.DataType) -> tuple[int, int]:
    given = [int(parameter.name) for parameter in found.expressions]
    if not given:
        return UNLIMITED_DIGITS, UNLIMITED_DIGITS
    scale = given[1] if len(given) > 1 else 0
    return given[0] - scale, scale


def _members(found: exp.DataType, family: Family, dialect: str) -> list[tuple[str, ColumnType]]:
    if family not in NESTED:
        return []
    members = []
    for member in found.expressions:
        inner = member.args.get("kind") if isinstance(member, exp.ColumnDef) else member
        name = member.name if isinstance(member, exp.ColumnDef) else ""
        if isinstance(inner, exp.DataType):
            members.append((name, _sorted(inner, inner.sql(dialect), dialect)))
        else:  # A struct without names of fields, whose types are read as names.
            members.append((name, ColumnType(member.sql(dialect), "other", _T.UNKNOWN, dialect=dialect)))
    return members
