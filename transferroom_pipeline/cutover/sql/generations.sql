CREATE TABLE IF NOT EXISTS migration.generations (
    table_name VARCHAR PRIMARY KEY,
    generation BIGINT NOT NULL
)
