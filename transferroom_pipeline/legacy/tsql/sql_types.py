"""The types of SQL Server, and what its operators make of them."""

import re
from dataclasses import dataclass
from enum import StrEnum

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.dialect import DIGITS_OF_REAL

MAX_DIGITS = 38
MAX_LENGTH = -1
"""The length of VARCHAR(MAX)."""


class Family(StrEnum):
    """Types that behave alike."""

    UNKNOWN = "unknown"
    NULL = "null"
    TEXT = "text"
    BIT = "bit"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"
    FLOAT = "float"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    OFFSET = "datetimeoffset"
    UUID = "uniqueidentifier"
    BINARY = "binary"
    OTHER = "other"


FAMILIES = {
    **dict.fromkeys(("CHAR", "NCHAR", "VARCHAR", "NVARCHAR", "TEXT", "NTEXT"), Family.TEXT),
    **dict.fromkeys(("TINYINT", "SMALLINT", "INT", "BIGINT"), Family.INTEGER),
    **dict.fromkeys(("MONEY", "SMALLMONEY"), Family.MONEY),
    **dict.fromkeys(("REAL", "FLOAT"), Family.FLOAT),
    **dict.fromkeys(("DATETIME", "SMALLDATETIME", "DATETIME2"), Family.DATETIME),
    **dict.fromkeys(("BINARY", "VARBINARY", "IMAGE", "ROWVERSION"), Family.BINARY),
    "BIT": Family.BIT,
    "DECIMAL": Family.DECIMAL,
    "DATE": Family.DATE,
    "TIME": Family.TIME,
    "DATETIMEOFFSET": Family.OFFSET,
    "UNIQUEIDENTIFIER": Family.UUID,
    "NULL": Family.NULL,
    "UNKNOWN": Family.UNKNOWN,
}

_ALIASES = {
    "NUMERIC": "DECIMAL",
    "DEC": "DECIMAL",
    "INTEGER": "INT",
    "DOUBLE PRECISION": "FLOAT",
    "TIMESTAMP": "ROWVERSION",
    "CHARACTER": "CHAR",
    "CHARACTER VARYING": "VARCHAR",
    "CHAR VARYING": "VARCHAR",
    "NATIONAL CHARACTER": "NCHAR",
    "NATIONAL CHARACTER VARYING": "NVARCHAR",
    "NATIONAL CHAR VARYING": "NVARCHAR",
}
_FROM_SQLGLOT = {"UTINYINT": "TINYINT", "TIMESTAMPTZ": "DATETIMEOFFSET", "UUID": "UNIQUEIDENTIFIER", "DOUBLE": "FLOAT"}
_DIGITS = {"BIT": 1, "TINYINT": 3, "SMALLINT": 5, "INT": 10, "BIGINT": 19}
NARROW = {"TINYINT", "SMALLINT"}
"""Integers below an INT: SQL Server has an INT for a constant beside them, and the stand-in the type of theirs."""

_PRECEDENCE = ("FLOAT", "REAL", "DECIMAL", "MONEY", "SMALLMONEY", "BIGINT", "INT", "SMALLINT", "TINYINT", "BIT")
_MONEY_DIGITS = {"MONEY": (19, 4), "SMALLMONEY": (10, 4)}
_FIXED_DIGITS = {**{name: (digits, 0) for name, digits in _DIGITS.items()}, **_MONEY_DIGITS}
_WRITTEN = re.compile(r"\s*([A-Za-z][\w ]*?)\s*(?:\(\s*(max|\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*", re.IGNORECASE)
_LEAST_SCALE = 6
"""Digits after the point that a product or quotient of decimals keeps when it needs more than 38 digits."""


@dataclass(frozen=True)
class SqlType:
    """A type of SQL Server.

    `size` is a text's length (None unknown), a decimal's digits, or the digits of a second.
    """

    name: str
    size: int | None = None
    scale: int = 0

    @property
    def family(self) -> Family:
        """The types that it behaves like."""
        return FAMILIES.get(self.name, Family.OTHER)

    @property
    def is_national(self) -> bool:
        """Whether it is a text of Unicode characters."""
        return self.name in {"NCHAR", "NVARCHAR", "NTEXT"}

    @property
    def is_padded(self) -> bool:
        """Whether it is a text that is filled up with blanks."""
        return self.name in {"CHAR", "NCHAR"}

    @property
    def digits(self) -> tuple[int, int] | None:
        """Precision and scale that it has as an operand of decimals; None of what is no exact number."""
        return (self.size or 18, self.scale) if self.name == "DECIMAL" else _FIXED_DIGITS.get(self.name)

    def __str__(self) -> str:
        if self.size is None:
            return self.name
        if self.name == "DECIMAL":
            return f"{self.name}({self.size},{self.scale})"
        return f"{self.name}({'MAX' if self.size == MAX_LENGTH else self.size})"


UNKNOWN = SqlType("UNKNOWN")
NULL = SqlType("NULL")
SMALLINT = SqlType("SMALLINT")
INT = SqlType("INT")
BIGINT = SqlType("BIGINT")
BIT = SqlType("BIT")
FLOAT = SqlType("FLOAT")
DATE = SqlType("DATE")
DATETIME = SqlType("DATETIME")
DATETIME2 = SqlType("DATETIME2")
TEXT = SqlType("NVARCHAR")
"""A text of unknown length."""


def parse_type(written: str) -> SqlType:
    """The type that a column definition names; one that is not known is of family `other`."""
    found = _WRITTEN.fullmatch(written)
    if found is None:
        return SqlType(written.strip().upper())
    name = " ".join(found[1].upper().split())
    size = MAX_LENGTH if (found[2] or "").upper() == "MAX" else int(found[2]) if found[2] else None
    return _normal(_ALIASES.get(name, name), size, int(found[3] or 0))


