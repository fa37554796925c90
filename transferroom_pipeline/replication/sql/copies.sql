CREATE TABLE IF NOT EXISTS migration.copies (
    table_name VARCHAR PRIMARY KEY,
    snapshot_id VARCHAR, -- NULL while the copy is being made
    as_of DATE
)
