"""Opening a database works, or says in one sentence why it does not; nothing stays open behind it."""

import duckdb
import pytest

from transferroom_pipeline.platforms.duckdb_database import connect, held_open
from transferroom_pipeline.platforms.exceptions import PlatformError
from transferroom_pipeline.platforms.resources import LegacyPlatform


def make(database, rows=3):
    with connect(database) as connection:
        connection.execute(f"CREATE TABLE t AS SELECT range AS n FROM range({rows})")


def fail(connection):
    connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    raise ZeroDivisionError


def refusal(database, **options):
    with pytest.raises(PlatformError) as refused, connect(database, **options):
        pass
    message = str(refused.value)
    assert "\n" not in message
    return message


def test_the_file_and_its_folders_are_made_for_writing(tmp_path):
    database = tmp_path / "not" / "yet" / "there.duckdb"
    make(database)
    with connect(database, read_only=True) as connection:
        assert connection.sql("SELECT sum(n) FROM t").fetchall() == [(3,)]


def test_reading_neither_makes_a_missing_file_nor_its_folder(tmp_path):
    database = tmp_path / "not" / "there.duckdb"
    message = refusal(database, read_only=True)
    assert message == f"database {database} does not exist: check the path, or make it first with `make run`"
    assert not database.parent.exists()


def test_a_read_only_connection_refuses_to_write(database):
    make(database)
    with (
        connect(database, read_only=True) as connection,
        pytest.raises(duckdb.InvalidInputException, match="read-only"),
    ):
        connection.execute("DELETE FROM t")


def test_what_this_process_has_open_for_writing_it_can_open_for_reading_as_well(database):
    with held_open(database), connect(database, read_only=True) as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]
    with connect(database, read_only=True) as connection, pytest.raises(duckdb.InvalidInputException):
        connection.execute("CREATE TABLE another (id INTEGER)")


def test_without_a_file_the_database_is_in_memory_and_gone_afterwards(tmp_path):
    with connect(None) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS n")
    with connect(None) as connection:
        assert connection.sql("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("read_only", [False, True])
def test_a_database_held_by_another_process_is_refused_with_its_number(database, held_by_another_process, read_only):
    make(database)
    with held_by_another_process(database) as process:
        message = refusal(database, read_only=read_only)
    assert (
        message == f"database {database} is in use by process {process}: wait until it ends, or stop it, and try again"
    )
    with connect(database, read_only=True) as connection:
        assert connection.sql("SELECT count(*) FROM t").fetchall() == [(3,)]


@pytest.mark.parametrize("content", [b"", b"player_id,name\n" * 1000])
def test_a_file_that_is_no_database_is_refused_and_left_alone(database, content):
    database.write_bytes(content)
    assert refusal(database, read_only=True) == f"{database} is not a DuckDB database: check the path"
    assert database.read_bytes() == content


@pytest.mark.parametrize("damage", [slice(100, 200), slice(4200, 9000), slice(20_000, None)])
def test_a_damaged_database_is_refused_by_name(database, damage):
    make(database, rows=200_000)
    content = bytearray(database.read_bytes())
    content[damage] = b"" if damage.stop is None else b"\7" * (damage.stop - damage.start)
    database.write_bytes(content)
    assert refusal(database).startswith(f"database {database} cannot be opened: ")


def test_a_folder_in_place_of_the_file_is_refused(tmp_path):
    assert refusal(tmp_path).startswith(f"database {tmp_path} cannot be opened: ")
    assert "does not exist" in refusal(tmp_path, read_only=True)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "folder").write_text("a file")
    database = tmp_path / "folder" / "platform.duckdb"
    assert refusal(database).startswith(f"the folder of database {database} cannot be made: ")


@pytest.mark.parametrize("limit", ["lots", "", "0", "10%", "1GB'; DROP TABLE t; --"])
def test_a_memory_limit_that_is_no_size_is_refused(limit):
    assert refusal(None, memory_limit=limit).startswith(f"memory limit '{limit}' is not a size: ")


def test_the_memory_limit_is_set():
    with connect(None, memory_limit="256MiB") as connection:
        assert connection.sql("SELECT current_setting('memory_limit')").fetchall() == [("256.0 MiB",)]


@pytest.mark.parametrize("alias", ["legacy", "two words", 'quo"ted', "it's", "SELECT", "Ä"])
def test_attached_files_are_read_under_any_alias(tmp_path, alias):
    other = tmp_path / "it's other.duckdb"
    make(other)
    with connect(None, attach={alias: other}) as connection:
        quoted = alias.replace('"', '""')
        assert connection.sql(f'SELECT count(*) FROM "{quoted}".main.t').fetchall() == [(3,)]
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            connection.execute(f'DELETE FROM "{quoted}".main.t')


def test_an_attached_file_that_is_missing_held_or_no_database_is_named(tmp_path, database, held_by_another_process):
    other = tmp_path / "other.duckdb"
    assert refusal(database, attach={"other": other}).startswith(f"database {other} does not exist")
    other.write_text("no database")
    assert refusal(database, attach={"other": other}).startswith(f"{other} is not a DuckDB database")
    other.unlink()
    with held_by_another_process(other) as process:
        assert refusal(database, attach={"other": other}).startswith(f"database {other} is in use by process {process}")


def test_an_error_inside_closes_the_connection_and_passes_through(database, held_by_another_process):
    with pytest.raises(ZeroDivisionError), connect(database) as connection:
        fail(connection)
    with pytest.raises(duckdb.ConnectionException, match="closed"):
        connection.execute("SELECT 1")
    with held_by_another_process(database) as process:
        assert process, "another process can open the file for writing"


def test_an_error_while_opening_closes_the_connection(database, tmp_path, held_by_another_process):
    refusal(database, attach={"other": tmp_path / "missing.duckdb"})
    refusal(database, memory_limit="lots")
    with held_by_another_process(database) as process:
        assert process, "another process can open the file for writing"


def test_instants_are_shown_in_utc_whatever_the_zone_of_the_machine(database, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    for opened in (connect(None), connect(database)):
        with opened as connection:
            shown = connection.sql("SELECT CAST(TIMESTAMPTZ '2026-06-30 23:30:00+00' AS VARCHAR)").fetchall()
        assert shown == [("2026-06-30 23:30:00+00",)]


def test_a_platform_resource_opens_its_file_and_closes_it_after_an_error(database, held_by_another_process):
    platform = LegacyPlatform(database=str(database))
    assert platform.path == database
    with pytest.raises(PlatformError, match="does not exist"), platform.get_connection(read_only=True):
        pass
    with pytest.raises(ZeroDivisionError), platform.get_connection() as connection:
        fail(connection)
    with held_by_another_process(database) as process, pytest.raises(PlatformError, match=f"process {process}"):
        platform.get_connection().__enter__()
