"""Finding rows whose key stands in an earlier row of the same table's files, exactly and in little memory.

Keys are first compared by a hash of eight bytes each. Equal keys have equal hashes, so files without equal hashes
have no repeated key; otherwise only the rows with equal hashes are read again and compared by the keys themselves.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from transferroom_pipeline.sources.conversion import conversion
from transferroom_pipeline.sources.source_file import SourceFile

_Hashes = npt.NDArray[np.uint64]


def repeated_keys(sources: Sequence[SourceFile]) -> pl.Series:
    """Row numbers, ascending, of every row whose key an earlier row has; rows without a readable key have none.

    Rows are numbered from 1 through all the files.

    Raises:
        SourceError: The file cannot be read.
    """
    suspects = _hashes_met_twice(sources)
    if not suspects.size:
        return pl.Series([], dtype=pl.Int64)
    rows = pl.concat(keys.filter(_is_among(suspects, _hashes(keys))) for keys in _numbered_keys(sources))
    return rows.filter(~pl.col("key").is_first_distinct())["row"]


def _hashes_met_twice(sources: Sequence[SourceFile]) -> _Hashes:
    """In ascending order."""
    hashes = np.concatenate([np.empty(0, np.uint64), *(_hashes(keys) for keys in _numbered_keys(sources))])
    hashes.sort()
    return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])


def _hashes(keys: pl.DataFrame) -> _Hashes:
    return keys["key"].hash().to_numpy()


def _is_among(ascending: _Hashes, hashes: _Hashes) -> pl.Series:
    """By binary search: a hash table of millions would be built anew for every batch."""
    places = np.searchsorted(ascending, hashes).clip(max=ascending.size - 1)
    return pl.Series(ascending[places] == hashes)


def _numbered_keys(sources: Sequence[SourceFile]) -> Iterator[pl.DataFrame]:
    first = 1
    for table, values in ((source.table, values) for source in sources for values in source.key_values()):
        how = conversion(
            values.name, values.dtype, table.dtypes[table.key], decimal_comma=table.file_options.decimal_comma
        )
        row = pl.int_range(first, first + pl.len(), dtype=pl.Int64)
        yield values.to_frame().select(row.alias("row"), how.value.alias("key")).drop_nulls("key")
        first += len(values)
