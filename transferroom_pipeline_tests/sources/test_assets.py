"""What the checks of a loaded source table say, and what stops the run."""

import json
import re
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from dagster_dlt import DagsterDltResource

from transferroom_pipeline.platforms.duckdb_database import connect
from transferroom_pipeline.platforms.resources import LegacyPlatform
from transferroom_pipeline.sources.assets import LoadConfig, SourceFiles, contract_check, may_be_loaded, source_asset
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.intake import FileRows, Intake, take_in
from transferroom_pipeline_tests.sources.files_for_tests import (
    NOON,
    PLAYERS,
    row,
    rows,
    typed_frame,
    write_csv,
    write_parquet,
)

WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR


def intake(*files):
    """An intake of files with these rows."""
    return Intake("players", "players.csv", files, {}, (), (), (), Path("accepted"), Path("rejected"))


@pytest.mark.parametrize(
    ("files", "in_table", "passed", "severity", "verdict"),
    [
        ([(30, 30, 0)], 30, True, WARN, "all 30 rows of players.csv keep the contract"),
        ([(30, 29, 1)], 29, False, WARN, "1 of 30 rows of players.csv break the contract and are in "
            "prod.rejected_rows; the others were loaded"),
        ([(30, 20, 10)], None, False, ERROR, "10 of 30 rows of players.csv break the contract and are in "
            "prod.rejected_rows, more than the 5.00% that are allowed: nothing was loaded; fix the file, or raise "
            "TRANSFERROOM_MAX_REJECTED_SHARE"),
        ([(30, 27, 0)], None, False, ERROR, "file0 has 30 rows, of which 27 were accepted and 0 rejected: nothing was "
            "loaded; export the file again, and report it if it stays so"),
        ([(30, 31, 0)], None, False, ERROR, "file0 has 30 rows, of which 31 were accepted and 0 rejected: "),
        ([(5, 5, 0), (30, 29, 0), (29, 30, 0)], None, False, ERROR, "file1 has 30 rows, of which 29 were accepted"),
        ([(30, 30, 0)], 29, False, ERROR, "30 rows were accepted and the table has 29: what uses it is stopped; "
            "run the load again"),
        ([(9, 9, 0, 2)], 9, True, WARN, "all 9 rows of players.csv keep the contract; 2 lines of separators alone are"),
        ([(0, 0, 0)], 0, True, WARN, "all 0 rows of players.csv keep the contract"),
    ],
)  # fmt: skip
def test_every_row_of_every_file_is_in_the_table_or_rejected(files, in_table, passed, severity, verdict):
    taken = intake(*(FileRows(f"file{n}", *counts) for n, counts in enumerate(files)))
    assert may_be_loaded(taken, 0.05) == (in_table is not None)
    check = contract_check(taken, 0.05, in_table)
    assert (check.passed, check.severity) == (passed, severity)
    assert check.description.startswith(verdict)


@pytest.fixture
def load(tmp_path):
    """Loads the players of the folder; gives the run's result."""

    def load_players(*, accept_loss: bool = False) -> dg.ExecuteInProcessResult:
        resources = {
            "legacy": LegacyPlatform(database=str(tmp_path / "legacy.duckdb")),
            "dlt": DagsterDltResource(),
            "source_files": SourceFiles(
                directory=str(tmp_path / "source"),
                intake_dir=str(tmp_path / "intake"),
                dlt_dir=str(tmp_path / "dlt"),
                max_rejected_share=0.5,
            ),
        }
        with dg.DagsterInstance.ephemeral() as instance:
            return dg.materialize(
                [source_asset(PLAYERS)],
                instance=instance,
                resources=resources,
                run_config=dg.RunConfig(ops={"load_players": LoadConfig(accept_loss=accept_loss)}),
                raise_on_error=False,
            )

    (tmp_path / "source").mkdir()
    return load_players


def checks(result):
    return {check.check_name: check for check in result.get_asset_check_evaluations()}


