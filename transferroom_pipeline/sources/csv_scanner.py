"""Finding the records of a CSV file in its bytes, apart from any CSV reader.

A scan says how many records a file has, on which line each begins and how many fields it has, and finds the first quote
that breaks the rules of RFC 4180. It is what the reader's rows are counted against, so it shares nothing with a reader.

The quotes of nearly every file keep the rules, so those of a block are first judged all at once: every second one
closes. Only where that fails, at a quote inside an unquoted field (which is text: `5" heel`) or at a fault, they are
followed one by one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from transferroom_pipeline.sources.file_options import FileOptions

_Ints = npt.NDArray[np.int64]
_Bytes = npt.NDArray[np.uint8]
_Mask = npt.NDArray[np.bool_]

_SEPARATOR, _LF, _CR, _QUOTE, _ESCAPE = range(1, 6)  # meanings of a byte; 0 is text

LONGEST_RECORD_BYTES = 64 << 20
"""A longer record is refused: a quote that is never closed must not bring a whole large file into memory."""


@dataclass(frozen=True)
class Dialect:
    """The bytes that have a meaning in a file.

    Attributes:
        separator: Between two fields.
        quote: Around a field that holds separators, line breaks or quotes; None where quotes are text.
        escape: Makes the byte after it text; None where only a doubled quote stands for a quote.
    """

    separator: bytes
    quote: bytes | None
    escape: bytes | None

    @classmethod
    def of(cls, options: FileOptions) -> Self:
        """The dialect that the options of a table name."""
        quote, escape = (character.encode() if character else None for character in (options.quote, options.escape))
        return cls(options.separator.encode(), quote, escape)


@dataclass(frozen=True)
class Records:
    """Some consecutive records.

    Attributes:
        data: Their bytes.
        ends: Where each ends in `data`, its line end included.
        lines: Line of the file on which each begins, from 1.
        next_line: Line of the file after them.
        fields: How many fields each has.
        blank: Which have no byte apart from separators and line end, and so are no rows.
        quoted: Whether any field is quoted.
        bare_quote_line: Line of the first quote inside an unquoted field, where it is text.
        escaped_end_line: Line of the first line end outside quotes whose carriage return is escaped, and so is text.
    """

    data: bytes
    ends: _Ints
    lines: _Ints
    next_line: int
    fields: _Ints
    blank: _Mask
    quoted: bool
    bare_quote_line: int | None
    escaped_end_line: int | None

    @property
    def spans_lines(self) -> bool:
        """Whether any record goes on over a line break inside a field."""
        return self.ends.size > 0 and self.next_line - int(self.lines[0]) > self.ends.size

    def after(self, count: int) -> "Records":
        """All but the first `count` records."""
        start = int(self.ends[count - 1]) if count else 0
        return replace(
            self,
            data=self.data[start:],
            ends=self.ends[count:] - start,
            lines=self.lines[count:],
            fields=self.fields[count:],
            blank=self.blank[count:],
        )

    def record(self, number: int) -> bytes:
        """The bytes of one record, counted from 0."""
        start = int(self.ends[number - 1]) if number else 0
        return self.data[start : int(self.ends[number])]

    def record_at(self, place: int) -> int:
        """The number of the record that holds the byte at this place of `data`."""
        return int(np.searchsorted(self.ends, place, side="right"))

    def record_on(self, line: int) -> int:
        """The number of the record that holds this line of the file, or begins on it."""
        return int(np.searchsorted(self.lines, line, side="right")) - 1


class QuoteError(Exception):
    """A quote that breaks the rules.

    Attributes:
        line: Line of the quote that opens the field.
        closing_line: Line of the quote that closes it although text follows; None when no quote closes it.
        after_backslash: Whether the closing quote stands after a backslash.
    """

    def __init__(self, line: int, closing_line: int | None = None, *, after_backslash: bool = False) -> None:
        super().__init__(line, closing_line)
        self.line, self.closing_line, self.after_backslash = line, closing_line, after_backslash


class LongRecordError(Exception):
    """A record of more than `LONGEST_RECORD_BYTES`, with the line on which it begins."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def scan(blocks: Iterable[bytes], dialect: Dialect) -> Iterator[Records]:
    """Cut a stream of bytes into whole records.

    Args:
        blocks: The bytes, cut anywhere, in an encoding that keeps ASCII, without a byte order mark at the start.
        dialect: The meaning of bytes.

    Yields:
        Records, at most once per block. A last line without a line end is given one.

    Raises:
        QuoteError: At the first quote that breaks the rules, after all records before it were given.
        LongRecordError: A record is too long to be held in memory.
    """
    rest, line = b"", 1
    for block in blocks:
        records, fault = _cut(rest + block, line, dialect)
        if records.ends.size:
            yield records
        if fault is not None:
            raise fault
        rest, line = (rest + block)[len(records.data) :], records.next_line
        if len(rest) > LONGEST_RECORD_BYTES:
            raise LongRecordError(line)
    if rest:
        records, fault = _cut(rest + b"\n", line, dialect)
        if records.ends.size:
            yield records
        if fault is not None or not records.ends.size:
            raise fault or QuoteError(_line_of_open_quote(rest, line, dialect))


