"""Errors of engines as sentences for people."""

import re

_ADDRESS = re.compile(r"(\w+://)\S+")


def without_addresses(sentence: str) -> str:
    """The sentence without what follows a scheme such as postgresql://, which can hold a password."""
    return _ADDRESS.sub(r"\1...", sentence)