def table(tmp_path, query):
    with connect(tmp_path / "legacy.duckdb", read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_new_columns_that_are_ignored_are_named_by_a_warning(tmp_path, load):
    write_csv(PLAYERS, tmp_path / "source", [row(PLAYERS, agent="Z", comment="x")])
    result = load()
    check = checks(result)["new_columns"]
    assert (result.success, check.passed, check.severity) == (True, False, WARN)
    assert check.metadata["ignored"].value == ["agent", "comment"]
    assert "agent, comment" in check.description
    assert len(table(tmp_path, "FROM prod.players")[0]) == len(PLAYERS.columns)


def test_without_new_columns_the_check_passes(tmp_path, load):
    write_csv(PLAYERS, tmp_path / "source", rows(PLAYERS, {}))
    assert checks(load())["new_columns"].passed


def test_new_columns_are_loaded_as_text_if_so_set_and_go_when_they_are_gone(tmp_path, load):
    (tmp_path / "source" / "sources.yaml").write_text("players: {new_columns: load}")
    write_csv(PLAYERS, tmp_path / "source", rows(PLAYERS, {"agent": "Z"}, {"agent": None}, {"agent": "01"}))
    result = load()
    assert (result.success, checks(result)["new_columns"].passed) == (True, True)
    assert checks(result)["new_columns"].metadata["loaded"].value == ["agent"]
    assert table(tmp_path, "SELECT agent FROM prod.players ORDER BY player_id") == [("Z",), (None,), ("01",)]
    write_csv(PLAYERS, tmp_path / "source", rows(PLAYERS, {}, {}))
    assert load().success
    assert len(table(tmp_path, "FROM prod.players")[0]) == len(PLAYERS.columns)


@pytest.mark.parametrize("left", [5, 4, 1])
def test_a_table_loses_half_of_its_rows_at_most_unless_somebody_confirms_it(tmp_path, load, left):
    write_csv(PLAYERS, tmp_path / "source", rows(PLAYERS, *[{}] * 10))
    assert load().success
    write_csv(PLAYERS, tmp_path / "source", rows(PLAYERS, *[{}] * left))
    result = load()
    check = checks(result)["row_loss"]
    is_kept = left < 5
    assert (result.success, check.passed, check.severity) == (not is_kept, not is_kept, ERROR)
    assert table(tmp_path, "SELECT count(*) FROM prod.players") == [(10 if is_kept else left,)]
    assert checks(result)["contract"].passed
    if is_kept:
        assert check.description.startswith(
            f"the table has 10 rows, and {tmp_path / 'source' / 'players.csv'} only {left}"
        )
        assert "TRANSFERROOM_MAX_LOST_SHARE=1" in check.description
    assert load(accept_loss=True).success
    assert table(tmp_path, "SELECT count(*) FROM prod.players") == [(left,)]


def test_a_file_that_breaks_its_contract_and_is_too_short_fails_by_its_contract(tmp_path, load):
    write_csv(PLAYERS, tmp_path / "source", rows(PLAYERS, *[{}] * 10))
    assert load().success
    write_csv(PLAYERS, tmp_path / "source", rows(PLAYERS, *[{"age": "old"}] * 9, {}))
    result = load()
    contract = checks(result)["contract"]
    assert (result.success, contract.passed, contract.severity) == (False, False, ERROR)
    assert "nothing was loaded; fix the file, or raise TRANSFERROOM_MAX_REJECTED_SHARE" in contract.description
    assert checks(result)["row_loss"].passed
    assert table(tmp_path, "SELECT count(*) FROM prod.players") == [(10,)]


def test_a_short_file_with_a_few_bad_rows_says_that_nothing_was_loaded(tmp_path, load):
    write_csv(PLAYERS, tmp_path / "source", rows(PLAYERS, *[{}] * 10))
    assert load().success
    write_csv(PLAYERS, tmp_path / "source", rows(PLAYERS, {"age": "old"}, {}, {}))
    result = load()
    assert not result.success
    assert checks(result)["contract"].severity == WARN
    assert checks(result)["contract"].description.endswith("; nothing was loaded, see row_loss")


def test_new_columns_of_parquet_files_are_loaded_in_their_types_or_as_text(tmp_path, load):
    (tmp_path / "source" / "sources.yaml").write_text("players: {new_columns: load}")
    good = typed_frame(PLAYERS, rows(PLAYERS, {}))
    first = {"caps": 7, "fit": True, "born": NOON.date(), "seen": NOON, "pay": Decimal("1.20"), "mark": 0.1}
    then = {
        "goals": 2**32 - 1,
        "views": 2**64 - 1,
        "played": timedelta(hours=36),
        "clubs": ["a", '"'],
        "photo": b"\x01",
    }
    types = {"goals": pl.UInt32, "views": pl.UInt64, "none": pl.Null}
    new = pl.DataFrame([first | then | {"none": None, "zoned": NOON.replace(tzinfo=UTC)}], schema_overrides=types)
    write_parquet(PLAYERS, tmp_path / "source", good.hstack(new))
    assert load().success
    found = table(tmp_path, f"SELECT {', '.join(new.columns)} FROM prod.players")
    as_text = ("18446744073709551615", "P1DT12H", r'["a","\""]', "01", None, "2026-06-30 12:00:00.000000+00:00")
    assert found == [(*first.values(), 2**32 - 1, *as_text)]


def test_new_columns_that_are_refused_stop_the_load_with_their_names(tmp_path, load):
    (tmp_path / "source" / "sources.yaml").write_text("players: {new_columns: refuse}")
    write_csv(PLAYERS, tmp_path / "source", [row(PLAYERS, agent="Z")])
    result = load()
    assert not result.success
    failure = next(event for event in result.all_events if event.is_step_failure)
    assert "not in the contract: agent; the option new_columns refuses such columns" in str(
        failure.step_failure_data.error
    )


@pytest.mark.parametrize("name", ["", " ", "NAME", "_dlt_id"])
def test_new_columns_whose_names_no_table_can_have_are_not_loaded(tmp_path, name):
    (tmp_path / "sources.yaml").write_text("players: {new_columns: load}")
    write_csv(PLAYERS, tmp_path, [{**row(PLAYERS), name: "x"}])
    with pytest.raises(Exception, match=f"the new column '{name}' cannot be loaded"):
        take_in(PLAYERS, tmp_path, tmp_path / "staging")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a'b", "would be loaded as 'a_b'"),
        ('a"b', "would be loaded as 'a_b'"),
        ("a\nb", "would be loaded as 'a_b'"),
        ("x ", "would be loaded as 'x'"),
        ("a▶b", "would be loaded as 'a_b'"),
        (" name ", "is that of another column apart from capitals and blanks"),
    ],
)
def test_new_columns_whose_names_would_be_changed_are_not_loaded(tmp_path, name, reason):
    (tmp_path / "sources.yaml").write_text("players: {new_columns: load}")
    write_csv(PLAYERS, tmp_path, [{**row(PLAYERS), name: "x"}])
    with pytest.raises(
        SourceError, match=re.escape(f"the new column {name!r} cannot be loaded, since its name {reason}")
    ):
        take_in(PLAYERS, tmp_path, tmp_path / "staging")


