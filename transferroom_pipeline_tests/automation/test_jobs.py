"""Each job selects exactly its stage; the migration is all of them."""

import pytest

from transferroom_pipeline.automation.jobs import MIGRATION, STAGE_JOBS


@pytest.fixture(scope="module")
def groups(location):
    """The keys of each group."""
    graph = location.resolve_asset_graph()
    return {
        group: {key for key in graph.materializable_asset_keys if graph.get(key).group_name == group}
        for group in {graph.get(key).group_name for key in graph.materializable_asset_keys}
    }


def selected(location, job):
    return set(location.resolve_job_def(job).asset_layer.selected_asset_keys)


@pytest.mark.parametrize("group", STAGE_JOBS)
def test_the_job_of_a_stage_selects_exactly_its_group(location, groups, group):
    assert groups[group]
    assert selected(location, STAGE_JOBS[group]) == groups[group]


def test_the_migration_is_every_asset_of_every_stage(location, groups):
    assert set(groups) == set(STAGE_JOBS)
    assert selected(location, MIGRATION) == set().union(*groups.values())
