CREATE TABLE IF NOT EXISTS migration.cutover_state (
    table_name VARCHAR NOT NULL,
    serving VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    run_id VARCHAR,
    serving_since TIMESTAMP NOT NULL
)
