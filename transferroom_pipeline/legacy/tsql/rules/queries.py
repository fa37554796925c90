"""The shape of a query: rows that are not reproducible, clauses without a counterpart, other databases."""

import re
from collections.abc import Callable

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.dialect import NAMED_BY_TEXT
from transferroom_pipeline.legacy.tsql.functions import FUNCTIONS
from transferroom_pipeline.legacy.tsql.qualifying import calls_itself
from transferroom_pipeline.legacy.tsql.rule import Doubt, Rule
from transferroom_pipeline.legacy.tsql.sql_types import Family
from transferroom_pipeline.legacy.tsql.types import Types
from transferroom_pipeline.legacy.tsql.verdicts import Verdict

Match = Callable[[exp.Expr, Types], str | None]

_BY_PLACE = ("ROW_NUMBER", "NTILE", "LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE")
_NUMBERS_ROWS = ("ROW_NUMBER", "NTILE")
_SYSTEM_SCHEMAS = {"sys", "information_schema"}
_OLD_CATALOG = {"sysobjects", "syscolumns", "sysindexes", "sysusers", "sysdatabases", "sysprocesses"}
_SKIPPING_HINTS = {"READPAST"}
_CONDITIONS: dict[type[exp.Expr], tuple[str, ...]] = {
    **dict.fromkeys((exp.Where, exp.Having, exp.Not, exp.If), ("this",)),
    **dict.fromkeys((exp.And, exp.Or), ("this", "expression")),
    exp.Join: ("on",),
}
"""The parts of a query that are conditions."""
_IS_CONDITION = (exp.Predicate, exp.Connector, exp.Not, exp.Escape)
_PIVOTED_FORMS = {
    Family.TEXT: re.compile(r".*", re.DOTALL),
    Family.INTEGER: re.compile(r"0|-?[1-9][0-9]*"),
    Family.DATE: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
}
"""What a value in the IN of a PIVOT looks like where the stand-in takes it for the same one."""


def _top_name(limit: exp.Expr) -> str:
    return "FETCH" if isinstance(limit, exp.Fetch) else "TOP"


def _limit(node: exp.Expr) -> exp.Expr | None:
    found = node.args.get("limit") if isinstance(node, exp.Query) else None
    return found if isinstance(found, exp.Expr) else None


def _options(limit: exp.Expr) -> exp.Expr | None:
    return limit.args.get("limit_options")


def _takes_share(limit: exp.Expr) -> bool:
    options = _options(limit)
    return options is not None and bool(options.args.get("percent"))


def takes_all(limit: exp.Expr) -> bool:
    """Whether it is TOP 100 PERCENT, which takes every row."""
    count = limit.expression.unnest() if isinstance(limit, exp.Limit) else None
    return _takes_share(limit) and count is not None and count.name in {"100", "100.0"}


def _unordered(node: exp.Expr, _types: Types) -> str | None:
    limit = _limit(node)
    if limit is None or takes_all(limit) or isinstance(node.parent, exp.Exists) or _is_ordered(node):
        return None
    if _gives_one_row(node):
        return None
    return f"{_top_name(limit)} without ORDER BY"


def _counts_no_rows(node: exp.Expr, _types: Types) -> str | None:
    limit = _limit(node)
    count = limit.expression.unnest() if isinstance(limit, exp.Limit) and limit.expression else None
    is_odd = isinstance(count, exp.Null) or (isinstance(count, exp.Literal) and not count.is_int)
    return "TOP of what is no number of rows" if limit is not None and is_odd and not _takes_share(limit) else None


def _gives_one_row(node: exp.Expr) -> bool:
    """Whether it is an aggregate of all rows."""
    calls = (found for select in node.expressions for found in select.find_all(exp.Anonymous))
    aggregates = [
        found for found in calls if is_aggregate(found) and found.find_ancestor(exp.Window, exp.Select) is node
    ]
    return bool(aggregates) and not node.args.get("group")


def _is_ordered(node: exp.Expr) -> bool:
    order = node.args.get("order")
    return order is not None and any(_depends_on_row(found.this) for found in order.expressions)


