"""An entry of the spec is an asset that follows its two tables, wherever they lie."""

import shutil
from datetime import date

import dagster as dg
import pytest

from transferroom_pipeline.comparisons.assets import comparison_asset
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.configured_comparisons import ConfiguredComparisons
from transferroom_pipeline.legacy.snapshot import SourceSnapshot
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.resources import TargetPlatform
from transferroom_pipeline.replication.provenance import MixedSnapshotsError, record_copy
from transferroom_pipeline.settings import PROJECT_ROOT, Settings


@pytest.fixture
def comparisons(tmp_path):
    return ConfiguredComparisons(Settings(data_dir=tmp_path))


@pytest.mark.parametrize(
    ("legacy", "modern", "followed"),
    [
        ("raw.derived_a", "prod.derived_a", {"raw/derived_a", "prod/derived_a"}),
        ("legacy.prod.players", "raw.players", {"legacy/players", "raw/players"}),
        ("prod.derived_b", "prod.derived_b_incremental", {"prod/derived_b", "prod/derived_b_incremental"}),
    ],
)
def test_it_follows_both_tables_and_the_snapshot(comparisons, legacy, modern, followed):
    asset = comparison_asset(TableSpec(table="t", legacy=legacy, modern=modern, key=("id",)), comparisons)
    [spec] = asset.specs
    assert spec.key == dg.AssetKey(["comparison", "t"])
    assert {dependency.asset_key.to_user_string() for dependency in spec.deps} == {*followed, "raw/snapshot"}
    assert spec.description == f"Is {modern} equal to {legacy}, row by row and cell by cell?"


def test_what_is_known_of_the_tables_beforehand_is_shown_with_each_result(tmp_path):
    settings = Settings(data_dir=tmp_path, results_dir=tmp_path / "results")
    with connect(settings.target_database) as connection:
        connection.execute("CREATE SCHEMA raw")
        connection.execute("CREATE TABLE raw.a AS SELECT 1 AS id")
        connection.execute("CREATE TABLE raw.b AS SELECT 1 AS id")
        connection.execute("CREATE TABLE raw.snapshot AS SELECT 'x' AS id, DATE '2026-06-30' AS as_of")
        for copy in ("a", "b", "snapshot"):
            record_copy(connection, copy, SourceSnapshot("x", date(2026, 6, 30)))
    spec = TableSpec(table="t", legacy="raw.a", modern="raw.b", key=("id",))
    asset = comparison_asset(spec, ConfiguredComparisons(settings), {"tsql_warnings": dg.MetadataValue.md("| line |")})
    with dg.DagsterInstance.ephemeral() as instance:
        resources = {"target": TargetPlatform(database=str(settings.target_database))}
        result = dg.materialize([asset], instance=instance, resources=resources, raise_on_error=False)
    [materialized] = result.get_asset_materialization_events()
    metadata = materialized.materialization.metadata
    assert metadata["tsql_warnings"].value == "| line |"


def test_only_derived_tables_have_a_view_that_a_verdict_moves(comparisons):
    views = {spec.table for spec in comparisons.tables() if comparisons.has_view(spec.table)}
    assert views == {"derived_a", "derived_b", "derived_c"}
    assert comparisons.failed("players", "legacy is away") is None
    assert not comparisons.has_view("derived_b_incremental")


@pytest.mark.parametrize("broken", [False, True])
def test_a_comparison_is_about_the_copies_that_its_model_reads_or_all_where_nobody_can_tell(tmp_path, broken):
    project = tmp_path / "sqlmesh_project"
    shutil.copytree(PROJECT_ROOT / "sqlmesh_project", project)
    if broken:
        with (project / "models" / "prod" / "derived_a.sql").open("a", encoding="utf-8") as file:
            file.write("\nSELECT FROM ((")
    comparisons = ConfiguredComparisons(Settings(data_dir=tmp_path / "data", sqlmesh_project=project))
    snapshot = SourceSnapshot("x", date(2026, 6, 30))
    with connect(tmp_path / "target.duckdb") as connection:
        connection.execute(
            "CREATE SCHEMA raw; CREATE TABLE raw.snapshot AS SELECT 'x' AS id, DATE '2026-06-30' AS as_of"
        )
        for copy in ("snapshot", "derived_a", "players"):
            record_copy(connection, copy, snapshot)
        spec = comparisons.table_spec("derived_a")
        with pytest.raises(MixedSnapshotsError, match=r"copy raw\.clubs was made on a snapshot that nobody has"):
            comparisons.snapshot(connection, spec)
        record_copy(connection, "clubs", snapshot)
        if broken:
            with pytest.raises(MixedSnapshotsError, match=r"copy raw\.derived_b was made on"):
                comparisons.snapshot(connection, spec)
        else:
            assert comparisons.snapshot(connection, spec).id == "x"
