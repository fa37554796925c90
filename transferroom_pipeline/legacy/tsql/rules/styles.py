"""CONVERT with a style."""

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.convert_styles import is_known_style, reads_under
from transferroom_pipeline.legacy.tsql.rule import Doubt, Rule
from transferroom_pipeline.legacy.tsql.rules.casts import CASTS, DATE_TYPES, WRITE_STYLE, cast_name, style_of, value_of
from transferroom_pipeline.legacy.tsql.rules.settled import is_text
from transferroom_pipeline.legacy.tsql.sql_types import MAX_LENGTH, Family
from transferroom_pipeline.legacy.tsql.types import Types
from transferroom_pipeline.legacy.tsql.verdicts import Verdict


def _style(node: exp.Expr, types: Types) -> str | None:
    style = style_of(node)
    if style is None:
        return None
    source, target = types.of(value_of(node)), types.of(node)
    if target.family is Family.TEXT and source.family in (Family.INTEGER, Family.DECIMAL, Family.BIT, Family.NULL):
        return None
    if target.family is Family.TEXT and is_known_style(style.name, source, target):
        return None
    if target.family in DATE_TYPES and source.family in (Family.DATE, Family.DATETIME):
        return None
    value = value_of(node)
    if target.family in (Family.DATE, Family.DATETIME) and is_text(value) and reads_under(style.name, value.name):
        return None
    name = f"{cast_name(node)} with style {style.name or 'that is no constant'}"
    return Doubt(name) if source.family is Family.UNKNOWN else f"{name} of a {source}"


def _cut_style(node: exp.Expr, types: Types) -> str | None:
    target = types.of(node)
    style = style_of(node)
    is_cut = style is not None and target.family is Family.TEXT and target.size not in (None, MAX_LENGTH)
    is_long = is_cut and style is not None and style.name in {"20", "120", "121", "126"}
    return f"{cast_name(node)} with style {style.name} to {target}" if is_long and style is not None else None


RULES = (
    Rule(
        "convert_style", "CONVERT with a style", Verdict.REFUSE, Verdict.WARN,
        "the form of this style is not carried over",
        WRITE_STYLE,
        needs_types=True, firm=True, nodes=CASTS, matches=_style,
    ),
    Rule(
        "convert_style_cut", "CONVERT with a style to fewer characters", Verdict.RIGHT, Verdict.WARN,
        "SQL Server cuts the text to its length",
        "write DATE_FORMAT(x, 'yyyy-MM-dd') there",
        nodes=CASTS, matches=_cut_style,
    ),
)  # fmt: skip
