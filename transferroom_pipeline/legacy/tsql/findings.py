"""What is found in T-SQL: which rule, how grave it is on which engine, and where in the text as written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from transferroom_pipeline.legacy.tsql.rule import Rule
from transferroom_pipeline.legacy.tsql.verdicts import Engine, Verdict


@dataclass(frozen=True)
class Finding:
    """A rule that holds somewhere in a text.

    Attributes:
        rule: The rule.
        construct: Names what was met.
        line: Where it stands in the text as written, from 1.
        column: Likewise.
        snippet: Quotes it.
        in_doubt: Whether the rule holds only because a type is not known.
    """

    rule: Rule
    construct: str
    line: int
    column: int
    snippet: str = ""
    in_doubt: bool = False

    def verdict(self, engine: Engine) -> Verdict:
        """What it means on an engine; what only may be wrong is a warning, unless the rule says otherwise."""
        verdict = self.rule.verdict(engine)
        if not self.in_doubt or self.rule.firm:
            return verdict
        return Verdict.WARN

    @property
    def why(self) -> str:
        """What differs."""
        return f"{self.rule.why}{' (a type is not known here)' if self.in_doubt else ''}"

    @property
    def text(self) -> str:
        """What was met, what differs and what to do."""
        return f"{self.construct}: {self.why}; {self.rule.instead}"

    def __str__(self) -> str:
        quoted = f" `{self.snippet}`" if self.snippet else ""
        return f"line {self.line}, column {self.column}{quoted}: {self.text}"


def of_verdict(findings: Iterable[Finding], engine: Engine, verdict: Verdict) -> list[Finding]:
    """The findings whose rule has a verdict on an engine."""
    return [finding for finding in findings if finding.verdict(engine) is verdict]


def warning_rows(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """Findings for a table that people read: one row per rule, with what was met and all its lines."""
    by_rule: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault((finding.rule.id, finding.why), []).append(finding)
    return [
        {
            "line": ", ".join(dict.fromkeys(str(finding.line) for finding in found)),
            "what": ", ".join(dict.fromkeys(finding.construct for finding in found)),
            "why": why,
            "what to do": found[0].rule.instead,
        }
        for (_, why), found in by_rule.items()
    ]
