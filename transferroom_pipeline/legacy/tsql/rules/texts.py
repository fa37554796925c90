"""Texts: joining, patterns, what becomes a text, and values of different types in one place."""

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.like_patterns import (
    ends_in_character,
    ends_open,
    has_class,
    has_letters_in_class,
    regular_expression,
)
from transferroom_pipeline.legacy.tsql.rule import Doubt, Rule
from transferroom_pipeline.legacy.tsql.rules.comparisons import DATES, NUMBERS
from transferroom_pipeline.legacy.tsql.rules.settled import is_text, same_case, settled
from transferroom_pipeline.legacy.tsql.sql_types import Family
from transferroom_pipeline.legacy.tsql.types import Types
from transferroom_pipeline.legacy.tsql.verdicts import Verdict

_SIGNS: dict[type, str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
_CODE_PAGE = "cp1252"


def _adds_texts(node: exp.Expr, types: Types) -> str | None:
    families = _sides(node, types)
    both = families <= {Family.TEXT, Family.NULL} and Family.TEXT in families
    return "+ on texts" if both and isinstance(node, exp.Add) else None


def _sides(node: exp.Expr, types: Types) -> set[Family]:
    return {types.family(node.left), types.family(node.right)} if isinstance(node, exp.Binary) else set()


def _adds_text_and_other(node: exp.Expr, types: Types) -> str | None:
    families = _sides(node, types)
    if Family.TEXT not in families or families <= {Family.TEXT, Family.NULL}:
        return None
    sign = _SIGNS[type(node)]
    name = f"{sign} on a text and what is no text"
    return Doubt(f"{sign} on a text and what may be none") if Family.UNKNOWN in families else name


def _subtracts_texts(node: exp.Expr, types: Types) -> str | None:
    return "arithmetic on texts" if _sides(node, types) == {Family.TEXT} else None


def _pattern(node: exp.Expr) -> tuple[exp.Expr, str]:
    """The pattern of a LIKE and its escape character."""
    parent = node.parent
    escape = parent.expression.name if isinstance(parent, exp.Escape) else ""
    return node.expression.unnest(), escape


def _like(node: exp.Expr, types: Types) -> str | None:
    pattern, _ = _pattern(node)
    return None if same_case(node.this, pattern, types) else "LIKE on texts"


def _like_blanks(node: exp.Expr, types: Types) -> str | None:
    pattern, escape = _pattern(node)
    kinds = types.of(node.this), types.of(pattern)
    counts = any(kind.is_national and kind.size is not None for kind in kinds)
    if (
        counts
        or isinstance(pattern, exp.Null)
        or settled(node.this, types).blanks
        or trims_char(node, types)
        or _ends_open(pattern, escape)
    ):
        return None
    if kinds[0].family not in (Family.TEXT, Family.UNKNOWN):
        return None
    name = "LIKE on texts that may end in blanks"
    return Doubt(name) if kinds[0].family is Family.UNKNOWN else name


def trims_char(node: exp.Expr, types: Types) -> bool:
    """Whether it is LIKE on a CHAR of which the blanks at the end can match nothing in the pattern."""
    pattern, escape = _pattern(node)
    is_plain = is_text(pattern) and not types.of(pattern).is_national and ends_in_character(pattern.name, escape)
    return is_plain and types.of(node.this).name == "CHAR"


def _like_padded(node: exp.Expr, types: Types) -> str | None:
    return "LIKE on a CHAR" if trims_char(node, types) else None


def _ends_open(pattern: exp.Expr, escape: str) -> bool:
    while isinstance(pattern, exp.Add):
        pattern = pattern.right.unnest()
    return is_text(pattern) and ends_open(pattern.name, escape)


def _like_class(node: exp.Expr, _types: Types) -> str | None:
    pattern, escape = _pattern(node)
    if not is_text(pattern) or not has_class(pattern.name):
        return None
    return "LIKE with a class in [ ]" if regular_expression(pattern.name, escape) is not None else None


def _like_letters(node: exp.Expr, types: Types) -> str | None:
    pattern, _ = _pattern(node)
    return "LIKE with letters in [ ]" if _like_class(node, types) and has_letters_in_class(pattern.name) else None


def _like_odd(node: exp.Expr, _types: Types) -> str | None:
    pattern, escape = _pattern(node)
    odd = is_text(pattern) and regular_expression(pattern.name, escape) is None
    return (
        f"LIKE '{pattern.name}', of which a [ is not closed, holds the escape character or a range backwards"
        if odd
        else None
    )


def _like_variable(node: exp.Expr, _types: Types) -> str | None:
    return None if is_text(_pattern(node)[0]) else "LIKE with a pattern that is no constant"


def _like_of_other(node: exp.Expr, types: Types) -> str | None:
    for operand, name in ((node.this, "LIKE on a"), (node.expression, "LIKE with the pattern a")):
        found = types.of(operand)
        bad = found.family in (*DATES, *NUMBERS, Family.UUID, Family.BINARY)
        if bad and found.family is not Family.INTEGER:
            return f"{name} {found}"
    return None


def _needs_national(node: exp.Expr, _types: Types) -> str | None:
    if not isinstance(node, exp.Literal) or not node.is_string:
        return None
    try:
        node.name.encode(_CODE_PAGE)
    except UnicodeEncodeError:
        return f"the text '{node.name}' without N''"
    return None


def _collates(node: exp.Expr, _types: Types) -> str | None:
    return f"COLLATE {node.expression.name}"


def _unordered_list(node: exp.Expr, _types: Types) -> str | None:
    is_list = isinstance(node, exp.Anonymous) and node.name.upper() == "STRING_AGG"
    return (
        "STRING_AGG without WITHIN GROUP (ORDER BY ...)"
        if is_list and not isinstance(node.parent, exp.WithinGroup)
        else None
    )


def _replaces_all(node: exp.Expr, _types: Types) -> str | None:
    return f"{node.name.upper()} of a JSON document" if node.name.upper() in {"JSON_VALUE", "JSON_QUERY"} else None


def _odd_path(node: exp.Expr, _types: Types) -> str | None:
    if node.name.upper() not in {"JSON_VALUE", "JSON_QUERY"} or len(node.expressions) < 2:  # noqa: PLR2004
        return None
    path = node.expressions[1]
    plain = is_text(path) and path.name.startswith("$")
    return None if plain else f"{node.name.upper()} with a path that is no constant, or a strict one"


def _reads_code_page(node: exp.Expr, _types: Types) -> str | None:
    name = node.name.upper()
    if name == "ASCII":
        return "ASCII"
    value = node.expressions[0] if node.expressions and name in {"CHAR", "NCHAR"} else None
    most = 127 if name == "CHAR" else 0xFFFF
    is_plain = isinstance(value, exp.Literal) and value.is_int and 0 < int(value.name) <= most
    return name if value is not None and not is_plain else None


RULES = (
    Rule(
        "plus", "+ on texts", Verdict.RIGHT, Verdict.REFUSE,
        "it joins texts on SQL Server, and is NULL where one is NULL",
        "write a || b there, not CONCAT, which takes NULL as ''",
        needs_types=True, nodes=(exp.Add,), matches=_adds_texts,
    ),
    Rule(
        "plus_mixed", "arithmetic with a text", Verdict.REFUSE, Verdict.REFUSE,
        "the text is converted to the type of the other side on SQL Server, and + joins two texts",
        "CAST both sides to one type; to join texts, write a + b with both of a text type",
        needs_types=True, firm=True, nodes=(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod),
        matches=_adds_text_and_other,
    ),
    Rule(
        "minus_texts", "arithmetic on texts", Verdict.REFUSE, Verdict.WARN,
        "SQL Server has no such operator",
        "CAST both sides to numbers",
        needs_types=True, nodes=(exp.Sub, exp.Mul, exp.Div, exp.Mod), matches=_subtracts_texts,
    ),
    Rule(
        "like", "LIKE on texts", Verdict.WARN, Verdict.WARN,
        "SQL Server matches texts without regard to case (in a _CI_ collation), and here every character counts",
        "write UPPER(x) LIKE 'PATTERN'",
        needs_types=True, nodes=(exp.Like,), matches=_like,
    ),
    Rule(
        "like_blanks", "LIKE on texts that may end in blanks", Verdict.WARN, Verdict.WARN,
        "SQL Server passes over blanks at the end of a VARCHAR or CHAR, and here they count",
        "write RTRIM(x) LIKE 'PATTERN', or make sure that there are none",
        needs_types=True, nodes=(exp.Like,), matches=_like_blanks,
    ),
    Rule(
        "like_padded", "LIKE on a CHAR", Verdict.RIGHT, Verdict.WARN,
        "SQL Server passes over the blanks that fill it up",
        "write RTRIM(x) LIKE 'PATTERN' there",
        needs_types=True, nodes=(exp.Like,), matches=_like_padded,
    ),
    Rule(
        "like_class", "LIKE with a class in [ ]", Verdict.RIGHT, Verdict.REFUSE,
        "[ ] is a class of characters on SQL Server only",
        "write RLIKE with a regular expression there",
        nodes=(exp.Like,), matches=_like_class,
    ),
    Rule(
        "like_letters", "LIKE with letters in [ ]", Verdict.WARN, Verdict.REFUSE,
        "the collation decides which letters are in a class on SQL Server, mostly without regard to case and with "
        "accented letters in a range, and here the code point does",
        "name every letter in both cases, or make sure that there are plain letters only",
        nodes=(exp.Like,), matches=_like_letters,
    ),
    Rule(
        "like_odd", "LIKE with an odd [", Verdict.REFUSE, Verdict.REFUSE,
        "a [ opens a class of characters on SQL Server",
        "write [[] for the character itself",
        nodes=(exp.Like,), matches=_like_odd,
    ),
    Rule(
        "like_variable", "LIKE with a pattern that is no constant", Verdict.WARN, Verdict.WARN,
        "a [ in the pattern opens a class of characters on SQL Server, and stands for itself here",
        "make sure that no pattern holds a [",
        nodes=(exp.Like,), matches=_like_variable,
    ),
    Rule(
        "like_of_other", "LIKE on what is no text", Verdict.REFUSE, Verdict.WARN,
        "its form as text is SQL Server's own",
        "CAST it to a text by a style",
        needs_types=True, nodes=(exp.Like,), matches=_like_of_other,
    ),
    Rule(
        "national_literal", "a text with characters beyond code page 1252", Verdict.WARN, Verdict.WARN,
        "without N in front SQL Server reads it in the code page of the database and makes other characters of it",
        "write N'' before it, if the characters are meant",
        nodes=(exp.Literal,), matches=_needs_national,
    ),
    Rule(
        "collate", "COLLATE", Verdict.WARN, Verdict.WARN,
        "here texts compare by code point whatever the collation, so case, accents and blanks count",
        "make sure that the texts differ in more than that",
        nodes=(exp.Collate,), matches=_collates,
    ),
    Rule(
        "string_agg", "STRING_AGG without an order", Verdict.REFUSE, Verdict.REFUSE,
        "the order of the texts is not reproducible",
        "write WITHIN GROUP (ORDER BY ...) with a unique order",
        nodes=(exp.Anonymous,), matches=_unordered_list,
    ),
    Rule(
        "json", "JSON_VALUE or JSON_QUERY", Verdict.WARN, Verdict.WARN,
        "SQL Server gives numbers and nested documents as they are written, and NULL of the other kind of value; "
        "here they come without trailing zeros and blanks, and on Databricks both functions give either kind",
        "make sure that the document holds texts there",
        nodes=(exp.Anonymous,), matches=_replaces_all,
    ),
    Rule(
        "json_path", "a JSON path that is no constant, or a strict one", Verdict.REFUSE, Verdict.WARN,
        "it is not known to mean the same",
        "write a constant path that begins with $",
        nodes=(exp.Anonymous,), matches=_odd_path,
    ),
    Rule(
        "code_page", "CHAR, NCHAR or ASCII", Verdict.WARN, Verdict.WARN,
        "beyond 127 the number depends on the code page of the database",
        "write the character itself",
        nodes=(exp.Anonymous,), matches=_reads_code_page,
    ),
)  # fmt: skip
