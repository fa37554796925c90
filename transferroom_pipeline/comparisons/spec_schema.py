"""The JSON Schema of the spec, by which editors complete and check its YAML files."""

import json
import re
from pathlib import Path
from typing import Any

import click

from transferroom_pipeline.comparisons.spec import Spec

SCHEMA_FILE = Path(__file__).with_name("tables.schema.json")
"""The schema beside the packaged spec, which names it in its first line."""

_ATTRIBUTE = re.compile(r"^    (?P<name>\w+): (?P<text>.*(?:\n        .*)*)", re.MULTILINE)


def spec_schema() -> str:
    """The schema as JSON text."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Spec.model_json_schema(by_alias=True)}
    for definition in (schema, *schema["$defs"].values()):
        _describe_fields(definition)
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _describe_fields(definition: dict[str, Any]) -> None:
    """Give each field the line that the docstring of its class has for it."""
    summary, _, attributes = definition.get("description", "").partition("\n\nAttributes:\n")
    if summary:
        definition["description"] = " ".join(summary.split())
    for match in _ATTRIBUTE.finditer(attributes):
        field = definition["properties"].get(match["name"].rstrip("_"))
        if field is not None:
            field["description"] = " ".join(match["text"].split())


@click.command("spec-schema")
def spec_schema_command() -> None:
    """Print the JSON Schema of the comparison spec, for editors."""
    click.echo(spec_schema(), nl=False)
