MODEL (
  name staging.players,
  kind VIEW,
  cron '*/5 * * * *',
  grain player_id,
  description 'Players as copied from legacy, typed.',
  column_descriptions (
    player_id = 'Identifies the player.',
    player_name = 'Full name as the player is known.',
    position = 'Where the player mainly plays.',
    age = 'Age in completed years.',
    nationality = 'Country the player can be fielded for.',
    current_club = 'Name of the player''s club, free text.',
    market_value_millions = 'Estimated market value, in millions.',
    contract_end_date = 'Last day of the current contract.',
    updated_at = 'When the row last changed at its origin, in UTC.'
  ),
  audits (
    not_null(columns := (player_id, position, updated_at)),
    unique_values(columns := (player_id,))
  )
);

SELECT
  player_id::TEXT AS player_id,
  name::TEXT AS player_name,
  position::TEXT AS position,
  age::BIGINT AS age,
  nationality::TEXT AS nationality,
  current_club::TEXT AS current_club,
  market_value_millions::DECIMAL(18, 2) AS market_value_millions,
  contract_end_date::DATE AS contract_end_date,
  updated_at::TIMESTAMP AS updated_at
FROM raw.players
