"""From cheap to dear: bucket hashes first, then a join of the rows that they do not prove equal."""

from dataclasses import dataclass, replace

from sqlglot import exp

from transferroom_pipeline.comparisons.buckets import ROWS_PER_BUCKET, bucket_count, differing_buckets, hashed_rows
from transferroom_pipeline.comparisons.columns import ColumnPlan
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.queries import (
    EVERYTHING,
    LEGACY,
    MODERN,
    SIDE_NAMES,
    SIDES,
    Matching,
    Scope,
    column,
    count,
    count_rows,
    count_where,
    duplicate_keys,
    filtered,
    forms,
    key_hash,
    tolerant_numbers,
)
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.statements import Statements

BUCKETED_FROM = 200_000
"""Rows from which hashing buckets first is quicker than joining everything at once."""

_PROBED_FROM = 1_000_000
_PROBE_BUCKETS = 64


@dataclass(frozen=True)
class Matched:
    """The work tables of two sides that were put side by side.

    Attributes:
        rows: The rows of either side.
        differences: The rows that are not identical and whose key is unique; None where there are none, or no key.
        duplicates: The rows compared as multisets; None where there are none.
        spread: How far tolerant columns are apart; None where there are none.
        duplicate_keys: The keys of the rows compared as multisets.
    """

    rows: tuple[int, int]
    differences: exp.Table | None = None
    duplicates: exp.Table | None = None
    spread: exp.Table | None = None
    duplicate_keys: exp.Table | None = None

    def largest(self, statements: Statements, plan: ColumnPlan) -> dict[int, tuple[float | None, float | None]]:
        """The largest absolute and relative difference of each tolerant column, by its position."""
        columns = tolerant_numbers(plan)
        if self.spread is None or not columns:
            return {}
        measures = [exp.Max(this=column(f"{what}{each.position}")) for each in columns for what in ("a", "r")]
        found = statements.row(exp.select(*measures).from_(self.spread.copy()))
        return {each.position: (found[2 * place], found[2 * place + 1]) for place, each in enumerate(columns)}


def match(
    statements: Statements,
    spec: TableSpec,
    plan: ColumnPlan,
    bucketed_from: int,
    *,
    rows_per_bucket: int = ROWS_PER_BUCKET,
) -> Matched:
    """Put both sides side by side.

    Args:
        statements: Where to ask.
        spec: What to compare.
        plan: Its columns.
        bucketed_from: Rows of the larger side from which buckets are hashed first.
        rows_per_bucket: How many rows share a bucket, about; 0 for as many buckets as there can be.

    Raises:
        ComparisonError: The engine refuses, or the rows change while they are read.
    """
    return _Matcher(statements, spec, plan, rows_per_bucket).match(bucketed_from)


