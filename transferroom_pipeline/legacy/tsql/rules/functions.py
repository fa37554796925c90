"""Functions: those that are not known, those that are known to differ, and those that are not reproducible."""

from collections.abc import Callable, Iterator

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.functions import FUNCTIONS
from transferroom_pipeline.legacy.tsql.rule import Rule
from transferroom_pipeline.legacy.tsql.types import Types
from transferroom_pipeline.legacy.tsql.verdicts import Verdict

Match = Callable[[exp.Expr, Types], str | None]

_CLOCK = (
    "GETDATE",
    "GETUTCDATE",
    "SYSDATETIME",
    "SYSUTCDATETIME",
    "SYSDATETIMEOFFSET",
    "CURRENT_TIMESTAMP",
    "CURRENT_DATE",
)
_RANDOM = ("NEWID", "NEWSEQUENTIALID", "RAND", "CRYPT_GEN_RANDOM")
_SESSION = (
    "CURRENT_USER", "SESSION_USER", "SYSTEM_USER", "USER", "USER_NAME", "USER_ID", "SUSER_NAME", "SUSER_SNAME",
    "SUSER_ID", "SUSER_SID", "ORIGINAL_LOGIN", "HOST_NAME", "HOST_ID", "APP_NAME", "PROGRAM_NAME", "DB_NAME",
    "DB_ID", "SCHEMA_NAME", "SCHEMA_ID", "OBJECT_ID", "OBJECT_NAME", "OBJECT_SCHEMA_NAME", "OBJECTPROPERTY",
    "COLUMNPROPERTY", "COL_NAME", "COL_LENGTH", "TYPE_NAME", "TYPE_ID", "SESSION_CONTEXT", "CONTEXT_INFO",
    "SCOPE_IDENTITY", "IDENT_CURRENT", "IDENT_SEED", "IDENT_INCR", "IS_MEMBER", "IS_ROLEMEMBER",
    "IS_SRVROLEMEMBER", "HAS_PERMS_BY_NAME", "SERVERPROPERTY", "DATABASEPROPERTYEX", "CONNECTIONPROPERTY",
    "ROWCOUNT_BIG", "CURRENT_TIMEZONE", "CURRENT_TIMEZONE_ID", "CURRENT_TRANSACTION_ID", "CURRENT_REQUEST_ID",
    "XACT_STATE", "ERROR_MESSAGE", "ERROR_NUMBER", "ERROR_LINE", "ERROR_PROCEDURE", "ERROR_SEVERITY",
    "ERROR_STATE", "GETANSINULL", "MIN_ACTIVE_ROWVERSION",
)  # fmt: skip
_REPLACED_BY_HAND = "run this table on SQL Server, or compute it where the data is loaded"

_DIFFERENT: dict[tuple[str, ...], tuple[str, str, Verdict]] = {
    ("HASHBYTES", "CHECKSUM", "BINARY_CHECKSUM", "CHECKSUM_AGG"): (
        "it gives bytes, or a number, of the text in SQL Server's own encoding, and others give hexadecimal text",
        _REPLACED_BY_HAND,
        Verdict.REFUSE,
    ),
    ("DATALENGTH",): (
        "it counts bytes, of which NVARCHAR has two for each character",
        "write LEN(x + 'x') - 1 for characters",
        Verdict.REFUSE,
    ),
    ("ISNUMERIC", "ISDATE", "ISJSON"): (
        "it accepts texts that no other engine does",
        _REPLACED_BY_HAND,
        Verdict.REFUSE,
    ),
    ("PARSE", "TRY_PARSE"): (
        "it reads texts in the form of a culture, as .NET does",
        "convert the text where it is loaded",
        Verdict.REFUSE,
    ),
    ("PATINDEX",): (
        "it takes a pattern with % and [ ], compared by the collation",
        "write CHARINDEX for a plain text, or LIKE",
        Verdict.REFUSE,
    ),
    ("SOUNDEX", "DIFFERENCE"): ("the stand-in has no such function", _REPLACED_BY_HAND, Verdict.RIGHT),
    ("QUOTENAME", "STRING_ESCAPE", "PARSENAME", "FORMATMESSAGE"): (
        "no other engine writes the same text",
        "write REPLACE, or compute it where the data is loaded",
        Verdict.REFUSE,
    ),
    ("STR",): (
        "it writes a FLOAT in its own form, filled up with blanks",
        "write CAST(CAST(x AS DECIMAL(18, 2)) AS VARCHAR(20))",
        Verdict.REFUSE,
    ),
    ("DATE_BUCKET",): ("no other engine counts buckets from 1900-01-01", "write DATEADD and DATEDIFF", Verdict.REFUSE),
    ("SWITCHOFFSET", "TODATETIMEOFFSET", "DATETIMEOFFSETFROMPARTS"): (
        "a DATETIMEOFFSET keeps its offset on SQL Server only",
        "keep times in UTC",
        Verdict.REFUSE,
    ),
    ("TIMEFROMPARTS", "SMALLDATETIMEFROMPARTS"): (
        "it is rounded to the digits of its type",
        "write DATETIME2FROMPARTS",
        Verdict.REFUSE,
    ),
    ("CONTAINS", "FREETEXT"): ("it searches a full-text index", "write LIKE", Verdict.REFUSE),
    ("COMPRESS", "DECOMPRESS", "ENCRYPTBYKEY", "DECRYPTBYKEY"): (
        "it works on bytes",
        _REPLACED_BY_HAND,
        Verdict.REFUSE,
    ),
    ("JSON_MODIFY", "JSON_PATH_EXISTS", "JSON_CONTAINS"): (
        "no other engine treats every document alike",
        _REPLACED_BY_HAND,
        Verdict.REFUSE,
    ),
}

