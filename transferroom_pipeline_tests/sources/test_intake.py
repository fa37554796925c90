"""What is taken from source files: good rows in exact types, bad rows with line, column, rule and value."""

import json
from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pyarrow.parquet as pq
import pytest

from transferroom_pipeline.sources import csv_file
from transferroom_pipeline.sources.intake import SAMPLES, Rejection, take_in
from transferroom_pipeline.sources.splitting import REJECTION_SCHEMA
from transferroom_pipeline_tests.sources.files_for_tests import (
    CLUBS,
    NOON,
    PLAYERS,
    TRANSFERS,
    rows,
    typed_frame,
    write_csv,
    write_parquet,
)

HEADER = ",".join(PLAYERS.columns)


def intake(tmp_path, table, content):
    write_csv(table, tmp_path, content)
    return take_in(table, tmp_path, tmp_path / "staging")


def accepted(taken):
    return pl.read_parquet(taken.accepted_path)


def test_good_rows_are_staged_in_the_exact_types_of_the_contract(tmp_path):
    content = rows(TRANSFERS, {}, {"transfer_fee_millions": Decimal("0.07")})
    taken = intake(tmp_path, TRANSFERS, content)
    assert accepted(taken).equals(typed_frame(TRANSFERS, content))
    assert accepted(taken).schema == pl.Schema(TRANSFERS.dtypes)
    assert (taken.rows, taken.accepted, taken.rejected, taken.rejected_share) == (2, 2, 0, 0.0)
    assert (taken.by_rule, taken.samples, taken.new_columns) == ({}, (), ())


def test_arrow_types_are_plain_ones(tmp_path):
    schema = pq.read_schema(intake(tmp_path, PLAYERS, rows(PLAYERS, {})).accepted_path)
    assert {str(schema.field(name).type) for name in PLAYERS.columns} == {
        "string", "int64", "decimal128(18, 2)", "date32[day]", "timestamp[us]",
    }  # fmt: skip


def test_without_rejections_the_rejected_file_is_there_and_empty(tmp_path):
    rejected = pl.read_parquet(intake(tmp_path, PLAYERS, rows(PLAYERS, {})).rejected_path)
    assert (rejected.height, rejected.schema) == (0, REJECTION_SCHEMA)


