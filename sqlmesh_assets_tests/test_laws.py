"""Laws of what is up to date, for any graph of models and any change."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sqlmesh_assets.description import ModelDescription, Relation
from sqlmesh_assets.ledger import Cause, Computation, Ledger, stale_models

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
SOURCES = [Relation("raw", name) for name in "xyz"]


def model(number: int, reads: tuple[Relation, ...], kind: str) -> ModelDescription:
    return ModelDescription(
        relation=Relation("m", str(number)), kind=kind, file="m.sql", cron="@daily", code_version="1", snapshot="1",
        depends_on=reads,
    )  # fmt: skip


@st.composite
def graphs(draw: st.DrawFn) -> list[ModelDescription]:
    """Models in an order in which inputs come first."""
    models: list[ModelDescription] = []
    for number in range(draw(st.integers(1, 8))):
        readable = [*SOURCES, *(made.relation for made in models)]
        reads = draw(st.lists(st.sampled_from(readable), min_size=1, max_size=3, unique=True))
        models.append(model(number, tuple(reads), draw(st.sampled_from(["FULL", "VIEW", "INCREMENTAL_BY_UNIQUE_KEY"]))))
    return models


def computed(models: list[ModelDescription], versions: dict[Relation, str]) -> Ledger:
    """A ledger in which everything is up to date."""
    computations = {
        made.name: Computation(
            code_version=made.code_version,
            computed_at=NOW,
            seconds=1,
            snapshot=made.snapshot,
            interval=(NOW - timedelta(days=1), NOW),
            rows=1,
            inputs={str(read): versions[read] for read in made.depends_on},
            content=versions[made.relation],
        )
        for made in models
    }
    return Ledger(computations=computations)


def versions_of(models: list[ModelDescription]) -> dict[Relation, str]:
    return dict.fromkeys((*SOURCES, *(made.relation for made in models)), "1")


@given(graphs())
def test_what_was_just_computed_is_up_to_date(models: list[ModelDescription]) -> None:
    versions = versions_of(models)
    assert stale_models(models, computed(models, versions), versions, NOW) == {}


@given(graphs(), st.sampled_from(SOURCES))
def test_a_changed_source_makes_stale_exactly_what_reads_it_at_any_distance(
    models: list[ModelDescription], source: Relation
) -> None:
    versions = versions_of(models)
    known = computed(models, versions)
    affected = {source}
    for made in models:
        if affected & set(made.depends_on):
            affected.add(made.relation)
    stale = stale_models(models, known, versions | {source: "2"}, NOW)
    assert set(stale) == {str(relation) for relation in affected - {source}}
    assert {found.cause for found in stale.values()} <= {Cause.INPUT}


@given(graphs(), st.data())
def test_whatever_changes_those_that_read_a_stale_model_are_stale(
    models: list[ModelDescription], data: st.DataObject
) -> None:
    versions = versions_of(models)
    known = computed(models, versions)
    for relation in data.draw(st.lists(st.sampled_from(sorted(versions)))):
        versions[relation] = data.draw(st.sampled_from("123"))
    for name in data.draw(st.lists(st.sampled_from(sorted(known.computations)))):
        known.computations.pop(name, None)
    changed = [
        made.model_copy(update={"code_version": data.draw(st.sampled_from("12"))}) for made in models
    ]  # fmt: skip
    stale = stale_models(changed, known, versions, NOW)
    for made in changed:
        if {str(read) for read in made.depends_on} & set(stale):
            assert made.name in stale


@given(graphs(), st.sampled_from(SOURCES))
def test_nothing_is_stale_any_more_once_all_that_was_is_computed(
    models: list[ModelDescription], source: Relation
) -> None:
    versions = versions_of(models)
    known = computed(models, versions)
    versions[source] = "2"
    stale = stale_models(models, known, versions, NOW)
    for made in models:
        if made.name in stale:
            versions[made.relation] = "2"
    again = [made for made in models if made.name in stale]
    everything = known.computations | computed(again, versions).computations
    assert stale_models(models, known.model_copy(update={"computations": everything}), versions, NOW) == {}


def test_rows_that_are_not_those_computed_count_before_a_changed_input_except_in_a_view() -> None:
    source = SOURCES[0]
    for kind, cause in (("INCREMENTAL_BY_UNIQUE_KEY", Cause.CONTENT), ("VIEW", Cause.INPUT)):
        models = [model(0, (source,), kind)]
        known = computed(models, versions_of(models))
        versions = {source: "2", models[0].relation: "2"}
        assert stale_models(models, known, versions, NOW)["m.0"].cause is cause


def test_only_a_model_that_reads_the_time_is_stale_for_a_new_interval() -> None:
    models = [model(0, (SOURCES[0],), "FULL")]
    versions = versions_of(models)
    known = computed(models, versions)
    tomorrow = NOW + timedelta(days=1)
    assert stale_models(models, known, versions, tomorrow) == {}
    timely = [made.model_copy(update={"reads_time": True}) for made in models]
    assert stale_models(timely, known, versions, tomorrow)["m.0"].cause is Cause.TIME
    assert stale_models(timely, known, versions, NOW) == {}


def test_a_model_that_may_not_be_restated_waits_for_its_next_interval() -> None:
    models = [model(0, (SOURCES[0],), "SCD_TYPE_2_BY_TIME").model_copy(update={"restatable": False})]
    versions = versions_of(models)
    known = computed(models, versions)
    changed = versions | {SOURCES[0]: "2"}
    assert stale_models(models, known, changed, NOW) == {}
    assert stale_models(models, known, changed, NOW + timedelta(days=1))["m.0"].cause is Cause.TIME


def test_a_model_whose_last_computation_failed_is_stale_whatever_the_versions_say() -> None:
    models = [model(0, (SOURCES[0],), "FULL")]
    versions = versions_of(models)
    known = computed(models, versions)
    known.unfinished["m.0"] = "it failed"
    assert stale_models(models, known, versions, NOW)["m.0"].reason == "it failed"
