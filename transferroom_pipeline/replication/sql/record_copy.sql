INSERT INTO migration.copies (table_name, snapshot_id, as_of)
VALUES (?, ?, ?)
