"""What the rest of the project knows of a SQLMesh model: plain data, so that it can be kept between loads."""

from pydantic import BaseModel, ConfigDict


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class ModelColumn(_Frozen):
    """A column as the model declares it."""

    name: str
    type: str
    description: str | None


class ModelAudit(_Frozen):
    """An audit of a model, in the order in which SQLMesh runs them; `check` is its name in Dagster."""

    check: str
    name: str
    blocking: bool


class ModelDescription(_Frozen):
    """A model; `depends_on` holds schema and table of each relation that it reads, model or not."""

    schema_name: str
    table: str
    kind: str
    description: str | None
    owner: str | None
    cron: str
    grain: tuple[str, ...]
    code_version: str
    depends_on: tuple[tuple[str, str], ...]
    columns: tuple[ModelColumn, ...]
    audits: tuple[ModelAudit, ...]

    @property
    def name(self) -> str:
        """Schema and table, as SQLMesh writes them."""
        return f"{self.schema_name}.{self.table}"
