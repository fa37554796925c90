"""Hashes that are added up outside DuckDB, and the rows that are read again because of them."""

import re
from collections import Counter

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from transferroom_pipeline.comparisons.buckets import ALWAYS_HASHED, Hashing
from transferroom_pipeline.comparisons.column_types import column_type
from transferroom_pipeline.comparisons.columns import Column, plan_columns
from transferroom_pipeline.comparisons.engine import Effort, compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.statements import Statements
from transferroom_pipeline.comparisons.streamed_hashes import StreamedHashes, add_up
from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline_tests.comparisons.conftest import make_tables, table_spec

_HASHED = Effort(hashing=ALWAYS_HASHED)
_HASHES = st.integers(0, 2**64 - 1)
_MANY = 300_000


@given(st.lists(st.lists(st.tuples(_HASHES, _HASHES), max_size=20), max_size=4))
def test_hashes_are_added_up_in_64_bits_by_each_part_of_the_hash_of_the_key(batches):
    arrays = [tuple(np.array(side, dtype=np.uint64) for side in zip(*batch, strict=True)) for batch in batches if batch]

    sums = add_up(arrays)

    for sorting in range(3):
        expected: Counter[int] = Counter()
        for key_hash, row_hash in (pair for batch in batches for pair in batch):
            expected[key_hash >> 16 * sorting & 0xFFFF] += row_hash
        found = {bucket: int(total) for bucket, total in enumerate(sums[sorting]) if total}
        assert found == {bucket: total % 2**64 for bucket, total in expected.items() if total % 2**64}


def _found(connection, *, effort=_HASHED, **entry):
    with compare(DuckDBEngine(connection), table_spec(**entry), effort=effort) as comparison:
        rows = comparison.result.rows
        return comparison.result, (rows.identical, rows.different, rows.only_legacy, rows.only_modern)


def _reads(result) -> list[str]:
    """How differing rows are read again, in order: by their ids, or by the buckets that they are in."""
    created = [sql for sql in result.sql if '_rows" AS SELECT' in sql and "_check_" not in sql]
    return ["ids" if "rowid IN" in sql else "buckets" for sql in created]


@pytest.fixture
def edited(connection) -> duckdb.DuckDBPyConnection:
    """Two tables of ten rows, of which one differs, one is missing, and one is there in addition."""
    make_tables(
        connection,
        "SELECT range AS id, 'a' || range AS v FROM range(10)",
        "SELECT range AS id, CASE range WHEN 4 THEN 'other' ELSE 'a' || range END AS v FROM range(1, 11) "
        "ORDER BY id DESC",
    )
    return connection


def test_rows_of_tables_are_read_again_by_their_ids(edited):
    result, counts = _found(edited)

    assert (counts, _reads(result)) == ((8, 1, 1, 1), ["ids", "ids"])


def test_tables_whose_row_ids_have_gaps_are_read_another_way(edited):
    edited.execute("INSERT INTO raw.t SELECT range, 'a' FROM range(100, 200)")
    edited.execute(
        "DELETE FROM raw.t WHERE id BETWEEN 2 AND 3 OR id >= 100; INSERT INTO raw.t VALUES (2, 'a2'), (3, 'a3')"
    )

    result, counts = _found(edited)

    assert (counts, _reads(result)) == ((8, 1, 1, 1), ["ids", "ids", "buckets"])


def test_views_predicates_and_columns_called_rowid_are_read_another_way(edited):
    for schema in ("raw", "prod"):
        edited.execute(f"CREATE VIEW {schema}.v AS SELECT * FROM {schema}.t")
        edited.execute(f"CREATE TABLE {schema}.r AS SELECT id, v AS rowid FROM {schema}.t")

    for entry in (
        {"legacy": "raw.v", "modern": "prod.v"},
        {"where": "id >= 0"},
        {"legacy": "raw.r", "modern": "prod.r"},
    ):
        result, counts = _found(edited, **entry)
        assert (counts, _reads(result)) == ((8, 1, 1, 1), ["buckets", "buckets"])


