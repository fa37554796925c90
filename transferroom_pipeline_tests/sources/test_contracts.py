"""A further table takes a model and a line; everything else follows from it."""

from datetime import date
from decimal import Decimal
from typing import Literal

import patito as pt
import polars as pl
import pytest

from transferroom_pipeline.sources.columns import columns_of
from transferroom_pipeline.sources.contracts import SOURCE_TABLES, Contract, SourceTable
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.intake import take_in


class Agent(Contract):
    """Agents of players."""

    agent_id: int = pt.Field(unique=True, gt=0)
    grade: Literal["A", "B"] | None = pt.Field(dtype=pl.String)
    commission: Decimal = pt.Field(ge=0, lt=1, dtype=pl.Decimal(5, 4))
    since: date | None


class Score(Contract):
    """A table with a type that files are not read into."""

    score_id: str = pt.Field(unique=True)
    score: float


def write(tmp_path, name, content):
    (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")


def test_the_source_tables_are_named_typed_and_keyed():
    assert [(table.name, table.key, len(table.columns)) for table in SOURCE_TABLES] == [
        ("players", "player_id", 9),
        ("clubs", "club_id", 10),
        ("transfers", "transfer_id", 12),
    ]
    names = {table.name for table in SOURCE_TABLES}
    for table in SOURCE_TABLES:
        assert {reference.table for reference in table.references} <= names
        assert {reference.column for reference in table.references} <= set(table.columns)


def test_a_further_table_is_taken_in_by_its_model_alone(tmp_path):
    write(
        tmp_path,
        "agents",
        "agent_id,grade,commission,since\n1,A,0.1000,2020-01-01\n01,B,0.5,\n0,,0,\n2,C,0,\n3,,1,\n4,,0,\n",
    )
    taken = take_in(SourceTable("agents", Agent), tmp_path, tmp_path / "staging")
    assert [(s.line_number, s.column_name, s.rule) for s in taken.samples] == [
        (3, "agent_id", "unique_key"),
        (4, "agent_id", "range"),
        (5, "grade", "enumeration"),
        (6, "commission", "range"),
    ]
    assert pl.read_parquet(taken.accepted_path).rows() == [
        (1, "A", Decimal("0.1000"), date(2020, 1, 1)),
        (4, None, Decimal("0.0000"), None),
    ]


def test_a_type_that_files_are_not_read_into_is_named(tmp_path):
    write(tmp_path, "scores", "score_id,score\nx,1.5\n")
    with pytest.raises(SourceError, match="the contract keeps column score as Float64, which is not read from files"):
        take_in(SourceTable("scores", Score), tmp_path, tmp_path / "staging")


def test_columns_tell_all_a_contract_says():
    commission = columns_of(SourceTable("agents", Agent))[2]
    assert (commission.bounds, commission.nullable, commission.unique) == ({"ge": 0, "lt": 1}, False, False)
    assert columns_of(SourceTable("agents", Agent))[1].values == ("A", "B")
