"""A query of SQL Server as one of the stand-in with the same meaning.

Nodes are carried over from the innermost outwards. What the rules refuse never gets here, so that a node that is left
as it is means the same on both.
"""

from collections.abc import Callable, Sequence

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.calls import Call, call, cast_to, number, text
from transferroom_pipeline.legacy.tsql.common_types import (
    as_common,
    constant_as,
    convert_branches,
    with_one_type,
)
from transferroom_pipeline.legacy.tsql.conversions import convert
from transferroom_pipeline.legacy.tsql.convert_styles import style_format
from transferroom_pipeline.legacy.tsql.functions import FUNCTIONS
from transferroom_pipeline.legacy.tsql.like_patterns import has_class, regular_expression
from transferroom_pipeline.legacy.tsql.qualifying import calls_itself
from transferroom_pipeline.legacy.tsql.rules.casts import is_safe, style_of, value_of
from transferroom_pipeline.legacy.tsql.rules.queries import takes_all
from transferroom_pipeline.legacy.tsql.rules.settled import is_text
from transferroom_pipeline.legacy.tsql.rules.texts import trims_char
from transferroom_pipeline.legacy.tsql.sql_types import BIGINT, BIT, FLOAT, INT, NARROW, SMALLINT, Family, SqlType
from transferroom_pipeline.legacy.tsql.types import Types

_WHOLE = (Family.INTEGER, Family.BIT)
_DEFAULT_OF_LAG = 2
_AROUND_CALLS = (exp.Window, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls)
_TOTALS = {"SUM", "COUNT", "COUNT_BIG"}
_WIDER_HERE = {"LEN", "CHARINDEX", "DATEDIFF", "GROUPING", "GROUPING_ID", "UNICODE", "ASCII"}
"""Functions that give an INT or TINYINT, and a wider type on the stand-in."""
_PERCENTILES = {"QUANTILE_CONT", "QUANTILE_DISC"}

Carrier = Callable[[exp.Expr, Types], exp.Expr]


def translate(query: exp.Expr, types: Types, columns: Sequence[str] = ()) -> exp.Expr:
    """The query for the stand-in.

    Args:
        query: The query as parsed; it is changed.
        types: The types of its expressions.
        columns: Names to give the columns of its rows; none to leave them.
    """
    # Children come after their parents in this order, so that it is gone through backwards.
    for node in reversed(list(query.walk(bfs=False))):
        carried = _carry(node, types)
        if carried is not node:
            types.same(carried, node)
            node.replace(carried)
            query = carried if node is query else query
    return _named(query, columns, types)


def _carry(node: exp.Expr, types: Types) -> exp.Expr:
    for kind, carrier in _CARRIERS:
        if isinstance(node, kind):
            return carrier(node, types)
    return node


def _named(query: exp.Expr, columns: Sequence[str], types: Types) -> exp.Expr:
    """The query with the names that an INSERT or a view gives its columns."""
    given = [output.name for output in types.outputs(query)]
    if not columns or given == [name.lower() for name in columns]:
        return query
    # Around the query, because its ORDER BY may use the names that it gives itself.
    alias = exp.TableAlias(this=exp.to_identifier("named"), columns=[exp.to_identifier(name) for name in columns])
    return exp.select("*").from_(exp.Subquery(this=query, alias=alias))


def _function(node: exp.Expr, types: Types) -> exp.Expr:
    function = FUNCTIONS.get(node.name.upper())
    if function is None or isinstance(node.parent, exp.Dot):
        return node
    if node.name.upper() == "NULLIF":
        return _nullif(node, types)
    arguments = [_argument(argument, place, node, types) for place, argument in enumerate(node.expressions)]
    carried = function.translate(Call(arguments, [types.of(argument) for argument in node.expressions]))
    if node.name.upper() in _TOTALS and not isinstance(node.parent, _AROUND_CALLS):
        return _total(carried, types.of(node))
    return cast_to(types.of(node), carried) if node.name.upper() in _WIDER_HERE else carried


def _nullif(node: exp.Expr, types: Types) -> exp.Expr:
    """NULLIF compares as `=` does, with its conversions, and gives the first value as it is."""
    value, other = node.expressions
    is_equal = exp.EQ(this=_comparable(value.copy(), other, types), expression=_comparable(other, value, types))
    return exp.Case(ifs=[exp.If(this=is_equal, true=exp.Null())], default=value)


