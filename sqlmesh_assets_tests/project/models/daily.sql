MODEL (
  name marts.daily,
  kind INCREMENTAL_BY_TIME_RANGE (time_column ordered_on),
  cron '@daily',
  start '2026-01-01',
  grain ordered_on
);

SELECT
  ordered_on::DATE AS ordered_on,
  COUNT(*)::BIGINT AS orders
FROM staging.orders
WHERE ordered_on BETWEEN @start_date AND @end_date
GROUP BY ordered_on
