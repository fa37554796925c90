"""Scripts: what stands around a query, and what no query can be parsed with. They are found by words, not by nodes."""

from transferroom_pipeline.legacy.tsql.rule import Rule
from transferroom_pipeline.legacy.tsql.verdicts import Verdict


def _refused(rule: str, construct: str, why: str, instead: str) -> Rule:
    return Rule(rule, construct, Verdict.REFUSE, Verdict.REFUSE, why, instead)


VARIABLE = _refused(
    "variable",
    "a variable",
    "a table is built from one query, which has no variables",
    "write the value in its place, or make the query at run time from parameters",
)
TEMPORARY = _refused(
    "temporary_table",
    "a temporary table",
    "a table is built from one query, so that nothing fills it",
    "write a WITH, or a legacy table of its own",
)
EXECUTE = _refused(
    "execute",
    "EXEC",
    "what it runs is not in the text",
    "write the query that it runs in its place",
)
DYNAMIC = _refused(
    "dynamic_sql",
    "dynamic SQL",
    "the query that it runs is put together at run time",
    "write the query itself, or make it at run time from parameters",
)
CREATE = _refused(
    "create",
    "CREATE of what is no view or procedure",
    "only the query of a view, or of a procedure around one SELECT, is carried over",
    "write its query in the query that calls it",
)
SETTING = _refused(
    "setting",
    "a setting that changes what the query means",
    "the other engines have no such setting",
    "leave it out, if the rows stay the same, or run this table on SQL Server",
)
STATEMENT = _refused(
    "statement",
    "a statement that is no query",
    "a table is built from one query",
    "write one SELECT that gives the rows, or run this table on SQL Server",
)
QUERIES = _refused(
    "queries",
    "several queries",
    "a table is built from one query",
    "write one query per file",
)
NO_QUERY = _refused(
    "no_query",
    "no query",
    "there is nothing to build the table from",
    "write one SELECT",
)
REPEATED = _refused(
    "repeated_batch",
    "GO with a number",
    "it runs the batch several times",
    "write GO alone",
)
KEPT_ROWS = _refused(
    "kept_rows",
    "DELETE of some rows",
    "the others stay in the table, and the query alone does not give them",
    "delete all rows, and select all that the table has to hold",
)
ADDED_ROWS = Rule(
    "added_rows",
    "INSERT without TRUNCATE or DELETE",
    Verdict.WARN,
    Verdict.WARN,
    "it adds to rows that are in the table already, and here the table holds only those of the query",
    "make sure that the table is empty before",
)
INSERTED_TYPES = Rule(
    "inserted_types",
    "INSERT into a table that has types of its own",
    Verdict.WARN,
    Verdict.WARN,
    "SQL Server converts each column to the type that the table has: it cuts, rounds or pads what does not fit, and "
    "here each column has the type of the query",
    "CAST each column to the type of the table's column, or make sure that the types are the same",
)
UNREADABLE = _refused(
    "unreadable",
    "text that is no T-SQL",
    "it cannot be read",
    "correct it, and try it on SQL Server first; a name that may be taken for a word of SQL is read in [ ]",
)
TOO_DEEP = _refused(
    "too_deep",
    "expressions inside each other",
    "there are too many of them to be read",
    "write a WITH for the inner parts",
)
OPERATOR = _refused(
    "operator",
    "!< or !>",
    "only SQL Server has them",
    "write >= or <=",
)
CURRENCY = _refused(
    "currency",
    "a constant with a currency sign",
    "only SQL Server has them",
    "write CAST(... AS MONEY)",
)
CLAUSE = _refused(
    "clause",
    "a clause that only SQL Server has",
    "the other engines have none that gives the same",
    "write it in other words, or run this table on SQL Server",
)

RULES = (
    VARIABLE,
    TEMPORARY,
    EXECUTE,
    DYNAMIC,
    CREATE,
    SETTING,
    STATEMENT,
    QUERIES,
    NO_QUERY,
    REPEATED,
    KEPT_ROWS,
    ADDED_ROWS,
    INSERTED_TYPES,
    UNREADABLE,
    TOO_DEEP,
    OPERATOR,
    CURRENCY,
    CLAUSE,
)
