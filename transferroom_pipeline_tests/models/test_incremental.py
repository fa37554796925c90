"""The incremental variant of derived_b is equal to the full one after days of all kinds of change."""

import dagster as dg

from transferroom_pipeline.comparisons.assets import comparison_asset
from transferroom_pipeline.configured_comparisons import ConfiguredComparisons
from transferroom_pipeline_tests.models.conftest import Workbench, materialized

TRANSFER = (
    "INSERT INTO raw.transfers VALUES "
    "('{}', 'P0001', 'C001', 'C002', {}, 'Permanent', 'Summer', DATE '{}', 3.5, 80.00, '{}', TIMESTAMP '{}')"
)

DAYS: dict[str, list[str]] = {
    "new transfers arrive": [
        TRANSFER.format("T00002", 9, "2025-08-01", "Completed", "2026-07-01"),
        TRANSFER.format("T00003", 12, "2025-09-01", "Pending", "2026-07-01"),
    ],
    "one is corrected and one completed": [
        "UPDATE raw.transfers SET transfer_fee_millions = 10.50, updated_at = TIMESTAMP '2026-07-02' "
        "WHERE transfer_id = 'T00002'",
        "UPDATE raw.transfers SET status = 'Completed', updated_at = TIMESTAMP '2026-07-02' "
        "WHERE transfer_id = 'T00003'",
    ],
    "one arrives late, and one is corrected that says it is older than it was": [
        TRANSFER.format("T00004", 6, "2024-02-01", "Completed", "2024-02-02"),
        "UPDATE raw.transfers SET contract_length_years = NULL, updated_at = TIMESTAMP '2024-01-01' "
        "WHERE transfer_id = 'T00001'",
    ],
    "a player and a club change, the transfers do not": [
        "UPDATE raw.players SET name = 'Renamed', market_value_millions = 33.00, updated_at = TIMESTAMP '2026-07-04' "
        "WHERE player_id = 'P0001'",
        "UPDATE raw.clubs SET league = NULL, updated_at = TIMESTAMP '2026-07-04' WHERE club_id = 'C002'",
    ],
    "one is deleted and one turns out to have failed": [
        "DELETE FROM raw.transfers WHERE transfer_id = 'T00002'",
        "UPDATE raw.transfers SET status = 'Failed', updated_at = TIMESTAMP '2026-07-05' WHERE transfer_id = 'T00003'",
    ],
    "a club disappears": ["DELETE FROM raw.clubs WHERE club_id = 'C001'"],
    "the window moves on by a year": ["UPDATE raw.snapshot SET as_of = DATE '2027-01-01'"],
    "what was deleted comes back as it was": [
        TRANSFER.format("T00002", 9, "2025-08-01", "Completed", "2026-07-01"),
        TRANSFER.format("T00005", 7, "2026-12-31", "Completed", "2026-12-31"),
    ],
}


def test_the_incremental_variant_is_proven_equal_day_after_day(bench: Workbench) -> None:
    assert bench.materialize().success
    for day, changes in DAYS.items():
        for change in changes:
            bench.sql(change)
        result = bench.materialize()
        assert result.success, day
        assert "prod/derived_b_incremental" in materialized(result), day
        assert compared(bench) == "proven", day
        rows = bench.sql("SELECT count(*) FROM prod.derived_b_incremental")
        assert rows == bench.sql("SELECT count(*) FROM prod.derived_b"), day
    assert bench.sql("SELECT transfer_id FROM prod.derived_b_incremental ORDER BY ALL") == [
        ("T00001",),
        ("T00002",),
        ("T00005",),
    ]


def test_only_what_says_that_it_changed_is_written_and_the_comparison_finds_what_does_not(bench: Workbench) -> None:
    assert bench.materialize().success
    bench.sql("UPDATE raw.transfers SET transfer_fee_millions = 50.00")
    assert bench.materialize().success
    assert compared(bench) == "differs"
    assert bench.materialize(restate=["prod.derived_b_incremental"]).success
    assert compared(bench) == "proven"


def compared(bench: Workbench) -> str:
    """The verdict of the comparison asset of the two variants."""
    comparisons = ConfiguredComparisons(bench.settings)
    asset = comparison_asset(comparisons.table_spec("derived_b_incremental"), comparisons)
    resources = {"target": bench.target}
    result = dg.materialize([asset], instance=dg.DagsterInstance.ephemeral(), resources=resources, raise_on_error=False)
    [verdict] = [found for found in result.get_asset_check_evaluations() if found.check_name == "verdict"]
    return str(verdict.metadata["verdict"].value)
