"""What a person writes as SQL inside a spec: names of relations and predicates, parsed before they are used."""

import re

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from transferroom_pipeline.comparisons.addresses import may_be_address
from transferroom_pipeline.comparisons.exceptions import SpecError

DIALECT = "duckdb"
_MOST_PARTS = 3
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


def parse_relation(text: str) -> exp.Table:
    """Read `[database.]schema.table`; parts may be quoted, and are quoted in all SQL made of them.

    Raises:
        SpecError: The text is not one to three names separated by dots; an address is not repeated.
    """
    if may_be_address(_QUOTED.sub('""', text)):
        raise SpecError(
            "an address names no table: attach the server with --attach ALIAS=postgresql://..., and write "
            "ALIAS.schema.table"
        )
    try:
        table = exp.to_table(text, dialect=DIALECT)
    except (SqlglotError, AttributeError, ValueError) as error:
        raise _not_a_relation(text) from error
    parts = table.parts if isinstance(table, exp.Table) else []
    if not 1 <= len(parts) <= _MOST_PARTS or not all(isinstance(part, exp.Identifier) and part.name for part in parts):
        raise _not_a_relation(text)
    names = [exp.to_identifier(part.name, quoted=True) for part in parts]
    return exp.Table(**dict(zip(("this", "db", "catalog"), reversed(names), strict=False)))


def parse_predicate(text: str) -> exp.Expr:
    """Read one boolean expression in DuckDB's dialect, whatever engine it is for; all else that SQL knows is refused.

    Raises:
        SpecError: The text is several statements, a statement, or no SQL.
    """
    try:
        parsed = sqlglot.parse(text, dialect=DIALECT)
    except SqlglotError as error:
        raise SpecError(f"predicate {text!r} is not SQL: write one condition, such as status = 'Completed'") from error
    predicate = parsed[0] if len(parsed) == 1 else None
    if ";" in _without_literals(text) or not isinstance(predicate, exp.Condition):
        raise SpecError(f"predicate {text!r} is not one condition: write a single one, such as status = 'Completed'")
    for node in predicate.walk():
        node.pop_comments()
    return predicate


def parse_query(text: str) -> exp.Query:
    """Read one SELECT in DuckDB's dialect, whatever engine it is for; all else that SQL knows is refused.

    Raises:
        SpecError: The text is several statements, no query, or no SQL.
    """
    try:
        parsed = sqlglot.parse(text, dialect=DIALECT)
    except (SqlglotError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise SpecError(f"the query is not SQL: write one SELECT in DuckDB's dialect ({reason})") from error
    statements = [found for found in parsed if found is not None and not isinstance(found, exp.Semicolon)]
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise SpecError("the query is not one SELECT: write a single one")
    query = statements[0]
    names = [name.lower() for name in query.named_selects if name != "*"]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise SpecError(f"the query gives two columns the name {repeated[0]}: give each its own")
    for node in query.walk():
        node.pop_comments()
    return query


def parse_view(statement: str) -> exp.Query:
    """The query of a CREATE VIEW statement, as DuckDB keeps it.

    Raises:
        SpecError: It is none that can be read.
    """
    try:
        parsed = sqlglot.parse_one(statement, dialect=DIALECT)
    except (SqlglotError, RecursionError) as error:
        raise SpecError("the query of a view cannot be read, and so it is not known what it reads") from error
    query = parsed.expression if isinstance(parsed, exp.Create) else parsed
    if not isinstance(query, exp.Query):
        raise SpecError("the query of a view cannot be read, and so it is not known what it reads")
    return query


def tables_in(query: exp.Query) -> list[exp.Table]:
    """The tables and table functions that a query reads; what it defines itself in WITH is none of them."""
    own = {expression.alias_or_name.lower() for expression in query.find_all(exp.CTE)}
    return [table for table in query.find_all(exp.Table) if table.db or table.name.lower() not in own]


def tables_read(query: str) -> list[exp.Table]:
    """The tables that a query reads by their names."""
    return [table for table in tables_in(parse_query(query)) if isinstance(table.this, exp.Identifier)]


def selected_whole(query: str) -> exp.Table | None:
    """The relation that a query, or the statement of a view, selects columns of as they are; None for every other.

    Whichever columns it selects and in whatever order, they are the relation's own rows.
    """
    try:
        parsed = sqlglot.parse_one(query, dialect=DIALECT)
    except (SqlglotError, RecursionError):
        return None
    select = parsed.expression if isinstance(parsed, exp.Create) else parsed
    if not isinstance(select, exp.Select):
        return None
    is_plain = {name for name, value in select.args.items() if value} <= {"expressions", "from_", "kind", "order"}
    if not (is_plain and all(map(_is_column_as_it_is, select.expressions))):
        return None
    source = select.args["from_"].this if select.args.get("from_") else None
    if not (isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier)):
        return None
    return None if source.args.get("joins") or source.args.get("sample") else source


def _is_column_as_it_is(expression: exp.Expr) -> bool:
    inside = expression.this if isinstance(expression, exp.Alias) else expression
    is_star = isinstance(inside, exp.Star) and not any(inside.args.values())
    return is_star or (isinstance(inside, exp.Column) and inside.output_name in {"*", expression.output_name})


def _without_literals(text: str) -> str:
    """The text without its quoted strings and names, in which a semicolon is harmless."""
    tokens = sqlglot.tokenize(text, read=DIALECT)
    quoted = {sqlglot.TokenType.STRING, sqlglot.TokenType.IDENTIFIER}
    return " ".join(token.text for token in tokens if token.token_type not in quoted)


def _not_a_relation(text: str) -> SpecError:
    return SpecError(f"{text!r} does not name a table: write [database.]schema.table")
