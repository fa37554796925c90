INSERT INTO migration.generations (table_name, generation)
SELECT ?, 0 WHERE NOT EXISTS (FROM migration.generations WHERE table_name = ?)
