"""The corpus of T-SQL statements, with the rows that SQL Server gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import yaml

from transferroom_pipeline.legacy.tsql.calls import stand_in_type
from transferroom_pipeline.legacy.tsql.sql_types import parse_type


@dataclass(frozen=True)
class Entry:
    """A statement; the header of `corpus.yaml` says what the fields mean."""

    id: str
    sql: str
    say: str
    faithful_on_databricks: bool
    tables: Mapping[str, Any] = field(default_factory=dict)
    expected: list[list[Any]] | None = None
    ordered: bool = False
    must_mention: tuple[str, ...] = ()
    body: str | None = None

    @property
    def columns(self) -> dict[str, dict[str, str]]:
        return {f"prod.{table}": dict(found["cols"]) for table, found in self.tables.items()}

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query of the stand-in gives on the tables of the entry."""
        with duckdb.connect() as connection:
            connection.execute("CREATE SCHEMA prod")
            for table, found in self.tables.items():
                columns = [
                    f'"{name}" {stand_in_type(parse_type(kind)).sql(dialect="duckdb")}'
                    for name, kind in found["cols"].items()
                ]
                connection.execute(f'CREATE TABLE prod."{table}" ({", ".join(columns)})')
                marks = ", ".join("?" * len(columns))
                for row in found["rows"]:
                    connection.execute(f'INSERT INTO prod."{table}" VALUES ({marks})', row)
            return connection.sql(sql).fetchall()

    def gives(self, sql: str) -> bool:
        """Whether a query of the stand-in gives the rows of SQL Server, in their order if that counts."""
        assert self.expected is not None
        found = [tuple(map(_plain, row)) for row in self.rows(sql)]
        wanted = [tuple(map(_plain, row)) for row in self.expected]
        if not self.ordered:
            found, wanted = sorted(found, key=repr), sorted(wanted, key=repr)
        return found == wanted


def _plain(value: Any) -> Any:
    """A value in a form in which equal ones are equal: a date is a time at midnight, a float has 12 digits."""
    if isinstance(value, float):
        return ("float", f"{value:.11e}")
    if isinstance(value, bool | int | Decimal):
        return Decimal(value).normalize()
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001
    return value


class _Loader(yaml.SafeLoader):
    """Numbers are exact unless they are tagged as floats."""


_Loader.add_constructor("!f", lambda loader, node: float(loader.construct_scalar(node)))
_Loader.add_constructor("!hex", lambda loader, node: bytes.fromhex(loader.construct_scalar(node)))
_Loader.add_constructor("!t", lambda loader, node: time.fromisoformat(loader.construct_scalar(node)))
_Loader.add_constructor("!o", lambda loader, node: datetime.fromisoformat(loader.construct_scalar(node)))
_Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: Decimal(loader.construct_scalar(node)))


def load_corpus(file: str = "corpus.yaml") -> list[Entry]:
    """The entries of a file of this folder."""
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    known = set(Entry.__dataclass_fields__)
    entries = yaml.load(text, _Loader)["entries"]
    return [Entry(**{name: value for name, value in entry.items() if name in known}) for entry in entries]
