"""Which rows a model by unique key has to merge."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator


@macro()
def is_new_or_changed(
    evaluator: MacroEvaluator, source: exp.Expression, key: exp.Expression, versions: exp.Tuple
) -> exp.Expression:
    """Whether the model has a row of a source not yet, or with other versions.

    Rows are told apart by key and versions alone, not by time: a late row has a key that is not there, a corrected one
    another version, however old it says it is. A model without rows, or one that is replaced as a whole, takes all. A
    backfill takes the rows whose first version lies in its days.

    Args:
        evaluator: SQLMesh's.
        source: The alias of the source.
        key: The column that identifies a row, on both sides.
        versions: The columns that change whenever anything of the row does, on both sides.
    """
    snapshot = evaluator.locals.get("snapshot")
    if snapshot is None or not snapshot.intervals:
        return exp.true()
    if evaluator.locals.get("is_backfill"):
        first, last = (exp.Literal.string(evaluator.locals[name]) for name in ("start_ts", "end_ts"))
        changed = exp.column(versions.expressions[0].name, table=source.name)
        return changed.between(exp.cast(first, "timestamp"), exp.cast(last, "timestamp"))
    known = evaluator.locals["this_model"].copy()
    known.set("alias", exp.TableAlias(this=exp.to_identifier("known")))
    same = [exp.column(key.name, table="known").eq(exp.column(key.name, table=source.name))]
    for version in versions.expressions:
        columns = (exp.column(version.name, table=table) for table in ("known", source.name))
        same.append(exp.NullSafeEQ(this=next(columns), expression=next(columns)))
    return exp.not_(exp.Exists(this=exp.select("1").from_(known).where(*same)))
