"""What is known of models comes from SQLMesh, is kept, and is read again whenever anything of it changed."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from sqlmesh.core.config import Config

from sqlmesh_assets.description import ColumnSource, Relation
from sqlmesh_assets.origins import column_origins
from sqlmesh_assets.project import describe
from sqlmesh_assets_tests.conftest import MODELS, Bench, metadata


def test_a_model_is_described_as_sqlmesh_declares_it(bench: Bench) -> None:
    model = bench.model("staging.orders")
    assert (model.kind, model.cron, model.owner, model.tags) == ("VIEW", "@hourly", "shop", ("sales", "core"))
    assert (model.description, model.grain) == ("Orders, typed.", ("order_id",))
    assert [(column.name, column.type) for column in model.columns[:3]] == [
        ("order_id", "INT"),
        ("customer_id", "INT"),
        ("amount", "DECIMAL(18, 2)"),
    ]
    assert model.columns[0].description == "Identifies the order."
    assert model.file == str(bench.folder / "models" / "orders.sql")
    assert "CAST" in (model.sql or "")


def test_inputs_come_before_those_that_read_them_and_embedded_models_are_no_assets(bench: Bench) -> None:
    names = [model.name for model in bench.describe().models]
    assert names.index("staging.orders") < names.index("marts.spending")
    assert "marts.large_orders" not in names
    assert Relation("staging", "orders") in bench.model("marts.spending").depends_on
    assert bench.model("marts.spending").embedded == (Relation("marts", "large_orders"),)


def test_columns_are_followed_to_the_columns_of_inputs_also_through_embedded_models(bench: Bench) -> None:
    columns = {column.name: column.sources for column in bench.model("marts.spending").columns}
    orders = Relation("staging", "orders")
    assert columns["spent"] == (ColumnSource(relation=orders, column="amount"),)
    assert columns["region"] == (ColumnSource(relation=Relation("marts", "regions"), column="region"),)
    assert ColumnSource(relation=orders, column="order_id") in columns["large_orders"]


def test_only_models_that_read_the_time_depend_on_it(bench: Bench) -> None:
    bench.write(
        "models/clock.sql", "MODEL (name marts.clock, kind FULL);\nSELECT CURRENT_TIMESTAMP::TIMESTAMP AS now\n"
    )
    reads_time = {model.name for model in bench.describe().models if model.reads_time}
    assert reads_time == {"marts.daily", "marts.names", "marts.clock"}


def test_an_asset_carries_what_sqlmesh_knows(bench: Bench) -> None:
    spec = bench.assets().specs_by_key[dg.AssetKey(["staging", "orders"])]
    assert spec.description == "Orders, typed."
    assert spec.owners == ["team:shop"]
    assert set(spec.tags) >= {"sales", "core"}
    assert spec.kinds == {"sqlmesh", "view", "duckdb"}
    assert spec.code_version == bench.model("staging.orders").code_version
    assert {dependency.asset_key.to_user_string() for dependency in spec.deps} == {"raw/orders"}
    assert (spec.metadata["cron"], spec.metadata["grain"], spec.metadata["kind"]) == ("@hourly", "order_id", "VIEW")
    assert "```sql\nSELECT" in spec.metadata["sql"].value
    [reference] = spec.metadata["dagster/code_references"].code_references
    assert Path(reference.file_path) == bench.folder / "models" / "orders.sql"


def test_a_materialization_tells_rows_seconds_interval_snapshot_environment_and_lineage(computed_once: Bench) -> None:
    bench = computed_once
    told = metadata(bench.materialize(restate=["staging.customers"]), "marts/spending")
    assert told["dagster/row_count"] == 3
    assert told["seconds"] > 0
    assert " to " in told["interval"]
    assert told["snapshot"] == bench.model("marts.spending").snapshot
    assert told["environment"] == "prod"
    lineage = told["dagster/column_lineage"].deps_by_column
    assert [(dep.asset_key, dep.column_name) for dep in lineage["spent"]] == [
        (dg.AssetKey(["staging", "orders"]), "amount")
    ]


def test_a_column_is_followed_through_all_models_back_to_the_columns_that_no_model_makes(bench: Bench) -> None:
    bench.write(
        "models/richest.sql",
        "MODEL (name marts.richest);\nSELECT MAX(spent)::DECIMAL(38, 2) AS most, 1::INT AS one FROM marts.spending\n",
    )
    origins = column_origins(bench.describe().models)
    richest = Relation("marts", "richest")
    assert origins[richest, "most"] == (ColumnSource(relation=Relation("raw", "orders"), column="amount"),)
    assert origins[richest, "one"] == ()
    assert origins[Relation("marts", "spending"), "region"] == (
        ColumnSource(relation=Relation("marts", "regions"), column="region"),
    )


def test_a_materialization_shows_its_columns_back_to_the_sources(computed_once: Bench) -> None:
    told = metadata(computed_once.materialize(restate=["staging.customers"]), "marts/spending")["column_lineage"]
    assert "| spent | staging.orders.amount | raw.orders.amount |" in told


def test_a_description_is_read_once(bench: Bench) -> None:
    described = bench.describe()
    [kept] = (bench.root / "cache").glob("project-*.json")
    written = kept.stat().st_mtime_ns
    assert bench.describe() == described
    assert kept.stat().st_mtime_ns == written


CHANGES: dict[str, Callable[[Bench], None]] = {
    "a model": lambda bench: bench.edit("models/orders.sql", "Orders, typed.", "Orders."),
    "a macro": lambda bench: bench.edit("macros/changes.py", "merge.", "merge now."),
    "an audit": lambda bench: bench.edit("audits/not_negative.sql", "< 0", "<= -1"),
    "a seed": lambda bench: bench.edit("seeds/regions.csv", "North", "Northern"),
    "a unit test": lambda bench: bench.edit("tests/test_spending.yaml", "customer_name: A", "customer_name: B"),
    "the configuration": lambda bench: bench.write("config.yaml", "model_defaults:\n  dialect: duckdb\n# changed\n"),
    "a new file": lambda bench: bench.write(
        "models/new.sql", "MODEL (name marts.new, kind FULL);\nSELECT 1::INT AS x\n"
    ),
    "a file less": lambda bench: (bench.folder / "models" / "names.py").unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_kept_is_never_used_after_a_change_of(bench: Bench, change: str) -> None:
    bench.describe()
    [before] = (bench.root / "cache").glob("project-*.json")
    CHANGES[change](bench)
    bench.describe()
    [after] = (bench.root / "cache").glob("project-*.json")
    assert after.name != before.name


def test_a_change_of_a_setting_or_of_the_code_behind_the_configuration_makes_it_read_again(bench: Bench) -> None:
    describe(bench.project)
    code = bench.root / "configuration.py"
    code.write_text("one", encoding="utf-8")
    names = set()
    for project in (
        bench.project,
        replace(bench.project, settings={"region": "north"}),
        replace(bench.project, settings={"region": "south"}),
        replace(bench.project, code=(code,)),
        replace(bench.project, sources=frozenset({Relation("raw", "orders"), Relation("raw", "customers")})),
    ):
        describe(project)
        [kept] = (bench.root / "cache").glob("project-*.json")
        names.add(kept.name)
    code.write_text("two", encoding="utf-8")
    describe(replace(bench.project, code=(code,)))
    [kept] = (bench.root / "cache").glob("project-*.json")
    assert len(names | {kept.name}) == 6


def test_a_kept_description_that_was_cut_off_is_read_again(bench: Bench) -> None:
    described = bench.describe()
    [kept] = (bench.root / "cache").glob("project-*.json")
    kept.write_text(kept.read_text(encoding="utf-8")[:100], encoding="utf-8")
    assert bench.describe() == described


def test_what_lies_outside_the_project_and_is_in_the_way_is_not_kept(bench: Bench) -> None:
    described = bench.describe()

    def disk_is_full() -> Config:
        raise OSError("No space left on device")

    hindered = replace(bench.project, offline_config=disk_is_full, cache_dir=bench.root / "other cache")
    problems = {model.problem for model in describe(hindered).models}
    assert problems == {"the SQLMesh project cannot be read: No space left on device"}
    again = replace(bench.project, cache_dir=bench.root / "other cache")
    assert describe(again) == described


def test_neither_a_known_project_nor_a_run_in_which_nothing_changed_imports_sqlmesh(computed: Bench) -> None:
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        import dagster as dg
        from sqlmesh_assets.assets import sqlmesh_assets
        from sqlmesh_assets.ledger import read_ledger
        from sqlmesh_assets.project import SQLMeshProject, describe

        root = Path(sys.argv[1])
        def never(): raise AssertionError("SQLMesh is not needed")
        project = SQLMeshProject(
            path=root / "project", config=never, offline_config=never, gateway="shop", cache_dir=root / "cache",
            ledger=root / "ledger.json", state_file=root / "state.duckdb",
        )
        known = read_ledger(project.ledger).computations
        versions = {name: version for found in known.values() for name, version in found.inputs.items()}
        versions |= {name: found.content for name, found in known.items()}
        def of(relations): return {relation: versions[str(relation)] for relation in relations}
        assets = sqlmesh_assets(project, describe(project), of)
        assert dg.materialize([assets], instance=dg.DagsterInstance.ephemeral()).success
        assert not {"sqlmesh", "dagster_sqlmesh"} & set(sys.modules), "SQLMesh was imported"
        """
    )
    computed.describe()  # the copied folder has another path
    done = subprocess.run(
        [sys.executable, "-c", script, str(computed.root)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_every_model_is_an_asset(bench: Bench) -> None:
    assert {key.to_user_string() for key in bench.assets().keys} == MODELS | {"models/plan"}


def test_models_with_macros_are_read_in_a_process_that_wrote_sql_before():
    code = (
        "import sqlglot; sqlglot.parse_one('SELECT 1', dialect='duckdb').sql(dialect='duckdb')\n"
        "import sqlmesh_assets.context\n"
        "print(sqlglot.parse_one('SELECT @start_ds', dialect='duckdb').sql(dialect='duckdb'))"
    )
    environment = os.environ | {"MAX_FORK_WORKERS": "1"}

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)

    assert done.stdout.splitlines()[-1] == "SELECT @start_ds"
