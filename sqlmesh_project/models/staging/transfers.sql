MODEL (
  name staging.transfers,
  kind VIEW,
  cron '*/5 * * * *',
  grain transfer_id,
  description 'Transfers as copied from legacy, typed.',
  column_descriptions (
    transfer_id = 'Identifies the transfer.',
    player_id = 'The player who moved.',
    selling_club_id = 'The club the player left.',
    buying_club_id = 'The club the player joined.',
    transfer_fee_millions = 'Fee paid, in millions.',
    transfer_type = 'Kind of the move.',
    transfer_window = 'Window in which it was registered.',
    transfer_date = 'Day of the transfer.',
    contract_length_years = 'Length of the new contract, in years.',
    salary_thousands_weekly = 'Weekly salary, in thousands.',
    status = 'How far the transfer has come.',
    updated_at = 'When the row last changed at its origin, in UTC.'
  ),
  audits (
    not_null(
      columns := (
        transfer_id, player_id, selling_club_id, buying_club_id, transfer_fee_millions, transfer_type, transfer_date,
        status, updated_at
      )
    ),
    unique_values(columns := (transfer_id,))
  )
);

SELECT
  transfer_id::TEXT AS transfer_id,
  player_id::TEXT AS player_id,
  selling_club_id::TEXT AS selling_club_id,
  buying_club_id::TEXT AS buying_club_id,
  transfer_fee_millions::DECIMAL(18, 2) AS transfer_fee_millions,
  transfer_type::TEXT AS transfer_type,
  transfer_window::TEXT AS transfer_window,
  transfer_date::DATE AS transfer_date,
  contract_length_years::DECIMAL(4, 1) AS contract_length_years,
  salary_thousands_weekly::DECIMAL(18, 2) AS salary_thousands_weekly,
  status::TEXT AS status,
  updated_at::TIMESTAMP AS updated_at
FROM raw.transfers
