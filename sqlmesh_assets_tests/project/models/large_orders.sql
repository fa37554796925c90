MODEL (name marts.large_orders, kind EMBEDDED);

SELECT order_id, customer_id, amount FROM staging.orders WHERE amount >= 100
