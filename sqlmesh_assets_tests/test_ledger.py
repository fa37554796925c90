"""What the ledger says of a computation."""

from datetime import UTC, datetime

import pytest

from sqlmesh_assets.ledger import AuditOutcome, Computation

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failing_rows", "told"),
    [
        ([], "no audits"),
        ([0], "1 audit passed"),
        ([0, 0], "2 audits passed"),
        ([0, 3, 1], "audits failed: second, third"),
    ],
)
def test_audits_are_told_in_words(failing_rows: list[int], told: str) -> None:
    names = ("first", "second", "third")
    audits = tuple(
        AuditOutcome(check=name, blocking=False, failing_rows=rows, query="SELECT 1")
        for name, rows in zip(names, failing_rows, strict=False)
    )
    computation = Computation(
        code_version="1", computed_at=NOW, seconds=1, snapshot="1", interval=(NOW, NOW), rows=1, audits=audits
    )
    assert computation.in_words["audits"] == told
