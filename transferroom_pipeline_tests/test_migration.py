"""The whole migration, as `transferroom run` carries it out."""

import csv
import gzip
import json
import re
import shutil
from pathlib import Path
from unittest.mock import ANY

import dagster as dg
import pytest
from click.testing import Result
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from transferroom_pipeline.definitions import build_definitions
from transferroom_pipeline.settings import SettingsError, load_settings
from transferroom_pipeline_tests.conftest import COMPARED, COPIED, DERIVED, SOURCES, Project, contents


def test_every_table_is_proven_and_every_view_shows_the_rebuilt_table(migrated_once: tuple[Project, Result]) -> None:
    project, result = migrated_once
    assert result.exit_code == 0, result.output
    for table in DERIVED:
        assert f"analytics.{table} shows prod.{table}" in result.output
    for table in SOURCES:
        assert f"legacy.prod.{table} versus raw.{table}" in result.output
    verdicts = project.target("SELECT table_name, verdict FROM migration.comparison_runs ORDER BY ALL")
    assert verdicts == [(table, "proven") for table in sorted(COMPARED)]


def test_the_command_prints_assets_and_verdicts_and_nothing_of_the_libraries(
    migrated_once: tuple[Project, Result],
) -> None:
    lines = [line for line in migrated_once[1].output.splitlines() if line]
    assets = [line for line in lines if line.startswith("✓ ")]
    assert len(assets) == 4 + 4 + 8 + 10 + 7 + 3  # sources, legacy, copies, models and plan, comparisons, views
    warnings = [line.split()[:3] for line in lines if line.startswith("! ")]
    assert warnings == [["!", "legacy/derived_a", "tsql"], ["!", "legacy/derived_b", "tsql"]]
    others = [line for line in lines if not line.startswith(("✓ ", "! "))]
    assert len(others) == 1 + len(COMPARED) + 2, others  # heading, verdicts, reports, ending


def test_what_a_run_writes_is_for_its_owner_only(migrated_once: tuple[Project, Result]) -> None:
    project, _ = migrated_once
    written = [
        path for folder in (project.settings.data_dir, project.settings.results_dir) for path in folder.rglob("*")
    ]
    open_to_others = [path for path in written if path.is_file() and path.stat().st_mode & 0o077]
    assert any(path.suffix == ".duckdb" for path in written)
    assert open_to_others == []


def test_every_table_of_legacy_is_copied_to_the_target(migrated_once: tuple[Project, Result]) -> None:
    project, _ = migrated_once
    tables = (
        "SELECT table_name FROM information_schema.tables "
        "WHERE table_schema = '{}' AND table_name[1] <> '_' ORDER BY table_name"
    )
    assert project.target(tables.format("raw")) == project.legacy(tables.format("prod"))
    assert {name for (name,) in project.target(tables.format("raw"))} == set(COPIED)


def test_running_it_again_changes_nothing(migrated: Project) -> None:
    before = contents(migrated)
    result = migrated.call("run")
    assert result.exit_code == 0, result.output
    assert contents(migrated) == before


def test_a_green_run_leaves_no_asset_out_of_date(migrated: Project) -> None:
    assert out_of_date(migrated) == []

    header, first, *others = migrated.lines("players")
    name = first.split(",")[1]
    migrated.rewrite("players", [header, first.replace(name, f"{name} Jr"), *others])
    assert migrated.call("run").exit_code == 0
    assert out_of_date(migrated) == []

    assert migrated.call("run", "--again").exit_code == 0
    assert out_of_date(migrated) == []


def test_a_run_belongs_to_its_job_in_the_web_ui_and_says_what_was_selected(migrated: Project) -> None:
    assert migrated.call("run", "--select", "key:legacy/players").exit_code == 0

    with dg.DagsterInstance.from_config(str(migrated.root / "dagster_home")) as instance:
        part, whole = instance.get_runs()

    assert [run.tags["transferroom/selection"] for run in (part, whole)] == ["key:legacy/players", "*"]
    assert (part.asset_selection, whole.asset_selection) == ({dg.AssetKey(["legacy", "players"])}, None)
    for run in (part, whole):
        assert run.remote_job_origin is not None
        found = run.remote_job_origin.location_name, run.remote_job_origin.job_name
        assert found == ("transferroom_pipeline.definitions", "migration")


