"""What is wrong with a CSV file, where, and what to do, in one sentence."""

import codecs
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from transferroom_pipeline.sources.byte_blocks import GZIP_ENDING, first_bytes, has_letters_in_utf8
from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.csv_scanner import Dialect, QuoteError, Records, field_bounds
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.source_file import NAME_THE_ENCODING, place, set_option, shortened

_GZIP = b"\x1f\x8b"
_OTHER_FORMATS = {
    b"PAR1": "Parquet; call it .parquet",
    b"PK\x03\x04": "a ZIP archive or an Excel workbook; export it as CSV",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an Excel workbook; export it as CSV",
    b"BZh9": "compressed by bzip2; unpack it",
    b"\x28\xb5\x2f\xfd": "compressed by Zstandard; unpack it",
    b"\xfd7zXZ\0": "compressed by xz; unpack it",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive; unpack it",
}
_BYTE_ORDER_MARKS = {  # the longer mark first, which begins with the shorter one; then encodings that go with it
    codecs.BOM_UTF32_LE: ("utf-32", "utf-32-le"),
    codecs.BOM_UTF32_BE: ("utf-32", "utf-32-be"),
    codecs.BOM_UTF16_LE: ("utf-16", "utf-16-le"),
    codecs.BOM_UTF16_BE: ("utf-16", "utf-16-be"),
    codecs.BOM_UTF8: ("utf-8", "utf-8-sig"),
}
_WITHOUT_MARK = {  # where the bytes of ASCII letters are 0; again the longer first
    "utf-32-le": (1, 2, 3),
    "utf-32-be": (0, 1, 2),
    "utf-16-le": (1, 3),
    "utf-16-be": (0, 2),
}
_START_BYTES = 16

_NO_TEXT = f", which no text has: the file is damaged, or not {{}}: {NAME_THE_ENCODING}"
_WITHOUT_BLANKS = (
    "a blank stands between a separator and the quote after it, so the quote is taken for text: export the file again "
    "without blanks after separators"
)
_SEPARATORS = {",": '","', ";": '";"', "\t": r'"\t"', "|": '"|"', ":": '":"', "^": '"^"', "~": '"~"'}
_EXCEL_SEPARATOR = re.compile(r"\"?sep=(.)\"?", re.IGNORECASE)


def refuse_other_format(table: SourceTable, path: Path) -> None:
    """Recognise a file that is no CSV, or is in another encoding than its options say, by its first bytes.

    Raises:
        SourceError: It is something else.
    """
    start = first_bytes(table, path, _START_BYTES)
    if start.startswith(_GZIP):
        twice = path.suffix.lower() == GZIP_ENDING
        raise SourceError(
            f"{place(table, path)}: the file is "
            f"{'compressed twice; unpack it once' if twice else 'gzip; call it .csv.gz'}"
        )
    for mark, what in _OTHER_FORMATS.items():
        if start.startswith(mark):
            raise SourceError(f"{place(table, path)}: the file is {what}")
    encoding = _other_encoding(codecs.lookup(table.file_options.encoding).name, start)
    if encoding is not None:
        raise SourceError(
            f"{place(table, path)}: the file seems to be {encoding.upper()}, not "
            f"{table.file_options.encoding.upper()}: {set_option('encoding', encoding)}"
        )


def _other_encoding(own: str, start: bytes) -> str | None:
    """The encoding that the first bytes tell of; None if they tell of none but the table's own."""
    for mark, encodings in _BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            return None if own in encodings else encodings[0]
    for encoding, zeros in _WITHOUT_MARK.items():
        if len(start) > max(zeros) and not any(start[zero] for zero in zeros):
            return None if own == encoding else encoding
    return None


def refuse_header_for_excel(table: SourceTable, path: Path, line: int, header: str) -> None:
    """Excel takes the separator from a first line of its own, which is no header.

    Raises:
        SourceError: The file has such a line.
    """
    found = _EXCEL_SEPARATOR.fullmatch(header.strip("\r\n"))
    if found is None:
        return
    set_it = set_option("separator", _SEPARATORS.get(found[1], repr(found[1])))
    raise SourceError(
        f"{place(table, path, line=line)}: the line {found[0]!r} is meant for Excel and no header: remove it"
        + ("" if found[1] == table.file_options.separator else f", and {set_it}")
    )


