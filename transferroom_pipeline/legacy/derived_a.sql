-- Players worth more than 5 million, with league and country of their club.
-- SQL Server compares text without regard to case and trailing blanks; UPPER and RTRIM say so aloud, so that the
-- join means the same under every collation. Of clubs that share a name the one with the lowest id counts.
SELECT
    p.player_id,
    p.name,
    p.position,
    p.age,
    p.nationality,
    p.current_club,
    ISNULL(c.league, 'Unknown') AS league,
    ISNULL(c.country, 'Unknown') AS country,
    p.market_value_millions,
    p.contract_end_date,
    p.updated_at
FROM [prod].[players] AS p WITH (NOLOCK)
LEFT JOIN (
    SELECT
        UPPER(RTRIM(name)) AS club_name,
        league,
        country,
        ROW_NUMBER() OVER (PARTITION BY UPPER(RTRIM(name)) ORDER BY club_id) AS place
    FROM [prod].[clubs] WITH (NOLOCK)
) AS c
    ON c.club_name = UPPER(RTRIM(p.current_club)) AND c.place = 1
WHERE p.market_value_millions > 5
