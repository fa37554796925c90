"""The engines that T-SQL is judged for, and the verdicts."""

from enum import StrEnum
from typing import Literal

Engine = Literal["duckdb", "databricks"]
ENGINE_NAMES: dict[Engine, str] = {"duckdb": "the stand-in (DuckDB)", "databricks": "Databricks"}


class Verdict(StrEnum):
    """What a rule means on an engine."""

    REFUSE = "refuse"
    """The construct means something else there; nothing is run."""
    WARN = "warn"
    """It is right under a condition that the query does not show."""
    RIGHT = "right"
    """It means the same, for the stand-in because it is translated so."""