def test_incremental_copies_follow_the_sources_and_are_proven(migrated: Project) -> None:
    incremental = {"TRANSFERROOM_REPLICATION": "incremental"}
    players, clubs, transfers = (migrated.lines(table) for table in SOURCES)
    corrected = re.sub(r"[^,]*,[^,]*$", "2030-06-30,2026-07-01 10:00:00", players[1])
    migrated.rewrite("players", [players[0], corrected, *players[2:]])
    migrated.rewrite("clubs", [*clubs, "C999,Latecomers,,,,,,,None,2020-01-01 00:00:00"])
    migrated.rewrite("transfers", transfers[:-3])

    copies = " or ".join(["group:replication", *(f"key:comparison/{table}" for table in SOURCES)])
    result = migrated.call("run", "--select", f"group:sources or group:legacy or {copies}", **incremental)

    assert result.exit_code == 0, result.output
    for table, note in (("players", "1 loaded, 0 deleted"), ("clubs", "1 loaded, 0"), ("transfers", "0 loaded, 3")):
        assert re.search(rf"✓ raw/{table} .*  {note}", result.output)
    copied = contents(migrated)
    unchanged = migrated.call("run", "--select", "group:replication", **incremental)
    assert unchanged.output.count("  0 loaded, 0 deleted") == len(SOURCES)
    assert contents(migrated) == copied


def test_a_run_in_which_nothing_changed_compares_and_writes_nothing_and_says_so(migrated: Project) -> None:
    kept, journal = evidence(migrated), migrated.settings.target_database.with_suffix(".journal.jsonl").read_bytes()

    result = migrated.call("run")

    assert result.exit_code == 0, result.output
    stages = (("raw", COPIED), ("comparison", COMPARED), ("analytics", DERIVED))
    for key in [f"{stage}/{table}" for stage, tables in stages for table in tables]:
        assert re.search(rf"^= {key} .* unchanged since 2\d\d\d-", result.output, re.MULTILINE), key
    assert result.output.count(" proven ") == len(COMPARED)
    assert evidence(migrated) == kept
    assert migrated.settings.target_database.with_suffix(".journal.jsonl").read_bytes() == journal
    assert migrated.call("run", "--again", "--select", "group:comparisons").exit_code == 0
    assert len(evidence(migrated)) == len(kept) + len(COMPARED)


def test_a_copy_changed_by_hand_is_made_again_and_its_table_is_compared_again(migrated: Project) -> None:
    kept = evidence(migrated)
    migrated.target("DELETE FROM raw.derived_c WHERE rowid = 0")
    result = migrated.call("run")
    assert result.exit_code == 0, result.output
    assert "✓ raw/derived_c " in result.output
    assert [table for table in evidence(migrated) if table not in kept] == [("derived_c", ANY, "proven")]


def evidence(project: Project) -> list[tuple[object, ...]]:
    """Every comparison that is kept."""
    return project.target("SELECT table_name, run_id, verdict FROM migration.comparison_runs ORDER BY number")


def test_a_row_changed_by_hand_is_named_everywhere_and_taken_from_consumers_and_a_run_mends_it(
    migrated: Project,
) -> None:
    [(player,)] = migrated.target("SELECT min(player_id) FROM prod.derived_a")
    table = rebuilt_table(migrated, "derived_a")
    migrated.target(f"UPDATE {table} SET market_value_millions = 1234.56 WHERE player_id = '{player}'")

    result = migrated.call("run", "--select", "group:comparisons")

    assert result.exit_code == 1
    assert "comparison/derived_a verdict" in result.output
    assert str(player) in result.output
    assert "market_value_millions" in result.output
    assert "1234.56" in result.output
    with (migrated.settings.results_dir / "derived_a_differences.csv").open(encoding="utf-8") as file:
        [difference] = csv.DictReader(file)
    assert json.loads(difference["key"]) == {"player_id": player}
    assert (difference["column_name"], difference["modern_value"]) == ("market_value_millions", "1234.56")
    assert "raw.derived_a" in view(migrated, "derived_a")
    [(serving, reason)] = migrated.target(
        "SELECT serving, reason FROM migration.cutover_state WHERE table_name = 'derived_a'"
    )
    assert serving == "raw"
    assert "differs" in str(reason)
    check = latest_check(migrated, "derived_a", "values")
    assert not check.passed
    assert check.metadata["market_value_millions"].value == 1

    again = migrated.call("run")

    assert again.exit_code == 0, again.output
    assert "prod.derived_a" in view(migrated, "derived_a")
    assert not (migrated.settings.results_dir / "derived_a_differences.csv").exists()


