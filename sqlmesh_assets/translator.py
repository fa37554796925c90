"""How models appear in Dagster: keys, groups, owners, tags."""

import re
import warnings
from pathlib import Path

import dagster as dg

from sqlmesh_assets import markdown
from sqlmesh_assets.description import ModelDescription, Relation

_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_]")
_OWNER = re.compile(r"team:[\w-]+|[^@\s]+@[^@\s]+\.[^@\s.]+")
_LONGEST_TAG = 63


def allowed(name: str) -> str:
    """A name with an underscore for each character that Dagster does not have in names."""
    return _NOT_ALLOWED.sub("_", name)


class Translator:
    """The rules by which a model becomes an asset; subclass it to change them."""

    def asset_key(self, relation: Relation) -> dg.AssetKey:
        """The key of a model or of a relation that models read: schema and table."""
        return dg.AssetKey([allowed(relation.schema), allowed(relation.table)])

    def plan_key(self) -> dg.AssetKey:
        """The key of the asset that tells of the newest plan."""
        return dg.AssetKey(["models", "plan"])

    def group_name(self, model: ModelDescription | None) -> str:
        """The group of a model, or of the plan."""
        return "models" if model is None else allowed(model.relation.schema)

    def owners(self, model: ModelDescription | None) -> list[str]:
        """Who answers for a model: its owner in SQLMesh is a team, or a person with a mail address."""
        if model is None or model.owner is None:
            return []
        owner = model.owner if "@" in model.owner else f"team:{model.owner}"
        return [owner] if _OWNER.fullmatch(owner) else []

    def tags(self, model: ModelDescription) -> dict[str, str]:
        """The model's tags, as labels."""
        return {allowed(tag)[:_LONGEST_TAG]: "" for tag in model.tags}

    def kinds(self, model: ModelDescription) -> set[str]:
        """What the asset is made with: SQLMesh, the engine and the kind of model."""
        engine = {model.dialect} if model.dialect else set()
        return {"sqlmesh", model.kind.lower(), *engine}

    def asset_spec(self, model: ModelDescription) -> dg.AssetSpec:
        """The asset of a model, with all that SQLMesh knows of it."""
        return dg.AssetSpec(
            self.asset_key(model.relation),
            deps=[self.asset_key(relation) for relation in model.depends_on if not relation.is_file],
            skippable=True,  # a model that fails yields nothing; the others' results are reported all the same
            group_name=self.group_name(model),
            owners=self.owners(model),
            tags=self.tags(model),
            kinds=self.kinds(model),
            code_version=model.code_version or None,
            description=_description(model),
            metadata=_metadata(model),
        )


def column_schema(model: ModelDescription) -> dg.TableSchema:
    """The columns of a model with types and descriptions, as Dagster's UI shows them."""
    return dg.TableSchema(
        columns=[dg.TableColumn(column.name, column.type, column.description) for column in model.columns]
    )


def _description(model: ModelDescription) -> str | None:
    if model.problem is None:
        return model.description
    return f"**This model cannot be used.**\n\n{markdown.block(model.problem)}"


def _source(file: Path) -> dg.CodeReferencesMetadataValue:
    """The link to the file in Dagster's UI."""
    with warnings.catch_warnings():
        # Dagster calls its links to code beta, with one warning per link.
        warnings.simplefilter("ignore", dg.BetaWarning)
        reference = dg.LocalFileCodeReference(file_path=str(file.resolve()), label=file.name)
        return dg.CodeReferencesMetadataValue(code_references=[reference])


def _metadata(model: ModelDescription) -> dict[str, object]:
    metadata: dict[str, object] = {
        "dagster/column_schema": column_schema(model),
        "dagster/table_name": model.name,
        "dagster/code_references": _source(Path(model.file)),
        "kind": model.kind,
        "cron": model.cron,
        "grain": ", ".join(model.grain),
    }
    if model.sql is not None:
        metadata["sql"] = dg.MetadataValue.md(markdown.block(model.sql, "sql"))
    if model.problem is not None:
        metadata["problem"] = model.problem
    return metadata
