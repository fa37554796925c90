"""The installed package, outside its checkout."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from transferroom_pipeline.settings import PROJECT_ROOT

pytestmark = pytest.mark.slow

COMMAND = "from transferroom_pipeline.cli import main; main()"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The site-packages of an environment with the wheel; its dependencies are those of this environment."""
    wheels = tmp_path / "wheels"
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(wheels),
        str(PROJECT_ROOT),
    ]
    subprocess.run(build, check=True)
    venv.create(tmp_path / "environment")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = tmp_path / "environment" / "lib" / version / "site-packages"
    with zipfile.ZipFile(next(wheels.iterdir())) as wheel:
        wheel.extractall(packages)
    # A folder that is added so does not bring its own .pth files, and with them this checkout, along.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return packages


def test_the_installed_package_migrates_the_sample_in_a_folder_of_its_own(installed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    before = sorted(path for path in installed.rglob("*") if "__pycache__" not in path.parts)

    call(tmp_path, folder, "sample-data", "--out", "data/sample", "--players", "150", "--clubs", "20")
    printed = call(tmp_path, folder, "run")

    assert "analytics.derived_c shows prod.derived_c" in printed
    assert {path.name for path in folder.iterdir()} == {"data", "migration_test_results"}
    assert sorted(path for path in installed.rglob("*") if "__pycache__" not in path.parts) == before


def call(root: Path, folder: Path, *arguments: str) -> str:
    """Call the installed command in a folder, in the plainest of locales."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TRANSFERROOM_", "DAGSTER_", "PYTHON"))
    }
    python = root / "environment" / "bin" / "python"
    finished = subprocess.run(
        [str(python), "-c", COMMAND, *arguments],
        cwd=folder,
        env={**kept, "LC_ALL": "C", "NO_COLOR": "1"},
        capture_output=True,
        check=False,
    )
    printed = finished.stdout.decode("utf-8")
    assert finished.returncode == 0, printed + finished.stderr.decode("utf-8")
    assert "\x1b" not in printed
    return printed
