"""Which table consumers may see: the rebuilt one only while its latest comparison is proven and still about it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from transferroom_pipeline.comparisons.history import KeptVerdict
from transferroom_pipeline.comparisons.result import Verdict


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


def decide(latest: KeptVerdict | None, not_before: datetime | None) -> Decision:
    """The rule of the cutover.

    Args:
        latest: The newest kept verdict of the table.
        not_before: When the table was last rebuilt, or its comparison last failed to be carried out (UTC).
    """
    if latest is None:
        return Decision(Serving.LEGACY, "never compared", not_before=not_before)
    if not_before is not None and latest.compared_at <= not_before:
        return Decision(Serving.LEGACY, "not compared since it was rebuilt", not_before=not_before)
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
