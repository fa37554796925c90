"""An entry of the spec is an asset that follows its two tables, wherever they lie."""

import dagster as dg
import pytest

from transferroom_pipeline.comparisons.assets import comparison_asset
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.configured_comparisons import ConfiguredComparisons
from transferroom_pipeline.settings import Settings


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


def test_only_derived_tables_have_a_view_that_a_verdict_moves(comparisons):
    views = {spec.table for spec in comparisons.tables() if comparisons.has_view(spec.table)}
    assert views == {"derived_a", "derived_b", "derived_c"}
    assert comparisons.failed("players", "legacy is away") is None
    assert not comparisons.has_view("derived_b_incremental")
