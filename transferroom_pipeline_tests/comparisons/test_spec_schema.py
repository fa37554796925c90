"""The JSON Schema of the spec."""

import json

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from transferroom_pipeline.comparisons.spec_file import packaged_spec
from transferroom_pipeline.comparisons.spec_schema import SCHEMA_FILE, spec_schema, spec_schema_command

SPEC_FILE = SCHEMA_FILE.with_name("tables.yaml")


def test_the_file_beside_the_packaged_spec_is_up_to_date():
    assert SCHEMA_FILE.read_text(encoding="utf-8") == spec_schema(), "write it anew with `transferroom spec-schema`"


def test_the_command_prints_the_schema():
    assert CliRunner().invoke(spec_schema_command).output == spec_schema()


def test_the_packaged_spec_names_the_schema_for_editors():
    assert SPEC_FILE.read_text(encoding="utf-8").splitlines()[0].endswith(f"$schema={SCHEMA_FILE.name}")
    assert packaged_spec().tables


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("{tables: {t: {key: [id], columns: {v: {abs: 0.005, json: true}}}}}", True),
        ("{tables: {t: {where: 'a = 1'}, u: {where: {legacy: 'a = 1'}}}}", True),
        ("{tables: {t: {accepted: [{column: v, reason: r, owner: o, expires: '2027-01-31', max_rows: 5}]}}}", True),
        ("{tables: {t: {kye: [id]}}}", False),
        ("{tables: {t: {columns: {v: {trim: left}}}}}", False),
        ("{tables: {t: {accepted: [{column: v}]}}}", False),
    ],
)
def test_the_schema_knows_what_a_spec_is(text, valid):
    validator = jsonschema.Draft202012Validator(json.loads(spec_schema()))

    assert validator.is_valid(yaml.safe_load(text)) is valid


def test_every_field_is_described():
    definitions = json.loads(spec_schema())["$defs"]

    for name in ("ColumnRule", "TableEntry", "Accepted"):
        undescribed = [
            field for field, schema in definitions[name]["properties"].items() if "description" not in schema
        ]
        assert not undescribed, name
