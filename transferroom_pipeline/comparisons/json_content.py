"""The content of JSON texts: a form that is the same for the same content, however it is written."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any


def json_content(text: str | None, unordered: bool) -> str | None:  # noqa: FBT001 - DuckDB passes arguments by position
    """A canonical form of a JSON text, or None where it is no JSON.

    The order of keys, blanks and escapes do not matter, numbers count by their exact value (1, 1.0 and 1e0 are one
    number), of a key written twice the last value counts, as in PostgreSQL's jsonb. The order of lists matters unless
    `unordered`.
    """
    if text is None:
        return None
    try:
        value = json.loads(text, parse_int=Decimal, parse_float=Decimal, parse_constant=_refuse)
        return _written(value, unordered=unordered)
    except (ValueError, InvalidOperation, RecursionError):
        return None


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def _written(value: Any, *, unordered: bool) -> str:
    if isinstance(value, dict):
        members = (f"{json.dumps(key)}:{_written(value[key], unordered=unordered)}" for key in sorted(value))
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        items = [_written(item, unordered=unordered) for item in value]
        return "[" + ",".join(sorted(items) if unordered else items) + "]"
    return _number(value) if isinstance(value, Decimal) else json.dumps(value)


def _number(value: Decimal) -> str:
    """Digits without trailing zeros and an exponent, by which equal numbers are written alike."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{value} is not a JSON number")  # noqa: TRY004 - what the caller holds for no JSON
    significant = "".join(map(str, digits)).strip("0") and "".join(map(str, digits)).lstrip("0")
    if not significant:
        return "0"
    shortened = significant.rstrip("0")
    return f"{'-' if sign else ''}{shortened}e{exponent + len(significant) - len(shortened)}"
