"""Which table consumers may see: the rebuilt one only while its latest comparison is proven and still about it."""

from dataclasses import dataclass
from datetime import datetime
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
        not_before: Verdicts from before this time (UTC) say nothing of what is there now.
    """

    serving: Serving
    reason: str
    run_id: str | None = None
    not_before: datetime | None = None


def decide(latest: KeptVerdict | None, not_before: datetime | None, snapshot_id: str | None) -> Decision:
    """The rule of the cutover.

    Args:
        latest: The newest kept verdict of the table.
        not_before: When the table or its copy was last made anew, or its comparison last failed (UTC).
        snapshot_id: Which snapshot of the data the target holds, if any.
    """
    if latest is None:
        return Decision(Serving.LEGACY, "never compared", not_before=not_before)
    if not_before is not None and latest.compared_at <= not_before:
        return Decision(Serving.LEGACY, STALE, not_before=not_before)
    if latest.snapshot_id != snapshot_id:
        reason = f"compared on snapshot {latest.snapshot_id}, and the target holds {snapshot_id}"
        return Decision(Serving.LEGACY, reason, not_before=not_before)
    if latest.verdict is Verdict.PROVEN:
        snapshot = f" on snapshot {latest.snapshot_id}" if latest.snapshot_id else ""
        return Decision(Serving.MODERN, f"the latest comparison is proven{snapshot}", latest.run_id, not_before)
    return unproven(latest.verdict, latest.reasons, latest.run_id, not_before)


def unproven(
    verdict: Verdict, reasons: tuple[str, ...], run_id: str | None, not_before: datetime | None = None
) -> Decision:
    """What follows from a comparison that is not proven."""
    shown = {
        Verdict.DIFFERS: "the latest comparison differs",
        Verdict.NOT_PROVEN: "the latest comparison proves nothing",
    }
    return Decision(Serving.LEGACY, f"{shown[verdict]}: {' '.join(reasons)}", run_id, not_before)
