"""Constructs that would mean something else are refused or warned of, by name, with their place and a way out."""

import pytest

from transferroom_pipeline.legacy.exceptions import LegacyError
from transferroom_pipeline.legacy.tsql import judge, stand_in_sql
from transferroom_pipeline.legacy.tsql.verdicts import Verdict
from transferroom_pipeline_tests.legacy.tsql_tables import COLUMNS

REFUSED = [
    ("SELECT x / 2 FROM prod.t", "division"),
    ("SELECT 7 / 2.0", "division"),
    ("SELECT m / 2 FROM prod.t", "division"),
    ("SELECT SUM(x) / NULLIF(COUNT(*), 0) FROM prod.t", "division"),
    ("SELECT AVG(id) FROM prod.t", "avg"),
    ("SELECT AVG(x * 1.0) OVER () FROM prod.t", "avg"),
    ("SELECT POWER(x, 2) FROM prod.t", "power"),
    ("SELECT RADIANS(180)", "degrees"),
    ("SELECT id & 1 + 2 FROM prod.t", "bitwise_precedence"),
    ("SELECT id | 1 & 2 FROM prod.t", "bitwise_precedence"),
    ("SELECT 6 / -2 * 3", "negative_factor"),
    ("SELECT ~bit FROM prod.t", "bit_complement"),
    ("SELECT m * m FROM prod.t", "money_product"),
    ("SELECT SUM(x) * CAST(id AS DECIMAL(38, 10)) FROM prod.t GROUP BY id", "decimal_digits"),
    ("SELECT ROUND(x) FROM prod.t", "arguments"),
    ("SELECT FORMAT(1)", "arguments"),
    ("SELECT ROUND(x, id) FROM prod.t", "round_places"),
    ("SELECT ROUND(id, 1, id) FROM prod.t", "round_places"),
    ("SELECT DISTINCT PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY d DESC) OVER () FROM prod.t", "percentile_down"),
    ("SELECT -bit FROM prod.t", "minus_of_other"),
    ("SELECT -s FROM prod.t", "minus_of_other"),
    ("SELECT s + 1 FROM prod.t", "plus_mixed"),
    ("SELECT '5' + 3", "plus_mixed"),
    ("SELECT d + 1 FROM prod.t", "date_arithmetic"),
    ("SELECT dt - dt FROM prod.t", "date_arithmetic"),
    ("SELECT SUM(s) FROM prod.t", "implicit_number"),
    ("SELECT DATEADD(day, 1.9, d) FROM prod.t", "implicit_whole_number"),
    ("SELECT CONCAT(s, dt) FROM prod.t", "implicit_text"),
    ("SELECT LEN(f) FROM prod.t", "implicit_text"),
    ("SELECT STRING_AGG(f, ',') WITHIN GROUP (ORDER BY id) FROM prod.t", "implicit_text"),
    ("SELECT CAST(f AS VARCHAR(20)) FROM prod.t", "float_to_text"),
    ("SELECT CAST(d2 AS VARCHAR(50)) FROM prod.t", "other_to_text"),
    ("SELECT CONVERT(VARCHAR(30), dt) FROM prod.t", "other_to_text"),
    ("SELECT CONVERT(VARCHAR(30), dt, 100) FROM prod.t", "convert_style"),
    ("SELECT CONVERT(VARCHAR(30), d2, 121) FROM prod.t", "convert_style"),
    ("SELECT CONVERT(DATE, s, 103) FROM prod.t", "convert_style"),
    ("SELECT TRY_CAST(s AS DECIMAL(9, 2)) FROM prod.t", "try_cast"),
    ("SELECT TRY_CAST(s AS FLOAT) FROM prod.t", "try_cast"),
    ("SELECT TRY_CONVERT(DATE, s) FROM prod.t", "try_cast"),
    ("SELECT CAST('31/01/2026' AS DATE)", "odd_constant"),
    ("SELECT CAST('1.5' AS INT)", "odd_constant"),
    ("SELECT CAST('true' AS BIT)", "to_bit"),
    ("SELECT CAST(dt AS INT) FROM prod.t", "number_and_date"),
    ("SELECT CAST(id AS DATETIME) FROM prod.t", "number_and_date"),
    ("SELECT CAST(d2 AS SMALLDATETIME) FROM prod.t", "other_time"),
    ("SELECT CAST(s AS XML) FROM prod.t", "other_type"),
    ("SELECT CAST(s AS dbo.Code) FROM prod.t", "other_type"),
    ("SELECT CAST(s AS VARBINARY(10)) FROM prod.t", "other_type"),
    ("SELECT 0x41", "binary"),
    ("SELECT $5", "currency"),
    ("SELECT CASE WHEN id = 1 THEN 1 ELSE 'x' END FROM prod.t", "mixed_types"),
    ("SELECT COALESCE(id, '') FROM prod.t", "mixed_types"),
    ("SELECT ISNULL(dt, '') FROM prod.t", "isnull_type"),
    ("SELECT s FROM prod.t UNION SELECT id FROM prod.t", "mixed_columns"),
    ("SELECT * FROM prod.e UNION ALL SELECT id, s FROM prod.k", "mixed_columns"),
    ("SELECT id, n FROM prod.e UNION ALL SELECT * FROM (SELECT id, s FROM prod.k) AS q", "mixed_columns"),
    ("SELECT NULL AS v UNION ALL SELECT id FROM prod.t UNION ALL SELECT s FROM prod.k", "mixed_columns"),
    ("SELECT NULL AS v UNION ALL SELECT NULL UNION ALL SELECT s FROM prod.k", "mixed_columns"),
    ("SELECT id AS a, s AS a FROM prod.k UNION ALL SELECT 1, 2", "mixed_columns"),
    ("SELECT v FROM (VALUES (1), ('x')) AS q(v)", "mixed_columns"),
    ("SELECT id, n FROM prod.k UNION ALL SELECT id FROM prod.k", "column_count"),
    ("SELECT v FROM (VALUES (1), (2, 3)) AS q(v)", "column_count"),
    ("SELECT id FROM prod.t WHERE code IN ('12', 7)", "mixed_operands"),
    ("SELECT id FROM prod.t WHERE code BETWEEN '1' AND 12", "mixed_operands"),
    ("SELECT CASE code WHEN '12' THEN 1 WHEN 7 THEN 2 END FROM prod.t", "mixed_operands"),
    ("SELECT s = 'a' AS x FROM prod.k", "condition_as_value"),
    ("SELECT k.id = 5 FROM prod.k", "condition_as_value"),
    ("SELECT id, COUNT(n > 5) FROM prod.k GROUP BY id", "condition_as_value"),
    ("SELECT id FROM prod.t WHERE u = id", "type_clash"),
    ("SELECT id FROM prod.t WHERE u = 'none'", "type_clash"),
    ("SELECT id FROM prod.t WHERE tm < dt", "type_clash"),
    ("SELECT CAST(u AS INT) FROM prod.t", "never_converts"),
    ("SELECT CAST(d AS TIME), CAST(tm AS DATE) FROM prod.t", "never_converts"),
    ("SELECT u + 1 FROM prod.t", "operator_of_other"),
    ("SELECT f % 2 FROM prod.t", "operator_of_other"),
    ("SELECT ROW_NUMBER() FROM prod.t", "without_over"),
    ("SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY id) FROM prod.t", "without_over"),
    ("SELECT PERCENTILE_CONT(0.5) OVER () FROM prod.t", "without_over"),
    ("SELECT id FROM prod.t WHERE bit", "value_as_condition"),
    ("SELECT IIF(id > 1 AND bit, 1, 0) FROM prod.t", "value_as_condition"),
    ("SELECT CASE WHEN 1 THEN 2 END", "value_as_condition"),
    ("SELECT IIF(bit, 1, 0) FROM prod.t", "value_as_condition"),
    ("SELECT TOP 1.5 id FROM prod.k ORDER BY id", "top_count"),
    ("SELECT TOP (NULL) id FROM prod.k ORDER BY id", "top_count"),
    ("SELECT CAST(1 AS DECIMAL(50, 2))", "other_type"),
    ("SELECT CAST(1 AS DECIMAL(5, 10))", "other_type"),
    ("SELECT CAST('a' AS NVARCHAR(5000))", "other_type"),
    ("SELECT id FROM prod.k GROUP BY", "incomplete"),
    ("SELECT", "incomplete"),
    ("SELECT * FROM (SELECT id, n FROM prod.k) AS q PIVOT (SUM(n) FOR id IN ()) AS p", "incomplete"),
    ("SELECT * FROM (SELECT id, bit FROM prod.t) AS q PIVOT (COUNT(id) FOR bit IN ([1], [0])) AS p", "pivot_values"),
    ("SELECT * FROM (SELECT id, dt FROM prod.t) AS q PIVOT (COUNT(id) FOR dt IN ([2024-02-29])) AS p", "pivot_values"),
    ("SELECT * FROM (SELECT id, d FROM prod.t) AS q PIVOT (COUNT(id) FOR d IN ([20240229])) AS p", "pivot_values"),
    ("SELECT * FROM (SELECT id, x FROM prod.t) AS q PIVOT (COUNT(id) FOR x IN ([12.5])) AS p", "pivot_values"),
    ("SELECT * FROM (SELECT id, c FROM prod.t) AS q PIVOT (COUNT(id) FOR c IN ([x])) AS p", "pivot_values"),
    ("SELECT * FROM (SELECT id AS a, id FROM prod.t) AS q PIVOT (COUNT(id) FOR a IN ([01])) AS p", "pivot_values"),
    ("SELECT id FROM prod.t WHERE s = 1.5", "text_with_number"),
    ("SELECT id FROM prod.t WHERE id = ' 7'", "text_with_number"),
    ("SELECT id FROM prod.t WHERE id IN (SELECT s FROM prod.k)", "text_with_number"),
    ("SELECT id FROM prod.t WHERE s = ANY (SELECT n FROM prod.k)", "text_with_number"),
    ("SELECT id FROM prod.t WHERE d = '31.01.2026'", "date_literal"),
    ("SELECT id FROM prod.t WHERE unknown = '03/05/2026'", "date_literal"),
    ("SELECT id FROM prod.t WHERE s = d", "text_with_date"),
    ("SELECT id FROM prod.t WHERE dt > 0", "number_with_date"),
    ("SELECT MAX(u) FROM prod.t", "identifier_order"),
    ("SELECT id FROM prod.t WHERE s LIKE 'a[b'", "like_odd"),
    ("SELECT id FROM prod.t WHERE s LIKE '[z-a]'", "like_odd"),
    ("SELECT CAST('1e3' AS DECIMAL(10, 2))", "odd_constant"),
    ("SELECT CAST('1,234.5' AS MONEY)", "odd_constant"),
    ("SELECT CONVERT(DATE, '05/01/2026', 103)", "convert_style"),
    ("SELECT CAST(CAST(.5 AS DECIMAL(38, 38)) AS VARCHAR(50))", "other_to_text"),
    ("SELECT TransferRoom.prod.k.id FROM prod.k", "other_database"),
    ("SELECT k.id, v.value FROM prod.k CROSS APPLY STRING_SPLIT(k.s, ',') AS v", "table_function"),
    ("SELECT STRING_AGG(s, ',') FROM prod.t", "string_agg"),
    ("SELECT DATEPART(dw, d), DATEPART(wk, d), DATEPART(tz, d) FROM prod.t", "date_part"),
    ("SELECT DATENAME(week, d) FROM prod.t", "date_part"),
    ("SELECT DATETRUNC(week, d) FROM prod.t", "date_part"),
    ("SELECT DATEADD(hour, 1, d) FROM prod.t", "date_part_of_type"),
    ("SELECT DATEADD(ms, 1, dt) FROM prod.t", "date_part_of_type"),
    ("SELECT DATEDIFF(day, s, d) FROM prod.t", "date_of_other"),
    ("SELECT YEAR('1/2/2026')", "date_text"),
    ("SELECT DATEADD(day, 1, id) FROM prod.t", "number_column_as_date"),
    ("SELECT DATETIMEFROMPARTS(2026, 1, 2, 3, 4, 5, 997)", "fraction_of_second"),
    ("SELECT FORMAT(d, 'd') FROM prod.t", "format"),
    ("SELECT FORMAT(x, 'N2') FROM prod.t", "format"),
    ("SELECT FORMAT(d, 'MMMM', 'de-DE') FROM prod.t", "format"),
    ("SELECT GETDATE()", "clock"),
    ("SELECT CURRENT_TIMESTAMP", "clock"),
    ("SELECT SYSUTCDATETIME()", "clock"),
    ("SELECT NEWID(), RAND()", "random"),
    ("SELECT USER", "session"),
    ("SELECT CURRENT_USER", "session"),
    ("SELECT DB_NAME()", "session"),
    ("SELECT FROBNICATE(id) FROM prod.t", "unknown_function"),
    ("SELECT CHECKSUM(id) FROM prod.t", "hashbytes"),
    ("SELECT id FROM prod.t WHERE CONTAINS(s, 'a')", "contains"),
    ("SELECT TRY_PARSE(s AS DATE USING 'de-DE') FROM prod.t", "parse"),
    ("SELECT dbo.f(id) FROM prod.t", "user_function"),
    ("SELECT s.value('x', 'int') FROM prod.t", "user_function"),
    ("SELECT value FROM STRING_SPLIT('a,b', ',')", "table_function"),
    ("SELECT id FROM dbo.f(1) AS x", "table_function"),
    ("SELECT TOP 1 id FROM prod.t", "top_unordered"),
    ("SELECT TOP 1 id FROM prod.t ORDER BY (SELECT NULL)", "top_unordered"),
    ("SELECT id FROM prod.k UNION ALL SELECT TOP 1 id FROM prod.t ORDER BY id", "top_unordered"),
    ("SELECT TOP 1 n FROM prod.k UNION ALL SELECT id FROM prod.t ORDER BY n", "top_unordered"),
    ("SELECT TOP 10 PERCENT id FROM prod.t ORDER BY id", "top_percent"),
    ("SELECT TOP 2 WITH TIES id FROM prod.t ORDER BY id", "top_ties"),
    ("SELECT ROW_NUMBER() OVER (ORDER BY (SELECT 1)) FROM prod.t", "window_unordered"),
    ("SELECT x.n FROM prod.t CROSS APPLY (SELECT RANK() OVER (ORDER BY n) AS n FROM prod.k) AS x", "apply_other"),
    ("SELECT x.n FROM prod.t OUTER APPLY dbo.f(t.id) AS x", "apply_other"),
    ("SELECT id FROM prod.t FOR XML PATH('')", "for_xml"),
    ("SELECT id FROM prod.t FOR JSON AUTO", "clause"),
    ("SELECT * FROM OPENJSON('[1]') WITH (a INT '$.a')", "clause"),
    ("SELECT {d '2026-01-01'}", "clause"),
    ("SELECT id FROM prod.t FOR SYSTEM_TIME ALL", "temporal"),
    ("SELECT id FROM prod.t TABLESAMPLE (10 PERCENT)", "table_sample"),
    ("SELECT dt AT TIME ZONE 'UTC' FROM prod.t", "time_zone"),
    ("SELECT NEXT VALUE FOR dbo.s", "sequence"),
    ("SELECT id FROM prod.t GROUP BY ALL id", "group_by_all"),
    ("SELECT id FROM other.prod.t", "other_database"),
    ("SELECT id FROM a.b.c.d", "linked_server"),
    ("SELECT name FROM sys.tables", "system_table"),
    ("SELECT id FROM prod.k WHERE n !< 5", "operator"),
    ("WITH c AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM c) SELECT n FROM c", "recursive_rows"),
    ("WITH c AS (SELECT 1 AS n UNION ALL SELECT COUNT(*) FROM c WHERE n < 3) SELECT n FROM c", "recursive_rows"),
    ("SELECT SUM(n) OVER w FROM prod.k WINDOW w AS (ORDER BY id)", "unknown_construct"),
    ("SELECT s - ns FROM prod.t", "minus_texts"),
    ("SELECT id FROM prod.t WHERE f LIKE '1%'", "like_of_other"),
    ("SELECT id FROM prod.t WHERE s LIKE d", "like_of_other"),
    ("SELECT JSON_VALUE(s, ns) FROM prod.t", "json_path"),
    ("SELECT JSON_VALUE(s, 'strict $.a') FROM prod.t", "json_path"),
    ("SELECT STDEV(DISTINCT id) FROM prod.t", "distinct_argument"),
    ("SELECT CAST(unknown AS INT) FROM prod.t", "cast_to_int_unknown"),
    ("SELECT DATALENGTH(s) FROM prod.t", "datalength"),
    ("SELECT ISNUMERIC(s), ISDATE(s) FROM prod.t", "isnumeric"),
    ("SELECT PATINDEX('%a%', s) FROM prod.t", "patindex"),
    ("SELECT SOUNDEX(s), DIFFERENCE(s, ns) FROM prod.t", "soundex"),
    ("SELECT QUOTENAME(s) FROM prod.t", "quotename"),
    ("SELECT STR(f, 8, 2) FROM prod.t", "str"),
    ("SELECT DATE_BUCKET(week, 2, d) FROM prod.t", "date_bucket"),
    ("SELECT SWITCHOFFSET(d2, '+01:00') FROM prod.t", "switchoffset"),
    ("SELECT TIMEFROMPARTS(1, 2, 3, 0, 0)", "timefromparts"),
    ("SELECT COMPRESS(s) FROM prod.t", "compress"),
    ("SELECT JSON_MODIFY(s, '$.a', 1) FROM prod.t", "json_modify"),
    ("SELECT TRIM(f) FROM prod.t", "trim_of_other"),
    ("SELECT id FROM #kept", "temporary_table"),
    ("SELECT id FROM prod.t WHERE id > @since", "variable"),
    ("SELECT @@ROWCOUNT AS n", "variable"),
]  # fmt: skip


