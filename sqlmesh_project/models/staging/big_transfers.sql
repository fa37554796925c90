MODEL (
  name staging.big_transfers,
  kind VIEW,
  cron '*/5 * * * *',
  grain transfer_id,
  description 'The transfers that derived_b is about, with the player''s and both clubs'' attributes, and when each of these rows last changed.',
  column_descriptions (
    transfer_id = 'Identifies the transfer.',
    player_id = 'The player who moved.',
    player_name = 'Name of the player; NULL where the player is not known.',
    player_position = 'Where the player mainly plays.',
    player_age = 'Age of the player in completed years.',
    player_nationality = 'Country the player can be fielded for.',
    player_market_value_millions = 'Estimated market value of the player, in millions.',
    selling_club_id = 'The club the player left.',
    selling_club_name = 'Name of the selling club; NULL where the club is not known.',
    selling_club_league = 'League of the selling club.',
    selling_club_country = 'Country of the selling club.',
    buying_club_id = 'The club the player joined.',
    buying_club_name = 'Name of the buying club; NULL where the club is not known.',
    buying_club_league = 'League of the buying club.',
    buying_club_country = 'Country of the buying club.',
    transfer_fee_millions = 'Fee paid, in millions; at least 5.',
    transfer_type = 'Permanent or Loan with Option to Buy.',
    transfer_window = 'Window in which the transfer was registered.',
    transfer_date = 'Day of the transfer.',
    contract_length_years = 'Length of the new contract, in years.',
    salary_thousands_weekly = 'Weekly salary, in thousands.',
    updated_at = 'When the transfer''s row last changed at its origin, in UTC.',
    player_updated_at = 'When the player''s row last changed.',
    selling_club_updated_at = 'When the selling club''s row last changed.',
    buying_club_updated_at = 'When the buying club''s row last changed.'
  ),
  audits (
    not_null(columns := (transfer_id, updated_at)),
    unique_values(columns := (transfer_id,))
  )
);

SELECT
  transfers.transfer_id::TEXT AS transfer_id,
  transfers.player_id::TEXT AS player_id,
  players.player_name::TEXT AS player_name,
  players.position::TEXT AS player_position,
  players.age::BIGINT AS player_age,
  players.nationality::TEXT AS player_nationality,
  players.market_value_millions::DECIMAL(18, 2) AS player_market_value_millions,
  transfers.selling_club_id::TEXT AS selling_club_id,
  sellers.club_name::TEXT AS selling_club_name,
  sellers.league::TEXT AS selling_club_league,
  sellers.country::TEXT AS selling_club_country,
  transfers.buying_club_id::TEXT AS buying_club_id,
  buyers.club_name::TEXT AS buying_club_name,
  buyers.league::TEXT AS buying_club_league,
  buyers.country::TEXT AS buying_club_country,
  transfers.transfer_fee_millions::DECIMAL(18, 2) AS transfer_fee_millions,
  transfers.transfer_type::TEXT AS transfer_type,
  transfers.transfer_window::TEXT AS transfer_window,
  transfers.transfer_date::DATE AS transfer_date,
  transfers.contract_length_years::DECIMAL(4, 1) AS contract_length_years,
  transfers.salary_thousands_weekly::DECIMAL(18, 2) AS salary_thousands_weekly,
  transfers.updated_at::TIMESTAMP AS updated_at,
  players.updated_at::TIMESTAMP AS player_updated_at,
  sellers.updated_at::TIMESTAMP AS selling_club_updated_at,
  buyers.updated_at::TIMESTAMP AS buying_club_updated_at
FROM staging.transfers AS transfers
CROSS JOIN staging.snapshot AS snapshot
LEFT JOIN staging.players AS players
  ON players.player_id = transfers.player_id
LEFT JOIN staging.clubs AS sellers
  ON sellers.club_id = transfers.selling_club_id
LEFT JOIN staging.clubs AS buyers
  ON buyers.club_id = transfers.buying_club_id
WHERE
  transfers.status = 'Completed'
  AND transfers.transfer_type IN ('Permanent', 'Loan with Option to Buy')
  AND transfers.transfer_fee_millions >= 5
  AND transfers.transfer_date >= CAST(DATE_TRUNC('YEAR', snapshot.as_of) - INTERVAL '2' YEAR AS DATE)
  AND transfers.transfer_date <= snapshot.as_of
