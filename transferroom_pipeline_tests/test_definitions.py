"""The code location as a whole: what Dagster finds in it."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_representation.external_data import RepositorySnap
from dagster_shared.serdes import serialize_value

from transferroom_pipeline.automation.jobs import MIGRATION
from transferroom_pipeline.definitions import build_definitions
from transferroom_pipeline.legacy.tables import LEGACY_TABLES
from transferroom_pipeline.legacy.warnings import declared_warnings
from transferroom_pipeline.replication.tables import COPIED_TABLES
from transferroom_pipeline.settings import Settings
from transferroom_pipeline.sources.contracts import SOURCE_TABLES


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return build_definitions(Settings(data_dir=tmp_path_factory.mktemp("definitions")))


def test_it_loads(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


def test_it_can_be_carried_to_the_web_server(definitions: dg.Definitions) -> None:
    # What the code server does when the web UI loads a code location; validating alone does not do it.
    snapshot = RepositorySnap.from_def(definitions.get_repository_def())
    assert "derived_a" in serialize_value(snapshot)


def test_every_asset_says_what_it_is_and_whose(definitions: dg.Definitions) -> None:
    for spec in definitions.resolve_all_asset_specs():
        assert spec.description, spec.key
        assert spec.group_name != "default", spec.key
        assert spec.kinds, spec.key
        assert list(spec.owners) == ["team:data-platform"], spec.key


def test_a_declared_legacy_table_has_its_asset_copy_comparison_and_view(definitions: dg.Definitions) -> None:
    keys = {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()}
    for table in LEGACY_TABLES:
        assert {f"{stage}/{table.name}" for stage in ("legacy", "raw", "comparison", "analytics")} <= keys


def test_every_source_table_is_copied_as_configured_and_its_copy_compared(definitions: dg.Definitions) -> None:
    operations = {node.name: node for node in definitions.resolve_job_def(MIGRATION).all_node_defs}
    configurable = {
        name
        for name, operation in operations.items()
        if name.startswith("copy_") and "mode" in getattr(operation.config_schema.config_type, "fields", {})
    }
    assert configurable == {f"copy_{table.name}" for table in SOURCE_TABLES}
    keys = {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()}
    assert {f"comparison/{table.name}" for table in SOURCE_TABLES} <= keys


def test_warnings_about_t_sql_are_known_without_opening_a_platform() -> None:
    assert {"derived_a", "derived_b"} == set(declared_warnings())


def test_nothing_is_read_that_no_asset_makes(definitions: dg.Definitions) -> None:
    specs = list(definitions.resolve_all_asset_specs())
    made = {spec.key for spec in specs}
    assert {dependency.asset_key for spec in specs for dependency in spec.deps} <= made
    assert {f"raw/{table.name}" for table in COPIED_TABLES} <= {key.to_user_string() for key in made}


def test_importing_it_reads_no_setting_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSFERROOM_AS_OF", "not a date")
    monkeypatch.chdir(tmp_path)
    module = __import__("importlib").reload(__import__("transferroom_pipeline.definitions", fromlist=["defs"]))
    assert module.defs is not None
    assert list(tmp_path.iterdir()) == []
