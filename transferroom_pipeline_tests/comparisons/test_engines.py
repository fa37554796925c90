"""The same cases on every engine give the same results."""

import pytest

from transferroom_pipeline.comparisons.buckets import ALWAYS_HASHED
from transferroom_pipeline.comparisons.engine import Effort
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline_tests.comparisons.cases import CASES, POSTGRES, SPARK, Case
from transferroom_pipeline_tests.comparisons.engines import (
    compared_by,
    postgres_adapter,
    postgres_server,
    spark_adapter,
)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    with postgres_server(tmp_path_factory.mktemp("server")) as address, postgres_adapter(address) as adapter:
        yield adapter


def _seen(case: Case, result) -> tuple:
    return (
        result.verdict.value,
        result.to_dict()["rows"],
        {column.name: dict(column.causes) for column in result.columns if column.different},
    )


NOT_ON_POSTGRES = {
    "the order of lists does not matter where the rule says so, how often an element is there does",
    "the order of lists in JSON does not matter where the rule says so",
}
"""Refused with a sentence: PostgreSQL has no function that sorts a list inside an expression."""


@pytest.mark.parametrize("effort", [Effort(), Effort(hashing=ALWAYS_HASHED)], ids=["joined", "hashed"])
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES if POSTGRES in case.engines])
def test_postgres_finds_what_the_case_says(postgres, case, effort):
    if case.name in NOT_ON_POSTGRES:
        with pytest.raises(ComparisonError, match="unordered"):
            compared_by(postgres, case.legacy, case.modern, effort, **case.entry)
        return

    result = compared_by(postgres, case.legacy, case.modern, effort, **case.entry)

    assert _seen(case, result) == (case.verdict, case.counts, case.cells)


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    with spark_adapter(tmp_path_factory.mktemp("spark")) as adapter:
        yield adapter


NOT_ON_SPARK = {
    "case, blanks and forms of characters count without a rule": "the cause is given as value",
    "letters with and without an accent are different letters": "refused",
    "forms of characters do not count where the rule says so": "refused",
    "all rules for texts work together": "refused",
    "the order of lists in JSON does not matter where the rule says so": "refused",
}
"""Spark has no function for the Unicode form of a text, and none that sorts the lists inside JSON."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case.name) for case in CASES if SPARK in case.engines and case.name not in NOT_ON_SPARK],
)
def test_spark_finds_what_the_case_says(spark, case):
    effort = Effort(checks_itself=False, hashing=ALWAYS_HASHED)

    result = compared_by(spark, case.legacy, case.modern, effort, **case.entry)

    assert _seen(case, result) == (case.verdict, case.counts, case.cells)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, what in NOT_ON_SPARK.items() if what == "refused"])
def test_spark_refuses_what_it_cannot_compare(spark, name):
    (case,) = (case for case in CASES if case.name == name)

    with pytest.raises(ComparisonError, match="cannot be compared on Spark"):
        compared_by(spark, case.legacy, case.modern, Effort(), **case.entry)


@pytest.mark.slow
def test_spark_checks_itself_and_leaves_no_table_behind(spark):
    result = compared_by(spark, "SELECT 1 AS id, 'a' AS v", "SELECT 1 AS id, 'a' AS v", Effort())

    assert result.reasons[0].endswith("4 planted changes were found.")
    assert spark.fetchall("SHOW TABLES") == []
