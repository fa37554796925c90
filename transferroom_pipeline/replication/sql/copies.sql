-- Without a primary key: the index behind it makes replaying the log after a kill less certain.
CREATE TABLE IF NOT EXISTS migration.copies (
    table_name VARCHAR NOT NULL,
    snapshot_id VARCHAR, -- NULL while the copy is being made
    as_of DATE
)
