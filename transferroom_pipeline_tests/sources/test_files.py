"""What happens to source files that cannot be read: one sentence that says where and what to do."""

import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.files import find_files
from transferroom_pipeline.sources.intake import take_in
from transferroom_pipeline.sources.opening import open_sources
from transferroom_pipeline_tests.sources.files_for_tests import PLAYERS, rows, typed_frame, write_csv, write_parquet

HEADER = ",".join(PLAYERS.columns) + "\n"
GOOD = "P0001,Müller,Forward,24,Spain,,1.50,2027-06-30,2026-06-30 12:00:00\n"
EXPORT_AGAIN = "export the table again"


def refusal(tmp_path: Path) -> str:
    """The message with which the players in a directory are refused, without the directory."""
    with pytest.raises(SourceError) as refused:
        take_in(PLAYERS, tmp_path, tmp_path / "staging")
    assert not list((tmp_path / "staging").glob("*")), "nothing is staged"
    return str(refused.value).replace(f"{tmp_path}/", "")


def write(tmp_path: Path, content: str | bytes, name: str = "players.csv") -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(SourceError) as refused:
        find_files(PLAYERS, tmp_path / "nowhere")
    assert str(refused.value) == (
        f"source directory {tmp_path}/nowhere for table players does not exist: "
        "check the path, or make sample files with `transferroom sample-data --out data/sample`"
    )


def test_a_missing_file_is_named_with_the_names_it_may_have(tmp_path):
    with pytest.raises(SourceError) as refused:
        find_files(PLAYERS, tmp_path)
    assert str(refused.value) == (
        f"table players has no file in {tmp_path}: "
        "put players.csv, players.csv.gz, players.parquet or a folder players there"
    )


def test_two_files_of_one_table_are_refused(tmp_path):
    write(tmp_path, HEADER + GOOD)
    write(tmp_path, b"", "players.parquet")
    with pytest.raises(SourceError) as refused:
        find_files(PLAYERS, tmp_path)
    assert str(refused.value) == (
        f"table players has 2 files in {tmp_path}: keep only one of players.csv and players.parquet"
    )


def test_missing_columns_are_named(tmp_path):
    write(tmp_path, "player_id,name\nP0001,x\n")
    assert refusal(tmp_path) == (
        "players.csv (table players): columns position, age, nationality, current_club, market_value_millions, "
        "contract_end_date, updated_at are missing, the file has player_id, name: "
        "export the table again with every column of its contract"
    )


def test_a_missing_column_of_a_parquet_file_is_named(tmp_path):
    write_parquet(PLAYERS, tmp_path, typed_frame(PLAYERS, rows(PLAYERS, {})).drop("age"))
    assert refusal(tmp_path).startswith("players.parquet (table players): column age is missing, the file has player_")


def test_a_column_there_twice_is_named(tmp_path):
    write(tmp_path, HEADER.replace("\n", ",age\n") + GOOD.replace("\n", ",25\n"))
    assert refusal(tmp_path) == (
        "players.csv (table players): column age is there more than once: export the table again with each column once"
    )


def test_columns_that_are_not_loaded_may_have_no_name_or_the_same(tmp_path):
    write(tmp_path, HEADER.replace("\n", ",x,,x,\n") + GOOD.replace("24", "99").replace("\n", ",1,2,3,\n"))
    taken = take_in(PLAYERS, tmp_path, tmp_path / "staging")
    assert taken.new_columns == ("x", "(column 11)", "x (column 12)", "(column 13)")
    raw = json.loads(pl.read_parquet(taken.rejected_path)["raw_row"][0])
    assert list(raw.items())[-4:] == [("x", "1"), ("(column 11)", "2"), ("x (column 12)", "3"), ("(column 13)", None)]


def test_names_given_to_columns_without_one_are_not_those_of_others(tmp_path):
    write(tmp_path, HEADER.replace("\n", ",,(column 10),(column 10)\n") + GOOD.replace("\n", ",1,2,3\n"))
    assert take_in(PLAYERS, tmp_path, tmp_path / "staging").new_columns == (
        "(column 10)*",
        "(column 10)",
        "(column 10) (column 12)",
    )


def test_a_parquet_file_with_one_name_twice_is_refused(tmp_path):
    good = typed_frame(PLAYERS, rows(PLAYERS, {})).to_arrow()
    pq.write_table(
        good.append_column("x", pa.array([1])).append_column("x", pa.array([2])), tmp_path / "players.parquet"
    )
    assert "column x is there more than once" in refusal(tmp_path)