@pytest.mark.parametrize(
    ("table", "column", "value", "rule"),
    [
        (PLAYERS, "player_id", None, "not_null"),
        (PLAYERS, "player_id", "P001", "pattern"),
        (PLAYERS, "player_id", "X0001", "pattern"),
        (PLAYERS, "player_id", " P0001", "pattern"),
        (PLAYERS, "player_id", "P१२३४", "pattern"),
        (PLAYERS, "position", None, "not_null"),
        (PLAYERS, "position", "Winger", "enumeration"),
        (PLAYERS, "position", "forward", "enumeration"),
        (PLAYERS, "age", "14", "range"),
        (PLAYERS, "age", "51", "range"),
        (PLAYERS, "age", "abc", "type"),
        (PLAYERS, "age", " ", "type"),
        (PLAYERS, "age", "20.5", "scale"),
        (PLAYERS, "age", "99999999999999999999", "type"),
        (PLAYERS, "market_value_millions", "-0.01", "range"),
        (PLAYERS, "market_value_millions", "12.345", "scale"),
        (PLAYERS, "market_value_millions", "12,34", "type"),
        (PLAYERS, "market_value_millions", "1e3", "type"),
        (PLAYERS, "market_value_millions", "NaN", "type"),
        (PLAYERS, "market_value_millions", "10000000000000000.00", "type"),
        (PLAYERS, "contract_end_date", "2026-02-29", "type"),
        (PLAYERS, "contract_end_date", "30.06.2027", "type"),
        (PLAYERS, "contract_end_date", "2027-6-30", "type"),
        (PLAYERS, "updated_at", None, "not_null"),
        (PLAYERS, "updated_at", "2026-06-30", "type"),
        (PLAYERS, "updated_at", "2026-06-30 23:59:60", "type"),
        (PLAYERS, "updated_at", "2026-06-30 24:00:00", "type"),
        (PLAYERS, "updated_at", "2026-06-30 12:00:00.1234567", "scale"),
        (PLAYERS, "age", "1e1", "type"),
        (PLAYERS, "age", "0x10", "type"),
        (PLAYERS, "age", "١٢", "type"),
        (PLAYERS, "age", "\uff12\uff10", "type"),
        (PLAYERS, "age", "2_0", "type"),
        (PLAYERS, "age", " 20", "type"),
        (PLAYERS, "age", "20 ", "type"),
        (PLAYERS, "age", "--20", "type"),
        (PLAYERS, "age", "+", "type"),
        (PLAYERS, "age", ".", "type"),
        (PLAYERS, "age", "2,0", "type"),
        (PLAYERS, "age", "9223372036854775808", "type"),
        (PLAYERS, "age", "-9223372036854775809", "type"),
        (PLAYERS, "age", "true", "type"),
        (PLAYERS, "market_value_millions", "Infinity", "type"),
        (PLAYERS, "market_value_millions", "-inf", "type"),
        (PLAYERS, "market_value_millions", "1.00000000000000000000000000001", "scale"),
        (PLAYERS, "market_value_millions", "0.005", "scale"),
        (PLAYERS, "market_value_millions", "1" + "0" * 40, "type"),
        (PLAYERS, "market_value_millions", "1.2.3", "type"),
        (PLAYERS, "market_value_millions", "$1.50", "type"),
        (PLAYERS, "market_value_millions", "1 000.00", "type"),
        (PLAYERS, "market_value_millions", "\u00a01.50", "type"),
        (PLAYERS, "market_value_millions", "(1.50)", "type"),
        (PLAYERS, "market_value_millions", "1.50-", "type"),
        (PLAYERS, "contract_end_date", "2027-02-30", "type"),
        (PLAYERS, "contract_end_date", "27-06-30", "type"),
        (PLAYERS, "contract_end_date", "20270630", "type"),
        (PLAYERS, "contract_end_date", "0000-01-01", "type"),
        (PLAYERS, "contract_end_date", "10000-01-01", "type"),
        (PLAYERS, "contract_end_date", "-2027-06-30", "type"),
        (PLAYERS, "contract_end_date", "2027-06-30 ", "type"),
        (PLAYERS, "contract_end_date", "2027-06-30T00:00:00", "type"),
        (PLAYERS, "contract_end_date", "٢٠٢٧-٠٦-٣٠", "type"),
        (PLAYERS, "contract_end_date", "2027-13-01", "type"),
        (PLAYERS, "contract_end_date", "2027-00-01", "type"),
        (PLAYERS, "updated_at", "2026-06-30 12:00:00-25:00", "type"),
        (PLAYERS, "updated_at", "2026-06-30 12:00:00+99:59", "type"),
        (PLAYERS, "updated_at", "2026-06-30 12:00:00+14:01", "type"),
        (PLAYERS, "updated_at", "2026-06-30 12:00:00-14:01", "type"),
        (PLAYERS, "updated_at", "2026-06-30 12:00:00+02:60", "type"),
        (PLAYERS, "updated_at", "2026-06-30 12:00:00+2:00", "type"),
        (PLAYERS, "updated_at", "2026-06-30 12:00:00+0200", "type"),
        (PLAYERS, "updated_at", "2026-06-30 12:00:00 +02:00", "type"),
        (PLAYERS, "updated_at", "2026-06-30 12:00:00Z+02:00", "type"),
        (PLAYERS, "updated_at", "2026-06-30 12:00:00z", "type"),
        (PLAYERS, "updated_at", "2026-06-30 12:00:00 CET", "type"),
        (PLAYERS, "updated_at", "2026-02-30 12:00:00", "type"),
        (PLAYERS, "updated_at", "26-06-30 12:00:00", "type"),
        (PLAYERS, "updated_at", "2026-06-30 25:00:00", "type"),
        (PLAYERS, "updated_at", "2026-06-30 12:60:00", "type"),
        (PLAYERS, "updated_at", "2026-06-30 12:00", "type"),
        (PLAYERS, "updated_at", "2026-06-30 12:00:00.", "type"),
        (PLAYERS, "updated_at", "2026-06-30 12:00:00,5", "type"),
        (PLAYERS, "updated_at", "0000-06-30 12:00:00", "type"),
        (PLAYERS, "updated_at", "0001-01-01 00:30:00+01:00", "type"),
        (PLAYERS, "updated_at", "9999-12-31 23:30:00-01:00", "type"),
        (PLAYERS, "updated_at", "9999-12-31 23:59:59.9999999", "scale"),
        (PLAYERS, "updated_at", "2026-06-30 ١٢:00:00", "type"),
        (CLUBS, "name", None, "not_null"),
        (CLUBS, "capacity", "-1", "range"),
        (CLUBS, "league_position", "0", "range"),
        (CLUBS, "european_competition", "none", "enumeration"),
        (TRANSFERS, "selling_club_id", "P0001", "pattern"),
        (TRANSFERS, "transfer_fee_millions", None, "not_null"),
        (TRANSFERS, "transfer_window", "Spring", "enumeration"),
        (TRANSFERS, "contract_length_years", "2.25", "scale"),
        (TRANSFERS, "contract_length_years", "1000.0", "type"),
        (TRANSFERS, "status", "", "not_null"),
    ],
)  # fmt: skip
def test_a_bad_row_is_rejected_with_its_line_and_the_rest_is_accepted(tmp_path, table, column, value, rule):
    taken = intake(tmp_path, table, rows(table, {}, {column: value}, {}))
    assert (taken.rows, taken.accepted, taken.rejected) == (3, 2, 1)
    assert taken.by_rule == {rule: 1}
    (sample,) = taken.samples
    assert (sample.line_number, sample.column_name, sample.rule, sample.value) == (3, column, rule, value or None)
    assert accepted(taken).equals(typed_frame(table, rows(table, {}, {}, {})[::2]))


