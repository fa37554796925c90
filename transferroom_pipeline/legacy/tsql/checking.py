"""Finding what a query holds that the rules speak of."""

from collections.abc import Iterator

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.findings import Finding
from transferroom_pipeline.legacy.tsql.lexing import SourceText
from transferroom_pipeline.legacy.tsql.rule import Doubt
from transferroom_pipeline.legacy.tsql.rules.table import rules_for
from transferroom_pipeline.legacy.tsql.types import Types
from transferroom_pipeline.legacy.tsql.wording import snippet


def findings_in_query(query: exp.Expr, types: Types, source: SourceText) -> Iterator[Finding]:
    """What the rules say of each node of a query."""
    for node in query.walk(bfs=False):
        for rule in rules_for(type(node)):
            construct = rule.matches(node, types)
            if construct is not None:
                start, end = _extent(node)
                line, column = source.position(start)
                in_doubt = isinstance(construct, Doubt)
                yield Finding(rule, str(construct), line, column, snippet(source.text, start, end), in_doubt)


def _extent(node: exp.Expr) -> tuple[int, int]:
    """Where a node stands in the text: its own place, with those of its parts; that of its parent where it has none."""
    places = [found.meta for found in node.walk() if "start" in found.meta]
    if places:
        return min(place["start"] for place in places), max(place["end"] for place in places) + 1
    return _extent(node.parent) if node.parent is not None else (0, 0)
