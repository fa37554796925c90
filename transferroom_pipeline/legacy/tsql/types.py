"""The type of every expression of a query, from the types of the tables' columns.

sqlglot's `qualify` says which table or subquery a column comes from. Its own `annotate_types` then types operators and
functions as other engines do (the quotient of decimals is a double, ISNULL takes the wider type), so the types
themselves are worked out here, by SQL Server's rules.
"""

from collections.abc import Mapping

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from transferroom_pipeline.legacy.tsql import sql_types
from transferroom_pipeline.legacy.tsql.dialect import LegacyTSQL
from transferroom_pipeline.legacy.tsql.functions import FUNCTIONS
from transferroom_pipeline.legacy.tsql.sql_types import (
    BIT,
    INT,
    NULL,
    UNKNOWN,
    Family,
    SqlType,
    arithmetic,
    common,
    parse_type,
    type_of_cast,
)
from transferroom_pipeline.legacy.tsql.text_functions import like_first

Columns = Mapping[str, Mapping[str, str]]
"""Types of SQL Server by table and column; the schema may be left out."""

_NODE = "legacy_node"
_LARGEST_INT = 2**31 - 1
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor)
_LIKE_THEIR_OPERAND = (exp.Paren, exp.Alias, exp.Neg, exp.Distinct, exp.Window, exp.WithinGroup, exp.IgnoreNulls,
                       exp.RespectNulls, exp.Collate, exp.BitwiseNot, exp.Ordered, exp.Any, exp.All)  # fmt: skip


class Types:
    """Answers which type an expression of one query has; `unknown` where the query and the columns do not say."""

    def __init__(self, query: exp.Expr, columns: Columns) -> None:
        self._columns = {
            table.lower().split(".")[-1]: {name.lower(): parse_type(written) for name, written in found.items()}
            for table, found in columns.items()
        }
        for number, node in enumerate(query.walk()):
            node.meta[_NODE] = number
        self._scope_of: dict[int, Scope] = {}
        self._nodes: dict[int, exp.Expr] = {}
        # Each node beside its type: while it is kept, no other node gets its id.
        self._known: dict[int, tuple[exp.Expr, SqlType]] = {}
        self._qualify(query)

    def of(self, node: exp.Expr) -> SqlType:
        """The type of an expression of the query, or of a copy of one."""
        qualified = self._nodes.get(node.meta.get(_NODE, -1), node)
        return self._type(qualified)

    def same(self, carried: exp.Expr, node: exp.Expr) -> None:
        """Let what stands for a node on the stand-in have its type."""
        if _NODE in node.meta:
            carried.meta[_NODE] = node.meta[_NODE]

    def family(self, node: exp.Expr) -> Family:
        """The family of its type."""
        return self.of(node).family

    def definition(self, column: exp.Column) -> exp.Expr | None:
        """The expression that a column of a subquery stands for; None of a table's column."""
        qualified = self._nodes.get(column.meta.get(_NODE, -1), column)
        scope = self._scope_of.get(id(qualified))
        source = scope.sources.get(qualified.args["table"].name) if scope and qualified.args.get("table") else None
        if not isinstance(source, Scope) or not isinstance(source.expression, exp.Select):
            return None
        found = (select for select in source.expression.selects if select.alias_or_name == qualified.name)
        return next((select.unalias() for select in found), None)

    def _qualify(self, query: exp.Expr) -> None:
        # The types do not matter to `qualify`, only which table has which column. It gives up where a table that is
        # known lacks a column; the tables' names in front of columns are then all that there is.
        schema: dict[str, object] = {table: dict.fromkeys(found, "INT") for table, found in self._columns.items()}
        qualified = _qualified(query, schema) or _qualified(query, {})
        for node in (qualified or query).walk():
            self._nodes.setdefault(node.meta.get(_NODE, -1), node)
        for scope in traverse_scope(qualified) if qualified is not None else []:
            # `scope.columns` leaves out those that name a column of the SELECT in ORDER BY.
            for column in scope.find_all(exp.Column):
                self._scope_of[id(column)] = scope

    def _type(self, node: exp.Expr) -> SqlType:
        key = id(node)
        if key not in self._known:
            # A recursive query asks for itself: until it is known it is unknown.
            self._known[key] = node, UNKNOWN
            self._known[key] = node, self._compute(node)
        return self._known[key][1]

    def _compute(self, node: exp.Expr) -> SqlType:
        if isinstance(node, exp.Column):
            return self._column(node)
        if isinstance(node, _LIKE_THEIR_OPERAND):
            return self._type(node.expressions[0] if isinstance(node, exp.Distinct) else node.this)
        if isinstance(node, _ARITHMETIC):
            return arithmetic(type(node), self._type(node.left), self._type(node.right))
        if isinstance(node, exp.Cast | exp.Convert):
            to = node.to if isinstance(node, exp.Cast) else node.this
            return type_of_cast(to) if isinstance(to, exp.DataType) else UNKNOWN
        if isinstance(node, exp.Anonymous):
            return self._function(node)
        return self._compute_other(node)

    def _compute_other(self, node: exp.Expr) -> SqlType:
        if isinstance(node, exp.Literal | exp.National | exp.Null):
            return literal_type(node)
        if isinstance(node, exp.Case):
            branches = [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]
            return common([self._type(branch) for branch in branches if branch is not None])
        if isinstance(node, exp.Trim):
            return like_first([self._type(node.this)])
        if isinstance(node, exp.Predicate | exp.Connector | exp.Not):
            return BIT
        if isinstance(node, exp.Query):
            found = self._outputs(node)
            return next(iter(found.values())) if len(found) == 1 else UNKNOWN
        return UNKNOWN

    def _function(self, node: exp.Anonymous) -> SqlType:
        function = FUNCTIONS.get(node.name.upper())
        if function is None:
            return UNKNOWN
        return function.result([self._type(argument) for argument in node.expressions])

    def _column(self, column: exp.Column) -> SqlType:
        scope = self._scope_of.get(id(column))
        if scope is not None and not column.table:
            return self._output_of(scope, column)
        while scope is not None:
            source = scope.sources.get(column.table)
            if source is not None:
                return self._from_source(source, column.name)
            scope = scope.parent
        return UNKNOWN

    def _output_of(self, scope: Scope, column: exp.Column) -> SqlType:
        """The type of a column without a table: one that ORDER BY takes from the list of columns."""
        selects = scope.expression.selects if isinstance(scope.expression, exp.Query) else []
        found = [
            select
            for select in selects
            if select.alias_or_name == column.name and select.find(exp.Column) is not column
        ]
        return self._type(found[0].unalias()) if found else UNKNOWN

    def _from_source(self, source: exp.Expr | Scope, name: str) -> SqlType:
        if isinstance(source, exp.Table):
            return self._columns.get(source.name.lower(), {}).get(name.lower(), UNKNOWN)
        expression = source.expression if isinstance(source, Scope) else source
        if isinstance(expression, exp.Lateral) and not expression.alias_column_names:
            expression = expression.this
        return self._outputs(expression).get(name.lower(), UNKNOWN)

    def _outputs(self, query: exp.Expr) -> dict[str, SqlType]:
        """The columns that a query, a list of values or an applied one gives, by name."""
        if isinstance(query, exp.Subquery):
            return self._outputs(query.this)
        if isinstance(query, exp.SetOperation):
            left, right = self._outputs(query.left), self._outputs(query.right)
            pairs = zip(left.items(), right.values(), strict=False)
            return {name: common([mine, other]) for (name, mine), other in pairs}
        if isinstance(query, exp.Values | exp.Lateral):
            return dict(zip((name.lower() for name in query.alias_column_names), self._in_order(query), strict=False))
        selects = query.selects if isinstance(query, exp.Query) else []
        return {select.alias_or_name.lower(): self._type(select) for select in selects}

    def _in_order(self, query: exp.Expr) -> list[SqlType]:
        """The types of the columns of a list of values, or of what is applied, in their order."""
        inner = query.this.unnest() if isinstance(query, exp.Lateral) else query
        if isinstance(inner, exp.Values):
            rows = [row.expressions for row in inner.expressions if isinstance(row, exp.Tuple)]
            return [common([self._type(cell) for cell in cells]) for cells in zip(*rows, strict=False)]
        return list(self._outputs(inner).values())


