"""A view and the record of what it shows change together, or neither does."""

from datetime import UTC, date, datetime

import duckdb
import pytest

from transferroom_pipeline.comparisons.engine import compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.history import keep
from transferroom_pipeline.comparisons.result import Snapshot, Verdict
from transferroom_pipeline.comparisons.spec import Spec, TableEntry
from transferroom_pipeline.cutover.generations import generation, hold_generation, raise_generation
from transferroom_pipeline.cutover.interlock import (
    follow_latest_verdict,
    withdraw_after_error,
    withdraw_before_change,
    withdraw_unproven,
)
from transferroom_pipeline.cutover.policy import STALE, Decision, Serving
from transferroom_pipeline.cutover.views import CutoverState, read_state, set_view
from transferroom_pipeline.platforms.exceptions import PlatformError
from transferroom_pipeline.platforms.tables import transaction

TO_LEGACY = Decision(Serving.LEGACY, "not yet")
TO_MODERN = Decision(Serving.MODERN, "it is proven", "run 1")

UNPROVEN = [Verdict.DIFFERS, Verdict.NOT_PROVEN]


@pytest.fixture
def decided(connection):
    """What the latest kept comparison leads to."""
    return lambda: follow_latest_verdict(connection, "t")


def apply_decision(connection, table, decision):
    with transaction(connection):
        return set_view(connection, table, decision)


def records(connection):
    return connection.sql("SELECT table_name, serving, reason, run_id FROM migration.cutover_state").fetchall()


def utc_now():
    return datetime.now(UTC)


def test_a_table_that_was_never_compared_is_shown_from_legacy(connection, decided, served):
    state = decided()
    assert (state.decision.serving, state.decision.reason, state.decision.run_id) == (
        Serving.LEGACY,
        "never compared",
        None,
    )
    assert served() == "raw"
    assert records(connection) == [("t", "raw", "never compared", None)]


def test_a_proven_table_is_switched_to(compared, decided, served):
    decided()
    run_id = compared(Verdict.PROVEN)
    state = decided()
    assert (state.decision.serving, state.decision.run_id) == (Serving.MODERN, run_id)
    assert state.decision.reason == "the latest comparison is proven on snapshot snap"
    assert served() == "prod"


@pytest.mark.parametrize("verdict", UNPROVEN)
def test_a_table_that_is_not_proven_is_not_switched_to(compared, decided, served, verdict):
    compared(verdict)
    assert decided().decision.serving is Serving.LEGACY
    assert served() == "raw"


@pytest.mark.parametrize("verdict", UNPROVEN)
def test_a_table_whose_later_comparison_is_not_proven_goes_back_until_it_is_again(compared, decided, served, verdict):
    compared(Verdict.PROVEN)
    decided()
    compared(verdict)
    assert decided().decision.serving is Serving.LEGACY
    assert served() == "raw"
    compared(Verdict.PROVEN)
    decided()
    assert served() == "prod"


def test_the_record_says_why_and_since_when(connection, compared, decided):
    before = utc_now()
    run_id = compared(Verdict.DIFFERS)
    state = decided()
    assert read_state(connection, "t") == state
    assert before <= state.serving_since <= utc_now()
    assert state.decision.run_id == run_id
    assert state.decision.reason.startswith("the latest comparison differs: ")
    assert len(state.decision.reason) > len("the latest comparison differs: ")


def test_since_stays_while_the_same_is_shown_and_begins_anew_with_a_switch(connection):
    first = apply_decision(connection, "t", TO_LEGACY)
    again = apply_decision(connection, "t", Decision(Serving.LEGACY, "still not", "run 2"))
    assert again == CutoverState("t", Decision(Serving.LEGACY, "still not", "run 2"), first.serving_since)
    switched = apply_decision(connection, "t", TO_MODERN)
    assert switched.serving_since > first.serving_since
    back = apply_decision(connection, "t", TO_LEGACY)
    assert back.serving_since > switched.serving_since
    assert records(connection) == [("t", "raw", "not yet", None)]


