"""Which tables are copied to the target, and which of them can be copied incrementally."""

from dataclasses import dataclass

from transferroom_pipeline.legacy import snapshot
from transferroom_pipeline.legacy.tables import LEGACY_TABLES
from transferroom_pipeline.sources import rejections
from transferroom_pipeline.sources.contracts import SOURCE_TABLES


@dataclass(frozen=True)
class CopiedTable:
    """A table of legacy `prod` to copy.

    Attributes:
        name: Its name on both sides.
        key: The column that identifies a row of a table that can be copied incrementally, by its `updated_at`; None for
            one that is always copied whole.
    """

    name: str
    key: str | None = None


COPIED_TABLES = (
    *(CopiedTable(table.name, table.key) for table in SOURCE_TABLES),
    # Whole, always: the `updated_at` of a derived table is that of one of its inputs, and says nothing of the others.
    *(CopiedTable(name) for name in (rejections.TABLE, snapshot.TABLE, *(table.name for table in LEGACY_TABLES))),
)
"""Every table of legacy `prod`."""
