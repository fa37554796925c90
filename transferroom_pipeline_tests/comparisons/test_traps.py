"""Every trap that the contract names, with the verdict and the counts that it must give."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import sqlglot
from duckdb import DuckDBPyConnection
from sqlglot import exp

from transferroom_pipeline.comparisons.buckets import ALWAYS_HASHED
from transferroom_pipeline.comparisons.engine import Effort, compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.result import ComparisonResult
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline_tests.comparisons.cases import BOBBY, CASES, DUCKDB, ENGINES, HASHES_LIKE_NULL, cells
from transferroom_pipeline_tests.comparisons.conftest import Compare, make_tables, table_spec


def compared_both_ways(connection: DuckDBPyConnection, legacy: str, modern: str, /, **entry: Any) -> ComparisonResult:
    """Compare the rows of two queries all at once and with buckets hashed before, and see that both find the same."""
    make_tables(connection, legacy, modern)
    spec = table_spec(**entry)
    with compare(DuckDBEngine(connection), spec) as comparison:
        joined = comparison.result
    # What differs differs, whether or not the comparison has checked itself.
    effort = Effort(hashing=ALWAYS_HASHED, checks_itself=joined.verdict != "differs")
    with compare(DuckDBEngine(connection), spec, effort=effort) as comparison:
        assert _found(comparison.result) == _found(joined)
    return joined


@pytest.fixture(scope="module")
def connection() -> Iterator[DuckDBPyConnection]:
    """One database for all tests of the module: each makes its tables anew."""
    with connect(None) as opened:
        yield opened


@pytest.fixture
def compared_on_engine(connection) -> Compare:
    """Compares the rows of two queries, written in DuckDB's dialect, where they lie."""
    return partial(compared_both_ways, connection)


def _found(result: ComparisonResult) -> dict[str, Any]:
    """A result without how it was come by."""
    return {name: value for name, value in result.to_dict().items() if name not in {"seconds", "sql"}}


def _cases_on(engine: str) -> list[Any]:
    return [pytest.param(case, id=case.name) for case in CASES if engine in case.engines]


@pytest.mark.parametrize("case", _cases_on(DUCKDB))
def test_a_trap_is_seen(compared_on_engine, case):
    result = compared_on_engine(case.legacy, case.modern, **case.entry)

    assert (result.verdict.value, result.to_dict()["rows"]) == (case.verdict, case.counts)
    assert {column.name: dict(column.causes) for column in result.columns if column.different} == case.cells
    assert all(sum(column.causes.values()) == column.different for column in result.columns)
    assert {column.name: column.status for column in result.columns if not column.causes} == _statuses(case, result)
    if case.reasons:
        assert [said in reason for said, reason in zip(case.reasons, result.reasons, strict=False)] == [True] * len(
            case.reasons
        )


def _statuses(case, result) -> dict[str, str]:
    """What is to be said of the columns without a differing cell."""
    return {column.name: case.columns.get(column.name, "equal") for column in result.columns if not column.causes}


def test_no_two_cases_have_one_name_and_none_leaves_out_an_engine_without_a_reason():
    assert len({case.name for case in CASES}) == len(CASES)
    assert [case.name for case in CASES if (case.engines != ENGINES) != bool(case.why)] == []


@pytest.mark.parametrize("dialect", ENGINES)
def test_every_case_can_be_written_for_the_engines_that_it_is_for(dialect):
    for case in CASES:
        if dialect in case.engines:
            for query in (case.legacy, case.modern):
                (written,) = sqlglot.transpile(query, read="duckdb", write=dialect)
                assert isinstance(sqlglot.parse_one(written, dialect=dialect), exp.Query)


def test_a_number_hashes_like_null(connection):
    """What the cases about such a number rely on."""
    assert connection.execute(f"SELECT hash({HASHES_LIKE_NULL}::BIGINT) = hash(NULL)").fetchone() == (True,)


@pytest.mark.parametrize("where", ["1 = 1; DROP TABLE raw.t", "1 = 1) OR (SELECT 1", "id = 1 -- \n; DROP TABLE raw.t"])
def test_a_predicate_that_is_more_than_a_condition_is_refused(connection, where):
    make_tables(connection, cells("INTEGER", 1), cells("INTEGER", 1))

    with pytest.raises((ComparisonError, ValueError)), compare(DuckDBEngine(connection), table_spec(where=where)):
        pass

    assert connection.execute("SELECT count(*) FROM raw.t").fetchone() == (1,)


def test_a_predicate_s_comment_hides_nothing_that_follows(compared_on_engine):
    result = compared_on_engine(cells("INTEGER", 1, 2), cells("INTEGER", 1, 3), where="id = 2 -- id = 1")

    assert (result.rows.legacy, result.rows.different) == (1, 1)


def test_sql_in_values_and_names_is_never_run(connection, compared_on_engine):
    value, name = BOBBY.replace("'", "''"), BOBBY.replace('"', '""')
    connection.execute(f'CREATE SCHEMA "{name}"')
    for side, number in (("old", 1), ("new", 2)):
        connection.execute(f'CREATE TABLE "{name}"."{side} {name}" AS SELECT \'{value}\' AS id, {number} AS "{name}"')

    result = compared_on_engine(
        cells("INTEGER", 1),
        cells("INTEGER", 1),
        legacy=f'"{name}"."old {name}"',
        modern=f'"{name}"."new {name}"',
        where=f"\"{name}\" > 0 AND id = '{value}'",
        accepted=[
            {
                "column": BOBBY,
                "where": f"id = '{value}' AND modern_value = 3",
                "reason": BOBBY,
                "owner": BOBBY,
                "expires": "2999-01-01",
                "max_rows": 1,
            }
        ],
    )

    assert (result.rows.different, result.rows.accepted) == (1, 0)
    assert result.samples[0].key == {"id": BOBBY}
    assert list(result.samples[0].cells) == [BOBBY]
    assert connection.execute("SELECT count(*) FROM raw.t").fetchone() == (1,)


@pytest.mark.parametrize(
    ("legacy", "modern", "entry", "said"),
    [
        (cells("BLOB", "a"), cells("INTEGER", 1), {}, "column v: types BLOB and INTEGER cannot be compared: exclude"),
        (cells("INTEGER", 1), cells("INTEGER", 1), {"legacy": "raw.nothing"}, "nothing"),
        (cells("INTEGER", 1), cells("INTEGER", 1), {"where": "nothing = 1"}, "nothing"),
        (cells("INTEGER", 1), cells("INTEGER", 1), {"key": ["nothing"]}, "nothing"),
    ],
)
def test_what_cannot_be_compared_is_an_error_and_no_verdict(compared_on_engine, legacy, modern, entry, said):
    with pytest.raises(ComparisonError, match=said):
        compared_on_engine(legacy, modern, **entry)


def test_a_view_that_fails_while_it_is_read_is_an_error_and_no_verdict(connection, compared_on_engine):
    connection.execute("CREATE SCHEMA views; CREATE TABLE views.texts AS SELECT 1 AS id, 'x' AS v")
    connection.execute("CREATE VIEW views.numbers AS SELECT id, CAST(v AS INTEGER) AS v FROM views.texts")

    with pytest.raises(ComparisonError, match=r"table t cannot be compared: .*'x'"):
        compared_on_engine(cells("INTEGER", 1), cells("INTEGER", 1), legacy="views.numbers")
