"""The text for people."""

import pytest

from transferroom_pipeline.comparisons.terminal import summarise
from transferroom_pipeline_tests.comparisons.test_reports import LEGACY, MODERN


@pytest.mark.parametrize(
    ("name", "legacy", "modern"),
    [
        ("differs", LEGACY, MODERN),
        ("proven", "SELECT 1 AS id, 2 AS v", "SELECT 1 AS id, '2' AS v"),
        ("not_proven", "SELECT 1 AS id, 2 AS v WHERE FALSE", "SELECT 1 AS id, 2 AS v WHERE FALSE"),
        ("one_sided_columns", "SELECT 1 AS id, 2 AS old", "SELECT 1 AS id, chr(27) || '[31m' AS \"new\nname\""),
    ],
)
def test_the_summary_says_what_was_found_and_what_to_do_next(compared, golden, name, legacy, modern):
    golden(f"summary_{name}.txt", summarise(compared(legacy, modern)))


def test_many_columns_and_long_values_are_cut(compared):
    columns = ", ".join(f"repeat('x', 100) AS c{number}" for number in range(12))
    other = ", ".join(f"repeat('y', 100) AS c{number}" for number in range(12))

    text = summarise(compared(f"SELECT 1 AS id, {columns}", f"SELECT 1 AS id, {other}"))

    assert "and 2 more" in text
    assert "and 8 more columns" in text
    assert max(len(line) for line in text.splitlines()) < 120


def test_rules_and_exclusions_are_shown(compared):
    result = compared(
        "SELECT 1 AS id, 2 AS v, 3 AS w",
        "SELECT 1 AS id, 2 AS v, 4 AS w",
        columns={"v": {"abs": 1}, "w": {"exclude": True}},
    )

    text = summarise(result)
    assert "v: rule abs 1.0" in text
    assert "Not compared: w" in text
