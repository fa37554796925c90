INSERT INTO prod.rejected_rows (source_table, line_number, key, column_name, rule, value, raw_row, source_file)
SELECT source_table, line_number, key, column_name, rule, value, raw_row, source_file FROM read_parquet(?)
