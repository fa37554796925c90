MODEL (name staging.customers, kind VIEW, cron '@hourly', grain customer_id);

SELECT
  id::INT AS customer_id,
  name::TEXT AS customer_name,
  region_id::INT AS region_id
FROM raw.customers
