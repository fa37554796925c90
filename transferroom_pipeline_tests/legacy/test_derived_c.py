"""`derived_c`: insights per position, league and age group, each value worked out by hand in the comments."""

from decimal import Decimal

import pytest

METRICS = (
    "transfer_count", "total_fee_millions", "mean_fee_millions", "min_fee_millions", "max_fee_millions",
    "player_count", "mean_market_value_millions", "min_market_value_millions", "max_market_value_millions",
    "value_to_fee_ratio", "spending_millions", "income_millions", "net_spend_millions",
)  # fmt: skip
FEES, VALUES, TRADE = METRICS[:5], METRICS[5:9], METRICS[10:]

TYPES = {
    "insight_id": "VARCHAR", "insight_type": "VARCHAR", "group_name": "VARCHAR", "transfer_count": "BIGINT",
    "total_fee_millions": "DECIMAL(38,2)", "mean_fee_millions": "DOUBLE", "min_fee_millions": "DECIMAL(18,2)",
    "max_fee_millions": "DECIMAL(18,2)", "player_count": "BIGINT", "mean_market_value_millions": "DOUBLE",
    "min_market_value_millions": "DECIMAL(18,2)", "max_market_value_millions": "DECIMAL(18,2)",
    "value_to_fee_ratio": "DOUBLE", "spending_millions": "DECIMAL(38,2)", "income_millions": "DECIMAL(38,2)",
    "net_spend_millions": "DECIMAL(38,2)",
}  # fmt: skip


@pytest.fixture
def insights(rows, built):
    """The insights of some players and transfers, by their id."""

    def of(players=(), transfers=()):
        rows("derived_a", *({"player_id": f"P{n:04}"} | player for n, player in enumerate(players)))
        rows("derived_b", *({"transfer_id": f"T{n:05}"} | transfer for n, transfer in enumerate(transfers)))
        found = built("derived_c")
        assert all(row["insight_id"] == f"{row['insight_type']}:{row['group_name']}" for row in found)
        return {row["insight_id"]: row for row in found}

    return of


def player(value, **changes):
    return {"market_value_millions": value, **changes}


def transfer(fee, **changes):
    return {"transfer_fee_millions": fee, **changes}


def values(row, names):
    return tuple(row[name] for name in names)


def test_fees_values_and_their_ratio_of_a_position(insights):
    found = insights(
        [player("6.00"), player("9.01")],
        [transfer("10.10", player_market_value_millions="20.00"), transfer("5.05", player_market_value_millions=None),
         transfer("20.00", player_market_value_millions="25.15")],
    )["position:Forward"]  # fmt: skip
    # Fees: 10.10 + 5.05 + 20.00 = 35.15, mean 35.15 / 3.
    assert values(found, FEES) == (3, Decimal("35.15"), 35.15 / 3, Decimal("5.05"), Decimal("20.00"))
    # Values of the players: 6.00 + 9.01 = 15.01, mean 15.01 / 2 = 7.505.
    assert values(found, VALUES) == (2, 7.505, Decimal("6.00"), Decimal("9.01"))
    # Of the transfers with a known value: 20.00 + 25.15 = 45.15 over 10.10 + 20.00 = 30.10.
    assert found["value_to_fee_ratio"] == 45.15 / 30.10
    assert values(found, TRADE) == (None, None, None)


def test_spending_income_and_values_of_leagues(insights):
    found = insights(
        [player("6.00", league="La Liga"), player("8.00", league="La Liga")],
        [transfer("10.10", buying_club_league="La Liga", selling_club_league="Serie A"),
         transfer("20.20", buying_club_league="La Liga", selling_club_league="La Liga"),
         transfer("5.05", buying_club_league="Serie A", selling_club_league="La Liga")],
    )  # fmt: skip
    # La Liga bought for 10.10 + 20.20 = 30.30 and sold for 20.20 + 5.05 = 25.25: net 5.05.
    assert values(found["league:La Liga"], TRADE) == (Decimal("30.30"), Decimal("25.25"), Decimal("5.05"))
    # Its players are worth 6.00 and 8.00: mean 7.
    assert values(found["league:La Liga"], VALUES) == (2, 7.0, Decimal("6.00"), Decimal("8.00"))
    # Serie A bought for 5.05 and sold for 10.10: net -5.05.
    assert values(found["league:Serie A"], TRADE) == (Decimal("5.05"), Decimal("10.10"), Decimal("-5.05"))
    assert values(found["league:Serie A"], VALUES) == (0, None, None, None)
    for league in ("league:La Liga", "league:Serie A"):
        assert values(found[league], (*FEES, "value_to_fee_ratio")) == (None,) * 6


