r"""Texts of a CSV file that mean a missing value.

They are looked for as the bytes stand in the file. Where a backslash is the escape, a reader makes a plain N of the
token `\N` before it compares.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.csv_scanner import Dialect, Records, field_bounds
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.source_file import place, set_option

_OF_DATABASES = r"\N"  # what MySQL and PostgreSQL write, beside a backslash as the escape
_AS_OPTION = f"['{_OF_DATABASES}']"


def without_null_tokens(data: bytes, dialect: Dialect, tokens: Iterable[str]) -> bytes:
    """The same records with the fields that are one of the tokens, without quotes, made empty.

    Args:
        data: Whole records without faults; the last may be without a line end.
        dialect: The meaning of bytes.
        tokens: The texts that mean a missing value.
    """
    present = [token.encode() for token in tokens if token and token.encode() in data]
    if not present:
        return data
    kept = np.ones(len(data), np.bool_)
    for token in present:
        kept[_starts_of(token, data, dialect)[:, np.newaxis] + np.arange(len(token))] = False
    return np.frombuffer(data, np.uint8)[kept].tobytes()


def refuse_unset_null_token(table: SourceTable, path: Path, records: Records, dialect: Dialect) -> None:
    """What databases write for a missing value would be read as the letter N.

    Raises:
        SourceError: It is a value, and no token of the table.
    """
    token, options = _OF_DATABASES.encode(), table.file_options
    if options.escape != "\\" or _OF_DATABASES in options.null_tokens or token not in records.data:
        return
    starts = _starts_of(token, records.data, dialect)
    if starts.size:
        line = int(records.lines[records.record_at(int(starts[0]))])
        raise SourceError(
            f"{place(table, path, line=line)}: a value is {_OF_DATABASES}, as databases write a missing one: "
            f"{set_option('null_tokens', _AS_OPTION)}"
        )


def _starts_of(token: bytes, data: bytes, dialect: Dialect) -> npt.NDArray[np.int64]:
    """Where fields begin that are this token, byte for byte."""
    starts, ends = field_bounds(data, dialect)
    as_long = starts[ends - starts == len(token)]
    content = np.frombuffer(data, np.uint8)[as_long[:, np.newaxis] + np.arange(len(token))]
    found: npt.NDArray[np.int64] = as_long[(content == np.frombuffer(token, np.uint8)).all(axis=1)]
    return found
