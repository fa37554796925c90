"""Markdown, as Dagster's UI shows it."""

from collections.abc import Mapping, Sequence


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows as a table, which says so when there are none."""
    if not rows:
        return "none"
    header = list(rows[0])
    lines = [header, ["---"] * len(header), *([_cell(row.get(name)) for name in header] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def block(text: str, language: str = "") -> str:
    """Text as it stands, with the colours of its language."""
    return f"```{language}\n{text}\n```"


def _cell(value: object) -> str:
    return "NULL" if value is None else str(value).replace("|", "\\|").replace("\n", " ")
