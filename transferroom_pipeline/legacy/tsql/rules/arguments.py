"""What functions convert without being asked: arguments of another kind than they take."""

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.conversions import is_whole_number
from transferroom_pipeline.legacy.tsql.functions import FUNCTIONS
from transferroom_pipeline.legacy.tsql.rule import Doubt, Rule
from transferroom_pipeline.legacy.tsql.rules.casts import NO_PLAIN_TEXT
from transferroom_pipeline.legacy.tsql.rules.comparisons import DATES
from transferroom_pipeline.legacy.tsql.rules.settled import is_text
from transferroom_pipeline.legacy.tsql.sql_types import MAX_DIGITS, Family, SqlType
from transferroom_pipeline.legacy.tsql.types import Types
from transferroom_pipeline.legacy.tsql.verdicts import Verdict


def _argument_kinds(node: exp.Expr, types: Types, kind: str) -> list[tuple[exp.Expr, SqlType]]:
    function = FUNCTIONS.get(node.name.upper())
    if function is None:
        return []
    return [
        (argument, types.of(argument))
        for place, argument in enumerate(node.expressions)
        if function.kind(place) in kind
    ]


def _implicit_text(node: exp.Expr, types: Types) -> str | None:
    for _, found in _argument_kinds(node, types, "t"):
        if found.family in (*NO_PLAIN_TEXT, Family.BINARY, Family.OTHER) or found.scale == MAX_DIGITS:
            return f"{node.name.upper()} of a {found}, which it makes a text"
    return None


def _text_form_there(node: exp.Expr, types: Types) -> str | None:
    kinds = [found for _, found in _argument_kinds(node, types, "t") if found.family in (Family.UUID, Family.BIT)]
    return f"{node.name.upper()} of a {kinds[0]}, which it makes a text" if kinds else None


def _trims_other(node: exp.Expr, types: Types) -> str | None:
    found = types.of(node.this)
    return f"TRIM of a {found}, which it makes a text" if found.family in (*NO_PLAIN_TEXT, Family.BINARY) else None


def _implicit_text_of_unknown(node: exp.Expr, types: Types) -> str | None:
    name = node.name.upper()
    joins = name in {"CONCAT", "CONCAT_WS", "LEN", "STRING_AGG"}
    found = any(kind.family is Family.UNKNOWN for _, kind in _argument_kinds(node, types, "t"))
    return Doubt(f"{name} of an unknown type") if joins and found else None


def _implicit_number(node: exp.Expr, types: Types) -> str | None:
    for argument, found in _argument_kinds(node, types, "ni"):
        clean = is_text(argument) and is_whole_number(argument.name)
        if found.family in (*DATES, Family.UUID) or (found.family is Family.TEXT and not clean):
            return f"{node.name.upper()} of a {found}"
    return None


def _implicit_whole_number(node: exp.Expr, types: Types) -> str | None:
    for _, found in _argument_kinds(node, types, "i"):
        if found.family in (Family.DECIMAL, Family.FLOAT, Family.MONEY):
            return f"{node.name.upper()} with a {found} in place of a whole number"
    return None


RULES = (
    Rule(
        "implicit_text", "a value that a function makes a text", Verdict.REFUSE, Verdict.REFUSE,
        "SQL Server writes a FLOAT, MONEY, DATETIME or TIME as text in forms of its own",
        "CONVERT it to a text by a style, or CAST it to a DECIMAL or DATE",
        needs_types=True, nodes=(exp.Anonymous,), matches=_implicit_text,
    ),
    Rule(
        "implicit_form", "a UNIQUEIDENTIFIER or BIT that a function makes a text", Verdict.RIGHT, Verdict.WARN,
        "SQL Server writes an identifier in capitals and a BIT as 1 or 0; Databricks has texts and true or false",
        "write UPPER(x), or CAST(CAST(x AS INT) AS STRING) there",
        needs_types=True, nodes=(exp.Anonymous,), matches=_text_form_there,
    ),
    Rule(
        "trim_of_other", "TRIM of what is no text", Verdict.REFUSE, Verdict.WARN,
        "SQL Server writes a FLOAT, MONEY, DATETIME or TIME as text in forms of its own",
        "CONVERT it to a text by a style, or CAST it to a DECIMAL or DATE",
        needs_types=True, nodes=(exp.Trim,), matches=_trims_other,
    ),
    Rule(
        "implicit_text_unknown", "a value of unknown type that a function makes a text", Verdict.WARN, Verdict.WARN,
        "of a FLOAT, DATETIME, BIT or MONEY SQL Server writes another text",
        "give the types of the columns, or make sure that it is a text, a whole number, a DECIMAL or a DATE",
        needs_types=True, nodes=(exp.Anonymous,), matches=_implicit_text_of_unknown,
    ),
    Rule(
        "implicit_number", "a value that a function makes a number", Verdict.REFUSE, Verdict.WARN,
        "SQL Server converts a text to a number by rules of its own",
        "CAST it to a number",
        needs_types=True, nodes=(exp.Anonymous,), matches=_implicit_number,
    ),
    Rule(
        "implicit_whole_number", "a fraction in place of a whole number", Verdict.REFUSE, Verdict.WARN,
        "the fraction is cut off on SQL Server",
        "CAST it AS INT",
        needs_types=True, nodes=(exp.Anonymous,), matches=_implicit_whole_number,
    ),
)  # fmt: skip
