"""Files that are not plain CSV are read as their table's options say, and recognised when the options do not say so."""

import bz2
import gzip
import lzma
from datetime import datetime
from decimal import Decimal

import polars as pl
import pytest
from pydantic import ValidationError

from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.file_options import FileOptions
from transferroom_pipeline.sources.intake import take_in
from transferroom_pipeline.sources.opening import open_sources, refuse_changed
from transferroom_pipeline.sources.options_file import with_declared_options
from transferroom_pipeline_tests.sources.files_for_tests import (
    NOTES,
    PLAYERS,
    rows,
    typed_frame,
    with_options,
    write_csv,
    write_parquet,
)

HEADER = ",".join(PLAYERS.columns) + "\n"
GOOD = "P0001,Müller,Forward,24,Spain,,1.50,2027-06-30,2026-06-30 12:00:00\n"
NOTES_HEADER = b"note_id,author,text\n"
SET_IT = "for the table in sources.yaml, or export the file again"


def read(tmp_path, table, content, name=None):
    (tmp_path / (name or f"{table.name}.csv")).write_bytes(content if isinstance(content, bytes) else content.encode())
    return pl.read_parquet(take_in(table, tmp_path, tmp_path / "staging").accepted_path).to_dicts()


def refusal(tmp_path, table, content, name=None):
    with pytest.raises(SourceError) as refused:
        read(tmp_path, table, content, name)
    return str(refused.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(("separator", "written"), [(";", '";"'), ("\t", r'"\t"'), ("|", '"|"')])
@pytest.mark.parametrize("quote", ["", '"'])
def test_another_separator_is_recognised_and_read_when_it_is_set(tmp_path, separator, written, quote):
    content = "".join(
        separator.join(f"{quote}{value}{quote}" for value in line.split(",")) + "\n"
        for line in (HEADER + GOOD).splitlines()
    )
    message = refusal(tmp_path, PLAYERS, content)
    assert message.startswith(f"players.csv (table players), line 1: the header has one column '{quote}player_id")
    assert message.endswith(f"the file seems to be separated by {separator!r}: set `separator: {written}` {SET_IT}")
    (tmp_path / "sources.yaml").write_text(f"players:\n  separator: {written}\n")
    assert read(tmp_path, PLAYERS, content)[0]["name"] == "Müller"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_another_encoding_is_recognised_and_read_when_it_is_set(tmp_path, encoding):
    content = (HEADER + GOOD).encode(encoding)
    assert refusal(tmp_path, PLAYERS, content).endswith(f"set `encoding: {encoding}` {SET_IT}")
    (tmp_path / "sources.yaml").write_text(f"players: {{encoding: {encoding}}}")
    assert read(tmp_path, PLAYERS, content)[0]["name"] == "Müller"


def test_a_file_that_is_not_in_the_encoding_that_is_set_is_refused_with_its_line(tmp_path):
    content = (HEADER + GOOD).encode() + GOOD.encode("latin-1")
    assert refusal(tmp_path, with_options(PLAYERS, encoding="ascii"), content).startswith(
        "players.csv (table players), line 2: the file is not ascii"
    )


def test_utf8_that_would_be_misread_in_an_older_encoding_is_refused(tmp_path):
    table = with_options(PLAYERS, encoding="cp1252")
    assert refusal(tmp_path, table, HEADER + GOOD) == (
        "players.csv (table players): the file is UTF-8, and letters other than ASCII would be misread as cp1252: "
        f"set `encoding: utf-8` {SET_IT}"
    )
    assert read(tmp_path, table, HEADER + GOOD.replace("Müller", "Muller"))[0]["name"] == "Muller"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (gzip.compress(b"x", mtime=0), "the file is gzip; call it .csv.gz"),
        (b"PAR1 and so on", "the file is Parquet; call it .parquet"),
        (b"PK\x03\x04 and so on", "the file is a ZIP archive or an Excel workbook; export it as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on", "the file is an Excel workbook; export it as CSV"),
        (bz2.compress(b"x"), "the file is compressed by bzip2; unpack it"),
        (lzma.compress(b"x"), "the file is compressed by xz; unpack it"),
        (b"\x28\xb5\x2f\xfd and so on", "the file is compressed by Zstandard; unpack it"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "latin-1", "utf-16-be"])
