"""Calls of functions while they are carried to the stand-in."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.sql_types import Family, SqlType


@dataclass(frozen=True)
class Call:
    """A call: its arguments as they are on the stand-in, and the types they have on SQL Server."""

    arguments: Sequence[exp.Expr]
    types: Sequence[SqlType]


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """A call of a function of the stand-in."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def number(value: int) -> exp.Expr:
    """A whole number."""
    return exp.Literal.number(value)


def text(value: str) -> exp.Literal:
    """A constant text."""
    return exp.Literal.string(value)


def stopped_where(condition: exp.Expr, reason: str, value: exp.Expr) -> exp.Expr:
    """A value, or an error of the stand-in where SQL Server has one."""
    stop = call("ERROR", text(f"{reason}, on which SQL Server stops as well"))
    return exp.Case(ifs=[exp.If(this=condition, true=stop)], default=value)


_NAMES = {"TINYINT": "UTINYINT", "REAL": "FLOAT", "FLOAT": "DOUBLE", "BIT": "BOOLEAN", "UNIQUEIDENTIFIER": "UUID"}
_DIGITS = {"MONEY": "DECIMAL(19, 4)", "SMALLMONEY": "DECIMAL(10, 4)"}


def stand_in_type(found: SqlType) -> exp.DataType:
    """The type of the stand-in that holds the values of one of SQL Server."""
    if found.family is Family.TEXT:
        return exp.DataType(this=exp.DType.VARCHAR)
    if found.family is Family.DATETIME:
        return exp.DataType(this=exp.DType.TIMESTAMP)
    name = f"DECIMAL({found.size}, {found.scale})" if found.name == "DECIMAL" else found.name
    written = _DIGITS.get(name) or _NAMES.get(name, name)
    return exp.DataType.build(written, dialect="duckdb")


def cast_to(found: SqlType, value: exp.Expr, *, safe: bool = False) -> exp.Expr:
    """`value` as the stand-in's type for one of SQL Server; `safe` makes NULL of what cannot be converted."""
    node = exp.TryCast if safe else exp.Cast
    return node(this=value, to=stand_in_type(found))
