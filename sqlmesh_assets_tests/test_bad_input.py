"""A project with mistakes loads all the same; what is wrong is seen on the model, and stops only that."""

from collections.abc import Callable

import dagster as dg
import pytest

from sqlmesh_assets.assets import plan_checks, sqlmesh_assets
from sqlmesh_assets.description import Relation
from sqlmesh_assets.exceptions import SQLMeshAssetsError
from sqlmesh_assets_tests.conftest import MODELS, Bench, failed_checks, materialized, reasons

OTHERS = MODELS - {"marts/names", "marts/extra"}
Break = Callable[[Bench], None]


def unparsable(bench: Bench) -> None:
    bench.write("models/extra.sql", "MODEL (name marts.extra, kind FULL);\nSELEC 1 FORM x WHERE (\n")


def unparsable_declaration(bench: Bench) -> None:
    bench.write("models/marts/extra.sql", "MODEL (nome marts.extra kind );\nSELECT 1 AS x\n")


def without_name(bench: Bench) -> None:
    bench.write("models/marts/extra.sql", "MODEL (kind FULL);\nSELECT 1 AS x\n")


def undefined_macro(bench: Bench) -> None:
    bench.write("models/extra.sql", "MODEL (name marts.extra, kind FULL);\nSELECT @no_such_variable AS x\n")


def undefined_audit(bench: Bench) -> None:
    bench.write("models/extra.sql", "MODEL (name marts.extra, kind FULL, audits (no_such_audit));\nSELECT 1 AS x\n")


def unparsable_audit(bench: Bench) -> None:
    bench.write("audits/odd.sql", "AUDIT (name odd);\nSELEC * FORM (\n")
    bench.write("models/extra.sql", "MODEL (name marts.extra, kind FULL, audits (odd));\nSELECT 1 AS x\n")


def cycle(bench: Bench) -> None:
    bench.write("models/extra.sql", "MODEL (name marts.extra, kind FULL);\nSELECT x FROM marts.other\n")
    bench.write("models/other.sql", "MODEL (name marts.other, kind FULL);\nSELECT x FROM marts.extra\n")


def repeated_name(bench: Bench) -> None:
    bench.write("models/extra.sql", "MODEL (name marts.extra, kind FULL);\nSELECT 1 AS x\n")
    bench.write("models/extra_again.sql", "MODEL (name marts.extra, kind FULL);\nSELECT 2 AS x\n")


def python_error(bench: Bench) -> None:
    bench.write(
        "models/extra.py",
        "import no_such_module\nfrom sqlmesh import model\n\n"
        "@model('marts.extra', columns={'x': 'int'})\ndef f(**_): ...\n",
    )


def failing_test(bench: Bench) -> None:
    bench.write("models/extra.sql", "MODEL (name marts.extra, kind FULL);\nSELECT id::INT AS x FROM raw.orders\n")
    bench.write(
        "tests/test_extra.yaml",
        "test_extra:\n  model: marts.extra\n  inputs:\n    raw.orders:\n      rows:\n      - {id: 1}\n"
        "  outputs:\n    query:\n      rows:\n      - {x: 2}\n",
    )


def unreadable_test(bench: Bench) -> None:
    bench.write("models/extra.sql", "MODEL (name marts.extra, kind FULL);\nSELECT id::INT AS x FROM raw.orders\n")
    bench.write("tests/test_extra.yaml", "test_extra:\n  model: marts.extra\n inputs: [\n")