def test_one_table_that_differs_does_not_hide_the_others(migrated: Project) -> None:
    migrated.target(f"DELETE FROM {rebuilt_table(migrated, 'derived_a')}")
    result = migrated.call("run", "--select", "group:comparisons")
    assert result.exit_code == 1
    assert "analytics.derived_a shows raw.derived_a" in result.output
    assert "analytics.derived_b shows prod.derived_b" in result.output
    assert "analytics.derived_c shows prod.derived_c" in result.output


def test_a_comparison_that_cannot_be_carried_out_takes_the_table_from_consumers_too(migrated: Project) -> None:
    migrated.target("DROP VIEW prod.derived_b")
    result = migrated.call("run", "--select", "group:comparisons")
    assert result.exit_code == 1
    assert "comparison__derived_b failed" in result.output
    assert "raw.derived_b" in view(migrated, "derived_b")
    assert "prod.derived_c" in view(migrated, "derived_c")
    summary = (migrated.settings.results_dir / "summary.csv").read_text(encoding="utf-8")
    assert "derived_b,error," in summary
    assert migrated.call("run", "--select", "group:cutover").exit_code == 0
    assert "raw.derived_b" in view(migrated, "derived_b"), "an old proof does not outlive an error"


def test_a_copy_that_cannot_be_compared_leaves_the_views_alone(migrated: Project) -> None:
    migrated.target("DROP TABLE raw.clubs")
    result = migrated.call("run", "--select", "group:comparisons")
    assert result.exit_code == 1
    assert "comparison__clubs failed" in result.output
    assert re.search(r"clubs +no verdict +legacy.prod.clubs versus raw.clubs", result.output)
    for table in DERIVED:
        assert f"analytics.{table} shows prod.{table}" in result.output
    assert migrated.target("FROM duckdb_views() WHERE schema_name = 'analytics' AND view_name = 'clubs'") == []
    assert "clubs,error," in (migrated.settings.results_dir / "summary.csv").read_text(encoding="utf-8")


def test_comparing_from_the_command_keeps_evidence_and_follows_the_verdict(migrated: Project) -> None:
    migrated.target(f"DELETE FROM {rebuilt_table(migrated, 'derived_a')}")
    result = migrated.call("compare", "--all", "--quiet")
    assert result.exit_code == 1
    with (migrated.settings.results_dir / "summary.csv").open(encoding="utf-8") as file:
        verdicts = {row["table"]: row["verdict"] for row in csv.DictReader(file)}
    assert verdicts == dict.fromkeys(COMPARED, "proven") | {"derived_a": "differs"}
    assert "raw.derived_a" in view(migrated, "derived_a")
    newest = (
        "SELECT verdict FROM migration.comparison_runs WHERE table_name = 'derived_a' ORDER BY compared_at DESC LIMIT 1"
    )
    assert migrated.target(newest) == [("differs",)]


def test_rebuilt_rows_that_nobody_has_compared_are_not_shown(migrated: Project) -> None:
    migrated.target(f"DELETE FROM {rebuilt_table(migrated, 'derived_a')}")
    result = migrated.call("run", "--select", "group:models")
    assert result.exit_code == 0, result.output
    assert "raw.derived_a" in view(migrated, "derived_a")
    result = migrated.call("run", "--select", "group:cutover")
    assert result.exit_code == 0, result.output
    assert "raw.derived_a" in view(migrated, "derived_a"), "an old proof says nothing of a rebuilt table"
    result = migrated.call("run", "--select", "group:comparisons or group:cutover")
    assert result.exit_code == 0, result.output
    assert "prod.derived_a" in view(migrated, "derived_a")


