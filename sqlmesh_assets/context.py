"""A SQLMesh context that reads what can be read of a project; importing this imports SQLMesh.

SQLMesh refuses a whole project for one file that it cannot read. Here such a file is left out, with the reason, and the
others are read as if it were not there.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Container, Generator, Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Self

from sqlglot import exp, generator
from sqlmesh.core.context import Context
from sqlmesh.core.loader import SqlMeshLoader
from sqlmesh.core.macros import MacroRegistry
from sqlmesh.core.model import CustomKind, Model, SeedModel
from sqlmesh.core.selector import NativeSelector
from sqlmesh.core.snapshot.definition import Node
from sqlmesh.core.snapshot.evaluator import get_custom_materialization_type_or_raise
from sqlmesh.core.test.discovery import ModelTestMetadata
from sqlmesh.utils import UniqueKeyDict
from sqlmesh.utils.errors import ConfigError, SQLMeshError
from sqlmesh.utils.jinja import JinjaMacroRegistry

from sqlmesh_assets.description import Relation

# On its first use sqlglot notes for each dialect how expressions are written. SQLMesh adds its own expressions to the
# dialects when it is imported, and a process that wrote SQL before would refuse them. There is no public way to forget.
generator._DISPATCH_CACHE.clear()

_SHORTEST_CRON = "*/5 * * * *"
"""The cron of SQLMesh's shortest intervals."""

NO_SCHEMA = "default"
"""The schema of a model that names none, in Dagster."""


def _declaration(block: str) -> re.Pattern[str]:
    """Finds the names that blocks such as MODEL or AUDIT declare."""
    return re.compile(rf"\b{block}\s*\((?:[^;]*?[\s,(])??name\s+([^\s,();]+)", re.IGNORECASE)


_DECLARATIONS = {
    ".sql": _declaration("MODEL"),
    ".py": re.compile(r"@model\((?:[^)]*?\bname\s*=\s*|\s*)[\"']([^\"']+)[\"']"),
}
_NO_CODE = re.compile(r"/\*.*?\*/|--[^\n]*|(?<=[\s(])'(?:[^']|'')*'", re.DOTALL)
"""Comments and texts of SQL, which may look like code."""
_DISABLED = re.compile(r"\benabled\s+false\b", re.IGNORECASE)
_AUDIT = _declaration("AUDIT")
_UNDEFINED_AUDIT = re.compile(r"Audit '([^']+)' is undefined")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def declared_names(file: Path) -> list[str]:
    """The names of the models that a file declares, by its text alone: it may be one that cannot be parsed."""
    declaration = _DECLARATIONS.get(file.suffix)
    if declaration is None:
        return []
    text = _NO_CODE.sub("''", _text(file)) if file.suffix == ".sql" else _text(file)
    names = [] if _DISABLED.search(text) else declaration.findall(text)
    return [name.replace('"', "").replace("`", "").lower() for name in names]


def relation_of(name: str) -> Relation:
    """Schema and table of a name, fully qualified or as people write it."""
    table = exp.to_table(name)
    return Relation(table.db or NO_SCHEMA, table.name)


def plain(error: BaseException | str) -> str:
    """An error's text without the colours and the blank lines that are meant for a terminal."""
    lines = (line.rstrip() for line in _COLOURS.sub("", str(error)).splitlines())
    return "\n".join(line for line in lines if line)


class TolerantLoader(SqlMeshLoader):
    """Reads the files of a project but those that its context has refused."""

    context: "TolerantContext"
    reading: Path | None = None
    """The file that is being read, for errors that do not say where they come from."""
    _handed_out: Path | None = None

    def _glob_paths(self, *args: Any, **options: Any) -> Generator[Path, None, None]:
        for file in super()._glob_paths(*args, **options):
            # Editors keep links and copies beside a file, under names that begin with a dot.
            if file not in self.context.refused and not file.name.startswith(".") and file.exists():
                self._handed_out = file
                yield file

    def _track_file(self, path: Path) -> None:
        self.reading = path
        super()._track_file(path)

    def _load_scripts(self) -> tuple[MacroRegistry, JinjaMacroRegistry]:
        """Macros belong to all models, so that none can be trusted without them.

        Raises:
            SQLMeshError: A file of macros cannot be imported.
        """
        try:
            return super()._load_scripts()
        except Exception as error:
            raise SQLMeshError(f"{self._handed_out}: {plain(error)}") from error

    def _load_models(self, *args: Any, **options: Any) -> tuple[UniqueKeyDict[str, Model], set[str] | None]:
        self._refuse_repeated_names()
        self._refuse_marked_files()
        models, indexed = super()._load_models(*args, **options)
        self.reading = None
        for name in list(models):
            if self._is_refused(models[name]) or self._refuse_unusable(models[name]):
                del models[name]
            elif _ticks_too_often(models[name]):
                self.context.crons[name] = models[name].cron
                models.update({name: models[name].copy(update={"cron": _SHORTEST_CRON})})
        self._refuse_short_names(models)
        self._refuse_cycles(models)
        return models, indexed

    def _load_model_test_file(self, path: Path) -> dict[str, ModelTestMetadata]:
        try:
            tests: dict[str, ModelTestMetadata] = super()._load_model_test_file(path)
        except Exception as error:
            self.context.refused[path] = plain(error)
            return {}
        return tests

    def _refuse_repeated_names(self) -> None:
        """Of several models of one name none can be told to be the one that is meant."""
        declared: dict[str, list[Path]] = {}
        for file in sorted(self._model_paths()):
            for name in declared_names(file):
                declared.setdefault(name, []).append(file)
        for name, files in declared.items():
            if len(files) > 1:
                places = " and ".join(str(file.relative_to(self.config_path)) for file in files)
                for file in files:
                    self.context.refused.setdefault(file, f"the name {name} is declared more than once: in {places}")

    def _refuse_marked_files(self) -> None:
        """SQLMesh would take the mark for a part of the first word."""
        for file in self._model_paths():
            with file.open("rb") as opened:
                if opened.read(len(BOM_UTF8)) == BOM_UTF8:
                    problem = "the file begins with a byte order mark: save it as UTF-8 without one"
                    self.context.refused.setdefault(file, problem)

    def _refuse_short_names(self, models: UniqueKeyDict[str, Model]) -> None:
        """SQLMesh takes models without a schema only if no model has one."""
        parts = {name: len(exp.to_table(name).parts) for name in models}
        for name in [name for name in models if parts[name] < max(parts.values())]:
            model = models.pop(name)
            problem = f"the name {model.name} has no schema, as other models have: write schema.{model.name}"
            self.context.refused[Path(str(model._path))] = problem

    def _refuse_cycles(self, models: UniqueKeyDict[str, Model]) -> None:
        while cycle := _find_cycle({name: model.depends_on for name, model in models.items()}):
            path = " → ".join(models[name].name for name in cycle)
            for name in set(cycle):
                self.context.refused[Path(str(models[name]._path))] = f"models read each other in a circle: {path}"
                del models[name]

    def _refuse_unusable(self, model: Model) -> bool:
        """Refuse a model for what SQLMesh would refuse the whole project for, without saying in which file it is."""
        try:
            _require_usable(model, self.config.gateways)
        except Exception as error:
            self.context.refused[Path(str(model._path))] = plain(error)
            return True
        return False

    def _is_refused(self, model: Model) -> bool:
        return model._path in self.context.refused