MISTAKES = {
    unparsable: "models/extra.sql",
    unparsable_declaration: "models/marts/extra.sql",
    without_name: "name",
    undefined_macro: "no_such_variable",
    undefined_audit: "no_such_audit",
    unparsable_audit: "odd.sql",
    cycle: "circle: ",
    repeated_name: "declared more than once: in models/extra.sql and models/extra_again.sql",
    python_error: "no_such_module",
    failing_test: "unit test test_extra",
    unreadable_test: "test_extra.yaml",
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_a_mistake_is_told_by_its_model_and_the_others_are_computed(bench: Bench, mistake: Break) -> None:
    mistake(bench)
    assert "marts/extra" in {key.to_user_string() for key in bench.assets().keys}
    result = bench.materialize()
    assert not result.success
    assert "marts.extra: " in reasons(result)
    assert MISTAKES[mistake] in reasons(result)
    assert materialized(result) == MODELS


@pytest.mark.parametrize("mistake", [unparsable, cycle, repeated_name], ids=lambda mistake: mistake.__name__)
def test_a_mistake_is_seen_on_the_asset_before_anything_runs(bench: Bench, mistake: Break) -> None:
    mistake(bench)
    spec = bench.assets().specs_by_key[dg.AssetKey(["marts", "extra"])]
    assert "This model cannot be used." in (spec.description or "")
    assert MISTAKES[mistake] in (spec.description or "")
    assert MISTAKES[mistake] in spec.metadata["problem"]


def test_a_model_that_breaks_after_it_was_computed_keeps_its_rows_and_so_do_those_that_read_it(computed: Bench) -> None:
    computed.edit("models/customers.sql", "SELECT", "SELEC T (")
    computed.sql("UPDATE raw.orders SET amount = 60 WHERE id = 10")
    result = computed.materialize()
    assert not result.success
    assert "marts.names: it reads" in reasons(result) or "marts.names" in reasons(result)
    assert "marts/latest" in materialized(result)
    assert computed.sql("SELECT count(*) FROM staging.customers") == [(3,)]
    assert computed.sql("SELECT count(*) FROM marts.names") == [(3,)]
    computed.edit("models/customers.sql", "SELEC T (", "SELECT")
    assert computed.materialize().success


def test_only_the_broken_model_fails_when_it_is_selected_alone(bench: Bench) -> None:
    unparsable(bench)
    result = bench.materialize("key:marts/extra")
    assert not result.success
    assert "Invalid expression" in reasons(result) or "SELEC" in reasons(result)
    assert bench.materialize("key:marts/regions").success


def test_a_model_that_reads_an_unknown_table_names_it_and_the_one_that_may_be_meant(bench: Bench) -> None:
    bench.sources = frozenset({Relation("raw", "orders"), Relation("raw", "customers")})
    bench.write("models/extra.sql", "MODEL (name marts.extra, kind FULL);\nSELECT id::INT AS x FROM raw.order\n")
    problem = bench.model("marts.extra").problem or ""
    assert "it reads raw.order, which is neither a model nor a known source; did you mean raw.orders?" in problem
    result = bench.materialize()
    assert materialized(result) == MODELS
    assert "did you mean raw.orders?" in reasons(result)


def test_a_failing_unit_test_fails_the_check_that_blocks_its_plan(computed: Bench) -> None:
    computed.edit("models/spending.sql", "COALESCE(SUM(orders.amount), 0)", "COALESCE(SUM(orders.amount), 1)")
    result = computed.materialize()
    check = failed_checks(result)["models/plan:unit_tests"]
    assert "marts.spending test_spending_counts_customers_without_orders" in (check.description or "")
    assert "spent" in (check.description or "")
    assert computed.sql("SELECT spent FROM marts.spending WHERE customer_id = 3") == [(0,)]


def test_the_unit_tests_can_be_run_alone_as_a_check(bench: Bench) -> None:
    checks = plan_checks(bench.project)
    key = dg.AssetCheckKey(dg.AssetKey(["models", "plan"]), "unit_tests")
    result = dg.materialize(
        [bench.assets(), *checks], selection=dg.AssetSelection.checks(key), instance=dg.DagsterInstance.ephemeral()
    )
    [check] = result.get_asset_check_evaluations()
    assert check.passed
    assert check.metadata["tests"].value == 1


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("macros/changes.py", "def (:\n"),
        ("config.yaml", "model_defaults: [\n"),
        ("macros/changes.py", "import nothing_like_it\n"),
    ],
)
def test_a_project_that_cannot_be_read_at_all_shows_every_model_with_the_reason(
    bench: Bench, file: str, text: str
) -> None:
    bench.write(file, text)
    if file == "config.yaml":
        assert {model.problem for model in bench.describe().models} == {None}, "the configuration is given, not read"
        return
    described = {model.relation for model in bench.describe().models}
    assert {Relation("marts", "spending"), Relation("marts", "names"), Relation("staging", "orders")} <= described
    assert all("cannot be read" in (model.problem or "") for model in bench.describe().models)
    result = bench.materialize()
    assert not result.success
    assert f"the SQLMesh project cannot be read: {bench.folder / file}: " in reasons(result)


def test_a_model_without_a_schema_is_told_and_leaves_the_others(bench: Bench) -> None:
    bench.write("models/short.sql", "MODEL (name short, kind FULL);\nSELECT 1::INT AS a\n")
    result = bench.materialize()
    assert "default.short: the name short has no schema, as other models have: write schema.short" in reasons(result)
    assert materialized(result) == MODELS


def test_a_test_of_a_model_that_cannot_be_read_says_so_and_not_that_there_is_none(bench: Bench) -> None:
    bench.edit("models/spending.sql", "SELECT", "SELEC (")
    [test] = bench.describe().tests
    assert test.failure == "model marts.spending cannot be read"


def test_a_model_that_reads_what_cannot_be_used_is_not_blamed_for_its_unit_test(bench: Bench) -> None:
    bench.edit("models/orders.sql", "SELECT", "SELEC (")
    result = bench.materialize()
    assert "marts.spending: it reads staging.orders, which cannot be used" in reasons(result)


def test_a_folder_without_a_project_or_without_models_is_refused_in_one_sentence(bench: Bench) -> None:
    (bench.folder / "config.yaml").unlink()
    with pytest.raises(SQLMeshAssetsError, match=r"there is no config\.py or config\.yaml"):
        bench.describe()
    bench.write("config.yaml", "")
    for file in (bench.folder / "models").iterdir():
        file.unlink()
    with pytest.raises(SQLMeshAssetsError, match="has no models: check the path"):
        sqlmesh_assets(bench.project, bench.describe(), bench.versions)