_NOT_UNKNOWN = {*_CLOCK, *_RANDOM, *_SESSION, *(name for names in _DIFFERENT for name in names), *FUNCTIONS}


def _is_plain(node: exp.Expr) -> bool:
    """Whether it is a function of SQL Server's own in an expression."""
    return not isinstance(node.parent, exp.Dot | exp.Table | exp.Lateral | exp.WithTableHint)


def _of(names: tuple[str, ...], what: str = "") -> Match:
    """A match for some functions."""

    def matches(node: exp.Expr, _types: Types) -> str | None:
        found = _is_plain(node) and node.name.upper() in names
        return f"{node.name.upper()}{what}" if found else None

    return matches


def _unknown(node: exp.Expr, _types: Types) -> str | None:
    return f"the function {node.name}" if _is_plain(node) and node.name.upper() not in _NOT_UNKNOWN else None


def has_wrong_arguments(node: exp.Expr) -> bool:
    """Whether it is a call of a known function with more or fewer arguments than it has."""
    function = FUNCTIONS.get(node.name.upper()) if isinstance(node, exp.Anonymous) else None
    return function is not None and _is_plain(node) and not function.accepts(len(node.expressions))


def _wrong_arguments(node: exp.Expr, _types: Types) -> str | None:
    return f"{node.name.upper()} with {len(node.expressions)} arguments" if has_wrong_arguments(node) else None


def _other_there(node: exp.Expr, _types: Types) -> str | None:
    function = FUNCTIONS.get(node.name.upper())
    return node.name.upper() if function is not None and function.databricks is not Verdict.RIGHT else None


def _in_from(node: exp.Expr, _types: Types) -> str | None:
    return f"{node.this.name.upper()} as a table" if isinstance(node.this, exp.Anonymous) else None


def _of_ones_own(node: exp.Expr, _types: Types) -> str | None:
    if isinstance(node.expression, exp.Anonymous):
        return f"the function {node.sql(dialect='tsql').split('(')[0]}"
    return None if isinstance(node.parent, exp.Table) else node.sql(dialect="tsql")


def _aggregate_without_rows(node: exp.Expr, _types: Types) -> str | None:
    is_distinct = bool(node.expressions) and isinstance(node.expressions[0], exp.Distinct)
    return f"{node.name.upper()}(DISTINCT ...)" if is_distinct and node.name.upper() not in _MAY_BE_DISTINCT else None


_MAY_BE_DISTINCT = ("COUNT", "COUNT_BIG", "SUM", "MIN", "MAX", "AVG")


def _without_over(node: exp.Expr, _types: Types) -> str | None:
    name, around = node.name.upper(), node.parent
    while isinstance(around, exp.WithinGroup | exp.IgnoreNulls | exp.RespectNulls):
        around = around.parent
    needs_order = name.startswith("PERCENTILE_") and not isinstance(node.parent, exp.WithinGroup)
    if name not in _NEED_OVER or (isinstance(around, exp.Window) and not needs_order):
        return None
    return f"{name} without {'WITHIN GROUP (ORDER BY ...)' if needs_order else 'OVER (...)'}"


