"""T-SQL is carried to the stand-in with its meaning, or refused in one sentence."""

from datetime import date

import duckdb
import pytest

from transferroom_pipeline.legacy.exceptions import LegacyError
from transferroom_pipeline.legacy.tables import LEGACY_TABLES, Frames
from transferroom_pipeline.legacy.tsql import referenced_tables, stand_in_sql


@pytest.fixture(scope="module")
def stand_in():
    """Numbers 1, 2, 2, NULL with texts, and what a T-SQL query gives on them."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA prod")
        rows = "(1, 'a', DATE '2026-02-28'), (2, 'B', NULL), (2, NULL, DATE '2024-12-31'), (NULL, 'd ', NULL)"
        connection.execute(f"CREATE TABLE prod.t AS SELECT * FROM (VALUES {rows}) AS v(n, s, d)")
        yield lambda tsql: connection.sql(stand_in_sql(tsql, table="t")).fetchall()


@pytest.mark.parametrize(
    ("tsql", "rows"),
    [
        ("SELECT [n] FROM [prod].[t] WITH (NOLOCK) WHERE [s] = 'a'", [(1,)]),
        # NULL is the smallest value on SQL Server, and the largest on the stand-in.
        ("SELECT TOP 2 n, s FROM prod.t ORDER BY n, s", [(None, "d "), (1, "a")]),
        ("SELECT TOP (2) n, s FROM prod.t ORDER BY n DESC, s DESC", [(2, "B"), (2, None)]),
        ("SELECT n FROM prod.t ORDER BY n OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY", [(1,), (2,)]),
        ("SELECT s, ROW_NUMBER() OVER (ORDER BY n) AS p FROM prod.t WHERE n IS NULL OR n = 1", [("d ", 1), ("a", 2)]),
        ("SELECT ISNULL(s, 'none') AS s FROM prod.t WHERE n = 2 ORDER BY 1", [("B",), ("none",)]),
        ("SELECT IIF(n > 1, 'big', 'small') AS size FROM prod.t ORDER BY n, s",
         [("small",), ("small",), ("big",), ("big",)]),
        ("SELECT YEAR(d) AS y, MONTH(d) AS m FROM prod.t WHERE n = 1", [(2026, 2)]),
        ("SELECT CAST('2026-06-30' AS DATE) AS d, CAST('7' AS INT) AS n", [(date(2026, 6, 30), 7)]),
        ("SELECT CONCAT(s, '-', n) AS c FROM prod.t WHERE n IS NULL OR s IS NULL ORDER BY 1", [("-2",), ("d -",)]),
        ("SELECT CAST(1 AS FLOAT) / 3 AS q", [(1 / 3,)]),
        ("SELECT 1 / (CAST(3 AS FLOAT(53))) AS q", [(1 / 3,)]),
        ("SELECT AVG(CAST(n AS FLOAT)) AS mean FROM prod.t WHERE n IS NOT NULL", [(5 / 3,)]),
        ("SELECT CAST(0.1 AS FLOAT) AS f", [(0.1,)]),
        ("SELECT CAST('a long text' AS VARCHAR(MAX)) AS v, CAST(N'Š' AS NVARCHAR(MAX)) AS n", [("a long text", "Š")]),
        ("WITH big AS (SELECT n FROM prod.t WHERE n > 1) SELECT COUNT(*) AS n FROM big UNION ALL SELECT 0",
         [(2,), (0,)]),
        ("/* first */ SELECT 1 AS n; -- last", [(1,)]),
    ],
)  # fmt: skip
def test_faithful_constructs_mean_what_they_mean_on_sql_server(stand_in, tsql, rows):
    assert stand_in(tsql) == rows


@pytest.mark.parametrize(
    ("tsql", "construct"),
    [
        ("SELECT TOP 10 PERCENT n FROM t ORDER BY n", "TOP PERCENT or WITH TIES"),
        ("SELECT TOP 2 WITH TIES n FROM t ORDER BY n", "TOP PERCENT or WITH TIES"),
        ("SELECT CONVERT(DATE, s) AS d FROM t", "CONVERT"),
        ("SELECT TRY_CONVERT(INT, s) AS n FROM t", "CONVERT"),
        ("SELECT DATEDIFF(day, a, b) AS n FROM t", "DATEDIFF"),
        ("SELECT DATEPART(weekday, d) AS n FROM t", "DATEPART(weekday)"),
        ("SELECT DATEPART(dw, d) AS n FROM t", "DATEPART(weekday)"),
        ("SELECT a / b AS q FROM t", "division without a CAST to FLOAT"),
        ("SELECT a / 2.0 AS q FROM t", "division without a CAST to FLOAT"),
        # 5 / 3 is 1 on SQL Server, and 1.67 or, cast back, 2 on the stand-in.
        ("SELECT CAST(a AS INT) / b AS q FROM t", "division without a CAST to FLOAT"),
        ("SELECT CAST(a AS INT) / CAST(b AS INT) AS q FROM t", "division without a CAST to FLOAT"),
        ("SELECT CAST(a AS DECIMAL(18, 2)) / b AS q FROM t", "division without a CAST to FLOAT"),
        ("SELECT AVG(n) AS mean FROM t", "AVG without a CAST to FLOAT"),
        ("SELECT 'a' + s AS s FROM t", "+ on texts"),
        ("SELECT s + N'a' AS s FROM t", "+ on texts"),
        ("SELECT first + ' ' + last AS s FROM t", "+ on texts"),
        ("SELECT LEN(s) AS n FROM t", "LEN"),
        ("SELECT CAST(s AS VARCHAR(3)) AS s FROM t", "a text type that cuts off"),
        ("SELECT CAST(s AS NVARCHAR) AS s FROM t", "a text type that cuts off"),
        ("SELECT CAST(n AS DECIMAL) AS d FROM t", "DECIMAL without precision and scale"),
        ("SELECT CAST(n AS BIT) AS b FROM t", "type BIT"),
        ("SELECT CAST(n AS REAL) AS r FROM t", "REAL"),
        ("SELECT value FROM STRING_SPLIT('a,b', ',')", "STRING_SPLIT"),
        (
            "SELECT x.n FROM t CROSS APPLY (SELECT TOP 1 n FROM u WHERE u.k = t.k ORDER BY n) AS x",
            "CROSS APPLY or OUTER APPLY",
        ),
        (
            "SELECT x.n FROM t OUTER APPLY (SELECT TOP 1 n FROM u WHERE u.k = t.k ORDER BY n) AS x",
            "CROSS APPLY or OUTER APPLY",
        ),
        ("SELECT * FROM OPENJSON('[1]')", "OPENJSON"),
        ("SELECT n INTO #kept FROM t", "SELECT INTO"),
        ("SELECT n FROM #kept", "a temporary table"),
        ("SELECT n FROM t WHERE d > @since", "a variable"),
        ("SELECT n FROM (SELECT AVG(n) AS n FROM t) AS x", "AVG"),
    ],
)
def test_constructs_that_change_their_meaning_are_refused(tsql, construct):
    with pytest.raises(LegacyError) as refused:
        stand_in_sql(tsql, table="derived_x")
    message = str(refused.value)
    assert message.startswith(f"the T-SQL of legacy table derived_x uses {construct}")
    assert message.endswith(
        "which means something else on the stand-in: rewrite that part, or run this table on SQL Server"
    )


def test_variables_are_refused_also_when_sqlmesh_has_taken_over_their_sign(monkeypatch):
    monkeypatch.setenv("MAX_FORK_WORKERS", "1")
    import sqlmesh  # noqa: F401

    for tsql in ("SELECT n FROM t WHERE d > @since", "SELECT @@ROWCOUNT AS n"):
        with pytest.raises(LegacyError, match="uses a variable"):
            stand_in_sql(tsql, table="derived_x")


@pytest.mark.parametrize(
    ("tsql", "reason"),
    [
        ("", "holds 0 statements"),
        ("SELECT 1 AS a; SELECT 2 AS b", "holds 2 statements"),
        ("DECLARE @n INT = 1; SELECT @n AS n", "holds 2 statements"),
        ("DELETE FROM prod.t", "is not a SELECT"),
        ("MERGE INTO t USING u ON t.n = u.n WHEN MATCHED THEN UPDATE SET n = 1;", "is not a SELECT"),
        ("EXEC prod.rebuild", "is not a SELECT"),
        ("IF 1 = 1 SELECT 1 AS n", "is not a SELECT"),
        ("SELEC n FROM t", "cannot be read"),
        ("SELECT 'open", "cannot be read"),
    ],
)
def test_what_is_not_one_query_is_refused(tsql, reason):
    with pytest.raises(LegacyError, match=f"^the T-SQL of legacy table derived_x {reason}") as refused:
        stand_in_sql(tsql, table="derived_x")
    assert "\n" not in str(refused.value)


SQL_TABLES = [table for table in LEGACY_TABLES if not isinstance(table.build, Frames)]


@pytest.mark.parametrize("table", SQL_TABLES, ids=lambda table: table.name)
def test_declared_inputs_are_the_tables_that_the_sql_reads(table):
    assert set(table.inputs) == referenced_tables(table.build.tsql(date(2026, 6, 30)))
    assert len(table.inputs) == len(set(table.inputs))


def test_only_tables_of_prod_count_as_read():
    assert referenced_tables("SELECT a.n FROM [prod].[A b] AS a JOIN other.c ON 1 = 1 JOIN d ON 1 = 1") == {"A b"}
