"""Which rows a model by unique key has to merge."""

from sqlglot import exp
from sqlmesh import macro


@macro()
def is_new_or_changed(evaluator, source, key, version):
    snapshot = evaluator.locals.get("snapshot")
    if snapshot is None or not snapshot.intervals:
        return exp.true()
    column = exp.column(version.name, table=source.name)
    if evaluator.locals.get("is_backfill"):
        return exp.Between(
            this=column,
            low=exp.cast(exp.Literal.string(evaluator.locals["start_ts"]), "timestamp"),
            high=exp.cast(exp.Literal.string(evaluator.locals["end_ts"]), "timestamp"),
        )
    own = evaluator.locals["this_model"].copy()
    own.set("alias", exp.TableAlias(this=exp.to_identifier("known")))
    same = exp.column(key.name, table="known").eq(exp.column(key.name, table=source.name))
    unchanged = exp.NullSafeEQ(this=exp.column(version.name, table="known"), expression=column)
    return exp.not_(exp.Exists(this=exp.select("1").from_(own).where(same, unchanged)))
