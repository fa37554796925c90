"""Running the SQL of one comparison, with a record of it, its progress, and errors that a person can act on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from transferroom_pipeline.comparisons.engines.base import Engine, Reading
from transferroom_pipeline.comparisons.exceptions import ComparisonError, SpecError

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
    _views: list[exp.Table] = field(default_factory=list)

    def columns(self, table: exp.Table) -> list[tuple[str, str]]:
        """Names and types of a table's columns.

        Raises:
            ComparisonError: The table cannot be read.
        """
        with self._read(table):
            return self.engine.columns(table)

    def reading(self, table: exp.Table) -> Reading | None:
        """How to read a table where its name alone would give changed values.

        Raises:
            ComparisonError: The table cannot be read, or not without changing values.
        """
        with self._read(table):
            return self.engine.reading(table)

    def require_exact(self, query: exp.Query, *, written: str) -> None:
        """See that a query reads no table whose values the engine would change.

        Raises:
            ComparisonError: It does, or cannot be read.
        """
        with self._read(written, refused=f"{written}: "):
            self.engine.require_exact(query)

    def identity(self, table: exp.Table) -> str:
        """What is the same for two names of one table.

        Raises:
            ComparisonError: The engine refuses to tell.
        """
        with self._read(table):
            return self.engine.identity(table)

    @contextmanager
    def _read(self, source: exp.Table | str, *, refused: str = "") -> Iterator[None]:
        """Name what is read in what the engine says; where our own code refuses, only as `refused` says."""
        try:
            yield
        except self.engine.errors as error:
            name = source if isinstance(source, str) else source.sql(dialect=self.engine.functions.dialect)
            raise ComparisonError(f"table {self.table}: {name} cannot be read: {self._sentence(error)}") from error
        except ComparisonError as error:
            raise ComparisonError(f"table {self.table}: {refused}{error}") from error

    def require_condition(self, rows: exp.Expr, condition: exp.Expr, *, written: str) -> None:
        """See that a predicate is a condition on a table or a subquery.

        Args:
            rows: The table.
            condition: The predicate.
            written: The predicate as a person wrote it.

        Raises:
            SpecError: It is of another type.
            ComparisonError: The engine refuses it.
        """
        with self.explained():
            found = self.engine.type_of_condition(rows, condition)
        if found != "BOOLEAN":
            message = f"predicate {written!r} is of type {found}: write a condition that is true or false"
            raise SpecError(f"table {self.table}: {message}")

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Say in one sentence what the engine refuses.

        Raises:
            ComparisonError: The engine refuses something.
        """
        try:
            yield
        except self.engine.errors as error:
            raise ComparisonError(f"table {self.table} cannot be compared: {self._sentence(error)}") from error

    def recorded(self, statement: exp.Expr) -> str:
        """A statement in the engine's SQL, kept on record; the expression is used up by it."""
        # Each statement is built for one use, so that the generator need not spare it by working on a copy.
        sql = statement.sql(dialect=self.engine.functions.dialect, copy=False)
        self.run.append(sql)
        return sql

    def written(self, expression: exp.Expr) -> exp.Expr:
        """An expression in the engine's SQL, written once for all the statements that it is part of."""
        return exp.var(expression.sql(dialect=self.engine.functions.dialect, copy=False))

    def rows(self, query: exp.Expr) -> list[tuple[Any, ...]]:
        """All rows of a query.

        Raises:
            ComparisonError: The engine refuses the query.
        """
        sql = self.recorded(query)
        with self.explained():
            return self.engine.rows(sql)

    def execute(self, statement: exp.Expr) -> None:
        """Run a statement that has no rows.

        Raises:
            ComparisonError: The engine refuses it.
        """
        sql = self.recorded(statement)
        with self.explained():
            self.engine.execute(sql)

    def row(self, query: exp.Expr) -> tuple[Any, ...]:
        """The only row of an aggregate."""
        return self.rows(query)[0]

    def value(self, query: exp.Expr) -> Any:
        """The only value of a query."""
        return self.row(query)[0]

    def create(self, what: str, query: exp.Expr) -> exp.Table:
        """Keep a query's rows in a work table."""
        table = self.new_table(what)
        self.execute(self.engine.create(table, query))
        return table

    def create_view(self, what: str, query: exp.Expr) -> exp.Table:
        """A view of a query for as long as the comparison lasts."""
        view = self.engine.work_view(f"{self.mark}_{what}")
        self._views.append(view)
        self.execute(self.engine.create_view(view, query))
        return view

    def new_table(self, what: str) -> exp.Table:
        """The name of a work table, which is dropped in the end."""
        table = self.engine.work_table(f"{self.mark}_{len(self._created)}_{what}")
        self._created.append(table)
        return table

    def drop_all(self) -> None:
        """Drop the work tables and views; one need not be there, the comparison may have failed before.

        Raises:
            ComparisonError: The engine refuses to drop one; the others are dropped all the same.
        """
        self.engine.recover()
        refused: list[ComparisonError] = []
        for kind, created in (("TABLE", self._created), ("VIEW", self._views)):
            for table in created:
                try:
                    self.execute(exp.Drop(this=table.copy(), kind=kind, exists=True))
                except ComparisonError as error:
                    refused.append(error)
            created.clear()
        if refused:
            raise refused[0]

    def _sentence(self, error: Exception) -> str:
        return str(error) if isinstance(error, ComparisonError) else self.engine.explain(error)