def test_a_copy_of_newer_legacy_rows_ends_the_proof_of_older_ones(migrated: Project) -> None:
    later = {"TRANSFERROOM_AS_OF": "2024-12-31"}
    result = migrated.call("run", "--select", "group:legacy or group:replication", **later)
    assert result.exit_code == 0, result.output
    assert "raw.derived_b" in view(migrated, "derived_b")
    result = migrated.call("run", "--select", "group:cutover", **later)
    assert result.exit_code == 0, result.output
    assert "raw.derived_b" in view(migrated, "derived_b")


def test_a_comparison_without_enough_memory_takes_its_table_from_consumers(migrated: Project) -> None:
    result = migrated.call("run", "--select", "key:comparison/derived_a", TRANSFERROOM_COMPARISON_MEMORY_LIMIT="1KB")
    assert result.exit_code == 1
    assert "no verdict" in result.output
    assert "raw.derived_a" in view(migrated, "derived_a")


def test_a_proven_table_whose_view_was_not_moved_says_which_command_moves_it(migrated: Project) -> None:
    migrated.target(f"DELETE FROM {rebuilt_table(migrated, 'derived_a')}")
    assert migrated.call("run", "--select", "group:models").exit_code == 0
    result = migrated.call("run", "--select", "key:comparison/derived_a")
    command = "transferroom run --select key:analytics/derived_a"
    assert f"analytics.derived_a shows raw.derived_a until it is moved: {command}\n" in result.output
    assert migrated.call(*command.split()[1:]).exit_code == 0
    assert "prod.derived_a" in view(migrated, "derived_a")


def test_a_target_that_is_lost_is_made_again_and_the_evidence_is_not_lost(migrated: Project) -> None:
    before = migrated.target("SELECT run_id, table_name, verdict FROM migration.comparison_runs ORDER BY ALL")
    migrated.settings.target_database.write_bytes(b"damaged" * 1000)
    told = migrated.call("run", "--select", "group:replication")
    assert told.exit_code == 1
    assert f"{migrated.settings.target_database} is not a DuckDB database" in told.output
    # What docs/operations.md says to do.
    migrated.settings.target_database.unlink()
    shutil.rmtree(migrated.settings.sqlmesh_state.parent)
    result = migrated.call("run")
    assert result.exit_code == 0, result.output
    after = migrated.target("SELECT run_id, table_name, verdict FROM migration.comparison_runs ORDER BY ALL")
    assert set(before) < set(after)
    assert len(after) == 2 * len(before)
    assert all("prod." in view(migrated, table) for table in DERIVED)


def test_reports_that_cannot_be_written_are_a_warning_and_the_verdict_counts(migrated: Project) -> None:
    file = migrated.root / "a_file"
    file.touch()
    result = migrated.call("run", "--select", "group:comparisons or group:cutover", TRANSFERROOM_RESULTS_DIR=str(file))
    assert result.exit_code == 0, result.output
    assert f"report {file} cannot be written: File exists; the verdict does not depend on it" in result.output
    assert "Reports:" not in result.output
    assert "prod.derived_a" in view(migrated, "derived_a")


def test_a_summary_that_a_spreadsheet_has_saved_otherwise_is_a_warning_and_kept(migrated: Project) -> None:
    summary = migrated.settings.results_dir / "summary.csv"
    saved = summary.read_text(encoding="utf-8").encode("utf-16")
    summary.write_bytes(saved)
    result = migrated.call("run", "--select", "key:comparison/derived_a or key:analytics/derived_a")
    assert result.exit_code == 0, result.output
    assert f"{summary} is no summary as it is written here: rename or delete it" in result.output
    assert summary.read_bytes() == saved
    assert "Reports:" not in result.output
    assert "prod.derived_a" in view(migrated, "derived_a")


