"""The shape of a query: rows that are not reproducible, clauses without a counterpart, other databases."""

from collections.abc import Callable

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.functions import FUNCTIONS
from transferroom_pipeline.legacy.tsql.rule import Rule
from transferroom_pipeline.legacy.tsql.types import Types
from transferroom_pipeline.legacy.tsql.verdicts import Verdict

Match = Callable[[exp.Expr, Types], str | None]

_BY_PLACE = ("ROW_NUMBER", "NTILE", "LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE")
_NUMBERS_ROWS = ("ROW_NUMBER", "NTILE")
_SYSTEM_SCHEMAS = {"sys", "information_schema"}
_OLD_CATALOG = {"sysobjects", "syscolumns", "sysindexes", "sysusers", "sysdatabases", "sysprocesses"}
_SKIPPING_HINTS = {"READPAST"}
_WHOLE = 100

KNOWN_NODES = (
    exp.Select, exp.Subquery, exp.SetOperation, exp.With, exp.CTE, exp.Values, exp.Tuple, exp.From, exp.Join, exp.Table,
    exp.TableAlias, exp.Identifier, exp.Column, exp.Star, exp.Alias, exp.Where, exp.Group, exp.Having, exp.Order,
    exp.Ordered, exp.Limit, exp.LimitOptions, exp.Fetch, exp.Offset, exp.Distinct, exp.GroupingSets, exp.Cube, exp.Rollup,
    exp.Window, exp.WindowSpec, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls, exp.Pivot, exp.WithTableHint,
    exp.QueryOption, exp.Literal, exp.National, exp.Null, exp.Boolean, exp.Paren, exp.Neg, exp.Not, exp.And, exp.Or,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Is, exp.In, exp.Between,
    exp.Like, exp.Escape, exp.Exists, exp.Any, exp.All, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.BitwiseAnd,
    exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseNot, exp.Case, exp.If, exp.Cast, exp.TryCast, exp.Convert, exp.Trim,
    exp.DataType, exp.DataTypeParam, exp.Anonymous, exp.Var, exp.Collate,
)  # fmt: skip
"""What a query may consist of; everything else is refused by its name."""

_OWN_RULE = (exp.Lateral, exp.TableSample, exp.AtTimeZone, exp.NextValueFor, exp.Version, exp.Dot, exp.XMLKeyValueOption,
             exp.HexString, exp.Into)  # fmt: skip
_NAMES = {exp.Parameter: "a variable", exp.Placeholder: "a variable", exp.DPipe: "||", exp.Qualify: "QUALIFY"}


def _unknown_node(node: exp.Expr, _types: Types) -> str | None:
    if isinstance(node, (*KNOWN_NODES, *_OWN_RULE)) or isinstance(node.parent, exp.Pivot):
        return None
    return _NAMES.get(type(node), type(node).__name__)


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
    return f"{_top_name(limit)} without ORDER BY"


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
    return isinstance(value.unnest(), exp.Subquery) and _depends_on_row(value) or value.find(exp.Column) is not None


def _numbers_ties(node: exp.Expr, types: Types) -> str | None:
    name = _window_call(node).name.upper()
    return f"{name}()" if name in _NUMBERS_ROWS and _numbers_any_order(node, types) is None else None


def _linked(node: exp.Expr, _types: Types) -> str | None:
    if isinstance(node.this, exp.Dot):
        return f"the linked server {node.catalog}"
    return None


def _other_database(node: exp.Expr, _types: Types) -> str | None:
    return f"the other database {node.catalog}" if node.catalog and not isinstance(node.this, exp.Dot) else None


def _system_table(node: exp.Expr, _types: Types) -> str | None:
    found = node.db.lower() in _SYSTEM_SCHEMAS or node.name.lower() in _OLD_CATALOG
    return f"the system catalogue ({node.db or 'sys'}.{node.name})" if found else None


def _table_function(node: exp.Expr, _types: Types) -> str | None:
    return f"{node.this.name.upper()} as a table" if isinstance(node.this, exp.Anonymous) else None


def _function_of_schema(node: exp.Expr, _types: Types) -> str | None:
    call = node.expression
    if isinstance(call, exp.Anonymous):
        return f"the function {node.sql(dialect='tsql').split('(')[0]}"
    return None if isinstance(node.parent, exp.Table) else f"{node.sql(dialect='tsql')}"


