MODEL (
  name staging.orders,
  kind VIEW,
  cron '@hourly',
  owner 'shop',
  tags (sales, core),
  grain order_id,
  description 'Orders, typed.',
  column_descriptions (order_id = 'Identifies the order.'),
  audits (not_null(columns := (order_id,)))
);

SELECT
  id::INT AS order_id,
  customer_id::INT AS customer_id,
  amount::DECIMAL(18, 2) AS amount,
  ordered_on::DATE AS ordered_on,
  updated_at::TIMESTAMP AS updated_at
FROM raw.orders
