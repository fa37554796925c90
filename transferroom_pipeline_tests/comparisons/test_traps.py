"""Every trap that the contract names, with the verdict and the counts that it must give."""

from typing import Any

import pytest
import sqlglot

from transferroom_pipeline.comparisons.engine import Effort, compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.result import ComparisonResult
from transferroom_pipeline_tests.comparisons.cases import CASES, ENGINES, HASHES_LIKE_NULL, Case
from transferroom_pipeline_tests.comparisons.conftest import Compare, make_tables, table_spec

KNOWN: dict[str, str] = {}
"""Cases that the engine does not get right yet, with the reason."""


@pytest.fixture(params=[Effort(), Effort(bucketed_from=0)], ids=["joined", "hashed"])
def effort(request: pytest.FixtureRequest) -> Effort:
    """Both ways to put two tables side by side, which must find the same."""
    return request.param


@pytest.fixture
def compared_on_engine(connection, effort) -> Compare:
    """Compares the rows of two queries, written in DuckDB's dialect, where they lie."""

    def compare_queries(legacy: str, modern: str, /, **entry: Any) -> ComparisonResult:
        make_tables(connection, legacy, modern)
        with compare(DuckDBEngine(connection), table_spec(**entry), effort=effort) as comparison:
            return comparison.result

    return compare_queries


def _parameter(case: Case):
    known = KNOWN.get(case.name)
    marks = [pytest.mark.xfail(strict=True, reason=known)] if known else []
    return pytest.param(case, id=case.name, marks=marks)


@pytest.mark.parametrize("case", map(_parameter, CASES))
def test_a_trap_is_seen(compared_on_engine, case):
    result = compared_on_engine(case.legacy, case.modern, **case.entry)

    assert (result.verdict.value, _counts(result)) == (case.verdict, case.counts)
    assert {column.name: dict(column.causes) for column in result.columns if column.different} == case.cells
    assert all(sum(column.causes.values()) == column.different for column in result.columns)
    assert _not_compared(result) == case.columns
    if case.verdict != "proven":
        assert all(said in reason for said, reason in zip(case.reasons, result.reasons, strict=False)), result.reasons


def _counts(result: ComparisonResult) -> dict[str, int]:
    return result.to_dict()["rows"]


def _not_compared(result: ComparisonResult) -> dict[str, str]:
    return {column.name: column.status for column in result.columns if column.status not in {"equal", "different"}}