def refused(tsql, columns=COLUMNS):
    with pytest.raises(LegacyError) as error:
        stand_in_sql(tsql, table="derived_x", columns=columns)
    return str(error.value)


def of(tsql, verdict, columns=COLUMNS, engine="duckdb"):
    return {found.rule.id for found in judge(tsql, columns, engine=engine) if found.verdict(engine) is verdict}


@pytest.mark.parametrize(("tsql", "rule"), REFUSED, ids=[tsql[:60] for tsql, _ in REFUSED])
def test_it_is_refused_by_its_rule(tsql, rule):
    assert rule in of(tsql, Verdict.REFUSE)
    assert refused(tsql).startswith(
        "the T-SQL of legacy table derived_x cannot be carried to the stand-in:\n  line 1, column "
    )


WARNED = [
    ("SELECT id FROM prod.t WHERE s = 'Completed'", "collation"),
    ("SELECT id FROM prod.t WHERE s <> ''", "collation"),
    ("SELECT id FROM prod.t WHERE s IN (SELECT s FROM prod.k)", "collation"),
    ("SELECT t.id FROM prod.t AS t JOIN prod.k AS k ON k.s = t.s", "collation"),
    ("SELECT CASE s WHEN 'a' THEN 1 END FROM prod.t", "collation"),
    ("SELECT REPLACE(s, 'fc', ''), CHARINDEX('a', s) FROM prod.t", "collation"),
    ("SELECT TRIM('x' FROM s), LTRIM(s, '0') FROM prod.t", "collation"),
    ("SELECT LTRIM(s, 'x') FROM prod.t", "collation"),
    ("SELECT s FROM prod.t GROUP BY s", "collation_groups"),
    ("SELECT COUNT(DISTINCT s) FROM prod.t", "collation"),
    ("SELECT s FROM prod.t UNION SELECT ns FROM prod.t", "collation_groups"),
    ("SELECT RANK() OVER (PARTITION BY s ORDER BY id) FROM prod.t", "collation_groups"),
    ("SELECT id FROM prod.t WHERE s LIKE 'a%'", "like"),
    ("SELECT id FROM prod.t WHERE s LIKE '[a-z]%'", "like_letters"),
    ("SELECT id FROM prod.t WHERE UPPER(s) LIKE 'ab%'", "like"),
    ("SELECT id FROM prod.t WHERE LOWER(ns) LIKE '%NN%'", "like"),
    ("SELECT id FROM prod.t WHERE CAST(u AS VARCHAR(36)) LIKE '6f96%'", "like"),
    ("SELECT id FROM prod.t WHERE DATENAME(month, d) LIKE 'jan%'", "like"),
    ("SELECT t.id FROM prod.t JOIN prod.k ON UPPER(RTRIM(t.s)) = LOWER(RTRIM(k.s))", "collation"),
    ("SELECT id FROM prod.t WHERE UPPER(RTRIM(s)) = 'abc'", "collation"),
    ("SELECT id FROM prod.t WHERE s LIKE '12'", "like_blanks"),
    ("SELECT id FROM prod.t WHERE c LIKE '1_'", "like_blanks"),
    ("SELECT * FROM (SELECT id, s FROM prod.k) AS q PIVOT (COUNT(id) FOR s IN ([5])) AS p", "collation_groups"),
    ("SELECT ISNULL(x, f) FROM prod.t", "isnull_float"),
    ("SELECT id FROM prod.t WHERE s LIKE ns", "like_variable"),
    ("SELECT id FROM prod.t WHERE s BETWEEN 'a' AND 'b'", "collation_order"),
    ("SELECT MIN(s) FROM prod.t", "collation_order"),
    ("SELECT TOP 1 id FROM prod.t ORDER BY s", "collation_order"),
    ("SELECT s COLLATE Latin1_General_BIN FROM prod.t", "collate"),
    ("SELECT id FROM prod.t WHERE ns = 'Čech'", "national_literal"),
    ("SELECT ROW_NUMBER() OVER (ORDER BY id) FROM prod.t", "window_ties"),
    ("SELECT ROUND(f, 2) FROM prod.t", "round_float"),
    ("SELECT CAST(f AS DECIMAL(9, 2)) FROM prod.t", "float_to_decimal"),
    ("SELECT CAST(s AS DATE) FROM prod.t", "text_to_date"),
    ("SELECT CAST(dt AS TIME) FROM prod.t", "datetime_thirds"),
    ("SELECT TRY_CAST(s AS INT) FROM prod.t", "try_cast_int"),
    ("SELECT id FROM prod.t WHERE dt = d2", "datetime_with_datetime2"),
    ("SELECT DATEPART(ns, d2) FROM prod.t", "nanoseconds"),
    ("SELECT JSON_VALUE(s, '$.a') FROM prod.t", "json"),
    ("SELECT CHAR(id), ASCII(s) FROM prod.t", "code_page"),
    ("SELECT CAST('2026-06-30 10:00:00.1234567' AS DATETIME2)", "seventh_digit"),
    ("SELECT APPROX_COUNT_DISTINCT(id) FROM prod.t", "approximate"),
    ("SELECT id FROM prod.t WITH (READPAST)", "read_past"),
    ("INSERT INTO prod.x SELECT id FROM prod.t", "added_rows"),
]  # fmt: skip


