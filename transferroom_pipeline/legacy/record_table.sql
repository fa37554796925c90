INSERT INTO migration.snapshot_tables (table_name, snapshot_id, as_of, row_count, hash_sum)
VALUES (?, ?, ?, ?, ?)