def _depends_on_row(value: exp.Expr) -> bool:
    value = value.unnest()
    if isinstance(value, exp.Subquery | exp.Select | exp.Null):
        return any(isinstance(found, exp.From) for found in value.walk())
    is_position = isinstance(value, exp.Literal) and not value.is_string
    return is_position or any(isinstance(found, exp.Column | exp.Anonymous) for found in value.walk())


def _share(node: exp.Expr, _types: Types) -> str | None:
    limit = _limit(node)
    return "TOP ... PERCENT" if limit is not None and _takes_share(limit) and not takes_all(limit) else None


def _all_of(node: exp.Expr, _types: Types) -> str | None:
    limit = _limit(node)
    return "TOP 100 PERCENT" if limit is not None and takes_all(limit) else None


def _ties(node: exp.Expr, _types: Types) -> str | None:
    limit = _limit(node)
    options = _options(limit) if limit is not None else None
    return "TOP ... WITH TIES" if options is not None and options.args.get("with_ties") else None


def _window_call(node: exp.Expr) -> exp.Expr:
    inner: exp.Expr = node.this
    return inner.this if isinstance(inner, exp.IgnoreNulls | exp.RespectNulls) else inner


def _numbers_any_order(node: exp.Expr, _types: Types) -> str | None:
    name = _window_call(node).name.upper()
    order = node.args.get("order")
    ordered = order is not None and any(_has_column(found.this) for found in order.expressions)
    return f"{name}() in no order" if name in _BY_PLACE and not ordered else None


def _has_column(value: exp.Expr) -> bool:
    return (isinstance(value.unnest(), exp.Subquery) and _depends_on_row(value)) or value.find(exp.Column) is not None


def _numbers_ties(node: exp.Expr, types: Types) -> str | None:
    name = _window_call(node).name.upper()
    return f"{name}()" if name in _NUMBERS_ROWS and _numbers_any_order(node, types) is None else None


def _linked(node: exp.Expr, _types: Types) -> str | None:
    return f"the linked server {node.text('catalog')}" if isinstance(node.this, exp.Dot) else None


def _other_database(node: exp.Expr, _types: Types) -> str | None:
    database = node.text("catalog")
    is_other = database and not isinstance(node.this, exp.Dot) and not isinstance(node.parent, exp.Dot)
    return f"the other database {database}" if is_other else None


def _system_table(node: exp.Expr, _types: Types) -> str | None:
    schema = node.text("db")
    found = schema.lower() in _SYSTEM_SCHEMAS or node.name.lower() in _OLD_CATALOG
    return f"the system catalogue ({schema or 'sys'}.{node.name})" if found else None


def _as_of(node: exp.Expr, _types: Types) -> str | None:
    return "FOR SYSTEM_TIME" if node.args.get("version") or node.args.get("when") else None


def _skips_rows(node: exp.Expr, _types: Types) -> str | None:
    hints = {found.name.upper() for found in node.expressions}
    return "the hint READPAST" if hints & _SKIPPING_HINTS else None


def _applies_query(node: exp.Expr, types: Types) -> str | None:
    is_other = isinstance(node.this, exp.Anonymous) or _applies_other(node, types)
    return None if is_other else "CROSS APPLY or OUTER APPLY"


def _applies_other(node: exp.Expr, _types: Types) -> str | None:
    inner = node.this.unnest()
    if isinstance(inner, exp.Anonymous):
        return None
    if not isinstance(inner, exp.Query | exp.Values):
        return "CROSS APPLY or OUTER APPLY of a function"
    return "CROSS APPLY or OUTER APPLY with a window function" if inner.find(exp.Window) is not None else None


def _named(name: str) -> Match:
    """A match that always holds."""
    return lambda _node, _types: name


def _xml(node: exp.Expr, _types: Types) -> str | None:
    return "FOR XML" if node.args.get("for_") else None


def _recursive(node: exp.Expr, _types: Types) -> str | None:
    return "a recursive WITH" if calls_itself(node) else None


