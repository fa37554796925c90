-- The keys of the rows that are not the same in legacy and in its copy, and what happened to each.
SELECT
    coalesce(legacy_rows.key, copied_rows.key) AS key,
    CASE
        WHEN copied_rows.key IS NULL THEN 'inserted'
        WHEN legacy_rows.key IS NULL THEN 'deleted'
        ELSE 'updated'
    END AS change
FROM legacy_rows
FULL JOIN copied_rows ON legacy_rows.key = copied_rows.key
WHERE
    legacy_rows.key IS NULL
    OR copied_rows.key IS NULL
    OR legacy_rows.updated_at IS DISTINCT FROM copied_rows.updated_at
    OR legacy_rows.content IS DISTINCT FROM copied_rows.content
