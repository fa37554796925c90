"""The type of every expression of a query, from the types of the tables' columns.

sqlglot's `qualify` says which table or subquery a column comes from. Its own `annotate_types` then types operators and
functions as other engines do (the quotient of decimals is a double, ISNULL takes the wider type), so the types
themselves are worked out here, by SQL Server's rules.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from transferroom_pipeline.legacy.tsql import sql_types
from transferroom_pipeline.legacy.tsql.functions import FUNCTIONS
from transferroom_pipeline.legacy.tsql.qualifying import qualified_copy
from transferroom_pipeline.legacy.tsql.sql_types import (
    BIT,
    INT,
    NULL,
    SMALLINT,
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
_NAME_OF_COLUMN = SqlType("NVARCHAR", 128)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor)
_LIKE_THEIR_OPERAND = (exp.Paren, exp.Alias, exp.Distinct, exp.Window, exp.WithinGroup, exp.IgnoreNulls,
                       exp.RespectNulls, exp.Collate, exp.BitwiseNot, exp.Ordered, exp.Any, exp.All)  # fmt: skip


@dataclass(frozen=True)
class Output:
    """A column that a query gives.

    Attributes:
        name: Its name in small letters; `*` stands for all columns of a table that is not known.
        type: Its type.
        value: The expression that it is; None where several branches give it.
    """

    name: str
    type: SqlType
    value: exp.Expr | None = None


class Types:
    """Answers which type an expression of one query has; `unknown` where the query and the columns do not say."""

    def __init__(self, query: exp.Expr, columns: Columns) -> None:
        self._columns = {
            table.lower().split(".")[-1]: {name.lower(): parse_type(written) for name, written in found.items()}
            for table, found in columns.items()
        }
        for number, node in enumerate(query.walk()):
            node.meta[_NODE] = number
        # `qualify` writes names in small letters, of which the stand-in knows the plain ones only.
        self._written = {name.lower(): name for name in _names_of_tables(query)}
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

    def outputs(self, query: exp.Expr) -> Sequence[Output]:
        """The columns that a query of the text, a list of values or an applied one gives, in their order."""
        return self._outputs(self._nodes.get(query.meta.get(_NODE, -1), query))

    def branches(self, query: exp.Expr) -> Iterator[exp.Expr]:
        """The queries that a set operation puts together; of any other query, that query itself."""
        inner = query.unnest()
        if isinstance(inner, exp.SetOperation):
            yield from self.branches(inner.left)
            yield from self.branches(inner.right)
        else:
            yield inner

    def hidden_table(self, column: exp.Column) -> str | None:
        """The table of a column in HAVING, or inside of an expression in ORDER BY, that has the name of an output.

        SQL Server takes the table's column there, the stand-in the output.
        """
        qualified = self._nodes.get(column.meta.get(_NODE, -1), column)
        if not isinstance(qualified, exp.Column):
            return None
        scope = self._scope_of.get(id(qualified))
        clause = qualified.find_ancestor(exp.Query, exp.Having, exp.Order)
        is_plain = scope is None or bool(qualified.table) or names_output(qualified)
        if is_plain or not isinstance(clause, exp.Having | exp.Order) or not isinstance(clause.parent, exp.Query):
            return None
        hiding = [output for output in self._outputs(clause.parent) if output.name == qualified.name.lower()]
        found = self._source_of(qualified) if hiding else None
        is_same = found is not None and all(_is_column(output.value, found[0], qualified.name) for output in hiding)
        return self._written.get(found[0], found[0]) if found is not None and not is_same else None

    def _qualify(self, query: exp.Expr) -> None:
        # The types do not matter to `qualify`, only which table has which column. It gives up where a table that is
        # known lacks a column; the tables' names in front of columns are then all that there is.
        schema: dict[str, object] = {table: dict.fromkeys(found, "INT") for table, found in self._columns.items()}
        qualified = qualified_copy(query, schema) or qualified_copy(query, {})
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
        if isinstance(node, exp.Neg | exp.Binary) and isinstance(node, (exp.Neg, *_ARITHMETIC)):
            return self._computed(node)
        if isinstance(node, exp.Cast | exp.Convert):
            to = node.to if isinstance(node, exp.Cast) else node.this
            return type_of_cast(to) if isinstance(to, exp.DataType) else UNKNOWN
        if isinstance(node, exp.Anonymous):
            return self._function(node)
        return self._compute_other(node)

    def _computed(self, node: exp.Neg | exp.Binary) -> SqlType:
        if isinstance(node, exp.Binary):
            return arithmetic(type(node), self._type(node.left), self._type(node.right))
        negated = self._type(node.this)
        return SMALLINT if negated.name == "TINYINT" else negated

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
            return found[0].type if len(found) == 1 else UNKNOWN
        return UNKNOWN

    def _function(self, node: exp.Anonymous) -> SqlType:
        function = FUNCTIONS.get(node.name.upper())
        if function is None:
            return UNKNOWN
        return function.result([self._type(argument) for argument in node.expressions])

    def _column(self, column: exp.Column) -> SqlType:
        if names_output(column):
            order = column.find_ancestor(exp.Order)
            found = self._named(self._outputs(order.parent), column.name) if order and order.parent else None
            if found is not None:
                return found
        source = self._source_of(column)
        found = self._named(self._columns_of(source[1]), column.name) if source else None
        return found or UNKNOWN

    def _named(self, outputs: Sequence[Output], name: str) -> SqlType | None:
        return next((output.type for output in outputs if output.name == name.lower()), None)

    def _source_of(self, column: exp.Column) -> tuple[str, exp.Expr | Scope] | None:
        """The table or subquery that a column comes from, with its name: in its own query, or in one around it."""
        scope = self._scope_of.get(id(column))
        while scope is not None:
            if column.table:
                found = scope.sources.get(column.table) or _pivot_of(scope, column.table)
                if found is not None:
                    return column.table, found
            elif (sought := self._selected(scope, column.name)) is not None:
                return sought[0] if len(sought) == 1 else None
            scope = scope.parent
        return None

    def _selected(self, scope: Scope, name: str) -> list[tuple[str, exp.Expr | Scope]] | None:
        """What of the FROM of one query may have a column; None where nothing may."""
        sources: list[tuple[str, exp.Expr | Scope]] = [
            (alias, source) for alias, (_, source) in scope.selected_sources.items()
        ]
        having = [found for found in sources if self._named(self._columns_of(found[1]), name) is not None]
        return having or [found for found in sources if not self._is_known(found[1])] or None

    def _is_known(self, source: exp.Expr | Scope) -> bool:
        outputs = self._columns_of(source)
        return bool(outputs) and all(output.name != "*" for output in outputs)

    def _columns_of(self, source: exp.Expr | Scope) -> Sequence[Output]:
        """The columns of a table or subquery."""
        if isinstance(source, exp.Table):
            return [Output(name, kind) for name, kind in self._columns.get(source.name.lower(), {}).items()]
        if isinstance(source, exp.Pivot):
            return self._pivoted(source)
        expression = source.expression if isinstance(source, Scope) else source
        if isinstance(expression, exp.Lateral) and not expression.alias_column_names:
            expression = expression.this
        return self._outputs(expression)

    def _pivoted(self, pivot: exp.Pivot) -> Sequence[Output]:
        """The columns that a PIVOT or UNPIVOT makes, and those that it leaves."""
        [field, *_] = pivot.args["fields"]
        computed = pivot.expressions[0]
        if pivot.args.get("unpivot"):
            kind = common([self._type(value) for value in field.expressions])
            made = [Output(computed.name.lower(), kind), Output(field.this.name.lower(), _NAME_OF_COLUMN)]
        else:
            made = [Output(value.alias_or_name.lower(), self._type(computed)) for value in field.expressions]
        used = {column.name.lower() for column in pivot.find_all(exp.Column)}
        inner = pivot.parent if isinstance(pivot.parent, exp.Table) else pivot.parent and pivot.parent.this
        kept = [output for output in self._columns_of(inner) if output.name not in used] if inner else []
        return [*made, *kept]

    def _outputs(self, query: exp.Expr) -> Sequence[Output]:
        if isinstance(query, exp.Subquery):
            return self._outputs(query.this)
        if isinstance(query, exp.SetOperation):
            return self._in_common([self._outputs(branch) for branch in self.branches(query)])
        if isinstance(query, exp.Values | exp.Lateral):
            names = (name.lower() for name in query.alias_column_names)
            return [Output(name, kind) for name, kind in zip(names, self._in_order(query), strict=False)]
        selects = query.selects if isinstance(query, exp.Query) else []
        return [output for select in selects for output in self._projected(select)]

    def _projected(self, select: exp.Expr) -> Sequence[Output]:
        if is_star(select):
            return [Output("*", UNKNOWN)]
        return [Output(select.alias_or_name.lower(), self._type(select), select.unalias())]

    def _in_common(self, branches: Sequence[Sequence[Output]]) -> Sequence[Output]:
        """The columns of a set operation: the names of its first branch, and the types that all have in common."""
        if any(output.name == "*" for branch in branches for output in branch):
            return [Output(output.name, UNKNOWN) for output in branches[0]]
        columns = zip(*branches, strict=False)
        return [Output(column[0].name, common([output.type for output in column])) for column in columns]

    def _in_order(self, query: exp.Expr) -> list[SqlType]:
        """The types of the columns of a list of values, or of what is applied, in their order."""
        inner = query.this.unnest() if isinstance(query, exp.Lateral) else query
        if isinstance(inner, exp.Values):
            return [common([self._type(cell) for cell in cells]) for cells in columns_of_values(inner)]
        return [output.type for output in self._outputs(inner)]


def _names_of_tables(query: exp.Expr) -> Iterator[str]:
    return (node.alias_or_name for node in query.find_all(exp.Table, exp.Subquery, exp.Lateral, exp.Values, exp.Pivot))


def is_star(column: exp.Expr) -> bool:
    """Whether it stands for all columns of one table or of all."""
    return isinstance(column, exp.Star) or (isinstance(column, exp.Column) and isinstance(column.this, exp.Star))


def _is_column(value: exp.Expr | None, table: str, name: str) -> bool:
    return isinstance(value, exp.Column) and (value.table, value.name.lower()) == (table, name.lower())


def _pivot_of(scope: Scope, name: str) -> exp.Pivot | None:
    """The PIVOT in a query that gives its result a name."""
    return next((pivot for pivot in scope.find_all(exp.Pivot) if pivot.alias == name), None)


def columns_of_values(values: exp.Values) -> list[tuple[exp.Expr, ...]]:
    """The cells of a list of values, by column."""
    rows = [row.expressions for row in values.expressions if isinstance(row, exp.Tuple)]
    return list(zip(*rows, strict=False))


def names_output(column: exp.Column) -> bool:
    """Whether a column is all of what an ORDER BY of a query orders by, and so may be a name of its SELECT."""
    ordered = column.parent
    order = ordered.parent if isinstance(ordered, exp.Ordered) else None
    return not column.table and isinstance(order, exp.Order) and isinstance(order.parent, exp.Query)


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
