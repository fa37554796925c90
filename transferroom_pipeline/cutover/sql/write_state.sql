INSERT INTO migration.cutover_state (table_name, serving, reason, run_id, not_before, serving_since)
VALUES (?, ?, ?, ?, ?, ?)
