"""What the T-SQL of a legacy table hangs on: the warnings, for its asset, its check and its comparison."""

from collections.abc import Sequence
from datetime import date

import duckdb

from transferroom_pipeline.legacy.column_types import Types, declared_types, stored_types
from transferroom_pipeline.legacy.tables import LEGACY_TABLES, Frames, LegacyTable
from transferroom_pipeline.legacy.tsql import judge
from transferroom_pipeline.legacy.tsql.findings import Finding, of_verdict
from transferroom_pipeline.legacy.tsql.verdicts import Verdict

METADATA = "tsql_warnings"
"""Name of the metadata that holds the warnings as a table."""

_ANY_DAY = date(2000, 1, 1)


def warnings_of_build(connection: duckdb.DuckDBPyConnection, table: LegacyTable, as_of: date) -> Sequence[Finding]:
    """The warnings for the T-SQL of a table, with the types of its inputs as they are stored; none for pandas code."""
    return _warnings(table, as_of, stored_types(connection, table.inputs))


def declared_warnings() -> dict[str, Sequence[Finding]]:
    """The warnings for the T-SQL of each declared table, with the types of the contracts: nothing is opened."""
    types = declared_types()
    found = {table.name: _warnings(table, _ANY_DAY, types) for table in LEGACY_TABLES}
    return {name: warnings for name, warnings in found.items() if warnings}


def _warnings(table: LegacyTable, as_of: date, types: Types) -> Sequence[Finding]:
    if isinstance(table.build, Frames):
        return ()
    return of_verdict(judge(table.build.tsql(as_of), types), "duckdb", Verdict.WARN)
