"""The sample data: the same for a seed, true to the contracts, and with a case on every boundary."""

from datetime import date
from decimal import Decimal
from typing import get_args

import polars as pl
import pytest
from click.testing import CliRunner

from transferroom_pipeline.sources import contracts, sample_data
from transferroom_pipeline.sources.contracts import SOURCE_TABLES
from transferroom_pipeline.sources.intake import take_in
from transferroom_pipeline.sources.references import dangling_references
from transferroom_pipeline.sources.sample_data import generate, sample_data_command
from transferroom_pipeline_tests.sources.loaded import loaded

AS_OF = date(2026, 6, 30)
BOUNDARY_AGES = (15, 19, 20, 24, 25, 29, 30, 34, 35, 50)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The default sample as staged frames by table."""
    folder = tmp_path_factory.mktemp("sample")
    generate(folder)
    taken = [take_in(table, folder, folder / "staging") for table in SOURCE_TABLES]
    assert [(intake.accepted, intake.rejected) for intake in taken] == [(1_000, 0), (100, 0), (5_000, 0)]
    return {intake.table: pl.read_parquet(intake.accepted_path) for intake in taken}


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path, file_format):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        generate(tmp_path / name, players=50, clubs=5, transfers=90, seed=seed, file_format=file_format)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert contents(tmp_path / "a")[f"transfers.{file_format}"] != contents(tmp_path / "c")[f"transfers.{file_format}"]
    assert sorted(contents(tmp_path / "a")) == [f"{table}.{file_format}" for table in ("clubs", "players", "transfers")]


def test_the_committed_sample_is_the_default_one(tmp_path, pytestconfig):
    generate(tmp_path)
    committed = contents(pytestconfig.rootpath / "data" / "sample")
    assert committed == contents(tmp_path), "write it anew with `transferroom sample-data --out data/sample`"


def test_chunks_leave_no_trace(tmp_path, monkeypatch):
    generate(tmp_path / "whole", players=70, clubs=7, transfers=100)
    monkeypatch.setattr(sample_data, "_CHUNK_ROWS", 33)
    generate(tmp_path / "chunked", players=70, clubs=7, transfers=100)
    assert contents(tmp_path / "whole") == contents(tmp_path / "chunked")


def test_csv_and_parquet_hold_the_same_rows(tmp_path):
    frames = []
    for file_format in ("csv", "parquet"):
        generate(tmp_path / file_format, players=60, clubs=6, transfers=80, file_format=file_format)
        taken = take_in(SOURCE_TABLES[2], tmp_path / file_format, tmp_path / "staging")
        frames.append(pl.read_parquet(taken.accepted_path))
    assert frames[0].equals(frames[1])


@pytest.mark.parametrize("seed", [0, 7])
def test_the_smallest_sample_keeps_the_contracts_too(tmp_path, seed):
    generate(tmp_path, players=1, clubs=2, transfers=1, seed=seed)
    assert [take_in(table, tmp_path, tmp_path / "staging").rejected for table in SOURCE_TABLES] == [0, 0, 0]


def test_all_references_hold(sample, tmp_path):
    with loaded(tmp_path, sample) as connection:
        found = [each for table in SOURCE_TABLES for each in dangling_references(connection, table, "prod")]
    assert [reference.count for reference in found] == [0, 0, 0]


def test_the_newest_update_is_on_the_as_of_date_in_every_file(sample):
    assert {name: frame["updated_at"].max().date() for name, frame in sample.items()} == dict.fromkeys(sample, AS_OF)


def test_every_boundary_has_a_case(sample):
    players, transfers = sample["players"], sample["transfers"]
    worth = players.filter(pl.col("market_value_millions") > 5)
    assert set(BOUNDARY_AGES) <= set(worth["age"])
    assert {Decimal("4.99"), Decimal("5.00"), Decimal("5.01"), Decimal("0.00")} <= set(players["market_value_millions"])
    bought = transfers.filter(pl.col("status") == "Completed", pl.col("transfer_type") == "Permanent")
    days = {date(2023, 12, 31), date(2025, 12, 31), AS_OF, date(2026, 7, 1)}
    assert days <= set(bought.filter(pl.col("transfer_fee_millions") >= 5)["transfer_date"])
    assert date(2024, 1, 1) in set(transfers.filter(pl.col("status") == "Completed")["transfer_date"])
    assert {Decimal("4.99"), Decimal("5.00"), Decimal("5.01")} <= set(bought["transfer_fee_millions"])


@pytest.mark.parametrize(
    ("table", "column", "literal"),
    [
        ("players", "position", contracts.Position),
        ("clubs", "european_competition", contracts.EuropeanCompetition),
        ("transfers", "transfer_type", contracts.TransferType),
        ("transfers", "transfer_window", contracts.TransferWindow),
        ("transfers", "status", contracts.TransferStatus),
    ],
)
def test_every_value_of_an_enumeration_occurs(sample, table, column, literal):
    assert set(sample[table][column].drop_nulls()) == set(get_args(literal))


def test_values_are_missing_wherever_the_contract_allows(sample):
    for table in SOURCE_TABLES:
        empty = {column for column in table.columns if sample[table.name][column].null_count()}
        assert empty == set(table.model.nullable_columns), table.name


def test_names_of_clubs_are_distinct_but_players_spell_some_otherwise(sample):
    names = sample["clubs"]["name"]
    assert names.str.to_lowercase().str.replace_all(" ", "").n_unique() == len(names)
    written = sample["players"]["current_club"].drop_nulls()
    unmatched = written.filter(~written.is_in(names.implode()))
    loosely = unmatched.str.strip_chars_end().str.to_lowercase().is_in(names.str.to_lowercase().implode())
    assert 5 <= loosely.sum() <= 50
    assert 20 <= (~loosely).sum() <= 100
    assert unmatched.str.ends_with(" ").any()


def test_enough_rows_reach_the_derived_tables(sample):
    worth = sample["players"].filter(pl.col("market_value_millions") > 5).height
    assert 350 <= worth <= 450
    in_scope = sample["transfers"].filter(
        pl.col("status") == "Completed",
        pl.col("transfer_type").is_in(["Permanent", "Loan with Option to Buy"]),
        pl.col("transfer_fee_millions") >= 5,
        pl.col("transfer_date").is_between(date(2024, 1, 1), AS_OF),
    )
    assert 400 <= in_scope.height <= 650
    assert in_scope["transfer_fee_millions"].is_duplicated().any()


def test_the_two_clubs_of_a_transfer_differ(sample):
    assert (sample["transfers"]["selling_club_id"] != sample["transfers"]["buying_club_id"]).all()


def test_ids_grow_wider_with_the_table(tmp_path):
    generate(tmp_path, players=10_000, clubs=1_000, transfers=2, file_format="parquet")
    assert pl.read_parquet(tmp_path / "players.parquet")["player_id"].to_list()[::9_999] == ["P00001", "P10000"]
    clubs = pl.read_parquet(tmp_path / "clubs.parquet")
    assert clubs["club_id"].to_list()[-1] == "C1000"
    assert clubs["name"].str.to_lowercase().n_unique() == clubs.height


def test_the_command_writes_the_files(tmp_path):
    arguments = ["--players", "3", "--clubs", "2", "--transfers", "4", "--seed", "1", "--format", "parquet"]
    result = CliRunner().invoke(sample_data_command, ["--out", str(tmp_path), *arguments])
    assert result.exit_code == 0
    assert result.output.splitlines()[0] == f"wrote {tmp_path}/players.parquet"
    assert [pl.read_parquet(file).height for file in sorted(tmp_path.iterdir())] == [2, 3, 4]


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--clubs", "1", "Invalid value for '--clubs': 1 is not in the range x>=2."),
        ("--players", "0", "Invalid value for '--players': 0 is not in the range x>=1."),
        ("--seed", "-1", "Invalid value for '--seed': -1 is not in the range x>=0."),
        ("--format", "xlsx", "Invalid value for '--format': 'xlsx' is not one of 'csv', 'parquet'."),
    ],
)
def test_the_command_refuses_what_it_cannot_make(tmp_path, option, value, complaint):
    result = CliRunner().invoke(sample_data_command, ["--out", str(tmp_path), option, value])
    assert result.exit_code == 2
    assert complaint in result.output
    assert not list(tmp_path.iterdir())
