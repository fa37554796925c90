INSERT INTO prod.rejected_rows (source_table, line_number, key, column_name, rule, value, raw_row)
SELECT source_table, line_number, key, column_name, rule, value, raw_row FROM read_parquet(?)