def _argument(argument: exp.Expr, place: int, node: exp.Expr, types: Types) -> exp.Expr:
    """An argument of a function that gives one of them, in the type that it gives."""
    chosen_from = {"COALESCE": 0, "GREATEST": 0, "LEAST": 0, "IIF": 1, "CHOOSE": 1}.get(node.name.upper())
    is_choice = chosen_from is not None and place >= chosen_from
    if node.name.upper() in {"LAG", "LEAD"} and place == _DEFAULT_OF_LAG:
        return _as_first(argument, node.expressions[0], types)
    return as_common(argument, types.of(node), types) if is_choice else argument


def _as_first(value: exp.Expr, first: exp.Expr, types: Types) -> exp.Expr:
    """A value in the type of another, as the default of LAG has it."""
    source, target = types.of(value), types.of(first)
    is_open = Family.UNKNOWN in (source.family, target.family) or Family.NULL in (source.family, target.family)
    return value if is_open or source.name == target.name else convert(value, source, target)


def _total(carried: exp.Expr, kind: SqlType) -> exp.Expr:
    """A sum of whole numbers, or of MONEY, in the type of SQL Server: the stand-in's own is wider."""
    return cast_to(kind, carried) if kind.family in (Family.INTEGER, Family.MONEY) else carried


def _around_call(node: exp.Expr, types: Types) -> exp.Expr:
    inner = node.this
    if isinstance(node, exp.WithinGroup) and inner.name.upper() in _PERCENTILES:
        return node if _counts_down(node) and isinstance(node.parent, exp.Window) else _percentile(node, types)
    if isinstance(inner, exp.WithinGroup) and _counts_down(inner):
        window = node.copy()
        window.set("this", _percentile(window.this, types))
        return exp.paren(exp.Neg(this=window))
    is_total = isinstance(node, exp.Window) and inner.name.upper() in {"SUM", "COUNT"}
    # A copy, because what stands for a node must not hold the node itself.
    return _total(node.copy(), types.of(node)) if is_total else node


def _counts_down(node: exp.WithinGroup) -> bool:
    """Whether it is PERCENTILE_DISC in descending order."""
    is_discrete = node.this.name.upper() == "QUANTILE_DISC"
    return is_discrete and bool(node.expression.expressions[0].args.get("desc"))


def _percentile(node: exp.WithinGroup, types: Types) -> exp.Expr:
    [ordered] = node.expression.expressions
    share, descending = node.this.expressions[0], ordered.args.get("desc")
    if node.this.name.upper() == "QUANTILE_CONT":
        share = exp.paren(exp.Sub(this=number(1), expression=share)) if descending else share
        return call(node.this.name, cast_to(FLOAT, ordered.this), share)
    if not descending:
        return call(node.this.name, ordered.this, share)
    # The first value from the top is not the last from below where the share falls between two.
    kind = types.of(ordered.this)
    value = cast_to(INT, ordered.this) if kind.name in NARROW else exp.paren(ordered.this)
    counted = call(node.this.name, exp.Neg(this=value), share)
    # With OVER the minus goes in front of both.
    return counted if isinstance(node.parent, exp.Window) else exp.paren(exp.Neg(this=counted))


def _cast(node: exp.Expr, types: Types) -> exp.Expr:
    value, source, target = value_of(node), types.of(value_of(node)), types.of(node)
    style = style_of(node)
    written = style_format(style.name, source, target) if style is not None and target.family is Family.TEXT else None
    if written is not None:
        return convert(call("STRFTIME", value, text(written)), SqlType("VARCHAR"), target)
    return convert(value, source, target, safe=is_safe(node))


def _trim(node: exp.Expr, types: Types) -> exp.Expr:
    position = node.args.get("position") or ""
    name = {"LEADING": "LTRIM", "TRAILING": "RTRIM"}.get(str(position).upper(), "TRIM")
    this = convert(node.this, types.of(node.this), SqlType("NVARCHAR")) if _is_other(node.this, types) else node.this
    return call(name, this, node.expression or text(" "))


def _is_other(value: exp.Expr, types: Types) -> bool:
    return types.family(value) not in (Family.TEXT, Family.UNKNOWN, Family.NULL)


