"""What is to be done in an environment, and the account of what was done: plain data, without SQLMesh."""

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlmesh_assets.ledger import AuditOutcome, Computation
from sqlmesh_assets.project import PRODUCTION


@dataclass(frozen=True)
class Work:
    """What is to be done in an environment, in this order; models are named as `schema.table`.

    Attributes:
        environment: Its name.
        plan: The models whose code, as it is now, is applied; None for all, which also removes what is gone.
        due: The models of which intervals that have ended since are computed.
        restate: The models that are computed again although SQLMesh has computed them, unless the plan did it.
        merge: Those of them that are brought up to date by what changed instead of being replaced, if their kind can.
        start: From when on, for what is restated, or for an environment other than production.
        end: Until when.
    """

    environment: str = PRODUCTION
    plan: Collection[str] | None = ()
    due: Collection[str] = ()
    restate: Collection[str] = ()
    merge: Collection[str] = ()
    start: str | None = None
    end: str | None = None


@dataclass(frozen=True)
class FailedModel:
    """A model that was not computed, and why; `audits` are those of a result that a blocking audit refused."""

    name: str
    reason: str
    audits: tuple[AuditOutcome, ...] = ()


@dataclass
class Account:
    """What was done, by the models' names; `audited` are models of which nothing but the audits was run."""

    computed: dict[str, Computation] = field(default_factory=dict)
    audited: dict[str, tuple[AuditOutcome, ...]] = field(default_factory=dict)
    failed: dict[str, FailedModel] = field(default_factory=dict)

    def fail(self, failed: FailedModel) -> None:
        """Enter a failure; what was computed under the name before does not count any more."""
        self.failed[failed.name] = failed
        self.computed.pop(failed.name, None)
