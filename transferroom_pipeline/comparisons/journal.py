"""A journal beside a database: what must not be lost with the database's file.

DuckDB writes blocks of its file in place, and a process killed at the wrong moment can cost the whole file. So what
cannot be computed again is also appended to a text file, one JSON object a line, and on the disk before the database
says so.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

Entry = Mapping[str, Any]


def journal_of(connection: duckdb.DuckDBPyConnection) -> Path | None:
    """The journal of the database of a connection; None for one in memory."""
    query = "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"
    [(path,)] = connection.execute(query).fetchall()
    return None if path is None else Path(path).with_suffix(".journal.jsonl")


def append(journal: Path, *entries: Entry) -> None:
    """Append entries, and wait until they are on the disk."""
    lines = "".join(f"{json.dumps(entry, ensure_ascii=False)}\n" for entry in entries)
    with journal.open("a+b") as file:
        # A line that a killed process has left unfinished must not take the next one with it.
        if file.seek(0, os.SEEK_END) and not _ends_with_line(file.fileno(), file.tell()):
            lines = f"\n{lines}"
        file.write(lines.encode())
        file.flush()
        os.fsync(file.fileno())


def entries(journal: Path, kind: str) -> Iterator[Any]:
    """What the entries of a kind hold, the oldest first."""
    return (entry[kind] for entry in all_entries(journal) if kind in entry)


def all_entries(journal: Path) -> Iterator[dict[str, Any]]:
    """Every entry, the oldest first; a line that was left unfinished is none."""
    if not journal.is_file():
        return
    with journal.open("rb") as file:
        for line in file:
            try:
                yield json.loads(line)
            except ValueError:
                continue


def rewrite(journal: Path, entries: Iterable[Entry]) -> None:
    """Leave some entries only: others see the journal as it was, or as it is then."""
    unfinished = journal.with_suffix(".partial")
    unfinished.unlink(missing_ok=True)
    append(unfinished, *entries)
    unfinished.replace(journal)


def _ends_with_line(descriptor: int, size: int) -> bool:
    return os.pread(descriptor, 1, size - 1) == b"\n"