@pytest.mark.parametrize(("tsql", "rule"), WARNED, ids=[tsql[:60] for tsql, _ in WARNED])
def test_what_hangs_on_data_or_settings_is_accepted_with_a_warning(tsql, rule):
    assert rule in of(tsql, Verdict.WARN)
    assert stand_in_sql(tsql, table="derived_x", columns=COLUMNS)


SETTLED = [
    "SELECT id FROM prod.t WHERE UPPER(RTRIM(s)) = 'ABC'",
    "SELECT id FROM prod.t WHERE RTRIM(s) = '2026'",
    "SELECT NULLIF(LTRIM(RTRIM(s)), '') FROM prod.t",
    "SELECT UPPER(RTRIM(s)) FROM prod.t GROUP BY UPPER(RTRIM(s))",
    "SELECT id FROM prod.t WHERE CAST(id AS VARCHAR(11)) = '7'",
    "SELECT t.id FROM prod.t AS t JOIN (SELECT UPPER(RTRIM(s)) AS name FROM prod.k) AS k ON k.name = UPPER(RTRIM(t.s))",
    "SELECT s, id FROM prod.t ORDER BY s",
    "SELECT DISTINCT id, d FROM prod.t",
    "SELECT id FROM prod.t WHERE s LIKE '%0%'",
    "SELECT s FROM prod.t UNION ALL SELECT s FROM prod.k",
    "SELECT id FROM prod.t WHERE UPPER(s) LIKE 'AB%'",
    "SELECT CONVERT(VARCHAR(7), d, 120) AS m, COUNT(*) AS n FROM prod.t GROUP BY CONVERT(VARCHAR(7), d, 120)",
    "SELECT id FROM prod.t WHERE CONVERT(VARCHAR(11), d, 106) = '31 Jan 2026'",
    "SELECT id FROM prod.t WHERE CAST(u AS VARCHAR(36)) = '6F9619FF-8B86-D011-B42D-00C04FC964FF'",
    "SELECT id FROM prod.t WHERE DATENAME(month, d) = 'January' OR DATENAME(month, d) LIKE 'A%'",
    "SELECT id FROM prod.t WHERE FORMAT(d, 'yyyy-MM') = '2026-01' OR FORMAT(d, 'MMM yyyy') = 'Jan 2026'",
    "SELECT id FROM prod.t WHERE c LIKE '12' OR c LIKE '[0-9][0-9]'",
    "SELECT CONVERT(VARCHAR(10), d, 103) AS d FROM prod.t GROUP BY id, d HAVING MAX(d) > '20240101' ORDER BY YEAR(d)",
]