def test_a_data_folder_that_is_none_is_named(fresh: Project) -> None:
    file = fresh.root / "a_file"
    file.touch()
    result = fresh.call("run", TRANSFERROOM_DATA_DIR=str(file))
    assert result.exit_code == 2
    assert result.output.startswith(f"Error: data folder {file} cannot be used")


def test_a_project_without_models_is_a_mistake_and_no_proof(migrated: Project, tmp_path: Path) -> None:
    result = migrated.call("run", TRANSFERROOM_SQLMESH_PROJECT=str(tmp_path))
    assert result.exit_code == 2
    assert "TRANSFERROOM_SQLMESH_PROJECT" in result.output


def test_a_warning_of_sqlmesh_is_printed_whole(migrated: Project) -> None:
    migrated.target("UPDATE raw.players SET age = 51 WHERE player_id = (SELECT min(player_id) FROM prod.derived_a)")
    result = migrated.call("run", "--select", "group:models")
    assert result.exit_code == 0, result.output
    assert "'accepted_range_non_blocking' audit error: 1 row failed" in result.output
    assert "partial restatement" not in result.output


def test_a_model_that_fails_does_not_keep_the_others_from_being_proven(migrated: Project) -> None:
    # An age that is no age: the model of derived_b refuses nothing of it, and that of derived_a only warns.
    migrated.target(
        "UPDATE raw.players SET position = 'Coach' WHERE player_id = (SELECT min(player_id) FROM raw.derived_a)"
    )
    result = migrated.call("run", "--select", "group:models or group:comparisons or group:cutover")
    assert result.exit_code == 1
    assert "prod.derived_a: blocking audit failed: accepted_values (1 rows)" in result.output
    assert "comparison/derived_b" in result.output
    assert "raw.derived_a" in view(migrated, "derived_a")
    assert "raw.derived_c" in view(migrated, "derived_c")


def test_a_few_bad_rows_are_set_aside_with_a_warning(migrated: Project) -> None:
    migrated.rewrite(
        "transfers",
        [*migrated.lines("transfers"), "T99999,P0001,C001,C002,minus,Permanent,,2025-01-01,,,Completed,2026-01-01"],
    )
    result = migrated.call("run", "--select", "group:sources")
    assert result.exit_code == 0, result.output
    assert "! legacy/transfers contract" in result.output
    assert "1 of 401 rows" in result.output
    [rejected] = migrated.legacy(
        "SELECT source_table, line_number, key, column_name, rule, value FROM prod.rejected_rows"
    )
    assert rejected == ("transfers", 402, "T99999", "transfer_fee_millions", "type", "minus")
    assert migrated.legacy("SELECT count(*) FROM prod.transfers") == [(400,)]


def test_too_many_bad_rows_leave_the_legacy_table_as_it_was(migrated: Project) -> None:
    broken = [line.replace(",Forward,", ",Striker,") for line in migrated.lines("players")]
    migrated.rewrite("players", broken)
    before = migrated.legacy("SELECT * FROM prod.players ORDER BY ALL")
    result = migrated.call("run")
    assert result.exit_code == 1
    assert "✗ legacy/players contract" in result.output
    assert "nothing was loaded" in result.output
    assert "✓ legacy/clubs" in result.output
    assert migrated.legacy("SELECT * FROM prod.players ORDER BY ALL") == before
    refused = "SELECT count(*) FROM prod.rejected_rows WHERE rule = 'enumeration' AND value = 'Striker'"
    assert migrated.legacy(refused) == [(sum(",Striker," in line for line in broken),)]


def test_files_in_a_folder_with_new_columns_go_all_the_way(migrated: Project) -> None:
    header, *players = csv.reader(migrated.lines("players"))
    source = migrated.settings.source_dir
    (source / "players.csv").unlink()
    (source / "players").mkdir()
    for name, part in (("2025.csv.gz", players[:50]), ("2026.csv.gz", players[50:])):
        with gzip.open(source / "players" / name, "wt", encoding="utf-16", newline="") as file:
            csv.writer(file, delimiter=";").writerows([[*header, "agent"], *([*player, "Ágent"] for player in part)])
    (source / "sources.yaml").write_text("players: {separator: ';', encoding: utf-16, new_columns: load}\n")
    result = migrated.call("run")
    assert result.exit_code == 0, result.output
    assert migrated.target("SELECT count(*), min(agent) FROM raw.players") == [(150, "Ágent")]
    verdicts = "SELECT DISTINCT arg_max(verdict, compared_at) FROM migration.comparison_runs GROUP BY table_name"
    assert migrated.target(verdicts) == [("proven",)]


