DELETE FROM migration.differences WHERE rowid IN (FROM outdated_differences);
DELETE FROM migration.comparison_columns WHERE (run_id, table_name) IN (FROM outdated_comparisons);
DELETE FROM migration.comparison_runs WHERE (run_id, table_name) IN (FROM outdated_comparisons);
DELETE FROM migration.comparison_statements WHERE digest NOT IN (
    SELECT UNNEST(CAST(result -> '$.sql' AS VARCHAR[])) FROM migration.comparison_runs
);