def test_a_file_of_another_format_is_recognised_whatever_encoding_is_set(tmp_path, content, what, encoding):
    table = with_options(PLAYERS, encoding=encoding)
    assert refusal(tmp_path, table, content) == f"players.csv (table players): {what}"


@pytest.mark.parametrize(
    ("encoding", "true"),
    [
        ("cp1252", "utf-8-sig"),
        ("latin-1", "utf-16"),
        ("utf-8", "utf-16"),
        ("utf-16-be", "utf-16"),
        ("utf-16-be", "utf-16-le"),
        ("utf-16", "utf-16-le"),
        ("utf-16", "utf-8-sig"),
        ("cp1252", "utf-32-be"),
        ("utf-16-le", "utf-32-le"),
    ],
)
def test_a_file_whose_first_bytes_tell_of_another_encoding_is_refused(tmp_path, encoding, true):
    named = true.removesuffix("-sig")
    assert refusal(tmp_path, with_options(PLAYERS, encoding=encoding), (HEADER + GOOD).encode(true)) == (
        f"players.csv (table players): the file seems to be {named.upper()}, not {encoding.upper()}: "
        f"set `encoding: {named}` {SET_IT}"
    )
    assert read(tmp_path, with_options(PLAYERS, encoding=true), (HEADER + GOOD).encode(true))[0]["name"] == "Müller"


@pytest.mark.parametrize("order", ["le", "be"])
def test_a_byte_order_mark_goes_with_the_encoding_of_that_order(tmp_path, order):
    content = f"\ufeff{HEADER}{GOOD}".encode(f"utf-16-{order}")
    for encoding in ("utf-16", f"utf-16-{order}"):
        assert read(tmp_path, with_options(PLAYERS, encoding=encoding), content)[0]["name"] == "Müller"


def test_utf8_with_a_damaged_byte_is_not_taken_for_another_encoding(tmp_path):
    content = NOTES_HEADER + b"n1,\xc3\xa9t\xc3\xa9,b\nn2,caf\xc3,b\n"
    assert refusal(tmp_path, NOTES, content) == (
        "notes.csv (table notes), line 3, column author: the value is not UTF-8, and other letters in the file are, so "
        "some bytes are damaged or in another encoding: correct them, or export the file again"
    )
    assert refusal(tmp_path, with_options(NOTES, encoding="cp1252"), content) == (
        "notes.csv (table notes): the file is UTF-8 but for some damaged bytes, and letters other than ASCII would be "
        f"misread as cp1252: set `encoding: utf-8` {SET_IT}"
    )
    assert "the header is not UTF-8, and other letters in the file are" in refusal(
        tmp_path, NOTES, NOTES_HEADER.replace(b"text", b"text,\xff") + content.removeprefix(NOTES_HEADER)
    )


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_utf8_whose_bytes_are_control_characters_in_an_older_encoding_is_taken_for_utf8(tmp_path, encoding):
    content = NOTES_HEADER + "n1,it\u2019s,b\n".encode()
    assert refusal(tmp_path, with_options(NOTES, encoding=encoding), content).endswith(
        "the file is UTF-8, and letters other than ASCII would be misread as "
        f"{encoding}: set `encoding: utf-8` {SET_IT}"
    )


def test_an_older_encoding_in_which_some_bytes_happen_to_be_utf8_is_read(tmp_path):
    texts = "été, CAFÉ”, où, naïve, façade".encode("cp1252").replace(b", ", b" ")
    assert read(tmp_path, with_options(NOTES, encoding="cp1252"), NOTES_HEADER + b"n1," + texts + b",x\n") == [
        {"note_id": "n1", "author": "été CAFÉ” où naïve façade", "text": "x"}
    ]


