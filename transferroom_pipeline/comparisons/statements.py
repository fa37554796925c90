"""Running the SQL of one comparison, with a record of it, its progress, and errors that a person can act on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from transferroom_pipeline.comparisons.engines.base import Engine
from transferroom_pipeline.comparisons.exceptions import ComparisonError, SpecError
from transferroom_pipeline.comparisons.sql_text import parse_predicate

Progress = Callable[[str, int], None]
"""Told of every step before it begins: what it does, and how many rows it reads where that is known, else 0."""


def silent(step: str, rows: int) -> None:
    """Progress that nobody sees."""
    del step, rows


@dataclass
class Statements:
    """Statements on one engine.

    Attributes:
        engine: Where they run.
        table: The name of the comparison, for errors.
        mark: Marks the work tables of the comparison.
        progress: Told of the steps.
        run: The statements so far.
    """

    engine: Engine
    table: str
    mark: str
    progress: Progress = silent
    run: list[str] = field(default_factory=list)
    _created: list[exp.Table] = field(default_factory=list)

    def columns(self, table: exp.Table) -> list[tuple[str, str]]:
        """Names and types of a table's columns.

        Raises:
            ComparisonError: The table cannot be read.
        """
        try:
            return self.engine.columns(table)
        except self.engine.errors as error:
            name = table.sql(dialect=self.engine.functions.dialect)
            raise ComparisonError(f"table {self.table}: {name} cannot be read: {self._sentence(error)}") from error

    def require_condition(self, table: exp.Table, predicate: str) -> None:
        """See that a predicate is a condition on a table.

        Raises:
            SpecError: It is of another type.
            ComparisonError: The engine refuses it.
        """
        condition = parse_predicate(predicate)
        try:
            found = self.engine.type_of_condition(table, condition)
        except self.engine.errors as error:
            raise self._explained(error) from error
        if found != "BOOLEAN":
            message = f"predicate {predicate!r} is of type {found}: write a condition that is true or false"
            raise SpecError(f"table {self.table}: {message}")

    def rows(self, query: exp.Expr) -> list[tuple[Any, ...]]:
        """All rows of a query.

        Raises:
            ComparisonError: The engine refuses the query.
        """
        sql = self._recorded(query)
        try:
            return self.engine.rows(sql)
        except self.engine.errors as error:
            raise self._explained(error) from error

    def execute(self, statement: exp.Expr) -> None:
        """Run a statement that has no rows.

        Raises:
            ComparisonError: The engine refuses it.
        """
        sql = self._recorded(statement)
        try:
            self.engine.execute(sql)
        except self.engine.errors as error:
            raise self._explained(error) from error

    def _recorded(self, statement: exp.Expr) -> str:
        # Each statement is built for one use, so that the generator need not spare it by working on a copy.
        sql = statement.sql(dialect=self.engine.functions.dialect, copy=False)
        self.run.append(sql)
        return sql

    def row(self, query: exp.Expr) -> tuple[Any, ...]:
        """The only row of an aggregate."""
        return self.rows(query)[0]

    def value(self, query: exp.Expr) -> Any:
        """The only value of a query."""
        return self.row(query)[0]

    def all_distinct(self, hashes: exp.Select, rows: int) -> bool:
        """Whether a query's single column, `hash`, has no value twice."""
        try:
            found = self.engine.all_distinct(hashes, rows)
        except self.engine.errors as error:
            raise self._explained(error) from error
        return bool(self.value(found)) if isinstance(found, exp.Select) else found

    def create(self, what: str, query: exp.Expr) -> exp.Table:
        """Keep a query's rows in a work table."""
        table = self.engine.work_table(f"{self.mark}_{len(self._created)}_{what}")
        self._created.append(table)
        self.execute(self.engine.create(table, query))
        return table

    def drop_all(self) -> None:
        """Drop the work tables; one need not be there, the comparison may have failed before."""
        self.engine.recover()
        for table in self._created:
            self.execute(exp.Drop(this=table.copy(), kind="TABLE", exists=True))
        self._created.clear()

    def _explained(self, error: Exception) -> ComparisonError:
        return ComparisonError(f"table {self.table} cannot be compared: {self._sentence(error)}")

    def _sentence(self, error: Exception) -> str:
        return str(error) if isinstance(error, ComparisonError) else self.engine.explain(error)