@pytest.mark.parametrize("tsql", SETTLED)
def test_what_is_settled_by_the_way_it_is_written_has_no_warning(tsql):
    assert judge(tsql, COLUMNS) == []


IN_DOUBT = [
    ("SELECT a FROM prod.x WHERE a = b", "collation"),
    ("SELECT a FROM prod.x GROUP BY a", "collation_groups"),
    ("SELECT CONCAT(a, '-') FROM prod.x", "implicit_text_unknown"),
    ("SELECT CAST(a AS VARCHAR(3)) FROM prod.x", "unknown_to_text"),
    ("SELECT ISNULL(a, 0) FROM prod.x", "isnull_length"),
    ("SELECT ROUND(a, 2) FROM prod.x", "round_float"),
    ("SELECT a * b FROM prod.x", "decimal_digits"),
    ("SELECT CAST(a AS DATE) FROM prod.x", "text_to_date"),
]


@pytest.mark.parametrize(("tsql", "rule"), IN_DOUBT)
def test_without_the_types_of_columns_what_hangs_on_them_is_a_warning_that_says_so(tsql, rule):
    found = [finding for finding in judge(tsql) if finding.rule.id == rule]
    assert [finding.verdict("duckdb") for finding in found] == [Verdict.WARN]
    assert "(a type is not known here)" in str(found[0])


