"""One place says which type of SQL Server a column of the legacy platform has."""

import pytest

from transferroom_pipeline.legacy.column_types import declared_types, server_type, stored_types


def test_types_come_from_the_tables_as_they_are_stored(legacy):
    found = stored_types(legacy, ["players", "not_there"])
    assert found["players"]["market_value_millions"] == "DECIMAL(18,2)"
    assert (found["players"]["age"], found["players"]["name"]) == ("BIGINT", "NVARCHAR")
    assert (found["players"]["contract_end_date"], found["players"]["updated_at"]) == ("DATE", "DATETIME2")
    assert found["not_there"] == {}


def test_contracts_give_the_same_types_as_the_tables_that_are_loaded_by_them(legacy):
    stored = stored_types(legacy, ["players"])["players"]
    declared = declared_types()["players"]
    assert {name: declared[name] for name in stored} == stored


@pytest.mark.parametrize(
    ("stand_in", "server"),
    [
        ("DECIMAL(38,2)", "DECIMAL(38,2)"),
        ("HUGEINT", "BIGINT"),
        ("BOOLEAN", "BIT"),
        ("FLOAT", "REAL"),
        ("DOUBLE", "FLOAT"),
        ("TIMESTAMP WITH TIME ZONE", "DATETIMEOFFSET"),
        ("INTEGER[]", None),
        ("STRUCT(a INTEGER)", None),
    ],
)
def test_a_type_of_the_stand_in_stands_for_one_of_sql_server(stand_in, server):
    assert server_type(stand_in) == server