def _qualified(query: exp.Expr, schema: dict[str, object]) -> exp.Expr | None:
    try:
        qualified = qualify(
            query.copy(),
            schema=schema,
            dialect=LegacyTSQL,
            expand_alias_refs=False,
            infer_schema=True,
            validate_qualify_columns=False,
        )
    except (SqlglotError, KeyError, ValueError):
        # Columns stay of unknown type then, which every rule that needs types counts as the doubtful case.
        return None
    _undo_fields(qualified)
    return qualified


def _undo_fields(query: exp.Expr) -> None:
    """Columns again, where `qualify` takes a column of an applied subquery for a field of one: T-SQL has no fields."""
    for dot in list(query.find_all(exp.Dot)):
        if isinstance(dot.this, exp.Column) and isinstance(dot.expression, exp.Identifier):
            column = exp.column(dot.expression.copy(), table=dot.this.this.copy())
            column.meta.update(dot.this.meta)
            dot.replace(column)


def literal_type(node: exp.Expr) -> SqlType:
    """The type of a constant: whole numbers beyond INT are decimals, and only an exponent makes a float."""
    if isinstance(node, exp.Null):
        return NULL
    text = node.name
    if isinstance(node, exp.National):
        return SqlType("NVARCHAR", len(text))
    if node.is_string:
        return SqlType("VARCHAR", len(text))
    if "e" in text.lower():
        return sql_types.FLOAT
    whole, _, fraction = text.partition(".")
    if "." not in text and int(whole or 0) <= _LARGEST_INT:
        return INT
    return SqlType("DECIMAL", max(len(whole.lstrip("0")) + len(fraction), 1), len(fraction))
