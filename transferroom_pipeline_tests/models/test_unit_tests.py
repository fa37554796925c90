"""The models' own unit tests, which stand beside the models."""

from pathlib import Path

import pytest
from sqlmesh.core.context import Context

from transferroom_pipeline.models.configuration import offline_config
from transferroom_pipeline.settings import Settings


def test_every_prod_model_has_unit_tests_and_they_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(data_dir=tmp_path)
    context = Context(paths=str(settings.sqlmesh_project), config=offline_config(settings))
    result = context.test()
    assert result.wasSuccessful(), capsys.readouterr().out
    prod = {model.name for model in context.models.values() if model.name.startswith("prod.")}
    assert prod <= context.models_with_tests
    assert result.testsRun >= len(prod)
