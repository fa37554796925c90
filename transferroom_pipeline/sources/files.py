"""Finding the files of a source table."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.source_file import Location, in_case_of_contract, place

PARQUET_ENDING = ".parquet"
ENDINGS = (".csv", ".csv.gz", PARQUET_ENDING)
"""Endings of files that are taken for a table's without being named in its options."""

_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_NOT_DATA = (".", "_")  # what the tools that write folders of files begin their own files' names with


def find_files(table: SourceTable, source_dir: Path) -> tuple[Location, ...]:
    """The files of a table, in the order of their names.

    Without patterns in the table's options these are `<table>.csv`, `<table>.csv.gz`, `<table>.parquet`, or all files
    of the folder `<table>`, with its subfolders.

    Raises:
        SourceError: The source folder does not exist, holds no file of the table, or several of which only one can be
            meant; or something that must be a file is none.
    """
    if not source_dir.is_dir():
        raise SourceError(
            f"source directory {source_dir} for table {table.name} does not exist: "
            "check the path, or make sample files with `transferroom sample-data --out data/sample`"
        )
    starts = list(_named(table, source_dir)) if table.file_options.files else [_only(table, source_dir)]
    paths = sorted({path for start in starts for path in _files(table, start)})
    if not paths:
        raise SourceError(f"table {table.name} has no file in {starts[0]}: put its files there")
    _refuse_two_formats(table, source_dir, paths)
    return tuple(_location(table, source_dir, path) for path in paths)


def watched_files(table: SourceTable, source_dir: Path) -> Iterator[Path]:
    """All files that a table may be taken from, whether or not they would be refused."""
    if table.file_options.files:
        starts = [path for pattern in table.file_options.files for path in source_dir.glob(pattern)]
    else:
        starts = [source_dir / name for name in _called_like(table, source_dir)]
    for start in starts:
        with suppress(SourceError):
            yield from (path for path in _beneath(table, start) if path.is_file())


def _called_like(table: SourceTable, source_dir: Path) -> list[str]:
    files = [f"{table.name}{ending}" for ending in ENDINGS]
    found = [name for name in files if (source_dir / name).exists() or (source_dir / name).is_symlink()]
    return found + ([table.name] if (source_dir / table.name).is_dir() else [])


def _only(table: SourceTable, source_dir: Path) -> Path:
    """The file or folder that is called like the table."""
    found = _called_like(table, source_dir)
    if not found:
        raise SourceError(
            f"table {table.name} has no file in {source_dir}: "
            f"put {', '.join(f'{table.name}{ending}' for ending in ENDINGS)} or a folder {table.name} there"
        )
    if len(found) > 1:
        raise SourceError(
            f"table {table.name} has {len(found)} files in {source_dir}: keep only one of {' and '.join(found)}"
        )
    path = source_dir / found[0]
    if path.is_dir() and path.name != table.name:
        raise SourceError(
            f"{place(table, path)} is a folder, not a file: put a file there, or call the folder {table.name}"
        )
    return path


def _named(table: SourceTable, source_dir: Path) -> Iterator[Path]:
    for pattern in table.file_options.files:
        found = sorted(source_dir.glob(pattern))
        if not found:
            raise SourceError(
                f"table {table.name} has no file {pattern} in {source_dir}: put it there, or correct the option `files`"
            )
        yield from found


def _files(table: SourceTable, start: Path) -> Iterator[Path]:
    """The path itself if it is a file, or all files below it, found to be files that can be read."""
    for path in _beneath(table, start):
        _require_file(table, path)
        if path != start and not path.name.lower().endswith(ENDINGS):
            raise SourceError(
                f"{place(table, path)} is no {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]} file: "
                "take it out of the folder of the table, or name the files in the option `files`"
            )
        yield path


def _beneath(table: SourceTable, path: Path, above: Sequence[Path] = ()) -> Iterator[Path]:
    """The path itself if it is no folder, or all such paths below it."""
    if not path.is_dir():
        yield path
        return
    if path.resolve() in above:
        raise SourceError(f"{place(table, path)} leads back to a folder above it: take the link away")
    try:
        entries = sorted(path.iterdir())
    except OSError as error:
        raise SourceError(f"{place(table, path)}: the folder cannot be read ({error.strerror})") from error
    for entry in entries:
        if not entry.name.startswith(_NOT_DATA):
            yield from _beneath(table, entry, (*above, path.resolve()))


def _require_file(table: SourceTable, path: Path) -> None:
    if path.is_symlink() and not path.exists():
        raise SourceError(f"{place(table, path)} is a link to {path.readlink()}, which is not there")
    if not path.is_file():
        raise SourceError(f"{place(table, path)} is no file: put a file there")


def _refuse_two_formats(table: SourceTable, source_dir: Path, paths: Sequence[Path]) -> None:
    """Two formats are two exports of the same rows, more likely than not."""
    names = [path.relative_to(source_dir).as_posix() for path in paths]
    parquet = [name for name in names if is_parquet(name)]
    if parquet and len(parquet) < len(names):
        other = next(name for name in names if not is_parquet(name))
        raise SourceError(
            f"table {table.name} has files of two formats in {source_dir}, such as {other} and {parquet[0]}: "
            "keep those of one format"
        )
    compressed = {name.lower().removesuffix(".gz"): name for name in names if name.lower().endswith(".gz")}
    for name in names:
        if name.lower() in compressed:
            raise SourceError(
                f"table {table.name} has a file twice in {source_dir}: keep only one of {name} and "
                f"{compressed[name.lower()]}"
            )


def is_parquet(name: str) -> bool:
    """Whether a file of that name is taken for Parquet; any other is CSV."""
    return name.lower().endswith(PARQUET_ENDING)


def _location(table: SourceTable, source_dir: Path, path: Path) -> Location:
    name = path.relative_to(source_dir)
    try:
        str(name).encode()
    except UnicodeEncodeError as error:
        shown = Path(os.fsencode(path).decode(errors="backslashreplace"))
        raise SourceError(f"{place(table, shown)}: the name is not UTF-8: rename the file or folder") from error
    return Location(path, name.as_posix(), _partition(table, path, name.parts[:-1]), state_of(table, path))


def _partition(table: SourceTable, path: Path, folders: Sequence[str]) -> Mapping[str, str | None]:
    """The values of columns that the names of folders give, such as `season=2026`."""
    given = [folder.split("=", 1) for folder in folders if "=" in folder]
    columns = in_case_of_contract(table, [column for column, _ in given])
    for column, count in Counter(columns).items():
        if count > 1:
            raise SourceError(
                f"{place(table, path, column=column)}: {count} of its folders give the column a value: keep one of them"
            )
    return {column: _value(table, path, column, text) for column, (_, text) in zip(columns, given, strict=True)}


def _value(table: SourceTable, path: Path, column: str, text: str) -> str | None:
    if text == _NO_VALUE:
        return None
    try:
        value = unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{place(table, path, column=column)}: {text!r} in the name of the folder is not UTF-8: rename the folder"
        ) from error
    if "\0" in value:
        raise SourceError(
            f"{place(table, path, column=column)}: {text!r} in the name of the folder has a NUL, which no text has: "
            "rename the folder"
        )
    return value


def state_of(table: SourceTable, path: Path) -> tuple[int, int, int]:
    """What changes when somebody writes a file, or puts another in its place.

    Raises:
        SourceError: It cannot be looked at.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise SourceError(f"{place(table, path)}: the file cannot be read ({error.strerror})") from error
    return stat.st_size, stat.st_mtime_ns, stat.st_ino