def field_bounds(data: bytes, dialect: Dialect) -> tuple[_Ints, _Ints]:
    """Where each field begins and ends; inside a line end of two characters there is one more, which is empty.

    Args:
        data: Whole records without faults; the last may be without a line end.
        dialect: The meaning of bytes.
    """
    marks = _marks(data, dialect)
    if not _keep_the_rules(marks, len(data)):
        marks = marks.without(_follow(marks, len(data)).text)
    ends = marks.at[marks.outside_quotes() & (marks.kind != _QUOTE)]
    if not data.endswith((b"\n", b"\r")):
        ends = np.append(ends, len(data))
    return np.concatenate(([0], ends[:-1] + 1)), ends


class _Marks(NamedTuple):
    """The bytes of a block that have a meaning: where they are, and which.

    Attributes:
        at: Their places.
        kind: Their meanings.
        escaped_breaks: Where escaped line breaks are, which are text and yet begin a line.
        escaped_returns: Where carriage returns are escaped though a line feed follows, which ends the line.
    """

    at: _Ints
    kind: _Bytes
    escaped_breaks: _Ints
    escaped_returns: _Ints

    def line_ends(self) -> _Mask:
        """Which of them end a line: a line feed, and a carriage return without one after it."""
        ends: _Mask = self.kind == _LF
        returns = np.flatnonzero(self.kind == _CR)
        after = np.minimum(returns + 1, self.kind.size - 1)  # the last mark stands for the one after itself
        ends[returns] = (self.kind[after] != _LF) | (self.at[after] != self.at[returns] + 1)
        return ends

    def lines_before(self, mark: int) -> int:
        """How many lines end before a mark, counted among them."""
        return int(self.line_ends()[:mark].sum()) + int(np.searchsorted(self.escaped_breaks, self.at[mark]))

    def without(self, text: list[int]) -> "_Marks":
        """All but those that are text after all, counted among them."""
        return self._replace(at=np.delete(self.at, text), kind=np.delete(self.kind, text))

    def outside_quotes(self) -> _Mask:
        """Which of them are outside quotes; of a quote itself it says nothing."""
        # That the sum of bytes runs over does not change what is even.
        outside: _Mask = np.cumsum(self.kind == _QUOTE, dtype=np.uint8) % 2 == 0
        return outside


class _Followed(NamedTuple):
    """What following the quotes of a block one by one found, as places among its marks.

    Attributes:
        text: Quotes inside unquoted fields.
        opening: The quote that is open at the end, or at the fault.
        closing: The quote at fault.
    """

    text: list[int]
    opening: int | None
    closing: int | None


def _cut(data: bytes, line: int, dialect: Dialect) -> tuple[Records, QuoteError | None]:
    """The whole records at the start of the data, and the fault that ends them if there is one."""
    # A carriage return may be the first half of a line end: without the byte after it, it says nothing.
    judged = data[:-1] if data.endswith(b"\r") else data
    marks, fault = _marks(judged, dialect), None
    if _keep_the_rules(marks, len(judged)):
        return _records(data, line, marks), None
    found = _follow(marks, len(judged))
    sound = marks
    if found.opening is not None and found.closing is not None:
        fault = _fault(data, line, dialect, marks, found.opening, found.closing)
        sound = marks._replace(at=marks.at[: found.opening], kind=marks.kind[: found.opening])
    text = [quote for quote in found.text if quote < sound.at.size]
    records = _records(data, line, sound.without(text))
    if text and sound.at[text[0]] < len(records.data):
        records = replace(records, bare_quote_line=line + sound.lines_before(text[0]))
    return records, fault


def _marks(data: bytes, dialect: Dialect) -> _Marks:
    table = bytearray(256)
    table[ord("\n")], table[ord("\r")], table[ord(dialect.separator)] = _LF, _CR, _SEPARATOR
    for byte, kind in ((dialect.quote, _QUOTE), (dialect.escape, _ESCAPE)):
        if byte is not None:
            table[ord(byte)] = kind
    kinds = np.frombuffer(data.translate(table), np.uint8)
    escaped_breaks = escaped_returns = np.empty(0, np.int64)
    if dialect.escape is not None:
        escaped = _escaped(kinds)
        feeds, returns = escaped[kinds[escaped] == _LF], escaped[kinds[escaped] == _CR]
        kinds = np.where(kinds == _ESCAPE, 0, kinds)
        kinds[escaped] = 0
        before_feed = kinds[np.minimum(returns + 1, kinds.size - 1)] == _LF
        escaped_breaks, escaped_returns = np.sort(np.append(feeds, returns[~before_feed])), returns[before_feed]
    at = np.flatnonzero(kinds != 0)  # over booleans, as over bytes it takes twice the time
    return _Marks(at, kinds[at], escaped_breaks, escaped_returns)


