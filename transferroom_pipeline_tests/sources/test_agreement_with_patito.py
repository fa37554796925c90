"""The rules derived from a contract and Patito, judging by the contract itself, agree on every row."""

from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import patito as pt
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transferroom_pipeline.sources.contracts import SOURCE_TABLES
from transferroom_pipeline.sources.intake import take_in
from transferroom_pipeline.sources.rules import rules_of
from transferroom_pipeline_tests.sources.files_for_tests import row, write_parquet

# Values near what contracts allow; anything else would hardly ever be accepted.
_IDS = st.sampled_from(["P0001", "P00012", "P001", "C001", "C0012", "C1", "T00001", "T0001", "", "p0001", "P0001\n"])
_WORDS = st.sampled_from(
    [
        "Forward",
        "forward",
        "None",
        "none",
        "Europa League",
        "Loan",
        "Permanent",
        "Summer",
        "Completed",
        "Rumor ",
        "",
        " x",
    ]
)
_MOMENTS = st.datetimes(datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2030-01-01"))


def values(dtype: pl.DataType) -> st.SearchStrategy[object]:
    """Values of a type, good and bad ones."""
    if dtype.is_decimal():
        return st.none() | st.decimals(-1, 99, places=dtype.scale)
    if dtype.is_integer():
        return st.none() | st.integers(-1, 52)
    if dtype == pl.Date:
        return st.none() | st.dates(date(1990, 1, 1), date(2030, 1, 1))
    if isinstance(dtype, pl.Datetime):
        return st.none() | _MOMENTS
    return st.none() | _IDS | _WORDS


def damaged_rows(table):
    """Rows that are good but for one or two columns."""
    damage = st.lists(st.sampled_from(table.columns), max_size=2, unique=True).flatmap(
        lambda columns: st.fixed_dictionaries({column: values(table.dtypes[column]) for column in columns})
    )
    return st.lists(damage.map(lambda changes: row(table, **changes)), min_size=1, max_size=12)


def keeps_contract(table, one_row: pl.DataFrame) -> bool:
    """Patito's judgement of a row alone, an empty text being no value."""
    text = pl.col(pl.String)
    try:
        table.model.validate(one_row.with_columns(pl.when(text != "").then(text)))
    except pt.exceptions.DataFrameValidationError:
        return False
    return True


@pytest.mark.parametrize("table", SOURCE_TABLES, ids=lambda table: table.name)
@given(data=st.data())
@settings(max_examples=50, derandomize=True, deadline=None)
def test_rows_are_accepted_exactly_when_patito_accepts_them(table, data):
    frame = pl.DataFrame(data.draw(damaged_rows(table)), schema=dict(table.dtypes), orient="row")
    with TemporaryDirectory() as folder:
        write_parquet(table, Path(folder), frame)
        taken = take_in(table, Path(folder), Path(folder) / "staging")
        accepted = pl.read_parquet(taken.accepted_path)
        rejected = pl.read_parquet(taken.rejected_path)
    table.model.validate(accepted)
    assert taken.accepted + taken.rejected == frame.height == accepted.height + rejected.height
    refused_alone = rejected.filter(pl.col("rule") != "unique_key")["line_number"].to_list()
    expected = [n for n, one in enumerate(frame.iter_slices(1), 1) if not keeps_contract(table, one)]
    # A repeated key is named before faults of later columns, and is no fault of the row alone.
    repeated = rejected.filter(pl.col("rule") == "unique_key")["line_number"].to_list()
    assert refused_alone == [n for n in expected if n not in repeated]


def test_every_constraint_of_every_contract_has_its_rule():
    rules = {(rule.column, rule.name) for table in SOURCE_TABLES for rule in rules_of(table)}
    stated = {
        (column, name)
        for table in SOURCE_TABLES
        for column, schema in table.model.model_schema["properties"].items()
        for part in (schema, *schema.get("anyOf", ()))
        for key, name in {"minimum": "range", "maximum": "range", "enum": "enumeration", "pattern": "pattern"}.items()
        if key in part
    }
    assert stated <= rules
    assert {(table.key, "unique_key") for table in SOURCE_TABLES} <= rules
