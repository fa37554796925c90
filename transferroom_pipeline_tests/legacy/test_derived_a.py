"""`derived_a`: players worth more than 5 million, with league and country of their club."""

from datetime import date, datetime
from decimal import Decimal

import pytest


def test_a_valuable_player_has_the_league_and_country_of_the_club(rows, built):
    rows("players", {})
    rows("clubs", {}, {"club_id": "C002", "name": "Other FC", "league": "La Liga"})
    assert built("derived_a") == [
        {
            "player_id": "P0001",
            "name": "Ada Lovelace",
            "position": "Forward",
            "age": 24,
            "nationality": "England",
            "current_club": "Ashbourne FC",
            "league": "Premier League",
            "country": "England",
            "market_value_millions": Decimal("12.50"),
            "contract_end_date": date(2028, 6, 30),
            "updated_at": datetime.fromisoformat("2026-06-01 12:00:00"),
        }
    ]


def test_exactly_5_million_and_an_unknown_value_are_left_out(rows, built):
    # More than 5: 5.01 is, 5.00 and 4.99 are not, and of NULL it is not known.
    values = ["5.00", "5.01", "4.99", None, "9999999999999999.99"]
    rows("players", *({"player_id": f"P{n:04}", "market_value_millions": v} for n, v in enumerate(values, 1)))
    assert [row["player_id"] for row in built("derived_a")] == ["P0002", "P0005"]


@pytest.mark.parametrize(
    ("of_the_player", "of_the_club"),
    [("ashbourne fc", "Ashbourne FC"), ("ASHBOURNE FC  ", "Ashbourne FC"), ("Ashbourne FC", "ashbourne FC ")],
)
def test_clubs_are_matched_ignoring_case_and_trailing_blanks(rows, built, of_the_player, of_the_club):
    rows("players", {"current_club": of_the_player})
    rows("clubs", {"name": of_the_club})
    [row] = built("derived_a")
    assert (row["league"], row["country"], row["current_club"]) == ("Premier League", "England", of_the_player)


@pytest.mark.parametrize("club", [None, "", "Ashbourne", " Ashbourne FC", "Ashbourne  FC"])
def test_without_a_club_of_that_name_league_and_country_are_unknown(rows, built, club):
    rows("players", {"current_club": club})
    rows("clubs", {})
    [row] = built("derived_a")
    assert (row["league"], row["country"], row["current_club"]) == ("Unknown", "Unknown", club)


def test_a_club_without_league_or_country_leaves_it_unknown(rows, built):
    rows("players", {}, {"player_id": "P0002", "current_club": "Other FC"})
    rows("clubs", {"league": None}, {"club_id": "C002", "name": "Other FC", "country": None})
    assert [(row["league"], row["country"]) for row in built("derived_a")] == [
        ("Unknown", "England"),
        ("Premier League", "Unknown"),
    ]


def test_of_clubs_with_the_same_name_the_lowest_id_counts_and_no_player_is_doubled(rows, built):
    rows("players", {})
    rows(
        "clubs",
        {"club_id": "C003", "name": "Ashbourne FC", "league": "third"},
        {"club_id": "C001", "name": "ASHBOURNE FC ", "league": "first"},
        {"club_id": "C002", "name": "Ashbourne FC", "league": "second"},
    )
    assert [(row["player_id"], row["league"]) for row in built("derived_a")] == [("P0001", "first")]


def test_without_players_the_table_is_empty_and_has_its_types(rows, built, legacy):
    rows("clubs", {})
    assert built("derived_a") == []
    types = dict(legacy.execute("SELECT column_name, data_type FROM information_schema.columns "
                                "WHERE table_name = 'derived_a'").fetchall())  # fmt: skip
    assert (types["market_value_millions"], types["league"]) == ("DECIMAL(18,2)", "VARCHAR")
