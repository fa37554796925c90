"""The code location with settings of its own, built once."""

from pathlib import Path

import dagster as dg
import pytest

from transferroom_pipeline.definitions import build_definitions
from transferroom_pipeline.settings import Settings


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("location")
    return Settings(data_dir=folder / "data", source_dir=folder / "sources", results_dir=folder / "results")


@pytest.fixture(scope="session")
def location(settings: Settings) -> dg.Definitions:
    return build_definitions(settings)


@pytest.fixture
def source_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir()
    return folder
