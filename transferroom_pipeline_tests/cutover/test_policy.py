"""Consumers see the rebuilt table only while its latest comparison is proven."""

from datetime import UTC, date, datetime

import pytest

from transferroom_pipeline.comparisons.history import KeptVerdict
from transferroom_pipeline.comparisons.result import Verdict
from transferroom_pipeline.cutover.policy import STALE, Decision, Serving, decide


def kept(verdict, *reasons, snapshot="snap", generation=3):
    compared_at = datetime(2026, 6, 30, tzinfo=UTC)
    as_of = date(2026, 6, 30)
    return KeptVerdict("run 7", "derived_a", compared_at, verdict, reasons, snapshot, as_of, generation, basis=None)


def test_a_table_that_was_never_compared_is_served_from_legacy():
    assert decide(None, 3, None) == Decision(Serving.LEGACY, "never compared")


def test_a_proven_table_is_served_rebuilt_and_the_reason_names_the_snapshot():
    reason = "the latest comparison is proven on snapshot snap"
    assert decide(kept(Verdict.PROVEN), 3, "snap") == Decision(Serving.MODERN, reason, "run 7")
    assert decide(kept(Verdict.PROVEN, snapshot=None), 3, None).reason == "the latest comparison is proven"


@pytest.mark.parametrize(
    ("verdict", "shown"),
    [(Verdict.DIFFERS, "the latest comparison differs"), (Verdict.NOT_PROVEN, "the latest comparison proves nothing")],
)
def test_any_other_verdict_serves_legacy_and_says_why(verdict, shown):
    decision = decide(kept(verdict, "1 row is different.", "2 rows are missing."), 3, "snap")
    assert decision == Decision(Serving.LEGACY, f"{shown}: 1 row is different. 2 rows are missing.", "run 7")


def test_every_verdict_has_a_decision_and_only_one_serves_the_rebuilt_table():
    assert [verdict for verdict in Verdict if decide(kept(verdict), 3, "snap").serving is Serving.MODERN] == [
        Verdict.PROVEN
    ]


@pytest.mark.parametrize("judged", [2, 4, None])
def test_a_verdict_on_another_generation_does_not_count(judged):
    assert decide(kept(Verdict.PROVEN, generation=judged), 3, "snap") == Decision(Serving.LEGACY, STALE)


def test_a_verdict_on_another_snapshot_does_not_count():
    decision = decide(kept(Verdict.PROVEN), 3, "newer")
    reason = "compared on snapshot snap, and the target holds newer"
    assert decision == Decision(Serving.LEGACY, reason)
