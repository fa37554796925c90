"""Reading YAML as people mean it in configuration."""

from pathlib import Path
from typing import Any

import yaml

_MERGE = "tag:yaml.org,2002:merge"
_TEXT = "tag:yaml.org,2002:str"
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_TRUTH = "tag:yaml.org,2002:bool"


class _AsWritten(yaml.SafeLoader):
    """YAML as people mean it in configuration.

    YAML lets the last of two equal keys win without a word, but what is overruled unseen is a mistake. It reads
    the names no, on and 2024 as a truth and a number, but names are texts. A date that there is not is left a text, so
    that the field can be named in the error.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[str] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == _MERGE:
                continue
            key_node.tag = _TEXT
            if key_node.value in seen:
                message = f"{key_node.value!r} is written twice"
                raise yaml.constructor.ConstructorError(None, None, message, key_node.start_mark)
            seen.add(key_node.value)
        return super().construct_mapping(node, deep=deep)

    def construct_date(self, node: yaml.ScalarNode) -> object:
        """A date, or the text that is none."""
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            return node.value


_AsWritten.add_constructor(_TIMESTAMP, _AsWritten.construct_date)
_AsWritten.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TRUTH or first in "tTfF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; None when there is none.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no YAML, no UTF-8, or a key is written twice; the message is one line.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_AsWritten)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(" ".join(str(error).split())) from error