def test_the_share_of_bad_rows_that_is_allowed_is_a_setting(migrated: Project) -> None:
    migrated.rewrite("players", [line.replace(",Forward,", ",Striker,") for line in migrated.lines("players")])
    result = migrated.call("run", "--select", "key:legacy/players", TRANSFERROOM_MAX_REJECTED_SHARE="1")
    assert result.exit_code == 0, result.output
    assert "! legacy/players contract" in result.output


def test_a_reference_that_points_nowhere_is_a_warning(migrated: Project) -> None:
    lines = migrated.lines("transfers")
    fields = lines[1].split(",")
    migrated.rewrite("transfers", [lines[0], ",".join([fields[0], "P9999", *fields[2:]]), *lines[2:]])
    result = migrated.call("run", "--select", "group:sources")
    assert result.exit_code == 0, result.output
    assert "! legacy/transfers references" in result.output
    assert "rows with a player_id that is not in players: 1" in result.output


@pytest.mark.parametrize(
    ("content", "explanation"),
    [
        (None, "players"),
        ("", "empty"),
        ("player_id,name\nP0001,One\n", "position"),
        (
            "player_id,name,position,age,nationality,current_club,market_value_millions,contract_end_date,updated_at\nP0001,One\n",
            "line 2",
        ),
    ],
)
def test_a_source_file_that_cannot_be_read_is_explained_and_changes_nothing(
    migrated: Project, content: str | None, explanation: str
) -> None:
    file = migrated.settings.source_dir / "players.csv"
    file.unlink()
    if content is not None:
        file.write_text(content, encoding="utf-8")
    before = migrated.legacy("SELECT * FROM prod.players ORDER BY ALL")
    result = migrated.call("run", "--select", "key:legacy/players")
    assert result.exit_code == 1
    [line] = [line for line in result.output.splitlines() if "load_players failed" in line]
    assert "players" in line
    assert explanation in line
    assert migrated.legacy("SELECT * FROM prod.players ORDER BY ALL") == before


@pytest.mark.parametrize(
    ("selection", "first"),
    [
        ("key:legacy/derived_a", "legacy/snapshot"),
        ("key:raw/players", "does not exist"),
        ("key:prod/derived_a", "does not exist"),
        ("key:comparison/derived_a", "does not exist"),
        ("key:analytics/derived_a", "raw/derived_a"),
    ],
)
def test_a_part_whose_inputs_are_missing_says_so(fresh: Project, selection: str, first: str) -> None:
    result = fresh.call("run", "--select", selection)
    assert result.exit_code == 1
    assert first in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("selection", "sentence"),
    [
        ("key:legacy/nothing", "there is no key legacy/nothing"),
        ("key:comparision/derived_a", "there is no key comparision/derived_a: did you mean comparison/derived_a"),
        ('key:legacy/players or key:"derived_a"', "no key derived_a: did you mean analytics/derived_a"),
        ("group:modles", "there is no group modles: did you mean models?"),
        ("derived_c", "no AssetsDefinition objects supply these keys: did you mean analytics/derived_c"),
        ("kind:none", "there is no kind none"),
        ('key:legacy/players or key:"comparsion/*"', "there is no key comparsion/*"),
        ('tag:"key:v"', "selects no asset"),
        ("foo(", "Invalid selection string"),
    ],
)
def test_a_selection_that_names_nothing_is_a_mistake_of_the_call(fresh: Project, selection: str, sentence: str) -> None:
    result = fresh.call("run", "--select", selection)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["a'b", "a?b", "a%41b"])
