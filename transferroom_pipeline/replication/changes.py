"""What an incremental copy has to do: the rows that came, changed and went since the copy was last made."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from transferroom_pipeline.platforms.duckdb_database import connect

_CHANGES = Path(__file__).with_name("sql") / "changes.sql"


@dataclass(frozen=True)
class Changes:
    """Keys of rows, each in a table of the column `key`.

    Attributes:
        inserted: In legacy only, however old.
        updated: On both sides and not the same, whichever side is newer.
        deleted: In the copy only.
    """

    inserted: pa.Table
    updated: pa.Table
    deleted: pa.Table

    @property
    def arriving(self) -> pa.Table:
        """The keys of the rows that the copy takes from legacy."""
        return pa.concat_tables([self.inserted, self.updated])

    @property
    def leaving(self) -> pa.Table:
        """The keys of the rows that the copy has and is not to keep as they are."""
        return pa.concat_tables([self.updated, self.deleted])

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return any(len(keys) for keys in (self.inserted, self.updated, self.deleted))


def changes_between(legacy: pa.Table, copied: pa.Table) -> Changes:
    """Compare the row versions of both sides; every key must be there once."""
    with connect(None) as connection:
        connection.register("legacy_rows", legacy)
        connection.register("copied_rows", copied)
        found = connection.sql(_CHANGES.read_text(encoding="utf-8")).to_arrow_table()
    kinds = ("inserted", "updated", "deleted")
    return Changes(*(found.filter(pc.equal(found["change"], kind)).select(["key"]) for kind in kinds))


def identifies_rows(versions: pa.Table) -> bool:
    """Whether the key of row versions is nowhere NULL and nowhere repeated."""
    with connect(None) as connection:
        connection.register("versions", versions)
        counted = connection.sql("SELECT count(*), count(DISTINCT key) FROM versions").fetchall()
    rows, keys = counted[0]
    return bool(rows == keys)
