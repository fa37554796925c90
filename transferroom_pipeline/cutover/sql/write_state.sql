INSERT INTO migration.cutover_state (table_name, serving, reason, run_id, serving_since)
VALUES (?, ?, ?, ?, ?)
