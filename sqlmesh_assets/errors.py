"""Why a model failed, as a person can act on it: the file and line, the engine's own words and the SQL."""

import re
from pathlib import Path

_CARET = re.compile(r"^LINE \d+: ?(?P<line>.*)\n(?P<pointer>\s*)\^", re.MULTILINE)
_QUOTED = re.compile(r"[\"'`]([A-Za-z_]\w*)[\"'`]")
_QUERY_START = re.compile(r"^\s*(SELECT|WITH|@|def\s)", re.IGNORECASE)


def explain(file: Path, message: str, sql: str | None) -> str:
    """The text of a failure.

    Args:
        file: Where the model is declared.
        message: What the engine says.
        sql: The query as the engine got it, if there is one.
    """
    query = f"\nSQL:\n{sql}" if sql else ""
    return f"{file}:{_line(file, message)}: {message.strip()}{query}"


def _line(file: Path, message: str) -> int:
    """The line that the message is about: the only one with a name that it quotes, or else where the query begins.

    The engine counts lines in SQL that it was sent, which is not how the file is written.
    """
    if not file.is_file():
        return 1
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    begin = next((number for number, line in enumerate(lines) if _QUERY_START.match(line)), 0)
    for name in _names(message):
        found = [number for number in range(begin, len(lines)) if re.search(rf"\b{re.escape(name)}\b", lines[number])]
        if len(found) == 1:
            return found[0] + 1
    return begin + 1


def _names(message: str) -> list[str]:
    """What the message points at, the most telling first."""
    names = _QUOTED.findall(message.splitlines()[0]) if message else []
    caret = _CARET.search(message)
    if caret:
        place = len(caret["pointer"]) - (caret.start("line") - caret.start())
        word = re.match(r"[\"'`]?([A-Za-z_]\w*)", caret["line"][max(place, 0) :])
        names += [word[1]] if word else []
    return names