def type_of_cast(to: exp.DataType) -> SqlType:
    """The type that a CAST names: texts without a length have 30 characters there."""
    name = to.name.upper() if isinstance(to.this, str) else to.this.name
    if name == "USERDEFINED":
        return SqlType(str(to.args.get("kind") or to.sql(dialect="tsql")).upper())
    sizes = [MAX_LENGTH if part.name.upper() == "MAX" else int(part.name) for part in to.expressions]
    found = _normal(_FROM_SQLGLOT.get(name, name), *sizes)
    is_short = found.family is Family.TEXT and found.size is None
    return SqlType(found.name, 30) if is_short else found


def _normal(name: str, size: int | None = None, scale: int = 0) -> SqlType:
    if name == "DECIMAL":
        return SqlType(name, size or 18, scale)
    if name == "FLOAT":
        return SqlType("REAL") if size and size <= DIGITS_OF_REAL else FLOAT
    if name in {"TEXT", "NTEXT"}:
        return SqlType("NVARCHAR" if name == "NTEXT" else "VARCHAR", MAX_LENGTH)
    return SqlType(name, size, scale)


def arithmetic(operator: type[exp.Expr], left: SqlType, right: SqlType) -> SqlType:
    """The type of `left operator right`; a text takes the type of the number beside it."""
    if left.family is Family.TEXT and right.family is Family.TEXT:
        return _concatenated(left, right)
    if Family.DATETIME in (left.family, right.family):
        return left if left.family is Family.DATETIME else right
    wider = common_number(left, right)
    if wider.name != "DECIMAL":
        return wider
    sizes = left.digits or right.digits, right.digits or left.digits
    return wider if sizes[0] is None or sizes[1] is None else decimal_result(operator, sizes[0], sizes[1])[0]


def common_number(left: SqlType, right: SqlType) -> SqlType:
    """The type of higher precedence, as two operands, or the branches of a CASE, have in common."""
    names = {left.name, right.name}
    if Family.NULL in (left.family, right.family):
        return right if left.family is Family.NULL else left
    higher = next((name for name in _PRECEDENCE if name in names), None)
    others = names - set(_PRECEDENCE)
    if higher is None or any(FAMILIES.get(name) is not Family.TEXT for name in others):
        return UNKNOWN
    return left if left.name == higher else right


def decimal_result(operator: type[exp.Expr], left: tuple[int, int], right: tuple[int, int]) -> tuple[SqlType, bool]:
    """The type of decimals computed with, and whether it keeps fewer digits after the point than the result has.

    The rules of "Precision, scale, and length" in SQL Server's documentation.
    """
    (p1, s1), (p2, s2) = left, right
    if operator in (exp.Add, exp.Sub):
        scale = max(s1, s2)
        whole = max(p1 - s1, p2 - s2)
        kept = scale if whole + scale <= MAX_DIGITS else max(MAX_DIGITS - whole, 0)
        return SqlType("DECIMAL", min(whole + scale + 1, MAX_DIGITS), kept), kept < scale
    if operator is exp.Mod:
        scale = max(s1, s2)
        return SqlType("DECIMAL", min(min(p1 - s1, p2 - s2) + scale, MAX_DIGITS), scale), False
    scale = s1 + s2 if operator is exp.Mul else max(_LEAST_SCALE, s1 + p2 + 1)
    digits = p1 + p2 + 1 if operator is exp.Mul else p1 - s1 + s2 + scale
    kept = scale if digits <= MAX_DIGITS else max(MAX_DIGITS - (digits - scale), min(scale, _LEAST_SCALE))
    return SqlType("DECIMAL", min(digits, MAX_DIGITS), kept), kept < scale


def common(types: list[SqlType]) -> SqlType:
    """The type that the branches of a CASE, COALESCE or UNION have."""
    known = [found for found in types if found.family is not Family.NULL]
    if not known:
        return NULL
    families = {found.family for found in known}
    if families == {Family.TEXT}:
        return _longest(known)
    if len(set(known)) == 1:
        return known[0]
    if families == {Family.UUID, Family.TEXT}:
        return SqlType("UNIQUEIDENTIFIER")
    if families <= {Family.DATE, Family.DATETIME, Family.TEXT}:
        dates = [found for found in known if found.family is not Family.TEXT]
        return next((found for found in dates if found.family is Family.DATETIME), dates[0])
    result = known[0]
    for found in known[1:]:
        result = _wider(result, found)
    return result


def _wider(left: SqlType, right: SqlType) -> SqlType:
    result = common_number(left, right)
    if result.name == "DECIMAL" and left.digits and right.digits:
        (p1, s1), (p2, s2) = left.digits, right.digits
        scale = max(s1, s2)
        return SqlType("DECIMAL", min(max(p1 - s1, p2 - s2) + scale, MAX_DIGITS), scale)
    return result


def _longest(texts: list[SqlType]) -> SqlType:
    is_padded = all(text.is_padded for text in texts)
    name = f"{'N' if any(text.is_national for text in texts) else ''}{'' if is_padded else 'VAR'}CHAR"
    lengths = [text.size for text in texts]
    if MAX_LENGTH in lengths:
        return SqlType(name, MAX_LENGTH)
    return SqlType(name, None if None in lengths else max(length or 0 for length in lengths))


def _concatenated(left: SqlType, right: SqlType) -> SqlType:
    name = "NVARCHAR" if left.is_national or right.is_national else "VARCHAR"
    if MAX_LENGTH in (left.size, right.size):
        return SqlType(name, MAX_LENGTH)
    return SqlType(name, None if left.size is None or right.size is None else left.size + right.size)
