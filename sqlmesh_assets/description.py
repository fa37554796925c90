"""What is known of a SQLMesh project without SQLMesh: plain data, so that it can be kept between loads."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

BY_DAYS = frozenset({"INCREMENTAL_BY_TIME_RANGE", "INCREMENTAL_BY_UNIQUE_KEY"})
"""The kinds of models of which single days can be computed again."""
MERGES = "merges_changes"
"""The tag of a model by unique key whose SQL finds what is new, changed and gone; every other one is replaced whole."""


FILE_SCHEMA = "file:"
"""Stands for the schema of a file that a model reads itself; no schema can be called so."""


class Relation(NamedTuple):
    """A table or view by schema and name; the catalog is the same for all.

    A file that a model reads itself is one, too: by its path, or by a pattern of paths.
    """

    schema: str
    table: str

    @property
    def is_file(self) -> bool:
        """Whether it is a file."""
        return self.schema == FILE_SCHEMA

    def __str__(self) -> str:
        """Schema and table, as SQLMesh writes them."""
        return f"{self.schema}.{self.table}"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class ColumnSource(_Frozen):
    """A column that another column is made of."""

    relation: Relation
    column: str


class ModelColumn(_Frozen):
    """A column of a model; `sources` are the columns of the model's inputs that it is made of."""

    name: str
    type: str
    description: str | None
    sources: tuple[ColumnSource, ...] = ()


class ModelAudit(_Frozen):
    """An audit of a model, in the order in which SQLMesh runs them; `check` is its name in Dagster."""

    check: str
    name: str
    blocking: bool


class ModelDescription(_Frozen):
    """A model, as its project declares it.

    Attributes:
        relation: The view or table by which others read it.
        kind: SQLMesh's name of the kind, such as FULL or INCREMENTAL_BY_UNIQUE_KEY.
        file: Where it is declared.
        sql: The query as rendered for the engine; None for a model that has none (seed, Python).
        dialect: The dialect of `sql`.
        cron: When it is due.
        cron_tz: The time zone of the cron.
        interval_unit: SQLMesh's name of the length of its intervals, such as day; they begin at whole ones in UTC.
        start: From when on it has data, for kinds that are computed by intervals of time.
        grain: The columns that identify a row.
        code_version: From SQLMesh's fingerprint: changes with the code of the model or of a model that it reads.
        snapshot: SQLMesh's identifier of the version; changes with descriptions, crons and audits as well.
        depends_on: Every relation that it reads, model or not, itself left out.
        embedded: The models of kind EMBEDDED that its query contains; they are no relations of their own.
        reads_time: Whether its rows depend on when it is computed, so that a new interval makes it stale.
        restatable: Whether SQLMesh may compute intervals again that it has computed before.
        signals: The names of the signals that it waits for.
        problem: Why it cannot be used, in words; None for a model that can.
    """

    relation: Relation
    kind: str
    file: str
    description: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()
    sql: str | None = None
    dialect: str = ""
    cron: str
    cron_tz: str = "UTC"
    interval_unit: str = "day"
    start: str | None = None
    grain: tuple[str, ...] = ()
    code_version: str
    snapshot: str
    depends_on: tuple[Relation, ...] = ()
    embedded: tuple[Relation, ...] = ()
    columns: tuple[ModelColumn, ...] = ()
    audits: tuple[ModelAudit, ...] = ()
    reads_time: bool = False
    restatable: bool = True
    signals: tuple[str, ...] = ()
    problem: str | None = None

    @property
    def name(self) -> str:
        """Schema and table, as SQLMesh writes them."""
        return str(self.relation)


class UnitTest(_Frozen):
    """A unit test of the project and what became of it; `failure` is None when it passed."""

    name: str
    file: str
    model: str
    failure: str | None = None


class ProjectDescription(_Frozen):
    """All models, inputs before those that read them, and the unit tests with their outcome.

    Attributes:
        models: The models.
        tests: The unit tests.
        externals: The tables that the project declares as made by others.
        is_whole: Whether the project could be read as a whole. Where not, what is in the way may not lie in its files
            (a full disk, a file that is locked), and be gone the next time.
    """

    models: tuple[ModelDescription, ...]
    tests: tuple[UnitTest, ...] = ()
    externals: frozenset[Relation] = frozenset()
    is_whole: bool = True


def problems(description: ProjectDescription) -> dict[str, str]:
    """Why models cannot be used, by name: what is wrong with the model, or a unit test of it that fails.

    A test of a model that reads what cannot be used says nothing about the model.
    """
    broken = {model.name: model.problem for model in description.models if model.problem is not None}
    unusable = blocked_models(description.models, broken)
    failing = {
        test.model: f"unit test {test.name} ({test.file}) failed:\n{test.failure}"
        for test in description.tests
        if test.failure is not None and test.model not in unusable
    }
    return failing | broken


def blocked_models(models: Iterable[ModelDescription], reasons: Mapping[str, str]) -> dict[str, str]:
    """Models that cannot be used for the reasons given, and all that read them; inputs come before their readers."""
    blocked = dict(reasons)
    for model in models:
        broken = next((relation for relation in model.depends_on if str(relation) in blocked), None)
        if broken is not None and model.name not in blocked:
            blocked[model.name] = f"it reads {broken}, which cannot be used"
    return blocked


def downstream(models: Sequence[ModelDescription], names: Iterable[str]) -> set[str]:
    """Models and all that read them; inputs come before their readers."""
    found = set(names)
    for model in models:
        if any(str(relation) in found for relation in model.depends_on):
            found.add(model.name)
    return found