def test_tables_are_recorded_apart(connection):
    connection.execute("CREATE TABLE raw.other AS SELECT 1 AS n")
    apply_decision(connection, "t", TO_MODERN)
    apply_decision(connection, "other", TO_LEGACY)
    assert sorted(records(connection)) == [("other", "raw", "not yet", None), ("t", "prod", "it is proven", "run 1")]
    assert connection.sql("FROM analytics.other").fetchall() == [(1,)]


def test_before_the_first_decision_there_is_no_state(connection):
    assert read_state(connection, "t") is None
    apply_decision(connection, "t", TO_LEGACY)
    assert read_state(connection, "other") is None


@pytest.mark.parametrize(("decision", "missing"), [(TO_LEGACY, "raw"), (TO_MODERN, "prod")])
def test_a_missing_table_is_an_error_and_view_and_record_stay(connection, served, decision, missing):
    first, other = (TO_MODERN, "prod") if missing == "raw" else (TO_LEGACY, "raw")
    apply_decision(connection, "t", first)
    kept = read_state(connection, "t")
    connection.execute(f"ALTER TABLE {missing}.t RENAME TO gone")
    with pytest.raises(
        PlatformError, match=f"table {missing}.t does not exist yet: materialize the asset {missing}/t first"
    ):
        apply_decision(connection, "t", decision)
    connection.execute(f"ALTER TABLE {missing}.gone RENAME TO t")
    assert read_state(connection, "t") == kept
    assert served() == other


def test_when_the_record_cannot_be_written_the_view_stays(connection, served):
    apply_decision(connection, "t", TO_LEGACY)
    connection.execute("ALTER TABLE migration.cutover_state ADD COLUMN approved_by VARCHAR DEFAULT 'nobody'")
    connection.execute("ALTER TABLE migration.cutover_state ALTER approved_by SET NOT NULL")
    connection.execute("ALTER TABLE migration.cutover_state ALTER approved_by DROP DEFAULT")
    with pytest.raises(duckdb.ConstraintException, match="approved_by"):
        apply_decision(connection, "t", TO_MODERN)
    assert served() == "raw"
    assert records(connection) == [("t", "raw", "not yet", None)]


def test_when_the_view_cannot_be_made_nothing_is_recorded(connection):
    connection.execute("CREATE SCHEMA analytics; CREATE TABLE analytics.t AS SELECT 'in the way' AS s")
    with pytest.raises(duckdb.CatalogException):
        apply_decision(connection, "t", TO_LEGACY)
    assert read_state(connection, "t") is None
    assert connection.sql("FROM analytics.t").fetchall() == [("in the way",)]


def test_the_view_follows_new_rows_of_what_it_shows(connection):
    apply_decision(connection, "t", TO_LEGACY)
    connection.execute("INSERT INTO raw.t VALUES (3, 'c')")
    assert connection.sql("SELECT max(id) FROM analytics.t").fetchall() == [(3,)]


@pytest.mark.parametrize("verdict", UNPROVEN)
def test_what_is_no_longer_proven_is_withdrawn_at_once(connection, compared, results, decided, served, verdict):
    compared(Verdict.PROVEN)
    decided()
    run_id = compared(verdict)
    withdrawn = withdraw_unproven(connection, results[run_id], run_id)
    assert (withdrawn.decision.serving, withdrawn.decision.run_id) == (Serving.LEGACY, run_id)
    assert read_state(connection, "t") == withdrawn
    assert served() == "raw"


def test_a_proof_from_before_does_not_bring_back_what_was_found_wrong_by_a_comparison_that_was_not_kept(
    connection, compared, results, decided, served
):
    compared(Verdict.PROVEN)
    decided()
    run_id = compared(Verdict.DIFFERS)
    connection.execute("DELETE FROM migration.comparison_runs WHERE run_id = ?", [run_id])
    withdraw_unproven(connection, results[run_id], run_id)
    assert decided().decision == Decision(Serving.LEGACY, STALE)
    assert served() == "raw"


def test_what_could_not_be_compared_is_withdrawn_and_an_old_proof_does_not_bring_it_back(
    connection, compared, decided, served
):
    compared(Verdict.PROVEN)
    decided()
    withdrawn = withdraw_after_error(connection, "t", "the snapshot is missing")
    assert withdrawn.decision.reason == "the latest comparison could not be carried out: the snapshot is missing"
    assert served() == "raw"
    assert decided().decision.serving is Serving.LEGACY
    compared(Verdict.PROVEN)
    assert decided().decision.serving is Serving.MODERN


