MODEL (
  name marts.latest,
  kind INCREMENTAL_BY_UNIQUE_KEY (unique_key order_id),
  cron '@hourly',
  start '2026-01-01',
  grain order_id,
  tags (merges_changes),
  columns (order_id INT, amount DECIMAL(18, 2), updated_at TIMESTAMP, computed_rows BIGINT)
);

/* The last column tells how many rows a computation chose. */
SELECT
  orders.order_id::INT AS order_id,
  orders.amount::DECIMAL(18, 2) AS amount,
  orders.updated_at::TIMESTAMP AS updated_at,
  COUNT(*) OVER ()::BIGINT AS computed_rows
FROM staging.orders AS orders
WHERE @is_new_or_changed(orders, order_id, updated_at)
