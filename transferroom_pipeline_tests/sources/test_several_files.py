"""A table may come in several files: a folder, named patterns, partitions; each row knows its file."""

import gzip
import json
import os

import polars as pl
import pytest

from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.intake import FileRows, take_in
from transferroom_pipeline_tests.sources.files_for_tests import NOTES, PLAYERS, rows, typed_frame, with_options

HEADER = "note_id,author,text\n"


def write(tmp_path, **files):
    """Files by their paths, in which two underscores stand for a slash."""
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def take(tmp_path, table=NOTES):
    return take_in(table, tmp_path, tmp_path / "staging")


def ids(taken):
    return pl.read_parquet(taken.accepted_path)[NOTES.key].to_list()


def refusal(tmp_path, table=NOTES):
    with pytest.raises(SourceError) as refused:
        take(tmp_path, table)
    return str(refused.value).replace(f"{tmp_path}/", "").replace(str(tmp_path), "the folder")


def test_all_files_of_the_folder_called_like_the_table_are_read_in_the_order_of_their_names(tmp_path):
    write(
        tmp_path,
        **{
            "notes/2026/02.csv": HEADER + "n3,a,b\n",
            "notes/2026/01.csv.gz": gzip.compress((HEADER + "n2,a,b\n").encode()),
            "notes/2025.CSV": "text,note_id,author,new\nb,n1,a,x\n",  # its columns in an order of its own
            "notes/_SUCCESS": "",
            "notes/.hidden.csv": "x",
        },
    )
    taken = take(tmp_path)
    assert ids(taken) == ["n1", "n2", "n3"]
    assert taken.files == (
        FileRows("notes/2025.CSV", 1, 1, 0),
        FileRows("notes/2026/01.csv.gz", 1, 1, 0),
        FileRows("notes/2026/02.csv", 1, 1, 0),
    )
    assert taken.new_columns == ("new",)
    assert taken.source == f"3 files in {tmp_path}, from notes/2025.CSV to notes/2026/02.csv"


def test_rejected_rows_name_their_file_and_keys_repeat_across_files(tmp_path):
    write(
        tmp_path,
        **{
            "notes/a.csv": HEADER + "n1,a,b\n\n,,\nn2,a,b\nn2,c,d\n",
            "notes/b.csv": HEADER + "n3,a,b\nn1,c,d\n,e,f\n",
            "notes/c.csv": HEADER + "n4,a,b\nn3,g,h\n",
        },
    )
    taken = take(tmp_path)
    assert ids(taken) == ["n1", "n2", "n3", "n4"]
    assert [(s.source_file, s.line_number, s.rule) for s in taken.samples] == [
        ("notes/a.csv", 6, "unique_key"),
        ("notes/b.csv", 3, "unique_key"),
        ("notes/b.csv", 4, "not_null"),
        ("notes/c.csv", 3, "unique_key"),
    ]
    rejected = pl.read_parquet(taken.rejected_path)
    assert rejected["source_file"].to_list() == [sample.source_file for sample in taken.samples]
    assert [(file.counted, file.accepted, file.rejected) for file in taken.files] == [(3, 2, 1), (3, 1, 2), (2, 1, 1)]


def test_a_fault_names_its_file_and_nothing_is_staged(tmp_path):
    write(tmp_path, **{"notes/a.csv": HEADER + "n1,a,b\n", "notes/b.csv": HEADER + 'n2,"a"x,b\n'})
    assert refusal(tmp_path).startswith("notes/b.csv (table notes), line 2: ")
    assert not list((tmp_path / "staging").glob("*"))


def test_a_column_missing_in_one_of_the_files_is_named_with_it(tmp_path):
    write(tmp_path, **{"notes/a.csv": HEADER + "n1,a,b\n", "notes/b.csv": "note_id,author\nn2,a\n"})
    assert refusal(tmp_path).startswith(
        "notes/b.csv (table notes): column text is missing, the file has note_id, author"
    )


