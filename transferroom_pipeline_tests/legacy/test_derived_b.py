"""`derived_b`: completed big transfers of the last years, with the player's and both clubs' attributes."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from transferroom_pipeline.legacy.derived_b import Parameters, query
from transferroom_pipeline.legacy.tsql import stand_in_sql


@pytest.fixture
def kept(rows, built):
    """The ids of the transfers that are kept, of those given as one changed column each."""

    def of(column, *values, as_of=date(2026, 6, 30)):
        rows("transfers", *({"transfer_id": f"T{n:05}", column: value} for n, value in enumerate(values, 1)))
        ids = [row["transfer_id"] for row in built("derived_b", as_of)]
        return [values[int(transfer_id[1:]) - 1] for transfer_id in ids]

    return of


@pytest.fixture
def queried(legacy):
    """The ids that the query of some parameters gives, in its own order."""

    def of(as_of=date(2026, 6, 30), **parameters):
        sql = stand_in_sql(query(as_of, Parameters(**parameters)), table="derived_b")
        return [row[0] for row in legacy.sql(sql).fetchall()]

    return of


def test_a_transfer_has_the_attributes_of_its_player_and_of_both_clubs(rows, built):
    rows("players", {})
    rows("clubs", {}, {"club_id": "C002", "name": "Other FC", "league": None, "country": "Spain"})
    rows("transfers", {})
    assert built("derived_b") == [
        {
            "transfer_id": "T00001",
            "player_id": "P0001",
            "player_name": "Ada Lovelace",
            "player_position": "Forward",
            "player_age": 24,
            "player_nationality": "England",
            "player_market_value_millions": Decimal("12.50"),
            "selling_club_id": "C001",
            "selling_club_name": "Ashbourne FC",
            "selling_club_league": "Premier League",
            "selling_club_country": "England",
            "buying_club_id": "C002",
            "buying_club_name": "Other FC",
            "buying_club_league": None,
            "buying_club_country": "Spain",
            "transfer_fee_millions": Decimal("20.00"),
            "transfer_type": "Permanent",
            "transfer_window": "Summer",
            "transfer_date": date(2025, 7, 1),
            "contract_length_years": Decimal("4.5"),
            "salary_thousands_weekly": Decimal("55.25"),
            "updated_at": datetime.fromisoformat("2026-06-01 12:00:00"),
        }
    ]


def test_dangling_references_keep_the_transfer_and_leave_the_attributes_null(rows, built):
    rows("transfers", {"player_id": "P9999", "selling_club_id": "C998", "buying_club_id": "C999"})
    [row] = built("derived_b")
    assert (row["player_id"], row["selling_club_id"], row["buying_club_id"]) == ("P9999", "C998", "C999")
    joined = [name for name in row if name.startswith(("player_", "selling_", "buying_")) and not name.endswith("_id")]
    assert len(joined) == 11
    assert [row[name] for name in joined] == [None] * 11


def test_a_fee_of_exactly_5_million_is_kept_and_less_is_not(kept):
    assert kept("transfer_fee_millions", "5.00", "4.99", "5.01", "0.00") == ["5.00", "5.01"]


def test_only_completed_transfers_are_kept(kept):
    assert kept("status", "Completed", "Pending", "Failed", "Rumor") == ["Completed"]


def test_only_permanent_transfers_and_loans_with_option_to_buy_are_kept(kept):
    types = ["Permanent", "Loan", "Free Transfer", "Loan with Option to Buy"]
    assert kept("transfer_type", *types) == ["Permanent", "Loan with Option to Buy"]


def test_dates_are_kept_from_1_january_two_years_back_to_the_as_of_date(kept):
    # As of 2026-06-30: 2026 - 2 = 2024, so from 2024-01-01 up to and with 2026-06-30.
    days = ["2023-12-31", "2024-01-01", "2025-02-28", "2026-06-30", "2026-07-01"]
    assert kept("transfer_date", *days) == ["2024-01-01", "2025-02-28", "2026-06-30"]


def test_on_1_january_the_year_that_has_just_begun_is_the_one_counted_from(kept):
    # As of 2026-01-01 the window begins on 2024-01-01, the day before on 2023-01-01.
    days = ["2023-01-01", "2023-12-31", "2024-01-01", "2026-01-01"]
    assert kept("transfer_date", *days, as_of=date(2026, 1, 1)) == ["2024-01-01", "2026-01-01"]
    assert kept("transfer_date", *days, as_of=date(2025, 12, 31)) == ["2023-01-01", "2023-12-31", "2024-01-01"]


def test_a_leap_day_as_of_date_is_a_day_like_others(kept):
    days = ["2021-12-31", "2022-01-01", "2024-02-29", "2024-03-01"]
    assert kept("transfer_date", *days, as_of=date(2024, 2, 29)) == ["2022-01-01", "2024-02-29"]


def test_the_minimum_fee_is_a_parameter_exact_to_the_cent(rows, queried):
    rows("transfers", *({"transfer_id": i, "transfer_fee_millions": f} for i, f in (("T1", "7.49"), ("T2", "7.50"))))
    assert queried(min_fee=Decimal("7.50")) == ["T2"]
    assert sorted(queried(min_fee=Decimal(0))) == ["T1", "T2"]


def test_types_are_a_parameter_and_may_hold_an_apostrophe(rows, queried):
    types = ["Player's wish", "x') OR ('1'='1", "Permanent"]
    rows("transfers", *({"transfer_id": f"T{n}", "transfer_type": t} for n, t in enumerate(types)))
    assert queried(types=("Player's wish",)) == ["T0"]
    assert queried(types=("x') OR ('1'='1",)) == ["T1"]
    assert sorted(queried(types=("Player's wish", "Permanent"))) == ["T0", "T2"]


def test_years_back_is_a_parameter(rows, queried):
    days = ["2023-12-31", "2024-01-01", "2025-12-31", "2026-01-01"]
    rows("transfers", *({"transfer_id": day, "transfer_date": day} for day in days))
    assert sorted(queried(years_back=0)) == days[3:]
    assert sorted(queried(years_back=1)) == ["2025-12-31", "2026-01-01"]
    assert sorted(queried(years_back=3)) == days


def test_a_limit_takes_the_dearest_and_of_equal_fees_the_lower_id(rows, queried):
    fees = {"T4": "30.00", "T3": "20.00", "T1": "20.00", "T2": "20.00", "T5": "10.00"}
    rows("transfers", *({"transfer_id": key, "transfer_fee_millions": fee} for key, fee in fees.items()))
    assert queried(limit=3) == ["T4", "T1", "T2"]
    assert queried(limit=9) == ["T4", "T1", "T2", "T3", "T5"]
    assert queried(limit=0) == []


def test_the_query_is_t_sql_as_sql_server_takes_it():
    tsql = query(date(2026, 6, 30), Parameters(limit=10))
    assert tsql.split()[:3] == ["SELECT", "TOP", "10"]
    assert "CAST('2024-01-01' AS DATE)" in tsql
    assert " ".join(tsql.split()).count("AS t WITH (NOLOCK)") == 1
    assert "FROM [prod].[transfers]" in tsql
