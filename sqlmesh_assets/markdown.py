"""Markdown, as Dagster's UI shows it."""

import json
import re
from collections.abc import Callable, Mapping, Sequence

_MARKS = re.compile(r"[`*\[\]<>~|\\&]|(?<![^\W_])_|_(?![^\W_])")
"""What may begin or end emphasis, code, a link, an image, HTML or a cell."""

_ADDRESS = re.compile(r"://|www\.|@", re.IGNORECASE)
"""What becomes a link by itself, also where its marks are escaped."""

_LINE_ENDS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_FENCE = re.compile(r"`+")


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows of Markdown as a table, which says so when there are none."""
    return _table(rows, _one_line)


def table_of_data(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows of values from data as a table: whatever they hold is shown as it is, and is no link, image or mark-up."""
    return _table(rows, as_text)


def as_text(value: str) -> str:
    """A value in which nothing is Markdown; in quotes where blanks at its ends or line ends would not show."""
    # Readers of Markdown do not agree on a backslash before the bar of a cell.
    shows_whole = value == value.strip() and value.isprintable() and "  " not in value and "\\|" not in value
    if shows_whole and not _ADDRESS.search(value):
        return _MARKS.sub(r"\\\g<0>", value)
    shown = value if shows_whole else _quoted(value)
    fence = "`" * (_longest_fence(shown) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{_one_line(shown)}{pad}{fence}"


def block(text: str, language: str = "") -> str:
    """Text as it stands, with the colours of its language."""
    fence = "`" * max(3, _longest_fence(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _table(rows: Sequence[Mapping[str, object]], cell: Callable[[str], str]) -> str:
    if not rows:
        return "none"
    header = list(rows[0])
    shown = (["NULL" if row.get(name) is None else cell(str(row[name])) for name in header] for row in rows)
    lines = [[cell(name) for name in header], ["---"] * len(header), *shown]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _quoted(value: str) -> str:
    """A text as JSON writes it, with all that does not show written as a number."""
    signs = json.dumps(value, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in signs)


def _one_line(text: str) -> str:
    return _LINE_ENDS.sub(" ", text).replace("|", "\\|")


def _longest_fence(text: str) -> int:
    return max(map(len, _FENCE.findall(text)), default=0)
