"""Reading YAML in which no key is written twice."""

from pathlib import Path
from typing import Any

import yaml


class _NoDuplicates(yaml.SafeLoader):
    """YAML lets the last of two equal keys win without a word; an option that is overruled unseen is a mistake."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[str] = set()
        for key_node in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key_node.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key_node.value!r} is written twice", key_node.start_mark
                )
            seen.add(key_node.value)
        return super().construct_mapping(node, deep=deep)


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; None when there is none.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no YAML, no UTF-8, or a key is written twice; the message is one line.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_NoDuplicates)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(" ".join(str(error).split())) from error
