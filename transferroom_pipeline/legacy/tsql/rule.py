"""What a rule about a construct of T-SQL consists of."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.types import Types
from transferroom_pipeline.legacy.tsql.verdicts import Engine, Verdict


class Doubt(str):
    """The name of a construct of which the types that are known do not say whether the rule holds."""

    __slots__ = ()


@dataclass(frozen=True)
class Rule:
    """What is known of one construct.

    Attributes:
        id: Identifies the rule, in documents and metadata.
        construct: Names the construct.
        duckdb: Verdict on the stand-in.
        databricks: Verdict on Databricks, for the text that sqlglot writes for it.
        why: What differs; one clause that goes on from the construct's name.
        instead: What to write instead, or what to do.
        needs_types: Whether the verdict hangs on column types.
        firm: Whether the verdict stays where a type is not known; without it, it is a warning then.
        nodes: The nodes of a query that it may hold for; none for what is found while a script is taken apart.
        matches: Names the construct where the rule holds for a node, as a `Doubt` where only a type may make it hold.
    """

    id: str
    construct: str
    duckdb: Verdict
    databricks: Verdict
    why: str
    instead: str
    needs_types: bool = False
    firm: bool = False
    nodes: tuple[type[exp.Expr], ...] = ()
    matches: Callable[[exp.Expr, Types], str | None] = lambda _node, _types: None

    def verdict(self, engine: Engine) -> Verdict:
        """What the rule means on an engine."""
        return self.duckdb if engine == "duckdb" else self.databricks
