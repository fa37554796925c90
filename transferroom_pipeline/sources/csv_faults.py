"""What is wrong with a CSV file, where, and what to do, in one sentence."""

import codecs
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.csv_scanner import QuoteError, Records
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.source_file import place, set_option

_OTHER_FORMATS = {
    b"\x1f\x8b": "gzip; call it .csv.gz",
    b"PAR1": "Parquet; call it .parquet",
    b"PK\x03\x04": "a ZIP archive or an Excel workbook; export it as CSV",
}
_OTHER_ENCODINGS = {  # the longer mark first, which begins with the shorter one
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SEPARATORS = {",": '","', ";": '";"', "\t": r'"\t"', "|": '"|"', ":": '":"', "^": '"^"', "~": '"~"'}


def refuse_other_format(table: SourceTable, path: Path, start: bytes) -> None:
    """Recognise a file that is no CSV, or UTF-8 that is UTF-16, by its first bytes.

    Raises:
        SourceError: It is something else.
    """
    for mark, what in _OTHER_FORMATS.items():
        if start.startswith(mark):
            raise SourceError(f"{place(table, path)}: the file is {what}")
    encoding = next((name for mark, name in _OTHER_ENCODINGS.items() if start.startswith(mark)), None)
    if encoding is None and start[1:2] == b"\0" and start[3:4] == b"\0":
        encoding = "utf-16-le"
    if encoding is None and start[0:1] == b"\0" and start[2:3] == b"\0":
        encoding = "utf-16-be"
    if encoding is not None:
        raise SourceError(
            f"{place(table, path)}: the file seems to be {encoding.upper()}, not UTF-8: "
            f"{set_option('encoding', encoding)}"
        )


def other_separator(table: SourceTable, header: str) -> str | None:
    """What to do about a header in which another separator would give columns of the contract; None if none would."""
    contract = {column.casefold() for column in table.columns}
    for separator, written in _SEPARATORS.items():
        names = [name.strip(" \"'").casefold() for name in header.split(separator)]
        if (
            separator != table.file_options.separator
            and len(names) > 1
            and len(contract.intersection(names)) * 2 >= len(names)
        ):
            return (
                f"the header has one column {_shortened(header)!r}: the file seems to be separated by {separator!r}: "
                f"{set_option('separator', written)}"
            )
    return None


def quote_fault(table: SourceTable, path: Path, fault: QuoteError) -> SourceError:
    """A quote that breaks the rules of RFC 4180."""
    where = place(table, path, line=fault.line)
    if fault.closing_line is None:
        escape = "" if table.file_options.escape is None else ", or the file ends with an escape"
        return SourceError(
            f"{where}: a quote is not closed before the end of the file{escape}: close it, or export the file again"
        )
    if fault.after_backslash:
        return SourceError(
            f"{where}: a quote stands after a backslash inside a quoted value, which seems to be escaped by it: "
            f"{set_option('escape', chr(34) + chr(92) * 2 + chr(34))}"
        )
    there = "on the same line" if fault.closing_line == fault.line else f"on line {fault.closing_line}"
    return SourceError(
        f"{where}: the quote that opens here is closed {there} by one with text after it, so one of them is stray or "
        "not doubled: double quotes inside quoted values, or export the file again"
    )


class BareQuotes:
    """Quotes inside unquoted values: text in a file that quotes nothing, and stray in one that does.

    Who quotes at all would have quoted a value with a quote in it.
    """

    def __init__(self, table: SourceTable, path: Path) -> None:
        """Look through a file of a table from its start."""
        self._table, self._path = table, path
        self._quoted = False
        self._line: int | None = None

    def look_at(self, records: Records) -> None:
        """Take the next records.

        Raises:
            SourceError: There are both, and the table's options do not allow it.
        """
        self._quoted |= records.quoted
        self._line = self._line or records.bare_quote_line
        if self._quoted and self._line is not None and self._table.file_options.bare_quotes == "refuse":
            raise SourceError(
                f"{place(self._table, self._path, line=self._line)}: there is a quote inside an unquoted value, in a "
                "file that quotes others, so it is stray or another is missing: correct it, or if it is text, "
                f"{set_option('bare_quotes', 'allow')}"
            )


def refuse_other_widths(table: SourceTable, path: Path, records: Records, columns: int) -> None:
    """Every record has a field for every column; a line without any byte is no record.

    Raises:
        SourceError: One has more or fewer.
    """
    wrong = (records.fields != columns) & ~((records.fields == 1) & records.blank)
    if not wrong.any():
        return
    number = int(np.argmax(wrong))
    line, next_line = (*records.lines[number : number + 2], records.next_line)[:2]
    over = f", from line {line} to line {next_line - 1}," if next_line - line > 1 else ""
    raise SourceError(
        f"{place(table, path, line=int(line))}: the row{over} has {records.fields[number]} values where the header "
        f"names {columns} columns: complete the row, and quote values that contain {_separator_in_words(table)}"
    )


def refuse_bytes_that_are_no_text(table: SourceTable, path: Path, records: Records, columns: Sequence[str]) -> None:
    """Text is UTF-8, has no NUL, and no byte order mark where a record begins.

    Raises:
        SourceError: There are other bytes.
    """
    try:
        records.data.decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(table, path, records, columns, error.start) from error
    if b"\0" in records.data:
        line = int(records.lines[records.record_at(records.data.index(b"\0"))])
        raise SourceError(
            f"{place(table, path, line=line)}: there is a NUL byte, which no text has: the file is damaged, or not "
            f"{table.file_options.encoding.upper()}: {set_option('encoding', 'the one it has')}"
        )
    if codecs.BOM_UTF8 in records.data:
        _refuse_byte_order_marks(table, path, records)


def refuse_header_that_is_not_utf8(table: SourceTable, path: Path, line: int, header: bytes) -> None:
    """A header must be readable before its columns can be named.

    Raises:
        SourceError: It is not UTF-8.
    """
    try:
        header.decode()
    except UnicodeDecodeError as error:
        raise SourceError(f"{place(table, path, line=line)}: the header is not UTF-8{_as_windows(header)}") from error


def _not_utf8(table: SourceTable, path: Path, records: Records, columns: Sequence[str], at: int) -> SourceError:
    number, separator = records.record_at(at), table.file_options.separator.encode()
    record = records.record(number)
    start = int(records.ends[number]) - len(record)
    # Where separators stand inside quotes, counting them does not tell the column.
    told = record.count(separator) == records.fields[number] - 1
    column = columns[records.data.count(separator, start, at)] if told else None
    where = place(table, path, line=int(records.lines[number]), column=column)
    return SourceError(f"{where}: the value is not UTF-8{_as_windows(record)}")


def _as_windows(text: bytes) -> str:
    try:
        text.decode("cp1252")
    except UnicodeDecodeError:
        return ": save the file as UTF-8"
    return f" and seems to be Windows-1252: {set_option('encoding', 'cp1252')}"


def _refuse_byte_order_marks(table: SourceTable, path: Path, records: Records) -> None:
    starts = np.concatenate(([0], records.ends[:-1]))
    for number, start in enumerate(starts.tolist()):
        if records.data.startswith(codecs.BOM_UTF8, start):
            raise SourceError(
                f"{place(table, path, line=int(records.lines[number]))}: the line begins with a byte order mark, "
                f"so two files seem to have been joined: put them into a folder {table.name}, or join them without it"
            )


def _separator_in_words(table: SourceTable) -> str:
    words = {",": "commas", ";": "semicolons", "\t": "tabs"}
    return words.get(table.file_options.separator, f"{table.file_options.separator!r}")


def _shortened(text: str) -> str:
    limit = 60
    text = text.strip()
    return text if len(text) <= limit else f"{text[:limit]}…"
