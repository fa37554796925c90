"""The cheapest proof: rows counted and hashed per bucket of keys, so that only buckets that differ are read again."""

from sqlglot import exp

from transferroom_pipeline.comparisons.columns import ColumnPlan
from transferroom_pipeline.comparisons.queries import (
    LEGACY,
    MODERN,
    SIDE_NAMES,
    column,
    count,
    filtered,
    hash_of,
    key_hash,
    sum_or_zero,
)
from transferroom_pipeline.comparisons.spec import TableSpec

ROWS_PER_BUCKET = 1_000
"""Fewer rows per bucket make less to read again where rows differ, more buckets make the hashing slower."""

_MOST_BUCKETS = 2**16
SLICES = 256
"""A probe reads one of so many slices of the keys."""


def bucket_count(rows: int, rows_per_bucket: int) -> int:
    """How many buckets to sort rows into: a power of two."""
    if rows_per_bucket == 0:
        return _MOST_BUCKETS
    return int(min(2 ** max(rows // rows_per_bucket, 1).bit_length(), _MOST_BUCKETS))


def hashed_rows(spec: TableSpec, plan: ColumnPlan, side: int, buckets: int, *, probe: bool = False) -> exp.Select:
    """Per bucket of one side: its rows and the sum of their hashes.

    Args:
        spec: The comparison.
        plan: Its columns.
        side: Legacy or modern.
        buckets: How many buckets there are.
        probe: Whether to read one slice of the keys only.
    """
    functions = plan.functions
    source = filtered(spec, side).subquery("source")
    values = [
        column(compared.name(side), "source").as_(f"c{compared.position}", quoted=True)
        for compared in plan.value_columns
    ]
    keyed = exp.select(key_hash(plan, side, prefix=None).as_("key_hash", quoted=True), *values).from_(source)
    if probe:
        in_slice = exp.EQ(
            this=functions.bucket(key_hash(plan, side, prefix=None), SLICES), expression=exp.Literal.number(0)
        )
        keyed = keyed.where(in_slice)
    values_hash = hash_of(plan.value_columns if plan.key else (), plan, side, "c", further=[column("key_hash")])
    bucket = functions.bucket(column("key_hash"), buckets).as_("bucket", quoted=True)
    hashed = exp.select(bucket, values_hash.as_("row_hash", quoted=True)).from_(keyed.subquery("keyed"))
    total = functions.hash_total(column("row_hash"))
    return (
        exp.select(column("bucket"), count().as_("rows", quoted=True), total.as_("hash", quoted=True))
        .from_(hashed.subquery("hashed"))
        .group_by(column("bucket"))
    )


def differing_buckets(legacy: exp.Table, modern: exp.Table) -> exp.Select:
    """The buckets in which the two sides have not the same number of rows or not the same hashes."""
    sides = [
        exp.alias_(table.copy(), name, table=True) for table, name in zip((legacy, modern), SIDE_NAMES, strict=True)
    ]
    same_bucket = exp.EQ(this=column("bucket", "legacy"), expression=column("bucket", "modern"))
    unlike = [
        exp.NullSafeNEQ(this=column(name, "legacy"), expression=column(name, "modern")) for name in ("rows", "hash")
    ]
    bucket = exp.func("COALESCE", column("bucket", "legacy"), column("bucket", "modern"))
    return (
        exp.select(bucket.as_("bucket", quoted=True))
        .from_(sides[LEGACY])
        .join(sides[MODERN], on=same_bucket, join_type="full outer")
        .where(exp.or_(*unlike))
    )


def total_rows(table: exp.Table) -> exp.Select:
    """All rows of one side, out of its buckets."""
    return exp.select(sum_or_zero(column("rows"))).from_(table.copy())
