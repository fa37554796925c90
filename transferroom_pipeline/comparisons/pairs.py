"""A few real rows of the old side beside their partners in the new one."""

from collections.abc import Sequence

from sqlglot import exp

from transferroom_pipeline.comparisons.columns import ColumnPlan, ComparedColumn
from transferroom_pipeline.comparisons.equality import all_equal
from transferroom_pipeline.comparisons.queries import (
    column,
    count,
    count_where,
    everything,
    named,
    paired_values,
    side_rows,
)
from transferroom_pipeline.comparisons.sides import LEGACY, MODERN, SIDES
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.statements import Statements

_PROBED_ROWS = 16
_TABLES = ("candidate", "rows")


def old_rows(spec: TableSpec, plan: ColumnPlan) -> exp.Select:
    """The rows of the old side, in the form that `pairs` takes."""
    return exp.select("*").from_(side_rows(everything(spec)[LEGACY], plan, LEGACY).subquery("rows"))


def pairs(
    spec: TableSpec,
    plan: ColumnPlan,
    candidates: exp.Table,
    limit: int,
    *,
    flagged: Sequence[ComparedColumn],
    null_safe: bool = False,
) -> exp.Select:
    """Rows of the old side beside their partners: `l<n>` and `m<n>`, and `e<n>`, whether the two are strictly equal.

    Args:
        spec: The comparison.
        plan: Its columns.
        candidates: Some of `old_rows`.
        limit: How many pairs at most.
        flagged: The columns to say of whether they are strictly equal.
        null_safe: Whether NULL in the key is the same as NULL; without it engines can skip rows that have no such key.
    """
    same: type[exp.Binary] = exp.NullSafeEQ if null_safe else exp.EQ
    key = zip(*(_forms_in(plan.key_columns or plan.all_columns, side) for side in SIDES), strict=True)
    equal = [named(all_equal(*(_forms_in([each], side) for side in SIDES)), f"e{each.position}") for each in flagged]
    partners = side_rows(everything(spec)[MODERN], plan, MODERN).subquery(_TABLES[MODERN], copy=False)
    on = exp.and_(*(same(this=one, expression=other) for one, other in key), copy=False)
    return (
        exp.Select(expressions=[*paired_values(plan, _TABLES), *equal])
        .from_(partners, copy=False)
        .join(exp.alias_(candidates.copy(), _TABLES[LEGACY], table=True), on=on, copy=False)
        .limit(limit, copy=False)
    )


def _forms_in(columns: Sequence[ComparedColumn], side: int) -> list[exp.Expr]:
    return [form for each in columns for form in each.equality.forms(column(f"c{each.position}", _TABLES[side]), side)]


def most_rows_differ(statements: Statements, spec: TableSpec, plan: ColumnPlan) -> bool:
    """Whether most of a few rows differ, be it within tolerance, so that hashing all of them would save nothing."""
    candidates = statements.create("candidates", old_rows(spec, plan).limit(_PROBED_ROWS))
    found = statements.create("pairs", pairs(spec, plan, candidates, _PROBED_ROWS, flagged=plan.value_columns))
    differs = exp.not_(exp.and_(*(column(f"e{each.position}") for each in plan.value_columns)))
    rows, differing = statements.row(exp.select(count(), count_where(differs)).from_(found))
    return bool(differing * 2 > rows)