def _recursive_rows(node: exp.Expr, _types: Types) -> str | None:
    body = node.this.unnest()
    if not calls_itself(node) or not isinstance(body, exp.SetOperation):
        return None
    step = body.right
    aggregates = (found for found in step.find_all(exp.Anonymous) if is_aggregate(found))
    if step.find(exp.Window, exp.Limit, exp.Group, exp.Distinct) is not None or next(aggregates, None) is not None:
        return "a recursive WITH that counts, groups or limits"
    is_endless = isinstance(step, exp.Select) and not step.args.get("where") and not step.args.get("joins")
    return "a recursive WITH without an end" if is_endless else None


def is_aggregate(node: exp.Anonymous) -> bool:
    """Whether it is a call of an aggregate or window function."""
    function = FUNCTIONS.get(node.name.upper())
    return function is not None and function.aggregate


def _old_rollup(node: exp.Expr, _types: Types) -> str | None:
    for name in ("rollup", "cube"):
        if any(not part.expressions for part in node.args.get(name) or []):
            return f"GROUP BY ... WITH {name.upper()}"
    return None


def _group_by_all(node: exp.Expr, _types: Types) -> str | None:
    return "GROUP BY ALL" if node.args.get("all") else None


def _pivot_there(node: exp.Expr, _types: Types) -> str | None:
    return None if node.args.get("unpivot") else "PIVOT"


def _condition_as_value(node: exp.Expr, _types: Types) -> str | None:
    if isinstance(node, exp.Any | exp.All):
        return None
    while isinstance(node.parent, exp.Paren | exp.Escape):
        node = node.parent
    parent = node.parent
    is_branch = isinstance(parent, exp.If) and node.arg_key == "this"
    is_iif = isinstance(parent, exp.Anonymous) and parent.name.upper() == "IIF" and parent.expressions[0] is node
    is_condition = isinstance(parent, exp.Where | exp.Having | exp.Join | exp.Connector | exp.Not | exp.Pivot)
    return None if is_condition or is_branch or is_iif else "a condition in place of a value"


def _value_as_condition(node: exp.Expr, _types: Types) -> str | None:
    is_simple_case = isinstance(node, exp.If) and isinstance(node.parent, exp.Case) and bool(node.parent.this)
    operands = [] if is_simple_case else [node.args.get(name) for name in _CONDITIONS.get(type(node), ())]
    if isinstance(node, exp.Anonymous) and node.name.upper() == "IIF":
        operands = node.expressions[:1]
    for operand in operands:
        inner = operand.unnest() if operand is not None else None
        is_search = isinstance(inner, exp.Anonymous) and inner.name.upper() in {"CONTAINS", "FREETEXT"}
        if inner is not None and not is_search and not isinstance(inner, _IS_CONDITION):
            return "a value in place of a condition"
    return None


def _hidden_column(node: exp.Expr, types: Types) -> str | None:
    table = types.hidden_table(node) if isinstance(node, exp.Column) else None
    return f"the column {node.name} of {table}, of which the SELECT gives another" if table else None


def _named_by_text(node: exp.Expr, _types: Types) -> str | None:
    return f"'{node.alias}' = as the name of a column" if node.meta.get(NAMED_BY_TEXT) else None


def _pivoted_values(node: exp.Expr, types: Types) -> str | None:
    for field in node.args.get("fields") or [] if not node.args.get("unpivot") else []:
        kind = types.of(field.this)
        form = _PIVOTED_FORMS.get(kind.family)
        values = [value.alias_or_name for value in field.expressions]
        if kind.family is Family.UNKNOWN:
            return Doubt("PIVOT on a column of unknown type")
        if form is None or kind.is_padded or not all(form.fullmatch(value) for value in values):
            return f"PIVOT on a {kind} for {', '.join(values)}"
    return None


def _hexadecimal(_node: exp.Expr, _types: Types) -> str | None:
    return "a binary constant"


_ELSEWHERE = "run this table on SQL Server, or write it in other words"