def test_what_is_about_to_be_rebuilt_is_withdrawn_until_it_is_proven_anew(connection, compared, decided, served):
    compared(Verdict.PROVEN)
    decided()
    withdraw_before_change(connection, ["t"])
    assert served() == "raw"
    assert decided().decision.serving is Serving.LEGACY
    compared(Verdict.PROVEN)
    assert decided().decision.serving is Serving.MODERN
    assert served() == "prod"


def test_a_comparison_that_began_before_a_rebuild_proves_nothing_of_it(connection, decided, served):
    spec = Spec(tables={"t": TableEntry(key=("id",))}).for_table("t")
    before = Snapshot("snap", date(2026, 6, 30), generation(connection, "t"))
    with compare(DuckDBEngine(connection), spec, snapshot=before) as comparison:
        assert comparison.result.verdict is Verdict.PROVEN
        withdraw_before_change(connection, ["t"])
        keep(connection, comparison, run_id="run 1")
    assert decided().decision == Decision(Serving.LEGACY, STALE)
    assert served() == "raw"


def test_a_proof_with_a_later_time_than_a_rebuild_does_not_count(connection, compared, decided, served):
    compared(Verdict.PROVEN)
    connection.execute("UPDATE migration.comparison_runs SET compared_at = '2999-01-01'")
    withdraw_before_change(connection, ["t"])
    decided()
    assert served() == "raw"


def test_no_view_moves_forward_while_its_table_begins_to_change(connection, compared, decided, served):
    compared(Verdict.PROVEN)
    decided()
    other = connection.cursor()
    with transaction(other):
        raise_generation(other, "t")
        with pytest.raises(duckdb.TransactionException, match=r"[Cc]onflict"):
            decided()
    assert decided().decision.serving is Serving.LEGACY
    assert served() == "raw"


def test_no_table_begins_to_change_while_its_view_moves_forward(connection, compared):
    compared(Verdict.PROVEN)
    other = connection.cursor()
    with transaction(other):
        hold_generation(other, "t")
        with pytest.raises(duckdb.TransactionException, match=r"[Cc]onflict"):
            withdraw_before_change(connection, ["t"])


def test_a_target_from_before_generations_were_counted_shows_legacy_until_the_next_proof(
    connection, compared, decided, served
):
    compared(Verdict.PROVEN)
    decided()
    connection.execute("ALTER TABLE migration.cutover_state ADD COLUMN not_before TIMESTAMP")
    connection.execute("ALTER TABLE migration.comparison_runs DROP COLUMN number")
    connection.execute("ALTER TABLE migration.comparison_runs DROP COLUMN generation")
    connection.execute("DROP TABLE migration.generations")
    assert decided().decision.serving is Serving.LEGACY
    compared(Verdict.PROVEN)
    decided()
    assert served() == "prod"


def test_a_view_that_was_never_made_is_not_made_for_a_rebuild(connection):
    withdraw_before_change(connection, ["t"])
    assert read_state(connection, "t") is None


def test_withdrawing_leaves_a_proven_table_alone(connection, compared, results, decided, served):
    run_id = compared(Verdict.PROVEN)
    state = decided()
    assert withdraw_unproven(connection, results[run_id], run_id) is None
    assert read_state(connection, "t") == state
    assert served() == "prod"


def test_withdrawing_never_switches_to_the_rebuilt_table(connection, compared, results, decided, served):
    decided()
    run_id = compared(Verdict.PROVEN)
    assert withdraw_unproven(connection, results[run_id], run_id) is None
    assert served() == "raw"


def test_without_a_copy_to_go_back_to_consumers_are_shown_nothing(connection, compared, results, decided):
    compared(Verdict.PROVEN)
    decided()
    run_id = compared(Verdict.DIFFERS)
    connection.execute("DROP TABLE raw.t")
    withdrawn = withdraw_unproven(connection, results[run_id], run_id)
    assert withdrawn.decision.serving is Serving.NOTHING
    assert withdrawn.shows == "nothing"
    with pytest.raises(duckdb.CatalogException):
        connection.execute("FROM analytics.t")
    assert records(connection)[0][1] == "nothing"
