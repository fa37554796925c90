"""The age groups of the market insights."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

OLDEST = {"Under 20": 19, "20-24": 24, "25-29": 29, "30-34": 34}
"""The oldest age of each group; all older ages are 35+."""


@macro()
def age_group(evaluator: MacroEvaluator, age: exp.Expression) -> exp.Expression:
    """The name of the group that an age belongs to; NULL for an unknown age."""
    groups = exp.case().when(exp.Is(this=age.copy(), expression=exp.null()), exp.null())
    for name, oldest in OLDEST.items():
        groups = groups.when(age.copy() <= oldest, exp.Literal.string(name))
    return groups.else_(exp.Literal.string("35+"))
