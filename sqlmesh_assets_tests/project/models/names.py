"""A model in Python."""

import pandas as pd
from sqlmesh import ExecutionContext, model


@model(
    "marts.names",
    kind="FULL",
    cron="@daily",
    depends_on=["staging.customers"],
    columns={"customer_id": "int", "initial": "text"},
)
def names(context: ExecutionContext, **_: object) -> pd.DataFrame:
    customers = context.fetchdf(f"SELECT customer_id, customer_name FROM {context.resolve_table('staging.customers')}")
    return pd.DataFrame({"customer_id": customers["customer_id"], "initial": customers["customer_name"].str[0]})