def test_a_league_that_only_buys_or_sells_or_has_players_has_zeros_for_the_rest(insights):
    found = insights(
        [player("6.00", league="Home")], [transfer("7.00", buying_club_league="B", selling_club_league="S")]
    )
    assert values(found["league:B"], TRADE) == (Decimal("7.00"), Decimal("0.00"), Decimal("7.00"))
    assert values(found["league:S"], TRADE) == (Decimal("0.00"), Decimal("7.00"), Decimal("-7.00"))
    assert values(found["league:Home"], TRADE) == (Decimal("0.00"),) * 3
    assert [found[f"league:{name}"]["player_count"] for name in ("B", "S", "Home")] == [0, 0, 1]


def test_transfers_of_clubs_without_a_league_count_as_unknown_with_the_players_there(insights):
    found = insights(
        [player("6.00", league="Unknown")],
        [transfer("7.00", buying_club_league=None), transfer("8.00", selling_club_league=None)],
    )["league:Unknown"]
    assert values(found, TRADE) == (Decimal("7.00"), Decimal("8.00"), Decimal("-1.00"))
    assert found["player_count"] == 1


def test_groups_with_only_transfers_or_only_players(insights):
    found = insights(
        [player("6.00", position="Defender")],
        [transfer("7.00", player_position="Goalkeeper", player_market_value_millions="14.00")],
    )
    assert values(found["position:Defender"], FEES) == (0, Decimal("0.00"), None, None, None)
    assert values(found["position:Defender"], VALUES) == (1, 6.0, Decimal("6.00"), Decimal("6.00"))
    assert found["position:Defender"]["value_to_fee_ratio"] is None
    assert values(found["position:Goalkeeper"], FEES) == (1, Decimal("7.00"), 7.0, Decimal("7.00"), Decimal("7.00"))
    assert values(found["position:Goalkeeper"], VALUES) == (0, None, None, None)
    assert found["position:Goalkeeper"]["value_to_fee_ratio"] == 2.0


@pytest.mark.parametrize(
    ("age", "group"),
    [(0, "Under 20"), (19, "Under 20"), (20, "20-24"), (24, "20-24"), (25, "25-29"), (29, "25-29"), (30, "30-34"),
     (34, "30-34"), (35, "35+"), (50, "35+")],
)  # fmt: skip
def test_age_groups_begin_and_end_where_they_say(insights, age, group):
    found = insights([player("6.00", age=age)], [transfer("7.00", player_age=age)])
    assert [key for key in found if key.startswith("age_group:")] == [f"age_group:{group}"]
    assert values(found[f"age_group:{group}"], ("player_count", "transfer_count")) == (1, 1)


def test_players_of_unknown_age_or_position_are_in_no_such_group(insights):
    found = insights(
        [player("6.00", age=None), player("8.00", age=30)],
        [transfer("7.00", player_age=None, player_position=None), transfer("9.00", player_age=30)],
    )
    assert sorted(key for key in found if not key.startswith("league:")) == ["age_group:30-34", "position:Forward"]
    assert values(found["age_group:30-34"], ("player_count", "transfer_count")) == (1, 1)
    assert values(found["position:Forward"], ("player_count", "total_fee_millions")) == (2, Decimal("9.00"))


def test_without_any_known_market_value_there_is_no_ratio(insights):
    found = insights([], [transfer("7.00", player_market_value_millions=None)] * 2)
    assert found["position:Forward"]["value_to_fee_ratio"] is None
    assert found["position:Forward"]["total_fee_millions"] == Decimal("14.00")


def test_sums_are_exact_to_the_cent_where_floats_are_not(insights):
    # As floats, 0.1 + 0.2 is not 0.3, and 90071992547409.93 is not even a float: 2 * 45035996273704.97 - 0.01.
    found = insights([], [transfer("45035996273704.97"), transfer("45035996273704.96")] + [transfer("0.10")] * 3)
    # 45035996273704.97 + 45035996273704.96 + 3 * 0.10 = 90071992547410.23.
    assert found["position:Forward"]["total_fee_millions"] == Decimal("90071992547410.23")
    assert found["league:Premier League"]["net_spend_millions"] == Decimal("90071992547410.23")
    assert found["league:La Liga"]["net_spend_millions"] == Decimal("-90071992547410.23")


def test_the_order_of_rows_changes_nothing(insights):
    transfers = [transfer(f"{5 + n * 1.37:.2f}", player_age=18 + n) for n in range(15)]
    players = [player(f"{6 + n * 0.91:.2f}", league=f"League {n % 3}") for n in range(15)]
    assert insights(players, transfers) == insights(players[::-1], transfers[::-1])


@pytest.mark.parametrize("players", [[], [player("6.00")]])
@pytest.mark.parametrize("transfers", [[], [transfer("7.00")]])
def test_types_do_not_depend_on_what_is_there(insights, legacy, players, transfers):
    found = insights(players, transfers)
    assert bool(found) == bool(players or transfers)
    described = legacy.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'derived_c' "
        "ORDER BY ordinal_position"
    ).fetchall()
    assert dict(described) == TYPES
    assert [name for name, _ in described] == list(TYPES)
