CREATE TABLE IF NOT EXISTS migration.cutover_state (
    table_name VARCHAR NOT NULL,
    serving VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    run_id VARCHAR,
    not_before TIMESTAMP, -- UTC; verdicts from before do not count
    serving_since TIMESTAMP NOT NULL -- UTC
)
