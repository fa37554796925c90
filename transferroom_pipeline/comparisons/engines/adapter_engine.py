"""Any engine that SQLMesh has an adapter for and whose dialect is known here: tables are compared where they lie."""

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from transferroom_pipeline.comparisons.addresses import without_addresses
from transferroom_pipeline.comparisons.engines.base import Engine
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.functions.base import Functions
from transferroom_pipeline.comparisons.functions.postgres import PostgresFunctions
from transferroom_pipeline.comparisons.functions.spark import SparkFunctions

if TYPE_CHECKING:
    from sqlmesh.core.engine_adapter.base import EngineAdapter

_IN_UTC = {
    "postgres": "SET TIME ZONE 'UTC'",
    "spark": "SET TIME ZONE 'UTC'",
    "databricks": "SET TIME ZONE 'UTC'",
}
_TEMPORARY = "pg_temp"


def functions_of(dialect: str) -> Functions:
    """What is particular to a dialect.

    Raises:
        ComparisonError: Comparisons do not know the dialect.
    """
    if dialect == "postgres":
        return PostgresFunctions()
    if dialect in {"spark", "databricks"}:
        return SparkFunctions(dialect)
    raise ComparisonError(f"tables cannot be compared on {dialect}: there are postgres, spark, databricks and duckdb")


class AdapterEngine(Engine):
    """A SQLMesh engine adapter."""

    def __init__(self, adapter: "EngineAdapter", *, scratch_schema: str | None = None) -> None:
        """Take an adapter; its session is set to the time zone UTC.

        Args:
            adapter: Reaches both tables.
            scratch_schema: Where work tables go on engines without temporary tables, such as Spark; they are dropped
                in the end. The current schema when left out.
        """
        self.adapter = adapter
        self.functions = functions_of(adapter.dialect)
        self._scratch_schema = scratch_schema
        self.work_tables_are_temporary = adapter.dialect == "postgres"
        self.adapter.execute(_IN_UTC[adapter.dialect])

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """Each adapter raises the errors of its own driver, which have no common class."""
        return (Exception,)

    def explain(self, error: Exception) -> str:
        """The first line, without the address of a server."""
        lines = str(error).strip().splitlines()
        return without_addresses(lines[0] if lines else type(error).__name__)

    def columns(self, table: exp.Table) -> list[tuple[str, str]]:
        """As the engine's catalogue has them."""
        found = self.adapter.columns(self._as_catalogued(table))
        if not found:
            raise ComparisonError(f"table {table.sql(dialect=self.functions.dialect)} does not exist, or has no column")
        return [(name, kind.sql(dialect=self.functions.dialect)) for name, kind in found.items()]

    def _as_catalogued(self, table: exp.Table) -> exp.Table:
        """PostgreSQL's catalogue knows the schema of this session's temporary tables by another name."""
        if table.db != _TEMPORARY:
            return table
        query = "SELECT nspname FROM pg_catalog.pg_namespace WHERE oid = pg_my_temp_schema()"
        return exp.table_(table.name, db=self.rows(query)[0][0], quoted=True)

    def type_of_condition(self, rows: exp.Expr, condition: exp.Expr) -> str:
        """These engines refuse a filter that is no condition."""
        query = exp.select(exp.Literal.number(1)).from_(rows).where(condition).limit(0)
        self.adapter.fetchall(query.sql(dialect=self.functions.dialect))
        return "BOOLEAN"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return list(self.adapter.fetchall(sql))

    def execute(self, sql: str) -> None:
        """Run a statement."""
        self.adapter.execute(sql)

    def work_table(self, name: str) -> exp.Table:
        """A temporary table where there are such, else one in the scratch schema."""
        return exp.table_(name, db=_TEMPORARY if self.work_tables_are_temporary else self._scratch_schema, quoted=True)

    def work_view(self, name: str) -> exp.Table:
        """A view of the session, which Spark keeps in no schema."""
        return exp.table_(name, db=_TEMPORARY if self.work_tables_are_temporary else None, quoted=True)

    def create(self, table: exp.Table, query: exp.Expr) -> exp.Expr:
        """As a table."""
        return exp.Create(this=table.copy(), kind="TABLE", expression=query)
