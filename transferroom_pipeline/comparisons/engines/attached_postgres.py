"""Reading the tables of a PostgreSQL server through DuckDB without changing a value.

DuckDB's reader changes some values without a word: NaN among exact numbers becomes 0, exact numbers without a stated
precision or inside composite types become doubles, and timestamps beyond DuckDB's own range become others. Such columns
are cast on the server, to text where no type of DuckDB's holds them; what is nested and would be changed is refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from transferroom_pipeline.comparisons.engines.base import Reading
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.sql_text import DIALECT

_COLUMNS = Path(__file__).parents[1] / "sql" / "server_columns.sql"
_SERVER = "postgres"
_WIDEST_DECIMAL = 38
_LAST_TIMESTAMP = "294247-01-01"
_YEARS_BEYOND = "2942(4[7-9]|[5-7][0-9])-"
"""The years after DuckDB's last one, up to PostgreSQL's own, in the text of a nested value."""

_TIMESTAMPS = {"timestamp", "timestamptz"}


@dataclass(frozen=True)
class _Inner:
    """A column's type, or one inside it.

    Attributes:
        type: Its name in the server's catalogue.
        modifier: What the catalogue keeps of its precision; negative where it has none.
        depth: 0 for the column's own type and what its domain is based on.
        in_composite: Whether it is a field of a composite type.
        is_own_type: Whether it is the type that the column was declared with.
    """

    type: str
    modifier: int
    depth: int
    in_composite: bool
    is_own_type: bool

    @property
    def precision(self) -> tuple[int, int] | None:
        """Digits and scale of a numeric that DuckDB's decimal can hold; None where it cannot."""
        if self.modifier < 0:
            return None
        digits, scale = (self.modifier - 4) >> 16, (self.modifier - 4) & 0x7FF
        return (digits, scale) if scale <= digits <= _WIDEST_DECIMAL else None


@dataclass(frozen=True)
class _ServerColumn:
    name: str
    types: tuple[_Inner, ...]

    @property
    def value(self) -> exp.Expr:
        return exp.column(self.name, quoted=True)

    @property
    def text(self) -> exp.Expr:
        return exp.cast(self.value, "text", dialect=_SERVER)

    def inner(self, *names: str, nested: bool) -> list[_Inner]:
        """Its types of some names: the column's own, or those inside it."""
        return [each for each in self.types if each.type in names and (each.depth > 0) is nested]

    @property
    def probe(self) -> exp.Expr | None:
        """A condition on the values that DuckDB would change; None where it changes none, or all."""
        if self.inner("numeric", nested=False):
            return exp.EQ(this=self.value, expression=exp.cast(exp.Literal.string("NaN"), "numeric", dialect=_SERVER))
        if self.inner(*_TIMESTAMPS, nested=False):
            last = exp.GTE(this=self.value, expression=exp.Literal.string(_LAST_TIMESTAMP))
            return exp.and_(last, exp.NEQ(this=self.value, expression=exp.Literal.string("infinity")))
        pattern = "|".join(
            pattern
            for types, pattern in ((("numeric",), "NaN"), (tuple(_TIMESTAMPS), _YEARS_BEYOND))
            if self.inner(*types, nested=True)
        )
        return exp.RegexpLike(this=self.text, expression=exp.Literal.string(pattern)) if pattern else None

    def exactly(self, *, has_changing_values: bool) -> exp.Expr:
        """What to select of it on the server, so that nothing is changed.

        Raises:
            ComparisonError: Nothing would do.
        """
        self._require_readable(has_changing_values=has_changing_values)
        if self.inner("money", nested=False):
            return exp.cast(self.value, "numeric(19, 2)", dialect=_SERVER)
        numbers = self.inner("numeric", nested=False)
        if has_changing_values or any(each.precision is None for each in numbers):
            return self.text
        if numbers and not numbers[0].is_own_type:
            digits, scale = numbers[0].precision or (0, 0)
            return exp.cast(self.value, f"numeric({digits}, {scale})", dialect=_SERVER)
        return self.value

    def _require_readable(self, *, has_changing_values: bool) -> None:
        numbers = self.inner("numeric", nested=True)
        lost = any(each.in_composite or each.precision is None for each in numbers)
        if lost or (has_changing_values and self.inner("numeric", *_TIMESTAMPS, nested=True)):
            raise ComparisonError(
                f"column {self.name} holds, inside arrays or composite types, values that DuckDB would change when it "
                "reads them from PostgreSQL: exclude the column, or compare a view on the server that casts it to text"
            )


