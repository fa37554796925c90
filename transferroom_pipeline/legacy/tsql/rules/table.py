"""The one table of rules, which the stand-in, messages, documents and tests read."""

from transferroom_pipeline.legacy.tsql.rule import Rule
from transferroom_pipeline.legacy.tsql.rules import (
    arguments,
    casts,
    choices,
    comparisons,
    constructs,
    dates,
    functions,
    numbers,
    queries,
    scripts,
    styles,
    texts,
)

TOPICS: dict[str, tuple[Rule, ...]] = {
    "Scripts and statements": scripts.RULES,
    "Queries": (*constructs.RULES, *queries.RULES),
    "Functions": (*functions.RULES, *arguments.RULES),
    "Numbers": numbers.RULES,
    "Texts": texts.RULES,
    "Values of different types in one place": choices.RULES,
    "Comparisons and collation": comparisons.RULES,
    "Conversions": (*casts.RULES, *styles.RULES),
    "Dates": dates.RULES,
}

RULES: tuple[Rule, ...] = tuple(rule for rules in TOPICS.values() for rule in rules)


_BY_NODE: dict[type, tuple[Rule, ...]] = {}


def rules_for(node: type) -> tuple[Rule, ...]:
    """The rules that may hold for a kind of node."""
    if node not in _BY_NODE:
        _BY_NODE[node] = tuple(rule for rule in RULES if rule.nodes and issubclass(node, rule.nodes))
    return _BY_NODE[node]