def other_separator(table: SourceTable, header: str) -> str | None:
    """What to do about a header in which another separator would give columns of the contract; None if none would."""
    one_column = f"the header has one column {shortened(header.strip())!r}: the file seems to be separated by"
    several = _separator_of_several(table, header)
    if several is not None:
        return f"{one_column} {several!r}, and separators of several characters cannot be read: export it with another"
    contract = {column.casefold() for column in table.columns}
    for separator, written in _SEPARATORS.items():
        names = [name.strip(" \"'").casefold() for name in header.split(separator)]
        if (
            separator != table.file_options.separator
            and len(names) > 1
            and len(contract.intersection(names)) * 2 >= len(names)
        ):
            return f"{one_column} {separator!r}: {set_option('separator', written)}"
    return None


def _separator_of_several(table: SourceTable, header: str) -> str | None:
    """What stands between all columns of the contract that the header names side by side, if it is several marks."""
    names = "|".join(re.escape(column) for column in sorted(table.columns, key=len, reverse=True))
    between = set(re.findall(rf"(?i)(?<=\w)([^\w\s]{{2,}})(?=(?:{names})\b)", header.replace('"', "")))
    return between.pop() if len(between) == 1 else None


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
        self._after_blank = False

    def look_at(self, records: Records) -> None:
        """Take the next records.

        Raises:
            SourceError: There are both, and the table's options do not allow it.
        """
        self._quoted |= records.quoted
        if self._line is None and records.bare_quote_line is not None:
            self._line = records.bare_quote_line
            self._after_blank = _blank_before_quote(self._table, records.record(records.record_on(self._line)))
        if self._quoted and self._line is not None and self._table.file_options.bare_quotes == "refuse":
            if self._after_blank:
                raise SourceError(f"{place(self._table, self._path, line=self._line)}: {_WITHOUT_BLANKS}")
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
    way_out = f"complete the row, and quote values that contain {_separator_in_words(table)}"
    if _blank_before_quote(table, records.record(number)):
        way_out = _WITHOUT_BLANKS
    raise SourceError(
        f"{place(table, path, line=int(line))}: the row{over} has {_counted(int(records.fields[number]), 'value')} "
        f"where the header names {_counted(columns, 'column')}: {way_out}"
    )


def refuse_escaped_line_ends(table: SourceTable, path: Path, records: Records) -> None:
    """An escape before a line end of two characters takes the first for text, which is a value with a stray character.

    Raises:
        SourceError: There is one outside quotes.
    """
    if records.escaped_end_line is not None:
        raise SourceError(
            f"{place(table, path, line=records.escaped_end_line)}: an escape stands before the end of the line: double "
            "it, or leave the option `escape` out for the table in sources.yaml if it is text"
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
            f"{place(table, path, line=line)}: there is a NUL byte"
            f"{_NO_TEXT.format(table.file_options.encoding.upper())}"
        )
    if codecs.BOM_UTF8 in records.data:
        _refuse_byte_order_marks(table, path, records)


def refuse_header_that_is_no_text(table: SourceTable, path: Path, line: int, header: bytes) -> None:
    """A header must be readable before its columns can be named.

    Raises:
        SourceError: It is not UTF-8, or has a NUL.
    """
    where = place(table, path, line=line)
    try:
        header.decode()
    except UnicodeDecodeError as error:
        raise SourceError(f"{where}: the header is not UTF-8{_not_utf8_but(table, path, header)}") from error
    if b"\0" in header:
        raise SourceError(f"{where}: the header has a NUL byte{_NO_TEXT.format(table.file_options.encoding.upper())}")


def _not_utf8(table: SourceTable, path: Path, records: Records, columns: Sequence[str], at: int) -> SourceError:
    number, separator = records.record_at(at), table.file_options.separator.encode()
    record = records.record(number)
    start = int(records.ends[number]) - len(record)
    # Where separators stand inside quotes, counting them does not tell the column.
    told = record.count(separator) == records.fields[number] - 1
    column = columns[records.data.count(separator, start, at)] if told else None
    where = place(table, path, line=int(records.lines[number]), column=column)
    return SourceError(f"{where}: the value is not UTF-8{_not_utf8_but(table, path, record)}")


def _not_utf8_but(table: SourceTable, path: Path, text: bytes) -> str:
    """What the text seems to be, and what to do; where other letters of the file are UTF-8, that it is damaged."""
    if has_letters_in_utf8(table, path):
        return (
            ", and other letters in the file are, so some bytes are damaged or in another encoding: correct them, or "
            "export the file again"
        )
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


def _blank_before_quote(table: SourceTable, record: bytes) -> bool:
    """Whether a field of the record begins with blanks and a quote."""
    dialect = Dialect.of(table.file_options)
    if dialect.quote is None:
        return False
    starts, ends = field_bounds(record, dialect)
    fields = (record[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True))
    return any(field[:1].isspace() and field.lstrip().startswith(dialect.quote) for field in fields)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
