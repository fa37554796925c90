"""The documentation of the options names all there are, with their defaults, and its example is valid."""

import re

import pytest
import yaml

from transferroom_pipeline.sources.file_options import FileOptions


@pytest.fixture
def document(pytestconfig):
    return (pytestconfig.rootpath / "docs" / "sources.md").read_text(encoding="utf-8")


def test_every_option_is_documented_with_its_default(document):
    documented = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", document, flags=re.MULTILINE))
    assert list(documented) == list(FileOptions.model_fields)
    for name, written in documented.items():
        default = None if written == "none" else yaml.safe_load(written.strip("`"))
        assert (FileOptions.model_fields[name].default or None) == (default or None), name


def test_the_example_is_valid(document):
    (example,) = re.findall(r"```yaml\n(.*?)```", document, flags=re.DOTALL)
    for options in yaml.safe_load(example).values():
        FileOptions.model_validate(options)
