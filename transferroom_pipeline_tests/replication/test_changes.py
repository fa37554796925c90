"""The changes between legacy and its copy, applied to the copy, make it legacy."""

from datetime import datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transferroom_pipeline.replication.changes import Changes, changes_between, identifies_rows
from transferroom_pipeline.replication.row_versions import newest_update, row_versions

MIDNIGHT = datetime(2026, 6, 30)  # noqa: DTZ001 - legacy's timestamps name no zone

States = dict[str, tuple[int | None, str | None]]
"""Rows by their key: when they were updated, in hours, and what they hold."""


def hold(connection: duckdb.DuckDBPyConnection, table: str, rows: States) -> None:
    connection.execute(f"CREATE OR REPLACE TABLE main.{table} (s VARCHAR, updated_at TIMESTAMP, id VARCHAR)")
    for key, (hour, content) in rows.items():
        moment = None if hour is None else MIDNIGHT + timedelta(hours=hour)
        connection.execute(f"INSERT INTO main.{table} VALUES (?, ?, ?)", [content, moment, key])


def found(connection: duckdb.DuckDBPyConnection) -> Changes:
    cursor = newest_update(connection, "main", "copied")
    sides = (row_versions(connection, "main", table, "id", cursor) for table in ("legacy", "copied"))
    return changes_between(*sides)


def apply(connection: duckdb.DuckDBPyConnection, changes: Changes) -> None:
    for name, keys in (("leaving", changes.leaving), ("arriving", changes.arriving)):
        connection.register(name, keys)
    connection.execute("DELETE FROM copied WHERE id IN (FROM leaving)")
    connection.execute("INSERT INTO copied FROM legacy WHERE id IN (FROM arriving)")


def keys(changes: Changes) -> dict[str, list[str]]:
    return {name: sorted(getattr(changes, name)["key"].to_pylist()) for name in ("inserted", "updated", "deleted")}


@pytest.fixture
def between():
    """The keys that changed between a copy and legacy."""

    def changes_of(copied: States, legacy: States) -> dict[str, list[str]]:
        with duckdb.connect() as connection:
            hold(connection, "legacy", legacy)
            hold(connection, "copied", copied)
            return keys(found(connection))

    return changes_of


COPIED: States = {"a": (1, "x"), "b": (2, None), "c": (3, "x")}


@pytest.mark.parametrize(
    ("legacy", "changes"),
    [
        (COPIED, {}),
        (COPIED | {"d": (4, "x")}, {"inserted": ["d"]}),
        (COPIED | {"d": (0, "late")}, {"inserted": ["d"]}),
        (COPIED | {"a": (4, "y")}, {"updated": ["a"]}),
        (COPIED | {"c": (0, "set back")}, {"updated": ["c"]}),
        (COPIED | {"a": (2, "x")}, {"updated": ["a"]}),
        (COPIED | {"c": (3, "once more within the same moment")}, {"updated": ["c"]}),
        (COPIED | {"c": (3, None)}, {"updated": ["c"]}),
        (COPIED | {"d": (3, "x")}, {"inserted": ["d"]}),
        (COPIED | {"a": (None, "x")}, {"updated": ["a"]}),
        ({"a": (1, "x"), "b": (2, None)}, {"deleted": ["c"]}),
        ({"a": (1, "x"), "e": (2, "x")}, {"inserted": ["e"], "deleted": ["b", "c"]}),
        ({}, {"deleted": ["a", "b", "c"]}),
    ],
)
def test_what_came_changed_and_went_is_found_by_keys_and_updates(between, legacy, changes):
    nothing = {"inserted": [], "updated": [], "deleted": []}
    assert between(COPIED, legacy) == nothing | changes


def test_all_rows_come_into_an_empty_copy(between):
    assert between({}, COPIED)["inserted"] == ["a", "b", "c"]


def test_what_changed_without_its_update_is_not_seen_before_the_cursor(between):
    assert between(COPIED, COPIED | {"a": (1, "y")}) == between(COPIED, COPIED)


def test_rows_without_an_update_are_told_apart_by_their_content(between):
    assert between({"a": (None, "x"), "b": (1, "x")}, {"a": (None, "y"), "b": (1, "x")})["updated"] == ["a"]


def test_no_change_is_false(between):
    with duckdb.connect() as connection:
        hold(connection, "legacy", COPIED)
        hold(connection, "copied", COPIED)
        assert not found(connection)
        hold(connection, "legacy", {})
        assert found(connection)


@pytest.mark.parametrize(
    ("held", "identified"),
    [("('a'), ('b')", True), ("('a'), ('a')", False), ("('a'), (NULL)", False), ("(NULL)", False)],
)
def test_a_key_identifies_rows_when_it_is_nowhere_missing_or_repeated(held, identified):
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (id VARCHAR, updated_at TIMESTAMP)")
        connection.execute(f"INSERT INTO t SELECT id, TIMESTAMP '2026-06-30' FROM (VALUES {held}) AS v(id)")
        assert identifies_rows(row_versions(connection, "main", "t", "id", None)) is identified
        connection.execute("DELETE FROM t")
        assert identifies_rows(row_versions(connection, "main", "t", "id", None))


ROW = st.tuples(st.none() | st.integers(0, 3), st.none() | st.sampled_from(["x", "y", ""]))
DAYS = st.lists(st.dictionaries(st.sampled_from("abcde"), ROW), min_size=1, max_size=5)


def as_the_cursor_demands(before: States, after: States) -> States:
    """The day without what no cursor can see: a row that changes and is not updated, older than the newest one."""
    newest = max((hour for hour, _ in before.values() if hour is not None), default=None)

    def unseen(key: str, hour: int | None) -> bool:
        return key in before and hour is not None and before[key][0] == hour and newest is not None and hour < newest

    return {key: before[key] if unseen(key, hour) else (hour, content) for key, (hour, content) in after.items()}


@given(DAYS)
@settings(max_examples=30, deadline=None)
def test_whatever_happens_day_after_day_the_copy_follows_and_takes_no_row_that_it_has(days):
    with duckdb.connect() as connection:
        today: States = {}
        hold(connection, "copied", today)
        for day in days:
            before, today = today, as_the_cursor_demands(today, day)
            hold(connection, "legacy", today)
            changes = found(connection)
            assert keys(changes) == {
                "inserted": sorted(today.keys() - before.keys()),
                "updated": sorted(key for key in today.keys() & before.keys() if today[key] != before[key]),
                "deleted": sorted(before.keys() - today.keys()),
            }
            apply(connection, changes)
            sides = [connection.sql(f"FROM {table} ORDER BY ALL").fetchall() for table in ("legacy", "copied")]
            assert sides[0] == sides[1]
