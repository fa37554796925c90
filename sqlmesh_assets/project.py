"""A SQLMesh project on disk, and its description: read with SQLMesh once, and kept until anything of it changes."""

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from sqlmesh_assets.description import ProjectDescription, Relation
from sqlmesh_assets.exceptions import SQLMeshAssetsError

if TYPE_CHECKING:
    from sqlmesh.core.config import Config

PRODUCTION = "prod"
"""The environment that Dagster's assets stand for."""

_SEED_PATH = re.compile(r"\bpath\s+'([^']+)'", re.IGNORECASE)
_PACKAGES = ("sqlmesh", "dagster-sqlmesh", "sqlglot", "duckdb")


@dataclass(frozen=True)
class SQLMeshProject:
    """Where a SQLMesh project is and how it is opened.

    Attributes:
        path: Its folder.
        config: Makes the configuration with which it is planned and run; called only when SQLMesh is needed.
        offline_config: Makes one with which it can be read without opening a database that others may hold.
        gateway: The gateway of both.
        cache_dir: Where its description is kept; may be deleted at any time.
        ledger: The file that says what was computed from what; belongs beside SQLMesh's state.
        state_file: The file of SQLMesh's state, if it is one.
        session: Entered while SQLMesh works on the databases, to hold what others must not take meanwhile.
        settings: Whatever else the configurations depend on; a change of it makes the kept description outdated.
        code: Further files that the configurations are made by.
        sources: The relations that models may read besides models; None when any is fine.
    """

    path: Path
    config: "Callable[[], Config]"
    offline_config: "Callable[[], Config]"
    gateway: str
    cache_dir: Path
    ledger: Path
    state_file: Path | None = None
    session: Callable[[], AbstractContextManager[object]] = nullcontext
    settings: Mapping[str, str] = field(default_factory=dict)
    code: tuple[Path, ...] = ()
    sources: frozenset[Relation] | None = None


def describe(project: SQLMeshProject) -> ProjectDescription:
    """All models of a project and its unit tests.

    Importing SQLMesh and reading a project takes seconds, so the answer is kept under a digest of everything that it
    depends on. What is wrong with a model is part of its description; it never keeps the others from being described. A
    project that cannot be read as a whole is read again the next time.

    Raises:
        SQLMeshAssetsError: There is no SQLMesh project, or it has no models.
    """
    kept = project.cache_dir / f"project-{_digest(project)}.json"
    known = _read(kept)
    if known is not None:
        return known
    # Imported only now: this import is most of what the kept answer saves.
    from sqlmesh_assets.reading import read_project  # noqa: PLC0415

    description = read_project(project)
    if not description.models:
        raise SQLMeshAssetsError(f"the SQLMesh project at {project.path} has no models: check the path")
    if description.is_whole:
        _keep(kept, description)
    return description


def _digest(project: SQLMeshProject) -> str:
    """Changes with any file of the project, with a setting, with this code and with the libraries that it uses."""
    facts = [
        sys.version,
        str(project.path.resolve()),
        project.gateway,
        sorted(project.settings.items()),
        None if project.sources is None else sorted(project.sources),
        [(name, version(name)) for name in _PACKAGES],
    ]
    digest = hashlib.sha256(repr(facts).encode())
    own = sorted(Path(__file__).parent.glob("*.py"))
    for file in (*_project_files(project.path), *own, *sorted(project.code)):
        digest.update(str(file).encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _project_files(path: Path) -> Iterator[Path]:
    """Every file of the project but those that Python and SQLMesh write themselves."""
    if not any((path / name).is_file() for name in ("config.py", "config.yaml", "config.yml")):
        raise SQLMeshAssetsError(f"there is no config.py or config.yaml of a SQLMesh project at {path}: check the path")
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if name != "__pycache__" and not name.startswith("."))
        found = (Path(folder, name) for name in sorted(files) if not name.startswith("."))
        for file in filter(Path.is_file, found):
            yield file
            yield from _seeds_of(file)


def _seeds_of(model: Path) -> Iterator[Path]:
    """The file of a seed, which may lie elsewhere."""
    if model.suffix == ".sql":
        for name in _SEED_PATH.findall(model.read_text(encoding="utf-8", errors="replace")):
            seed = model.parent / name
            if seed.is_file():
                yield seed


def _read(kept: Path) -> ProjectDescription | None:
    if not kept.is_file():
        return None
    try:
        return ProjectDescription.model_validate_json(kept.read_bytes())
    except ValidationError:
        # Written by a process that died, or by hand: worth nothing, and replaced by what is read now.
        return None


def _keep(kept: Path, description: ProjectDescription) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    for outdated in kept.parent.glob("project-*.json"):
        outdated.unlink(missing_ok=True)
    write_atomically(kept, description.model_dump_json(indent=1))


def write_atomically(file: Path, text: str) -> None:
    """Write a file that others see whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(f".{os.getpid()}.tmp")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(file)
