"""Quotes that would join lines are refused with the line where they open; quotes that can be read one way are read."""

import re

import polars as pl
import pytest

from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.intake import take_in
from transferroom_pipeline_tests.sources.files_for_tests import NOTES, PLAYERS, rows, with_options, write_csv

HEADER = "note_id,author,text\n"


def take(tmp_path, content, table=NOTES):
    (tmp_path / f"{table.name}.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    return take_in(table, tmp_path, tmp_path / "staging")


def read(tmp_path, content, table=NOTES):
    return pl.read_parquet(take(tmp_path, content, table).accepted_path).rows()


def refusal(tmp_path, content, table=NOTES):
    with pytest.raises(SourceError) as refused:
        take(tmp_path, content, table)
    assert not list((tmp_path / "staging").glob("*")), "nothing is staged"
    return str(refused.value).removeprefix(f"{tmp_path}/")


def players(tmp_path, count):
    """The lines of a file of players."""
    return (
        write_csv(PLAYERS, tmp_path, rows(PLAYERS, *({"name": f"N{n}"} for n in range(count)))).read_text().split("\n")
    )


def test_two_stray_quotes_before_names_are_refused_where_the_first_one_opens(tmp_path):
    lines = players(tmp_path, 30)
    lines[10] = lines[10].replace(",N9,", ',"Ann,')
    lines[13] = lines[13].replace(",N12,", ',"Bob,')
    assert refusal(tmp_path, "\n".join(lines), PLAYERS) == (
        "players.csv (table players), line 11: the quote that opens here is closed on line 14 by one with text after "
        "it, so one of them is stray or not doubled: double quotes inside quoted values, or export the file again"
    )


def test_two_stray_quotes_that_leave_the_number_of_values_right_are_refused(tmp_path):
    lines = players(tmp_path, 30)
    lines[10] = lines[10].replace(",N9,", ',"N9,')
    lines[13] = lines[13].replace(",N12,", ',N12",')
    assert refusal(tmp_path, "\n".join(lines), PLAYERS) == (
        "players.csv (table players), line 11, column name: the quoted value goes over several lines that look like "
        "rows of their own, so a quote is stray or missing: correct it, or if the value is right, set `embedded_rows: "
        "allow` for the table in sources.yaml, or export the file again"
    )


def test_a_quoted_value_that_swallows_lines_with_a_wrong_number_of_values_is_refused_with_its_lines(tmp_path):
    content = HEADER + 'n1,"Ann,x\nn2,Bob,y\nn3,Cid,z"\nn4,Dee,w\n'
    assert refusal(tmp_path, content).startswith(
        "notes.csv (table notes), line 2: the row, from line 2 to line 4, has 2 values where the header names 3 columns"
    )


@pytest.mark.parametrize(
    "swallowing",
    [
        'n1,"Ann,x\nn2,Bob",y\n',  # two lines
        'n1,"Ann,x\nn2,Bob,y\nn3,Cid",z\n',  # with a whole one between them
        '"n1,Ann,x\nn2",Bob,y\n',  # from the first value
        'n1,Ann,"x\nn2,Bob,y"\n',  # to the last
        'n1,"Ann,x\r\nn2,Bob",y\r\n',
        'n1,"Ann,x\rn2,Bob",y\r',
        'n1,"Ann, a scout, says\nn2,Bob,y\nend",z\n',  # one whole line is enough
        'n1,"Ann,x\n,Bob",y\n',  # the second without its key
    ],
)
def test_lines_inside_a_value_that_would_be_rows_are_refused_unless_allowed(tmp_path, swallowing):
    assert "line 2, column" in refusal(tmp_path, HEADER + swallowing)
    assert len(read(tmp_path, HEADER + swallowing, with_options(NOTES, embedded_rows="allow"))) == 1


@pytest.mark.parametrize("key", ["P0002", "p0002", "", "2"])
@pytest.mark.parametrize("between", ["", ",N8,Forward,24,Spain,,1.50,2027-06-30,2026-06-30 12:00:00\n"])
def test_rows_joined_by_two_stray_quotes_are_refused_whatever_the_key_of_the_second_is(tmp_path, key, between):
    rest = ",Forward,24,Spain,,1.50,2027-06-30,2026-06-30 12:00:00\n"
    content = f'{",".join(PLAYERS.columns)}\nP0001,"N9{rest}{between}{key},N12"{rest}'
    assert "line 2, column name: the quoted value goes over several lines" in refusal(tmp_path, content, PLAYERS)
    assert read(tmp_path, content, with_options(PLAYERS, embedded_rows="allow"))[0][0] == "P0001"


def test_joined_rows_are_recognised_with_the_tokens_of_missing_values_in_them(tmp_path):
    table = with_options(PLAYERS, null_tokens=["-"])
    rest = ",Forward,-,Spain,,-,2027-06-30,2026-06-30 12:00:00\n"
    content = f'{",".join(PLAYERS.columns)}\nP0001,"N9{rest},N12"{rest}'
    assert "line 2, column name: the quoted value goes over several lines" in refusal(tmp_path, content, table)


def test_lines_with_values_that_no_row_can_have_are_no_rows(tmp_path):
    text = "N9,Forward,24,Spain,,1.50,2027-06-30,tomorrow\np0002,N12"
    content = f'{",".join(PLAYERS.columns)}\nP0001,"{text}",Forward,24,Spain,,1.50,2027-06-30,2026-06-30 12:00:00\n'
    assert read(tmp_path, content, PLAYERS)[0][1] == text


@pytest.mark.parametrize("text", ["one\ntwo", "one, two\nthree", "\n\n", ",\n", "\n,\n", "a,b,c\nd"])
def test_texts_with_line_breaks_that_are_no_rows_are_read(tmp_path, text):
    assert read(tmp_path, f'{HEADER}n1,"{text}",x\nn2,y,z\n') == [("n1", text, "x"), ("n2", "y", "z")]


def test_lines_swallowed_by_a_column_that_the_contract_does_not_name_are_found_as_well(tmp_path):
    content = 'note_id,author,text,new\nn1,a,b,"x\nn2,c,d,y"\nn3,e,f,z\n'
    assert "line 2, column new: the quoted value goes over several lines" in refusal(tmp_path, content)


def test_a_row_swallowed_by_the_header_is_refused(tmp_path):
    content = 'note_id,author,text,"new\nn1,a,b,x"\nn2,c,d,y\n'
    assert "line 1: the name of a column goes over several lines and has separators" in refusal(tmp_path, content)
    assert read(tmp_path, 'note_id,author,text,"new\none"\nn2,c,d,y\n') == [("n2", "c", "d")]


def test_a_file_that_ends_with_an_escape_is_refused(tmp_path):
    table = with_options(NOTES, escape="\\")
    assert "line 2: a quote is not closed before the end of the file, or the file ends with an escape" in refusal(
        tmp_path, HEADER + "n1,a,b\\", table
    )


@pytest.mark.parametrize("blocks", [1, 3, 1000])
def test_escaped_line_breaks_are_text_and_count_as_lines(tmp_path, monkeypatch, blocks):
    monkeypatch.setattr("transferroom_pipeline.sources.csv_file._BLOCK_BYTES", blocks)
    table = with_options(NOTES, escape="\\")
    for written, text in (("\\\n", "\n"), ("\\\r", "\r"), ('"\\\r\n"', "\r\n"), ('"\\\n\\\r\\\\\n"', "\n\r\\\n")):
        taken = take(tmp_path, f"{HEADER}n1,{written},a\nn2,b,c\nn2,d,e\n", table)
        assert pl.read_parquet(taken.accepted_path)["author"].to_list() == [text, "b"]
        lines = len(re.split("\r\n|\r|\n", text))
        assert [(s.line_number, s.rule) for s in taken.samples] == [(3 + lines, "unique_key")]


def test_a_quote_after_an_escaped_line_break_opens_no_value(tmp_path):
    table = with_options(NOTES, escape="\\")
    assert read(tmp_path, f'{HEADER}n1,a\\\n"b",c\n', table) == [("n1", 'a\n"b"', "c")]


def test_rows_joined_over_an_escaped_line_break_are_refused(tmp_path):
    table = with_options(NOTES, escape="\\")
    assert "line 2, column author: the quoted value goes over several lines" in refusal(
        tmp_path, f'{HEADER}n1,"Ann,x\\\nn2,Bob",y\n', table
    )


@pytest.mark.parametrize("blocks", [1, 3, 1000])
@pytest.mark.parametrize("line", [3, 4])
def test_an_escape_before_a_line_end_of_two_characters_is_refused(tmp_path, monkeypatch, blocks, line):
    monkeypatch.setattr("transferroom_pipeline.sources.csv_file._BLOCK_BYTES", blocks)
    table = with_options(NOTES, escape="\\")
    lines = ["note_id,author,text", r"n1,a,C:\\dir\\", "n2,b,c", "n3,d,e", ""]
    lines[line - 1] += "\\"
    assert refusal(tmp_path, "\r\n".join(lines), table) == (
        f"notes.csv (table notes), line {line}: an escape stands before the end of the line: double it, or leave the "
        "option `escape` out for the table in sources.yaml if it is text"
    )
    lines[line - 1] += "\\"
    assert len(read(tmp_path, "\r\n".join(lines), table)) == 3


def test_an_escape_before_the_end_of_the_header_is_refused(tmp_path):
    message = refusal(tmp_path, "note_id,author,text\\\r\nn1,a,b\r\n", with_options(NOTES, escape="\\"))
    assert "line 1: an escape stands before the end of the line" in message


def test_lines_without_anything_like_a_key_are_no_rows(tmp_path):
    lines = players(tmp_path, 2)
    text = "a,b,c,d,e,f,g,h,i\n" * 3
    lines[1] = lines[1].replace(",N0,", f',"{text}",')
    assert read(tmp_path, "\n".join(lines), PLAYERS)[0][1] == text


@pytest.mark.parametrize(("column", "value"), [("age", "24"), ("position", "Forward"), ("updated_at", "2026-06-30")])
def test_a_value_that_can_have_no_line_break_is_refused_when_it_goes_on_with_separators(tmp_path, column, value):
    write_csv(PLAYERS, tmp_path, rows(PLAYERS, {}, {column: f"{value}\nand, then"}))
    assert f"line 3, column {column}" in refusal(tmp_path, (tmp_path / "players.csv").read_bytes(), PLAYERS)


def test_a_value_that_can_have_no_line_break_and_has_one_is_rejected_with_its_row(tmp_path):
    write_csv(PLAYERS, tmp_path, rows(PLAYERS, {}, {"age": "24\n"}))
    taken = take_in(PLAYERS, tmp_path, tmp_path / "staging")
    assert [(s.line_number, s.column_name, s.rule, s.value) for s in taken.samples] == [(3, "age", "type", "24\n")]


@pytest.mark.parametrize("value", ['5" heel', 'a"b"c', 'x"', ' "x"', 'a""b'])
def test_a_quote_inside_an_unquoted_value_is_text(tmp_path, value):
    assert read(tmp_path, f"{HEADER}n1,{value},x\nn2,q,{value}\n") == [("n1", value, "x"), ("n2", "q", value)]


@pytest.mark.parametrize("blocks", [5, 1000])
@pytest.mark.parametrize("value", ['5" heel', 'a"b"c', 'x"', '- "x"'])
def test_a_quote_inside_an_unquoted_value_is_refused_where_others_are_quoted_unless_allowed(
    tmp_path, monkeypatch, value, blocks
):
    monkeypatch.setattr("transferroom_pipeline.sources.csv_file._BLOCK_BYTES", blocks)
    for content in (f'{HEADER}n1,"x, y",z\nn2,{value},q\nn3,a,b\n', f'{HEADER}n1,x,z\nn2,{value},q\nn3,"a",b\n'):
        assert refusal(tmp_path, content) == (
            "notes.csv (table notes), line 3: there is a quote inside an unquoted value, in a file that quotes others, "
            "so it is stray or another is missing: correct it, or if it is text, set `bare_quotes: allow` for the "
            "table in sources.yaml, or export the file again"
        )
        assert read(tmp_path, content, with_options(NOTES, bare_quotes="allow"))[1] == ("n2", value, "q")
        for staged in (tmp_path / "staging").iterdir():
            staged.unlink()


def test_stray_quotes_that_split_a_row_are_refused(tmp_path):
    content = f'{HEADER}n1,"Flo", a\nb, c",O\'N"eil\nn2,x,y\n'
    assert "line 3: there is a quote inside an unquoted value" in refusal(tmp_path, content)


@pytest.mark.parametrize("value", ['"x"y', '"x" ', '"x"""y"', '""x', '"x" "y"'])
def test_text_after_a_closing_quote_is_refused(tmp_path, value):
    assert "line 3: the quote that opens here is closed on the same line" in refusal(
        tmp_path, f"{HEADER}n1,a,b\nn2,{value},z\n"
    )


@pytest.mark.parametrize(("value", "text"), [('""', None), ('""""', '"'), ('"a""b"', 'a"b'), ('",\n"', ",\n")])
def test_closed_and_doubled_quotes_are_read(tmp_path, value, text):
    assert read(tmp_path, f"{HEADER}n1,{value},z\nn2,a,{value}\n") == [("n1", text, "z"), ("n2", "a", text)]


def test_quotes_escaped_by_backslashes_are_refused_with_the_option_that_reads_them(tmp_path):
    content = HEADER + r'n1,"Ann \"the rock\" O","a \\ b"' + "\n"
    assert refusal(tmp_path, content) == (
        "notes.csv (table notes), line 2: a quote stands after a backslash inside a quoted value, which seems to be "
        'escaped by it: set `escape: "\\\\"` for the table in sources.yaml, or export the file again'
    )
    (tmp_path / "sources.yaml").write_text('notes: {escape: "\\\\"}\n')
    assert read(tmp_path, content) == [("n1", 'Ann "the rock" O', r"a \ b")]


def test_a_backslash_at_the_end_of_a_value_is_text_where_it_is_no_escape(tmp_path):
    assert read(tmp_path, HEADER + 'n1,"C:\\dir\\","x"\nn2,\\,y\n') == [("n1", "C:\\dir\\", "x"), ("n2", "\\", "y")]


def test_without_quotes_every_quote_is_text(tmp_path):
    table = with_options(NOTES, quote=None, separator="|")
    assert read(tmp_path, 'note_id|author|text\n"n1|"a"b|c"\n', table) == [('"n1', '"a"b', 'c"')]


@pytest.mark.parametrize("blocks", [1, 2, 3, 5, 7, 64])
def test_line_ends_inside_quotes_are_kept_wherever_the_reader_cuts(tmp_path, monkeypatch, blocks):
    monkeypatch.setattr("transferroom_pipeline.sources.csv_file._BLOCK_BYTES", blocks)
    text = "a\r\nb\r\n\r\nc\rd\ne\r"
    content = f'{HEADER}n1,"{text}",x\r\nn2,y,"{text}"\r\n'
    assert read(tmp_path, content) == [("n1", text, "x"), ("n2", "y", text)]


def test_carriage_returns_alone_end_lines(tmp_path):
    taken = take(tmp_path, "note_id,author,text\rn1,a,b\rn1,c,d\r")
    assert [(s.line_number, s.rule) for s in taken.samples] == [(3, "unique_key")]


def test_a_nul_byte_in_the_header_is_refused_with_its_line(tmp_path):
    for options in ({}, {"new_columns": "load"}):
        message = refusal(tmp_path, f"\n{HEADER.strip()},a\0b\nn1,a,b,c\n", with_options(NOTES, **options))
        assert "line 2: the header has a NUL byte, which no text has" in message


@pytest.mark.parametrize("line", ["n2\0,a,b", "n2,\0,b"])
def test_a_nul_byte_is_refused_with_its_line(tmp_path, line):
    assert "line 3: there is a NUL byte" in refusal(tmp_path, f"{HEADER}n1,a,b\n{line}\n")


def test_a_second_byte_order_mark_is_refused_with_its_line(tmp_path):
    part = f"\ufeff{HEADER}n1,a,b\n"
    assert refusal(tmp_path, part + part) == (
        "notes.csv (table notes), line 3: the line begins with a byte order mark, so two files seem to have been "
        "joined: put them into a folder notes, or join them without it"
    )


def test_a_zero_width_no_break_space_inside_a_value_is_kept(tmp_path):
    assert read(tmp_path, f"{HEADER}n1,a\ufeff,\ufeffb\n") == [("n1", "a\ufeff", "\ufeffb")]


def test_a_row_longer_than_a_block_is_read(tmp_path):
    text = f"{'x, ' * 100}\n" * 30_000
    assert read(tmp_path, f'{HEADER}n1,"{text}",y\nn2,a,b\n') == [("n1", text, "y"), ("n2", "a", "b")]


def test_a_row_too_long_to_be_held_is_refused_with_its_line(tmp_path, monkeypatch):
    monkeypatch.setattr("transferroom_pipeline.sources.csv_scanner.LONGEST_RECORD_BYTES", 4 << 20)
    content = HEADER + "n1,a,b\n" + 'n2,"' + "x\n" * 10_000_000
    assert "line 3: the row that begins here has more than 64 MB: a quote is not closed" in refusal(tmp_path, content)


def test_blank_lines_and_lines_of_separators_are_no_rows_and_quoted_blanks_are(tmp_path):
    taken = take(tmp_path, HEADER + 'n1,a,b\n\n,,\n"","",""\n')
    assert (taken.rows, taken.without_values, [(s.line_number, s.rule) for s in taken.samples]) == (
        2,
        1,
        [(5, "not_null")],
    )
