"""Every suggestion, applied by machine, settles its column: the rule in the spec, and the SQL in the model."""

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given

from transferroom_pipeline.comparisons.buckets import HASHED_IF_LARGE
from transferroom_pipeline.comparisons.engine import Effort, compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.result import ComparisonResult, Suggestion
from transferroom_pipeline.comparisons.spec import ColumnRule, TableSpec
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline_tests.comparisons.strategies import RELATIONS, Case, cases, examples, identifier

FIXED = "prod.fixed"


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(None) as connection:
        connection.execute("CREATE SCHEMA raw; CREATE SCHEMA prod")
        yield connection


def _compared(database: duckdb.DuckDBPyConnection, spec: TableSpec) -> ComparisonResult:
    with compare(DuckDBEngine(database), spec, effort=Effort(checks_itself=False, hashing=HASHED_IF_LARGE)) as found:
        return found.result


def _with_rule(spec: TableSpec, result: ComparisonResult, suggestion: Suggestion) -> TableSpec:
    """The spec with the suggested rule in place of the column's own, which may go by its legacy name."""
    (column,) = [column for column in result.columns if column.modern_name == suggestion.column]
    own = {column.name.lower(), suggestion.column.lower()}
    modern_names = {other.modern_name.lower() for other in result.columns if other.modern_name}
    kept = {
        name: rule
        for name, rule in spec.columns.items()
        if name.lower() not in own or (name.lower() in modern_names and name.lower() != suggestion.column.lower())
    }
    return spec.model_copy(update={"columns": {**kept, suggestion.column: ColumnRule.model_validate(suggestion.rule)}})


def _unsettled(database: duckdb.DuckDBPyConnection, case: Case) -> list[str]:
    """What is suggested for the columns of a case and does not settle them."""
    for side, relation in enumerate(RELATIONS):
        for statement in case.script(side, relation):
            database.execute(statement)
    spec = case.spec()
    result = _compared(database, spec)
    return [
        problem
        for suggestion in result.suggestions
        if suggestion.cause != "key_format"
        for problem in _problems(database, spec, result, suggestion)
    ]


def _problems(
    database: duckdb.DuckDBPyConnection, spec: TableSpec, result: ComparisonResult, suggestion: Suggestion
) -> Iterator[str]:
    ruled = _compared(database, _with_rule(spec, result, suggestion))
    if any(column.different for column in ruled.columns if column.modern_name == suggestion.column):
        yield f"rule {suggestion}"
    if not suggestion.sql:
        return
    fixed = f"SELECT * REPLACE ({suggestion.sql} AS {identifier(suggestion.column)}) FROM {RELATIONS[1]}"
    database.execute(f"CREATE OR REPLACE TABLE {FIXED} AS {fixed}")
    repaired = _compared(database, spec.model_copy(update={"modern": FIXED}))
    if any(column.different for column in repaired.columns if column.modern_name == suggestion.column):
        yield f"sql {suggestion}"


@examples(25)
@given(case=cases())
def test_what_is_suggested_settles_its_column(database, case):
    assert not _unsettled(database, case), f"{_unsettled(database, case)}\n{case}"


@pytest.mark.slow
@examples(200, when_asked=True)
@given(case=cases())
def test_what_is_suggested_settles_its_column_in_thousands_of_cases(database, case):
    assert not _unsettled(database, case), f"{_unsettled(database, case)}\n{case}"