@pytest.mark.parametrize(
    ("tsql", "rule"),
    [
        ("SELECT a / b FROM prod.x", "division"),
        ("SELECT AVG(a) FROM prod.x", "avg"),
        ("SELECT POWER(a, 2) FROM prod.x", "power"),
        ("SELECT 'a' + b FROM prod.x", "plus_mixed"),
        ("SELECT CAST(a AS INT) FROM prod.x", "cast_to_int_unknown"),
        ("SELECT TRY_CAST(a AS DATE) FROM prod.x", "try_cast"),
        ("SELECT FORMAT(a, 'yyyy') FROM prod.x", "format"),
    ],
)
def test_without_the_types_of_columns_what_would_mostly_be_wrong_is_refused(tsql, rule):
    assert rule in of(tsql, Verdict.REFUSE, columns={})


def test_all_findings_are_listed_at_once_each_with_its_place_and_a_way_out():
    tsql = "SELECT id, -- GETDATE()\r\n  CAST(f AS VARCHAR(9)),\r\n\tGETDATE()\r\nFROM prod.t\r\nWHERE d = '1/2/2026'"
    header, *listed = refused(tsql).split("\n")
    assert header == "the T-SQL of legacy table derived_x cannot be carried to the stand-in:"
    assert listed == [
        "  line 2, column 3 `CAST(f AS VARCHAR(9))`: CAST of a FLOAT to text: SQL Server writes six "
        "digits of it, 7 and "
        "1.23457e+006; CAST it to a DECIMAL first",
        "  line 3, column 2 `GETDATE`: GETDATE, the clock: the two sides run at different moments, so the rows are not "
        "reproducible; take the as-of date from prod.snapshot",
        "  line 5, column 7 `d = '1/2/2026'`: the date '1/2/2026': how it is read depends on the "
        "language setting of SQL "
        "Server, and elsewhere it is no date; write the date as 'YYYY-MM-DD'",
    ]


