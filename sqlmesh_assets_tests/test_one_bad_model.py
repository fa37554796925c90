"""What is wrong with one model takes that one away, and what reads it, with file and reason; never the others."""

import re

import dagster as dg
import pytest

from sqlmesh_assets.launchpad import Mode
from sqlmesh_assets_tests.conftest import MODELS, Bench, failed_checks, materialized, observed, reasons

QUERY = "SELECT id FROM raw.customers"
SIGNALS = """
from sqlmesh import signal
@signal()
def broken(batch):
    raise ValueError("no such thing")
"""
BY_TIME = "INCREMENTAL_BY_TIME_RANGE (time_column day)"
FORWARD_ONLY = "MODEL (name marts.odd, kind INCREMENTAL_BY_UNIQUE_KEY (unique_key id, forward_only true));\n"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (
            {"models/odd.sql": f"MODEL (name marts.odd, kind CUSTOM (materialization 'nope'));\n{QUERY}"},
            "Materialization strategy with name 'nope' was not found",
        ),
        (
            {"models/odd.sql": f"MODEL (name marts.odd, kind FULL, gateway nope);\n{QUERY}"},
            "its gateway nope is none of the project's configuration",
        ),
        (
            {"models/odd.sql": "MODEL (name marts.odd, kind SEED (path '../seeds/odd.csv'));\n", "seeds/odd.csv": ""},
            r"its seed \S+odd.csv cannot be read: No columns to parse from file",
        ),
        (
            {
                "models/odd.sql": "MODEL (name marts.odd, kind SEED (path '../seeds/odd.csv'));\n",
                "seeds/odd.csv": "a,b\n1,2\n3,4,5,6\n7\n",
            },
            r"its seed \S+odd.csv cannot be read: .*Expected 2 fields in line 3, saw 4",
        ),
        (
            {"models/odd.sql": f"\ufeffMODEL (name marts.odd, kind FULL);\n{QUERY}"},
            "the file begins with a byte order mark: save it as UTF-8 without one",
        ),
        (
            {
                "signals/__init__.py": SIGNALS,
                "models/odd.sql": f"MODEL (name marts.odd, kind {BY_TIME}, signals (broken()));\n"
                "SELECT id, @start_date::date AS day FROM raw.customers",
            },
            r"models/odd.sql: (.|\n)*ValueError: no such thing",
        ),
    ],
)
def test_it_is_named_with_its_reason_and_the_others_are_computed(
    computed: Bench, files: dict[str, str], reason: str
) -> None:
    for file, text in files.items():
        computed.write(file, text)
    computed.write("models/reader.sql", "MODEL (name marts.reader, kind FULL);\nSELECT * FROM marts.odd")
    computed.sql("DELETE FROM raw.customers WHERE id = 3")

    result = computed.materialize()

    assert set(failed_checks(result)) == {"models/plan:every_model_computed"}
    told = reasons(result)
    assert re.search(rf"marts\.odd: {reason}|marts\.odd: \S*{reason}", told), told
    assert "marts.reader: it reads marts.odd, which cannot be used" in told
    assert materialized(result) | observed(result) == MODELS
    assert "staging/customers" in materialized(result)


def test_a_renamed_model_takes_only_its_forgotten_readers_away(computed: Bench) -> None:
    computed.edit("models/customers.sql", "staging.customers", "staging.people")
    computed.sql("INSERT INTO raw.orders SELECT * REPLACE (id + 1000 AS id) FROM raw.orders")

    for _ in range(2):
        result = computed.materialize()
        told = reasons(result)
        for name, file in (("marts.names", "names.py"), ("marts.spending", "spending.sql")):
            assert re.search(
                rf"{name}: \S+/{file}: it reads staging.customers, which is no model any more: name what", told
            ), told
        others = MODELS - {"marts/names", "marts/spending", "staging/customers"} | {"staging/people"}
        assert materialized(result) | observed(result) == others

    for file in ("models/names.py", "models/spending.sql", "tests/test_spending.yaml"):
        computed.edit(file, "staging.customers", "staging.people")
    result = computed.materialize()
    assert result.success, reasons(result)