@pytest.mark.parametrize("files", ["notes_*.csv", ["notes_1.csv", "notes_2.csv"], ["notes_*.csv", "notes_1.csv"]])
def test_files_are_those_that_the_patterns_name(tmp_path, files):
    write(tmp_path, **{f"notes_{n}.csv": f"{HEADER}n{n},a,b\n" for n in (1, 2)}, **{"notes.csv": "something else"})
    assert ids(take(tmp_path, with_options(NOTES, files=files))) == ["n1", "n2"]


def test_patterns_may_name_folders_and_files_of_any_ending(tmp_path):
    write(tmp_path, **{"in/1/notes.txt": f"{HEADER}n1,a,b\n", "in/2/x.csv": f"{HEADER}n2,a,b\n"})
    assert ids(take(tmp_path, with_options(NOTES, files=["in/1/*.txt", "in/2"]))) == ["n1", "n2"]


def test_a_pattern_that_matches_nothing_is_named(tmp_path):
    write(tmp_path, **{"notes_1.csv": f"{HEADER}n1,a,b\n"})
    assert refusal(tmp_path, with_options(NOTES, files=["notes_*.csv", "more_*.csv"])) == (
        "table notes has no file more_*.csv in the folder: put it there, or correct the option `files`"
    )


KEEP_ONE = "table notes has 2 files in the folder: keep only one of"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ["notes.csv", "notes.csv.gz"],
            f"{KEEP_ONE} notes.csv and notes.csv.gz",
        ),
        (["notes.csv", "notes/a.csv"], f"{KEEP_ONE} notes.csv and notes"),
        (
            ["notes.csv", "notes.parquet", "notes/a.csv"],
            "table notes has 3 files in the folder: keep only one of notes.csv and notes.parquet and notes",
        ),
        (
            ["notes/a.csv", "notes/b.parquet"],
            "table notes has files of two formats in the folder, such as notes/a.csv and notes/b.parquet: "
            "keep those of one format",
        ),
        (
            ["notes/a.csv", "notes/a.csv.gz"],
            "table notes has a file twice in the folder: keep only one of notes/a.csv and notes/a.csv.gz",
        ),
        (
            ["notes/a.csv", "notes/a.csv.part"],
            "notes/a.csv.part (table notes) is no .csv, .csv.gz or .parquet file: take it out of the folder of the "
            "table, or name the files in the option `files`",
        ),
        (["notes/_SUCCESS"], "table notes has no file in notes: put its files there"),
    ],
)
def test_files_of_which_only_some_can_be_meant_are_refused(tmp_path, names, message):
    write(tmp_path, **dict.fromkeys(names, HEADER + "n1,a,b\n"))
    assert refusal(tmp_path) == message


def test_a_link_to_a_folder_is_followed_and_one_that_leads_back_is_refused(tmp_path):
    write(tmp_path, **{"elsewhere/a.csv": HEADER + "n1,a,b\n", "notes/b.csv": HEADER + "n2,a,b\n"})
    (tmp_path / "notes" / "linked").symlink_to(tmp_path / "elsewhere")
    assert sorted(ids(take(tmp_path))) == ["n1", "n2"]
    (tmp_path / "notes" / "round").symlink_to(tmp_path / "notes")
    assert refusal(tmp_path) == "notes/round (table notes) leads back to a folder above it: take the link away"


def test_a_table_that_may_be_empty_still_needs_its_files(tmp_path):
    table = with_options(NOTES, allow_empty=True)
    (tmp_path / "notes").mkdir()
    assert "has no file" in refusal(tmp_path, table)
    write(tmp_path, **{"notes/a.csv": HEADER, "notes/b.csv": HEADER})
    assert (take(tmp_path, table).rows, refusal(tmp_path)) == (
        0,
        "notes/a.csv (table notes): the 2 files of the table have no rows: export the table again",
    )


def test_one_of_several_files_may_have_no_rows(tmp_path):
    write(tmp_path, **{"notes/a.csv": HEADER, "notes/b.csv": HEADER + "n1,a,b\n"})
    assert [file.counted for file in take(tmp_path).files] == [0, 1]


def partitioned(tmp_path, frames):
    for folder, frame in frames.items():
        path = tmp_path / "players" / folder / "part-0.parquet"
        path.parent.mkdir(parents=True)
        frame.write_parquet(path)


