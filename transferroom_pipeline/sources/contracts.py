"""What each source table must hold: the one definition behind loading, checks and the data dictionary.

A contract is a Patito model. Its annotations give types and nullability, its fields give ranges, patterns, units and
descriptions, its docstring describes the table, and the column marked unique is the key. Adding a table takes a model
here and one line in `SOURCE_TABLES`.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

import patito as pt
import polars as pl

from transferroom_pipeline.sources.file_options import FileOptions

Position = Literal["Goalkeeper", "Defender", "Midfielder", "Forward"]
EuropeanCompetition = Literal["Champions League", "Europa League", "Conference League", "None"]
TransferType = Literal["Permanent", "Loan", "Free Transfer", "Loan with Option to Buy"]
TransferWindow = Literal["Summer", "Winter"]
TransferStatus = Literal["Completed", "Pending", "Failed", "Rumor"]

# [0-9] and not \d: the latter also matches digits of other scripts, which no consumer of an id expects.
PLAYER_ID = "^P[0-9]{4,}$"
CLUB_ID = "^C[0-9]{3,}$"
TRANSFER_ID = "^T[0-9]{5,}$"


def _key(pattern: str, description: str) -> Any:
    return pt.Field(pattern=pattern, unique=True, description=description)


def _money(description: str) -> Any:
    return pt.Field(ge=0, dtype=pl.Decimal(18, 2), description=description)


def _updated_at() -> Any:
    return pt.Field(dtype=pl.Datetime("us"), description="When the row last changed at its origin, in UTC.")


class Contract(pt.Model):  # type: ignore[misc]  # patito ships no type information
    """What all contracts have in common; subclasses describe one source table each."""


class Player(Contract):
    """Players known to the transfer market, one row per player with the state of the last update."""

    player_id: str = _key(PLAYER_ID, "Identifies the player.")
    name: str | None = pt.Field(description="Full name as the player is known, in any script.")
    position: Position = pt.Field(dtype=pl.String, description="Where the player mainly plays.")
    age: int | None = pt.Field(ge=15, le=50, description="Age in completed years.")
    nationality: str | None = pt.Field(description="Country the player can be fielded for.")
    current_club: str | None = pt.Field(
        description="Name of the player's club, free text: it need not match any club's name. Empty without a club."
    )
    market_value_millions: Decimal | None = _money("Estimated market value, in millions.")
    contract_end_date: date | None = pt.Field(description="Last day of the player's current contract.")
    updated_at: datetime = _updated_at()


class Club(Contract):
    """Clubs that buy and sell players, one row per club with the state of the last update."""

    club_id: str = _key(CLUB_ID, "Identifies the club.")
    name: str = pt.Field(description="Name of the club; players are joined to their club by it.")
    league: str | None = pt.Field(description="Top league the club plays in.")
    country: str | None = pt.Field(description="Country of the club.")
    stadium: str | None = pt.Field(description="Home stadium.")
    capacity: int | None = pt.Field(ge=0, description="Seats in the home stadium.")
    transfer_budget_millions: Decimal | None = _money("Budget for transfers in the current season, in millions.")
    league_position: int | None = pt.Field(ge=1, description="Position in the league table, 1 being the top.")
    european_competition: EuropeanCompetition | None = pt.Field(
        dtype=pl.String,
        description="European competition the club plays in; the word None where it plays in none.",
    )
    updated_at: datetime = _updated_at()


class Transfer(Contract):
    """Transfers of players between clubs, completed or not, one row per transfer."""

    transfer_id: str = _key(TRANSFER_ID, "Identifies the transfer.")
    player_id: str = pt.Field(pattern=PLAYER_ID, description="The player who moves.")
    selling_club_id: str = pt.Field(pattern=CLUB_ID, description="The club the player leaves.")
    buying_club_id: str = pt.Field(pattern=CLUB_ID, description="The club the player joins.")
    transfer_fee_millions: Decimal = _money("Fee the buying club pays, in millions; zero for a free transfer.")
    transfer_type: TransferType = pt.Field(dtype=pl.String, description="Kind of transfer.")
    transfer_window: TransferWindow | None = pt.Field(dtype=pl.String, description="Window the transfer falls in.")
    transfer_date: date = pt.Field(description="Day the transfer takes effect; may lie in the future.")
    contract_length_years: Decimal | None = pt.Field(
        ge=0, dtype=pl.Decimal(4, 1), description="Length of the contract with the buying club, in years."
    )
    salary_thousands_weekly: Decimal | None = _money("Gross weekly salary at the buying club, in thousands.")
    status: TransferStatus = pt.Field(dtype=pl.String, description="How far the transfer has come.")
    updated_at: datetime = _updated_at()


_PLAIN_FILES = FileOptions()


@dataclass(frozen=True)
class Reference:
    """A column whose values must be keys of another source table.

    Attributes:
        column: The referring column.
        table: Name of the source table referred to; its key is meant.
    """

    column: str
    table: str


@dataclass(frozen=True)
class SourceTable:
    """A source table: its name, its contract and the tables it refers to.

    Attributes:
        name: Name of the table, and of its file without the ending, unless its options name others.
        model: The contract of one row.
        references: Columns that must point at a row of another table.
        file_options: What its files look like; `sources.yaml` beside them goes before.
    """

    name: str
    model: type[Contract]
    references: tuple[Reference, ...] = ()
    file_options: FileOptions = _PLAIN_FILES

    @property
    def key(self) -> str:
        """The column that identifies a row: the one its contract marks as unique."""
        (key,) = self.model.unique_columns
        return str(key)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns in the order of the contract."""
        return tuple(self.model.columns)

    @property
    def dtypes(self) -> Mapping[str, pl.DataType]:
        """Exact type per column, in the order of the contract."""
        return MappingProxyType({name: _instance(dtype) for name, dtype in self.model.dtypes.items()})

    @property
    def description(self) -> str:
        """What the table holds, for catalogues."""
        return inspect.getdoc(self.model) or ""


def _instance(dtype: Any) -> pl.DataType:
    """Patito gives classes (`pl.String`) where a type has no parameters; the rest of the project wants instances."""
    return dtype if isinstance(dtype, pl.DataType) else dtype()


SOURCE_TABLES = (
    SourceTable("players", Player),
    SourceTable("clubs", Club),
    SourceTable(
        "transfers",
        Transfer,
        references=(
            Reference("player_id", "players"),
            Reference("selling_club_id", "clubs"),
            Reference("buying_club_id", "clubs"),
        ),
    ),
)
