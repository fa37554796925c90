"""Which table consumers may see: the rebuilt one only while its latest comparison is proven and still about it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from transferroom_pipeline.comparisons.history import KeptVerdict
from transferroom_pipeline.comparisons.result import Verdict

STALE: Final = "not compared since it was last copied or rebuilt"


class Serving(StrEnum):
    """The schema of the target whose table an analytics view shows; nothing where there is no table to show."""

    LEGACY = "raw"
    MODERN = "prod"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Decision:
    """What a view is to show and why.

    Attributes:
        serving: Where its rows come from.
        reason: Why, in words.
        run_id: The run of the comparison that decided it, if one did.
    """

    serving: Serving
    reason: str
    run_id: str | None = None


def decide(latest: KeptVerdict | None, generation: int, snapshot_id: str | None) -> Decision:
    """The rule of the cutover.

    Args:
        latest: The newest kept verdict of the table.
        generation: The generation of the table that is there now.
        snapshot_id: Which snapshot of the data the target holds, if any.
    """
    if latest is None:
        return Decision(Serving.LEGACY, "never compared")
    if latest.generation != generation:
        return Decision(Serving.LEGACY, STALE)
    if latest.snapshot_id != snapshot_id:
        reason = f"compared on snapshot {latest.snapshot_id}, and the target holds {snapshot_id}"
        return Decision(Serving.LEGACY, reason)
    if latest.verdict is Verdict.PROVEN:
        snapshot = f" on snapshot {latest.snapshot_id}" if latest.snapshot_id else ""
        return Decision(Serving.MODERN, f"the latest comparison is proven{snapshot}", latest.run_id)
    return unproven(latest.verdict, latest.reasons, latest.run_id)


def unproven(verdict: Verdict, reasons: tuple[str, ...], run_id: str | None) -> Decision:
    """What follows from a comparison that is not proven."""
    shown = {
        Verdict.DIFFERS: "the latest comparison differs",
        Verdict.NOT_PROVEN: "the latest comparison proves nothing",
    }
    return Decision(Serving.LEGACY, f"{shown[verdict]}: {' '.join(reasons)}", run_id)