def test_new_columns_that_are_one_apart_from_blanks_are_not_loaded(tmp_path):
    (tmp_path / "sources.yaml").write_text("players: {new_columns: load}")
    write_csv(PLAYERS, tmp_path, [{**row(PLAYERS), "x": "1", "X ": "2"}])
    with pytest.raises(SourceError, match="the new column 'X ' cannot be loaded, since its name is that of another"):
        take_in(PLAYERS, tmp_path, tmp_path / "staging")


@pytest.mark.parametrize("repeated", ["x", ""])
def test_new_columns_that_are_loaded_must_not_repeat(tmp_path, repeated):
    (tmp_path / "sources.yaml").write_text("players: {new_columns: load}")
    header, good = ",".join(PLAYERS.columns), write_csv(PLAYERS, tmp_path, [row(PLAYERS)]).read_text().split("\n")[1]
    (tmp_path / "players.csv").write_text(f"{header},{repeated},{repeated}\n{good},1,2\n")
    with pytest.raises(SourceError, match=f"column {repeated or repr('')} is there more than once"):
        take_in(PLAYERS, tmp_path, tmp_path / "staging")


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_new_columns_that_look_like_patterns_of_names_are_columns_like_others(tmp_path, load, file_format):
    (tmp_path / "source" / "sources.yaml").write_text("players: {new_columns: load}")
    names = {"^name$": "A", "*": "B", "^.*$": "C"}
    content = [{**row(PLAYERS), **names}, {**row(PLAYERS, player_id="P0002", age=99), **names}]
    if file_format == "csv":
        write_csv(PLAYERS, tmp_path / "source", content)
    else:
        good = typed_frame(PLAYERS, [{name: values[name] for name in PLAYERS.columns} for values in content])
        write_parquet(PLAYERS, tmp_path / "source", good.with_columns(pl.lit(v).alias(k) for k, v in names.items()))
    assert load().success
    assert table(tmp_path, 'SELECT name, "^name$", "*", "^.*$" FROM prod.players') == [(row(PLAYERS)["name"], *"ABC")]
    ((raw,),) = table(tmp_path, "SELECT raw_row FROM prod.rejected_rows")
    assert list(json.loads(raw).items())[-3:] == list(names.items())