class NameSelector(NativeSelector):
    """Takes selections as names of models, a plus behind one for all that read it.

    In SQLMesh's own syntax names with blanks, or signs such as `&` and `(`, mean something else.
    """

    def expand_model_selections(
        self, model_selections: Iterable[str], models: dict[str, Node] | None = None
    ) -> set[str]:
        """The models that are selected, fully qualified; a name that is none selects nothing."""
        known = models or dict(self._models)
        by_name = {str(relation_of(fqn)): fqn for fqn in known}
        selected: set[str] = set()
        for selection in model_selections:
            fqn = by_name.get(selection) or by_name.get(selection.removesuffix("+"))
            if fqn is not None:
                selected.add(fqn)
                selected.update(self._dag.downstream(fqn) if selection not in by_name else ())
        return selected


class TolerantContext(Context):
    """SQLMesh's context without the files that cannot be read.

    Attributes:
        refused: The files that were left out, with the reasons.
        crons: The crons, as declared, of models for which they tick more often than SQLMesh has intervals.
    """

    def __init__(self, **options: Any) -> None:
        """Take what SQLMesh's own context takes."""
        self.refused: dict[Path, str] = {}
        self.crons: dict[str, str] = {}
        super().__init__(loader=TolerantLoader, selector=NameSelector, **options)

    def load(self, *args: Any, **options: Any) -> Self:
        """Read the project, again without each file that turns out to be unreadable.

        Raises:
            Exception: Something is wrong that is not the fault of one file.
        """
        while True:
            try:
                super().load(*args, **options)
            except Exception as error:
                self._refuse(error)
            else:
                return self

    def _refuse(self, error: Exception) -> None:
        file = getattr(error, "location", None) or self._file_being_read()
        if file is None or file in self.refused:
            raise error
        self.refused[Path(file)] = plain(error)

    def problem(self, file: Path) -> str:
        """Why a file was left out; if for an audit whose own file cannot be read, then also why that cannot."""
        problem = self.refused[file]
        missing = _UNDEFINED_AUDIT.search(problem)
        for other, reason in self.refused.items():
            if missing and other != file and missing[1] in _AUDIT.findall(_text(other)):
                return f"{problem}\nfor {other} cannot be read: {reason}"
        return problem

    def _file_being_read(self) -> Path | None:
        reading = (loader.reading for loader in self._loaders if isinstance(loader, TolerantLoader))
        return next((file for file in reading if file is not None), None)


def _require_usable(model: Model, gateways: Container[str]) -> None:
    """Look at what SQLMesh looks at only when all models are read.

    Raises:
        Exception: The model's materialization or gateway is not known, or its seed cannot be read.
    """
    if model.gateway is not None and model.gateway not in gateways:
        raise ConfigError(f"its gateway {model.gateway} is none of the project's configuration")
    if isinstance(model.kind, CustomKind):
        get_custom_materialization_type_or_raise(model.kind.materialization)
    if isinstance(model, SeedModel):
        try:
            _ = model.columns_to_types
        except Exception as error:
            raise ConfigError(f"its seed {model.seed_path} cannot be read: {plain(error)}") from error


def _ticks_too_often(model: Model) -> bool:
    """Whether SQLMesh would refuse the whole project for the cron of a model."""
    try:
        return model.interval_unit is None
    except ConfigError:
        return True


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


def _find_cycle(depends_on: dict[str, Iterable[str]]) -> list[str]:
    graph = {name: [read for read in reads if read in depends_on] for name, reads in depends_on.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        return cycle
    return []
