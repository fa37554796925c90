CREATE TABLE IF NOT EXISTS prod.rejected_rows (
    source_table VARCHAR NOT NULL,
    line_number BIGINT NOT NULL,
    key VARCHAR,
    column_name VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    value VARCHAR,
    raw_row VARCHAR NOT NULL, -- JSON
    source_file VARCHAR -- path below the source folder; NULL in rows of before it was recorded
);
ALTER TABLE prod.rejected_rows ADD COLUMN IF NOT EXISTS source_file VARCHAR;
