"""Laws of CSV files: what was written is read, and no row goes missing in silence, whatever becomes of the bytes."""

import csv
import gzip
import io
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transferroom_pipeline.sources import csv_file
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.intake import take_in
from transferroom_pipeline_tests.sources.files_for_tests import NOTES, PLAYERS, rows, with_options, write_csv

_ANY_TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\ufeff") | st.sampled_from(',;"\n\r\\ é'), max_size=12
)


@st.composite
def written_files(draw):
    """Rows, the options of their file, and its bytes as Python's own writer makes them."""
    separator, quote = draw(st.sampled_from(",;\t|")), draw(st.sampled_from("\"'"))
    escape = draw(st.sampled_from([None, "\\"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]))
    count = draw(st.integers(1, 8))
    content = [(f"n{n}", *draw(st.tuples(_ANY_TEXT, _ANY_TEXT))) for n in range(count)]
    sink = io.StringIO(newline="")
    writer = csv.writer(
        sink,
        delimiter=separator,
        quotechar=quote,
        escapechar=escape,
        doublequote=escape is None,
        quoting=csv.QUOTE_ALL,  # the least quoting leaves a carriage return bare where lines end in line feeds
        lineterminator=draw(st.sampled_from(["\n", "\r\n", "\r"])),
    )
    writer.writerows([NOTES.columns, *content])
    text = sink.getvalue() if draw(st.booleans()) else sink.getvalue().rstrip("\r\n")
    options = {"separator": separator, "quote": quote, "escape": escape, "encoding": encoding}
    return content, options, text.encode(encoding)


@given(written=written_files(), block=st.integers(1, 60), compressed=st.booleans())
@settings(max_examples=100, derandomize=True, deadline=None)
def test_rows_written_are_the_rows_read_wherever_the_reader_cuts_the_file(written, block, compressed):
    content, options, data = written
    table = with_options(NOTES, **options, embedded_rows="allow")
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_file, "_BLOCK_BYTES", block)
        folder = Path(name)
        path = folder / ("notes.csv.gz" if compressed else "notes.csv")
        path.write_bytes(gzip.compress(data) if compressed else data)
        taken = take_in(table, folder, folder / "staging")
        read = pl.read_parquet(taken.accepted_path).rows()
    assert read == [(key, author or None, text or None) for key, author, text in content]
    assert (taken.rows, taken.accepted, taken.incomplete) == (len(content), len(content), ())


_GOOD = ",".join(PLAYERS.columns) + "\n" + "".join(
    f'P000{n},{name},Forward,24,"Spain",,1.50,2027-06-30,2026-06-30 12:00:00\n'
    for n, name in enumerate(["Ann", '"Bob, the rock"', "Cid", '"Dee ""D"" X"', "Eve", "Flo", "Gus"], 1)
)  # fmt: skip
_MARKS = st.sampled_from([b'"', b",", b"\n", b"\r", b"\\", b"x", b"\0", b"\xff", b"\xc3", b'"\n', b'","', b'"",', b""])
_CHANGES = st.lists(st.tuples(st.integers(0, len(_GOOD.encode())), st.integers(0, 3), _MARKS), min_size=1, max_size=4)


@given(changes=_CHANGES, block=st.integers(1, 900))
@settings(max_examples=250, derandomize=True, deadline=None)
def test_a_damaged_file_has_every_row_accounted_for_or_is_refused(changes, block):
    data = _GOOD.encode()
    for at, removed, inserted in changes:
        data = data[:at] + inserted + data[at + removed :]
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_file, "_BLOCK_BYTES", block)
        folder = Path(name)
        (folder / "players.csv").write_bytes(data)
        try:
            taken = take_in(PLAYERS, folder, folder / "staging")
        except SourceError as refused:
            fault = str(refused)
        else:
            fault = None
        if fault is not None:
            assert re.search(r"line \d+|missing|more than once", fault)
            return
        accepted, rejected = pl.read_parquet(taken.accepted_path), pl.read_parquet(taken.rejected_path)
    records = [values for values in csv.reader(io.StringIO(data.decode(), newline=""), strict=True) if any(values)]
    assert taken.rows == len(records) - 1 == accepted.height + rejected.height
    assert all(len(values) == len(PLAYERS.columns) for values in records)
    for value in (value for values in records for value in values):
        assert value.count(",") < len(PLAYERS.columns) - 1 or len(value.splitlines()) == 1, "no value is several rows"


@pytest.mark.parametrize("opening", range(1, 29))
@pytest.mark.parametrize("closing", [1, 2, 3])
def test_two_stray_quotes_never_join_lines_in_silence(tmp_path, opening, closing):
    """A quote before any field of one line, and after any field of a later one."""
    write_csv(PLAYERS, tmp_path, rows(PLAYERS, *({"name": f"N{n}"} for n in range(6))))
    path = tmp_path / "players.csv"
    lines = [line.split(",") for line in path.read_text().splitlines()]
    line, field = 1 + opening // 9 % 3, opening % 9
    for end in range(9):
        damaged = [list(values) for values in lines]
        damaged[line][field] = '"' + damaged[line][field]
        damaged[line + closing][end] += '"'
        path.write_text("\n".join(",".join(values) for values in damaged) + "\n")
        with pytest.raises(SourceError, match=f"line {line + 1}"):
            take_in(PLAYERS, tmp_path, tmp_path / "staging")
