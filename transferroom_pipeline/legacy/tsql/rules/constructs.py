"""What a query may consist of; everything else is refused by its name."""

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.rule import Rule
from transferroom_pipeline.legacy.tsql.types import Types
from transferroom_pipeline.legacy.tsql.verdicts import Verdict

_MODIFIERS = {"with_", "joins", "laterals", "where", "group", "having", "order", "limit", "offset", "options", "for_"}
_BINARY = (
    exp.And, exp.Or, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Is,
    exp.Add, exp.Sub, exp.Mul, exp.Mod, exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.Escape, exp.Collate,
    exp.WithinGroup,
    exp.QueryOption, exp.DataTypeParam,
)  # fmt: skip
_UNARY = (
    exp.From, exp.Where, exp.Having, exp.IgnoreNulls, exp.RespectNulls, exp.National, exp.Paren, exp.Neg,
    exp.Not, exp.Any, exp.All, exp.Exists, exp.BitwiseNot, exp.Var,
)  # fmt: skip
_LISTS = (exp.Tuple, exp.GroupingSets, exp.Cube, exp.Rollup, exp.WithTableHint, exp.Distinct)

KNOWN: dict[type, frozenset[str] | set[str]] = {
    **dict.fromkeys(_BINARY, frozenset({"this", "expression"})),
    **dict.fromkeys(_UNARY, frozenset({"this"})),
    **dict.fromkeys(_LISTS, frozenset({"expressions"})),
    **dict.fromkeys((exp.Union, exp.Except, exp.Intersect), frozenset({"this", "expression", "distinct", *_MODIFIERS})),
    exp.Select: {"expressions", "distinct", "from_", *_MODIFIERS},
    exp.Subquery: {"this", "alias", "pivots", *_MODIFIERS},
    exp.With: {"expressions"},
    exp.CTE: {"this", "alias"},
    exp.Values: {"expressions", "alias"},
    exp.Join: {"this", "on", "kind", "side", "hint", "method"},
    exp.Table: {"this", "db", "catalog", "alias", "hints", "pivots", "joins", "version", "when", "sample"},
    exp.Lateral: {"this", "alias", "cross_apply"},
    exp.TableAlias: {"this", "columns"},
    exp.Identifier: {"this", "quoted"},
    exp.Column: {"this", "table", "db", "catalog"},
    exp.Star: set(),
    exp.Null: set(),
    exp.Alias: {"this", "alias"},
    exp.Group: {"expressions", "rollup", "cube", "grouping_sets", "all"},
    exp.Order: {"expressions"},
    exp.Ordered: {"this", "desc", "nulls_first"},
    exp.Limit: {"expression", "limit_options"},
    exp.LimitOptions: {"percent", "rows", "with_ties"},
    exp.Fetch: {"count", "direction", "limit_options"},
    exp.Offset: {"expression"},
    exp.Window: {"this", "partition_by", "order", "spec", "over"},
    exp.WindowSpec: {"kind", "start", "start_side", "end", "end_side"},
    exp.Pivot: {"expressions", "fields", "unpivot", "alias", "default_on_null", "columns"},
    exp.Literal: {"this", "is_string"},
    exp.In: {"this", "expressions", "query", "field"},
    exp.Between: {"this", "low", "high"},
    exp.Like: {"this", "expression", "negate"},
    exp.Div: {"this", "expression", "typed", "safe"},
    exp.Case: {"this", "ifs", "default"},
    exp.If: {"this", "true"},
    exp.Cast: {"this", "to"},
    exp.TryCast: {"this", "to", "safe", "requires_string"},
    exp.Convert: {"this", "expression", "style", "safe"},
    exp.Trim: {"this", "expression", "position"},
    exp.DataType: {"this", "expressions", "kind", "nested"},
    exp.Anonymous: {"this", "expressions"},
}
"""Each node that is known, with the parts of it that are known: a part that is not could change what it means."""

_OWN_RULE = (
    exp.TableSample, exp.AtTimeZone, exp.NextValueFor, exp.Version, exp.Dot, exp.XMLKeyValueOption,
    exp.HexString,
)  # fmt: skip
_NAMES: dict[type, str] = {exp.Parameter: "a variable", exp.Placeholder: "a variable", exp.DPipe: "||"}


def _unknown_node(node: exp.Expr, _types: Types) -> str | None:
    if isinstance(node, _OWN_RULE):
        return None
    parts = KNOWN.get(type(node))
    if parts is None:
        return _NAMES.get(type(node), type(node).__name__)
    unknown = sorted(name for name, part in node.args.items() if part and name not in parts)
    return f"{type(node).__name__} with {', '.join(unknown)}" if unknown else None


def _incomplete(node: exp.Expr, _types: Types) -> str | None:
    parts = [
        part for name, part in node.args.items() if name in {"expressions", "rollup", "cube", "grouping_sets", "query"}
    ]
    names: dict[type[exp.Expr], str] = {exp.Select: "SELECT without columns", exp.Group: "GROUP BY without columns"}
    name = names.get(type(node), "IN ()")
    return None if any(parts) else name


RULES = (
    Rule(
        "unknown_construct", "a construct that is not known", Verdict.REFUSE, Verdict.WARN,
        "nothing is known of its meaning elsewhere",
        "run this table on SQL Server, or write it in other words",
        nodes=(exp.Expr,), matches=_unknown_node,
    ),
    Rule(
        "incomplete", "a clause without what belongs to it", Verdict.REFUSE, Verdict.REFUSE,
        "SQL Server cannot read it",
        "complete it",
        nodes=(exp.Select, exp.Group, exp.In), matches=_incomplete,
    ),
)  # fmt: skip
