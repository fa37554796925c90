"""Errors of engines as sentences for people."""

import re

_ADDRESS = re.compile(r"(\w{2,}:/)/?\S+")


def without_addresses(sentence: str) -> str:
    """The sentence without what follows a scheme such as postgresql://, which can hold a password.

    As a path the address has lost one of its slashes.
    """
    return _ADDRESS.sub(r"\1/...", sentence)
