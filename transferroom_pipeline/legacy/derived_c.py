"""Legacy `derived_c`: market insights per position, league and age group, computed with pandas.

Money is added up in whole cents (a column in millions has two decimals), so that sums are exact and a mean is one
division of exact numbers, whatever the order of the rows.
"""

from collections.abc import Mapping
from decimal import Decimal

import pandas as pd
import pyarrow as pa

UNKNOWN = "Unknown"
AGE_GROUPS = {"Under 20": 19, "20-24": 24, "25-29": 29, "30-34": 34, "35+": 200}
"""The oldest age that belongs to each group."""

_MONEY = pa.decimal128(18, 2)
_TOTAL = pa.decimal128(38, 2)

SCHEMA = pa.schema(
    [
        ("insight_id", pa.string()),
        ("insight_type", pa.string()),
        ("group_name", pa.string()),
        ("transfer_count", pa.int64()),
        ("total_fee_millions", _TOTAL),
        ("mean_fee_millions", pa.float64()),
        ("min_fee_millions", _MONEY),
        ("max_fee_millions", _MONEY),
        ("player_count", pa.int64()),
        ("mean_market_value_millions", pa.float64()),
        ("min_market_value_millions", _MONEY),
        ("max_market_value_millions", _MONEY),
        ("value_to_fee_ratio", pa.float64()),
        ("spending_millions", _TOTAL),
        ("income_millions", _TOTAL),
        ("net_spend_millions", _TOTAL),
    ]
)


def build(tables: Mapping[str, pd.DataFrame]) -> pa.Table:
    """The insights from `derived_a` (valuable players) and `derived_b` (big transfers).

    A group that occurs in one of the two has a row; a player of unknown age is in no age group.
    """
    players, transfers = tables["derived_a"], tables["derived_b"]
    player_ages, transfer_ages = _age_groups(players["age"]), _age_groups(transfers["player_age"])
    insights = [
        _group_insights("position", players, players["position"], transfers, transfers["player_position"]),
        _league_insights(players, transfers),
        _group_insights("age_group", players, player_ages, transfers, transfer_ages),
    ]
    return pa.Table.from_batches([_typed(pd.concat(insights))])


def _group_insights(
    insight_type: str, players: pd.DataFrame, player_group: pd.Series, transfers: pd.DataFrame, fee_group: pd.Series
) -> pd.DataFrame:
    """Fees, market values and their ratio per group."""
    fees = _fees(transfers, fee_group)
    values = _market_values(players, player_group)
    return _identified(insight_type, _side_by_side(fees, values))


def _league_insights(players: pd.DataFrame, transfers: pd.DataFrame) -> pd.DataFrame:
    """Market values per league of the players, and what its clubs spent and took."""
    fee = _cents(transfers["transfer_fee_millions"])
    spending = fee.groupby(transfers["buying_club_league"].fillna(UNKNOWN)).sum().rename("spending_millions")
    income = fee.groupby(transfers["selling_club_league"].fillna(UNKNOWN)).sum().rename("income_millions")
    values = _market_values(players, players["league"])
    frame = _side_by_side(spending.to_frame(), income.to_frame(), values)
    for column in ("spending_millions", "income_millions"):
        frame[column] = frame[column].fillna(0)
    frame["net_spend_millions"] = frame["spending_millions"] - frame["income_millions"]
    return _identified("league", frame)


def _fees(transfers: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    fee = _cents(transfers["transfer_fee_millions"])
    value = _cents(transfers["player_market_value_millions"])
    grouped = fee.groupby(group)
    total = grouped.sum()
    valued = value.notna()
    return pd.DataFrame(
        {
            "transfer_count": grouped.size(),
            "total_fee_millions": total,
            "mean_fee_millions": _millions(total) / grouped.size(),
            "min_fee_millions": grouped.min(),
            "max_fee_millions": grouped.max(),
            # Only transfers of players with a known value: the others have a fee and nothing to set beside it.
            "value_to_fee_ratio": _millions(value[valued].groupby(group[valued]).sum())
            / _millions(fee[valued].groupby(group[valued]).sum()),
        }
    )


def _market_values(players: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    grouped = _cents(players["market_value_millions"]).groupby(group)
    return pd.DataFrame(
        {
            "player_count": grouped.size(),
            "mean_market_value_millions": _millions(grouped.sum()) / grouped.size(),
            "min_market_value_millions": grouped.min(),
            "max_market_value_millions": grouped.max(),
        }
    )


def _side_by_side(*frames: pd.DataFrame) -> pd.DataFrame:
    """The frames joined on their group; a count of a group that a frame does not have is zero."""
    frame = pd.concat(frames, axis="columns")
    for column in frame.columns.intersection(["transfer_count", "player_count"]):
        frame[column] = frame[column].fillna(0)
    if "total_fee_millions" in frame:
        frame["total_fee_millions"] = frame["total_fee_millions"].fillna(0)
    return frame


def _identified(insight_type: str, frame: pd.DataFrame) -> pd.DataFrame:
    named = frame.rename_axis("group_name").reset_index()
    named["insight_type"] = insight_type
    named["insight_id"] = insight_type + ":" + named["group_name"].astype(str)
    return named


def _age_groups(age: pd.Series) -> pd.Series:
    bounds = [-1, *AGE_GROUPS.values()]
    return pd.cut(age.astype("Float64"), bins=bounds, labels=list(AGE_GROUPS)).astype("string")


def _cents(millions: pd.Series) -> pd.Series:
    return (millions * 100).astype("Int64")


def _millions(cents: pd.Series) -> pd.Series:
    return cents.astype("Float64") / 100


def _typed(frame: pd.DataFrame) -> pa.RecordBatch:
    return pa.record_batch([_column(frame, field) for field in SCHEMA], schema=SCHEMA)


def _column(frame: pd.DataFrame, field: pa.Field) -> pa.Array:
    values = frame[field.name].astype(object) if field.name in frame else pd.Series([None] * len(frame), dtype=object)
    values = values.where(values.notna(), None)
    if pa.types.is_decimal(field.type):
        values = [None if cents is None else Decimal(int(cents)).scaleb(-2) for cents in values]
    return pa.array(list(values), type=field.type)
