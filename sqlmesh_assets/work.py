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
        deploys: Whether code may be applied at all; else what is deployed is computed.
        plan: The models whose code, as it is now, is applied; None for all, which also removes what is gone.
        due: The models of which intervals that have ended since are computed.
        restate: The models that are computed again as a whole although SQLMesh has computed them, unless the plan did.
        merge: Those of them that are brought up to date by what changed instead of being replaced.
        days: The models of which only the days from `start` to `end` are computed again.
        start: The first of these days; in an environment other than production, the first day of all.
        end: The last of the same.
        allow_destructive: The forward-only models whose tables may lose columns.
    """

    environment: str = PRODUCTION
    deploys: bool = True
    plan: Collection[str] | None = ()
    due: Collection[str] = ()
    restate: Collection[str] = ()
    merge: Collection[str] = ()
    days: Collection[str] = ()
    start: str | None = None
    end: str | None = None
    allow_destructive: Collection[str] = ()

    @property
    def computed(self) -> set[str]:
        """The models that may have other rows afterwards."""
        return {*self.due, *self.restate, *self.days}


@dataclass(frozen=True)
class FailedModel:
    """A model that was not computed, and why; `audits` are those of a result that a blocking audit refused."""

    name: str
    reason: str
    audits: tuple[AuditOutcome, ...] = ()


@dataclass
class Account:
    """What was done, by the models' names.

    Attributes:
        computed: Models that have new rows.
        whole: Those of them of which no row is left that is older.
        kept: Models that may not be computed again; their rows were looked at and taken over as they are.
        audited: Models of which nothing but the audits was run.
        failed: Models that were to be computed and were not.
        applied: Whether a plan of all models was applied, so that what left the project has left production too.
    """

    computed: dict[str, Computation] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    kept: dict[str, Computation] = field(default_factory=dict)
    audited: dict[str, tuple[AuditOutcome, ...]] = field(default_factory=dict)
    failed: dict[str, FailedModel] = field(default_factory=dict)
    applied: bool = False

    def fail(self, failed: FailedModel) -> None:
        """Enter a failure; what was computed under the name before does not count any more."""
        self.failed[failed.name] = failed
        self.computed.pop(failed.name, None)
