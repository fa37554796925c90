"""Numbers: division, precision, rounding, and the order in which operators bind."""

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.rule import Doubt, Rule
from transferroom_pipeline.legacy.tsql.sql_types import Family, decimal_result
from transferroom_pipeline.legacy.tsql.types import Types
from transferroom_pipeline.legacy.tsql.verdicts import Verdict

_WHOLE = (Family.INTEGER, Family.BIT)
_DATES = (Family.DATE, Family.DATETIME, Family.TIME, Family.OFFSET)
_EXACT = (Family.DECIMAL, Family.MONEY)
_SIGNS = {exp.BitwiseAnd: "&", exp.BitwiseOr: "|", exp.BitwiseXor: "^"}
_PRODUCTS = (exp.Mul, exp.Div, exp.Mod)


def _families(node: exp.Binary, types: Types) -> set[Family]:
    return {types.family(node.left), types.family(node.right)}


def _divides_whole_numbers(node: exp.Expr, types: Types) -> str | None:
    both_whole = isinstance(node, exp.Div) and _families(node, types) <= set(_WHOLE)
    return "division of whole numbers" if both_whole else None


def _divides_decimals(node: exp.Expr, types: Types) -> str | None:
    if not isinstance(node, exp.Div):
        return None
    families = _families(node, types)
    if Family.FLOAT in families or Family.NULL in families or families <= set(_WHOLE):
        return None
    name = "division without a FLOAT on either side"
    return Doubt(name) if Family.UNKNOWN in families and not families & set(_EXACT) else name


def _loses_digits(node: exp.Expr, types: Types) -> str | None:
    if not isinstance(node, exp.Mul | exp.Add | exp.Sub):
        return None
    left, right = types.of(node.left), types.of(node.right)
    if {left.family, right.family} == {Family.UNKNOWN} and isinstance(node, exp.Mul):
        return Doubt("product of numbers of unknown type")
    if Family.DECIMAL not in (left.family, right.family) or not left.digits or not right.digits:
        return None
    result, loses = decimal_result(type(node), left.digits, right.digits)
    return f"DECIMAL result of {left} and {right}, which is cut to {result}" if loses else None


def _multiplies_money(node: exp.Expr, types: Types) -> str | None:
    both = isinstance(node, exp.Mul | exp.Mod) and _families(node, types) == {Family.MONEY}
    return "product of MONEY" if both else None