def test_many_differing_rows_are_joined_with_all_others(connection):
    make_tables(
        connection,
        f"SELECT range AS id, range AS v FROM range({_MANY})",
        f"SELECT range AS id, range + (range % 3 = 0)::INTEGER AS v FROM range({_MANY})",
    )

    result, counts = _found(connection, effort=Effort())

    assert (counts, _reads(result)) == ((_MANY * 2 // 3, _MANY // 3, 0, 0), [])


def test_few_differing_rows_of_many_are_read_again_and_no_others(connection):
    make_tables(
        connection,
        f"SELECT range AS id, range AS v FROM range({_MANY})",
        f"SELECT range AS id, range + (range % 100000 = 7)::INTEGER AS v FROM range({_MANY})",
    )

    with compare(DuckDBEngine(connection), table_spec()) as comparison:
        (read,) = re.findall(r'"comparison_\w+_legacy_rows"', " ".join(comparison.result.sql))[:1]
        assert connection.execute(f"SELECT count(*) FROM {read}").fetchone() == (3,)
        assert comparison.result.rows.different == 3


def _hashes(connection, rows: int) -> StreamedHashes:
    engine, spec = DuckDBEngine(connection), table_spec()
    statements = Statements(engine, "t", "mark")
    columns = [
        [Column(name, column_type(kind, "duckdb")) for name, kind in engine.columns(table)]
        for table in (exp.table_("t", db="raw"), exp.table_("t", db="prod"))
    ]
    return StreamedHashes(
        statements, engine, spec, plan_columns(spec, *columns, engine.functions), (rows, rows), Hashing()
    )


@pytest.mark.parametrize("rows", [10, 70_000_000], ids=["at once", "in parts"])
def test_keys_are_unique_or_not_however_many_are_sorted_at_a_time(connection, rows):
    distinct = "SELECT range AS id, 1 AS v FROM range(100000)"
    make_tables(connection, distinct, distinct)
    assert _hashes(connection, rows).legacy_key_is_unique()

    connection.execute("INSERT INTO raw.t VALUES (77, 2)")
    assert not _hashes(connection, rows).legacy_key_is_unique()


def test_the_limit_of_memory_is_given_back_whatever_happens(connection):
    connection.execute("SET memory_limit = '1GB'")
    engine = DuckDBEngine(connection)

    def limit() -> str:
        return connection.execute("SELECT current_setting('memory_limit')").fetchone()[0]

    before = limit()
    with engine.spared(300_000_000) as has_memory:
        assert (has_memory, limit()) == (True, "667.4 MiB")
    assert limit() == before
    with engine.spared(600_000_000) as has_memory:
        assert (has_memory, limit()) == (False, before)
    with pytest.raises(ZeroDivisionError), engine.spared(1000):
        raise ZeroDivisionError
    assert limit() == before


def test_without_memory_to_spare_the_same_is_found(edited):
    expected = _found(edited)[1]
    edited.execute("SET memory_limit = '20MB'")
    rows = "SELECT range AS id, 'a' || range AS v FROM range(10)"
    edited.execute(f"CREATE OR REPLACE VIEW raw.t2 AS {rows}")

    with DuckDBEngine(edited).spared(15_000_000) as has_memory:
        assert not has_memory
    assert _found(edited, legacy="raw.t2")[1] == expected


def test_a_full_disk_is_one_sentence_and_no_evidence(tmp_path):
    with connect(tmp_path / "full.duckdb") as connection:
        make_tables(connection, *["SELECT range AS id, md5(range::VARCHAR) AS v FROM range(1000000)"] * 2)
    with connect(tmp_path / "full.duckdb", read_only=True, memory_limit="64MB") as connection:
        connection.execute(f"SET temp_directory = '{tmp_path}'; SET max_temp_directory_size = '64KB'")
        never = Effort(hashing=Hashing(from_rows=10**9))

        with pytest.raises(ComparisonError, match="the disk to spill to: raise the limit, or free disk space"):
            _found(connection, effort=never)

        assert connection.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchone() == (0,)


class _ChangesRowsMeanwhile(DuckDBEngine):
    """Somebody mends the row that differs and spoils another one, after the rows have been hashed."""

    def keep(self, table, name, numbers):
        super().keep(table, name, numbers)
        self.execute("UPDATE prod.t SET v = 'a4' WHERE id = 4; UPDATE prod.t SET v = 'spoilt' WHERE id = 7")


def test_rows_that_change_between_two_statements_are_an_error(connection):
    rows = "SELECT range AS id, 'a' || range AS v FROM range(10)"
    make_tables(connection, rows, f"SELECT id, CASE id WHEN 4 THEN 'other' ELSE v END AS v FROM ({rows})")

    with (
        pytest.raises(ComparisonError, match="its rows changed while they were read"),
        compare(_ChangesRowsMeanwhile(connection), table_spec(), effort=_HASHED),
    ):
        pass


@pytest.mark.parametrize("effort", [Effort(), _HASHED], ids=["joined", "hashed"])
def test_keys_that_are_equal_and_have_other_texts_occur_twice(connection, effort):
    keys = "SELECT [range::DOUBLE] AS id FROM range(20) UNION ALL SELECT [-0.0::DOUBLE]"
    rows = f"SELECT id, 1 AS v FROM ({keys})"
    make_tables(connection, rows, rows)

    result, _ = _found(connection, effort=effort)

    assert (result.verdict, result.rows.duplicate_key_legacy, result.rows.duplicate_key_modern) == ("not_proven", 2, 2)
