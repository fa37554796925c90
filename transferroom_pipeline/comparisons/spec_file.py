"""Reading a spec from its YAML file, with the first mistake explained in one sentence."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from transferroom_pipeline.comparisons.exceptions import SpecError
from transferroom_pipeline.comparisons.spec import ColumnRule, Defaults, SidePredicates, Spec, TableEntry
from transferroom_pipeline.strict_yaml import read_yaml

Model = TypeVar("Model", bound=BaseModel)

_PACKAGED = Path(__file__).with_name("tables.yaml")
_PYTHON_NAMES = {"tuple_type": "a list", "dict_type": "a mapping", "model_type": "a mapping"}
"""What a person calls the types that Pydantic's messages call by their Python names."""

_TABLE_DEPTH = 2
"""Parts of a path up to the fields of a table: `tables` and the table's name."""


def packaged_spec() -> Spec:
    """The spec of the project's own tables."""
    return load_spec(_PACKAGED)


def load_spec(path: Path) -> Spec:
    """Read and validate a spec.

    Raises:
        SpecError: The file cannot be read, is not YAML or says something that is not a spec.
    """
    try:
        content = read_yaml(path)
    except OSError as error:
        raise SpecError(f"spec {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SpecError(f"spec {path} is not YAML: {error}") from error
    return _with_files_beside(validated(Spec, {} if content is None else content, source=f"spec {path}"), path.parent)


def _with_files_beside(spec: Spec, folder: Path) -> Spec:
    """The spec with the files of its queries found from where the spec is."""

    def placed(entry: TableEntry) -> TableEntry:
        files = {name: getattr(entry, name) for name in ("legacy_sql", "modern_sql")}
        return entry.model_copy(update={name: str(folder / file) for name, file in files.items() if file})

    return spec.model_copy(update={"tables": {name: placed(entry) for name, entry in spec.tables.items()}})


def validated(model: type[Model], content: object, *, source: str) -> Model:
    """Check what a person wrote against a model.

    Args:
        model: What it has to be.
        content: What was written.
        source: Where, for the error.

    Raises:
        SpecError: The first thing wrong, with its place.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise SpecError(f"{source}{_explained(error.errors()[0], model)}") from error


def _explained(error: ErrorDetails, model: type[BaseModel]) -> str:
    path = [str(part) for part in error["loc"] if part != "[key]"]
    where = _place(path, model)
    if error["type"] == "extra_forbidden":
        hint = get_close_matches(path[-1], _fields_beside(path, model), n=1)
        return f"{where}: this field is unknown" + (f", did you mean '{hint[0]}'?" if hint else "")
    if error["type"] == "missing":
        return f"{where}: it is missing"
    if error["type"] == "value_error":
        return f"{where}: {error['msg'].removeprefix('Value error, ')}"
    expected = _PYTHON_NAMES.get(error["type"], error["msg"].removeprefix("Input should be "))
    return f"{where}: it should be {expected}, not {error['input']!r}"


def _place(path: Sequence[str], model: type[BaseModel]) -> str:
    """The table, the column and the field that a path into the spec leads to."""
    if model is Spec and path[:1] == ["tables"]:
        table = f", table {path[1]}" if len(path) > 1 else ""
        return table + _place_in_table(path[_TABLE_DEPTH:])
    if model is TableEntry:
        return _place_in_table(path)
    return f", field {'.'.join(path)}" if path else ""


def _place_in_table(path: Sequence[str]) -> str:
    if path[:1] == ["columns"] and len(path) > 1:
        field = f", field {'.'.join(path[2:])}" if path[2:] else ""
        return f", column {path[1]}{field}"
    return f", field {'.'.join(path)}" if path else ""


def _fields_beside(path: Sequence[str], model: type[BaseModel]) -> list[str]:
    """The fields that could have been meant by the last part of a path."""
    within_table = path[_TABLE_DEPTH:] if model is Spec and path[0] == "tables" else path
    parent: type[BaseModel] = model
    if model is Spec and len(path) > 1:
        parent = TableEntry if path[0] == "tables" else Defaults
    if within_table[:1] == ["columns"]:
        parent = ColumnRule
    elif within_table[:1] == ["where"]:
        parent = SidePredicates
    return [field.alias or name for name, field in parent.model_fields.items()]