def _function(name: str, node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.upper() == name and bool(node.expressions)


def _averages_exactly(node: exp.Expr, types: Types) -> str | None:
    if not _function("AVG", node):
        return None
    family = types.family(node.expressions[0])
    if family in (Family.FLOAT, Family.NULL):
        return None
    name = "AVG without a FLOAT"
    return Doubt(name) if family is Family.UNKNOWN else name


def _raises_whole_number(node: exp.Expr, types: Types) -> str | None:
    if not _function("POWER", node):
        return None
    return "POWER of a whole number" if types.family(node.expressions[0]) in _WHOLE else None


def _raises_decimal(node: exp.Expr, types: Types) -> str | None:
    if not _function("POWER", node):
        return None
    family = types.family(node.expressions[0])
    if family is Family.UNKNOWN:
        return Doubt("POWER")
    return None if family in (Family.FLOAT, Family.NULL, *_WHOLE) else f"POWER of {types.of(node.expressions[0])}"


def _turns_whole_angle(node: exp.Expr, types: Types) -> str | None:
    name = node.name.upper()
    if name not in {"DEGREES", "RADIANS"} or not _function(name, node):
        return None
    family = types.family(node.expressions[0])
    if family is Family.UNKNOWN:
        return Doubt(name)
    return None if family is Family.FLOAT else f"{name} of a {types.of(node.expressions[0])}"


def _rounds_float(node: exp.Expr, types: Types) -> str | None:
    if not _function("ROUND", node):
        return None
    family = types.family(node.expressions[0])
    if family is Family.UNKNOWN:
        return Doubt("ROUND")
    return "ROUND of a FLOAT" if family is Family.FLOAT else None


def _rounds_by_column(node: exp.Expr, types: Types) -> str | None:
    if not _function("ROUND", node) or len(node.expressions) == 1:
        return None
    _, places, *cut = node.expressions
    family = types.family(node.expressions[0])
    is_open = family in (*_EXACT, Family.UNKNOWN) and not _is_constant(places)
    name = "ROUND to a number of digits that is no constant"
    if is_open:
        return Doubt(name) if family is Family.UNKNOWN else name
    return "ROUND with a third argument that is no constant" if cut and not _is_constant(cut[0]) else None


def _cuts_digits(node: exp.Expr, _types: Types) -> str | None:
    cut = node.expressions[2:] if _function("ROUND", node) else []
    return "ROUND that cuts" if cut and cut[0].name != "0" else None


def _is_constant(value: exp.Expr) -> bool:
    inner = value.unnest()
    return isinstance(inner.this if isinstance(inner, exp.Neg) else inner, exp.Literal)


def _negates_other(node: exp.Expr, types: Types) -> str | None:
    found = types.of(node.this)
    return f"- before a {found}" if found.family in (Family.TEXT, Family.BIT, *_DATES, Family.UUID) else None


def _takes_share_from_top(node: exp.Expr, types: Types) -> str | None:
    ordered = node.expression.expressions if isinstance(node, exp.WithinGroup) else []
    is_downwards = _function("PERCENTILE_DISC", node.this) and bool(ordered) and ordered[0].args.get("desc")
    family = types.family(ordered[0].this) if is_downwards else Family.INTEGER
    if family is Family.UNKNOWN:
        return Doubt("PERCENTILE_DISC in descending order")
    is_number = family in (Family.INTEGER, Family.DECIMAL, Family.MONEY, Family.FLOAT)
    return None if is_number else f"PERCENTILE_DISC of a {family} in descending order"


def _computes_with_other(node: exp.Expr, types: Types) -> str | None:
    families = _families(node, types) if isinstance(node, exp.Binary) else set()
    if Family.UUID in families:
        return "arithmetic on a UNIQUEIDENTIFIER"
    is_float = isinstance(node, exp.Mod | exp.BitwiseAnd | exp.BitwiseOr | exp.BitwiseXor) and Family.FLOAT in families
    return "% or a bitwise operator on a FLOAT" if is_float else None


def _mixes_bits_and_sums(node: exp.Expr, _types: Types) -> str | None:
    if not isinstance(node, exp.Binary):
        return None
    mixed = any(type(side) in _SIGNS and type(side) is not type(node) for side in (node.left, node.right))
    mixed = mixed or any(isinstance(side, exp.Add | exp.Sub) for side in (node.left, node.right))
    return f"{_SIGNS[type(node)]} beside another operator without parentheses" if mixed else None


def _divides_by_negative(node: exp.Expr, _types: Types) -> str | None:
    if not isinstance(node, exp.Binary):
        return None
    left = node.left
    negative = isinstance(left, _PRODUCTS) and isinstance(left.right, exp.Neg)
    return "- before a factor, without parentheses" if negative else None


def _computes_with_bits(node: exp.Expr, types: Types) -> str | None:
    return "arithmetic on a BIT" if isinstance(node, exp.Binary) and Family.BIT in _families(node, types) else None


def _flips_bits(node: exp.Expr, types: Types) -> str | None:
    family = types.family(node.this)
    if family is Family.UNKNOWN:
        return Doubt("~")
    return "~ of a BIT" if family is Family.BIT else None


RULES = (
    Rule(
        "integer_division", "division of whole numbers", Verdict.RIGHT, Verdict.REFUSE,
        "whole numbers divide to a whole number on SQL Server, cut towards zero",
        "write CAST(a / b AS INT) there, or CAST one side AS FLOAT on both sides",
        needs_types=True, nodes=(exp.Div,), matches=_divides_whole_numbers,
    ),
    Rule(
        "division", "division of decimals", Verdict.REFUSE, Verdict.REFUSE,
        "decimals divide to a decimal of a fixed number of digits on SQL Server, cut off, and elsewhere to a double "
        "or a rounded decimal",
        "CAST one side AS FLOAT, or run this table on SQL Server",
        needs_types=True, firm=True, nodes=(exp.Div,), matches=_divides_decimals,
    ),
    Rule(
        "decimal_digits", "DECIMAL beyond 38 digits", Verdict.REFUSE, Verdict.RIGHT,
        "SQL Server keeps fewer digits after the point where the result needs more than 38, and the stand-in does "
        "not",
        "CAST both sides to DECIMALs with fewer digits first",
        needs_types=True, nodes=(exp.Mul, exp.Add, exp.Sub), matches=_loses_digits,
    ),
    Rule(
        "money_product", "product of MONEY", Verdict.REFUSE, Verdict.WARN,
        "SQL Server rounds it to four digits",
        "CAST both sides to DECIMAL first",
        needs_types=True, nodes=(exp.Mul, exp.Mod), matches=_multiplies_money,
    ),
    Rule(
        "avg", "AVG of whole numbers or decimals", Verdict.REFUSE, Verdict.REFUSE,
        "the mean of whole numbers is a whole number on SQL Server, and that of decimals is cut off",
        "write AVG(CAST(x AS FLOAT))",
        needs_types=True, firm=True, nodes=(exp.Anonymous,), matches=_averages_exactly,
    ),
    Rule(
        "power_integer", "POWER of a whole number", Verdict.RIGHT, Verdict.WARN,
        "it is a whole number on SQL Server, cut towards zero",
        "write POWER(CAST(x AS FLOAT), y)",
        needs_types=True, nodes=(exp.Anonymous,), matches=_raises_whole_number,
    ),
    Rule(
        "power", "POWER of a decimal", Verdict.REFUSE, Verdict.WARN,
        "it has the type of its base on SQL Server, and is a double elsewhere",
        "write POWER(CAST(x AS FLOAT), y)",
        needs_types=True, firm=True, nodes=(exp.Anonymous,), matches=_raises_decimal,
    ),
    Rule(
        "degrees", "DEGREES or RADIANS without a FLOAT", Verdict.REFUSE, Verdict.WARN,
        "the result has the type of the argument on SQL Server",
        "CAST the argument AS FLOAT",
        needs_types=True, firm=True, nodes=(exp.Anonymous,), matches=_turns_whole_angle,
    ),
    Rule(
        "round_float", "ROUND of a FLOAT", Verdict.WARN, Verdict.WARN,
        "a FLOAT that lies between two results, such as 2.675, may be rounded the other way",
        "CAST it to DECIMAL to round exactly",
        needs_types=True, nodes=(exp.Anonymous,), matches=_rounds_float,
    ),
    Rule(
        "round_places", "ROUND with arguments that are no constants", Verdict.REFUSE, Verdict.WARN,
        "the stand-in rounds decimals to a fixed number of digits only",
        "write CASE with one ROUND for each number of digits",
        needs_types=True, firm=True, nodes=(exp.Anonymous,), matches=_rounds_by_column,
    ),
    Rule(
        "round_cut", "ROUND that cuts", Verdict.RIGHT, Verdict.REFUSE,
        "a third argument cuts the digits off on SQL Server",
        "write CAST(x * 100 AS INT) / 100, or the like, there",
        nodes=(exp.Anonymous,), matches=_cuts_digits,
    ),
    Rule(
        "percentile_down", "PERCENTILE_DISC in descending order", Verdict.REFUSE, Verdict.WARN,
        "only of numbers is the value known that comes first from the top",
        "order upwards",
        needs_types=True, firm=True, nodes=(exp.WithinGroup,), matches=_takes_share_from_top,
    ),
    Rule(
        "operator_of_other", "an operator on a type that has none", Verdict.REFUSE, Verdict.REFUSE,
        "SQL Server has no such operator",
        "CAST both sides to numbers, for % to DECIMAL",
        needs_types=True, nodes=(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, *_SIGNS), matches=_computes_with_other,
    ),
    Rule(
        "minus_of_other", "- before what is no number", Verdict.REFUSE, Verdict.REFUSE,
        "SQL Server has no such operator",
        "CAST it to a number",
        needs_types=True, nodes=(exp.Neg,), matches=_negates_other,
    ),
    Rule(
        "bitwise_precedence", "&, | or ^ beside + or - without parentheses", Verdict.REFUSE, Verdict.REFUSE,
        "on SQL Server &, |, ^, + and - bind alike, from the left, and elsewhere + and - bind first",
        "write parentheses",
        nodes=tuple(_SIGNS), matches=_mixes_bits_and_sums,
    ),
    Rule(
        "negative_factor", "- before a factor", Verdict.REFUSE, Verdict.REFUSE,
        "on SQL Server a minus binds less than *, / and %, so that 6 / -2 * 3 is 6 / -(2 * 3)",
        "write the negative factor in parentheses",
        nodes=_PRODUCTS, matches=_divides_by_negative,
    ),
    Rule(
        "bit_arithmetic", "arithmetic on a BIT", Verdict.RIGHT, Verdict.WARN,
        "a BIT is a number on SQL Server, and true or false on Databricks",
        "write CAST(x AS INT)",
        needs_types=True, nodes=(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, *_SIGNS), matches=_computes_with_bits,
    ),
    Rule(
        "bit_complement", "~ of a BIT", Verdict.REFUSE, Verdict.WARN,
        "it is the other BIT on SQL Server",
        "write CASE WHEN x = 1 THEN 0 ELSE 1 END",
        needs_types=True, nodes=(exp.BitwiseNot,), matches=_flips_bits,
    ),
)  # fmt: skip
