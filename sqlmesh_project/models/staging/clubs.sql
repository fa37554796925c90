MODEL (
  name staging.clubs,
  kind VIEW,
  cron '*/5 * * * *',
  grain club_id,
  description 'Clubs as copied from legacy, typed.',
  column_descriptions (
    club_id = 'Identifies the club.',
    club_name = 'Name of the club.',
    league = 'League the club plays in.',
    country = 'Country of the club.',
    stadium = 'Name of the home ground.',
    capacity = 'Seats of the home ground.',
    transfer_budget_millions = 'Money for transfers, in millions.',
    league_position = 'Place in the league table.',
    european_competition = 'European competition of the season, or the word None.',
    updated_at = 'When the row last changed at its origin, in UTC.'
  ),
  audits (
    not_null(columns := (club_id, club_name, updated_at)),
    unique_values(columns := (club_id,))
  )
);

SELECT
  club_id::TEXT AS club_id,
  name::TEXT AS club_name,
  league::TEXT AS league,
  country::TEXT AS country,
  stadium::TEXT AS stadium,
  capacity::BIGINT AS capacity,
  transfer_budget_millions::DECIMAL(18, 2) AS transfer_budget_millions,
  league_position::BIGINT AS league_position,
  european_competition::TEXT AS european_competition,
  updated_at::TIMESTAMP AS updated_at
FROM raw.clubs
