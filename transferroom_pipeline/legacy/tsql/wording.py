"""How T-SQL is quoted in messages."""

_LONGEST_SNIPPET = 60


def snippet(written: str, start: int, end: int) -> str:
    """The text between two offsets, with the parentheses that are open there, on one line and not too long."""
    end = _closed(written, start, end)
    found = " ".join(written[start : min(end, start + 10 * _LONGEST_SNIPPET)].split())
    return found if len(found) <= _LONGEST_SNIPPET else f"{found[: _LONGEST_SNIPPET - 1]}…"


def _closed(written: str, start: int, end: int) -> int:
    """The offset after the parentheses that are open between two offsets."""
    depth = written.count("(", start, end) - written.count(")", start, end)
    while depth > 0 and end < len(written):
        depth += {"(": 1, ")": -1}.get(written[end], 0)
        end += 1
    return end
