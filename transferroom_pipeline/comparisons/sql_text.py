"""What a person writes as SQL inside a spec: names of relations and predicates, parsed before they are used."""

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from transferroom_pipeline.comparisons.exceptions import SpecError

DIALECT = "duckdb"
_MOST_PARTS = 3


def parse_relation(text: str) -> exp.Table:
    """Read `[database.]schema.table`; parts may be quoted, and are quoted in all SQL made of them.

    Raises:
        SpecError: The text is not one to three names separated by dots.
    """
    try:
        table = exp.to_table(text, dialect=DIALECT)
    except (SqlglotError, AttributeError) as error:
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


def _without_literals(text: str) -> str:
    """The text without its quoted strings and names, in which a semicolon is harmless."""
    tokens = sqlglot.tokenize(text, read=DIALECT)
    quoted = {sqlglot.TokenType.STRING, sqlglot.TokenType.IDENTIFIER}
    return " ".join(token.text for token in tokens if token.token_type not in quoted)


def _not_a_relation(text: str) -> SpecError:
    return SpecError(f"{text!r} does not name a table: write [database.]schema.table")