@pytest.mark.parametrize(("encoding", "windows"), [("latin-1", "1252"), ("iso8859-15", "1252"), ("iso8859-2", "1250")])
def test_control_characters_tell_of_the_encoding_of_windows(tmp_path, monkeypatch, encoding, windows):
    content = NOTES_HEADER + b"n1,a\xe9,b\nn2,it\x92s,b\n"
    for block in (5, 1000):
        monkeypatch.setattr("transferroom_pipeline.sources.csv_file._BLOCK_BYTES", block)
        assert refusal(tmp_path, with_options(NOTES, encoding=encoding), content) == (
            f"notes.csv (table notes), line 3: the byte 0x92 is a control character in {encoding}, so the file seems "
            f"to be Windows-{windows}: set `encoding: cp{windows}` {SET_IT}"
        )
    assert read(tmp_path, with_options(NOTES, encoding="cp1252"), content)[1]["author"] == "it\u2019s"


@pytest.mark.parametrize("block", [3, 7, 1000])
def test_a_fault_of_the_encoding_is_found_at_its_line_with_any_line_ends(tmp_path, monkeypatch, block):
    monkeypatch.setattr("transferroom_pipeline.sources.csv_file._BLOCK_BYTES", block)
    ascii_table = with_options(NOTES, encoding="ascii")
    content = b"note_id,author,text\rn1,a,b\r\nn2,a,b\nn3,a,b\r\nn4,\xff,b\n"
    assert "line 5: the file is not ascii" in refusal(tmp_path, ascii_table, content)
    for order, mark in (("be", b"\xfe\xff"), ("le", b"\xff\xfe")):
        text = (NOTES_HEADER.decode() + "n1,a,b\nn2,\u010a\u010d,b\nn3,").encode(f"utf-16-{order}")
        half = b"\xdc\x00" if order == "be" else b"\x00\xdc"
        damaged = mark + text + half + ",b\n".encode(f"utf-16-{order}")
        assert "line 4: the file is not utf-16" in refusal(tmp_path, with_options(NOTES, encoding="utf-16"), damaged)


def test_a_compressed_file_is_read_as_the_plain_one(tmp_path):
    compressed = gzip.compress((HEADER + GOOD).encode())
    assert read(tmp_path, PLAYERS, compressed, "players.csv.gz")[0]["name"] == "Müller"
    joined = compressed + gzip.compress(GOOD.replace("P0001", "P0002").encode())
    assert len(read(tmp_path, PLAYERS, joined, "players.csv.gz")) == 2


def test_a_compressed_file_that_is_cut_off_damaged_or_none_is_refused(tmp_path):
    content = gzip.compress((HEADER + GOOD * 2000).encode())
    name = "players.csv.gz"
    assert "the compressed file is cut off" in refusal(tmp_path, PLAYERS, content[:-1], name)
    assert "the compressed file is cut off" in refusal(tmp_path, PLAYERS, content[:50], name)
    assert "is not gzip" in refusal(tmp_path, PLAYERS, HEADER + GOOD, name)
    assert "is not gzip, or ends in something else" in refusal(tmp_path, PLAYERS, content + b"more", name)
    wrong_sum = content[:-8] + bytes([content[-8] ^ 0xFF]) + content[-7:]
    assert "the compressed file is damaged (CRC check failed" in refusal(tmp_path, PLAYERS, wrong_sum, name)
    assert refusal(tmp_path, PLAYERS, gzip.compress(content), name).endswith(
        "the file is compressed twice; unpack it once"
    )
    damaged = content[:40] + bytes([content[40] ^ 0xFF]) + content[41:]
    assert "players.csv.gz (table players)" in refusal(tmp_path, PLAYERS, damaged, name)
    assert "the file is empty" in refusal(tmp_path, PLAYERS, gzip.compress(b""), name)


def test_null_tokens_mean_missing_where_they_are_not_quoted(tmp_path):
    table = with_options(NOTES, null_tokens=["NULL", "-"])
    content = 'note_id,author,text\nn1,NULL,-\nn2,"NULL",null\nn3,,"-"\nNULL,x,y\n'
    assert [tuple(row.values()) for row in read(tmp_path, table, content)] == [
        ("n1", None, None),
        ("n2", "NULL", "null"),
        ("n3", None, "-"),
    ]
    taken = take_in(table, tmp_path, tmp_path / "staging")
    assert [(s.line_number, s.rule, s.value) for s in taken.samples] == [(5, "not_null", None)]