def _sides(node: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    return node.args["this"], node.args["expression"]


def _division(node: exp.Expr, types: Types) -> exp.Expr:
    left, right = _sides(node)
    both_whole = {types.family(left), types.family(right)} <= set(_WHOLE)
    divided = exp.IntDiv if both_whole else exp.Div
    kind = types.of(node)
    return exp.paren(divided(this=_widened(left, kind, types), expression=_widened(right, kind, types)))


def _arithmetic(node: exp.Expr, types: Types) -> exp.Expr:
    left, right = _sides(node)
    families = {types.family(left), types.family(right)}
    if isinstance(node, exp.Add) and Family.TEXT in families and families <= {Family.TEXT, Family.NULL}:
        # Unlike CONCAT, || is NULL where one side is.
        return exp.paren(exp.DPipe(this=left, expression=right, safe=False))
    if families == {Family.DATETIME, Family.INTEGER}:
        return _days_added(node, types)
    kind = types.of(node)
    return type(node)(this=_widened(left, kind, types), expression=_widened(right, kind, types))


def _widened(value: exp.Expr, kind: SqlType, types: Types) -> exp.Expr:
    """A number for a computation with a type of its own: the stand-in gives a constant the type beside it."""
    is_narrow = types.of(value).name in NARROW and kind.name in {"SMALLINT", "INT", "BIGINT"}
    return cast_to(kind, value) if is_narrow and types.of(value) != kind else _number(value, types)


def _negative(node: exp.Expr, types: Types) -> exp.Expr:
    return exp.Neg(this=exp.paren(cast_to(SMALLINT, node.this))) if types.of(node.this).name == "TINYINT" else node


def _bitwise(node: exp.Expr, types: Types) -> exp.Expr:
    left, right = _sides(node)
    kind = types.of(node)
    return type(node)(this=_widened(left, kind, types), expression=_widened(right, kind, types))


def _days_added(node: exp.Expr, types: Types) -> exp.Expr:
    moment, days = sorted(_sides(node), key=lambda side: types.family(side) is not Family.DATETIME)
    return exp.paren(type(node)(this=moment, expression=call("TO_DAYS", cast_to(INT, days))))


def _number(value: exp.Expr, types: Types) -> exp.Expr:
    """A BIT is a number on SQL Server."""
    return cast_to(INT, value) if types.family(value) is Family.BIT else value


def _comparison(node: exp.Expr, types: Types) -> exp.Expr:
    left, right = _sides(node)
    return type(node)(this=_comparable(left, right, types), expression=_comparable(right, left, types))


def _between(node: exp.Expr, types: Types) -> exp.Expr:
    low, high = node.args["low"], node.args["high"]
    return exp.Between(
        this=_comparable(node.this, low, types),
        low=_comparable(low, node.this, types),
        high=_comparable(high, node.this, types),
    )


def _in(node: exp.Expr, types: Types) -> exp.Expr:
    if node.args.get("query") or not node.expressions:
        return node
    this = _comparable(node.this, node.expressions[0], types)
    return exp.In(this=this, expressions=[_comparable(value, node.this, types) for value in node.expressions])


def _case(node: exp.Expr, types: Types) -> exp.Expr:
    kind = types.of(node)
    branches = []
    this = node.this
    if this and any(_comparable(this.copy(), branch.this, types) != this for branch in node.args["ifs"]):
        return _case(_searched(node, types), types)
    for branch in node.args["ifs"]:
        condition = _comparable(branch.this, node.this, types) if node.this else branch.this
        branches.append(exp.If(this=condition, true=as_common(branch.args["true"], kind, types)))
    default = node.args.get("default")
    return exp.Case(this=node.this, ifs=branches, default=as_common(default, kind, types) if default else None)


def _searched(node: exp.Expr, types: Types) -> exp.Case:
    """CASE x WHEN y as CASE WHEN x = y, where x is converted to be compared."""
    branches = []
    for branch in node.args["ifs"]:
        left, right = (
            _comparable(*pair, types) for pair in ((node.this.copy(), branch.this), (branch.this.copy(), node.this))
        )
        branches.append(exp.If(this=exp.EQ(this=left, expression=right), true=branch.args["true"]))
    searched = exp.Case(ifs=branches, default=node.args.get("default"))
    types.same(searched, node)
    return searched


def _comparable(value: exp.Expr, other: exp.Expr, types: Types) -> exp.Expr:
    """A value as SQL Server converts it to be compared with another."""
    mine, theirs = types.of(value), types.of(other)
    if mine.family is Family.TEXT and theirs.family is Family.BIT:
        return _bit_of_text(value, mine)
    if mine.family is Family.TEXT and theirs.family is Family.INTEGER:
        return convert(value, mine, BIGINT)
    if mine.family is Family.BIT and theirs.family not in (Family.BIT, Family.NULL, Family.UNKNOWN):
        return cast_to(INT, value)
    return constant_as(value, theirs, types)


def _bit_of_text(value: exp.Expr, kind: SqlType) -> exp.Expr:
    """A text beside a BIT as 1 or 0."""
    if is_text(value) and value.name.lower() in {"true", "false"}:
        return number(int(value.name.lower() == "true"))
    return cast_to(INT, convert(convert(value, kind, BIGINT), BIGINT, BIT))


def _like(node: exp.Expr, types: Types) -> exp.Expr:
    """A LIKE with classes as a regular expression, in which `.` and so `%` and `_` match line ends too."""
    pattern = node.expression.unnest()
    if types.family(node.this) is Family.INTEGER:
        node.set("this", convert(node.this, types.of(node.this), SqlType("VARCHAR")))
    if types.family(pattern) is Family.INTEGER:
        node.set("expression", convert(pattern, types.of(pattern), SqlType("VARCHAR")))
    if trims_char(node, types):
        node.set("this", call("RTRIM", node.this, text(" ")))
    if isinstance(node.parent, exp.Escape) or not is_text(pattern) or not has_class(pattern.name):
        return node
    return _matching(node, regular_expression(pattern.name))


def _escape(node: exp.Expr, _types: Types) -> exp.Expr:
    like = node.this
    if not isinstance(like, exp.Like) or not is_text(like.expression) or not has_class(like.expression.name):
        return node
    return _matching(like, regular_expression(like.expression.name, node.expression.name))


def _matching(like: exp.Expr, expression: str | None) -> exp.Expr:
    found = call("REGEXP_FULL_MATCH", like.this, text(expression or ""), text("s"))
    return exp.paren(exp.Not(this=found)) if like.args.get("negate") else found


def _query(node: exp.Expr, types: Types) -> exp.Expr:
    limit = node.args.get("limit")
    if limit is not None and takes_all(limit):
        node.set("limit", None)
    for unwanted in ("options", "for_"):
        node.set(unwanted, None)
    if isinstance(node, exp.SetOperation) and not isinstance(node.parent, exp.SetOperation):
        convert_branches(node, types)
    is_branch = isinstance(node, exp.Select) and isinstance(node.parent, exp.SetOperation)
    # The stand-in has LIMIT after a whole set operation only, unless there are parentheses.
    return exp.Subquery(this=node.copy()) if is_branch and node.args.get("limit") else node


def _column(node: exp.Expr, types: Types) -> exp.Expr:
    table = types.hidden_table(node) if isinstance(node, exp.Column) else None
    if table is not None:
        node.set("table", exp.to_identifier(table))
    return node


def _table(node: exp.Expr, _types: Types) -> exp.Expr:
    node.set("hints", None)
    return node


def _join(node: exp.Expr, _types: Types) -> exp.Expr:
    """An APPLY as a lateral join."""
    applied = node.this
    if not isinstance(applied, exp.Lateral):
        return node
    lateral = exp.Lateral(this=applied.this, alias=applied.args.get("alias"))
    if applied.args.get("cross_apply"):
        return exp.Join(this=lateral, kind="CROSS")
    return exp.Join(this=lateral, side="LEFT", on=exp.true())


def _with(node: exp.Expr, _types: Types) -> exp.Expr:
    if any(calls_itself(cte) for cte in node.expressions):
        node.args["recursive"] = True
    return node


def _group(node: exp.Expr, _types: Types) -> exp.Expr:
    """GROUP BY a, b WITH ROLLUP as GROUP BY ROLLUP (a, b)."""
    for name, kind in (("rollup", exp.Rollup), ("cube", exp.Cube)):
        if any(not part.expressions for part in node.args.get(name) or []):
            node.set(name, [kind(expressions=list(node.expressions))])
            node.set("expressions", [])
    return node


def _national(node: exp.Expr, _types: Types) -> exp.Expr:
    return text(node.name)


def _without_collation(node: exp.Expr, _types: Types) -> exp.Expr:
    collated: exp.Expr = node.this
    return collated


_CARRIERS: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], Carrier], ...] = (
    (exp.Anonymous, _function),
    ((exp.Cast, exp.Convert), _cast),
    (exp.Trim, _trim),
    (exp.Div, _division),
    (exp.Neg, _negative),
    ((exp.Add, exp.Sub, exp.Mul, exp.Mod), _arithmetic),
    ((exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor), _bitwise),
    ((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ), _comparison),
    (exp.Between, _between),
    (exp.In, _in),
    (exp.Case, _case),
    (exp.Like, _like),
    (exp.Escape, _escape),
    (_AROUND_CALLS, _around_call),
    (exp.Values, with_one_type),
    (exp.Query, _query),
    (exp.Column, _column),
    (exp.Table, _table),
    (exp.Join, _join),
    (exp.With, _with),
    (exp.Group, _group),
    (exp.National, _national),
    (exp.Collate, _without_collation),
)
