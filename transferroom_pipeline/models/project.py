"""Reading the SQLMesh project; what was read is kept until a file of the project or a setting changes."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from transferroom_pipeline.models.description import ModelDescription
from transferroom_pipeline.models.exceptions import ModelError
from transferroom_pipeline.settings import Settings

_DESCRIPTIONS = TypeAdapter(tuple[ModelDescription, ...])
_PACKAGES = ("sqlmesh", "dagster-sqlmesh", "sqlglot")


def describe_models(settings: Settings) -> tuple[ModelDescription, ...]:
    """All models of the project, inputs before those that read them.

    Importing SQLMesh and reading a project takes seconds, so the answer is kept in the cache folder under a digest of
    everything that it depends on.

    Raises:
        ModelError: The project cannot be read.
    """
    kept = settings.sqlmesh_cache / f"models-{_digest(settings.sqlmesh_project)}.json"
    known = _read(kept)
    if known is not None:
        return known
    # Imported only now: this import is most of what the kept answer saves.
    from transferroom_pipeline.models.reading import read_project  # noqa: PLC0415

    descriptions = read_project(settings)
    if not descriptions:
        raise ModelError(f"the SQLMesh project at {settings.sqlmesh_project} has no models: check the path")
    _keep(kept, descriptions)
    return descriptions


def _digest(project: Path) -> str:
    """Changes with any file of the project, with this package's reading of it and with the libraries that read it."""
    digest = hashlib.sha256(repr([(name, version(name)) for name in _PACKAGES]).encode())
    for file in (*_project_files(project), *sorted(Path(__file__).parent.glob("*.py"))):
        digest.update(str(file).encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _project_files(project: Path) -> Iterator[Path]:
    if not (project / "config.py").is_file():
        raise ModelError(f"there is no SQLMesh project at {project}: check TRANSFERROOM_SQLMESH_PROJECT")
    for file in sorted(project.rglob("*")):
        if file.is_file() and file.suffix in {".sql", ".py", ".yaml", ".yml", ".csv"} and ".cache" not in file.parts:
            yield file


def _read(kept: Path) -> tuple[ModelDescription, ...] | None:
    if not kept.is_file():
        return None
    try:
        return _DESCRIPTIONS.validate_json(kept.read_bytes())
    except ValidationError:
        # Written by a process that died, or by hand: worth nothing, and replaced by what is read now.
        return None


def _keep(kept: Path, descriptions: Sequence[ModelDescription]) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    for outdated in kept.parent.glob("models-*.json"):
        outdated.unlink(missing_ok=True)
    unfinished = kept.with_suffix(f".{os.getpid()}.tmp")
    unfinished.write_bytes(_DESCRIPTIONS.dump_json(tuple(descriptions), indent=1))
    unfinished.replace(kept)