@pytest.mark.parametrize("blocks", [1, 4, 1000])
def test_null_tokens_are_compared_as_they_stand_in_the_file_before_escapes(tmp_path, monkeypatch, blocks):
    monkeypatch.setattr("transferroom_pipeline.sources.csv_file._BLOCK_BYTES", blocks)
    table = with_options(NOTES, escape="\\", null_tokens=[r"\N", "NULL", "é"])
    lines = [
        r"n1,\N,x",
        r'n2,"\\N",\N',
        r"n3,NULL,N",
        r"n4,\\N,\\\\N",
        r"n5,a\,\,b,é",
        r'n6,"a,\\N,b","NULL"',
        "n7,a\\\nb,\\N",
    ]
    for ending in ("\n", "\r\n"):
        content = NOTES_HEADER.decode() + ending.join(lines)
        assert [tuple(row.values()) for row in read(tmp_path, table, content)] == [
            ("n1", None, "x"),
            ("n2", r"\N", None),
            ("n3", None, "N"),
            ("n4", r"\N", r"\\N"),
            ("n5", "a,,b", None),
            ("n6", r"a,\N,b", "NULL"),
            ("n7", "a\nb", None),
        ]


def test_what_databases_write_for_a_missing_value_is_refused_when_it_would_be_read_as_a_letter(tmp_path):
    content = NOTES_HEADER + rb"n1,\\N,x" + b"\n" + rb"n2,a,\N" + b"\n"
    assert refusal(tmp_path, with_options(NOTES, escape="\\"), content) == (
        r"notes.csv (table notes), line 3: \N is what databases write for a missing value: "
        rf"set `null_tokens: ['\N']` {SET_IT}"
    )
    assert read(tmp_path, NOTES, content)[1]["text"] == r"\N"


@pytest.mark.parametrize("value", [r"a\nb", r'"a\nb"', r"\t", r"\\\0", r"x\N", r"\é\x41"])
def test_an_escape_before_a_letter_is_refused_since_writers_mean_something_else_by_it(tmp_path, value):
    table = with_options(NOTES, escape="\\", null_tokens=[r"\N"])
    message = refusal(tmp_path, table, NOTES_HEADER.decode() + rf"n1,\N,{value}" + "\n")
    assert "notes.csv (table notes), line 2: \\" in message
    assert "writers mean something else by it, such as a line end by an escaped n" in message


def test_null_tokens_are_found_beside_quotes_that_are_text(tmp_path):
    table = with_options(NOTES, null_tokens=["-", 'x"'])
    assert [tuple(row.values()) for row in read(tmp_path, table, NOTES_HEADER + b'n1,-,5" heel\nn2,x",-\n')] == [
        ("n1", None, '5" heel'),
        ("n2", None, None),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,5", "1.50"),
        ("-0,5", None),
        ("12", "12.00"),
        ("1.5", None),
        ("1.234,50", None),
        ("1 234,5", None),
        ("1,555", None),
    ],
)
def test_a_decimal_comma_is_read_and_a_point_is_none(tmp_path, text, value):
    table = with_options(PLAYERS, decimal_comma=True, separator=";")
    content = ";".join(PLAYERS.columns) + f"\nP0001;x, y. z;Forward;24;;;{text};2027-06-30;2026-06-30 12:00:00.5\n"
    expected = [] if value is None else [(Decimal(value), "x, y. z", datetime.fromisoformat("2026-06-30 12:00:00.5"))]
    found = read(tmp_path, table, content)
    assert [(row["market_value_millions"], row["name"], row["updated_at"]) for row in found] == expected


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_header_names_are_those_of_the_contract_in_any_case_if_so_set(tmp_path, file_format):
    capitals = typed_frame(PLAYERS, rows(PLAYERS, {})).rename(str.upper)
    if file_format == "csv":
        capitals.with_columns(pl.col("UPDATED_AT").dt.strftime("%Y-%m-%d %H:%M:%S")).write_csv(tmp_path / "players.csv")
    else:
        write_parquet(PLAYERS, tmp_path, capitals)
    with pytest.raises(
        SourceError, match=r"the names differ in capitals and small letters: set `ignore_header_case: true`"
    ):
        take_in(PLAYERS, tmp_path, tmp_path / "staging")
    taken = take_in(with_options(PLAYERS, ignore_header_case=True), tmp_path, tmp_path / "staging")
    assert pl.read_parquet(taken.accepted_path).equals(typed_frame(PLAYERS, rows(PLAYERS, {})))


