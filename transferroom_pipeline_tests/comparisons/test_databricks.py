"""Every statement of a comparison can be written for Databricks and is read back as the same SQL."""

import pytest
import sqlglot
from sqlglot import exp

from transferroom_pipeline.comparisons.buckets import Differing, added_up, differing_buckets, row_hashes
from transferroom_pipeline.comparisons.causes import ColumnFacts, cause_of_cell, fact_measures
from transferroom_pipeline.comparisons.column_types import column_type
from transferroom_pipeline.comparisons.columns import Column, ColumnPlan, plan_columns
from transferroom_pipeline.comparisons.engines.adapter_engine import functions_of
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.planting import changed, forgiven
from transferroom_pipeline.comparisons.queries import (
    Matching,
    chosen_rows,
    column,
    count_null_keys,
    differing_sums,
    duplicate_keys,
    everything,
    number_columns,
    sums,
)
from transferroom_pipeline.comparisons.sides import SIDES
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline_tests.comparisons.conftest import table_spec

TYPES = {
    "id": "STRING",
    "part": "BIGINT",
    "whole": "INT",
    "exact": "DECIMAL(18,2)",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
    "day": "DATE",
    "moment": "TIMESTAMP",
    "clock": "TIMESTAMP_NTZ",
    "name": "STRING",
    "document": "STRING",
    "items": "ARRAY<INT>",
    "pairs": "MAP<STRING, INT>",
    "record": "STRUCT<a: INT, b: STRING>",
    "bytes": "BINARY",
}


@pytest.fixture
def spec() -> TableSpec:
    return table_spec(
        legacy="lake.raw.t",
        modern="lake.prod.t",
        key=["id", "part"],
        where="part > 0",
        columns={
            "exact": {"abs": "0.005", "drift": "0.1"},
            "number": {"rel": "1e-9"},
            "moment": {"within": "1s"},
            "name": {"trim": "right", "case": "insensitive", "null_equals_empty": True},
            "document": {"json": True},
        },
    )


@pytest.fixture
def plan(spec) -> ColumnPlan:
    columns = [Column(name, column_type(type_name, "databricks")) for name, type_name in TYPES.items()]
    return plan_columns(spec, columns, columns, functions_of("databricks"))


def _statements(spec: TableSpec, plan: ColumnPlan) -> list[exp.Expr]:
    differing = Differing(64, (exp.table_("buckets"),), 10)
    sources = everything(spec)
    matching = Matching(plan, sources, exp.table_("repeated"))
    cells = [
        part
        for compared in plan.value_columns
        for value in [column(f"m{compared.position}")]
        for part in (
            cause_of_cell(compared, ColumnFacts(cut=3, power=2, shift=7_200_000_000)),
            *fact_measures(compared),
            changed(compared, value),
            forgiven(compared, value) or exp.null(),
        )
    ]
    return [
        *(added_up(row_hashes(sources[side], plan, side), plan, 64) for side in SIDES),
        *(chosen_rows(spec, plan, side, differing.condition(plan, side)) for side in SIDES),
        differing_buckets(exp.table_("a"), exp.table_("b")),
        duplicate_keys(spec, plan),
        matching.differing_rows(),
        matching.spread(64),
        matching.grouped_rows(),
        *(sums(spec, number_columns(plan), side) for side in SIDES),
        differing_sums(number_columns(plan), exp.table_("differences")),
        *(count_null_keys(spec, plan, side) for side in SIDES),
        exp.select(*cells).from_("differences"),
    ]


def test_statements_are_read_back_as_they_were_written(spec, plan):
    for statement in _statements(spec, plan):
        written = statement.sql(dialect="databricks")
        read = sqlglot.parse_one(written, dialect="databricks").sql(dialect="databricks")
        assert sqlglot.parse_one(read, dialect="databricks").sql(dialect="databricks") == read
        assert len(read) == len(written)


def test_no_function_of_another_engine_is_left(spec, plan):
    written = " ".join(statement.sql(dialect="databricks") for statement in _statements(spec, plan))

    assert not [name for name in (" HASH(", "EPOCH_US", "FSUM(", "ISFINITE(", "LIST_", "HUGEINT") if name in written]


def test_an_engine_that_is_not_known_is_refused():
    with pytest.raises(ComparisonError, match="cannot be compared on mysql: there are postgres"):
        functions_of("mysql")
