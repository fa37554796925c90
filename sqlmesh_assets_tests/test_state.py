"""State that cannot be used is told in one sentence with what to do."""

import logging
import subprocess
import sys
from contextlib import closing

import dagster as dg
import duckdb
import pytest

from sqlmesh_assets.launchpad import Mode
from sqlmesh_assets.ledger import read_ledger
from sqlmesh_assets_tests.conftest import MODELS, Bench, materialized, reasons


def sentence(text: str, *parts: str) -> bool:
    """Whether one line has all parts."""
    return any(all(part in line for part in parts) for line in text.splitlines())


def test_state_of_a_newer_sqlmesh_is_told(computed: Bench) -> None:
    with closing(duckdb.connect(str(computed.root / "state.duckdb"))) as connection:
        connection.execute("UPDATE sqlmesh._versions SET schema_version = 9999, sqlmesh_version = '99.1.0'")
    computed.sql("UPDATE raw.customers SET name = 'Dan' WHERE id = 1")
    told = reasons(computed.materialize())
    assert sentence(told, "was written by a newer SQLMesh", "install that version", "state.duckdb")


def test_a_locked_state_or_target_is_told_with_the_process_that_has_it(
    computed: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    computed.sql("UPDATE raw.customers SET name = 'Dan' WHERE id = 1")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(computed.root / "state.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        told = reasons(computed.materialize())
    finally:
        holder.communicate("done\n")
    assert sentence(told, "state.duckdb is in use by process", str(holder.pid), "try again")
    assert not [record for record in caplog.records if record.name.startswith("sqlmesh.")], "said once"
    assert computed.materialize().success


HOLD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
"""


def test_missing_state_is_told_and_everything_is_computed_from_the_start(computed: Bench) -> None:
    (computed.root / "state.duckdb").unlink()
    with dg.DagsterInstance.ephemeral() as instance:
        result = computed.materialize(instance=instance)
        warnings = [entry.user_message for entry in instance.all_logs(result.run_id) if entry.level >= logging.WARNING]
    assert result.success
    assert materialized(result) == MODELS
    assert any(
        "state.duckdb is gone: all models have to be planned and computed from the start" in text for text in warnings
    )


def test_state_that_is_no_database_is_told(computed: Bench) -> None:
    (computed.root / "state.duckdb").write_text("not a database" * 100, encoding="utf-8")
    computed.sql("UPDATE raw.customers SET name = 'Dan' WHERE id = 1")
    told = reasons(computed.materialize())
    assert sentence(told, "state.duckdb", "not a valid DuckDB database")


def test_a_target_that_is_not_the_one_of_the_state_is_told(computed: Bench) -> None:
    computed.sql("DROP VIEW marts.spending")
    told = reasons(computed.materialize())
    assert sentence(
        told, "SQLMesh's state tells of marts.spending, which is not in the target", "delete", "state.duckdb"
    )
    (computed.root / "state.duckdb").unlink()
    assert computed.materialize().success


def test_a_lost_ledger_makes_everything_computed_once_more(computed: Bench) -> None:
    computed.project.ledger.unlink()
    assert materialized(computed.materialize()) == MODELS
    assert materialized(computed.materialize()) == set()


def test_a_run_that_deploys_nothing_says_that_lost_state_needs_a_plan(computed: Bench) -> None:
    (computed.root / "state.duckdb").unlink()
    told = reasons(computed.materialize(mode=Mode.run))
    assert "marts.spending: it was never deployed: run it in mode plan first" in told
    assert materialized(computed.materialize()) == MODELS
    assert computed.materialize(mode=Mode.run).success


def test_a_run_that_could_not_begin_leaves_a_pending_merge_what_it_is(computed: Bench) -> None:
    computed.sql("UPDATE raw.orders SET amount = 60, updated_at = TIMESTAMP '2026-02-01' WHERE id = 10")
    with closing(duckdb.connect(str(computed.root / "state.duckdb"))) as connection:
        [versions] = connection.execute("SELECT schema_version, sqlmesh_version FROM sqlmesh._versions").fetchall()
        connection.execute("UPDATE sqlmesh._versions SET schema_version = 9999, sqlmesh_version = '99.1.0'")
    assert not computed.materialize().success
    assert read_ledger(computed.project.ledger).unfinished == {}
    with closing(duckdb.connect(str(computed.root / "state.duckdb"))) as connection:
        connection.execute("UPDATE sqlmesh._versions SET schema_version = ?, sqlmesh_version = ?", list(versions))
    assert computed.materialize().success
    rows = computed.sql("SELECT order_id, computed_rows FROM marts.latest ORDER BY order_id")
    assert rows == [(10, 1), (11, 3), (12, 3)]
