MODEL (
  name marts.spending,
  kind FULL,
  cron '@hourly',
  grain customer_id,
  description 'What each customer has spent.',
  audits (
    not_negative(column := spent),
    accepted_range_non_blocking(column := large_orders, max_v := 5),
    unique_values(columns := (customer_id,))
  )
);

SELECT
  customers.customer_id::INT AS customer_id,
  regions.region::TEXT AS region,
  COALESCE(SUM(orders.amount), 0)::DECIMAL(38, 2) AS spent,
  COUNT(large.order_id)::BIGINT AS large_orders
FROM staging.customers AS customers
LEFT JOIN marts.regions AS regions ON regions.region_id = customers.region_id
LEFT JOIN staging.orders AS orders ON orders.customer_id = customers.customer_id
LEFT JOIN marts.large_orders AS large ON large.order_id = orders.order_id
GROUP BY customers.customer_id, regions.region
