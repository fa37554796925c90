"""What a person may ask of a run of the models, in Dagster's launchpad."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import Enum

import dagster as dg
from pydantic import Field

from sqlmesh_assets.description import ModelDescription
from sqlmesh_assets.exceptions import ConfigurationError
from sqlmesh_assets.project import PRODUCTION

_ENVIRONMENT = re.compile("[a-z][a-z0-9_]*")
"""SQLMesh knows environments by small letters only: PROD would be prod."""


class Mode(Enum):
    """How far a run may go; Dagster knows the members by their names, so these are what a person writes."""

    plan = "plan"
    run = "run"


class ModelsConfig(dg.Config):
    """How the models are run; the defaults bring everything that is selected up to date."""

    mode: Mode = Field(
        default=Mode.plan,
        description="plan applies changes of code and computes whatever is not up to date; run leaves the code that is "
        "deployed and computes only models whose cron is due.",
    )
    environment: str = Field(
        default=PRODUCTION,
        description=f"{PRODUCTION}, or a name of your own: a copy of the views in schemas of that name, which leaves "
        f"{PRODUCTION} and the history of the assets alone.",
    )
    restate: list[str] = Field(
        default=[],
        description="Models to compute again whatever changed, such as prod.derived_a; all that read them follow.",
    )
    start: str | None = Field(
        default=None, description="First day of what is restated, or of a named environment, such as 2026-06-01."
    )
    end: str | None = Field(default=None, description="Last day of the same.")
    allow_destructive: list[str] = Field(
        default=[], description="Forward-only models whose tables may lose columns, such as prod.derived_a."
    )
    dry_run: bool = Field(default=False, description="Only show what would be done, as Markdown.")

    @property
    def is_production(self) -> bool:
        """Whether the run is about what the assets stand for."""
        return self.environment == PRODUCTION

    @property
    def by_days(self) -> bool:
        """Whether only some days are computed of what is restated."""
        return self.start is not None or self.end is not None

    def check(self, models: Sequence[ModelDescription]) -> None:
        """Refuse what contradicts itself or names what is not there.

        Raises:
            ConfigurationError: With the field and what to write instead.
        """
        if not _ENVIRONMENT.fullmatch(self.environment):
            raise ConfigurationError(
                f"environment '{self.environment}' is no name: write small letters, digits and underscores, such as dev"
            )
        names = [model.name for model in models]
        for field in ("restate", "allow_destructive"):
            for name in getattr(self, field):
                if name not in names:
                    known = ", ".join(names)
                    raise ConfigurationError(f"{field} names {name}, which is no model: the models are {known}")
        if self.mode is Mode.run and (self.restate or not self.is_production):
            raise ConfigurationError(
                f"mode run computes what is due in {PRODUCTION}: leave out restate and environment, or write mode plan"
            )
        self._check_days()

    def _check_days(self) -> None:
        first, last = _day("start", self.start), _day("end", self.end)
        if first is not None and last is not None and first > last:
            raise ConfigurationError(f"start {self.start} is after end {self.end}")
        if (first or last) and self.is_production and not self.restate:
            raise ConfigurationError(
                f"start and end are of use in {PRODUCTION} only with restate: name the models, or leave them out"
            )


def _day(field: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{field} '{text}' is no date: write one such as 2026-06-01") from None
    if day > datetime.now(UTC).date():
        raise ConfigurationError(f"{field} {text} is in the future: write today or a day before")
    return day
