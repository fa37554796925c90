"""The schemas of the two platforms."""

from typing import Final

LEGACY_SCHEMA: Final = "prod"
"""Legacy platform: source tables and derived tables."""

LEGACY_DATABASE: Final = "legacy"
"""The legacy platform where it is attached to the target: its tables are `legacy.prod.players` there."""

RAW_SCHEMA: Final = "raw"
"""Target: copies of everything in legacy `prod`."""

REBUILT_SCHEMA: Final = "prod"
"""Target: the derived tables as SQLMesh rebuilds them."""

MIGRATION_SCHEMA: Final = "migration"
"""Target: the evidence of comparisons, and what the views show. On both: which snapshot tables belong to."""

ANALYTICS_SCHEMA: Final = "analytics"
"""Target: one view per derived table, which is what consumers query."""
