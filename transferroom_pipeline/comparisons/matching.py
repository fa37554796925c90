"""From cheap to dear: sums of hashes first, then a join of the rows that they do not prove equal."""

from dataclasses import dataclass, replace
from functools import cached_property

from sqlglot import exp

from transferroom_pipeline.comparisons.buckets import (
    MOST_BUCKETS,
    Differing,
    GroupedHashes,
    Hashes,
    Hashing,
    hash_sum,
    key_is_unique,
)
from transferroom_pipeline.comparisons.column_types import NESTED
from transferroom_pipeline.comparisons.columns import ColumnPlan
from transferroom_pipeline.comparisons.engines.base import StreamingEngine
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.pairs import most_rows_differ
from transferroom_pipeline.comparisons.queries import (
    Matching,
    Sources,
    chosen_rows,
    column,
    count,
    count_rows,
    count_where,
    duplicate_keys,
    everything,
    forms,
    is_kind,
    is_null,
    tolerant_numbers,
)
from transferroom_pipeline.comparisons.sides import LEGACY, MODERN, SIDE_NAMES, SIDES
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.statements import Statements

_PROBED_FROM = 1_000_000


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


def match(statements: Statements, spec: TableSpec, plan: ColumnPlan, hashing: Hashing) -> Matched:
    """Put both sides side by side.

    Args:
        statements: Where to ask.
        spec: What to compare.
        plan: Its columns.
        hashing: When to hash rows before anything is joined.

    Raises:
        ComparisonError: The engine refuses, or the rows change while they are read.
    """
    statements.progress("counting rows", 0)
    legacy, modern = (int(statements.value(count_rows(spec, side))) for side in SIDES)
    rows = legacy, modern
    hashes = _hashes(statements, spec, plan, rows, hashing) if max(rows) >= hashing.from_rows else None
    return _Matcher(statements, spec, plan, rows, hashing, hashes).match()


def _hashes(
    statements: Statements, spec: TableSpec, plan: ColumnPlan, rows: tuple[int, int], hashing: Hashing
) -> Hashes:
    if not isinstance(statements.engine, StreamingEngine):
        return GroupedHashes(statements, spec, plan, rows, hashing)
    # Imported here: comparing small tables must not wait for NumPy.
    from transferroom_pipeline.comparisons.streamed_hashes import StreamedHashes  # noqa: PLC0415

    return StreamedHashes(statements, statements.engine, spec, plan, rows, hashing)


def rows_changed(spec: TableSpec) -> ComparisonError:
    """What to raise when two statements have not seen the same rows."""
    message = "its rows changed while they were read, or a view gives other rows each time"
    return ComparisonError(f"table {spec.table} cannot be compared: {message}")


