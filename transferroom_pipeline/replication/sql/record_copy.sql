INSERT INTO migration.copies (table_name, snapshot_id, as_of)
VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET snapshot_id = excluded.snapshot_id, as_of = excluded.as_of
