MODEL (
  name prod.derived_b_incremental,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key transfer_id
  ),
  cron '@daily',
  start '2023-01-01',
  grain transfer_id,
  owner 'data-platform',
  tags (merges_changes),
  description 'The rows of derived_b, brought up to date by what is new, corrected or gone since, with the versions of the rows that each was made of.',
  columns (
    transfer_id TEXT,
    player_id TEXT,
    player_name TEXT,
    player_position TEXT,
    player_age BIGINT,
    player_nationality TEXT,
    player_market_value_millions DECIMAL(18, 2),
    selling_club_id TEXT,
    selling_club_name TEXT,
    selling_club_league TEXT,
    selling_club_country TEXT,
    buying_club_id TEXT,
    buying_club_name TEXT,
    buying_club_league TEXT,
    buying_club_country TEXT,
    transfer_fee_millions DECIMAL(18, 2),
    transfer_type TEXT,
    transfer_window TEXT,
    transfer_date DATE,
    contract_length_years DECIMAL(4, 1),
    salary_thousands_weekly DECIMAL(18, 2),
    updated_at TIMESTAMP,
    player_updated_at TIMESTAMP,
    selling_club_updated_at TIMESTAMP,
    buying_club_updated_at TIMESTAMP
  ),
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
    not_null(columns := (transfer_id, player_id, selling_club_id, buying_club_id, transfer_fee_millions, updated_at)),
    unique_values(columns := (transfer_id,)),
    number_of_rows(threshold := 0)
  )
);

SELECT
  big_transfers.transfer_id::TEXT AS transfer_id,
  big_transfers.player_id::TEXT AS player_id,
  big_transfers.player_name::TEXT AS player_name,
  big_transfers.player_position::TEXT AS player_position,
  big_transfers.player_age::BIGINT AS player_age,
  big_transfers.player_nationality::TEXT AS player_nationality,
  big_transfers.player_market_value_millions::DECIMAL(18, 2) AS player_market_value_millions,
  big_transfers.selling_club_id::TEXT AS selling_club_id,
  big_transfers.selling_club_name::TEXT AS selling_club_name,
  big_transfers.selling_club_league::TEXT AS selling_club_league,
  big_transfers.selling_club_country::TEXT AS selling_club_country,
  big_transfers.buying_club_id::TEXT AS buying_club_id,
  big_transfers.buying_club_name::TEXT AS buying_club_name,
  big_transfers.buying_club_league::TEXT AS buying_club_league,
  big_transfers.buying_club_country::TEXT AS buying_club_country,
  big_transfers.transfer_fee_millions::DECIMAL(18, 2) AS transfer_fee_millions,
  big_transfers.transfer_type::TEXT AS transfer_type,
  big_transfers.transfer_window::TEXT AS transfer_window,
  big_transfers.transfer_date::DATE AS transfer_date,
  big_transfers.contract_length_years::DECIMAL(4, 1) AS contract_length_years,
  big_transfers.salary_thousands_weekly::DECIMAL(18, 2) AS salary_thousands_weekly,
  big_transfers.updated_at::TIMESTAMP AS updated_at,
  big_transfers.player_updated_at::TIMESTAMP AS player_updated_at,
  big_transfers.selling_club_updated_at::TIMESTAMP AS selling_club_updated_at,
  big_transfers.buying_club_updated_at::TIMESTAMP AS buying_club_updated_at
FROM staging.big_transfers AS big_transfers
WHERE
  @is_new_or_changed(
    big_transfers,
    transfer_id,
    (updated_at, player_updated_at, selling_club_updated_at, buying_club_updated_at)
  );

/* Transfers that no longer count: deleted, not completed any more, or outside the window of a later as-of date. */
DELETE FROM @this_model
WHERE
  transfer_id NOT IN (
    SELECT big_transfers.transfer_id
    FROM staging.big_transfers AS big_transfers
  )
