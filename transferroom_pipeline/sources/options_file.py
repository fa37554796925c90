"""Options of source files that lie beside them, in `sources.yaml`, for files that come from others."""

import reprlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from transferroom_pipeline.sources.contracts import SOURCE_TABLES, SourceTable
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.file_options import FileOptions
from transferroom_pipeline.sources.source_file import shortened
from transferroom_pipeline.strict_yaml import read_yaml

OPTIONS_FILE = "sources.yaml"

_EXPECTED = {"tuple_type": "a text or a list of texts", "string_type": "a text"}


def with_declared_options(tables: Sequence[SourceTable], source_dir: Path) -> tuple[SourceTable, ...]:
    """The tables with the options of their files that `sources.yaml` sets; the others stay as the tables have them.

    Raises:
        SourceError: The file cannot be read, or says something that is no option of a source table. All of it is
            judged, since a misspelt name may have been meant for any table.
    """
    path = source_dir / OPTIONS_FILE
    content = _content(path)
    known = {table.name: table for table in (*SOURCE_TABLES, *tables)}
    for name in content:
        if name not in known:
            raise SourceError(f"{path}: there is no source table {name!r}{_hint(str(name), known)}")
    declared = {name: _with_options(path, known[name], options) for name, options in content.items()}
    return tuple(declared.get(table.name, table) for table in tables)


def _content(path: Path) -> Mapping[Any, Any]:
    misnamed = path.with_suffix(".yml")
    if misnamed.exists():
        raise SourceError(f"{misnamed} is not read: call it {OPTIONS_FILE}")
    if not path.exists() and not path.is_symlink():
        return {}
    try:
        content = read_yaml(path)
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SourceError(f"{path}: it must be a mapping from names of source tables to options of their files")
    return content


def _with_options(path: Path, table: SourceTable, options: object) -> SourceTable:
    if not isinstance(options, dict):
        raise SourceError(f'{path}, table {table.name}: its options must be a mapping, such as `separator: ";"`')
    given = {str(option): value for option, value in options.items()}
    try:
        merged = FileOptions.model_validate(table.file_options.model_dump(exclude_unset=True) | given)
    except ValidationError as error:
        raise SourceError(f"{path}, table {table.name}{_explained(error.errors()[0])}") from error
    return replace(table, file_options=merged)


def _explained(error: ErrorDetails) -> str:
    option = str(error["loc"][0]) if error["loc"] else ""
    where = f", option {option}" if option else ""
    if error["type"] == "extra_forbidden":
        return f": there is no option {option!r}{_hint(option, FileOptions.model_fields)}"
    if error["type"] == "value_error":
        return f"{where}: {error['msg'].removeprefix('Value error, ')}"
    expected = _EXPECTED.get(error["type"], error["msg"].removeprefix("Input should be "))
    quoted = "; null, true, false, numbers and dates are texts only in quotes" if error["type"] == "string_type" else ""
    return f"{where}: it should be {expected}, not {shortened(reprlib.repr(error['input']))}{quoted}"


def _hint(name: str, known: Collection[str]) -> str:
    meant = get_close_matches(name, known, n=1)
    return f", did you mean {meant[0]!r}?" if meant else f": known are {', '.join(sorted(known))}"
