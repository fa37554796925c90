"""The checks of a copy: it is what it was copied from."""

from collections.abc import Mapping, Sequence

import dagster as dg

from transferroom_pipeline.keys import legacy_key, raw_key
from transferroom_pipeline.metadata import markdown_table
from transferroom_pipeline.platforms.resources import LegacyPlatform, TargetPlatform
from transferroom_pipeline.platforms.schemas import RAW_SCHEMA
from transferroom_pipeline.replication.verification import CopyVerification, legacy_state, table_state

CHECKS = {
    "row_count": "As many rows as in legacy.",
    "schema": "The columns and types of legacy.",
    "content": "The same rows: checksums over all columns are equal.",
}


def check_specs(key: dg.AssetKey) -> Sequence[dg.AssetCheckSpec]:
    """Blocking, as all that follows is judged by the copy."""
    return [
        dg.AssetCheckSpec(name, asset=key, blocking=True, description=description)
        for name, description in CHECKS.items()
    ]


def verify_copy(table: str, legacy: LegacyPlatform, target: TargetPlatform) -> CopyVerification:
    """Both sides of a copy, read one after the other."""
    with legacy.get_connection(read_only=True) as connection:
        left = legacy_state(connection, table, legacy_key(table).to_user_string())
    with target.get_connection(read_only=True) as connection:
        right = table_state(connection, RAW_SCHEMA, table, raw_key(table).to_user_string())
    return CopyVerification(left, right)


def check_results(
    key: dg.AssetKey, verification: CopyVerification, *, incremental: bool
) -> Sequence[dg.AssetCheckResult]:
    """What both sides say of the copy.

    Args:
        key: The copy.
        verification: Both sides.
        incremental: Whether the copy has just been made by its changes alone.
    """
    left, right = verification.legacy.checksum, verification.copy.checksum
    differences = verification.schema_differences
    return [
        dg.AssetCheckResult(
            asset_key=key,
            check_name="row_count",
            passed=verification.same_rows,
            description=f"{left.rows:,} rows in legacy, {right.rows:,} in the copy",
            metadata={"legacy": left.rows, "raw": right.rows},
        ),
        dg.AssetCheckResult(
            asset_key=key,
            check_name="schema",
            passed=not differences,
            description=_schema_description(differences),
            metadata={"differences": markdown_table(differences)},
        ),
        dg.AssetCheckResult(
            asset_key=key,
            check_name="content",
            passed=verification.same_content,
            description=_content_description(key, verification, incremental=incremental),
            # As text: a sum of hashes is larger than the integers of Dagster's metadata.
            metadata={"legacy": str(left.hash_sum), "raw": str(right.hash_sum)},
        ),
    ]


def _schema_description(differences: Sequence[Mapping[str, str | None]]) -> str:
    columns = (
        f"{found['column']} is {found['legacy'] or 'missing'} in legacy, {found['raw'] or 'missing'} in the copy"
        for found in differences
    )
    return "; ".join(columns) or CHECKS["schema"]


def _content_description(key: dg.AssetKey, verification: CopyVerification, *, incremental: bool) -> str:
    if verification.same_content:
        return CHECKS["content"]
    if incremental and verification.differs_in_cells_only:
        return _unseen(key)
    return f"the rows are not those of legacy: copy the table again, with --select key:{key.to_user_string()}"


def _unseen(key: dg.AssetKey) -> str:
    """What it means when the keys and updates of both sides are the same and the rows are not."""
    name = key.to_user_string()
    return (
        "rows changed without their updated_at, which an incremental copy cannot see: copy the table in full once, "
        f"with `TRANSFERROOM_REPLICATION=full transferroom run --select key:{name}` or mode full in the launchpad"
    )
