"""An incremental copy is proven equal to legacy day after day, by the comparison that proves rebuilt tables."""

from datetime import date

import dagster as dg
import pytest

from transferroom_pipeline.comparisons.assets import comparison_asset
from transferroom_pipeline.configured_comparisons import ConfiguredComparisons
from transferroom_pipeline.legacy.snapshot import SourceSnapshot, record_table
from transferroom_pipeline.platforms.checksum import content_checksum
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.replication.provenance import record_copy
from transferroom_pipeline.replication.tables import CopiedTable
from transferroom_pipeline.settings import ReplicationMode, Settings
from transferroom_pipeline_tests.replication.conftest import materialize

SNAPSHOT = SourceSnapshot("s", date(2026, 6, 30))

DAY_ONE = """
    CREATE SCHEMA prod;
    CREATE TABLE prod.players (player_id VARCHAR, name VARCHAR, market_value_millions DECIMAL(18, 2),
        contract_end_date DATE, age BIGINT, updated_at TIMESTAMP);
    INSERT INTO prod.players VALUES
        ('a', 'Åke', 1.10, '2027-06-30', 20, '2026-06-01 10:00:00'),
        ('b', '', NULL, NULL, NULL, '2026-06-02 10:00:00'),
        ('c', NULL, 3.30, '2027-07-01', 22, '2026-06-03 10:00:00.000001')
"""

DAYS = [
    (DAY_ONE, None),
    # An insertion, a correction, a row that comes late and one that goes.
    (
        "INSERT INTO prod.players VALUES ('d', 'new', 4, NULL, 1, '2026-06-04');"
        "INSERT INTO prod.players VALUES ('e', 'late', 0, NULL, 2, '2026-05-01');"
        "UPDATE prod.players SET name = NULL, age = 21, updated_at = '2026-06-04' WHERE player_id = 'a';"
        "DELETE FROM prod.players WHERE player_id = 'b'",
        (2, 1, 1),
    ),
    # A row that is set back to an older update, and a key that comes back after it went.
    (
        "UPDATE prod.players SET name = 'restored', updated_at = '2026-04-01' WHERE player_id = 'd';"
        "INSERT INTO prod.players VALUES ('b', 'again', 1, '0999-02-28', NULL, '2026-06-02 10:00:00')",
        (1, 1, 0),
    ),
    # The newest rows go, so that the cursor goes back with them.
    (
        "DELETE FROM prod.players WHERE updated_at >= '2026-06-03';"
        "INSERT INTO prod.players VALUES ('f', NULL, NULL, NULL, NULL, '2026-06-02')",
        (1, 0, 2),
    ),
    ("SELECT 'nothing happens'", (0, 0, 0)),
    ("DELETE FROM prod.players", (0, 0, 4)),
    (
        "INSERT INTO prod.players VALUES ('a', 'first again', 1, NULL, 3, '2026-06-09');"
        "INSERT INTO prod.players VALUES ('z', '', 2, NULL, 4, '2026-06-09')",
        (2, 0, 0),
    ),
    ("UPDATE prod.players SET name = 'all', age = NULL, updated_at = '2026-06-10'", (0, 2, 0)),
    # Once more within the moment of the newest update.
    ("UPDATE prod.players SET age = 5 WHERE player_id = 'z'", (0, 1, 0)),
]
"""What happens to legacy, and how many rows are inserted, updated and deleted in the copy; None is a full copy."""


@pytest.fixture
def comparison(tmp_path, target):
    """The comparison of the players, on a target that holds a snapshot and nothing else."""
    with connect(target.path) as connection:
        connection.execute("CREATE SCHEMA raw")
        connection.execute("CREATE TABLE raw.snapshot AS SELECT 's' AS id, DATE '2026-06-30' AS as_of")
        record_copy(connection, "snapshot", SNAPSHOT)
    comparisons = ConfiguredComparisons(Settings(data_dir=tmp_path, results_dir=tmp_path / "results"))
    return comparison_asset(comparisons.table_spec("players"), comparisons)


@pytest.fixture
def copy_and_compare(tmp_path, comparison, legacy):
    table = CopiedTable("players", "player_id")

    def copy():
        with connect(legacy.path) as connection:
            record_table(connection, "players", SNAPSHOT, content_checksum(connection, "prod", "players"))
        return materialize(tmp_path, comparison, table=table, mode=ReplicationMode.incremental)

    return copy


def rows(platform, table):
    with connect(platform.path, read_only=True) as connection:
        return connection.sql(f"FROM {table} ORDER BY ALL").fetchall()


def counts(result):
    metadata = result.asset_materializations_for_node("copy_players")[0].metadata
    if metadata["mode"].value == "full":
        return None
    return tuple(metadata[f"rows_{name}"].value for name in ("inserted", "updated", "deleted"))


def test_day_after_day_the_copy_is_proven_and_only_changes_are_loaded(copy_and_compare, changed, legacy, target):
    for day, copied in DAYS:
        changed(day)
        result = copy_and_compare()
        assert result.success, day
        assert counts(result) == copied, day
        assert rows(target, "raw.players") == rows(legacy, "prod.players"), day
    with connect(target.path, read_only=True) as connection:
        kept = "SELECT table_name, legacy, modern, verdict, count(*) FROM migration.comparison_runs GROUP BY ALL"
        proofs = connection.sql(kept).fetchall()
        views = connection.sql("SELECT count(*) FROM duckdb_views() WHERE schema_name = 'analytics'").fetchall()
    assert proofs == [("players", "legacy.prod.players", "raw.players", "proven", len(DAYS))]
    assert views == [(0,)], "a copy is nothing that consumers see"


def test_a_copy_that_is_not_legacy_is_not_proven_and_named_row_by_row(
    comparison, copy_and_compare, changed, target, tmp_path, capfd
):
    changed(DAY_ONE)
    assert copy_and_compare().success
    changed("UPDATE prod.players SET age = 99 WHERE player_id = 'a'")
    with dg.DagsterInstance.ephemeral() as instance:
        resources = {"target": target}
        result = dg.materialize([comparison], instance=instance, resources=resources, raise_on_error=False)
    assert not result.success
    told = {found.check_name: found.description for found in result.get_asset_check_evaluations() if not found.passed}
    assert told == {"values": "age 1", "verdict": "1 row with different values."}
    assert "players: DIFFERS (legacy.prod.players versus raw.players)" in capfd.readouterr().err
    assert "99" in (tmp_path / "results" / "players_differences.csv").read_text(encoding="utf-8")
    with connect(target.path, read_only=True) as connection:
        assert connection.sql("FROM duckdb_tables() WHERE table_name = 'cutover_state'").fetchall() == []
