"""The scan finds the records that Python's own strict reader finds, wherever the bytes are cut."""

import csv
import io
import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from transferroom_pipeline.sources import csv_scanner
from transferroom_pipeline.sources.csv_scanner import Dialect, LongRecordError, QuoteError, field_bounds, scan

PLAIN = Dialect(b",", b'"', None)
ESCAPED = Dialect(b",", b'"', b"\\")
UNQUOTED = Dialect(b",", None, None)

_TEXTS = st.text(alphabet='ab,"\n\r\\é', max_size=40)


def blocks(data: bytes, size: int):
    return (data[start : start + size] for start in range(0, len(data), size))


def scanned(data: bytes, dialect: Dialect, size: int):
    """Line and fields of each record, which are blank, and the fault that ended the scan."""
    found, blank, taken = [], [], b""
    try:
        for records in scan(blocks(data, size), dialect):
            assert records.ends[-1] == len(records.data)
            taken += records.data
            found += zip(records.lines.tolist(), records.fields.tolist(), strict=True)
            blank += records.blank.tolist()
    except QuoteError as fault:
        assert data.startswith(taken)
        return found, blank, fault
    assert taken in (data, data + b"\n"), "not a byte is lost"
    return found, blank, None


def read_by_python(text: str, dialect: Dialect):
    """The same of Python's reader."""
    reader = csv.reader(
        io.StringIO(text, newline=""),
        strict=True,
        quotechar=dialect.quote.decode() if dialect.quote else None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        escapechar=dialect.escape.decode() if dialect.escape else None,
    )
    found = []
    while True:
        line = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return found, False
        except csv.Error:
            return found, True
        found.append((line, max(len(values), 1)))


@pytest.mark.parametrize("dialect", [PLAIN, UNQUOTED], ids=["quotes", "no quotes"])
@given(text=_TEXTS, size=st.integers(1, 45))
@settings(max_examples=700, derandomize=True, deadline=None)
@example(text='a"b,"c""d"\r\n"e\r\nf",g\r', size=1)
@example(text='"a\r\n","b"\r\n"', size=4)
def test_records_lines_and_faults_are_those_of_pythons_reader(dialect, text, size):
    found, _, fault = scanned(text.encode(), dialect, size)
    expected, faulty = read_by_python(text, dialect)
    assert (found, fault is not None) == (expected, faulty)


@given(text=_TEXTS, size=st.integers(1, 45))
@settings(max_examples=500, derandomize=True, deadline=None)
def test_where_the_bytes_are_cut_makes_no_difference(text, size):
    for dialect in (PLAIN, ESCAPED, UNQUOTED):
        found, blank, fault = scanned(text.encode(), dialect, size)
        found_at_once, blank_at_once, fault_at_once = scanned(text.encode(), dialect, 1000)
        assert (found, blank) == (found_at_once, blank_at_once)
        assert vars(fault) == vars(fault_at_once) if fault else fault_at_once is None


@given(
    rows=st.lists(st.lists(st.text(alphabet='a,"\\\n ', max_size=6), min_size=2, max_size=4), max_size=8),
    size=st.integers(1, 45),
)
@settings(max_examples=300, derandomize=True, deadline=None)
def test_escaped_quotes_and_escapes_are_text(rows, size):
    sink = io.StringIO(newline="")
    csv.writer(sink, escapechar="\\", doublequote=False, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    found, _, fault = scanned(sink.getvalue().encode(), ESCAPED, size)
    assert (fault, [fields for _, fields in found]) == (None, [len(row) for row in rows])


@given(text=_TEXTS)
@settings(max_examples=500, derandomize=True, deadline=None)
def test_lines_are_counted_whether_or_not_they_are_escaped(text):
    data = text.encode()
    before = b""
    for records in scan([data], ESCAPED) if scanned(data, ESCAPED, 1000)[2] is None else []:
        for number, line in enumerate(records.lines.tolist()):
            assert line == len(re.split(b"\r\n|\r|\n", before))
            before += records.record(number)


def test_fields_are_bounded_by_what_is_neither_quoted_nor_escaped():
    data = b'a,"b,c"\r\n,\\,d\n5" x,\n'
    starts, ends = field_bounds(data, ESCAPED)
    fields = [data[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    assert fields == [b"a", b'"b,c"', b"", b"", b"\\,d", b'5" x', b""]


@pytest.mark.parametrize(
    ("text", "line", "closing_line"),
    [
        ('a,b\n1,"Ann,x\n2,Bob\n3,"Cid\n', 2, 4),
        ('a,b\n"x"y,2\n', 2, 2),
        ('a,b\n"x" ,2\n', 2, 2),
        ('a,b\n1,5"\n"q\nr"s,2\n', 3, 4),
        ('a,b\n1,"\n\n', 2, None),
        ('a,b\n1,""\n"', 3, None),
        ('"', 1, None),
        ('a"b\r\n\r\n"c\r\n', 3, None),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_fault_is_found_at_the_line_of_the_quote_that_opens(text, line, closing_line, size):
    _, _, fault = scanned(text.encode(), PLAIN, size)
    assert (fault.line, fault.closing_line) == (line, closing_line)


def test_a_closing_quote_after_a_backslash_is_told_apart():
    assert scanned(b'"Ann \\"x\\" O",1\n', PLAIN, 100)[2].after_backslash
    assert not scanned(b'"Ann \\"x\\" O"z,1\n', ESCAPED, 100)[2].after_backslash


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_records_of_separators_alone_are_blank(ending):
    text = ending.join(["", "a,", ",,,", '"",""', " ", ",", ""])
    assert scanned(text.encode(), PLAIN, 5)[1] == [True, False, True, False, False, True]


def test_a_record_that_does_not_end_is_not_held_in_memory(monkeypatch):
    monkeypatch.setattr(csv_scanner, "LONGEST_RECORD_BYTES", 100)
    with pytest.raises(LongRecordError) as refused:
        list(scan([b'a,b\n1,"x\n', *[b"y" * 60] * 5], PLAIN))
    assert refused.value.line == 2


def test_records_can_be_taken_apart():
    (records,) = scan([b'a\n"b\nc"\nd\n'], PLAIN)
    assert (records.spans_lines, records.record(1), records.record_at(2), records.record_at(9)) == (
        True,
        b'"b\nc"\n',
        1,
        2,
    )
    rest = records.after(2)
    assert (rest.data, rest.ends.tolist(), rest.lines.tolist(), rest.spans_lines) == (b"d\n", [2], [4], False)
    assert np.array_equal(records.after(0).ends, records.ends)