def _escaped(kinds: _Bytes) -> _Ints:
    """Places that an escape makes text; of several escapes in a row, every second one is itself escaped."""
    escapes = np.flatnonzero(kinds == _ESCAPE)
    begins = np.diff(escapes, prepend=-2) != 1
    first_of_row = escapes[begins][np.cumsum(begins) - 1]
    escaped: _Ints = escapes[(escapes - first_of_row) % 2 == 0] + 1
    return escaped[: np.searchsorted(escaped, kinds.size)]


def _keep_the_rules(marks: _Marks, size: int) -> bool:
    """Whether every second quote closes: each opens at the start of a field, or closes at the end of one or is doubled.

    Data begins with a record. A quote that is its last byte may be anything, and is judged with what follows it.
    """
    quotes = np.flatnonzero(marks.kind == _QUOTE)
    if not quotes.size:
        return True
    opening, closing = quotes[0::2], quotes[1::2]
    opened, closed = marks.at[opening], marks.at[closing]
    before, after = marks.at[opening - 1], marks.at[np.minimum(closing + 1, marks.at.size - 1)]
    opens_field = (before == opened - 1) | (opened == 0)
    closes_field = (after == closed + 1) | (closed == size - 1)
    return bool(opens_field.all() and closes_field.all())


def _follow(marks: _Marks, size: int) -> _Followed:
    at, kind, *_ = marks
    text: list[int] = []
    opening, doubled = None, -1
    for quote in np.flatnonzero(kind == _QUOTE).tolist():
        if quote == doubled:
            continue
        if opening is None:
            begins = at[quote] == 0 or (at[quote - 1] == at[quote] - 1 and kind[quote - 1] != _QUOTE)
            opening = quote if begins else None
            text += [] if begins else [quote]
        elif quote + 1 < at.size and at[quote + 1] == at[quote] + 1:
            doubled = quote + 1 if kind[quote + 1] == _QUOTE else -1
            opening = opening if kind[quote + 1] == _QUOTE else None
        elif at[quote] == size - 1:
            break
        else:
            return _Followed(text, opening, quote)
    return _Followed(text, opening, None)


def _fault(data: bytes, line: int, dialect: Dialect, marks: _Marks, opening: int, closing: int) -> QuoteError:
    before_closing = data[marks.at[closing] - 1 : marks.at[closing]]
    return QuoteError(
        line + marks.lines_before(opening),
        line + marks.lines_before(closing),
        after_backslash=before_closing == b"\\" and dialect.escape is None,
    )


def _line_of_open_quote(rest: bytes, line: int, dialect: Dialect) -> int:
    """The line of the quote that nothing closes, in the rest of a file that is no record."""
    marks = _marks(rest, dialect)
    opening = _follow(marks, len(rest)).opening
    return line if opening is None else line + marks.lines_before(opening)


def _records(data: bytes, line: int, marks: _Marks) -> Records:
    line_ends, quotes = marks.line_ends(), marks.kind == _QUOTE
    between = line_ends | (marks.kind == _SEPARATOR)
    if quotes.any():
        between &= marks.outside_quotes()
    breaks = np.flatnonzero(line_ends)
    ending = between[breaks]
    ends = marks.at[breaks[ending]] + 1
    lines_after = line + np.flatnonzero(ending) + 1 + np.searchsorted(marks.escaped_breaks, ends)
    fields = np.diff(np.flatnonzero(line_ends[between]), prepend=-1)
    whole = data[: int(ends[-1])] if ends.size else b""
    escaped_ends = np.flatnonzero(np.isin(ends - 2, marks.escaped_returns)) if marks.escaped_returns.size else ends[:0]
    return Records(
        whole,
        ends,
        np.concatenate(([line], lines_after[:-1])) if ends.size else ends,
        int(lines_after[-1]) if ends.size else line,
        fields,
        _without_text(np.frombuffer(whole, np.uint8), ends, fields),
        quoted=bool(quotes.any()) and int(marks.at[np.argmax(quotes)]) < len(whole),
        bare_quote_line=None,
        escaped_end_line=int(lines_after[escaped_ends[0]]) - 1 if escaped_ends.size else None,
    )


def _without_text(data: _Bytes, ends: _Ints, fields: _Ints) -> _Mask:
    """Records as long as their separators and their line end; the latter has two bytes or one."""
    sizes = np.diff(ends, prepend=0)
    two_bytes = (sizes > 1) & (data[ends - 1] == ord("\n")) & (data[ends - 2] == ord("\r"))
    blank: _Mask = sizes == fields + two_bytes
    return blank
