"""Legacy `derived_b`: the T-SQL of completed big transfers, built at run time from parameters."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlglot import exp

SELECT = """
SELECT
    t.transfer_id,
    t.player_id,
    p.name AS player_name,
    p.position AS player_position,
    p.age AS player_age,
    p.nationality AS player_nationality,
    p.market_value_millions AS player_market_value_millions,
    t.selling_club_id,
    s.name AS selling_club_name,
    s.league AS selling_club_league,
    s.country AS selling_club_country,
    t.buying_club_id,
    b.name AS buying_club_name,
    b.league AS buying_club_league,
    b.country AS buying_club_country,
    t.transfer_fee_millions,
    t.transfer_type,
    t.transfer_window,
    t.transfer_date,
    t.contract_length_years,
    t.salary_thousands_weekly,
    t.updated_at
FROM [prod].[transfers] AS t WITH (NOLOCK)
LEFT JOIN [prod].[players] AS p WITH (NOLOCK) ON p.player_id = t.player_id
LEFT JOIN [prod].[clubs] AS s WITH (NOLOCK) ON s.club_id = t.selling_club_id
LEFT JOIN [prod].[clubs] AS b WITH (NOLOCK) ON b.club_id = t.buying_club_id
"""


@dataclass(frozen=True)
class Parameters:
    """What the legacy job is called with."""

    min_fee: Decimal = Decimal(5)
    """Lowest fee, in millions."""
    types: tuple[str, ...] = ("Permanent", "Loan with Option to Buy")
    years_back: int = 2
    """Calendar years before that of the as-of date; its own year always counts."""
    limit: int | None = None
    """Only so many, the dearest first; equal fees in the order of the transfer's id."""


def query(as_of: date, parameters: Parameters) -> str:
    """The T-SQL for a day and parameters.

    Every value enters as a literal made by sqlglot, never by pasting text.
    """
    first_day = date(as_of.year - parameters.years_back, 1, 1)
    select = exp.maybe_parse(SELECT, dialect="tsql", into=exp.Select).where(
        exp.column("status", table="t").eq("Completed"),
        exp.column("transfer_type", table="t").isin(*parameters.types),
        exp.column("transfer_fee_millions", table="t") >= exp.Literal.number(str(parameters.min_fee)),
        exp.column("transfer_date", table="t").between(_date(first_day), _date(as_of)),
    )
    if parameters.limit is not None:
        order = (exp.column("transfer_fee_millions", table="t").desc(), exp.column("transfer_id", table="t").asc())
        select = select.order_by(*order).limit(parameters.limit)
    return select.sql(dialect="tsql", pretty=True)


def _date(day: date) -> exp.Expression:
    return exp.cast(exp.Literal.string(day.isoformat()), "date")
