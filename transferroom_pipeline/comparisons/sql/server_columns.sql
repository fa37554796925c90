-- The columns of a relation on a PostgreSQL server with their types, and the types inside those.
-- depth: 0 the column itself, or what its domain is based on; in_array, in_composite: where an inner type is.
WITH RECURSIVE types(name, position, type, modifier, depth, in_array, in_composite) AS (
    SELECT attname, attnum, atttypid, atttypmod, 0, FALSE, FALSE
    FROM pg_catalog.pg_attribute
    WHERE attrelid = CAST(:relation AS oid) AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT
        types.name,
        types.position,
        CASE WHEN outside.typtype = 'd' THEN outside.typbasetype WHEN outside.typtype = 'c' THEN field.atttypid ELSE outside.typelem END,
        CASE WHEN outside.typtype = 'd' THEN outside.typtypmod WHEN outside.typtype = 'c' THEN field.atttypmod ELSE types.modifier END,
        CASE WHEN outside.typtype = 'd' THEN types.depth ELSE types.depth + 1 END,
        types.in_array OR outside.typcategory = 'A',
        types.in_composite OR outside.typtype = 'c'
    FROM types
    INNER JOIN pg_catalog.pg_type AS outside ON outside.oid = types.type
    LEFT JOIN pg_catalog.pg_attribute AS field
        ON outside.typtype = 'c' AND field.attrelid = outside.typrelid AND field.attnum > 0 AND NOT field.attisdropped
    WHERE outside.typtype IN ('d', 'c') OR outside.typcategory = 'A'
)
SELECT
    CAST(types.name AS text) AS name,
    CAST(inside.typname AS text) AS type,
    types.modifier,
    types.depth,
    types.in_composite,
    CAST(types.type = attribute.atttypid AS boolean) AS is_own_type
FROM types
INNER JOIN pg_catalog.pg_type AS inside ON inside.oid = types.type
INNER JOIN pg_catalog.pg_attribute AS attribute
    ON attribute.attrelid = CAST(:relation AS oid) AND attribute.attnum = types.position
ORDER BY types.position, types.depth
