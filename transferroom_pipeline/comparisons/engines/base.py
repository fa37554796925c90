"""What a comparison needs of an engine."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from transferroom_pipeline.comparisons.functions.base import Functions
from transferroom_pipeline.comparisons.spec import TableSpec

if TYPE_CHECKING:
    # Comparing small tables must not wait for NumPy.
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Reading:
    """How to read a table whose name alone would give other values than it has.

    Attributes:
        query: Gives the rows.
        numerals: The columns that are numbers written as text, because no type of the engine's holds them.
    """

    query: exp.Query
    numerals: frozenset[str] = frozenset()


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

    def identity(self, table: exp.Table) -> str:
        """What is the same for two names of one table."""
        return table.sql(dialect=self.functions.dialect).lower()

    def reading(self, table: exp.Table) -> Reading | None:
        """How to read a table where its name alone would give changed values; most engines have none such."""
        del table
        return None

    def require_exact(self, query: exp.Query) -> None:  # noqa: B027 - most engines change no value
        """See that a query reads no table whose values the engine would change.

        Raises:
            ComparisonError: It does.
        """

    @abstractmethod
    def work_view(self, name: str) -> exp.Table:
        """Where a view of the comparison's own lies."""

    def create_view(self, view: exp.Table, query: exp.Expr) -> exp.Expr:
        """The statement that makes a view for this session."""
        temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
        return exp.Create(this=view.copy(), kind="VIEW", expression=query, properties=temporary)

    @abstractmethod
    def type_of_condition(self, rows: exp.Expr, condition: exp.Expr) -> str:
        """The type of an expression over a table or a subquery: BOOLEAN if it is a condition."""

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

    def recover(self) -> None:  # noqa: B027 - most engines need nothing
        """Make the connection usable again after an error."""


class StreamingEngine(Engine):
    """An engine in this process, which can hand over numbers as arrays."""

    @abstractmethod
    def stream(self, sql: str, rows: int) -> "Iterator[tuple[NDArray[np.uint64], ...]]":
        """The rows of a query of unsigned 64-bit numbers in batches, an array per column.

        Args:
            sql: The query.
            rows: About how many there are, to tell how much of it is done.
        """

    @abstractmethod
    def row_id(self, spec: TableSpec, side: int) -> exp.Expr | None:
        """What tells the rows of one side apart, if it is a whole table and the engine finds rows quickly by it."""

    @abstractmethod
    def spared(self, size: int) -> AbstractContextManager[bool]:
        """Take some bytes off the engine's limit of memory for arrays of this process; whether it can spare them."""

    @abstractmethod
    def keep(self, table: exp.Table, name: str, numbers: "NDArray[np.int64]") -> None:
        """Keep numbers in a work table with one column of the name."""