def test_a_rejected_row_is_recorded_once_with_its_first_fault_and_as_it_stood(tmp_path):
    bad = rows(PLAYERS, {"name": 'Ó "Briain"', "current_club": None, "age": "12", "position": "Winger"})[0]
    taken = intake(tmp_path, PLAYERS, [{**bad, "comment": "new"}])
    (record,) = pl.read_parquet(taken.rejected_path).to_dicts()
    raw = json.loads(record.pop("raw_row"))
    assert record == {
        "source_table": "players", "line_number": 2, "key": "P0001",
        "column_name": "position", "rule": "enumeration", "value": "Winger",
        "source_file": "players.csv",
    }  # fmt: skip
    assert list(raw) == [*PLAYERS.columns, "comment"]
    assert (raw["name"], raw["current_club"], raw["age"], raw["comment"]) == ('Ó "Briain"', None, "12", "new")
    assert (taken.rejected, taken.rejected_share) == (1, 1.0)


def test_later_rows_with_a_key_are_rejected_whatever_becomes_of_the_first(tmp_path):
    ids = ["P0001", "P0002", "P0001", "P0003", "P0001"]
    taken = intake(
        tmp_path, PLAYERS, rows(PLAYERS, {"player_id": "P0001", "age": "99"}, *({"player_id": i} for i in ids[1:]))
    )
    assert [(s.line_number, s.rule) for s in taken.samples] == [(2, "range"), (4, "unique_key"), (6, "unique_key")]
    assert taken.by_rule == {"range": 1, "unique_key": 2}
    assert taken.samples[1] == Rejection("players.csv", 4, "P0001", "player_id", "unique_key", "P0001")
    assert accepted(taken)["player_id"].to_list() == ["P0002", "P0003"]


def test_rows_without_a_key_are_not_repeats_of_each_other(tmp_path):
    taken = intake(tmp_path, PLAYERS, rows(PLAYERS, {"player_id": None}, {"player_id": None}, {}))
    assert taken.by_rule == {"not_null": 2}


def test_repeats_are_found_across_batches_with_their_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_file, "_BLOCK_BYTES", 4096)
    content = rows(PLAYERS, *({"name": "two\nlines"} for _ in range(200)))
    content[150]["player_id"] = content[3]["player_id"]
    taken = intake(tmp_path, PLAYERS, content)
    assert [(s.line_number, s.key, s.rule) for s in taken.samples] == [(2 + 2 * 150, "P0004", "unique_key")]
    assert accepted(taken).height == 199


def test_samples_are_the_first_rejections(tmp_path):
    taken = intake(tmp_path, PLAYERS, rows(PLAYERS, *({"age": "0"} for _ in range(SAMPLES + 5))))
    assert [sample.line_number for sample in taken.samples] == list(range(2, 2 + SAMPLES))
    assert taken.rejected == SAMPLES + 5


