-- Comparisons from before a moment, but for the newest of each table, every one whose verdict is another than that
-- before it, and those that a view rests on.
CREATE TEMPORARY TABLE outdated_comparisons AS
SELECT run_id, table_name
FROM (
    SELECT
        run_id,
        table_name,
        compared_at,
        verdict IS NOT DISTINCT FROM LAG(verdict) OVER oldest_first AS is_as_before,
        LEAD(run_id) OVER oldest_first IS NULL AS is_newest
    FROM migration.comparison_runs
    WINDOW oldest_first AS (PARTITION BY table_name ORDER BY number NULLS FIRST, compared_at, run_id)
) AS comparison
WHERE compared_at < ? AND is_as_before AND NOT is_newest AND NOT list_contains(CAST(? AS VARCHAR[]), run_id);
