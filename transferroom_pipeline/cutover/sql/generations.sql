-- Without a primary key: the index behind it makes replaying the log after a kill less certain.
CREATE TABLE IF NOT EXISTS migration.generations (
    table_name VARCHAR NOT NULL,
    generation BIGINT NOT NULL
)
