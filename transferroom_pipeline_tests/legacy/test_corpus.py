"""Each statement of the corpus is right on the stand-in, refused, or accepted with a warning."""

import pytest

from transferroom_pipeline.legacy.exceptions import LegacyError
from transferroom_pipeline.legacy.tsql import judge, stand_in_sql
from transferroom_pipeline.legacy.tsql.verdicts import Verdict
from transferroom_pipeline_tests.legacy.corpus import load_corpus

CORPUS = load_corpus()
PLAIN = {
    "collation", "collation_groups", "collation_order", "like", "like_blanks", "like_letters", "json",
    "inserted_types",
}  # fmt: skip
"""Rules that warn of what hangs on the data: right as it stands, and a warning all the same."""


def mentioned(words, message):
    return all(word.lower() in message.lower() for word in words)


def refusal(entry):
    """Why the statement is refused; None for one that is not."""
    try:
        stand_in_sql(entry.sql, table="derived_x", columns=entry.columns)
    except LegacyError as error:
        return str(error)
    return None


REASONS = {entry.id: refusal(entry) for entry in CORPUS}
ACCEPTED = [entry for entry in CORPUS if REASONS[entry.id] is None]


@pytest.mark.parametrize("entry", [entry for entry in CORPUS if REASONS[entry.id]], ids=lambda entry: entry.id)
def test_what_is_refused_is_named_with_its_line_and_is_not_right_as_it_stands(entry):
    assert entry.say != "nothing"
    assert "\n  line " in REASONS[entry.id]
    assert mentioned(entry.must_mention, REASONS[entry.id])


@pytest.mark.parametrize("entry", ACCEPTED, ids=lambda entry: entry.id)
def test_what_is_accepted_gives_sql_servers_rows_or_has_a_warning_that_says_when_not(entry):
    warnings = judge(entry.sql, entry.columns)
    sql = stand_in_sql(entry.sql, table="derived_x", columns=entry.columns)
    is_right = entry.expected is not None and entry.gives(sql)
    if entry.say == "nothing":
        assert is_right, (sql, entry.rows(sql))
        assert {finding.rule.id for finding in warnings} <= PLAIN
    elif not is_right:
        assert entry.say == "warn", sql
        assert mentioned(entry.must_mention, " ".join(map(str, warnings)))


@pytest.mark.parametrize("entry", CORPUS, ids=lambda entry: entry.id)
def test_databricks_is_judged_as_well(entry):
    found = judge(entry.sql, entry.columns, engine="databricks")
    refused = [finding for finding in found if finding.verdict("databricks") is Verdict.REFUSE]
    if entry.faithful_on_databricks:
        assert not refused
    else:
        assert found
