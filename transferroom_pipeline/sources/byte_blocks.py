"""The bytes of a CSV file in blocks, decompressed and in UTF-8, whatever the file is on the disk."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, cast

from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.source_file import place, set_option

GZIP_ENDING = ".gz"

_BYTE_ORDER_MARK = "\ufeff"


def utf8_blocks(table: SourceTable, path: Path, block_bytes: int) -> Iterator[bytes]:
    """Stream a file in UTF-8 without a byte order mark.

    Args:
        table: The table of the file; its options name the encoding.
        path: The file; gzip if its name ends so.
        block_bytes: Bytes read at a time.

    Raises:
        SourceError: It cannot be read, is not gzip though called so, or is in another encoding. UTF-8 itself is not
            looked at.
    """
    blocks = _blocks(table, path, block_bytes)
    if is_utf8(table.file_options.encoding):
        yield from _without_byte_order_mark(blocks)
    else:
        yield from _transcoded(table, path, blocks)


def is_utf8(encoding: str) -> bool:
    """Whether an encoding is UTF-8, with or without a byte order mark."""
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


def _blocks(table: SourceTable, path: Path, block_bytes: int) -> Iterator[bytes]:
    with _explained(table, path), _opened(path) as stream:
        while block := stream.read(block_bytes):
            yield block


def _opened(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix.lower() == GZIP_ENDING else path.open("rb")


@contextmanager
def _explained(table: SourceTable, path: Path) -> Iterator[None]:
    try:
        yield
    except gzip.BadGzipFile as error:
        raise SourceError(
            f"{place(table, path)}: the file is called .gz and is not gzip, or ends in something else ({error}): "
            "export it again, or call it by what it is"
        ) from error
    except EOFError as error:
        raise SourceError(f"{place(table, path)}: the compressed file is cut off: copy or export it again") from error
    except zlib.error as error:
        raise SourceError(f"{place(table, path)}: the compressed file is damaged ({error}): export it again") from error
    except OSError as error:
        raise SourceError(f"{place(table, path)}: the file cannot be read ({error.strerror or error})") from error


def _without_byte_order_mark(blocks: Iterator[bytes]) -> Iterator[bytes]:
    start = b""
    for block in blocks:
        start += block
        if len(start) >= len(codecs.BOM_UTF8):
            break
    yield start.removeprefix(codecs.BOM_UTF8)
    yield from blocks


def _transcoded(table: SourceTable, path: Path, blocks: Iterator[bytes]) -> Iterator[bytes]:
    encoding, line, at_start = table.file_options.encoding, 1, True
    decoder, as_utf8 = codecs.getincrementaldecoder(encoding)(), _Utf8Check()
    for block in chain(blocks, [b""]):  # the empty block says that nothing is to come
        as_utf8.look_at(block)
        try:
            text = decoder.decode(block, final=not block)
            if at_start and text:
                text, at_start = text.removeprefix(_BYTE_ORDER_MARK), False
            encoded = text.encode()
        except UnicodeError as error:
            line += _lines_before(error, encoding)
            raise SourceError(
                f"{place(table, path, line=line)}: the file is not {encoding} ({error.args[-1]}): "
                f"{set_option('encoding', 'the one it has')}"
            ) from error
        line += _line_breaks(text)
        yield encoded
    if as_utf8.passed and not codecs.lookup(encoding).name.startswith("utf"):
        raise SourceError(
            f"{place(table, path)}: the file is UTF-8, and letters other than ASCII would be misread as {encoding}: "
            f"{set_option('encoding', 'utf-8')}"
        )


def _lines_before(error: UnicodeError, encoding: str) -> int:
    if not isinstance(error, UnicodeDecodeError):
        return 0
    return _line_breaks(error.object[: error.start].decode(encoding, errors="replace"))


def _line_breaks(text: str) -> int:
    return text.count("\n") or text.count("\r")


class _Utf8Check:
    """Whether bytes can be read as UTF-8 and are more than ASCII; text in an older encoding hardly ever can."""

    def __init__(self) -> None:
        self._decoder: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
        self._beyond_ascii = False

    @property
    def passed(self) -> bool:
        return self._decoder is not None and self._beyond_ascii

    def look_at(self, block: bytes) -> None:
        """Take the next block; the empty one ends them."""
        if self._decoder is None:
            return
        self._beyond_ascii |= not block.isascii()
        try:
            self._decoder.decode(block, final=not block)
        except UnicodeDecodeError:
            self._decoder = None
