"""The verdict as a function of counts alone."""

from dataclasses import replace
from decimal import Decimal

import pytest

from transferroom_pipeline.comparisons.result import RowCounts, Verdict
from transferroom_pipeline.comparisons.verdict import Allowances, Evidence, judge

NOTHING = RowCounts(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
TEN_EQUAL = replace(NOTHING, legacy=10, modern=10, identical=10)
EQUAL = Evidence(TEN_EQUAL, (), duplicate_rows_differing=0, compared_columns=2, rows_before_where=None, drift_beyond=())
STRICT = Allowances(row_tolerance=Decimal(0), allow_empty=False, duplicates=False)


def test_equal_rows_are_proven_and_the_reason_says_how_many():
    assert judge(EQUAL, STRICT) == (Verdict.PROVEN, ("10 rows of legacy and 10 of modern were compared in 2 columns.",))


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (replace(TEN_EQUAL, different=1), "1 row with different values."),
        (replace(TEN_EQUAL, only_legacy=1200), "1,200 rows only in legacy."),
        (replace(TEN_EQUAL, only_modern=2), "2 rows only in modern."),
    ],
)
def test_any_difference_differs(rows, reason):
    assert judge(replace(EQUAL, rows=rows), STRICT) == (Verdict.DIFFERS, (reason,))


def test_drift_beyond_its_bounds_differs_although_every_cell_is_equal():
    assert judge(replace(EQUAL, drift_beyond=("fee",)), STRICT)[0] is Verdict.DIFFERS


def test_a_difference_outweighs_what_was_not_shown():
    evidence = replace(EQUAL, rows=replace(NOTHING, legacy=1, only_legacy=1), compared_columns=0)

    assert judge(evidence, STRICT)[0] is Verdict.DIFFERS


def test_rows_within_the_tolerance_are_proven_and_still_told():
    evidence = replace(EQUAL, rows=replace(TEN_EQUAL, different=1))

    verdict, reasons = judge(evidence, replace(STRICT, row_tolerance=Decimal("0.1")))

    assert verdict is Verdict.PROVEN
    assert reasons[1:] == ("1 row with different values.", "The row tolerance of 0.1 covers these 1 row.")


def test_everything_not_shown_is_said():
    evidence = replace(EQUAL, rows=NOTHING, compared_columns=0)

    assert judge(evidence, STRICT) == (
        Verdict.NOT_PROVEN,
        ("Both sides are empty.", "No column is left to compare besides the key."),
    )
