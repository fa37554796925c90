-- Without a primary key: the index behind it makes replaying the log after a kill less certain.
CREATE TABLE IF NOT EXISTS migration.snapshot_tables (
    table_name VARCHAR NOT NULL,
    snapshot_id VARCHAR NOT NULL,
    as_of DATE NOT NULL,
    row_count BIGINT NOT NULL,
    hash_sum VARCHAR NOT NULL -- of the content, larger than any integer type
)