def test_a_parquet_column_without_a_name_is_called_by_its_place(tmp_path):
    good = typed_frame(PLAYERS, rows(PLAYERS, {"age": 99})).to_arrow()
    pq.write_table(good.append_column("", pa.array([7])), tmp_path / "players.parquet")
    taken = take_in(PLAYERS, tmp_path, tmp_path / "staging")
    assert json.loads(pl.read_parquet(taken.rejected_path)["raw_row"][0])["(column 10)"] == "7"


def test_a_parquet_column_with_a_nul_in_its_name_is_refused(tmp_path):
    good = typed_frame(PLAYERS, rows(PLAYERS, {})).to_arrow()
    pq.write_table(good.append_column("a\0b", pa.array([7])), tmp_path / "players.parquet")
    assert r"the name 'a\x00b' of a column has a NUL" in refusal(tmp_path)


def test_a_file_of_one_long_line_is_refused_in_a_short_message(tmp_path):
    write(tmp_path, ",".join(f'{{"n{n}":"{"x" * 100}"}}' for n in range(20_000)))
    message = refusal(tmp_path)
    assert "and 19,980 more" in message
    assert len(message) < 2000


@pytest.mark.parametrize("name", ["players.csv", "players.parquet"])
def test_a_file_without_bytes_is_empty(tmp_path, name):
    write(tmp_path, b"", name)
    assert refusal(tmp_path) == f"{name} (table players): the file is empty: {EXPORT_AGAIN}"


def test_a_file_of_blank_lines_is_empty(tmp_path):
    write(tmp_path, "\ufeff\n\n")
    assert refusal(tmp_path) == f"players.csv (table players): the file is empty: {EXPORT_AGAIN}"


@pytest.mark.parametrize("rest", ["", "\n", "\n\r\n\n", ",,,,,,,,\n"])
def test_a_csv_file_without_rows_is_refused(tmp_path, rest):
    write(tmp_path, HEADER + rest)
    assert refusal(tmp_path) == f"players.csv (table players): the file has no rows: {EXPORT_AGAIN}"


def test_a_header_without_line_break_has_no_rows(tmp_path):
    write(tmp_path, HEADER.strip())
    assert refusal(tmp_path) == f"players.csv (table players): the file has no rows: {EXPORT_AGAIN}"


def test_a_parquet_file_without_rows_is_refused(tmp_path):
    write_parquet(PLAYERS, tmp_path, typed_frame(PLAYERS, []))
    assert refusal(tmp_path) == f"players.parquet (table players): the file has no rows: {EXPORT_AGAIN}"


@pytest.mark.parametrize(("ragged", "values"), [("P0002,x,Forward\n", 3), (GOOD.replace("\n", ",\n"), 10)])
def test_a_row_of_another_width_is_found_behind_quoted_line_breaks_and_blank_lines(tmp_path, ragged, values):
    write(tmp_path, HEADER + GOOD.replace("Müller", '"Mül\nler"') + "\n" + GOOD + ragged)
    assert refusal(tmp_path) == (
        f"players.csv (table players), line 6: the row has {values} values where the header names 9 columns: "
        "complete the row, and quote values that contain commas"
    )


@pytest.mark.parametrize("column", ["Müller", "2026-06-30 12:00:00"])
def test_a_quote_never_closed_is_found_wherever_it_is_opened(tmp_path, column):
    write(tmp_path, HEADER + GOOD + GOOD.replace(column, f'"{column}') + GOOD.replace("P0001", "P0003") * 3)
    assert refusal(tmp_path) == (
        "players.csv (table players), line 3: a quote is not closed before the end of the file: "
        "close it, or export the file again"
    )


def test_a_quote_never_closed_is_found_in_a_last_column_of_text(tmp_path):
    columns = [*(column for column in PLAYERS.columns if column != "name"), "name"]
    good = "P0001,Forward,24,Spain,,1.50,2027-06-30,2026-06-30 12:00:00,"
    write(tmp_path, ",".join(columns) + "\n" + good + '6" tall\n' + good + '"Mül""ler\n' + good + "x\n")
    assert refusal(tmp_path).startswith("players.csv (table players), line 3: a quote is not closed")


