"""Comparisons: collation and trailing blanks, the order of texts, and values of different types."""

from collections.abc import Iterator

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.conversions import is_identifier, is_whole_number
from transferroom_pipeline.legacy.tsql.date_parts import is_time, looks_like_a_date, parse_date, rounded_to_datetime
from transferroom_pipeline.legacy.tsql.rule import Doubt, Rule
from transferroom_pipeline.legacy.tsql.rules.settled import Case, differences_matter, is_text, settled
from transferroom_pipeline.legacy.tsql.sql_types import Family
from transferroom_pipeline.legacy.tsql.types import Types
from transferroom_pipeline.legacy.tsql.verdicts import Verdict

EQUALITIES = (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ)
INEQUALITIES = (exp.GT, exp.GTE, exp.LT, exp.LTE)
COMPARISONS = (*EQUALITIES, *INEQUALITIES, exp.Between, exp.In, exp.Case)
NUMBERS = (Family.INTEGER, Family.DECIMAL, Family.MONEY, Family.FLOAT, Family.BIT)
DATES = (Family.DATE, Family.DATETIME, Family.TIME, Family.OFFSET)
_TEXT_OR_UNKNOWN = (Family.TEXT, Family.UNKNOWN)
_SUBQUERIES = (exp.Query, exp.Any, exp.All)
_SEARCHES = ("CHARINDEX", "REPLACE", "TRANSLATE", "NULLIF")
_TRIMS = ("LTRIM", "RTRIM")
_EXTREMES = ("MIN", "MAX", "GREATEST", "LEAST")


