"""T-SQL of the legacy platform: judged by one table of rules, and carried to the stand-in with its meaning."""

from transferroom_pipeline.legacy.tsql.stand_in import judge, referenced_tables, stand_in_sql

__all__ = ["judge", "referenced_tables", "stand_in_sql"]
