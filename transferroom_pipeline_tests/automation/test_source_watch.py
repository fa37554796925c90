"""A migration is started once for each state of the source files in which they stay."""

import json
import os

import pytest

from transferroom_pipeline.automation.source_watch import Watch, look


@pytest.fixture
def write(source_dir):
    """Writes a source file as of a moment, in seconds."""

    def write_file(name="players.csv", content="player_id\nP0001\n", moment=1_000_000):
        (source_dir / name).parent.mkdir(parents=True, exist_ok=True)
        (source_dir / name).write_text(content)
        os.utime(source_dir / name, (moment, moment))

    return write_file


@pytest.fixture
def looks(source_dir):
    """Looks again from where the last look ended, its cursor written and read; gives the run key and the reason."""
    cursors = [None]

    def look_again():
        seen = look(Watch.from_cursor(cursors[-1]), source_dir)
        cursors.append(seen.watch.to_cursor())
        return seen.run_key, seen.reason

    return look_again


def started(looks):
    """Looks until the files have stayed the same."""
    first, second = looks()[0], looks()[0]
    assert first is None
    return second


def test_the_first_look_waits_and_the_second_starts(looks, write):
    write()
    run_key, reason = looks()
    assert (run_key, reason) == (None, "the source files have changed; waiting until they stay the same")
    run_key, reason = looks()
    assert run_key
    assert reason == "the source files have changed"


def test_unchanged_files_start_nothing_more(looks, write):
    write()
    assert started(looks)
    assert [looks() for _ in range(3)] == [(None, "the source files have not changed since the last migration")] * 3


def test_a_growing_file_waits_until_it_stays_the_same(looks, write):
    for size in range(1, 5):
        write(content="P0001\n" * size, moment=1_000_000 + size)
        assert looks()[0] is None
    assert looks()[0]


def test_a_file_that_grows_without_a_new_time_waits_as_well(looks, write):
    for size in range(1, 4):
        write(content="P0001\n" * size)
        assert looks()[0] is None
    assert looks()[0]


@pytest.mark.parametrize(
    "change",
    [
        {"content": "player_id\nP0002 \n"},
        {"moment": 1_000_001},
        {"name": "clubs.csv"},
        {"name": "clubs.parquet"},
        {"name": "clubs.csv.gz"},
        {"name": "clubs/2026/01.csv"},
        {"name": "transfers/season=2026/part-0.parquet"},
        {"name": "sources.yaml", "content": "players: {separator: ';'}\n"},
    ],
)
def test_a_new_change_starts_again_with_another_key(looks, write, change):
    write()
    first = started(looks)
    write(**change)
    second = started(looks)
    assert first
    assert second
    assert first != second
    assert looks()[0] is None


def test_a_file_that_is_taken_away_is_a_change(looks, write, source_dir):
    write()
    write("clubs.csv")
    first = started(looks)
    (source_dir / "clubs.csv").unlink()
    assert started(looks) not in (None, first)


def test_going_back_to_an_earlier_state_starts_again_with_a_key_of_its_own(looks, write):
    # Run keys that were used before are skipped by Dagster, whenever that was.
    keys = []
    for content in ("old\n", "new\n", "old\n", "new\n"):
        write(content=content, moment=1_000_000 + len(content) + ord(content[0]))
        keys.append(started(looks))
    assert None not in keys
    assert len(set(keys)) == 4


def test_a_change_that_is_taken_back_before_it_settled_starts_nothing(looks, write):
    write()
    assert started(looks)
    write(content="other\n")
    assert looks()[0] is None
    write()
    assert [looks()[0] for _ in range(2)] == [None, None]


def test_a_look_that_is_repeated_from_the_same_cursor_has_the_same_key(write, source_dir):
    write()
    waiting = look(Watch(), source_dir).watch
    assert look(waiting, source_dir) == look(waiting, source_dir)
    assert look(waiting, source_dir).run_key is not None


@pytest.mark.parametrize("exists", [True, False])
def test_an_empty_or_missing_directory_starts_nothing_and_forgets_nothing(source_dir, exists):
    if not exists:
        source_dir.rmdir()
    before = Watch(seen="a", started="b")
    seen = look(before, source_dir)
    assert (seen.watch, seen.run_key, seen.reason) == (before, None, f"there are no source files in {source_dir}")


def test_other_files_are_not_source_files(looks, source_dir, write):
    (source_dir / "README.md").write_text("not a table")
    (source_dir / "players.csv.part").write_text("on its way")
    (source_dir / "folder.csv").mkdir()
    assert looks()[1].startswith("there are no source files")
    write()
    first = started(looks)
    (source_dir / "players.csv.part").write_text("more of it")
    (source_dir / "folder.csv" / "inner").write_text("no table either")
    assert first
    assert looks()[0] is None


def test_a_file_that_changes_deep_in_a_folder_is_a_change(looks, write):
    write("players/2026/01.csv")
    first = started(looks)
    write("players/2026/01.csv", content="player_id\nP00077\n")
    assert started(looks) not in (None, first)


def test_files_that_options_name_are_watched_and_those_called_like_the_table_are_not(looks, write):
    write("sources.yaml", content="players: {files: in/*.txt}\n")
    assert looks()[1].startswith("there are no source files")
    write("in/a.txt")
    first = started(looks)
    write("players.csv")
    assert looks()[0] is None
    write("in/b.txt")
    assert started(looks) not in (None, first)


@pytest.mark.parametrize("content", ["players: {file: x.csv}\n", "players: [", "nobody: {}\n"])
def test_a_mistake_in_the_options_keeps_no_migration_from_starting(looks, write, content):
    write("sources.yaml", content=content)
    write()
    assert started(looks)


def test_files_that_would_be_refused_are_watched_all_the_same(looks, write, source_dir):
    write("players/a.csv")
    first = started(looks)
    write("players/a.csv.part")
    second = started(looks)
    (source_dir / "players" / "round").symlink_to(source_dir / "players")
    (source_dir / "clubs.csv").symlink_to(source_dir / "gone.csv")
    assert second not in (None, first)
    assert looks()[0] is None


@pytest.mark.parametrize("watch", [Watch(), Watch("a"), Watch("a", "b"), Watch(None, "b"), Watch("a", "b", 7)])
def test_a_watch_survives_its_cursor(watch):
    assert Watch.from_cursor(watch.to_cursor()) == watch
    json.loads(watch.to_cursor())


@pytest.mark.parametrize("cursor", [None, ""])
def test_without_a_cursor_nothing_was_seen(cursor):
    assert Watch.from_cursor(cursor) == Watch(seen=None, started=None)