def pairs(node: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """The operands that a comparison compares with each other."""
    this, others = node.this, []
    if isinstance(node, exp.Between):
        others = [node.args["low"], node.args["high"]]
    elif isinstance(node, exp.In):
        others = [node.args["query"]] if node.args.get("query") else node.expressions
    elif isinstance(node, exp.Case):
        others = [branch.this for branch in node.args["ifs"]] if this else []
    elif isinstance(node, exp.Anonymous):
        this, *others = node.expressions[:2] if node.name.upper() == "NULLIF" else [None]
    elif isinstance(node, exp.Binary):
        others = [node.right]
    for other in others:
        yield this, other


def _compares(left: exp.Expr, right: exp.Expr, types: Types) -> bool | None:
    """Whether two operands are compared as texts; None where types leave it open."""
    families = types.family(left.unnest()), types.family(right.unnest())
    if families == (Family.TEXT, Family.TEXT):
        return True
    if Family.UNKNOWN not in families or not all(family in _TEXT_OR_UNKNOWN for family in families):
        return False
    return None


def _equal_texts(node: exp.Expr, types: Types) -> str | None:
    name = "IN" if isinstance(node, exp.In) else "CASE" if isinstance(node, exp.Case) else "="
    name = "NULLIF" if isinstance(node, exp.Anonymous) else name
    if isinstance(node, exp.Trim):
        return _trims(node.expression, types, "TRIM") if node.expression else None
    if isinstance(node, exp.Anonymous) and node.name.upper() != "NULLIF":
        return _searches(node, types)
    found = [_compares(left, right, types) for left, right in pairs(node) if differences_matter(left, right, types)]
    if True in found:
        return f"{name} on texts"
    return Doubt(f"{name} on what may be texts") if None in found else None


def _searches(node: exp.Anonymous, types: Types) -> str | None:
    name = node.name.upper()
    if name == "COUNT" and node.expressions and isinstance(node.expressions[0], exp.Distinct):
        return _kept_apart(node.expressions[0].expressions, types, "COUNT(DISTINCT)")
    if name in _TRIMS and len(node.expressions) > 1:
        return _trims(node.expressions[1], types, name)
    if name not in _SEARCHES or not node.expressions:
        return None
    sought = node.expressions[0 if name == "CHARINDEX" else 1] if len(node.expressions) > 1 else node.expressions[0]
    return None if is_text(sought.unnest()) and settled(sought, types).case is Case.NONE else f"{name} in a text"


def _trims(characters: exp.Expr, types: Types, name: str) -> str | None:
    """The characters that are trimmed are looked for as a text is."""
    is_open = not is_text(characters.unnest()) or settled(characters, types).case is not Case.NONE
    return f"{name} of characters" if is_open else None


def _kept_apart(values: list[exp.Expr], types: Types, name: str) -> str | None:
    """Texts of which equal ones count once."""
    open_ones = [value for value in values if not settled(value, types).is_whole]
    families = [types.family(value) for value in open_ones if not isinstance(value.unnest(), exp.Literal)]
    if Family.TEXT in families:
        return f"{name} on texts"
    return Doubt(f"{name} on what may be texts") if Family.UNKNOWN in families else None


def _groups(node: exp.Expr, types: Types) -> str | None:
    if isinstance(node, exp.Group):
        sets = [node.args.get(kind) or [] for kind in ("rollup", "cube", "grouping_sets")]
        columns = [column for found in sets for part in found for column in part.find_all(exp.Column)]
        return _kept_apart([*node.expressions, *columns], types, "GROUP BY")
    if isinstance(node, exp.Window):
        return _kept_apart(node.args.get("partition_by") or [], types, "PARTITION BY")
    if isinstance(node, exp.Pivot):
        return _pivots(node, types)
    if isinstance(node, exp.SetOperation):
        name = type(node).__name__.upper()
        all_rows = isinstance(node, exp.Union) and not node.args.get("distinct")
        return None if all_rows else _kept_apart(_projections(node), types, name)
    is_distinct = isinstance(node, exp.Select) and node.args.get("distinct")
    return _kept_apart(node.selects, types, "DISTINCT") if isinstance(node, exp.Select) and is_distinct else None


def _projections(node: exp.Expr) -> list[exp.Expr]:
    while isinstance(node, exp.SetOperation):
        node = node.left
    query = node.unnest()
    return query.selects if isinstance(query, exp.Query) else []


def _pivots(node: exp.Pivot, types: Types) -> str | None:
    fields = [] if node.args.get("unpivot") else node.args.get("fields") or []
    families = [types.family(field.this) for field in fields]
    if Family.TEXT in families:
        return "PIVOT on texts"
    return Doubt("PIVOT on what may be texts") if Family.UNKNOWN in families else None


def _orders(node: exp.Expr, types: Types) -> str | None:
    """The order of texts, where it decides which rows or values come."""
    if isinstance(node, exp.Anonymous):
        is_extreme = node.name.upper() in _EXTREMES
        return _by_order(node.expressions, types, node.name.upper()) if is_extreme else None
    if isinstance(node, exp.Ordered):
        return _by_order([node.this], types, "ORDER BY") if _order_decides(node) else None
    if isinstance(node, exp.Binary | exp.Between):
        name = "BETWEEN" if isinstance(node, exp.Between) else "< or >"
        found = [_compares(left, right, types) for left, right in pairs(node)]
        if True in found:
            return f"order of texts ({name})"
        return Doubt(f"order of what may be texts ({name})") if None in found else None
    return None


def _by_order(values: list[exp.Expr], types: Types, name: str) -> str | None:
    families = [types.family(value) for value in values if not is_text(value.unnest())]
    if Family.TEXT in families:
        return f"order of texts ({name})"
    unknown = Family.UNKNOWN in families and not all(_is_position(value) for value in values)
    return Doubt(f"order of what may be texts ({name})") if unknown else None


def _is_position(value: exp.Expr) -> bool:
    return isinstance(value, exp.Literal) and not value.is_string


def _order_decides(node: exp.Ordered) -> bool:
    order = node.parent
    owner = order.parent if order is not None else None
    if isinstance(owner, exp.Window):
        return True
    return isinstance(owner, exp.WithinGroup) or bool(owner and (owner.args.get("limit") or owner.args.get("offset")))


def _mixed(node: exp.Expr, types: Types, kinds: tuple[Family, ...]) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """Texts compared with values of other kinds, the text first."""
    for left, right in pairs(node):
        for text, other in ((left, right), (right, left)):
            if types.family(text.unnest()) is Family.TEXT and types.family(other.unnest()) in kinds:
                yield text.unnest(), other.unnest()


def _text_with_whole_number(node: exp.Expr, types: Types) -> str | None:
    for text, _ in _mixed(node, types, (Family.INTEGER, Family.BIT)):
        if not is_text(text):
            return "a text compared with a whole number"
    return None


def _text_with_number(node: exp.Expr, types: Types) -> str | None:
    for text, other in _mixed(node, types, NUMBERS):
        if isinstance(text, _SUBQUERIES) or isinstance(other, _SUBQUERIES):
            return "texts compared with the numbers of a subquery, or the other way round"
        is_whole = types.family(other) in (Family.INTEGER, Family.BIT)
        if types.family(other) is Family.BIT and is_text(text) and text.name.lower() in {"true", "false"}:
            continue
        if not is_whole and not (is_text(text) and text.name.replace(".", "", 1).lstrip("+-").isdecimal()):
            return "a text compared with a number"
        if is_whole and is_text(text) and not is_whole_number(text.name):
            return f"a whole number compared with the text '{text.name}'"
    return None


def _mixes_operands(node: exp.Expr, types: Types) -> str | None:
    """A text compared with texts and with values of another kind by one operator."""
    found = [
        (types.family(this.unnest()), types.family(other.unnest()))
        for this, other in pairs(node)
        if this is not None and not is_text(this.unnest())
    ]
    others = {other for _, other in found} - {Family.UNKNOWN, Family.NULL}
    is_mixed = bool(found) and found[0][0] is Family.TEXT and Family.TEXT in others and len(others) > 1
    name = "IN" if isinstance(node, exp.In) else "BETWEEN" if isinstance(node, exp.Between) else "CASE"
    return f"{name} of a text with texts and a {' and a '.join(sorted(others - {Family.TEXT}))}" if is_mixed else None


def _clashes(node: exp.Expr, types: Types) -> str | None:
    """Operands of which SQL Server converts neither to the other, or a TIME that it puts on a day of 1900."""
    for left, right in pairs(node):
        mine, theirs = types.family(left.unnest()), types.family(right.unnest())
        for one, other, operand in ((mine, theirs, right), (theirs, mine, left)):
            no_identifier = one is Family.UUID and not _may_be_identifier(other, operand.unnest())
            no_time = one is Family.TIME and other in (Family.DATE, Family.DATETIME, Family.OFFSET)
            if no_identifier or no_time:
                return f"a {one} compared with a {other}"
    return None


def _may_be_identifier(family: Family, operand: exp.Expr) -> bool:
    if is_text(operand):
        return is_identifier(operand.name)
    return family in (Family.UUID, Family.NULL, Family.UNKNOWN, Family.BINARY, Family.TEXT)


def _date_literal(node: exp.Expr, types: Types) -> str | None:
    for text, _ in _mixed(node, types, (Family.DATE, Family.DATETIME)):
        if is_text(text) and parse_date(text.name) is None:
            return f"the date '{text.name}'"
    for text, _ in _mixed(node, types, (Family.UNKNOWN,)):
        if is_text(text) and looks_like_a_date(text.name):
            return Doubt(f"what may be the date '{text.name}'")
    return None


def _text_with_date(node: exp.Expr, types: Types) -> str | None:
    for text, other in _mixed(node, types, DATES):
        family = types.family(other)
        odd_time = family is Family.TIME and not is_time(text.name)
        if not is_text(text) or odd_time or family is Family.OFFSET:
            return f"a text compared with a {types.of(other)}"
    return None


def _number_with_date(node: exp.Expr, types: Types) -> str | None:
    for left, right in pairs(node):
        families = {types.family(left.unnest()), types.family(right.unnest())}
        if families & set(NUMBERS) and families & set(DATES):
            return "a number compared with a date"
    return None


def _rounded_literal(node: exp.Expr, types: Types) -> str | None:
    for text, other in _mixed(node, types, (Family.DATETIME,)):
        moment = parse_date(text.name) if is_text(text) else None
        if moment and types.of(other).name == "DATETIME" and rounded_to_datetime(moment) != moment:
            return f"a DATETIME compared with '{text.name}'"
    return None


def _datetime_with_datetime2(node: exp.Expr, types: Types) -> str | None:
    for left, right in pairs(node):
        if {types.of(left.unnest()).name, types.of(right.unnest()).name} == {"DATETIME", "DATETIME2"}:
            return "a DATETIME compared with a DATETIME2"
    return None


def _orders_identifiers(node: exp.Expr, types: Types) -> str | None:
    compared = [node.this] if isinstance(node, exp.Ordered) and _order_decides(node) else []
    if isinstance(node, exp.Anonymous) and node.name.upper() in _EXTREMES:
        compared = node.expressions
    if isinstance(node, exp.Between | exp.GT | exp.GTE | exp.LT | exp.LTE):
        compared = [left for left, _ in pairs(node)]
    found = any(types.family(value) is Family.UUID for value in compared)
    return "order of a UNIQUEIDENTIFIER" if found else None


_WITH_NULLIF = (*COMPARISONS, exp.Anonymous)

RULES = (
    Rule(
        "collation", "equality of texts", Verdict.WARN, Verdict.WARN,
        "SQL Server compares texts without regard to case (in a _CI_ collation) and to blanks at the end, and here "
        "every character counts",
        "write UPPER(RTRIM(x)) on both sides, or make sure that the texts differ in more than case and blanks",
        needs_types=True, nodes=(*_WITH_NULLIF, exp.Trim), matches=_equal_texts,
    ),
    Rule(
        "collation_groups", "GROUP BY, DISTINCT, UNION or PARTITION BY on texts", Verdict.WARN, Verdict.WARN,
        "SQL Server takes texts that differ in case (in a _CI_ collation) or in blanks at the end as one, and here "
        "every character counts",
        "write UPPER(RTRIM(x)), or make sure that the texts differ in more than case and blanks",
        needs_types=True, nodes=(exp.Group, exp.Window, exp.Pivot, exp.SetOperation, exp.Select), matches=_groups,
    ),
    Rule(
        "collation_order", "order of texts", Verdict.WARN, Verdict.WARN,
        "SQL Server puts texts in the order of the collation, a before B, and here they are in the order of code "
        "points, B before a",
        "order by something else, or make sure that the texts have one case and plain letters",
        needs_types=True, nodes=(exp.Anonymous, exp.Ordered, exp.Between, *INEQUALITIES), matches=_orders,
    ),
    Rule(
        "identifier_order", "order of a UNIQUEIDENTIFIER", Verdict.REFUSE, Verdict.WARN,
        "SQL Server orders them by their last bytes first",
        "order by something else",
        needs_types=True, nodes=(exp.Anonymous, exp.Ordered, exp.Between, *INEQUALITIES),
        matches=_orders_identifiers,
    ),
    Rule(
        "text_with_whole_number", "a text compared with a whole number", Verdict.RIGHT, Verdict.WARN,
        "the text is converted to a number on SQL Server, '' to 0",
        "CAST one side, so that both have one type",
        needs_types=True, nodes=_WITH_NULLIF, matches=_text_with_whole_number,
    ),
    Rule(
        "text_with_number", "a text compared with a number", Verdict.REFUSE, Verdict.WARN,
        "the text is converted to a number on SQL Server, by rules of its own",
        "CAST one side, so that both have one type",
        needs_types=True, nodes=_WITH_NULLIF, matches=_text_with_number,
    ),
    Rule(
        "mixed_operands", "a text compared with texts and other values at once", Verdict.REFUSE, Verdict.REFUSE,
        "which of them SQL Server converts hangs on all of them",
        "write a comparison of its own for each kind",
        needs_types=True, nodes=(exp.In, exp.Between, exp.Case), matches=_mixes_operands,
    ),
    Rule(
        "type_clash", "values that cannot be compared", Verdict.REFUSE, Verdict.REFUSE,
        "SQL Server does not convert one to the other, or puts a TIME on 1900-01-01",
        "CAST one of them",
        needs_types=True, nodes=_WITH_NULLIF, matches=_clashes,
    ),
    Rule(
        "date_literal", "a date that is not in ISO 8601's form", Verdict.REFUSE, Verdict.REFUSE,
        "how it is read depends on the language setting of SQL Server, and elsewhere it is no date",
        "write the date as 'YYYY-MM-DD'",
        needs_types=True, firm=True, nodes=_WITH_NULLIF, matches=_date_literal,
    ),
    Rule(
        "text_with_date", "a text compared with a date", Verdict.REFUSE, Verdict.WARN,
        "SQL Server reads many forms of dates",
        "convert the text to a date where it is loaded",
        needs_types=True, nodes=_WITH_NULLIF, matches=_text_with_date,
    ),
    Rule(
        "number_with_date", "a number compared with a date", Verdict.REFUSE, Verdict.REFUSE,
        "a number stands for days since 1900 on SQL Server",
        "write the date",
        needs_types=True, nodes=_WITH_NULLIF, matches=_number_with_date,
    ),
    Rule(
        "datetime_literal", "a DATETIME compared with a fraction of a second", Verdict.RIGHT, Verdict.WARN,
        "the constant is rounded to 1/300 of a second on SQL Server: .999 is midnight of the next day",
        "compare with < and the next day",
        needs_types=True, nodes=_WITH_NULLIF, matches=_rounded_literal,
    ),
    Rule(
        "datetime_with_datetime2", "a DATETIME compared with a DATETIME2", Verdict.WARN, Verdict.WARN,
        "a DATETIME counts in thirds of 10 milliseconds on SQL Server, so that .003 is not .003 there",
        "CAST both to DATETIME2(0), or make sure that they have whole seconds",
        needs_types=True, nodes=_WITH_NULLIF, matches=_datetime_with_datetime2,
    ),
)  # fmt: skip