@dataclass(frozen=True)
class _Matcher:
    statements: Statements
    spec: TableSpec
    plan: ColumnPlan
    rows: tuple[int, int]
    hashing: Hashing
    hashes: Hashes | None

    @cached_property
    def _everything(self) -> Sources:
        return everything(self.spec)

    def match(self) -> Matched:
        sources = self._sources()
        if self.plan.key:
            return self._keyed(sources)
        if sources is None:
            return Matched(self.rows)
        return Matched(self.rows, duplicates=self._create("duplicates", Matching(self.plan, sources).grouped_rows()))

    def _sources(self) -> Sources | None:
        """The rows that may differ; None where none does."""
        if self.hashes is None or self._would_be_in_vain():
            return self._everything
        differing = self.hashes.differing()
        if differing is None:
            return None
        sources = self._narrowed(differing)
        if sources is not self._everything and hash_sum(self.statements, sources, self.plan) != differing.surplus:
            raise rows_changed(self.spec)
        return sources

    def _would_be_in_vain(self) -> bool:
        """Whether nearly all rows differ a little: where rules forgive that, a few rows are looked at first."""
        if not self.plan.key or not self.plan.tolerant_columns or max(self.rows) < _PROBED_FROM:
            return False
        self.statements.progress("looking at a few rows", 0)
        return most_rows_differ(self.statements, self.spec, self.plan)

    def _narrowed(self, differing: Differing) -> Sources:
        """The rows in differing buckets; all rows where these are not few enough to be worth it."""
        if not differing.are_few(self.rows, self.hashing):
            return self._everything
        legacy, modern = (self._in_buckets(side, differing) for side in SIDES)
        return legacy, modern

    def _in_buckets(self, side: int, differing: Differing) -> exp.Select:
        table = differing.read[side]
        if table is None:
            self.statements.progress("reading the rows that differ", self.rows[side])
            query = chosen_rows(self.spec, self.plan, side, differing.condition(self.plan, side))
            table = self._create(f"{SIDE_NAMES[side]}_rows", query)
        return exp.select("*").from_(table.copy())

    def _keyed(self, sources: Sources | None) -> Matched:
        """Keys that occur twice are looked for on the old side alone before the join, which they would blow up.

        What is then left of them in the new side shows in the join: a key that occurs more than once there makes more
        pairs than there are old rows, or is among the rows on one side only.
        """
        repeated = None if self._legacy_key_is_unique() else self._duplicate_keys()
        found = self._joined(sources, repeated)
        if repeated is None and self._modern_key_repeats(found):
            repeated = self._duplicate_keys()
            if repeated is None:
                raise rows_changed(self.spec)
            found = self._joined(sources, repeated)
        return found

    def _legacy_key_is_unique(self) -> bool:
        if any(each.equality.legacy.family in NESTED for each in self.plan.key_columns):
            return False  # Hashed by their text, which tells [0.0] from [-0.0]: only grouping them knows better.
        if self.hashes is not None:
            return self.hashes.legacy_key_is_unique()
        return not self.rows[LEGACY] or key_is_unique(self.statements, self.spec, self.plan)

    def _duplicate_keys(self) -> exp.Table | None:
        """The keys that occur more than once; None where there are none, because only their hashes were the same."""
        table = self._create("duplicate_keys", duplicate_keys(self.spec, self.plan))
        return table if self._count(table) else None

    def _joined(self, sources: Sources | None, repeated: exp.Table | None) -> Matched:
        duplicates = None
        if repeated is not None:
            whole = Matching(self.plan, self._everything, repeated)
            duplicates = self._create("duplicates", whole.grouped_rows())
        found = Matched(self.rows, duplicates=duplicates, duplicate_keys=repeated)
        if sources is None:
            return found
        if self.plan.tolerant_columns:
            self.statements.progress("measuring differences within tolerance", max(self.rows))
            spread = self._create("spread", Matching(self.plan, sources, repeated).spread(MOST_BUCKETS))
            found = replace(found, spread=spread)
            beyond = self._beyond_tolerance(spread)
            if beyond is None:
                return found
            sources = self._narrowed(beyond) if sources is self._everything else sources
        self.statements.progress("comparing cell by cell", max(self.rows) if sources is self._everything else 0)
        joined = Matching(self.plan, sources, repeated).differing_rows()
        return replace(found, differences=self._create("differences", joined))

    def _beyond_tolerance(self, spread: exp.Table) -> Differing | None:
        """The buckets with a row that is not identical; None where there is none."""
        differing = exp.select(column("bucket")).from_(spread.copy()).where(exp.not_(is_null(column("bucket"))))
        table = self._create("beyond", differing)
        found = self._count(table)
        return Differing(MOST_BUCKETS, (table,), max(self.rows) * found // MOST_BUCKETS) if found else None

    def _modern_key_repeats(self, found: Matched) -> bool:
        if found.differences is None:
            return found.rows[LEGACY] != found.rows[MODERN]
        one_sided = [count_where(is_kind(f"only_{side}")) for side in SIDE_NAMES]
        only = self.statements.row(exp.select(*one_sided).from_(found.differences.copy()))
        if found.rows[LEGACY] - only[LEGACY] != found.rows[MODERN] - only[MODERN]:
            return True
        keys = forms(self.plan.key_columns, MODERN, prefix="m")
        repeated = (
            exp.select(exp.Literal.number(1).as_("one"))
            .from_(found.differences.copy())
            .where(is_kind("only_modern"))
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
