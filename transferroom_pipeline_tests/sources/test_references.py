"""References that point nowhere are counted per column, with the first of them by key."""

import pytest

from transferroom_pipeline.sources.references import DanglingReference, DanglingRow, dangling_references, dangling_rows
from transferroom_pipeline_tests.sources.files_for_tests import CLUBS, PLAYERS, TRANSFERS, rows, typed_frame
from transferroom_pipeline_tests.sources.loaded import loaded


@pytest.fixture
def connection(tmp_path):
    """One player, clubs 1 and 2, and transfers of which some refer to others."""
    transfers = rows(TRANSFERS, {}, {"player_id": "P0007"}, {"buying_club_id": "C009"}, {"player_id": "P0008"})
    transfers[3] |= {"player_id": None}
    transfers += [transfers[1] | {"transfer_id": "T00000", "selling_club_id": "C003"}]
    frames = {
        "players": typed_frame(PLAYERS, rows(PLAYERS, {})),
        "clubs": typed_frame(CLUBS, rows(CLUBS, {}, {})),
        "transfers": typed_frame(TRANSFERS, transfers),
    }
    with loaded(tmp_path, frames) as connection:
        yield connection


def test_dangling_references_are_counted_per_column(connection):
    assert dangling_references(connection, TRANSFERS, "prod") == (
        DanglingReference(
            "transfers", "player_id", "players", 2, (DanglingRow("T00000", "P0007"), DanglingRow("T00002", "P0007"))
        ),
        DanglingReference("transfers", "selling_club_id", "clubs", 1, (DanglingRow("T00000", "C003"),)),
        DanglingReference("transfers", "buying_club_id", "clubs", 1, (DanglingRow("T00003", "C009"),)),
    )


def test_a_table_without_references_has_none(connection):
    assert dangling_references(connection, PLAYERS, "prod") == ()


def test_identifiers_are_quoted_by_the_library():
    sql = dangling_rows(TRANSFERS, TRANSFERS.references[0], 'pr"od').sql(dialect="duckdb")
    assert '"pr""od"."transfers"' in sql
