SELECT run_id, table_name
FROM migration.comparison_runs
WHERE (run_id, table_name) NOT IN (FROM outdated_comparisons);
