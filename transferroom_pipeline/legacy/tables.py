"""The derived tables of the legacy platform, declared.

One line here, with the `.sql` file or function it names, is all that a legacy table needs: its asset, its copy, its
comparison and its view follow from it.
"""

import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa

from transferroom_pipeline.legacy import derived_b, derived_c
from transferroom_pipeline.legacy.tsql.reading import read_tsql


@dataclass(frozen=True)
class SqlFile:
    """A table that a `.sql` file of this folder selects, in T-SQL."""

    file: str

    def tsql(self, as_of: date) -> str:  # noqa: ARG002 - every T-SQL build is asked with the day
        """The text of the file."""
        return read_tsql(Path(__file__).parent / self.file)


@dataclass(frozen=True)
class SqlQuery:
    """A table that T-SQL made at run time selects."""

    query: Callable[[date], str]

    def tsql(self, as_of: date) -> str:
        """The query for the day."""
        return self.query(as_of)


@dataclass(frozen=True)
class Frames:
    """A table that pandas code computes from other tables of the legacy platform."""

    function: Callable[[Mapping[str, pd.DataFrame]], pa.Table]


@dataclass(frozen=True)
class LegacyTable:
    """A derived table.

    `inputs` are the tables of legacy `prod` that the build reads; they become its lineage.
    """

    name: str
    key: tuple[str, ...]
    inputs: tuple[str, ...]
    build: SqlFile | SqlQuery | Frames
    description: str

    def code_version(self) -> str:
        """Changes with the code that decides the table's content; a query made at run time is asked for a fixed day."""
        if isinstance(self.build, Frames):
            code = inspect.getsource(inspect.getmodule(self.build.function) or self.build.function)
        else:
            code = self.build.tsql(date(2000, 1, 1))
        return hashlib.sha256(code.encode()).hexdigest()[:12]


LEGACY_TABLES = (
    LegacyTable(
        name="derived_a",
        key=("player_id",),
        inputs=("players", "clubs"),
        build=SqlFile("derived_a.sql"),
        description="Players worth more than 5 million, with league and country of their club.",
    ),
    LegacyTable(
        name="derived_b",
        key=("transfer_id",),
        inputs=("transfers", "players", "clubs"),
        build=SqlQuery(lambda as_of: derived_b.query(as_of, derived_b.Parameters())),
        description="Completed permanent transfers (and loans with option to buy) of at least 5 million, dated from "
        "1 January two years before the as-of date up to that date, with the player's and both clubs' attributes.",
    ),
    LegacyTable(
        name="derived_c",
        key=("insight_id",),
        inputs=("derived_a", "derived_b"),
        build=Frames(derived_c.build),
        description="Market insights per position, per league and per age group.",
    ),
)
