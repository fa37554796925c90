"""The rows of the sample tables: life-like, free of contract violations, and with cases on every boundary.

The boundaries that the derived tables draw (ages, values, fees, dates) come back every thousand rows, so that samples
of any size but the tiniest exercise them. Amounts are drawn in hundredths, the smallest unit that the contract keeps.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from transferroom_pipeline.sources import sample_words as words
from transferroom_pipeline.sources.sample_draws import Band, Draws, Integers, decimals, taken

NEWEST_UPDATE = date(2026, 6, 30)
BOUNDARIES_EVERY = 1_000
CLUBS_PER_LEAGUE = 20

MONEY = pl.Decimal(18, 2)
YEARS = pl.Decimal(4, 1)

POSITIONS = {"Goalkeeper": 11, "Defender": 33, "Midfielder": 34, "Forward": 22}
TYPES = {"Permanent": 50, "Loan": 22, "Free Transfer": 16, "Loan with Option to Buy": 12}
STATUSES = {"Completed": 70, "Pending": 12, "Failed": 8, "Rumor": 10}

# How players name their club, and what the first places of a league qualify for.
SPELLINGS = {"registered": 92, "unregistered": 5, "lower case": 2, "trailing blank": 1}
COMPETITIONS = (*("Champions League",) * 4, *("Europa League",) * 2, "Conference League", "None")

CONTRACT_ENDS = tuple(date(year, *day) for year in range(2025, 2032) for day in ((6, 30), (6, 30), (12, 31)))
AGES = (Band(12, 15, 19), Band(24, 20, 24), Band(30, 25, 29), Band(21, 30, 34), Band(11, 35, 39), Band(2, 40, 50))

VALUES = (Band(58, 5, 500, 5), Band(28, 510, 2_000, 10), Band(14, 2_050, 18_000, 50))
FEES = (Band(35, 10, 490, 10), Band(40, 500, 2_000, 50), Band(25, 2_100, 15_000, 100))
LOAN_FEES = (Band(60, 0, 0), Band(40, 10, 600, 10))
SALARIES = (Band(55, 50, 2_000, 25), Band(35, 2_050, 10_000, 50), Band(10, 10_100, 35_000, 100))
BUDGETS = (Band(50, 0, 1_500, 25), Band(35, 1_550, 6_000, 50), Band(15, 6_100, 25_000, 100))

# Age and market value: the ends of all age groups, worth just enough for derived_a, then values just short of it.
BOUNDARY_PLAYERS = (
    *((age, 501) for age in (15, 19, 20, 24, 25, 29, 30, 34, 35, 50)),
    *((27, value) for value in (499, 500, 501, 0)),
    (None, 501),
)

# Date, fee, type and status: first what derived_b tells apart by date, then by fee, then by type and status.
BOUNDARY_TRANSFERS = (
    *((date(year, 12, 31), 1_200, "Permanent", "Completed") for year in (2023, 2024, 2025)),
    *((date(year, 1, 1), 1_200, "Loan with Option to Buy", "Completed") for year in (2024, 2025, 2026)),
    *((day, 1_200, "Permanent", "Completed") for day in (NEWEST_UPDATE, date(2026, 7, 1))),
    *((date(2025, 7, 15), fee, "Permanent", "Completed") for fee in (499, 500, 501)),
    *((date(2025, 7, 15), fee, "Loan with Option to Buy", "Completed") for fee in (499, 500, 501)),
    *((date(2025, 7, 15), 500, "Permanent", status) for status in ("Pending", "Failed", "Rumor")),
    (date(2025, 7, 15), 500, "Loan", "Completed"),
    (date(2025, 7, 15), 0, "Free Transfer", "Completed"),
)


class Sizes(NamedTuple):
    """How many rows each table has."""

    players: int
    clubs: int
    transfers: int


def players(draws: Draws, sizes: Sizes) -> pl.DataFrame:
    """The players of these rows."""
    ages, values = zip(*BOUNDARY_PLAYERS, strict=True)
    age = pl.Series(draws.within("age", AGES))
    contract_end = draws.one_of("contract_end_date", CONTRACT_ENDS)
    return pl.DataFrame(
        {
            "player_id": _ids("P", 4, sizes.players, draws.rows),
            "name": draws.sometimes_missing("name", _person_names(draws), 1),
            "position": draws.weighted("position", POSITIONS),
            "age": _with_boundaries(draws, draws.sometimes_missing("age", age, 3), ages),
            "nationality": draws.sometimes_missing("nationality", draws.one_of("nationality", words.NATIONALITIES), 2),
            "current_club": draws.sometimes_missing("current_club", _current_clubs(draws, sizes.clubs), 7),
            "market_value_millions": _money(draws, "market_value_millions", VALUES, missing=4, boundaries=values),
            "contract_end_date": draws.sometimes_missing("contract_end_date", contract_end, 6),
            "updated_at": _updated_at(draws, _day_number(NEWEST_UPDATE) - draws.below("updated_at", 365)),
        }
    )


def clubs(draws: Draws, sizes: Sizes) -> pl.DataFrame:
    """The clubs of these rows."""
    countries, leagues = zip(*words.LEAGUES, strict=True)
    league = draws.sometimes_missing("league", taken(leagues, draws.rows % len(leagues)), 6)
    rank = pl.lit(pl.Series(draws.rows // len(leagues) % CLUBS_PER_LEAGUE + 1))
    position = pl.select(pl.when(league.is_not_null()).then(rank)).to_series()
    capacity = pl.Series(draws.within("capacity", (Band(60, 800, 25_000, 50), Band(40, 25_100, 90_000, 100))))
    return pl.DataFrame(
        {
            "club_id": _ids("C", 3, sizes.clubs, draws.rows),
            "name": _club_names(draws.rows),
            "league": league,
            "country": draws.sometimes_missing("country", taken(countries, draws.rows % len(countries)), 3),
            "stadium": draws.sometimes_missing("stadium", _stadiums(draws), 5),
            "capacity": _with_boundaries(draws, draws.sometimes_missing("capacity", capacity, 4), (0,)),
            "transfer_budget_millions": _money(draws, "transfer_budget_millions", BUDGETS, missing=8, boundaries=(0,)),
            "league_position": position,
            "european_competition": draws.sometimes_missing("european_competition", _competitions(position), 4),
            "updated_at": _updated_at(draws, _day_number(NEWEST_UPDATE) - draws.below("updated_at", 365)),
        }
    )


def transfers(draws: Draws, sizes: Sizes) -> pl.DataFrame:
    """The transfers of these rows; player and clubs are rows of their tables, and the two clubs are not the same."""
    days, fees, types, statuses = zip(*BOUNDARY_TRANSFERS, strict=True)
    kind = _with_boundaries(draws, draws.weighted("transfer_type", TYPES), types)
    day = _with_boundaries(draws, _dates(draws.within("transfer_date", _transfer_days())), days)
    selling = draws.below("selling_club_id", sizes.clubs)
    buying = (selling + 1 + draws.below("buying_club_id", sizes.clubs - 1)) % sizes.clubs
    length = decimals(5 * (1 + draws.below("contract_length_years", 12)), YEARS)
    return pl.DataFrame(
        {
            "transfer_id": _ids("T", 5, sizes.transfers, draws.rows),
            "player_id": _ids("P", 4, sizes.players, draws.below("player_id", sizes.players)),
            "selling_club_id": _ids("C", 3, sizes.clubs, selling),
            "buying_club_id": _ids("C", 3, sizes.clubs, buying),
            "transfer_fee_millions": _with_boundaries(draws, _fees(draws, kind), decimals(np.array(fees), MONEY)),
            "transfer_type": kind,
            "transfer_window": _windows(day),
            "transfer_date": day,
            "contract_length_years": draws.sometimes_missing("contract_length_years", length, 8),
            "salary_thousands_weekly": _money(draws, "salary_thousands_weekly", SALARIES, missing=15, boundaries=()),
            "status": _with_boundaries(draws, draws.weighted("status", STATUSES), statuses),
            "updated_at": _updated_at(draws, _days_after(draws, day)),
        }
    )


def _ids(prefix: str, width: int, count: int, rows: Integers) -> pl.Series:
    digits = pl.lit(pl.Series(rows + 1)).cast(pl.String).str.zfill(max(width, len(str(count))))
    return pl.select(pl.lit(prefix) + digits).to_series()


def _person_names(draws: Draws) -> pl.Series:
    return draws.one_of("first name", words.FIRST_NAMES) + " " + draws.one_of("last name", words.LAST_NAMES)


def _club_names(rows: Integers) -> pl.Series:
    """Names of registered clubs, distinct even when case and blanks are ignored."""
    cities, endings = len(words.CITIES), len(words.CLUB_ENDINGS)
    name = taken(words.CITIES, rows % cities) + " " + taken(words.CLUB_ENDINGS, (rows + rows // cities) % endings)
    generation = pl.lit(pl.Series(rows // (cities * endings) + 1))
    number = pl.when(generation > 1).then(pl.format(" {}", generation)).otherwise(pl.lit(""))
    return pl.select(pl.lit(name) + number).to_series()


def _current_clubs(draws: Draws, clubs: int) -> pl.Series:
    """Clubs as people type them: mostly a registered name, sometimes in another case, with a blank, or unknown.

    SQL Server takes 'ashbourne fc' and 'Ashbourne FC ' for 'Ashbourne FC'; other engines tell them apart.
    """
    clubs_of_players = {
        "registered": _club_names(draws.below("club", clubs)),
        "unregistered": draws.one_of("unregistered club", words.UNREGISTERED_CLUBS),
        "spelling": draws.weighted("spelling", SPELLINGS),
    }
    registered, spelling = pl.col("registered"), pl.col("spelling")
    typed = (
        pl.when(spelling == "unregistered")
        .then("unregistered")
        .when(spelling == "lower case")
        .then(registered.str.to_lowercase())
        .when(spelling == "trailing blank")
        .then(registered + " ")
        .otherwise(registered)
    )
    return pl.DataFrame(clubs_of_players).select(typed).to_series()


def _stadiums(draws: Draws) -> pl.Series:
    city = taken(words.CITIES, draws.rows % len(words.CITIES))
    return city + " " + draws.one_of("stadium", words.STADIUM_ENDINGS)


def _competitions(position: pl.Series) -> pl.Series:
    place = position.fill_null(len(COMPETITIONS)).clip(upper_bound=len(COMPETITIONS))
    return taken(COMPETITIONS, (place - 1).to_numpy())


def _fees(draws: Draws, kind: pl.Series) -> pl.Series:
    bought = kind.is_in(["Permanent", "Loan with Option to Buy"]).to_numpy()
    lent = (kind == "Loan").to_numpy()
    choices = [draws.within("transfer_fee_millions", FEES), draws.within("loan fee", LOAN_FEES)]
    return decimals(np.select([bought, lent], choices, default=0), MONEY)


def _transfer_days() -> tuple[Band, ...]:
    """The two windows of every year from 2019 to July 2026, and a few spring days that belong to none."""
    years = range(2019, NEWEST_UPDATE.year + 1)
    seasons = ((2, (1, 1), (2, 3)), (1, (3, 1), (5, 15)), (4, (6, 1), (7, 31)))
    return tuple(
        Band(weight, _day_number(date(year, *first)), _day_number(date(year, *last)))
        for year in years
        for weight, first, last in seasons
    )


def _windows(day: pl.Series) -> pl.Series:
    month = pl.lit(day).dt.month()
    summer = pl.when(month.is_between(6, 8)).then(pl.lit("Summer"))
    return pl.select(summer.when(month.is_in([12, 1, 2])).then(pl.lit("Winter"))).to_series()


def _days_after(draws: Draws, day: pl.Series) -> Integers:
    """Days on which the transfers were last updated: soon after they took effect, never after the newest update."""
    later = day.to_physical().to_numpy() + draws.below("updated_at", 45)
    return np.minimum(later, _day_number(NEWEST_UPDATE)).astype(np.int64)


def _updated_at(draws: Draws, days: Integers) -> pl.Series:
    """Moments on these days; the first row of a table always has the newest day."""
    days = np.where(draws.rows == 0, _day_number(NEWEST_UPDATE), days)
    seconds = days * 86_400 + draws.below("time of update", 86_400)
    return pl.Series(seconds * 1_000_000).cast(pl.Datetime("us"))


def _money(draws: Draws, column: str, bands: Sequence[Band], *, missing: int, boundaries: Sequence[int]) -> pl.Series:
    amounts = draws.sometimes_missing(column, decimals(draws.within(column, bands), MONEY), missing)
    return _with_boundaries(draws, amounts, decimals(np.array(boundaries, dtype=np.int64), MONEY))


def _with_boundaries(draws: Draws, values: pl.Series, cases: Sequence[Any] | pl.Series) -> pl.Series:
    """The values with these cases in the first rows of every thousand."""
    place = draws.rows % BOUNDARIES_EVERY
    rows = np.flatnonzero(place < len(cases))
    return values.scatter(rows, taken(pl.Series(cases, dtype=values.dtype), place[rows]))


def _dates(days: Integers) -> pl.Series:
    return pl.Series(days.astype(np.int32)).cast(pl.Date)


def _day_number(day: date) -> int:
    """Days since 1970-01-01, as Arrow and Polars count them."""
    return day.toordinal() - date(1970, 1, 1).toordinal()