_NEED_OVER = (
    "ROW_NUMBER", "RANK", "DENSE_RANK", "NTILE", "LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE", "CUME_DIST",
    "PERCENT_RANK", "PERCENTILE_CONT", "PERCENTILE_DISC",
)  # fmt: skip


def _known_to_differ() -> Iterator[Rule]:
    for names, (why, instead, databricks) in _DIFFERENT.items():
        construct = " or ".join((", ".join(names[:-1]), names[-1]) if len(names) > 1 else names)
        yield Rule(
            names[0].lower(),
            construct,
            Verdict.REFUSE,
            databricks,
            why,
            instead,
            nodes=(exp.Anonymous,),
            matches=_of(names),
        )


ARGUMENTS = Rule(
    "arguments", "a function with other arguments", Verdict.REFUSE, Verdict.WARN,
    "nothing is known of its meaning with these arguments",
    "run this table on SQL Server, or write it in other words",
    nodes=(exp.Anonymous,), matches=_wrong_arguments,
)  # fmt: skip

RULES = (
    Rule(
        "unknown_function", "a function that is not known", Verdict.REFUSE, Verdict.WARN,
        "nothing is known of its meaning elsewhere",
        "run this table on SQL Server, or write it in other words",
        nodes=(exp.Anonymous,), matches=_unknown,
    ),
    ARGUMENTS,
    Rule(
        "without_over", "a window function without its clauses", Verdict.REFUSE, Verdict.REFUSE,
        "SQL Server wants them",
        "write OVER (...) after it, and before that WITHIN GROUP (ORDER BY ...) for a PERCENTILE",
        nodes=(exp.Anonymous,), matches=_without_over,
    ),
    Rule(
        "distinct_argument", "DISTINCT in an aggregate", Verdict.REFUSE, Verdict.WARN,
        "nothing is known of its meaning elsewhere",
        "select the distinct values in a subquery",
        nodes=(exp.Anonymous,), matches=_aggregate_without_rows,
    ),
    Rule(
        "function_there", "a function that Databricks does not have as it is", Verdict.RIGHT, Verdict.WARN,
        "sqlglot's text for Databricks may not run there, or gives other values at the edges",
        "write it by hand there",
        nodes=(exp.Anonymous,), matches=_other_there,
    ),
    Rule(
        "user_function", "a function or method of one's own", Verdict.REFUSE, Verdict.REFUSE,
        "its body is not here",
        "write its body in its place",
        nodes=(exp.Dot,), matches=_of_ones_own,
    ),
    Rule(
        "table_function", "a function in FROM", Verdict.REFUSE, Verdict.WARN,
        "it has no counterpart that is known to give the same rows",
        "run this table on SQL Server, or load the rows as data",
        nodes=(exp.Table, exp.Lateral), matches=_in_from,
    ),
    Rule(
        "clock", "the clock", Verdict.REFUSE, Verdict.REFUSE,
        "the two sides run at different moments, so the rows are not reproducible",
        "take the as-of date from prod.snapshot",
        nodes=(exp.Anonymous,), matches=_of(_CLOCK, ', the clock'),
    ),
    Rule(
        "random", "what is random", Verdict.REFUSE, Verdict.REFUSE,
        "it gives another value on every call, so the rows are not reproducible",
        "leave it out, or load the values as data",
        nodes=(exp.Anonymous,), matches=_of(_RANDOM, ', which is random'),
    ),
    Rule(
        "session", "the session", Verdict.REFUSE, Verdict.REFUSE,
        "it depends on who runs the query and where",
        "write the value, or load it as data",
        nodes=(exp.Anonymous,), matches=_of(_SESSION, ', which depends on the session'),
    ),
    Rule(
        "approximate", "APPROX_COUNT_DISTINCT", Verdict.WARN, Verdict.WARN,
        "each engine approximates in its own way, so the two sides need not be equal",
        "write COUNT(DISTINCT x)",
        nodes=(exp.Anonymous,), matches=_of(('APPROX_COUNT_DISTINCT',)),
    ),
    *_known_to_differ(),
)  # fmt: skip
