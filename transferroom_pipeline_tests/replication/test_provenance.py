"""Every copy tells which snapshot it was made from, and a comparison is about one snapshot."""

from datetime import date

import pytest

from transferroom_pipeline.legacy.snapshot import SourceSnapshot, all_belong, record_table, snapshot_of, take_snapshot
from transferroom_pipeline.platforms.checksum import content_checksum
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.exceptions import PlatformError
from transferroom_pipeline.replication.provenance import MixedSnapshotsError, copied_snapshot, record_copy
from transferroom_pipeline_tests.replication.conftest import THREE_ROWS

OLD = SourceSnapshot("old", date(2026, 6, 29))
NEW = SourceSnapshot("new", date(2026, 6, 30))


@pytest.fixture
def copies(tmp_path):
    """A target that holds the new snapshot; tables are copied as a test says."""
    with connect(tmp_path / "target.duckdb") as connection:
        connection.execute(
            "CREATE SCHEMA raw; CREATE TABLE raw.snapshot AS SELECT 'new' AS id, DATE '2026-06-30' AS as_of"
        )
        record_copy(connection, "snapshot", NEW)
        yield connection


def made_from(target):
    with connect(target.path, read_only=True) as connection:
        return dict(connection.sql("SELECT table_name, snapshot_id FROM migration.copies").fetchall())


def test_copies_of_the_snapshot_that_the_target_holds_are_of_that(copies):
    for table in ("a", "b"):
        record_copy(copies, table, NEW)
    assert copied_snapshot(copies, {"a", "b"}) == NEW


@pytest.mark.parametrize(
    ("other", "told"), [(OLD, "on snapshot old"), (None, "on a snapshot that nobody has written down")]
)
def test_a_mix_of_snapshots_is_refused_with_the_copy_that_is_not_of_it(copies, other, told):
    record_copy(copies, "a", NEW)
    record_copy(copies, "b", other)
    assert copied_snapshot(copies, {"a"}) == NEW
    with pytest.raises(MixedSnapshotsError, match=rf"copy raw\.b was made {told}, and the target holds snapshot new: "):
        copied_snapshot(copies, {"a", "b"})


def test_a_newer_snapshot_beside_older_copies_is_refused(copies):
    record_copy(copies, "a", OLD)
    with pytest.raises(MixedSnapshotsError, match=r"raw\.a was made on snapshot old"):
        copied_snapshot(copies, {"a"})


def test_a_target_without_a_snapshot_says_what_to_materialize(copies):
    copies.execute("DROP TABLE raw.snapshot")
    with pytest.raises(PlatformError, match="materialize the asset raw/snapshot first"):
        copied_snapshot(copies, {"a"})


def test_a_table_belongs_to_a_snapshot_until_its_rows_change(tmp_path):
    with connect(tmp_path / "legacy.duckdb") as connection:
        connection.execute("CREATE SCHEMA prod")
        connection.execute("CREATE TABLE prod.players AS SELECT 1 AS id, TIMESTAMP '2026-06-30' AS updated_at")
        taken = take_snapshot(connection, ["players"], None)
        content = content_checksum(connection, "prod", "players")
        assert snapshot_of(connection, "players", content) == taken
        assert snapshot_of(connection, "other", content) is None
        connection.execute("INSERT INTO prod.players VALUES (2, NULL)")
        assert snapshot_of(connection, "players", content_checksum(connection, "prod", "players")) is None


def test_a_table_built_from_others_is_of_their_snapshot_only_while_they_are(tmp_path):
    with connect(tmp_path / "legacy.duckdb") as connection:
        connection.execute("CREATE SCHEMA prod")
        connection.execute("CREATE TABLE prod.players AS SELECT 1 AS id, TIMESTAMP '2026-06-30' AS updated_at")
        taken = take_snapshot(connection, ["players"], None)
        assert all_belong(connection, ["players"], taken)
        connection.execute("UPDATE prod.players SET id = 2")
        assert not all_belong(connection, ["players"], taken)
        record_table(connection, "derived", taken, content_checksum(connection, "prod", "players"))
        record_table(connection, "derived", None, content_checksum(connection, "prod", "players"))
        assert snapshot_of(connection, "derived", content_checksum(connection, "prod", "players")) is None


def test_a_copy_is_of_the_snapshot_of_its_legacy_table_and_of_none_when_that_has_changed(run, holds, legacy, target):
    holds(THREE_ROWS)
    assert run().success
    assert made_from(target) == {"t": None}
    with connect(legacy.path) as connection:
        record_table(connection, "t", NEW, content_checksum(connection, "prod", "t"))
    assert run().success
    assert made_from(target) == {"t": "new"}
    holds(f"{THREE_ROWS} WHERE id = 1")
    assert run().success
    assert made_from(target) == {"t": None}


def test_a_copy_that_breaks_off_is_of_no_snapshot(run, holds, legacy, target):
    holds(THREE_ROWS)
    with connect(legacy.path) as connection:
        record_table(connection, "t", NEW, content_checksum(connection, "prod", "t"))
    assert run().success
    with connect(legacy.path) as connection:
        connection.execute("ALTER TABLE prod.t RENAME TO held")
        gone = "CASE WHEN id = 3 THEN error('the server went away') ELSE s END"
        connection.execute(f"CREATE VIEW prod.t AS SELECT id, {gone} AS s, m FROM prod.held")
    assert not run().success
    assert made_from(target) == {"t": None}