def test_a_column_in_the_names_of_folders_is_read_from_there(tmp_path):
    first, second, third = (
        frame.drop("position", "nationality")
        for frame in typed_frame(PLAYERS, rows(PLAYERS, {}, {}, {})).iter_slices(1)
    )
    partitioned(
        tmp_path,
        {
            "position=Forward/nationality=C%C3%B4te%20d%27Ivoire": first,
            "position=Defender/nationality=__HIVE_DEFAULT_PARTITION__": second,
            "position=Winger/nationality=x": third,
        },
    )
    taken = take(tmp_path, PLAYERS)
    found = pl.read_parquet(taken.accepted_path).sort("player_id")
    assert found["position"].to_list() == ["Forward", "Defender"]
    assert found["nationality"].to_list() == ["Côte d'Ivoire", None]
    assert [(s.rule, s.value) for s in taken.samples] == [("enumeration", "Winger")]
    assert json.loads(pl.read_parquet(taken.rejected_path)["raw_row"][0])["position"] == "Winger"


def test_a_column_that_the_file_has_itself_is_not_taken_from_the_folder(tmp_path):
    partitioned(tmp_path, {"position=Defender": typed_frame(PLAYERS, rows(PLAYERS, {"position": "Forward"}))})
    assert pl.read_parquet(take(tmp_path, PLAYERS).accepted_path)["position"].to_list() == ["Forward"]


def test_names_of_folders_are_those_of_the_contract_in_any_case_if_so_set(tmp_path):
    write(tmp_path, **{"notes/AUTHOR=Ann/a.csv": "NOTE_ID,text\nn1,x\n"})
    assert "the names differ in capitals and small letters: set `ignore_header_case: true`" in refusal(tmp_path)
    taken = take(tmp_path, with_options(NOTES, ignore_header_case=True))
    assert pl.read_parquet(taken.accepted_path).rows() == [("n1", "Ann", "x")]


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        ("author=Ann/author=Bob", "2 of its folders give the column a value: keep one of them"),
        ("author=Ann/AUTHOR=Bob", "2 of its folders give the column a value: keep one of them"),
        ("author=%FF", "'%FF' in the name of the folder is not UTF-8: rename the folder"),
        ("author=a%2Fb%00c", "'a%2Fb%00c' in the name of the folder has a NUL, which no text has: rename the folder"),
    ],
)
def test_names_of_folders_that_give_no_certain_value_are_refused(tmp_path, folders, message):
    write(tmp_path, **{f"notes/{folders}/a.csv": "note_id,text\nn1,x\n"})
    table = with_options(NOTES, ignore_header_case=True)
    assert refusal(tmp_path, table) == f"notes/{folders}/a.csv (table notes), column author: {message}"


@pytest.mark.parametrize("name", [b"notes/author=\xe9/a.csv", b"notes/\xe9.csv"])
def test_names_of_files_and_folders_that_are_not_utf8_are_refused(tmp_path, name):
    write(tmp_path, **{os.fsdecode(name): HEADER + "n1,a,b\n"})
    shown = name.decode(errors="backslashreplace")
    assert refusal(tmp_path) == f"{shown} (table notes): the name is not UTF-8: rename the file or folder"


def test_a_key_in_the_name_of_a_folder_is_refused(tmp_path):
    partitioned(tmp_path, {"player_id=P0001": typed_frame(PLAYERS, rows(PLAYERS, {})).drop("player_id")})
    assert "the key player_id is not in the file, only in the name of its folder" in refusal(tmp_path, PLAYERS)


def test_parquet_files_of_one_table_may_differ_in_types_and_rows_are_numbered_in_each(tmp_path):
    good = typed_frame(PLAYERS, rows(PLAYERS, {}, {}))
    (tmp_path / "players").mkdir()
    good[:1].write_parquet(tmp_path / "players" / "a.parquet")
    good[1:].with_columns(pl.col("age").cast(pl.String), pl.lit("x").alias("position")).write_parquet(
        tmp_path / "players" / "b.parquet"
    )
    taken = take(tmp_path, PLAYERS)
    assert (taken.accepted, [(s.source_file, s.line_number) for s in taken.samples]) == (1, [("players/b.parquet", 1)])