@pytest.mark.parametrize(
    ("tsql", "rule"),
    [
        ("SELECT id / 2 FROM prod.t", "integer_division"),
        ("SELECT CAST(u AS VARCHAR(36)), CAST(bit AS VARCHAR(1)) FROM prod.t", "identifier_or_bit_to_text"),
        ("SELECT CONCAT(u, bit) FROM prod.t", "implicit_form"),
        ("SELECT bit + 1 FROM prod.t", "bit_arithmetic"),
        ("SELECT CAST(s AS VARCHAR(3)) FROM prod.t", "text_cut"),
        ("SELECT DATEADD(mi, 1, dt) FROM prod.t", "date_abbreviation"),
        ("SELECT DATEDIFF(month, d, dt) FROM prod.t", "datediff"),
        ("SELECT CAST(d2 AS DATETIME2(0)) FROM prod.t", "datetime2_digits"),
        ("SELECT STUFF(s, 1, 1, 'x') FROM prod.t", "function_there"),
        ("SELECT TOP 100 PERCENT id FROM prod.t ORDER BY id", "top_all"),
        ("SELECT id, -n AS n FROM prod.k ORDER BY n + 0", "hidden_column"),
        ("SELECT 'name' = id FROM prod.k", "text_as_name"),
        ("SELECT id FROM prod.k UNION ALL SELECT '5'", "converted_constant"),
        ("SELECT COALESCE(d, '20260101') FROM prod.t", "converted_constant"),
        ("SELECT ROUND(x, 1, 1) FROM prod.t", "round_cut"),
        ("SELECT id FROM prod.t WHERE c LIKE '12'", "like_padded"),
    ],
)
def test_what_is_right_on_the_stand_in_only_has_a_word_for_databricks(tsql, rule):
    assert judge(tsql, COLUMNS) == []
    assert rule in {found.rule.id for found in judge(tsql, COLUMNS, engine="databricks")}


