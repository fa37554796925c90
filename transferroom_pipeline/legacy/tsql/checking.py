"""Finding what a query holds that the rules speak of."""

from collections.abc import Iterator, Sequence

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.findings import Finding
from transferroom_pipeline.legacy.tsql.lexing import SourceText
from transferroom_pipeline.legacy.tsql.rule import Doubt, Rule
from transferroom_pipeline.legacy.tsql.rules.choices import COLUMN_COUNT
from transferroom_pipeline.legacy.tsql.rules.functions import ARGUMENTS, has_wrong_arguments
from transferroom_pipeline.legacy.tsql.rules.table import rules_for
from transferroom_pipeline.legacy.tsql.types import Types
from transferroom_pipeline.legacy.tsql.wording import snippet


def findings_in_query(query: exp.Expr, types: Types, source: SourceText) -> Iterator[Finding]:
    """What the rules say of each node of a query."""
    for node in query.walk(bfs=False):
        for rule in (ARGUMENTS,) if has_wrong_arguments(node) else rules_for(type(node)):
            construct = rule.matches(node, types)
            if construct is not None:
                yield finding_at(node, rule, construct, source)


def finding_at(node: exp.Expr, rule: Rule, construct: str, source: SourceText) -> Finding:
    """What a rule says of one node."""
    start, end = _extent(node)
    line, column = source.position(start)
    in_doubt = isinstance(construct, Doubt)
    return Finding(rule, str(construct), line, column, snippet(source.text, start, end), in_doubt)


def finding_in_names(query: exp.Expr, names: Sequence[str], types: Types, source: SourceText) -> Iterator[Finding]:
    """What is wrong with the names that an INSERT or a view gives the columns of a query."""
    outputs = types.outputs(query)
    is_known = all(output.name != "*" for output in outputs)
    if names and is_known and len(names) != len(outputs):
        yield finding_at(query, COLUMN_COUNT, f"{len(names)} names for {len(outputs)} columns", source)


def _extent(node: exp.Expr) -> tuple[int, int]:
    """Where a node stands in the text: its own place, with those of its parts; that of its parent where it has none."""
    places = [found.meta for found in node.walk() if "start" in found.meta]
    if places:
        return min(place["start"] for place in places), max(place["end"] for place in places) + 1
    return _extent(node.parent) if node.parent is not None else (0, 0)
