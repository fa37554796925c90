-- Differences of outdated comparisons, and of those from before a moment that are not the newest of their table.
CREATE TEMPORARY TABLE outdated_differences AS
SELECT difference.rowid AS id
FROM migration.differences AS difference
JOIN (
    SELECT
        run_id,
        table_name,
        compared_at,
        LEAD(run_id) OVER (PARTITION BY table_name ORDER BY number NULLS FIRST, compared_at, run_id) IS NULL AS is_newest
    FROM migration.comparison_runs
) AS comparison USING (run_id, table_name)
WHERE (compared_at < ? AND NOT is_newest) OR (run_id, table_name) IN (FROM outdated_comparisons);