def test_lines_are_counted_through_byte_order_mark_crlf_quoted_line_breaks_and_blank_lines(tmp_path):
    row = "{},{},Forward,{},Spain,,1.50,2027-06-30,2026-06-30 12:00:00"
    lines = [
        "", HEADER, row.format("P0001", '"a\r\nb\nc"', 20), "", "", row.format("P0002", "x", 99),
        ",,,,,,,,", row.format("P0003", '"q""\r\n"', 98), row.format("P0004", "y", 97),
    ]  # fmt: skip
    (tmp_path / "players.csv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    taken = take_in(PLAYERS, tmp_path, tmp_path / "staging")
    assert [(s.key, s.line_number) for s in taken.samples] == [("P0002", 8), ("P0003", 10), ("P0004", 12)]
    assert (taken.rows, accepted(taken)["name"].to_list()) == (4, ["a\r\nb\nc"])


def test_column_order_of_the_file_is_free(tmp_path):
    content = rows(PLAYERS, {}, {"age": None})
    backwards = [dict(reversed(row.items())) for row in content]
    assert accepted(intake(tmp_path, PLAYERS, backwards)).equals(typed_frame(PLAYERS, content))


def test_empty_means_missing_and_blanks_are_kept(tmp_path):
    good = '{},{},Forward,,"",  ,"",,2026-06-30 12:00:00\n'
    (tmp_path / "players.csv").write_text(f"{HEADER}\n" + good.format("P0001", '" x "') + good.format("P0002", "None"))
    first, second = accepted(take_in(PLAYERS, tmp_path, tmp_path / "staging")).to_dicts()
    assert (first["name"], first["current_club"], second["name"]) == (" x ", "  ", "None")
    missing = ("age", "nationality", "market_value_millions", "contract_end_date")
    assert [first[column] for column in missing] == [None] * 4


def test_money_is_exact_to_the_cent(tmp_path):
    texts = ["0", "0.1", ".29", "5.", "0.07", "1.1000", "+2.30", "007.00", "9999999999999999.99", "4503599627370497.53"]
    texts += ["+.5", "00000000000000000000000000000000000000000000001.50", "1.50" + "0" * 40, "-0", "-0.00"]
    taken = intake(tmp_path, PLAYERS, rows(PLAYERS, *({"market_value_millions": text} for text in texts)))
    assert accepted(taken)["market_value_millions"].to_list() == [Decimal(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-06-30T12:00:00", "2026-06-30 12:00:00"),
        ("2026-06-30 12:00:00.5", "2026-06-30 12:00:00.500000"),
        ("2026-06-30 12:00:00.000001", "2026-06-30 12:00:00.000001"),
        ("2026-06-30 12:00:00.1234560", "2026-06-30 12:00:00.123456"),
        ("2026-06-30T12:00:00Z", "2026-06-30 12:00:00"),
        ("2026-06-30T12:00:00.25+02:00", "2026-06-30 10:00:00.250000"),
        ("2026-06-30 23:30:00-05:30", "2026-07-01 05:00:00"),
        ("1969-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999"),
        ("1969-12-31 23:59:59.5-00:01", "1970-01-01 00:00:59.500000"),
        ("2026-06-30 12:00:00+14:00", "2026-06-29 22:00:00"),
        ("2026-06-30 12:00:00-14:00", "2026-07-01 02:00:00"),
        ("2026-06-30 12:00:00-00:00", "2026-06-30 12:00:00"),
        ("2024-02-29 00:00:00+00:30", "2024-02-28 23:30:00"),
        ("0001-01-01 00:00:00", "0001-01-01 00:00:00"),
        ("0001-01-01 00:30:00-01:00", "0001-01-01 01:30:00"),
        ("9999-12-31 23:59:59.999999", "9999-12-31 23:59:59.999999"),
        ("9999-12-31 00:00:00+02:00", "9999-12-30 22:00:00"),
    ],
)
def test_timestamps_become_utc(tmp_path, text, utc):
    taken = intake(tmp_path, PLAYERS, rows(PLAYERS, {"updated_at": text}))
    assert accepted(taken)["updated_at"].to_list() == [datetime.fromisoformat(utc)]


def test_parquet_gives_what_csv_gives(tmp_path):
    content = rows(TRANSFERS, {}, {"contract_length_years": None}, {"status": "Gone"}, {"transfer_id": "T00001"})
    from_csv = intake(tmp_path, TRANSFERS, content)
    csv_accepted, csv_rejected = accepted(from_csv), pl.read_parquet(from_csv.rejected_path)
    (tmp_path / "transfers.csv").unlink()
    write_parquet(TRANSFERS, tmp_path, typed_frame(TRANSFERS, content))
    from_parquet = take_in(TRANSFERS, tmp_path, tmp_path / "staging")
    assert accepted(from_parquet).equals(csv_accepted)
    assert from_parquet.by_rule == from_csv.by_rule == {"enumeration": 1, "unique_key": 1}
    assert [s.line_number for s in from_parquet.samples] == [3, 4], "rows are numbered where there are no lines"
    same = ["source_table", "key", "column_name", "rule", "value"]
    assert pl.read_parquet(from_parquet.rejected_path).select(same).equals(csv_rejected.select(same))


FIRST_MICROSECOND = datetime.fromisoformat("1970-01-01 00:00:00.000001")
FINE = [Decimal("1.23"), None, Decimal("1.239")]


@pytest.mark.parametrize(
    ("column", "values", "taken_over", "rules"),
    [
        ("market_value_millions", pl.Series([12.3, 12.345, float("nan")]), [Decimal("12.30")], ["scale", "type"]),
        ("market_value_millions", pl.Series([5.01, 1e300], dtype=pl.Float64), [Decimal("5.01")], ["type"]),
        ("market_value_millions", pl.Series(["1.5", "x"]), [Decimal("1.50")], ["type"]),
        ("market_value_millions", pl.Series([3, -3]), [Decimal("3.00")], ["range"]),
        ("market_value_millions", pl.Series(FINE, dtype=pl.Decimal(38, 3)), [Decimal("1.23"), None], ["scale"]),
        ("market_value_millions", pl.Series([True]), [], ["type"]),
        ("age", pl.Series([20.0, 20.5]), [20], ["scale"]),
        ("age", pl.Series([20, 200], dtype=pl.UInt8), [20], ["range"]),
        ("age", pl.Series([[20]]), [], ["type"]),
        ("age", pl.Series([b"20"]), [], ["type"]),
        ("player_id", pl.Series([1234]), [], ["pattern"]),
        ("name", pl.Series(["", "x"]), [None, "x"], []),
        ("name", pl.Series(["", "x"], dtype=pl.Categorical), [None, "x"], []),
        ("name", pl.Series([17]), ["17"], []),
        ("name", pl.Series([["x"]]), [], ["type"]),
        ("position", pl.Series(["Forward", "Winger"], dtype=pl.Categorical), ["Forward"], ["enumeration"]),
        ("contract_end_date", pl.Series([NOON]), [], ["scale"]),
        ("contract_end_date", pl.Series([NOON.replace(hour=0)]), [date(2026, 6, 30)], []),
        ("contract_end_date", pl.Series([20260630]), [], ["type"]),
        ("updated_at", pl.Series([NOON]).dt.replace_time_zone("Europe/Berlin"), [NOON.replace(hour=10)], []),
        ("updated_at", pl.Series([NOON]).dt.cast_time_unit("ms"), [NOON], []),
        ("updated_at", pl.Series([1, 1000]).cast(pl.Datetime("ns")), [FIRST_MICROSECOND], ["scale"]),
        ("updated_at", pl.Series([date(2026, 6, 30)]), [NOON.replace(hour=0)], []),
    ],
)  # fmt: skip
def test_typed_parquet_columns_are_taken_over_without_loss_or_refused(tmp_path, column, values, taken_over, rules):
    good = typed_frame(PLAYERS, rows(PLAYERS, *({} for _ in values)))
    write_parquet(PLAYERS, tmp_path, good.with_columns(values.alias(column)))
    taken = take_in(PLAYERS, tmp_path, tmp_path / "staging")
    assert sorted(accepted(taken)[column].to_list(), key=str) == sorted(taken_over, key=str)
    assert [sample.rule for sample in taken.samples] == rules
    assert (
        len(json.loads(pl.read_parquet(taken.rejected_path)["raw_row"][0])) == len(PLAYERS.columns) if rules else True
    )