@dataclass(frozen=True)
class AttachedTable:
    """A table or view on a PostgreSQL server that is attached to DuckDB.

    Attributes:
        connection: The connection to DuckDB.
        server: The name under which the server is attached.
        schema: The table's schema; the case of its letters need not be the server's.
        name: The table's name; likewise.
    """

    connection: duckdb.DuckDBPyConnection
    server: str
    schema: str
    name: str

    def reading(self) -> Reading | None:
        """How to read the table instead of by its name; None where its name will do.

        Raises:
            ComparisonError: A column cannot be read without changing its values.
            duckdb.Error: The server does not answer.
        """
        columns = self._columns
        changing = self._with_changing_values(columns)
        selected = [column.exactly(has_changing_values=column.name in changing) for column in columns]
        numerals = {
            column.name
            for column, value in zip(columns, selected, strict=True)
            if value == column.text and column.inner("numeric", nested=False)
        }
        if selected == [column.value for column in columns] and not self._is_ambiguous:
            return None
        named = [exp.alias_(value, column.name, quoted=True) for column, value in zip(columns, selected, strict=True)]
        return Reading(self._on_server(exp.select(*named).from_(self._relation)), frozenset(numerals))

    @property
    def identity(self) -> str:
        """What is the same for two names of one relation, also if a server is attached twice: servers start apart."""
        (server,) = self._asked(
            exp.select("CAST(pg_postmaster_start_time() AS TEXT)", "CAST(current_database() AS TEXT)")
        )
        return " ".join((*map(str, server), str(self._found[0][0])))

    @cached_property
    def _found(self) -> list[tuple[int, str, str]]:
        """The relations of this name in any case, the one written exactly so first: id, schema, name."""
        wanted = {"nspname": self.schema, "relname": self.name}
        same = [exp.Lower(this=exp.column(name)).eq(text.lower()) for name, text in wanted.items()]
        exact = exp.and_(*(exp.column(name).eq(text) for name, text in wanted.items()))
        query = (
            exp.select("CAST(pg_class.oid AS BIGINT)", "CAST(nspname AS TEXT)", "CAST(relname AS TEXT)")
            .from_("pg_catalog.pg_class")
            .join("pg_catalog.pg_namespace", on="pg_namespace.oid = relnamespace")
            .where(*same, exp.column("relkind").isin("r", "v", "m", "p", "f"))
            .order_by(exp.Ordered(this=exact, desc=True))
        )
        found = [(int(str(number)), str(schema), str(name)) for number, schema, name in self._asked(query)]
        if not found:
            raise duckdb.CatalogException(f"{self.schema}.{self.name} is not on server {self.server}")
        return found

    @property
    def _is_ambiguous(self) -> bool:
        """Whether DuckDB, to which case does not matter, may take another relation for this one."""
        return len(self._found) > 1

    @property
    def _relation(self) -> exp.Table:
        _, schema, name = self._found[0]
        return exp.table_(name, db=schema, quoted=True)

    @cached_property
    def _columns(self) -> list[_ServerColumn]:
        parsed = sqlglot.parse_one(_COLUMNS.read_text(encoding="utf-8"), dialect=_SERVER)
        query = exp.replace_placeholders(parsed, relation=exp.Literal.number(self._found[0][0]))
        rows = [(str(name), _Inner(*rest)) for name, *rest in self._asked(query)]  # type: ignore[arg-type]
        by_name = groupby(rows, key=lambda row: row[0])
        return [_ServerColumn(name, tuple(inner for _, inner in found)) for name, found in by_name]

    def _with_changing_values(self, columns: Sequence[_ServerColumn]) -> set[str]:
        """The columns with a value that DuckDB would change: one look at all rows, on the server."""
        probes = list(_probes(columns))
        if not probes:
            return set()
        # Each by a name of its own: DuckDB refuses an answer with two columns of one name.
        asked = [
            exp.alias_(exp.func("COALESCE", exp.LogicalOr(this=condition), exp.false()), f"probe_{number}")
            for number, (_, condition) in enumerate(probes)
        ]
        (row,) = self._asked(exp.select(*asked).from_(self._relation))
        return {name for (name, _), found in zip(probes, row, strict=True) if found}

    def _asked(self, query: exp.Expr) -> list[tuple[object, ...]]:
        return self.connection.execute(self._on_server(query).sql(dialect=DIALECT)).fetchall()

    def _on_server(self, query: exp.Expr) -> exp.Select:
        arguments = [exp.Literal.string(text) for text in (self.server, query.sql(dialect=_SERVER))]
        return exp.select("*").from_(exp.Anonymous(this="POSTGRES_QUERY", expressions=arguments))


def _probes(columns: Sequence[_ServerColumn]) -> Iterator[tuple[str, exp.Expr]]:
    for column in columns:
        probe = column.probe
        if probe is not None:
            yield column.name, probe
