"""The cheapest proof: rows hashed once and added up per bucket of keys, so that only what differs is read again.

Where an engine can hand over hashes as arrays of numbers they are added up outside it (`streamed_hashes`); here the
engine does it.
"""

import math
from dataclasses import dataclass
from typing import Protocol

from sqlglot import exp

from transferroom_pipeline.comparisons.columns import ColumnPlan
from transferroom_pipeline.comparisons.queries import (
    BITS,
    Sources,
    bucket,
    column,
    count,
    everything,
    hash_of,
    key_hash,
    named,
    sum_or_zero,
)
from transferroom_pipeline.comparisons.sides import LEGACY, MODERN, SIDE_NAMES, SIDES
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.statements import Statements

MOST_BUCKETS = 1 << BITS
HASHES = 1 << 64
"""Sums of hashes are compared modulo their number."""


@dataclass(frozen=True)
class Hashing:
    """When rows are hashed, and what is made of it.

    Attributes:
        from_rows: Rows of the larger side from which adding up hashes first is quicker than joining all rows at once.
        rows_per_bucket: About how many rows share a bucket where the engine adds up. Fewer make less to read again
            where rows differ, more buckets make the hashing slower.
        few: The share of the rows up to which those in differing buckets are read apart before the sides are joined.
    """

    from_rows: int = 200_000
    rows_per_bucket: float = 1_000
    few: float = 0.1


HASHED_IF_LARGE = Hashing()
ALWAYS_HASHED = Hashing(from_rows=1, rows_per_bucket=0, few=math.inf)
"""Whatever the size, and so that a change that the hashes miss is not found thanks to another one beside it."""


@dataclass(frozen=True)
class Differing:
    """The buckets in which the two sides differ.

    Attributes:
        buckets: How many buckets there are in each sorting.
        tables: Their numbers, per sorting: a row that differs is in one of each.
        rows: About how many rows of a side are in them.
        surplus: The hashes of all legacy rows less those of all modern rows, in 64 bits; None if none were hashed.
        read: Work tables of these rows, of a side of which they have been read already.
    """

    buckets: int
    tables: tuple[exp.Table, ...]
    rows: int
    surplus: int | None = None
    read: tuple[exp.Table | None, exp.Table | None] = (None, None)

    def are_few(self, rows: tuple[int, int], hashing: Hashing) -> bool:
        """Whether it is worth the while to read their rows apart."""
        return self.rows <= max(rows) * hashing.few

    def condition(self, plan: ColumnPlan, side: int) -> exp.Expr:
        """Whether a row of the source is in them."""
        chosen = [exp.select(column("bucket")).from_(table.copy()).subquery() for table in self.tables]
        return exp.and_(
            *(
                exp.In(this=bucket(plan, side, self.buckets, sorting), query=query)
                for sorting, query in enumerate(chosen)
            )
        )


class Hashes(Protocol):
    """What hashing every row of both sides once tells."""

    def differing(self) -> Differing | None:
        """Where the two sides differ; None where they have the same rows."""

    def legacy_key_is_unique(self) -> bool:
        """Whether no two legacy rows have one hash of their keys."""


