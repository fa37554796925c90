"""Files that are not plain CSV are read as their table's options say, and recognised when the options do not say so."""

import gzip
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
    ],
)
def test_a_file_of_another_format_is_recognised(tmp_path, content, what):
    assert refusal(tmp_path, PLAYERS, content) == f"players.csv (table players): {what}"


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
IN_QUOTES = "a word such as NULL or no is a text only in quotes"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("seperator: ';'", ": there is no option 'seperator', did you mean 'separator'?"),
        ("1: ';'", ": there is no option '1': known are allow_empty, bare_quotes, decimal_comma, embedded_rows, "),
        ("separator: ';;'", f", option separator: {ONE_CHARACTER} ';;'"),
        ("separator: ''", f", option separator: {ONE_CHARACTER} ''"),
        ("separator: §", f", option separator: {ONE_CHARACTER} '§'"),
        (r'separator: "\n"', rf", option separator: {ONE_CHARACTER} '\n'"),
        (r"separator: \t", r', option separator: it is a backslash and a t; a tab is written "\t" in double quotes'),
        ("separator: 1", f", option separator: it should be a valid string, not 1; {IN_QUOTES}"),
        ("quote: ','", ": quote and separator are both ',': a character has one meaning"),
        ("escape: '\"'", ": escape and quote are both '\"': a character has one meaning"),
        (
            "encoding: utf-9",
            ", option encoding: 'utf-9' is no encoding; usual ones are utf-8, cp1252, ",
        ),
        ("encoding: base64", ", option encoding: 'base64' is no encoding"),
        ("encoding: ''", ", option encoding: '' is no encoding"),
        ("null_tokens: [NULL]", f", option null_tokens: it should be a valid string, not None; {IN_QUOTES}"),
        ("null_tokens: {a: 1}", ", option null_tokens: it should be "),
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
    ],
)
def test_mistakes_in_sources_yaml_are_named(tmp_path, content, message):
    (tmp_path / "sources.yaml").write_text(content)
    with pytest.raises(SourceError) as refused:
        take_in(PLAYERS, tmp_path, tmp_path / "staging")
    assert str(refused.value).startswith(f"{tmp_path}/sources.yaml{message}")


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
