"""What the outcome of a comparison depends on."""

from datetime import date
from decimal import Decimal

import pytest

from transferroom_pipeline.comparisons.basis import basis
from transferroom_pipeline.comparisons.spec import Accepted, ColumnRule, SidePredicates, TableSpec

SPEC = TableSpec(table="t", legacy="raw.t", modern="prod.t", key=("id",))
VERSIONS = {"raw.t": "1", "prod.t": "2"}
TODAY = date(2026, 6, 30)
AGREED = Accepted(reason="rounding", owner="team", expires=date(2026, 12, 31), max_rows=1)


def of(spec=SPEC, versions=VERSIONS, today=TODAY):
    return basis(spec, versions, today)


def changed(**fields):
    return SPEC.model_copy(update=fields)


def test_it_is_the_same_for_the_same_rows_and_rules():
    assert of() == of(versions=dict(reversed(VERSIONS.items())), today=date(2027, 1, 1))


@pytest.mark.parametrize(
    "other",
    [
        of(versions=VERSIONS | {"prod.t": "3"}),
        of(versions={"raw.t": "2", "prod.t": "1"}),
        of(changed(row_tolerance=Decimal("0.1"))),
        of(changed(columns={"v": ColumnRule(abs="0.01")})),
        of(changed(where=SidePredicates(modern="id > 1"))),
        of(changed(accepted=(AGREED,))),
    ],
)
def test_it_is_another_for_other_rows_or_rules(other):
    assert other not in {None, of()}


def test_an_agreement_must_hold_on_the_day():
    agreed = changed(accepted=(AGREED,))
    assert of(agreed) != of(agreed, today=date(2027, 1, 1))


@pytest.mark.parametrize(
    "where",
    ["id > 1 AND name IS NOT NULL", "lower(name) = 'x' OR fee BETWEEN 1 AND 2", "CAST(at AS DATE) > DATE '2026-01-01'"],
)
def test_a_condition_on_the_row_alone_decides_the_same_each_time(where):
    assert of(changed(where=SidePredicates(legacy=where))) is not None


@pytest.mark.parametrize(
    "where",
    [
        "at < now()",
        "at < current_date",
        "random() < 0.5",
        "id IN (SELECT id FROM raw.u)",
        "EXISTS (FROM raw.u)",
        "f(id)",
    ],
)
def test_with_a_condition_that_may_decide_otherwise_another_time_nothing_is_known(where):
    assert of(changed(where=SidePredicates(legacy=where))) is None
    assert of(changed(accepted=(AGREED.model_copy(update={"where": where}),))) is None


def test_of_a_query_nothing_is_known():
    assert of(changed(modern_query="SELECT * FROM prod.t")) is None