@pytest.mark.parametrize(("decimal_comma", "text"), [(True, "1.50"), (False, "1,50")])
def test_decimals_with_the_other_mark_are_named_in_the_verdict(tmp_path, load, decimal_comma, text):
    (tmp_path / "source" / "sources.yaml").write_text(f"players: {{decimal_comma: {str(decimal_comma).lower()}}}")
    write_csv(
        PLAYERS,
        tmp_path / "source",
        rows(PLAYERS, *({"market_value_millions": value} for value in (None, "x", text, None))),
    )
    found, expected = text[1], "," if decimal_comma else "."
    assert checks(load())["contract"].description.endswith(
        f"; the others were loaded; decimals such as {text} have {found!r} where {expected!r} is expected: set "
        f"`decimal_comma: {str(not decimal_comma).lower()}` for the table in sources.yaml, or export the file again"
    )


def test_rejected_rows_are_recorded_with_their_file_and_the_table_is_counted(tmp_path, load):
    write_csv(PLAYERS, tmp_path / "source", rows(PLAYERS, {}, {"age": "99"}, {}))
    result = load()
    assert (checks(result)["contract"].passed, checks(result)["contract"].severity) == (False, WARN)
    assert table(tmp_path, "SELECT source_file, line_number FROM prod.rejected_rows") == [("players.csv", 3)]
    assert table(tmp_path, "SELECT count(*) FROM prod.players") == [(2,)]


def test_rejected_rows_of_before_their_files_were_recorded_are_kept(tmp_path, load):
    with connect(tmp_path / "legacy.duckdb") as connection:
        connection.execute("CREATE SCHEMA prod")
        connection.execute(
            "CREATE TABLE prod.rejected_rows AS SELECT 'clubs' AS source_table, 1::BIGINT AS line_number, 'C1' AS key, "
            "'name' AS column_name, 'not_null' AS rule, NULL::VARCHAR AS value, '{}' AS raw_row"
        )
    write_csv(PLAYERS, tmp_path / "source", rows(PLAYERS, {}, {"age": "99"}, {}))
    assert load().success
    assert table(tmp_path, "SELECT source_table, source_file FROM prod.rejected_rows ORDER BY ALL") == [
        ("clubs", None),
        ("players", "players.csv"),
    ]