@pytest.mark.parametrize("ending", ['""', '"x"', '"x""y"', '"x"\n', '"x"""\n\n', '6"', "x\n"])
def test_closed_and_inner_quotes_at_the_end_of_the_file_are_read(tmp_path, ending):
    columns = [*(column for column in PLAYERS.columns if column != "name"), "name"]
    write(tmp_path, ",".join(columns) + "\nP0001,Forward,24,Spain,,1.50,2027-06-30,2026-06-30 12:00:00," + ending)
    assert take_in(PLAYERS, tmp_path, tmp_path / "staging").accepted == 1


def test_a_quote_never_closed_in_a_file_larger_than_a_block_is_found(tmp_path):
    write(tmp_path, HEADER + GOOD.replace("Müller", '"Müller') + GOOD * 300_000)
    assert refusal(tmp_path).startswith("players.csv (table players), line 2: a quote is not closed")


def test_a_row_that_is_not_utf8_is_named(tmp_path):
    write(tmp_path, (HEADER + GOOD.replace("ü", "u")).encode() + GOOD.encode("latin-1"))
    assert refusal(tmp_path) == (
        "players.csv (table players), line 3, column name: the value is not UTF-8 and seems to be Windows-1252: "
        "set `encoding: cp1252` for the table in sources.yaml, or export the file again"
    )


def test_a_utf16_file_is_refused(tmp_path):
    write(tmp_path, (HEADER + GOOD).encode("utf-16"))
    assert refusal(tmp_path) == (
        "players.csv (table players): the file seems to be UTF-16, not UTF-8: "
        "set `encoding: utf-16` for the table in sources.yaml, or export the file again"
    )


@pytest.mark.parametrize("content", [b"PAR1 and nothing else", b"x" * 1000])
def test_a_damaged_parquet_file_is_named(tmp_path, content):
    write(tmp_path, content, "players.parquet")
    assert refusal(tmp_path).startswith("players.parquet (table players): the file is damaged or no Parquet file (")


def test_a_parquet_file_damaged_in_the_middle_is_named(tmp_path):
    frame = typed_frame(PLAYERS, rows(PLAYERS, *({"name": f"name {n}"} for n in range(1000))))
    path = write_parquet(PLAYERS, tmp_path, frame)
    content = bytearray(path.read_bytes())
    content[4:2000] = bytes(1996)
    path.write_bytes(content)
    assert refusal(tmp_path).startswith("players.parquet (table players): the file is damaged or no Parquet file (")


def test_text_of_a_parquet_file_that_is_not_utf8_is_refused(tmp_path):
    offsets, content = np.array([0, 2], np.int32), b"\xff\xfe"
    name = pa.StringArray.from_buffers(1, pa.py_buffer(offsets), pa.py_buffer(content))
    good = typed_frame(PLAYERS, rows(PLAYERS, {})).to_arrow()
    pq.write_table(good.set_column(1, "name", name), tmp_path / "players.parquet")
    assert "Invalid UTF8 sequence" in refusal(tmp_path)


def test_decimals_too_wide_to_be_read_are_refused(tmp_path):
    good = typed_frame(PLAYERS, rows(PLAYERS, {})).to_arrow()
    wide = good.append_column("wide", pa.array([Decimal(1)], pa.decimal256(60, 2)))
    pq.write_table(wide, tmp_path / "players.parquet")
    assert refusal(tmp_path) == (
        "players.parquet (table players), column wide: decimal256(60, 2) has too many digits: "
        "write it with at most 38 digits"
    )


def test_columns_that_the_contract_does_not_name_are_ignored_and_reported(tmp_path):
    write_csv(PLAYERS, tmp_path, [{"comment": "new", **rows(PLAYERS, {})[0], "agent": "x"}])
    assert open_sources(PLAYERS, tmp_path)[0].new_columns == ("comment", "agent")
    taken = take_in(PLAYERS, tmp_path, tmp_path / "staging")
    assert (taken.new_columns, taken.accepted) == (("comment", "agent"), 1)


def test_an_earlier_intake_stays_when_a_later_one_fails(tmp_path):
    write(tmp_path, HEADER + GOOD)
    first = take_in(PLAYERS, tmp_path, tmp_path / "staging")
    before = first.accepted_path.read_bytes()
    write(tmp_path, HEADER + GOOD + "P0002\n")
    with pytest.raises(SourceError):
        take_in(PLAYERS, tmp_path, tmp_path / "staging")
    assert first.accepted_path.read_bytes() == before
    assert sorted(file.name for file in (tmp_path / "staging").iterdir()) == [
        "players.parquet",
        "players_rejected.parquet",
    ]