@pytest.mark.parametrize(
    ("header", "way_out"),
    [
        (
            "note_id, author,text ",
            "the names have blanks or byte order marks around them: export the file again without",
        ),
        ("\ufeff\ufeffnote_id,author,text", "the names have blanks or byte order marks around them"),
        ('"note_id", "author", "text"', "the names have blanks before their quotes: export the file again without"),
        ("'note_id','author','text'", 'the names have quotes around them: set `quote: "\'"` for'),
    ],
)
def test_names_with_something_around_them_are_shown_with_it(tmp_path, header, way_out):
    message = refusal(tmp_path, NOTES, f"{header}\nn1,a,b\n")
    assert "missing, the file has" in message
    assert way_out in message


def test_blanks_around_names_are_seen_in_the_message(tmp_path):
    message = refusal(tmp_path, NOTES, "note_id, author,text \nn1,a,b\n")
    assert "columns author, text are missing, the file has note_id, ' author', 'text ': the names" in message


def test_quoted_names_are_recognised_where_no_quotes_are_set(tmp_path):
    table = with_options(NOTES, quote=None)
    assert "the names have quotes around them: set `quote: '\"'` for" in refusal(
        tmp_path, table, '"note_id","author","text"\nn1,a,b\n'
    )


@pytest.mark.parametrize(("separator", "own"), [(";", ","), (",", ","), ("\t", ",")])
def test_a_line_that_tells_excel_of_the_separator_is_refused_with_what_to_set(tmp_path, separator, own):
    content = f"sep={separator}\n" + NOTES_HEADER.decode().replace(",", separator) + f"n1{separator}a{separator}b\n"
    message = refusal(tmp_path, with_options(NOTES, separator=own), content)
    assert message.startswith(
        f"notes.csv (table notes), line 1: the line {f'sep={separator}'!r} is meant for Excel and no header: remove it"
    )
    written = r"\t" if separator == "\t" else separator
    assert message.endswith("remove it" if separator == own else f'set `separator: "{written}"` {SET_IT}')


