INSERT INTO migration.generations (table_name, generation)
VALUES (?, ?)
ON CONFLICT DO UPDATE SET generation = generations.generation + excluded.generation
