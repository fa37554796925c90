UPDATE migration.generations SET generation = generation + ? WHERE table_name = ?