@pytest.mark.parametrize("separator", ["||", "~|~", "::"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_separator_of_several_characters_is_recognised(tmp_path, separator, quote):
    content = "".join(
        separator.join(f"{quote}{value}{quote}" for value in line) + "\n" for line in (NOTES.columns, ("n1", "a", "b"))
    )
    assert refusal(tmp_path, NOTES, content).endswith(
        f"the file seems to be separated by {separator!r}, and separators of several characters cannot be read: "
        "export it with another"
    )


def test_a_blank_before_a_quote_is_named(tmp_path):
    named = (
        "a blank stands between a separator and the quote after it, so the quote is taken for text: export the file "
        "again without blanks after separators"
    )
    assert refusal(tmp_path, NOTES, NOTES_HEADER + b'"n1", "a", "b"\n') == f"notes.csv (table notes), line 2: {named}"
    assert refusal(tmp_path, NOTES, NOTES_HEADER + b'"n1", "a, x", "b"\n') == (
        "notes.csv (table notes), line 2: the row has 4 values where the header names 3 columns: " + named
    )


def test_a_blank_before_a_quote_inside_quotes_is_text(tmp_path):
    content = NOTES_HEADER + b'"n1, ""x""",5" heel,b\n'
    assert "there is a quote inside an unquoted value" in refusal(tmp_path, NOTES, content)


def test_a_row_of_one_value_is_counted_in_the_singular(tmp_path):
    assert "line 2: the row has 1 value where the header names 3 columns" in refusal(
        tmp_path, NOTES, NOTES_HEADER + b"n1\n"
    )


def test_two_columns_that_differ_in_case_are_one_too_many(tmp_path):
    table = with_options(PLAYERS, ignore_header_case=True)
    content = HEADER.replace("\n", ",AGE\n") + GOOD.replace("\n", ",25\n")
    assert "column age is there more than once" in refusal(tmp_path, table, content)
    assert len(read(tmp_path, PLAYERS, content)) == 1


@pytest.mark.parametrize("name", ["players.csv", "players.parquet"])
def test_a_table_may_be_empty_if_so_set(tmp_path, name):
    if name.endswith(".csv"):
        (tmp_path / name).write_text(HEADER)
    else:
        write_parquet(PLAYERS, tmp_path, typed_frame(PLAYERS, []))
    taken = take_in(with_options(PLAYERS, allow_empty=True), tmp_path, tmp_path / "staging")
    assert (taken.rows, taken.accepted, taken.rejected_share, taken.incomplete) == (0, 0, 0.0, ())
    assert pl.read_parquet(taken.accepted_path).schema == pl.Schema(PLAYERS.dtypes)


def test_a_file_without_a_header_is_no_empty_table(tmp_path):
    assert "the file is empty" in refusal(tmp_path, with_options(PLAYERS, allow_empty=True), "\n")


def test_options_of_sources_yaml_go_before_those_of_the_contract(tmp_path):
    (tmp_path / "sources.yaml").write_text("notes:\n  separator: '|'\n")
    (declared,) = with_declared_options([with_options(NOTES, separator=";", encoding="cp1252")], tmp_path)
    assert (declared.file_options.separator, declared.file_options.encoding, declared.file_options.quote) == (
        "|",
        "cp1252",
        '"',
    )


@pytest.mark.parametrize("content", ["", "# nothing\n", "{}", "clubs: {separator: ';'}"])
def test_a_table_that_sources_yaml_does_not_name_keeps_its_options(tmp_path, content):
    (tmp_path / "sources.yaml").write_text(content)
    assert with_declared_options([PLAYERS], tmp_path) == (PLAYERS,)


ONE_CHARACTER = "it must be one ASCII character and no line break, not"
IN_QUOTES = "null, true, false, numbers and dates are texts only in quotes"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("seperator: ';'", ": there is no option 'seperator', did you mean 'separator'?"),
        ("1: ';'", ": there is no option '1': known are allow_empty, bare_quotes, decimal_comma, embedded_rows, "),
        (
            "separator: '||'",
            f", option separator: {ONE_CHARACTER} '||'; separators of several characters cannot be read",
        ),
        ("quote: ''", f", option quote: {ONE_CHARACTER} ''; where there are no quotes it is null"),
        ("quote: none", f", option quote: {ONE_CHARACTER} 'none'; where there are no quotes it is null"),
        ("escape: ''", f", option escape: {ONE_CHARACTER} ''; where there is no escape it is null"),
        ("null_tokens: ['a,b']", ": null_tokens: no value without quotes is 'a,b', with a separator or line break"),
        (r'null_tokens: ["a\n"]', r": null_tokens: no value without quotes is 'a\n', with a separator or line break"),
        ("null_tokens: ['\"\"']", ": null_tokens: no value without quotes is '\"\"', which begins with the quote"),
        (r"{null_tokens: ['N\'], escape: '\'}", r": null_tokens: no value is 'N\\', which ends with the escape"),
        (f"quote: [{'x, ' * 5000}]", ", option quote: it should be a text, not ['x', 'x', 'x', 'x', 'x', 'x', ...]; "),
        ("files: 1", ", option files: it should be a text or a list of texts, not 1"),
        (
            f"files: {'x' * 256}",
            f", option files: the pattern that begins with '{'x' * 40}' is longer than the path of",
        ),
        (f"files: {'a/' * 3000}*.csv", ", option files: the pattern that begins with 'a/a/a/a/a"),
        (f"files: {'a/' * 101}*.csv", ", option files: the pattern that begins with 'a/a/a/a/a"),
        (r'files: "a\0b"', r", option files: 'a\x00b' does not lead to files below the source folder"),
        ("separator: ''", f", option separator: {ONE_CHARACTER} ''"),
        ("separator: §", f", option separator: {ONE_CHARACTER} '§'"),
        (r'separator: "\n"', rf", option separator: {ONE_CHARACTER} '\n'"),
        (r"separator: \t", r', option separator: it is a backslash and a t; a tab is written "\t" in double quotes'),
        ("separator: 1", f", option separator: it should be a text, not 1; {IN_QUOTES}"),
        ("quote: ','", ": quote and separator are both ',': a character has one meaning"),
        ("escape: '\"'", ": escape and quote are both '\"': a character has one meaning"),
        (
            "encoding: utf-9",
            ", option encoding: 'utf-9' is no encoding; usual ones are utf-8, cp1252, ",
        ),
        ("encoding: base64", ", option encoding: 'base64' is no encoding"),
        ("encoding: ''", ", option encoding: '' is no encoding"),
        ("null_tokens: [NULL]", f", option null_tokens: it should be a text, not None; {IN_QUOTES}"),
        ("null_tokens: {a: 1}", ", option null_tokens: it should be a text or a list of texts, not {'a': 1}"),
        ("allow_empty: 'yes'", ", option allow_empty: it should be a valid boolean, not 'yes'"),
        ("new_columns: keep", ", option new_columns: it should be 'ignore', 'load' or 'refuse', not 'keep'"),
        ("files: ../x.csv", ", option files: '../x.csv' does not lead to files below the source folder"),
        ("files: /x.csv", ", option files: '/x.csv' does not lead to files below the source folder"),
        ("files: in/**/x.csv", ", option files: 'in/**/x.csv' has a **: name the folder, which is read with its subf"),
        ("files: ''", ", option files: '' does not lead to files below the source folder"),
    ],
)
def test_mistakes_in_the_options_of_a_table_are_named_whatever_table_is_loaded(tmp_path, options, message):
    (tmp_path / "sources.yaml").write_text(f"clubs:\n  {options}\n")
    with pytest.raises(SourceError) as refused:
        take_in(PLAYERS, tmp_path, tmp_path / "staging")
    assert str(refused.value).startswith(f"{tmp_path}/sources.yaml, table clubs{message}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("player: {}", ": there is no source table 'player', did you mean 'players'?"),
        ("xyz: {}", ": there is no source table 'xyz': known are clubs, players, transfers"),
        ("1: {}", ": there is no source table '1': known are clubs, players, transfers"),
        ("players: x", ', table players: its options must be a mapping, such as `separator: ";"`'),
        ("players:", ', table players: its options must be a mapping, such as `separator: ";"`'),
        ("- players", ": it must be a mapping from names of source tables to options of their files"),
        ("players: {escape: '|', escape: '^'}", " cannot be read: 'escape' is written twice in"),
        ("players: [", " cannot be read: while parsing a flow"),
        ("? [players]\n: {}", " cannot be read: while constructing a mapping"),
        (
            "players: {separator: 2026-02-30}",
            ", table players, option separator: it must be one ASCII character and no line break, not '2026-02-30'",
        ),
        ("players: !!python/object:x {}", " cannot be read: could not determine a constructor"),
        ("? 2026-01-01\n: {}", ": there is no source table '2026-01-01'"),
        ("players: {allow_empty: !!bool x}", " cannot be read: the value is no bool in"),
        ("players: {allow_empty: !!timestamp x}", " cannot be read: the value is no timestamp in"),
        ("players: {allow_empty: !!int x}", " cannot be read: the value is no int in"),
        ("players: {allow_empty: !!int ''}", " cannot be read: the value is no int in"),
        ("[" * 2000, " cannot be read: its mappings or lists are nested too deeply"),
        (
            "clubs: &a {separator: ';'}\nplayers: {<<: *a, <<: *a}",
            " cannot be read: '<<' is written twice in",
        ),
        ("players: {<<: {quote: a, quote: b}}", " cannot be read: 'quote' is written twice in"),
    ],
)
def test_mistakes_in_sources_yaml_are_named(tmp_path, content, message):
    (tmp_path / "sources.yaml").write_text(content)
    with pytest.raises(SourceError) as refused:
        take_in(PLAYERS, tmp_path, tmp_path / "staging")
    assert str(refused.value).startswith(f"{tmp_path}/sources.yaml{message}")