@dataclass(frozen=True)
class _Matcher:
    statements: Statements
    spec: TableSpec
    plan: ColumnPlan
    rows_per_bucket: int

    def match(self, bucketed_from: int) -> Matched:
        self.statements.progress("counting rows", 0)
        rows = tuple(int(self.statements.value(count_rows(self.spec, side))) for side in SIDES)
        sides = rows[LEGACY], rows[MODERN]
        scope = self._differing_scope(sides) if max(sides) >= max(bucketed_from, 1) else EVERYTHING
        if not self.plan.key:
            if scope is None:
                return Matched(sides)
            return Matched(
                sides, duplicates=self._create("duplicates", Matching(self.spec, self.plan, scope).grouped_rows())
            )
        return self._keyed(sides, scope)

    def _keyed(self, rows: tuple[int, int], scope: Scope | None) -> Matched:
        """Keys that occur twice are looked for on the old side alone before the join, which they would blow up.

        What is then left of them in the new side shows in the join: a key that occurs more than once there makes more
        pairs than there are old rows, or is among the rows on one side only.
        """
        repeated = None if self._legacy_key_is_unique(rows[LEGACY]) else self._duplicate_keys()
        found = self._joined(rows, scope, repeated)
        if repeated is None and self._modern_key_repeats(found):
            repeated = self._duplicate_keys()
            if repeated is None:
                message = "its rows changed while they were read, or a view gives other rows each time"
                raise ComparisonError(f"table {self.spec.table} cannot be compared: {message}")
            found = self._joined(rows, scope, repeated)
        return found

    def _differing_scope(self, rows: tuple[int, int]) -> Scope | None:
        """The buckets that differ; None where none does."""
        buckets = bucket_count(max(rows), self.rows_per_bucket)
        if self._would_be_in_vain(rows):
            return Scope(buckets, None)
        hashed = [self._hashed(side, rows[side], buckets) for side in SIDES]
        table = self._create("buckets", differing_buckets(*hashed))
        return Scope(buckets, table) if self._count(table) else None

    def _hashed(self, side: int, rows: int, buckets: int) -> exp.Table:
        self.statements.progress(f"hashing {SIDE_NAMES[side]} rows into {buckets:,} buckets", rows)
        return self._create(f"{SIDE_NAMES[side]}_buckets", hashed_rows(self.spec, self.plan, side, buckets))

    def _would_be_in_vain(self, rows: tuple[int, int]) -> bool:
        """Whether nearly all buckets differ: where rules forgive small differences, a slice is looked at first."""
        if not self.plan.tolerant_columns or max(rows) < _PROBED_FROM:
            return False
        self.statements.progress("looking at a slice of the keys", 0)
        probes = [
            self._create(
                f"{SIDE_NAMES[side]}_probe", hashed_rows(self.spec, self.plan, side, _PROBE_BUCKETS, probe=True)
            )
            for side in SIDES
        ]
        differing = exp.select(count()).from_(differing_buckets(*probes).subquery("probed"))
        return bool(int(self.statements.value(differing)) > _PROBE_BUCKETS // 2)

    def _legacy_key_is_unique(self, rows: int) -> bool:
        self.statements.progress("looking for keys that occur twice", rows)
        hashes = exp.select(key_hash(self.plan, LEGACY, prefix=None).as_("hash", quoted=True)).from_(
            filtered(self.spec, LEGACY).subquery("source")
        )
        return rows == 0 or self.statements.all_distinct(hashes, rows)

    def _duplicate_keys(self) -> exp.Table | None:
        """The keys that occur more than once; None where there are none, because only their hashes were the same."""
        table = self._create("duplicate_keys", duplicate_keys(self.spec, self.plan))
        return table if self._count(table) else None

    def _joined(self, rows: tuple[int, int], scope: Scope | None, repeated: exp.Table | None) -> Matched:
        duplicates = None
        if repeated is not None:
            whole = Matching(self.spec, self.plan, duplicate_keys=repeated)
            duplicates = self._create("duplicates", whole.grouped_rows())
        found = Matched(rows, duplicates=duplicates, duplicate_keys=repeated)
        if scope is None:
            return found
        if self.plan.tolerant_columns:
            self.statements.progress("measuring differences within tolerance", max(rows))
            spread = self._create("spread", Matching(self.spec, self.plan, scope, repeated).spread())
            found = replace(found, spread=spread)
            scope = self._beyond_tolerance(scope, spread)
            if scope is None:
                return found
        self.statements.progress("comparing cell by cell", max(rows) if scope.table is None else 0)
        joined = Matching(self.spec, self.plan, scope, repeated).differing_rows()
        return replace(found, differences=self._create("differences", joined))

    def _beyond_tolerance(self, scope: Scope, spread: exp.Table) -> Scope | None:
        """The buckets with a row that is not identical; None where there is none."""
        beyond = exp.GT(this=column("differing"), expression=exp.Literal.number(0))
        table = self._create("beyond", exp.select(column("bucket")).from_(spread.copy()).where(beyond))
        return Scope(scope.buckets, table) if self._count(table) else None

    def _modern_key_repeats(self, found: Matched) -> bool:
        if found.differences is None:
            return found.rows[LEGACY] != found.rows[MODERN]
        kind = column("kind")
        one_sided = [
            count_where(exp.EQ(this=kind.copy(), expression=exp.Literal.string(f"only_{side}"))) for side in SIDE_NAMES
        ]
        only = self.statements.row(exp.select(*one_sided).from_(found.differences.copy()))
        if found.rows[LEGACY] - only[LEGACY] != found.rows[MODERN] - only[MODERN]:
            return True
        keys = forms(self.plan.key_columns, MODERN, prefix="m")
        repeated = (
            exp.select(exp.Literal.number(1).as_("one"))
            .from_(found.differences.copy())
            .where(exp.EQ(this=kind.copy(), expression=exp.Literal.string("only_modern")))
            .group_by(*keys)
            .having(exp.GT(this=count(), expression=exp.Literal.number(1)))
        )
        return bool(
            only[MODERN] > 1 and int(self.statements.value(exp.select(count()).from_(repeated.subquery("repeated"))))
        )

    def _create(self, what: str, query: exp.Expr) -> exp.Table:
        return self.statements.create(what, query)

    def _count(self, table: exp.Table) -> int:
        return int(self.statements.value(exp.select(count()).from_(table.copy())))
