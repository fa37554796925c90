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

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._judged: set[int] = set()

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Judge the keys of a mapping before those of others are merged into it."""
        if id(node) not in self._judged:
            self._judged.add(id(node))
            self._judge_keys(node)
        super().flatten_mapping(node)

    def _judge_keys(self, node: yaml.MappingNode) -> None:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                continue
            if key_node.tag != _MERGE:
                key_node.tag = _TEXT
            if key_node.value in seen:
                message = f"{key_node.value!r} is written twice"
                raise yaml.constructor.ConstructorError(None, None, message, key_node.start_mark)
            seen.add(key_node.value)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - PyYAML's signature
        """A value; one that is not what its own tag calls it is an error that names its line."""
        try:
            return super().construct_object(node, deep=deep)
        except (LookupError, AttributeError, ValueError) as error:
            message = f"the value is no {node.tag.rpartition(':')[2]}"
            raise yaml.constructor.ConstructorError(None, None, message, node.start_mark) from error

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
        ValueError: It is no YAML, no UTF-8, nested too deeply, or a key is written twice; the message is one line.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_AsWritten)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(" ".join(str(error).split())) from error
    except RecursionError as error:
        raise ValueError("its mappings or lists are nested too deeply") from error
