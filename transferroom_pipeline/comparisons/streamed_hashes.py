"""Hashes added up outside the engine, which hands them over as arrays of numbers.

That is quicker than grouping them in the engine, so quick that rows are sorted into buckets three times by different
bits of their keys' hashes: rows that are in a differing bucket each time are hardly more than those that differ. Where
memory allows, the hashes of the keys are kept until it is known which these are, so that no row is looked for again.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from transferroom_pipeline.comparisons.buckets import HASHES, MOST_BUCKETS, Differing, Hashing, key_hashes, row_hashes
from transferroom_pipeline.comparisons.columns import ColumnPlan
from transferroom_pipeline.comparisons.engines.base import StreamingEngine
from transferroom_pipeline.comparisons.queries import chosen_by_id, column, count, everything, key_hash, named
from transferroom_pipeline.comparisons.sides import LEGACY, SIDE_NAMES, SIDES
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.statements import Statements

_SORTINGS = 3
_PARTS_OF_A_HASH = 4
"""Bits of a hash are taken 16 at a time as the numbers of buckets."""

_BYTES = 8
_SEARCHED_AT_ONCE = 1_000_000
_UNEVEN = 100_000
"""Parts by the remainder of a hash are not all of one size."""

_FOUND_BY_ID = 1_000_000
"""More rows than these are no quicker found by their ids, which have to be written down."""

_SORTED_AT_ONCE = 32_000_000
"""Hashes of keys sorted in memory at a time: 256 MB."""

Hashed = NDArray[np.uint64]


def add_up(batches: Iterable[tuple[Hashed, ...]]) -> Hashed:
    """Add up the hashes of rows by bucket; the result has the shape (sortings, buckets).

    Args:
        batches: The hashes of keys and of rows.
    """
    sums = np.zeros((_SORTINGS, MOST_BUCKETS), dtype=np.uint64)
    for of_keys, of_rows in batches:
        numbers = of_keys.view(np.uint16)
        for sorting in range(_SORTINGS):
            np.add.at(sums[sorting], numbers[sorting::_PARTS_OF_A_HASH].astype(np.intp), of_rows)
    return sums


@dataclass(frozen=True)
class _Chosen:
    """Some hashes by their numbers in the order of reading, and their sum."""

    numbers: NDArray[np.int64]
    total: int


class _Keys:
    """Hashes of keys."""

    def __init__(self, expected: int) -> None:
        self._hashes = np.empty(expected, dtype=np.uint64)
        self._size = 0

    def add(self, hashes: Hashed) -> None:
        """Add some, more than expected where rows came meanwhile or parts are not alike."""
        end = self._size + len(hashes)
        if end > len(self._hashes):
            self._hashes = np.concatenate([self._hashes, np.empty(end // 8 + len(hashes), dtype=np.uint64)])
        self._hashes[self._size : end] = hashes
        self._size = end

    def added_from(self, batches: Iterable[tuple[Hashed, ...]]) -> Iterator[tuple[Hashed, ...]]:
        """Add the first of each batch and hand it on."""
        for batch in batches:
            self.add(batch[0])
            yield batch

    def chosen(self, unlike: NDArray[np.bool_]) -> _Chosen:
        """Those in a differing bucket in every sorting; `unlike` says which buckets differ."""
        parts = [np.arange(0)]
        for start in range(0, self._size, _SEARCHED_AT_ONCE):
            numbers = self._hashes[start : min(start + _SEARCHED_AT_ONCE, self._size)].view(np.uint16)
            part = np.flatnonzero(unlike[0].take(numbers[::_PARTS_OF_A_HASH]))
            for sorting in range(1, _SORTINGS):
                part = part[unlike[sorting].take(numbers[sorting::_PARTS_OF_A_HASH][part])]
            parts.append(part + start)
        chosen = np.concatenate(parts)
        return _Chosen(chosen, sum(self._hashes[chosen].tolist()))

    def have_repeats(self) -> bool:
        """Whether one occurs twice; brings them into another order."""
        hashes = self._hashes[: self._size]
        hashes.sort()
        return bool((hashes[1:] == hashes[:-1]).any())


@dataclass
class StreamedHashes:
    """Hashes that are added up here.

    Attributes:
        statements: Where to ask.
        engine: Their engine, which hands over numbers.
        spec: What to compare.
        plan: Its columns.
        rows: The rows of either side.
        hashing: Up to which share of the rows those that may differ are read apart.
    """

    statements: Statements
    engine: StreamingEngine
    spec: TableSpec
    plan: ColumnPlan
    rows: tuple[int, int]
    hashing: Hashing
    _key_is_unique: bool | None = None

    def differing(self) -> Differing | None:
        """As the protocol says."""
        with self.engine.spared(_BYTES * sum(self.rows)) as has_memory:
            keys = [_Keys(rows) for rows in self.rows] if has_memory else []
            legacy, modern = (self._added_up(side, keys[side] if keys else None) for side in SIDES)
            unlike = legacy != modern
            surplus = (int(legacy[0].sum()) - int(modern[0].sum())) % HASHES
            found = self._differing(unlike, surplus) if unlike.any() else None
            return self._with_rows(found, unlike, keys) if keys else found

    def _with_rows(self, found: Differing | None, unlike: NDArray[np.bool_], keys: list[_Keys]) -> Differing | None:
        """The rows that differ are read while a thread of its own sorts the keys."""
        is_worth_it = found is not None and found.rows <= _FOUND_BY_ID and found.are_few(self.rows, self.hashing)
        chosen = [each.chosen(unlike) for each in keys] if is_worth_it else []
        with ThreadPoolExecutor(max_workers=1) as pool:
            repeats = pool.submit(keys[LEGACY].have_repeats)
            if found and chosen:
                legacy, modern = (self._rows_by_id(side, chosen[side]) for side in SIDES)
                found = replace(found, read=(legacy, modern))
            self._key_is_unique = not repeats.result()
        return found

    def _added_up(self, side: int, keys: _Keys | None) -> Hashed:
        self.statements.progress(f"hashing {SIDE_NAMES[side]} rows into {MOST_BUCKETS:,} buckets", self.rows[side])
        batches = self._stream(row_hashes(everything(self.spec)[side], self.plan, side), self.rows[side])
        return add_up(batches if keys is None else keys.added_from(batches))

    def _stream(self, query: exp.Select, rows: int) -> Iterator[tuple[Hashed, ...]]:
        with self.statements.explained():
            yield from self.engine.stream(self.statements.recorded(query), rows)

    def _differing(self, unlike: NDArray[np.bool_], surplus: int) -> Differing:
        by_chance = max(self.rows) * float(np.prod(unlike.mean(axis=1)))
        tables = tuple(self._kept("bucket", np.flatnonzero(sorting)) for sorting in unlike)
        return Differing(MOST_BUCKETS, tables, int(by_chance + unlike.sum(axis=1).max()), surplus)

    def _rows_by_id(self, side: int, chosen: _Chosen) -> exp.Table | None:
        """The differing rows of a table, if its ids number them in the order of reading: their keys show it."""
        row_id = self.engine.row_id(self.spec, side)
        if row_id is None:
            return None
        self.statements.progress("reading the rows that differ", 0)
        ids = self._kept("row_id", chosen.numbers)
        query = chosen_by_id(self.spec, self.plan, side, row_id, ids)
        table = self.statements.create(f"{SIDE_NAMES[side]}_rows", query)
        source = exp.alias_(table.copy(), "source", table=True)
        hashed = exp.Select(expressions=[named(key_hash(self.plan, side), "hash")]).from_(source, copy=False)
        total = self.plan.functions.hash_total(column("hash"))
        rows, hashes = self.statements.row(exp.select(count(), total).from_(hashed.subquery("hashes")))
        return table if (rows, hashes or 0) == (len(chosen.numbers), chosen.total) else None

    def _kept(self, name: str, numbers: NDArray[np.int64]) -> exp.Table:
        table = self.statements.new_table(f"{name}s")
        with self.statements.explained():
            self.engine.keep(table, name, numbers)
        return table

    def legacy_key_is_unique(self) -> bool:
        """As the protocol says, by sorting: a third of the time and memory that grouping takes."""
        if self._key_is_unique is not None:
            return self._key_is_unique
        parts = max(-(-self.rows[LEGACY] // _SORTED_AT_ONCE), 1)
        return not any(self._part_has_repeats(number, parts) for number in range(parts))

    def _part_has_repeats(self, number: int, parts: int) -> bool:
        self.statements.progress("looking for keys that occur twice", self.rows[LEGACY])
        part = exp.Mod(this=column("hash"), expression=exp.Literal.number(parts))
        chosen = exp.EQ(this=part, expression=exp.Literal.number(number)) if parts > 1 else None
        query = exp.select("*").from_(key_hashes(self.spec, self.plan).subquery("hashes")).where(chosen)
        keys = _Keys(self.rows[LEGACY] // parts + _UNEVEN)
        for (hashes,) in self._stream(query, self.rows[LEGACY] // parts):
            keys.add(hashes)
        return keys.have_repeats()
