"""LIKE patterns with classes, as regular expressions."""

import re

_CLASS = re.compile(r"\[(\^?)([^\]]+)\]", re.DOTALL)


def has_class(pattern: str) -> bool:
    """Whether a pattern has a class in square brackets."""
    return "[" in pattern


def regular_expression(pattern: str, escape: str = "") -> str | None:
    """A regular expression for whole texts that match a LIKE pattern of SQL Server; None where its meaning is odd.

    Args:
        pattern: The pattern.
        escape: The character after ESCAPE.
    """
    result, at = "", 0
    while at < len(pattern):
        character = pattern[at]
        if escape and character == escape:
            if at + 1 == len(pattern):
                return None
            result, at = result + re.escape(pattern[at + 1]), at + 2
        elif character == "[":
            found = _CLASS.match(pattern, at)
            if found is None or (escape and escape in found[2]) or _runs_backwards(found[2]):
                return None
            result, at = result + _class(found[1], found[2]), found.end()
        else:
            result, at = result + {"%": ".*", "_": "."}.get(character, re.escape(character)), at + 1
    return result


def _runs_backwards(members: str) -> bool:
    """Whether a class holds a range like z-a."""
    return any(first > last for first, last in re.findall(r"(.)-(.)", members, re.DOTALL))


def _class(negation: str, members: str) -> str:
    escaped = re.sub(r"([\[\]\\^])", r"\\\1", members)
    return f"[{negation}{escaped}]"


def has_letters_in_class(pattern: str) -> bool:
    """Whether a class holds a letter, which the collation then decides on."""
    return any(character.isalpha() for found in _CLASS.finditer(pattern) for character in found[2])


def ends_open(pattern: str, escape: str = "") -> bool:
    """Whether a pattern ends in a % that stands for any characters, blanks among them."""
    return pattern.endswith("%") and not (escape and pattern[:-1].endswith(escape))


def ends_in_character(pattern: str, escape: str = "") -> bool:
    """Whether a pattern ends in what matches no blank: a character, or a class that names all it holds."""
    if escape or pattern.endswith(("%", "_", " ")):
        return False
    last = re.search(r"\[([^\]]*)\]\Z", pattern)
    return last is None or not ({"^", " "} & set(last[1]) or " -" in last[1])