def test_a_mapping_may_take_over_options_of_another_and_overrule_them(tmp_path):
    (tmp_path / "sources.yaml").write_text(
        "clubs: &plain {separator: ';', encoding: cp1252}\n"
        "transfers: &more {<<: *plain, separator: '|'}\n"
        "players: {<<: [*more, *plain], encoding: utf-16}\n"
    )
    (declared,) = with_declared_options([PLAYERS], tmp_path)
    assert (declared.file_options.separator, declared.file_options.encoding) == ("|", "utf-16")


def test_options_are_judged_with_those_of_the_contract(tmp_path):
    (tmp_path / "sources.yaml").write_text('notes: {quote: ","}')
    (declared,) = with_declared_options([with_options(NOTES, separator=";")], tmp_path)
    assert declared.file_options.quote == ","
    with pytest.raises(SourceError, match=r"quote and separator are both ','"):
        with_declared_options([NOTES], tmp_path)


def test_a_sources_yaml_that_is_a_link_to_nothing_is_not_passed_over(tmp_path):
    (tmp_path / "sources.yaml").symlink_to(tmp_path / "gone.yaml")
    with pytest.raises(SourceError, match=r"sources.yaml cannot be read"):
        take_in(PLAYERS, tmp_path, tmp_path / "staging")


