MODEL (
  name marts.regions,
  kind SEED (path '../seeds/regions.csv'),
  columns (region_id INT, region TEXT),
  grain region_id
)