def test_a_column_in_order_by_that_the_select_gives_as_it_is_needs_no_word():
    found = judge("SELECT id, n FROM prod.k ORDER BY n + 1, id", COLUMNS, engine="databricks")
    assert found == []


def test_advice_for_texts_joined_is_not_concat():
    [finding] = judge("SELECT s + ns FROM prod.t", COLUMNS, engine="databricks")
    assert "write a || b there, not CONCAT, which takes NULL as ''" in str(finding)


def test_types_come_through_subqueries_unions_and_stars():
    tsql = (
        "WITH c AS (SELECT x AS v FROM prod.t UNION ALL SELECT n FROM prod.k) "
        "SELECT q.v / 2 FROM (SELECT * FROM c) AS q JOIN (VALUES (1)) AS w(one) ON w.one = 1"
    )
    assert of(tsql, Verdict.REFUSE) == {"division"}
    assert of(tsql.replace("x AS v", "id AS v"), Verdict.REFUSE) == set()


def test_variables_are_refused_also_when_sqlmesh_has_taken_over_their_sign(monkeypatch):
    monkeypatch.setenv("MAX_FORK_WORKERS", "1")
    import sqlmesh  # noqa: F401

    for tsql in ("SELECT id FROM prod.t WHERE d > @since", "SELECT @@ROWCOUNT AS n", "SELECT @x.n FROM @x"):
        assert of(tsql, Verdict.REFUSE) >= {"variable"}
        assert "the variable @" in refused(tsql)
    assert (
        stand_in_sql("SELECT id FROM prod.t ORDER BY id", table="t")
        == 'SELECT "id" FROM "prod"."t" ORDER BY "id" NULLS FIRST'
    )


@pytest.mark.parametrize("text", ["SELECT " + "(" * 10_000 + "1" + ")" * 10_000, "SELECT " + " + ".join(["1"] * 5_000),
                                  "SELECT id FROM prod.t WHERE " + "NOT " * 3_000 + "id = 1"])  # fmt: skip
def test_what_is_too_deep_to_read_is_one_sentence(text):
    assert refused(text).count("\n") == 1
    assert "inside each other" in refused(text)


def test_a_megabyte_of_sql_is_read():
    listed = ", ".join(f"'{'x' * 1_000}{number}'" for number in range(1_000))
    sql = stand_in_sql(
        f"SELECT id FROM prod.t WHERE s IN ({listed}) /* {'x' * 1_000_000} */", table="t", columns=COLUMNS
    )
    assert len(sql) > 1_000_000