RULES = (
    Rule(
        "top_unordered", "TOP or FETCH without ORDER BY", Verdict.REFUSE, Verdict.REFUSE,
        "any rows may come, on either side",
        "add an ORDER BY on a unique key",
        nodes=(exp.Query,), matches=_unordered,
    ),
    Rule(
        "top_count", "TOP of what is no number of rows", Verdict.REFUSE, Verdict.REFUSE,
        "SQL Server wants a whole number",
        "write a whole number",
        nodes=(exp.Query,), matches=_counts_no_rows,
    ),
    Rule(
        "top_percent", "TOP ... PERCENT", Verdict.REFUSE, Verdict.REFUSE,
        "a part of a row is rounded up on SQL Server",
        "write TOP with a number of rows",
        nodes=(exp.Query,), matches=_share,
    ),
    Rule(
        "top_all", "TOP 100 PERCENT", Verdict.RIGHT, Verdict.WARN,
        "it takes every row, and sqlglot's text for Databricks takes 100",
        "leave it out",
        nodes=(exp.Query,), matches=_all_of,
    ),
    Rule(
        "top_ties", "TOP ... WITH TIES", Verdict.REFUSE, Verdict.REFUSE,
        "the rows that tie with the last come as well",
        "write RANK() in a subquery and filter by it",
        nodes=(exp.Query,), matches=_ties,
    ),
    Rule(
        "window_unordered", "a window function in no order", Verdict.REFUSE, Verdict.REFUSE,
        "the order of rows is not reproducible",
        "order by a unique key",
        nodes=(exp.Window,), matches=_numbers_any_order,
    ),
    Rule(
        "window_ties", "ROW_NUMBER and NTILE", Verdict.WARN, Verdict.WARN,
        "rows that tie in their ORDER BY are numbered in any order, on either side",
        "make sure that the order is unique",
        nodes=(exp.Window,), matches=_numbers_ties,
    ),
    Rule(
        "linked_server", "a linked server", Verdict.REFUSE, Verdict.REFUSE,
        "its tables are not here: the name has four parts",
        "load the table and read it from prod",
        nodes=(exp.Table,), matches=_linked,
    ),
    Rule(
        "other_database", "another database", Verdict.REFUSE, Verdict.REFUSE,
        "its tables are not here: the name has three parts",
        "load the table and read it from prod",
        nodes=(exp.Table, exp.Column), matches=_other_database,
    ),
    Rule(
        "system_table", "the system catalogue", Verdict.REFUSE, Verdict.REFUSE,
        "every engine has its own",
        "leave it out",
        nodes=(exp.Table,), matches=_system_table,
    ),
    Rule(
        "temporal", "FOR SYSTEM_TIME", Verdict.REFUSE, Verdict.REFUSE,
        "older versions of rows are not loaded",
        "load the history table",
        nodes=(exp.Table,), matches=_as_of,
    ),
    Rule(
        "table_sample", "TABLESAMPLE", Verdict.REFUSE, Verdict.REFUSE,
        "other rows come on every call",
        "leave it out",
        nodes=(exp.TableSample,), matches=_named('TABLESAMPLE'),
    ),
    Rule(
        "read_past", "READPAST", Verdict.WARN, Verdict.WARN,
        "rows that are locked are left out on SQL Server",
        "leave the hint out",
        nodes=(exp.WithTableHint,), matches=_skips_rows,
    ),
    Rule(
        "time_zone", "AT TIME ZONE", Verdict.REFUSE, Verdict.REFUSE,
        "SQL Server has time zones of Windows, and gives a DATETIMEOFFSET",
        "keep times in UTC",
        nodes=(exp.AtTimeZone,), matches=_named('AT TIME ZONE'),
    ),
    Rule(
        "sequence", "NEXT VALUE FOR", Verdict.REFUSE, Verdict.REFUSE,
        "it gives another value on every call",
        "write ROW_NUMBER() over a unique key",
        nodes=(exp.NextValueFor,), matches=_named('NEXT VALUE FOR'),
    ),
    Rule(
        "apply", "CROSS APPLY or OUTER APPLY", Verdict.RIGHT, Verdict.WARN,
        "sqlglot makes a LATERAL join of it, which Databricks allows in some places only",
        "write a JOIN there, with ROW_NUMBER() where it takes the first row",
        nodes=(exp.Lateral,), matches=_applies_query,
    ),
    Rule(
        "apply_other", "APPLY of a function, or with a window function", Verdict.REFUSE, Verdict.REFUSE,
        "it is carried out once for each row on SQL Server",
        "write a JOIN, with PARTITION BY in the window function",
        nodes=(exp.Lateral,), matches=_applies_other,
    ),
    Rule(
        "for_xml", "FOR XML", Verdict.REFUSE, Verdict.REFUSE,
        "no other engine has it",
        "write STRING_AGG(x, ',') WITHIN GROUP (ORDER BY ...) to join texts",
        nodes=(exp.Query,), matches=_xml,
    ),
    Rule(
        "recursive", "a recursive WITH", Verdict.RIGHT, Verdict.REFUSE,
        "sqlglot does not add the word RECURSIVE",
        "write WITH RECURSIVE there",
        nodes=(exp.CTE,), matches=_recursive,
    ),
    Rule(
        "recursive_rows", "a recursive WITH that counts, groups or limits", Verdict.REFUSE, Verdict.REFUSE,
        "SQL Server carries it out for each row by itself, and gives up after 100 levels",
        _ELSEWHERE,
        nodes=(exp.CTE,), matches=_recursive_rows,
    ),
    Rule(
        "old_rollup", "GROUP BY ... WITH ROLLUP or CUBE", Verdict.RIGHT, Verdict.RIGHT,
        "it is written ROLLUP (...) elsewhere",
        "nothing",
        nodes=(exp.Group,), matches=_old_rollup,
    ),
    Rule(
        "group_by_all", "GROUP BY ALL", Verdict.REFUSE, Verdict.REFUSE,
        "it keeps groups without rows on SQL Server",
        "write GROUP BY",
        nodes=(exp.Group,), matches=_group_by_all,
    ),
    Rule(
        "pivot", "PIVOT", Verdict.RIGHT, Verdict.REFUSE,
        "sqlglot's text names the values as columns, which Databricks refuses",
        "write MAX(CASE WHEN ... END) there",
        nodes=(exp.Pivot,), matches=_pivot_there,
    ),
    Rule(
        "condition_as_value", "a condition in place of a value", Verdict.REFUSE, Verdict.REFUSE,
        "SQL Server has conditions in WHERE, HAVING, ON, CASE WHEN and IIF only",
        "write CASE WHEN ... THEN 1 ELSE 0 END",
        nodes=(exp.Predicate, exp.Connector, exp.Not), matches=_condition_as_value,
    ),
    Rule(
        "value_as_condition", "a value in place of a condition", Verdict.REFUSE, Verdict.REFUSE,
        "SQL Server has no values that are true or false",
        "write x = 1, or x <> 0",
        nodes=(*_CONDITIONS, exp.Anonymous), matches=_value_as_condition,
    ),
    Rule(
        "hidden_column", "a column in HAVING or ORDER BY that has the name of an output", Verdict.RIGHT, Verdict.WARN,
        "SQL Server takes the table's column in HAVING and in expressions of ORDER BY, and Databricks may take the "
        "output",
        "write the table's name in front of it there",
        needs_types=True, nodes=(exp.Column,), matches=_hidden_column,
    ),
    Rule(
        "text_as_name", "a text as the name of a column", Verdict.RIGHT, Verdict.REFUSE,
        "sqlglot reads a comparison in it",
        "write value AS name there",
        nodes=(exp.Alias,), matches=_named_by_text,
    ),
    Rule(
        "pivot_values", "PIVOT for values that are converted", Verdict.REFUSE, Verdict.REFUSE,
        "SQL Server converts the names in IN to the type of the column, and here they are compared with its text",
        "CAST the column AS INT for whole numbers, or CONVERT it to VARCHAR, in the subquery that is pivoted",
        needs_types=True, nodes=(exp.Pivot,), matches=_pivoted_values,
    ),
    Rule(
        "binary", "a binary constant", Verdict.REFUSE, Verdict.WARN,
        "it converts to other types by SQL Server's own rules",
        "write the number or text",
        nodes=(exp.HexString,), matches=_hexadecimal,
    ),
)  # fmt: skip