@dataclass(frozen=True)
class GroupedHashes:
    """Hashes that the engine adds up.

    Attributes:
        statements: Where to ask.
        spec: What to compare.
        plan: Its columns.
        rows: The rows of either side.
        hashing: How many rows share a bucket.
    """

    statements: Statements
    spec: TableSpec
    plan: ColumnPlan
    rows: tuple[int, int]
    hashing: Hashing

    def differing(self) -> Differing | None:
        """As the protocol says."""
        buckets = bucket_count(max(self.rows), self.hashing.rows_per_bucket)
        hashed = [self._hashed(side, buckets) for side in SIDES]
        table = self.statements.create("buckets", differing_buckets(*hashed))
        found = int(self.statements.value(exp.select(count()).from_(table.copy())))
        if not found:
            return None
        legacy, modern = (
            int(self.statements.value(exp.select(sum_or_zero(column("hash"))).from_(each.copy()))) for each in hashed
        )
        return Differing(buckets, (table,), max(self.rows) * found // buckets, (legacy - modern) % HASHES)

    def _hashed(self, side: int, buckets: int) -> exp.Table:
        self.statements.progress(f"hashing {SIDE_NAMES[side]} rows into {buckets:,} buckets", self.rows[side])
        hashes = row_hashes(everything(self.spec)[side], self.plan, side)
        return self.statements.create(f"{SIDE_NAMES[side]}_buckets", added_up(hashes, self.plan, buckets))

    def legacy_key_is_unique(self) -> bool:
        """As the protocol says."""
        return key_is_unique(self.statements, self.spec, self.plan)


def bucket_count(rows: int, rows_per_bucket: float) -> int:
    """How many buckets to sort rows into: a power of two."""
    if rows_per_bucket * MOST_BUCKETS <= rows:
        return MOST_BUCKETS
    bits = max(int(rows / rows_per_bucket), 1).bit_length()
    return min(MOST_BUCKETS, 1 << bits)


def row_hashes(source: exp.Select, plan: ColumnPlan, side: int) -> exp.Select:
    """The hash of every row of a side, as `row_hash`, and that of its key, as `key_hash`.

    Args:
        source: The rows.
        plan: The columns.
        side: Legacy or modern.
    """
    values = [named(column(compared.name(side), "source"), f"c{compared.position}") for compared in plan.value_columns]
    key = named(key_hash(plan, side), "key_hash")
    keyed = exp.Select(expressions=[key, *values]).from_(source.subquery("source", copy=False), copy=False)
    row_hash = hash_of(plan.value_columns if plan.key else (), plan, side, "c", further=[column("key_hash")])
    hashes = [column("key_hash"), named(row_hash, "row_hash")]
    return exp.Select(expressions=hashes).from_(keyed.subquery("keyed", copy=False), copy=False)


def hash_sum(statements: Statements, sources: Sources, plan: ColumnPlan) -> int:
    """The hashes of some legacy rows less those of some modern rows, in 64 bits."""
    legacy, modern = (
        int(
            statements.value(
                exp.select(
                    exp.func("COALESCE", plan.functions.hash_total(column("row_hash")), exp.Literal.number(0))
                ).from_(row_hashes(source, plan, side).subquery("hashes"))
            )
        )
        for side, source in enumerate(sources)
    )
    return (legacy - modern) % HASHES


def key_hashes(spec: TableSpec, plan: ColumnPlan) -> exp.Select:
    """The hash of the key of every legacy row, as `hash`."""
    hashed = key_hash(plan, LEGACY).as_("hash", quoted=True)
    return exp.select(hashed).from_(everything(spec)[LEGACY].subquery("source"))


def key_is_unique(statements: Statements, spec: TableSpec, plan: ColumnPlan) -> bool:
    """Whether no two legacy rows have one hash of their keys, as the engine counts them."""
    distinct = exp.Count(this=exp.Distinct(expressions=[column("hash")]))
    same = exp.EQ(this=count(), expression=distinct)
    return bool(statements.value(exp.select(same).from_(key_hashes(spec, plan).subquery("hashes"))))


def added_up(hashes: exp.Select, plan: ColumnPlan, buckets: int) -> exp.Select:
    """Per bucket: the rows and the sum of their hashes."""
    number = plan.functions.bucket(column("key_hash"), buckets).as_("bucket", quoted=True)
    hashed = exp.select(number, column("row_hash")).from_(hashes.subquery("hashes"))
    total = plan.functions.hash_total(column("row_hash"))
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
    either = exp.func("COALESCE", column("bucket", "legacy"), column("bucket", "modern"))
    return (
        exp.select(either.as_("bucket", quoted=True))
        .from_(sides[LEGACY])
        .join(sides[MODERN], on=same_bucket, join_type="full outer")
        .where(exp.or_(*unlike))
    )
