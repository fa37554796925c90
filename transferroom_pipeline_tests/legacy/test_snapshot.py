"""The snapshot names the content of the source tables and fixes the as-of date."""

from datetime import date

import pytest

from transferroom_pipeline.legacy.exceptions import LegacyError
from transferroom_pipeline.legacy.snapshot import SourceSnapshot, read_snapshot, take_snapshot
from transferroom_pipeline.platforms.exceptions import PlatformError

TABLES = ("players", "clubs", "transfers")


@pytest.fixture
def taken(legacy):
    return lambda as_of=None, tables=TABLES: take_snapshot(legacy, tables, as_of)


@pytest.fixture(autouse=True)
def sources(rows):
    rows("players", {}, {"player_id": "P0002", "updated_at": "2026-06-29 23:59:59.999999"})
    rows("clubs", {"updated_at": "2026-06-30 00:00:00"})
    rows("transfers", {"transfer_date": "2027-01-01"})


def test_without_an_as_of_date_it_is_the_newest_update_of_all_tables(taken):
    assert taken().as_of == date(2026, 6, 30)


@pytest.mark.parametrize("as_of", [date(2020, 2, 29), date(2030, 1, 1)])
def test_an_as_of_date_that_is_given_wins(taken, as_of):
    assert taken(as_of).as_of == as_of


def test_the_same_content_has_the_same_id_in_whatever_order_it_lies(taken, rows):
    before = taken()
    rows("players", {"player_id": "P0002", "updated_at": "2026-06-29 23:59:59.999999"}, {})
    assert taken() == taken(tables=TABLES[::-1]) == before


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ("players", [{}]),
        ("players", [{}, {"player_id": "P0002", "updated_at": "2026-06-29 23:59:59.999999", "name": None}]),
        ("clubs", [{"updated_at": "2026-06-30 00:00:00", "league": "la liga"}]),
        ("transfers", [{"transfer_date": "2027-01-01"}] * 2),
        ("transfers", []),
    ],
)
def test_other_content_has_another_id(taken, rows, table, changes):
    before = taken()
    rows(table, *changes)
    assert taken().id != before.id
    assert taken().as_of == before.as_of


def test_another_as_of_date_has_another_id_and_the_newest_update_given_aloud_the_same(taken):
    assert taken(date(2026, 6, 29)).id != taken().id == taken(date(2026, 6, 30)).id


def test_the_snapshot_is_a_table_of_one_row_that_the_next_replaces(taken, legacy):
    with pytest.raises(PlatformError, match="materialize the asset legacy/snapshot first"):
        read_snapshot(legacy, "prod")
    taken(date(2020, 1, 1))
    latest = taken()
    assert legacy.sql("FROM prod.snapshot").fetchall() == [(latest.id, date(2026, 6, 30))]
    assert read_snapshot(legacy, "prod") == latest == SourceSnapshot(latest.id, latest.as_of)


def test_a_copy_that_is_missing_is_told_as_the_copy(legacy):
    with pytest.raises(PlatformError, match="materialize the asset raw/snapshot first"):
        read_snapshot(legacy, "raw")


def test_without_rows_there_is_no_as_of_date_unless_it_is_given(taken, rows, legacy):
    taken()
    for table in TABLES:
        rows(table)
    before = legacy.sql("FROM prod.snapshot").fetchall()
    with pytest.raises(LegacyError) as refused:
        taken()
    assert str(refused.value) == (
        "the source tables have no row to take the as-of date from: load them, or set TRANSFERROOM_AS_OF"
    )
    assert legacy.sql("FROM prod.snapshot").fetchall() == before
    assert taken(date(2026, 1, 1)).as_of == date(2026, 1, 1)


def test_one_table_with_rows_is_enough_for_an_as_of_date(taken, rows):
    rows("players")
    rows("clubs")
    assert taken().as_of == date(2026, 6, 1)


def test_a_missing_table_is_told_with_its_asset(taken, legacy):
    legacy.execute("DROP TABLE prod.clubs")
    with pytest.raises(PlatformError, match="materialize the asset legacy/clubs first"):
        taken()
