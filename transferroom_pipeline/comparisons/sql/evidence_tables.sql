-- Kept results. A run and a table's name identify a comparison; writing it again replaces what was kept.
CREATE SCHEMA IF NOT EXISTS migration;

CREATE TABLE IF NOT EXISTS migration.comparison_runs (
    run_id VARCHAR NOT NULL,
    table_name VARCHAR NOT NULL,
    compared_at TIMESTAMP NOT NULL, -- UTC
    verdict VARCHAR NOT NULL,
    reasons VARCHAR NOT NULL, -- JSON list of sentences
    snapshot_id VARCHAR,
    as_of DATE,
    legacy VARCHAR NOT NULL,
    modern VARCHAR NOT NULL,
    legacy_rows BIGINT NOT NULL,
    modern_rows BIGINT NOT NULL,
    identical_rows BIGINT NOT NULL,
    different_rows BIGINT NOT NULL,
    only_legacy_rows BIGINT NOT NULL,
    only_modern_rows BIGINT NOT NULL,
    accepted_rows BIGINT NOT NULL,
    duplicate_key_legacy_rows BIGINT NOT NULL,
    duplicate_key_modern_rows BIGINT NOT NULL,
    null_key_legacy_rows BIGINT NOT NULL,
    null_key_modern_rows BIGINT NOT NULL,
    differences_total BIGINT NOT NULL,
    differences_kept BIGINT NOT NULL, -- fewer than the total where the limit cut them
    seconds DOUBLE NOT NULL,
    result VARCHAR NOT NULL, -- the whole result as JSON, with the digest of each statement in place of its text
    number BIGINT, -- counts the comparisons of all tables
    generation BIGINT, -- of the table, which is raised whenever its copy or rebuild may change
    basis VARCHAR -- digest of all that decides what a comparison finds; NULL where that is not known
);

-- Kept before these were counted.
ALTER TABLE migration.comparison_runs ADD COLUMN IF NOT EXISTS number BIGINT;
ALTER TABLE migration.comparison_runs ADD COLUMN IF NOT EXISTS generation BIGINT;
ALTER TABLE migration.comparison_runs ADD COLUMN IF NOT EXISTS basis VARCHAR;

-- Each statement once, however many comparisons ran it.
CREATE TABLE IF NOT EXISTS migration.comparison_statements (
    digest VARCHAR NOT NULL,
    statement VARCHAR NOT NULL
);

-- What each comparison ran, in its order.
CREATE VIEW IF NOT EXISTS migration.comparison_sql AS
SELECT run_id, table_name, position, statement
FROM (
    SELECT run_id, table_name, generate_subscripts(digests, 1) AS position, UNNEST(digests) AS digest
    FROM (SELECT run_id, table_name, CAST(result -> '$.sql' AS VARCHAR[]) AS digests FROM migration.comparison_runs)
) AS run
JOIN migration.comparison_statements USING (digest);

CREATE TABLE IF NOT EXISTS migration.comparison_columns (
    run_id VARCHAR NOT NULL,
    table_name VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    column_name VARCHAR NOT NULL,
    modern_name VARCHAR,
    status VARCHAR NOT NULL,
    legacy_type VARCHAR,
    modern_type VARCHAR,
    type_changed BOOLEAN NOT NULL,
    different BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    rule VARCHAR NOT NULL, -- JSON
    causes VARCHAR NOT NULL, -- JSON
    max_abs_diff DOUBLE,
    max_rel_diff DOUBLE,
    drift DOUBLE,
    converted_with_loss BIGINT
);

-- Kept before this was counted.
ALTER TABLE migration.comparison_columns ADD COLUMN IF NOT EXISTS converted_with_loss BIGINT;

CREATE TABLE IF NOT EXISTS migration.differences (
    run_id VARCHAR NOT NULL,
    table_name VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    key VARCHAR NOT NULL, -- JSON
    column_name VARCHAR, -- NULL for whole rows
    legacy_value VARCHAR,
    modern_value VARCHAR,
    cause VARCHAR,
    accepted BOOLEAN NOT NULL,
    legacy_rows BIGINT NOT NULL,
    modern_rows BIGINT NOT NULL
);
