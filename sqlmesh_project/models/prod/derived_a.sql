MODEL (
  name prod.derived_a,
  kind FULL,
  cron '*/5 * * * *',
  grain player_id,
  owner 'data-platform',
  description 'Players worth more than 5 million, with league and country of their club.',
  columns (
    player_id TEXT,
    name TEXT,
    position TEXT,
    age BIGINT,
    nationality TEXT,
    current_club TEXT,
    league TEXT,
    country TEXT,
    market_value_millions DECIMAL(18, 2),
    contract_end_date DATE,
    updated_at TIMESTAMP
  ),
  column_descriptions (
    player_id = 'Identifies the player.',
    name = 'Full name as the player is known.',
    position = 'Where the player mainly plays.',
    age = 'Age in completed years.',
    nationality = 'Country the player can be fielded for.',
    current_club = 'Name of the player''s club, free text.',
    league = 'League of the player''s club; Unknown without a club of that name or without a league.',
    country = 'Country of the player''s club; Unknown without a club of that name or without a country.',
    market_value_millions = 'Estimated market value, in millions; above 5.',
    contract_end_date = 'Last day of the current contract.',
    updated_at = 'When the player''s row last changed at its origin, in UTC.'
  ),
  audits (
    not_null(columns := (player_id, position, league, country, market_value_millions, updated_at)),
    unique_values(columns := (player_id,)),
    accepted_values(column := position, is_in := ('Goalkeeper', 'Defender', 'Midfielder', 'Forward')),
    accepted_range(column := market_value_millions, min_v := 5, inclusive := false),
    accepted_range_non_blocking(column := age, min_v := 15, max_v := 50),
    number_of_rows(threshold := 0)
  )
);

/* SQL Server matches club names without regard to case and trailing blanks, and so does this join. Of clubs that
   share a name the one with the lowest id counts. */
WITH club_by_name AS (
  SELECT
    UPPER(RTRIM(club_name)) AS club_name,
    league,
    country,
    ROW_NUMBER() OVER (PARTITION BY UPPER(RTRIM(club_name)) ORDER BY club_id) AS place
  FROM staging.clubs
)
SELECT
  players.player_id::TEXT AS player_id,
  players.player_name::TEXT AS name,
  players.position::TEXT AS position,
  players.age::BIGINT AS age,
  players.nationality::TEXT AS nationality,
  players.current_club::TEXT AS current_club,
  COALESCE(clubs.league, 'Unknown')::TEXT AS league,
  COALESCE(clubs.country, 'Unknown')::TEXT AS country,
  players.market_value_millions::DECIMAL(18, 2) AS market_value_millions,
  players.contract_end_date::DATE AS contract_end_date,
  players.updated_at::TIMESTAMP AS updated_at
FROM staging.players AS players
LEFT JOIN club_by_name AS clubs
  ON clubs.club_name = UPPER(RTRIM(players.current_club)) AND clubs.place = 1
WHERE
  players.market_value_millions > 5
