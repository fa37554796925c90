r"""Texts of a CSV file that mean a missing value.

They are looked for as the bytes stand in the file. Where a backslash is the escape, a reader makes a plain N of the
token `\N` before it compares.
"""

import re
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
    of_tokens = _bytes_of_tokens(data, dialect, tokens)
    return data if of_tokens is None else np.frombuffer(data, np.uint8)[~of_tokens].tobytes()


def refuse_escaped_letters(table: SourceTable, path: Path, records: Records, dialect: Dialect) -> None:
    r"""Writers that put an escape before a letter or digit mean something else by it, such as a line end by `\n`.

    Raises:
        SourceError: There is one that is no token of the table.
    """
    if dialect.escape is None:
        return
    data = records.data
    of_tokens = _bytes_of_tokens(data, dialect, table.file_options.null_tokens)
    if of_tokens is not None:
        data = np.where(of_tokens, ord(" "), np.frombuffer(data, np.uint8)).astype(np.uint8).tobytes()
    escape = re.escape(dialect.escape)
    found = re.search(rb"(?<!%b)(?:%b%b)*(%b[0-9A-Za-z])" % ((escape,) * 4), data)
    if found is None:
        return
    line, written = int(records.lines[records.record_at(found.start(1))]), found[1].decode()
    where = place(table, path, line=line)
    if written == _OF_DATABASES and written not in table.file_options.null_tokens:
        raise SourceError(
            f"{where}: {written} is what databases write for a missing value: {set_option('null_tokens', _AS_OPTION)}"
        )
    raise SourceError(
        f"{where}: {written} would be read as {written[1:]}, and writers mean something else by it, such as a line end "
        "by an escaped n: export the characters themselves, or leave the option `escape` out for the table in "
        "sources.yaml if the escape is text"
    )


def _bytes_of_tokens(data: bytes, dialect: Dialect, tokens: Iterable[str]) -> npt.NDArray[np.bool_] | None:
    """Which bytes belong to fields that are one of the tokens; None where there are none."""
    present = [token.encode() for token in tokens if token and token.encode() in data]
    if not present:
        return None
    found = np.zeros(len(data), np.bool_)
    for token in present:
        found[_starts_of(token, data, dialect)[:, np.newaxis] + np.arange(len(token))] = True
    return found


def _starts_of(token: bytes, data: bytes, dialect: Dialect) -> npt.NDArray[np.int64]:
    """Where fields begin that are this token, byte for byte."""
    starts, ends = field_bounds(data, dialect)
    as_long = starts[ends - starts == len(token)]
    content = np.frombuffer(data, np.uint8)[as_long[:, np.newaxis] + np.arange(len(token))]
    found: npt.NDArray[np.int64] = as_long[(content == np.frombuffer(token, np.uint8)).all(axis=1)]
    return found
