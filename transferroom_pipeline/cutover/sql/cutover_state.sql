CREATE TABLE IF NOT EXISTS migration.cutover_state (
    table_name VARCHAR NOT NULL,
    serving VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    run_id VARCHAR,
    serving_since TIMESTAMP NOT NULL -- UTC
);

-- Before generations were counted, verdicts were told apart by time.
ALTER TABLE migration.cutover_state DROP COLUMN IF EXISTS not_before;
