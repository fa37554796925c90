"""What the stand-in gives for T-SQL is what SQL Server gives, worked out by hand from its documentation."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest

from transferroom_pipeline.legacy.tsql import judge, stand_in_sql
from transferroom_pipeline.legacy.tsql.verdicts import Verdict
from transferroom_pipeline_tests.legacy.tsql_tables import COLUMNS, filled_tables


@pytest.fixture(scope="module")
def given():
    """The rows that a T-SQL text gives."""
    with filled_tables() as connection:
        yield lambda tsql: connection.sql(stand_in_sql(tsql, table="t", columns=COLUMNS)).fetchall()


def moment(text):
    return datetime.fromisoformat(text)


RIGHT = [
    # Numbers: whole numbers divide to whole numbers and are cut, as is what becomes one.
    ("SELECT id / 2, b / id, si / 2 FROM prod.t", [(0, 10, 1), (1, 10, None), (1, None, -3)]),
    ("SELECT -7 / 2, -7 % 2, 7 % -2", [(-3, -1, 1)]),
    ("SELECT SUM(id) / COUNT(*), 100 * SUM(id) / COUNT(*) FROM prod.t", [(2, 200)]),
    ("SELECT CAST(id AS FLOAT) / 2, id / 2e0 FROM prod.t WHERE id = 1", [(0.5, 0.5)]),
    (
        "SELECT CAST(1.9 AS INT), CAST(-1.9 AS INT), CONVERT(INT, x), CAST(f AS BIGINT) FROM prod.t WHERE id = 2",
        [(1, -1, -12, -2)],
    ),
    ("SELECT CAST(m AS INT) FROM prod.t WHERE id = 1", [(4,)]),  # MONEY alone is rounded
    (
        "SELECT ABS(x), SIGN(x), CEILING(x), FLOOR(x), SQUARE(3), POWER(2, -1), POWER(2, 3) FROM prod.t WHERE id = 2",
        [(Decimal("12.50"), -1, -12, -13, 9.0, 0, 8)],
    ),
    ("SELECT LOG(8, 2), LOG10(100), SQRT(4), EXP(0), ATN2(0, 1)", [(3.0, 2.0, 2.0, 1.0, 0.0)]),
    (
        "SELECT ROUND(x, 0), ROUND(b, -2), ROUND(123.456, 2) FROM prod.t WHERE id = 2",
        [(Decimal(-13), 0, Decimal("123.460"))],
    ),
    ("SELECT (id & 1) + 2, id | 4, id ^ 3, ~id FROM prod.t WHERE id = 2", [(2, 6, 1, -3)]),
    ("SELECT id FROM prod.t WHERE id & 1 = 1", [(1,), (3,)]),
    (
        "SELECT x * 2, x + 1, x * 1.5, id + 0.5 FROM prod.t WHERE id = 1",
        [(Decimal("25.00"), Decimal("13.50"), Decimal("18.750"), Decimal("1.5"))],
    ),
    (
        "SELECT CAST(x AS DECIMAL), CAST(x AS NUMERIC(8, 1)), CAST(12.34567 AS SMALLMONEY) FROM prod.t WHERE id = 1",
        [(Decimal(13), Decimal("12.5"), Decimal("12.3457"))],
    ),
    ("SELECT CAST(x AS BIT), CAST(0 AS BIT), bit + 1 FROM prod.t WHERE bit = 1", [(True, False, 2)]),
    ("SELECT ISNULL(bit, 0), COALESCE(bit, 0) FROM prod.t WHERE bit IS NULL", [(False, 0)]),
    (
        "SELECT SUM(x), COUNT(DISTINCT id), COUNT_BIG(*), VAR(id), STDEVP(id) FROM prod.t",
        [(Decimal("0.00"), 3, 3, 1.0, 0.816496580927726)],
    ),
    # A text beside a whole number is converted to one; '' is 0.
    ("SELECT n FROM prod.k WHERE s = 5 AND id = 3", [(1,)]),
    ("SELECT id FROM prod.t WHERE id = '1' OR x = '12.5'", [(1,)]),
    ("SELECT CAST(s AS INT), TRY_CAST(s AS INT) FROM prod.t WHERE id = 3", [(0, 0)]),
    (
        "SELECT TRY_CAST(s AS INT), TRY_CONVERT(INT, ' -7 '), TRY_CAST('7.0' AS INT) FROM prod.k WHERE id = 3",
        [(5, -7, None)],
    ),
    (
        "SELECT NULLIF(s, 5), NULLIF(bit, 1), NULLIF(d, '20260131'), NULLIF(n, '1') FROM prod.k "
        "JOIN (SELECT bit, d FROM prod.t WHERE t.id = 1) AS q ON k.id = 3",
        [(None, None, None, None)],
    ),
    ("SELECT id FROM prod.t WHERE b LIKE '2%'", [(2,)]),
    # Texts.
    ("SELECT LEN(s), LEN(c), LEN('ab  '), LEN(id) FROM prod.t WHERE id = 2", [(3, None, 2, 1)]),
    (
        "SELECT SUBSTRING(s, 0, 2), SUBSTRING(s, -1, 3), SUBSTRING(s, id, 2) FROM prod.t WHERE id = 1",
        [("a", "a", "ab")],
    ),
    ("SELECT LTRIM(' a '), RTRIM(' a '), TRIM('x' FROM 'xax'), RTRIM(N'a\u00a0')", [("a ", " a", "a", "a\u00a0")]),
    ("SELECT CHARINDEX('b', s), CHARINDEX('b', s, 3), CHARINDEX('', s) FROM prod.t WHERE id = 1", [(2, 0, 0)]),
    (
        "SELECT STUFF(s, 1, 1, NULL), STUFF(s, 9, 1, 'x'), STUFF(s, 2, 1, '--') FROM prod.t WHERE id = 1",
        [("bc", None, "a--c")],
    ),
    (
        "SELECT REPLICATE('0', 3 - LEN(id)) + CAST(id AS VARCHAR(3)), REPLICATE('x', -1), SPACE(2) + 'a' "
        "FROM prod.t WHERE id = 1",
        [("001", None, "  a")],
    ),
    (
        "SELECT s + ' ' + ns, CONCAT(s, '-', NULL, id, d), CONCAT_WS('-', s, NULL, id) FROM prod.t WHERE id = 2",
        [(None, "Abc -22024-02-29", "Abc -2")],
    ),
    ("SELECT CONCAT(bit, x, u) FROM prod.t WHERE id = 1", [("112.506F9619FF-8B86-D011-B42D-00C04FC964FF",)]),
    (
        "SELECT REVERSE('ab'), CHAR(65), NCHAR(269), UNICODE(N'č'), UPPER('a'), LEFT(s, 2), RIGHT(s, 2) "
        "FROM prod.t WHERE id = 1",
        [("ba", "A", "č", 269, "A", "ab", "bc")],
    ),
    ("SELECT STRING_AGG(id, ',') WITHIN GROUP (ORDER BY id DESC) FROM prod.t", [("3,2,1",)]),
    (
        "SELECT CAST(s AS VARCHAR(2)), CAST(s AS CHAR(4)), CAST(id AS VARCHAR), CAST(12345 AS VARCHAR(2)) "
        "FROM prod.t WHERE id = 1",
        [("ab", "abc ", "1", "*")],
    ),
    (
        "SELECT CAST(d AS VARCHAR(7)), CAST(x AS VARCHAR(20)), CAST(u AS CHAR(36)) FROM prod.t WHERE id = 1",
        [("2026-01", "12.50", "6F9619FF-8B86-D011-B42D-00C04FC964FF")],
    ),
    ("SELECT id FROM prod.t WHERE s LIKE '[a-c]%'", [(1,)]),
    ("SELECT id FROM prod.t WHERE s NOT LIKE '%[^0-9]%'", [(3,)]),
    (
        "SELECT CASE WHEN '10%' LIKE '10[%]' THEN 1 END, CASE WHEN 'a[b' LIKE 'a[[]b' THEN 1 END, "
        "CASE WHEN 'a\nb' LIKE 'a_[b]' THEN 1 END, CASE WHEN '5%a' LIKE '5!%[a]' ESCAPE '!' THEN 1 END",
        [(1, 1, 1, 1)],
    ),
    (
        "SELECT LEFT(id, 1) + 'x', RIGHT(1234, 2), UPPER(d), TRIM(b), REPLACE(12, '2', 'x') FROM prod.t WHERE id = 1",
        [("1x", "34", "2026-01-31", "10", "1x")],
    ),
    # ISNULL has the type of its first argument, COALESCE that of highest precedence.
    (
        "SELECT ISNULL(c, 'toolong'), ISNULL(CAST(NULL AS INT), 1.7), COALESCE(CAST(NULL AS INT), 1.7) "
        "FROM prod.t WHERE id = 2",
        [("toolo", 1, Decimal("1.7"))],
    ),
    (
        "SELECT ISNULL(d, '1900-01-01'), COALESCE(d, '19000102'), CASE WHEN d IS NULL THEN '20260101' "
        "ELSE d END FROM prod.t WHERE id = 3",
        [(date(1900, 1, 1), date(1900, 1, 2), date(2026, 1, 1))],
    ),
    (
        "SELECT IIF(id > 1, 'big', 'small'), CHOOSE(id, 'a', 'b'), NULLIF(id, 1) FROM prod.t",
        [("small", "a", None), ("big", "b", 2), ("big", None, 3)],
    ),
    # Dates: every abbreviation, and the type of the date is kept.
    (
        "SELECT DATEPART(yy, d), DATEPART(qq, d), DATEPART(m, d), DATEPART(y, d), DATEPART(dd, d), "
        "DATEPART(isowk, d) FROM prod.t WHERE id = 1",
        [(2026, 1, 1, 31, 31, 5)],
    ),
    (
        "SELECT DATEPART(hh, dt), DATEPART(n, dt), DATEPART(ss, dt), DATEPART(ms, dt), DATEPART(mcs, d2), "
        "DATEPART(hour, tm) FROM prod.t WHERE id = 1",
        [(10, 20, 30, 123, 123456, 10)],
    ),
    (
        "SELECT DATENAME(yyyy, d), DATENAME(mm, d), DATENAME(dw, d), DATENAME(hh, dt), DATENAME(q, d) "
        "FROM prod.t WHERE id = 1",
        [("2026", "January", "Saturday", "10", "1")],
    ),
    (
        "SELECT DATEADD(yy, 1, d), DATEADD(m, -id, d), DATEADD(wk, 1, d), DATEADD(y, 1, d), DATEADD(mi, "
        "1, dt) FROM prod.t WHERE id = 2",
        [(date(2025, 2, 28), date(2023, 12, 29), date(2024, 3, 7), date(2024, 3, 1), moment("2024-02-29 00:01:00"))],
    ),
    (
        "SELECT DATEADD(hour, 1, '2026-01-31 10:00'), DATEADD(day, 1, '20260131')",
        [(moment("2026-01-31 11:00:00"), moment("2026-02-01 00:00:00"))],
    ),
    (
        "SELECT DATEDIFF(year, '2025-12-31', '2026-01-01'), DATEDIFF(mm, d, dt), DATEDIFF(dd, d, '2026-02-01'), "
        "DATEDIFF(hh, '2026-01-31 10:59', '2026-01-31 11:01') FROM prod.t WHERE id = 1",
        [(1, 0, 1, 1)],
    ),
    (
        "SELECT DATEDIFF(wk, '2026-01-03', '2026-01-04'), DATEDIFF(week, '2026-01-04', '2026-01-10'), "
        "DATEDIFF(week, '1900-01-06', '1899-12-31')",
        [(1, 0, 0)],
    ),
    (
        "SELECT DATEADD(month, DATEDIFF(month, 0, d), 0), DATEADD(yy, DATEDIFF(yy, 0, d) + 1, -1) FROM "
        "prod.t WHERE id = 1",
        [(moment("2026-01-01 00:00:00"), moment("2026-12-31 00:00:00"))],
    ),
    (
        "SELECT DATETRUNC(m, dt), DATETRUNC(y, dt), DATETRUNC(qq, d), DATETRUNC(iso_week, d) FROM prod.t WHERE id = 1",
        [(moment("2026-01-01 00:00:00"), moment("2026-01-31 00:00:00"), date(2026, 1, 1), date(2026, 1, 26))],
    ),
    (
        "SELECT EOMONTH(dt, 1), DATEFROMPARTS(2026, id, 1), DATETIMEFROMPARTS(2026, 1, 2, 3, 4, 5, 0) "
        "FROM prod.t WHERE id = 1",
        [(date(2026, 2, 28), date(2026, 1, 1), moment("2026-01-02 03:04:05"))],
    ),
    (
        "SELECT CAST('2026-06-30 23:59:59.999' AS DATETIME), CAST('2026-06-30 10:00:00.005' AS DATETIME), "
        "CAST('1969-12-31 23:59:59.995' AS DATETIME), CAST(d2 AS DATETIME), CAST(d2 AS DATETIME2(0)) FROM "
        "prod.t WHERE id = 1",
        [
            (
                moment("2026-07-01 00:00:00"),
                moment("2026-06-30 10:00:00.007"),
                moment("1969-12-31 23:59:59.997"),
                moment("2026-01-31 10:20:30.123"),
                moment("2026-01-31 10:20:30"),
            )
        ],
    ),
    (
        "SELECT id FROM prod.t WHERE dt < '2026-01-31 10:20:30.125' AND d IN ('2026-01-31', '20260131') "
        "AND tm > '10:00'",
        [(1,)],
    ),
    (
        "SELECT dt + 1, dt - 1 FROM prod.t WHERE id = 2",
        [(moment("2024-03-01 00:00:00"), moment("2024-02-28 00:00:00"))],
    ),
    (
        "SELECT CONVERT(VARCHAR(10), d, 101), CONVERT(CHAR(8), dt, 112), CONVERT(VARCHAR(7), d, 126), "
        "CONVERT(VARCHAR(16), dt, 120), "
        "CONVERT(VARCHAR(30), dt, 121), CONVERT(VARCHAR(8), dt, 108), CONVERT(VARCHAR(30), d, 106) FROM "
        "prod.t WHERE id = 1",
        [
            (
                "01/31/2026",
                "20260131",
                "2026-01",
                "2026-01-31 10:20",
                "2026-01-31 10:20:30.123",
                "10:20:30",
                "31 Jan 2026",
            )
        ],
    ),
    (
        "SELECT FORMAT(d, 'yyyy-MM-dd'), FORMAT(dt, 'dd/MM/yyyy HH:mm'), FORMAT(d, 'MMM yyyy') FROM prod.t "
        "WHERE id = 1",
        [("2026-01-31", "31/01/2026 10:20", "Jan 2026")],
    ),
    (
        "SELECT CAST(dt AS TIME), CAST(d AS DATETIME), CAST(0 AS DATETIME) FROM prod.t WHERE id = 1",
        [(time(10, 20, 30, 123000), moment("2026-01-31 00:00:00"), moment("1900-01-01 00:00:00"))],
    ),
    (
        "SELECT CAST(CONVERT(CHAR(8), dt, 112) AS DATETIME), CAST(day AS DATE) FROM prod.t "
        "JOIN (SELECT '20260630' AS day) AS q ON 1 = 1 WHERE id = 1",
        [(moment("2026-01-31 00:00:00"), date(2026, 6, 30))],
    ),
    # Queries.
    ("SELECT [n] FROM [prod].[k] WITH (NOLOCK, INDEX(ix)) WHERE n > 5 OPTION (MAXDOP 1, USE HINT('X'))", [(7,)]),
    ("SELECT n FROM prod.k (NOLOCK) WHERE n > 5", [(7,)]),
    # NULL is the smallest value on SQL Server, and the largest on the stand-in.
    ("SELECT TOP 2 n FROM prod.k ORDER BY n", [(None,), (1,)]),
    ("SELECT TOP (2) n FROM prod.k ORDER BY n DESC", [(7,), (5,)]),
    ("SELECT n FROM prod.k ORDER BY n OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY", [(1,), (5,)]),
    ("SELECT TOP (100) PERCENT n FROM prod.k WHERE n > 1 ORDER BY n", [(5,), (7,)]),
    ("SELECT id FROM prod.t WHERE EXISTS (SELECT TOP 1 1 FROM prod.k WHERE k.id = t.id AND n > 5)", [(1,)]),
    (
        "SELECT LAG(id) OVER (ORDER BY id), LEAD(id, 1, 0) OVER (ORDER BY id), LAST_VALUE(x) IGNORE NULLS "
        "OVER (ORDER BY id) FROM prod.t WHERE id > 1",
        [(None, 3, Decimal("-12.50")), (2, 0, Decimal("-12.50"))],
    ),
    (
        "SELECT DISTINCT PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY id DESC) OVER (), "
        "PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY id) OVER () FROM prod.t",
        [(2.5, 2)],
    ),
    (
        "SELECT id, SUM(n) AS n FROM prod.k GROUP BY id WITH ROLLUP ORDER BY GROUPING(id), id",
        [(1, 12), (2, None), (3, 1), (None, 13)],
    ),
    (
        "WITH c AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM c WHERE n < 3) SELECT n FROM c OPTION (MAXRECURSION 10)",
        [(1,), (2,), (3,)],
    ),
    ("SELECT total = SUM(n), [id] = id FROM prod.k WHERE id = 1 GROUP BY id", [(12, 1)]),
    ("SELECT s AS 'alias', n AS [limit], id AS \"end\" FROM prod.k WHERE n != 5 AND n <> 1", [("b", 7, 1)]),
    (
        "SELECT d FROM prod.t WHERE id = 1 UNION ALL SELECT dt FROM prod.t WHERE id = 2",
        [(moment("2026-01-31 00:00:00"),), (moment("2024-02-29 00:00:00"),)],
    ),
    (
        "SELECT t.id, q.n FROM prod.t CROSS APPLY (SELECT TOP 1 n FROM prod.k WHERE k.id = t.id ORDER BY n "
        "DESC) AS q WHERE t.id < 3",
        [(1, 7), (2, None)],
    ),
    (
        "SELECT t.id, q.n / 2 AS half FROM prod.t OUTER APPLY (SELECT SUM(n) AS n FROM prod.k WHERE k.id = t.id) AS q",
        [(1, 6), (2, None), (3, 0)],
    ),
    (
        "SELECT t.id, v.x / 3, w.y FROM prod.t CROSS APPLY (VALUES (t.id), (t.b)) AS v(x) CROSS APPLY "
        "(SELECT v.x * 2 AS y) AS w WHERE t.id = 1",
        [(1, 0, 2), (1, 3, 20)],
    ),
    ("/* first */ SELECT 1 AS n; -- last", [(1,)]),
]


@pytest.mark.parametrize(("tsql", "rows"), RIGHT, ids=[tsql[:60] for tsql, _ in RIGHT])
def test_it_means_what_it_means_on_sql_server(given, tsql, rows):
    assert given(tsql) == rows


def test_what_is_null_has_its_type_all_the_same():
    with filled_tables() as connection:
        tsql = "SELECT CAST(NULL AS VARCHAR(9)) AS a, CAST(NULL AS DATE) AS b, CONVERT(DECIMAL(9, 2), NULL) AS c"
        sql = stand_in_sql(tsql, table="t", columns=COLUMNS)
        assert [str(kind) for kind in connection.sql(sql).types] == ["VARCHAR", "DATE", "DECIMAL(9,2)"]


def test_a_sum_of_whole_numbers_has_the_type_and_so_the_limit_of_sql_server():
    with filled_tables() as connection:
        sql = stand_in_sql(
            "SELECT SUM(id) AS a, SUM(b) AS b, SUM(id) OVER () AS c FROM prod.t GROUP BY id", table="t", columns=COLUMNS
        )
        assert [str(kind) for kind in connection.sql(sql).types] == ["INTEGER", "BIGINT", "INTEGER"]


@pytest.mark.parametrize("tsql", [tsql for tsql, _ in RIGHT], ids=[tsql[:60] for tsql, _ in RIGHT])
def test_what_is_right_is_not_refused_without_types_either_unless_they_decide(tsql):
    without = [finding for finding in judge(tsql) if finding.verdict("duckdb") is Verdict.REFUSE]
    assert all(finding.rule.needs_types for finding in without)