def _as_of(node: exp.Expr, _types: Types) -> str | None:
    return "FOR SYSTEM_TIME" if node.args.get("version") or node.args.get("when") else None


def _skips_rows(node: exp.Expr, _types: Types) -> str | None:
    hints = {found.name.upper() for found in node.expressions}
    return "the hint READPAST" if hints & _SKIPPING_HINTS else None


def _applies(_node: exp.Expr, _types: Types) -> str | None:
    return "CROSS APPLY or OUTER APPLY"


def _named(name: str) -> Match:
    """A match that always holds."""
    return lambda _node, _types: name


def _xml(node: exp.Expr, _types: Types) -> str | None:
    return "FOR XML" if node.args.get("for_") else None


def _recursive(node: exp.Expr, _types: Types) -> str | None:
    return "a recursive WITH" if calls_itself(node) else None


def calls_itself(cte: exp.Expr) -> bool:
    """Whether a common table expression reads itself."""
    name = cte.alias_or_name.lower()
    return any(table.name.lower() == name and not table.db for table in cte.this.find_all(exp.Table))


def _recursive_window(node: exp.Expr, _types: Types) -> str | None:
    body = node.this.unnest()
    is_odd = calls_itself(node) and isinstance(body, exp.SetOperation)
    found = body.right.find(exp.Window, exp.Limit, exp.Group, exp.Distinct) if is_odd else None
    return "a recursive WITH that counts, groups or limits" if found is not None else None


def _old_rollup(node: exp.Expr, _types: Types) -> str | None:
    for name in ("rollup", "cube"):
        if any(not part.expressions for part in node.args.get(name) or []):
            return f"GROUP BY ... WITH {name.upper()}"
    return "GROUP BY ALL" if node.args.get("all") else None


def _pivot_there(node: exp.Expr, _types: Types) -> str | None:
    return "UNPIVOT" if node.args.get("unpivot") else "PIVOT"


def _hexadecimal(_node: exp.Expr, _types: Types) -> str | None:
    return "a binary constant"


def _unknown_function(node: exp.Expr, _types: Types) -> str | None:
    if isinstance(node.parent, exp.Dot | exp.Table) or node.name.upper() in FUNCTIONS or node.name.upper() in REFUSED_FUNCTIONS:
        return None
    return f"the function {node.name}"


def _wrong_arguments(node: exp.Expr, _types: Types) -> str | None:
    function = FUNCTIONS.get(node.name.upper())
    if function is None or isinstance(node.parent, exp.Dot) or function.accepts(len(node.expressions)):
        return None
    return f"{node.name.upper()} with {len(node.expressions)} arguments"


def _function_there(node: exp.Expr, _types: Types) -> str | None:
    function = FUNCTIONS.get(node.name.upper())
    differs = function is not None and function.databricks is not Verdict.RIGHT
    return node.name.upper() if differs else None


REFUSED_FUNCTIONS = {
    **dict.fromkeys(
        ("GETDATE", "GETUTCDATE", "SYSDATETIME", "SYSUTCDATETIME", "SYSDATETIMEOFFSET", "CURRENT_TIMESTAMP", "CURRENT_DATE"), "clock"),
    **dict.fromkeys(("NEWID", "NEWSEQUENTIALID", "RAND", "CRYPT_GEN_RANDOM"), "random"),
    **dict.fromkeys(
        ("CURRENT_USER", "SESSION_USER", "SYSTEM_USER", "USER", "USER_NAME", "SUSER_NAME", "SUSER_SNAME", "ORIGINAL_LOGIN", "HOST_NAME",
         "APP_NAME", "DB_NAME", "DB_ID", "SCHEMA_NAME", "OBJECT_ID", "OBJECT_NAME", "SESSION_CONTEXT", "CONTEXT_INFO", "SCOPE_IDENTITY",
         "IDENT_CURRENT", "IS_MEMBER", "IS_SRVROLEMEMBER", "HAS_PERMS_BY_NAME", "SERVERPROPERTY", "CONNECTIONPROPERTY",
         "ROWCOUNT_BIG", "CURRENT_TIMEZONE", "CURRENT_TIMEZONE_ID", "SUSER_SID", "USER_ID", "CURRENT_TRANSACTION_ID", "XACT_STATE",
         "ERROR_MESSAGE", "ERROR_NUMBER"), "session"),
}  # fmt: skip
"""Functions whose value is another on every call or for every user, with the rule that says so."""