def test_options_in_a_file_of_another_ending_are_not_passed_over(tmp_path):
    (tmp_path / "sources.yml").write_text("players: {separator: ';'}")
    with pytest.raises(SourceError, match=r"sources.yml is not read: call it sources.yaml"):
        take_in(PLAYERS, tmp_path, tmp_path / "staging")


def test_a_sources_yaml_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "sources.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SourceError, match=r"sources.yaml cannot be read"):
        take_in(PLAYERS, tmp_path, tmp_path / "staging")
    (tmp_path / "sources.yaml").unlink()
    (tmp_path / "sources.yaml").mkdir()
    with pytest.raises(SourceError, match=r"sources.yaml cannot be read"):
        take_in(PLAYERS, tmp_path, tmp_path / "staging")


def test_options_in_code_are_validated_as_well():
    with pytest.raises(ValidationError, match="separator"):
        FileOptions(separator="ab")


def test_a_folder_called_like_a_file_is_refused(tmp_path):
    (tmp_path / "players.csv").mkdir()
    with pytest.raises(SourceError, match=r"is a folder, not a file: put a file there, or call the folder players"):
        take_in(PLAYERS, tmp_path, tmp_path / "staging")


def test_a_link_to_a_file_that_is_gone_is_refused(tmp_path):
    (tmp_path / "players.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(SourceError, match=r"players.csv \(table players\) is a link to .*gone.csv, which is not there"):
        take_in(PLAYERS, tmp_path, tmp_path / "staging")


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "players.csv").symlink_to("/proc/self/mem")  # whose first bytes nobody may read, root included
    with pytest.raises(SourceError, match=r"players.csv \(table players\)"):
        take_in(PLAYERS, tmp_path, tmp_path / "staging")


def test_a_file_that_is_written_while_it_is_read_is_refused(tmp_path):
    path = write_csv(PLAYERS, tmp_path, rows(PLAYERS, {}, {}))
    sources = open_sources(PLAYERS, tmp_path)
    refuse_changed(sources)
    path.write_text(path.read_text().replace("P0001", "P0009"))
    with pytest.raises(SourceError, match=r"the file was changed while it was read: run again once it is complete"):
        refuse_changed(sources)
    path.unlink()
    with pytest.raises(SourceError, match=r"the file cannot be read \(No such file or directory\)"):
        refuse_changed(sources)


def test_a_file_that_changes_between_counting_and_reading_is_refused(tmp_path):
    path = write_csv(PLAYERS, tmp_path, rows(PLAYERS, {}, {}, {}))
    (source,) = open_sources(PLAYERS, tmp_path)
    assert source.count_rows() == (3, 0)
    path.write_text(path.read_text().replace("\n", " ", 2))
    with pytest.raises(SourceError, match=r"line 2: the 3 rows from here on .* the file was changed while it was read"):
        list(source.batches())
