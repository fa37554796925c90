MODEL (
  name prod.derived_c,
  kind FULL,
  cron '*/5 * * * *',
  grain insight_id,
  owner 'data-platform',
  description 'Market insights per position, per league and per age group; a metric that does not apply to a group is NULL.',
  columns (
    insight_id TEXT,
    insight_type TEXT,
    group_name TEXT,
    transfer_count BIGINT,
    total_fee_millions DECIMAL(38, 2),
    mean_fee_millions DOUBLE,
    min_fee_millions DECIMAL(18, 2),
    max_fee_millions DECIMAL(18, 2),
    player_count BIGINT,
    mean_market_value_millions DOUBLE,
    min_market_value_millions DECIMAL(18, 2),
    max_market_value_millions DECIMAL(18, 2),
    value_to_fee_ratio DOUBLE,
    spending_millions DECIMAL(38, 2),
    income_millions DECIMAL(38, 2),
    net_spend_millions DECIMAL(38, 2)
  ),
  column_descriptions (
    insight_id = 'Type and group, as type:group.',
    insight_type = 'position, league or age_group.',
    group_name = 'The position, league or age group.',
    transfer_count = 'Big transfers of players of the group.',
    total_fee_millions = 'Sum of their fees, in millions.',
    mean_fee_millions = 'Mean of their fees, in millions.',
    min_fee_millions = 'Lowest of their fees, in millions.',
    max_fee_millions = 'Highest of their fees, in millions.',
    player_count = 'Valuable players of the group.',
    mean_market_value_millions = 'Mean of their market values, in millions.',
    min_market_value_millions = 'Lowest of their market values, in millions.',
    max_market_value_millions = 'Highest of their market values, in millions.',
    value_to_fee_ratio = 'Market value per fee over the big transfers of players with a known market value.',
    spending_millions = 'Fees paid by clubs of the league, in millions.',
    income_millions = 'Fees received by clubs of the league, in millions.',
    net_spend_millions = 'Spending less income, in millions.'
  ),
  audits (
    not_null(columns := (insight_id, insight_type, group_name)),
    unique_values(columns := (insight_id,)),
    accepted_values(column := insight_type, is_in := ('position', 'league', 'age_group')),
    accepted_range(column := total_fee_millions, min_v := 0),
    number_of_rows(threshold := 0)
  )
);

WITH fee AS (
  SELECT 'position' AS insight_type, player_position AS group_name, transfer_fee_millions, player_market_value_millions
  FROM prod.derived_b
  UNION ALL
  SELECT 'age_group' AS insight_type, @AGE_GROUP(player_age) AS group_name, transfer_fee_millions, player_market_value_millions
  FROM prod.derived_b
), fees AS (
  SELECT
    insight_type,
    group_name,
    COUNT(*) AS transfer_count,
    SUM(transfer_fee_millions) AS total_fee_millions,
    MIN(transfer_fee_millions) AS min_fee_millions,
    MAX(transfer_fee_millions) AS max_fee_millions,
    SUM(player_market_value_millions) AS total_value_millions,
    SUM(CASE WHEN NOT player_market_value_millions IS NULL THEN transfer_fee_millions END) AS valued_fee_millions
  FROM fee
  WHERE NOT group_name IS NULL
  GROUP BY insight_type, group_name
), player AS (
  SELECT 'position' AS insight_type, position AS group_name, market_value_millions FROM prod.derived_a
  UNION ALL
  SELECT 'league' AS insight_type, league AS group_name, market_value_millions FROM prod.derived_a
  UNION ALL
  SELECT 'age_group' AS insight_type, @AGE_GROUP(age) AS group_name, market_value_millions FROM prod.derived_a
), market_values AS (
  SELECT
    insight_type,
    group_name,
    COUNT(*) AS player_count,
    SUM(market_value_millions) AS total_value_millions,
    MIN(market_value_millions) AS min_market_value_millions,
    MAX(market_value_millions) AS max_market_value_millions
  FROM player
  WHERE NOT group_name IS NULL
  GROUP BY insight_type, group_name
), trade AS (
  SELECT COALESCE(buying_club_league, 'Unknown') AS group_name, transfer_fee_millions AS spending, 0 AS income
  FROM prod.derived_b
  UNION ALL
  SELECT COALESCE(selling_club_league, 'Unknown') AS group_name, 0 AS spending, transfer_fee_millions AS income
  FROM prod.derived_b
), trades AS (
  SELECT 'league' AS insight_type, group_name, SUM(spending) AS spending_millions, SUM(income) AS income_millions
  FROM trade
  GROUP BY group_name
), insight AS (
  SELECT insight_type, group_name FROM fees
  UNION
  SELECT insight_type, group_name FROM market_values
  UNION
  SELECT insight_type, group_name FROM trades
)
SELECT
  CONCAT(insight.insight_type, ':', insight.group_name)::TEXT AS insight_id,
  insight.insight_type::TEXT AS insight_type,
  insight.group_name::TEXT AS group_name,
  CASE WHEN insight.insight_type <> 'league' THEN COALESCE(fees.transfer_count, 0) END::BIGINT AS transfer_count,
  CASE WHEN insight.insight_type <> 'league' THEN COALESCE(fees.total_fee_millions, 0) END::DECIMAL(38, 2) AS total_fee_millions,
  (fees.total_fee_millions::DOUBLE / fees.transfer_count)::DOUBLE AS mean_fee_millions,
  fees.min_fee_millions::DECIMAL(18, 2) AS min_fee_millions,
  fees.max_fee_millions::DECIMAL(18, 2) AS max_fee_millions,
  COALESCE(market_values.player_count, 0)::BIGINT AS player_count,
  (market_values.total_value_millions::DOUBLE / market_values.player_count)::DOUBLE AS mean_market_value_millions,
  market_values.min_market_value_millions::DECIMAL(18, 2) AS min_market_value_millions,
  market_values.max_market_value_millions::DECIMAL(18, 2) AS max_market_value_millions,
  (fees.total_value_millions::DOUBLE / fees.valued_fee_millions::DOUBLE)::DOUBLE AS value_to_fee_ratio,
  CASE WHEN insight.insight_type = 'league' THEN COALESCE(trades.spending_millions, 0) END::DECIMAL(38, 2) AS spending_millions,
  CASE WHEN insight.insight_type = 'league' THEN COALESCE(trades.income_millions, 0) END::DECIMAL(38, 2) AS income_millions,
  CASE
    WHEN insight.insight_type = 'league'
    THEN COALESCE(trades.spending_millions, 0) - COALESCE(trades.income_millions, 0)
  END::DECIMAL(38, 2) AS net_spend_millions
FROM insight
LEFT JOIN fees
  ON fees.insight_type = insight.insight_type AND fees.group_name = insight.group_name
LEFT JOIN market_values
  ON market_values.insight_type = insight.insight_type AND market_values.group_name = insight.group_name
LEFT JOIN trades
  ON trades.insight_type = insight.insight_type AND trades.group_name = insight.group_name
