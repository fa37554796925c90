"""What a comparison needs of an engine."""

from abc import ABC, abstractmethod
from typing import Any

from sqlglot import exp

from transferroom_pipeline.comparisons.functions.base import Functions


class Engine(ABC):
    """Runs the SQL of comparisons.

    Attributes:
        functions: The dialect.
        work_tables_are_temporary: Whether work tables end with the connection, so that none has to be dropped in haste.
    """

    functions: Functions
    work_tables_are_temporary: bool = True

    @property
    @abstractmethod
    def errors(self) -> tuple[type[Exception], ...]:
        """What the engine raises when it refuses a statement."""

    @abstractmethod
    def explain(self, error: Exception) -> str:
        """One sentence of an error, without what is no use to a person."""

    @abstractmethod
    def columns(self, table: exp.Table) -> list[tuple[str, str]]:
        """Names and types of a table's columns, the types as the engine names them."""

    @abstractmethod
    def type_of_condition(self, table: exp.Table, condition: exp.Expr) -> str:
        """The type of an expression over a table: BOOLEAN if it is a condition."""

    @abstractmethod
    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""

    @abstractmethod
    def execute(self, sql: str) -> None:
        """Run a statement that has no rows."""

    @abstractmethod
    def work_table(self, name: str) -> exp.Table:
        """Where a table of the comparison's own lies."""

    @abstractmethod
    def create(self, table: exp.Table, query: exp.Expr) -> exp.Expr:
        """The statement that keeps a query's rows in a work table."""

    def all_distinct(self, hashes: exp.Select, rows: int) -> exp.Select | bool:
        """Whether a query's single column, `hash`, has no value twice: the answer, or the query that gives it."""
        del rows
        distinct = exp.Count(this=exp.Distinct(expressions=[exp.column("hash", quoted=True)]))
        return exp.select(exp.EQ(this=exp.Count(this=exp.Star()), expression=distinct)).from_(hashes.subquery("hashes"))

    def recover(self) -> None:  # noqa: B027 - most engines need nothing
        """Make the connection usable again after an error."""
