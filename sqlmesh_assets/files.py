"""Files that models read themselves: a model is computed again when one of them changes."""

import glob
import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path

from sqlmesh_assets.description import FILE_SCHEMA, Relation
from sqlmesh_assets.ledger import DataVersions

_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".json", ".jsonl", ".ndjson", ".gz", ".zst", ".xlsx", ".arrow")


def file_relation(path: str) -> Relation:
    """A file, or files by a pattern, as something that a model reads."""
    return Relation(FILE_SCHEMA, path)


def names_file(name: str) -> bool:
    """Whether a name in the place of a table's is that of a file, as DuckDB and others take it."""
    return name.lower().endswith(_SUFFIXES)


def with_files(versions: DataVersions) -> DataVersions:
    """Tells the versions of files as well; relative paths are taken from the working directory, as the engine does."""

    def told(relations: Collection[Relation]) -> Mapping[Relation, str]:
        files = {relation: _version(relation.table) for relation in relations if relation.is_file}
        others = versions([relation for relation in relations if relation not in files])
        return {**others, **{relation: version for relation, version in files.items() if version is not None}}

    return told


def file_state(file: Path) -> tuple[int, ...]:
    """Another whenever a file is written or replaced: no program can set the time of its inode's last change back."""
    found = file.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _version(path: str) -> str | None:
    """Another whenever a file is written, comes or goes; None where there is none."""
    names = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - the pattern may be of an absolute path
    states = [(name, file_state(Path(name))) for name in names]
    return hashlib.sha256(repr(states).encode()).hexdigest()[:16] if states else None
