"""Which tables are copied to the target."""

from transferroom_pipeline.legacy import snapshot
from transferroom_pipeline.legacy.tables import LEGACY_TABLES
from transferroom_pipeline.sources import rejections
from transferroom_pipeline.sources.contracts import SOURCE_TABLES

COPIED_TABLES = (
    *(table.name for table in SOURCE_TABLES),
    rejections.TABLE,
    snapshot.TABLE,
    *(table.name for table in LEGACY_TABLES),
)
"""Every table of legacy `prod`."""
