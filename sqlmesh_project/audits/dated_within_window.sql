AUDIT (name dated_within_window);

/* Dates before 1 January of the year @years_back before that of the as-of date, or after the as-of date. */
SELECT checked.*
FROM @this_model AS checked
CROSS JOIN staging.snapshot AS snapshot
WHERE
  checked.@column IS NULL
  OR EXTRACT(YEAR FROM checked.@column) < EXTRACT(YEAR FROM snapshot.as_of) - @years_back
  OR checked.@column > snapshot.as_of
