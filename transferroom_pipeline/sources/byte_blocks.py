"""The bytes of a CSV file in blocks, decompressed and in UTF-8, whatever the file is on the disk."""

import codecs
import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, cast

from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.source_file import NAME_THE_ENCODING, place, set_option

GZIP_ENDING = ".gz"

_BYTE_ORDER_MARK = "\ufeff"
_WRONG_SUMS = ("CRC check failed", "Incorrect length")  # how the messages of gzip about them begin

_CHECKED_BYTES = 1 << 20  # at a time

_CONTROL_CHARACTER = re.compile("[\x80-\x9f]")
_ISO_8859 = "iso8859"
_ON_WINDOWS = {  # the encodings of the same languages; those that are not here have the one of Western Europe
    "iso8859-2": "cp1250",
    "iso8859-4": "cp1257",
    "iso8859-5": "cp1251",
    "iso8859-6": "cp1256",
    "iso8859-7": "cp1253",
    "iso8859-8": "cp1255",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "iso8859-13": "cp1257",
}


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
    if _is_utf8(table.file_options.encoding):
        yield from _without_byte_order_mark(blocks)
    else:
        yield from _transcoded(table, path, blocks)


def first_bytes(table: SourceTable, path: Path, count: int) -> bytes:
    """The first bytes of a file, decompressed, in whatever encoding they are.

    Raises:
        SourceError: It cannot be read, or is not gzip though called so.
    """
    return next(_blocks(table, path, count), b"")


def has_letters_in_utf8(table: SourceTable, path: Path) -> bool:
    """Whether a file has any bytes that are a letter beyond ASCII in UTF-8, whatever else is in it.

    Raises:
        SourceError: It cannot be read.
    """
    return _checked_as_utf8(table, path).has_letters


def _is_utf8(encoding: str) -> bool:
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
        if str(error).startswith(_WRONG_SUMS):
            raise _damaged(table, path, error) from error
        raise SourceError(
            f"{place(table, path)}: the file is called .gz and is not gzip, or ends in something else ({error}): "
            "export it again, or call it by what it is"
        ) from error
    except EOFError as error:
        raise SourceError(f"{place(table, path)}: the compressed file is cut off: copy or export it again") from error
    except zlib.error as error:
        raise _damaged(table, path, error) from error
    except OSError as error:
        raise SourceError(f"{place(table, path)}: the file cannot be read ({error.strerror or error})") from error


def _damaged(table: SourceTable, path: Path, error: Exception) -> SourceError:
    return SourceError(f"{place(table, path)}: the compressed file is damaged ({error}): copy or export it again")


def _without_byte_order_mark(blocks: Iterator[bytes]) -> Iterator[bytes]:
    start = b""
    for block in blocks:
        start += block
        if len(start) >= len(codecs.BOM_UTF8):
            break
    yield start.removeprefix(codecs.BOM_UTF8)
    yield from blocks


def _transcoded(table: SourceTable, path: Path, blocks: Iterator[bytes]) -> Iterator[bytes]:
    encoding, at_start = table.file_options.encoding, True
    decoder, lines, as_utf8 = codecs.getincrementaldecoder(encoding)(), _LineCount(), _Utf8Check()
    for block in chain(blocks, [b""]):  # the empty block says that nothing is to come
        as_utf8.look_at(block)
        state = decoder.getstate()
        try:
            text = decoder.decode(block, final=not block)
            if at_start and text:
                text, at_start = text.removeprefix(_BYTE_ORDER_MARK), False
            encoded = text.encode()
        except UnicodeError as error:
            decoder.setstate(state)
            line = lines.after(_text_before(error, decoder, block, pending=len(state[0])))
            raise SourceError(
                f"{place(table, path, line=line)}: the file is not {encoding} ({error.args[-1]}): {NAME_THE_ENCODING}"
            ) from error
        _refuse_control_characters(table, path, text, lines)
        lines.add(text)
        yield encoded
    if not codecs.lookup(encoding).name.startswith("utf"):
        _refuse_utf8(table, path, as_utf8)


def _refuse_utf8(table: SourceTable, path: Path, as_utf8: "_Utf8Check") -> None:
    if as_utf8.passed:
        raise SourceError(
            f"{place(table, path)}: the file is UTF-8{as_utf8.damage}, and letters other than ASCII would be misread "
            f"as {table.file_options.encoding}: {set_option('encoding', 'utf-8')}"
        )


def _text_before(error: UnicodeError, decoder: codecs.IncrementalDecoder, block: bytes, *, pending: int) -> str:
    """What can be read of a block before the fault, by a decoder that is as it was before the block."""
    if isinstance(error, UnicodeEncodeError):
        return error.object[: error.start]
    if isinstance(error, UnicodeDecodeError):
        return decoder.decode(block[: max(error.start - pending, 0)])
    return ""


def _refuse_control_characters(table: SourceTable, path: Path, text: str, lines: "_LineCount") -> None:
    """ISO 8859 has control characters, which no table holds, where the encodings of Windows have quotes and dashes."""
    encoding = codecs.lookup(table.file_options.encoding).name
    found = _CONTROL_CHARACTER.search(text) if encoding.startswith(_ISO_8859) else None
    if found is None:
        return
    _refuse_utf8(table, path, _checked_as_utf8(table, path))
    on_windows = _ON_WINDOWS.get(encoding, "cp1252")
    raise SourceError(
        f"{place(table, path, line=lines.after(text[: found.start()]))}: the byte {ord(found[0]):#x} is a control "
        f"character in {table.file_options.encoding}, so the file seems to be {on_windows.replace('cp', 'Windows-')}: "
        f"{set_option('encoding', on_windows)}"
    )


def _checked_as_utf8(table: SourceTable, path: Path) -> "_Utf8Check":
    check = _Utf8Check()
    for block in chain(_blocks(table, path, _CHECKED_BYTES), [b""]):
        check.look_at(block)
    return check


class _LineCount:
    """Counts lines in a text that comes in parts; a part may end inside a line end of two characters."""

    def __init__(self) -> None:
        self._line, self._last = 1, ""

    def after(self, text: str) -> int:
        """The line that is reached, from 1, when this text follows."""
        return self._line + _line_breaks(self._last + text) - _line_breaks(self._last)

    def add(self, text: str) -> None:
        """Take the next part."""
        self._line, self._last = self.after(text), text[-1:] or self._last


def _line_breaks(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


class _Utf8Check:
    """Whether bytes are UTF-8, but for a few damaged ones, and more than ASCII.

    Text in an older encoding has hardly any bytes that are a letter in UTF-8, and many that can be none.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")
        self._letters = self._bytes = self._bytes_read = 0

    @property
    def has_letters(self) -> bool:
        """Whether any bytes are a letter beyond ASCII."""
        return self._letters > 0

    @property
    def passed(self) -> bool:
        """Whether there are letters beyond ASCII, and no more bytes that can be none."""
        return 0 < self._letters >= self._bytes - self._bytes_read

    @property
    def damage(self) -> str:
        """In words, for a message."""
        return "" if self._bytes == self._bytes_read else " but for some damaged bytes"

    def look_at(self, block: bytes) -> None:
        """Take the next block; the empty one ends them."""
        text = self._decoder.decode(block, final=not block)
        self._bytes += len(block)
        self._bytes_read += len(text.encode())
        self._letters += len(text) - len(text.encode("ascii", errors="ignore"))
