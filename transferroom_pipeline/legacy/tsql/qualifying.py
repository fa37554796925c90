"""Which table or subquery each column of a query comes from, as sqlglot's `qualify` says."""

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify

from transferroom_pipeline.legacy.tsql.dialect import LegacyTSQL


def qualified_copy(query: exp.Expr, schema: dict[str, object]) -> exp.Expr | None:
    """A copy of a query with the names of tables in front of columns; None where `qualify` gives up."""
    try:
        qualified = qualify(
            _with_recursion(query.copy()),
            schema=schema,
            dialect=LegacyTSQL,
            expand_alias_refs=False,
            infer_schema=True,
            validate_qualify_columns=False,
        )
    except (SqlglotError, KeyError, ValueError, AssertionError):
        # Columns stay of unknown type then, which every rule that needs types counts as the doubtful case. An
        # AssertionError comes of ORDER BY 1 beside a star that cannot be written out.
        return None
    _undo_fields(qualified)
    return qualified


def calls_itself(cte: exp.Expr) -> bool:
    """Whether a common table expression reads itself."""
    name = cte.alias_or_name.lower()
    return any(table.name.lower() == name and not table.db for table in cte.this.find_all(exp.Table))


def _with_recursion(query: exp.Expr) -> exp.Expr:
    """The query with the word RECURSIVE, which T-SQL lacks: by it sqlglot knows that a WITH may read its first part."""
    for clause in query.find_all(exp.With):
        if any(calls_itself(cte) for cte in clause.expressions):
            clause.args["recursive"] = True
    return query


def _undo_fields(query: exp.Expr) -> None:
    """Columns again, where `qualify` takes a column of an applied subquery for a field of one: T-SQL has no fields."""
    for dot in list(query.find_all(exp.Dot)):
        if isinstance(dot.this, exp.Column) and isinstance(dot.expression, exp.Identifier):
            column = exp.column(dot.expression.copy(), table=dot.this.this.copy())
            column.meta.update(dot.this.meta)
            dot.replace(column)
