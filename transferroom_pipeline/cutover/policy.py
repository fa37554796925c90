"""Which table consumers may see: the rebuilt one only while its latest comparison is proven."""

from dataclasses import dataclass
from enum import StrEnum

from transferroom_pipeline.comparisons.history import KeptVerdict
from transferroom_pipeline.comparisons.result import Verdict


class Serving(StrEnum):
    """The schema of the target whose table an analytics view shows."""

    LEGACY = "raw"
    MODERN = "prod"


@dataclass(frozen=True)
class Decision:
    """What a view is to show and why; `run_id` names the comparison that decided it, if there was one."""

    serving: Serving
    reason: str
    run_id: str | None = None


def decide(latest: KeptVerdict | None) -> Decision:
    """The rule of the cutover, from the newest kept verdict of a table."""
    if latest is None:
        return Decision(Serving.LEGACY, "never compared")
    if latest.verdict is Verdict.PROVEN:
        snapshot = f" on snapshot {latest.snapshot_id}" if latest.snapshot_id else ""
        return Decision(Serving.MODERN, f"the latest comparison is proven{snapshot}", latest.run_id)
    shown = {
        Verdict.DIFFERS: "the latest comparison differs",
        Verdict.NOT_PROVEN: "the latest comparison proves nothing",
    }
    return Decision(Serving.LEGACY, f"{shown[latest.verdict]}: {' '.join(latest.reasons)}", latest.run_id)


def decide_without_verdict(error: str) -> Decision:
    """The rule for a comparison that could not be carried out: what cannot be checked is not shown."""
    return Decision(Serving.LEGACY, f"the latest comparison could not be carried out: {error}")