def test_a_data_folder_whose_name_libraries_cannot_read_is_named(fresh: Project, name: str) -> None:
    folder = fresh.root / name
    result = fresh.call("run", TRANSFERROOM_DATA_DIR=str(folder))
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: environment variable TRANSFERROOM_DATA_DIR is '{folder}': DuckDB and dlt cannot read a path with "
        f"{name[1]}, as in {folder}\n"
    )
    assert not folder.exists()


def test_a_working_directory_whose_name_libraries_cannot_read_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "o'brien").mkdir()
    monkeypatch.chdir(tmp_path / "o'brien")
    with pytest.raises(SettingsError, match=r"as in \S+/o'brien/data: set TRANSFERROOM_DATA_DIR"):
        load_settings()


@pytest.mark.parametrize("kind", ["missing", "no configuration", "no database"])
def test_a_history_that_cannot_be_opened_is_named(fresh: Project, kind: str) -> None:
    home = fresh.root / "dagster_home"
    if kind == "missing":
        shutil.rmtree(home)
    elif kind == "no configuration":
        (home / "dagster.yaml").write_text("a: [", encoding="utf-8")
    else:
        (home / "history" / "history").mkdir(parents=True)
        (home / "history" / "history" / "runs.db").write_bytes(b"no database" * 1000)
    result = fresh.call("run")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: Dagster's history cannot be opened: ")
    assert result.stderr.endswith(f"; check DAGSTER_HOME, which is {home}\n")
    assert not fresh.settings.legacy_database.exists()


def test_a_setting_that_cannot_be_used_is_named(fresh: Project) -> None:
    result = fresh.call("run", TRANSFERROOM_AS_OF="yesterday")
    assert result.exit_code == 2
    assert "TRANSFERROOM_AS_OF" in result.output


def test_a_way_of_copying_that_there_is_not_is_named(fresh: Project) -> None:
    result = fresh.call("run", TRANSFERROOM_REPLICATION="sometimes")
    assert result.exit_code == 2
    assert "TRANSFERROOM_REPLICATION is 'sometimes': Input should be 'full' or 'incremental'" in result.output


def test_the_as_of_date_can_be_set(migrated: Project) -> None:
    result = migrated.call("run", TRANSFERROOM_AS_OF="2024-12-31")
    assert result.exit_code == 0, result.output
    assert migrated.target("SELECT as_of::VARCHAR FROM raw.snapshot") == [("2024-12-31",)]
    window = "SELECT min(transfer_date) >= DATE '2022-01-01', max(transfer_date) <= DATE '2024-12-31' FROM {}"
    assert migrated.target(window.format("analytics.derived_b")) == [(True, True)]


def out_of_date(project: Project) -> list[str]:
    """The assets that the web UI calls unsynced."""
    graph = build_definitions(project.settings).resolve_asset_graph()
    with dg.DagsterInstance.from_config(str(project.root / "dagster_home")) as instance:
        status = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
        keys = graph.executable_asset_keys
        return [key.to_user_string() for key in keys if status.get_status(key) is not StaleStatus.FRESH]


def view(project: Project, table: str) -> str:
    """The definition of a table's analytics view."""
    [(definition,)] = project.target(
        f"SELECT sql FROM duckdb_views() WHERE schema_name = 'analytics' AND view_name = '{table}'"
    )
    return str(definition)


def rebuilt_table(project: Project, table: str) -> str:
    """The table behind `prod.<table>`, which is SQLMesh's view of the version in force."""
    query = f"SELECT sql FROM duckdb_views() WHERE schema_name = 'prod' AND view_name = '{table}'"
    [(definition,)] = project.target(query)
    return str(definition).split(" FROM ")[1].rstrip(";")


def latest_check(project: Project, table: str, check: str) -> dg.AssetCheckEvaluation:
    """The newest evaluation of a comparison's check, as the web UI shows it."""
    with dg.DagsterInstance.from_config(str(project.root / "dagster_home")) as instance:
        key = dg.AssetCheckKey(dg.AssetKey(["comparison", table]), check)
        record = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
        assert record.event is not None
        return record.event.dagster_event.asset_check_evaluation_data