def test_a_signal_that_is_not_ready_is_waited_for_and_nothing_is_red(computed: Bench) -> None:
    ready = computed.root / "ready"
    computed.write(
        "signals/__init__.py",
        f"""
from pathlib import Path
from sqlmesh import signal
@signal()
def delivered(batch):
    return Path({str(ready)!r}).exists()
""",
    )
    computed.write("models/odd.sql", f"MODEL (name marts.odd, kind FULL, signals (delivered()));\n{QUERY}")
    computed.write("models/reader.sql", "MODEL (name marts.reader, kind FULL);\nSELECT * FROM marts.odd")
    instance = dg.DagsterInstance.ephemeral()

    result = computed.materialize(instance=instance)
    assert result.success
    assert {"marts/odd", "marts/reader"}.isdisjoint(materialized(result) | observed(result))
    assert plan_metadata(result, "waiting") == (
        "models that wait for a signal:\n"
        "  marts.odd: waiting for its signal delivered\n"
        "  marts.reader: waiting for marts.odd, which waits for a signal"
    )

    for again in (
        computed.materialize(instance=instance, mode=Mode.run),
        computed.materialize("marts/odd", instance=instance, mode=Mode.run),
        computed.materialize("marts/reader", instance=instance),
    ):
        assert again.success, reasons(again)
        assert {"marts/odd", "marts/reader"}.isdisjoint(materialized(again) | observed(again))

    ready.touch()
    assert {"marts/odd", "marts/reader"} <= materialized(computed.materialize(instance=instance))

    computed.edit("models/odd.sql", "kind FULL,", "kind FULL, description 'Odd ones.',")
    described = computed.materialize(instance=instance)
    assert described.success
    assert "waiting" not in str(states(described))

    ready.unlink()
    refused = computed.materialize(instance=instance, restate=["marts.odd"])
    assert "marts.odd: SQLMesh did not compute it" in reasons(refused)

    computed.sql("DELETE FROM raw.customers WHERE id = 3")
    result = computed.materialize(instance=instance)
    assert result.success
    assert {"marts/odd", "marts/reader"} <= observed(result)
    assert "staging/customers" in materialized(result)
    assert computed.sql("SELECT count(*) FROM marts.odd WHERE id = 3") == [(1,)]

    ready.touch()
    assert {"marts/odd", "marts/reader"} <= materialized(computed.materialize(instance=instance))
    assert computed.sql("SELECT count(*) FROM marts.reader WHERE id = 3") == [(0,)]


def states(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    """What observations say of unchanged models."""
    events = [event for event in result.all_events if event.event_type is dg.DagsterEventType.ASSET_OBSERVATION]
    found = [event.asset_observation_data.asset_observation for event in events]
    return {each.asset_key.to_user_string(): each.metadata["state"].value for each in found}


def plan_metadata(result: dg.ExecuteInProcessResult, name: str) -> object:
    """What the plan says under a name."""
    (found,) = result.asset_materializations_for_node("models")[-1:]
    assert found.asset_key == dg.AssetKey(["models", "plan"])
    return found.metadata[name].value


def test_a_forward_only_model_loses_a_column_only_if_that_is_allowed(computed: Bench) -> None:
    computed.write("models/odd.sql", f"{FORWARD_ONLY}SELECT id, name FROM raw.customers")
    assert computed.materialize().success
    computed.write("models/odd.sql", f"{FORWARD_ONLY}{QUERY}")
    computed.sql("DELETE FROM raw.customers WHERE id = 3")

    refused = computed.materialize()

    assert set(failed_checks(refused)) == {"models/plan:every_model_computed"}
    assert "it is forward-only, and its table would lose name: name the model in allow_destructive" in reasons(refused)
    assert "staging/customers" in materialized(refused)
    assert [column for column, *_ in computed.sql("DESCRIBE marts.odd")] == ["id", "name"]
    allowed = computed.materialize(allow_destructive=["marts.odd"])
    assert allowed.success
    assert [column for column, *_ in computed.sql("DESCRIBE marts.odd")] == ["id"]
    assert "allow_destructive names marts.no, which is no model" in reasons(
        computed.materialize(allow_destructive=["marts.no"])
    )


@pytest.mark.parametrize("name", ["a b", "a&b", "a|b", "a(b)", "a*b", "a:b"])
def test_a_model_may_have_any_name(computed: Bench, name: str) -> None:
    computed.write("models/odd.sql", f'MODEL (name marts."{name}", kind FULL);\n{QUERY}')
    key = f"marts/{re.sub(r'[^a-z]', '_', name)}"
    assert materialized(computed.materialize(f"key:{key}")) == {key}
    assert materialized(computed.materialize(f"key:{key}", restate=[f"marts.{name}"])) == {key}


def test_blueprints_are_models_of_their_own(computed: Bench) -> None:
    blueprints = "blueprints ((name := marts.one), (name := marts.two))"
    computed.write("models/blueprints.sql", f"MODEL (name @name, kind FULL, {blueprints});\n{QUERY}")
    result = computed.materialize()
    assert result.success
    assert materialized(result) == {"marts/one", "marts/two"}


def test_a_selection_of_good_and_bad_models_runs_what_reads_the_good_ones(computed: Bench) -> None:
    for model, query in (
        ("bad", "SELECT nope FROM raw.customers"),
        ("good", QUERY),
        ("after", "SELECT id FROM marts.good"),
    ):
        computed.write(f"models/{model}.sql", f"MODEL (name marts.{model}, kind FULL);\n{query}")
    result = computed.materialize("key:marts/bad or key:marts/good or key:marts/after")
    assert not result.success
    assert materialized(result) == {"marts/good", "marts/after"}
    assert "marts.bad: " in reasons(result)