def _refused_as(rule: str, what: str) -> Match:
    """A match for the functions of `REFUSED_FUNCTIONS` of one rule."""

    def matches(node: exp.Expr, _types: Types) -> str | None:
        is_plain = not isinstance(node.parent, exp.Dot | exp.Table)
        found = is_plain and REFUSED_FUNCTIONS.get(node.name.upper()) == rule
        return f"{node.name.upper()}, {what}" if found else None

    return matches


_ELSEWHERE = "run this table on SQL Server, or write it in other words"

RULES = (
    Rule("unknown_construct", "a construct that is not known", Verdict.REFUSE, Verdict.REFUSE,
         "nothing is known of its meaning elsewhere", _ELSEWHERE, nodes=(exp.Expr,), matches=_unknown_node),
    Rule("unknown_function", "a function that is not known", Verdict.REFUSE, Verdict.REFUSE,
         "nothing is known of its meaning elsewhere", _ELSEWHERE, nodes=(exp.Anonymous,), matches=_unknown_function),
    Rule("arguments", "a function with other arguments", Verdict.REFUSE, Verdict.REFUSE,
         "nothing is known of its meaning with these arguments", _ELSEWHERE, nodes=(exp.Anonymous,), matches=_wrong_arguments),
    Rule("function_there", "a function that Databricks does not have as it is", Verdict.RIGHT, Verdict.WARN,
         "sqlglot's text for Databricks may not run there, or gives other values at the edges", "write it by hand there",
         nodes=(exp.Anonymous,), matches=_function_there),
    Rule("user_function", "a function of one's own", Verdict.REFUSE, Verdict.REFUSE,
         "its body is not here", "write its body in its place", nodes=(exp.Dot,), matches=_function_of_schema),
    Rule("table_function", "a function in FROM", Verdict.REFUSE, Verdict.REFUSE,
         "it has no counterpart that is known to give the same rows", _ELSEWHERE, nodes=(exp.Table,), matches=_table_function),
    Rule("clock", "the clock", Verdict.REFUSE, Verdict.REFUSE,
         "the two sides run at different moments, so the rows are not reproducible", "take the as-of date from prod.snapshot",
         nodes=(exp.Anonymous,), matches=_refused_as("clock", "the clock")),
    Rule("random", "what is random", Verdict.REFUSE, Verdict.REFUSE,
         "it gives another value on every call, so the rows are not reproducible", "leave it out, or load the values as data",
         nodes=(exp.Anonymous,), matches=_refused_as("random", "what is random")),
    Rule("session", "the session", Verdict.REFUSE, Verdict.REFUSE,
         "it depends on who runs the query and where", "write the value, or load it as data", nodes=(exp.Anonymous,),
         matches=_refused_as("session", "which depends on the session")),
    Rule("approximate", "APPROX_COUNT_DISTINCT", Verdict.WARN, Verdict.WARN,
         "each engine approximates in its own way, so the two sides need not be equal", "write COUNT(DISTINCT x)",
         nodes=(exp.Anonymous,), matches=lambda node, _: node.name.upper() if node.name.upper() == "APPROX_COUNT_DISTINCT" else None),
    Rule("top_unordered", "TOP or FETCH without ORDER BY", Verdict.REFUSE, Verdict.REFUSE,
         "any rows may come, on either side", "add an ORDER BY on a unique key", nodes=(exp.Query,), matches=_unordered),
    Rule("top_percent", "TOP ... PERCENT", Verdict.REFUSE, Verdict.REFUSE,
         "a part of a row is rounded up on SQL Server", "write TOP with a number of rows", nodes=(exp.Query,), matches=_share),
    Rule("top_all", "TOP 100 PERCENT", Verdict.RIGHT, Verdict.WARN,
         "it takes every row, and sqlglot's text for Databricks takes 100", "leave it out", nodes=(exp.Query,), matches=_all_of),
    Rule("top_ties", "TOP ... WITH TIES", Verdict.REFUSE, Verdict.REFUSE,
         "the rows that tie with the last come as well", "write RANK() in a subquery and filter by it", nodes=(exp.Query,), matches=_ties),
    Rule("window_unordered", "a window function in no order", Verdict.REFUSE, Verdict.REFUSE,
         "the order of rows is not reproducible", "order by a unique key", nodes=(exp.Window,), matches=_numbers_any_order),
    Rule("window_ties", "ROW_NUMBER and NTILE", Verdict.WARN, Verdict.WARN,
         "rows that tie in their ORDER BY are numbered in any order, on either side", "make sure that the order is unique",
         nodes=(exp.Window,), matches=_numbers_ties),
    Rule("linked_server", "a linked server", Verdict.REFUSE, Verdict.REFUSE,
         "its tables are not here: the name has four parts", "load the table and read it from prod", nodes=(exp.Table,), matches=_linked),
    Rule("other_database", "another database", Verdict.REFUSE, Verdict.REFUSE,
         "its tables are not here: the name has three parts", "load the table and read it from prod", nodes=(exp.Table,),
         matches=_other_database),
    Rule("system_table", "the system catalogue", Verdict.REFUSE, Verdict.REFUSE,
         "every engine has its own", "leave it out", nodes=(exp.Table,), matches=_system_table),
    Rule("temporal", "FOR SYSTEM_TIME", Verdict.REFUSE, Verdict.REFUSE,
         "older versions of rows are not loaded", "load the history table", nodes=(exp.Table,), matches=_as_of),
    Rule("table_sample", "TABLESAMPLE", Verdict.REFUSE, Verdict.REFUSE,
         "other rows come on every call", "leave it out", nodes=(exp.TableSample,), matches=_named("TABLESAMPLE")),
    Rule("read_past", "READPAST", Verdict.WARN, Verdict.WARN,
         "rows that are locked are left out on SQL Server", "leave the hint out", nodes=(exp.WithTableHint,), matches=_skips_rows),
    Rule("time_zone", "AT TIME ZONE", Verdict.REFUSE, Verdict.REFUSE,
         "SQL Server has time zones of Windows, and gives a DATETIMEOFFSET", "keep times in UTC", nodes=(exp.AtTimeZone,),
         matches=_named("AT TIME ZONE")),
    Rule("sequence", "NEXT VALUE FOR", Verdict.REFUSE, Verdict.REFUSE,
         "it gives another value on every call", "write ROW_NUMBER() over a unique key", nodes=(exp.NextValueFor,),
         matches=_named("NEXT VALUE FOR")),
    Rule("apply", "CROSS APPLY or OUTER APPLY", Verdict.REFUSE, Verdict.WARN,
         "it is carried out once for each row on SQL Server", "write a JOIN, with ROW_NUMBER() where it takes the first row",
         nodes=(exp.Lateral,), matches=_applies),
    Rule("for_xml", "FOR XML", Verdict.REFUSE, Verdict.REFUSE,
         "no other engine has it", "write STRING_AGG(x, ',') WITHIN GROUP (ORDER BY ...) to join texts", nodes=(exp.Query,), matches=_xml),
    Rule("recursive", "a recursive WITH", Verdict.RIGHT, Verdict.REFUSE,
         "sqlglot does not add the word RECURSIVE", "write WITH RECURSIVE there", nodes=(exp.CTE,), matches=_recursive),
    Rule("recursive_rows", "a recursive WITH that counts, groups or limits", Verdict.REFUSE, Verdict.REFUSE,
         "SQL Server carries it out for each row by itself", _ELSEWHERE, nodes=(exp.CTE,), matches=_recursive_window),
    Rule("old_rollup", "GROUP BY ... WITH ROLLUP or CUBE", Verdict.RIGHT, Verdict.RIGHT,
         "it is written ROLLUP (...) elsewhere", "nothing", nodes=(exp.Group,), matches=_old_rollup),
    Rule("pivot", "PIVOT and UNPIVOT", Verdict.RIGHT, Verdict.REFUSE,
         "sqlglot's text names the values as columns, which Databricks refuses", "write MAX(CASE WHEN ... END) there",
         nodes=(exp.Pivot,), matches=_pivot_there),
    Rule("binary", "a binary constant", Verdict.REFUSE, Verdict.REFUSE,
         "it converts to other types by SQL Server's own rules", "write the number or text", nodes=(exp.HexString,), matches=_hexadecimal),
)  # fmt: skip
