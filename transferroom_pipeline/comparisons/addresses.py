"""Addresses of servers, which can hold a password: how to know one, and how to leave it out of a sentence."""

import re

_CONNECTION_STRING = re.compile(
    r"^[a-z][a-z0-9+]+:|\b(host|hostaddr|port|dbname|user|password|passfile|service|sslmode) *=", re.IGNORECASE
)
_ADDRESS = re.compile(r"(\w{2,}:/)/?\S+")


def may_be_address(text: str) -> bool:
    """Whether a text looks like the address of a server, and must not be repeated."""
    return "://" in text or _CONNECTION_STRING.search(text) is not None


def without_addresses(sentence: str) -> str:
    """The sentence without what follows a scheme such as postgresql://, which can hold a password.

    As a path the address has lost one of its slashes.
    """
    return _ADDRESS.sub(r"\1/...", sentence)
