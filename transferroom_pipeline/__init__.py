"""The Dagster code location that carries TransferRoom's migration from SQL Server to Databricks."""
