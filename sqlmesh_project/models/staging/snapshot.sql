MODEL (
  name staging.snapshot,
  kind VIEW,
  cron '*/5 * * * *',
  grain id,
  description 'Which state of the source data this is, and its as-of date; one row.',
  column_descriptions (
    id = 'Identity of the content of the source tables.',
    as_of = 'The day that every stage works with instead of asking the clock.'
  ),
  audits (
    not_null(columns := (id, as_of)),
    number_of_rows(threshold := 0)
  )
);

SELECT
  id::TEXT AS id,
  as_of::DATE AS as_of
FROM raw.snapshot
