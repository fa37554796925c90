"""Random draws that are the same on every machine, for any chunk size and any version of the libraries.

Every column has a stream of its own in which row n is always the n-th number, so chunks can be made in any size and a
new column leaves the others as they are. NumPy promises a stable stream for its bit generators only, not for its
distributions, so the numbers are mapped here, in whole numbers throughout.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Band(NamedTuple):
    """A range of whole numbers and how often a draw falls into it, relative to the other bands."""

    weight: int
    low: int
    high: int
    step: int = 1


@dataclass(frozen=True)
class Draws:
    """The draws for a range of rows of one table.

    Attributes:
        seed: Not negative; another seed gives other data.
        table: Name of the table; each table has its own streams.
        first: Index of the first row, from 0.
        count: Number of rows.
    """

    seed: int
    table: str
    first: int
    count: int

    @property
    def rows(self) -> Integers:
        """The indices of the rows."""
        return np.arange(self.first, self.first + self.count, dtype=np.int64)

    def below(self, column: str, bound: int) -> Integers:
        """Whole numbers from 0 up to but not including `bound`, all about equally often."""
        stream = np.random.PCG64(np.random.SeedSequence([self.seed, zlib.crc32(f"{self.table}.{column}".encode())]))
        drawn = stream.advance(self.first).random_raw(self.count)
        # The upper bits: the lower ones of a remainder would tie this draw to others with the same bound.
        return ((np.asarray(drawn, dtype=np.uint64) >> np.uint64(11)) % np.uint64(bound)).astype(np.int64)

    def happens(self, column: str, percent: int) -> Flags:
        """Whether an event that happens in `percent` of the rows does."""
        return self.below(f"{column}?", 100) < percent

    def within(self, column: str, bands: Sequence[Band]) -> Integers:
        """Whole numbers from weighted bands, each band's ends included."""
        weights, lows, highs, steps = (np.array(part, dtype=np.int64) for part in zip(*bands, strict=True))
        band = _weighted(self.below(f"{column}|", int(weights.sum())), weights)
        sizes = (highs - lows) // steps + 1
        return np.asarray(lows[band] + self.below(column, 1 << 40) % sizes[band] * steps[band])

    def one_of(self, column: str, values: Sequence[Any]) -> pl.Series:
        """Some of the values, all about equally often."""
        return taken(values, self.below(column, len(values)))

    def weighted(self, column: str, weights: Mapping[str, int]) -> pl.Series:
        """Words, each as often as its weight says."""
        numbers = np.array(list(weights.values()), dtype=np.int64)
        return taken(list(weights), _weighted(self.below(column, int(numbers.sum())), numbers))

    def sometimes_missing(self, column: str, values: pl.Series, percent: int) -> pl.Series:
        """The values, empty in `percent` of the rows."""
        present = pl.lit(pl.Series(~self.happens(f"{column} missing", percent)))
        return pl.select(pl.when(present).then(pl.lit(values))).to_series()


def taken(values: Sequence[Any] | pl.Series, places: Integers) -> pl.Series:
    """The values at these places."""
    return pl.Series(values).gather(pl.Series(places))


def decimals(units: Integers, dtype: pl.Decimal) -> pl.Series:
    """Decimals from whole numbers of their smallest unit (cents for a scale of 2), without passing through floats."""
    smallest = pl.lit(Decimal(1).scaleb(-dtype.scale))
    return pl.select((pl.lit(pl.Series(units)).cast(dtype) * smallest).cast(dtype)).to_series()


def _weighted(points: Integers, weights: Integers) -> Integers:
    return np.searchsorted(np.cumsum(weights), points, side="right")
