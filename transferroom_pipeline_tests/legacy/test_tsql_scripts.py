"""A script around one query is taken apart; what cannot be is refused by name."""

from datetime import date

import pytest

from transferroom_pipeline.legacy.exceptions import LegacyError
from transferroom_pipeline.legacy.tables import LEGACY_TABLES, Frames
from transferroom_pipeline.legacy.tsql import judge, referenced_tables, stand_in_sql
from transferroom_pipeline_tests.legacy.corpus import load_corpus
from transferroom_pipeline_tests.legacy.tsql_tables import COLUMNS

QUERY = "SELECT id FROM prod.k"
PLAIN = 'SELECT "id" FROM "prod"."k"'

TAKEN_APART = [
    f"\ufeff{QUERY}",
    f"USE [TransferRoom]\nGO\nSET ANSI_NULLS ON\nGO\nSET QUOTED_IDENTIFIER ON\nGO\n{QUERY}\nGO\n",
    f"SET NOCOUNT, XACT_ABORT ON; SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED; {QUERY}",
    f"SET DATEFIRST 7 SET LANGUAGE us_english SET ROWCOUNT 0 {QUERY}",
    f"-- a comment ; GO\n/* another /* nested */ SELECT 2 */ {QUERY} -- the end",
    f"CREATE VIEW prod.v WITH SCHEMABINDING AS {QUERY} WITH CHECK OPTION",
    f"CREATE OR ALTER VIEW prod.v AS\n{QUERY};",
    f"ALTER VIEW prod.v AS {QUERY}",
    "SELECT id INTO prod.x FROM prod.k",
    "DROP TABLE IF EXISTS prod.x SELECT id INTO prod.x FROM prod.k",
    "IF OBJECT_ID('prod.x', 'U') IS NOT NULL DROP TABLE prod.x;\nSELECT id INTO prod.x FROM prod.k",
    f"BEGIN TRAN TRUNCATE TABLE prod.x INSERT INTO prod.x {QUERY} COMMIT TRAN",
    f"DELETE FROM [prod].[x]; INSERT [prod].[x] {QUERY}",
    f"CREATE PROCEDURE prod.p AS BEGIN SET NOCOUNT ON; {QUERY}; RETURN 0 END",
    f"CREATE OR ALTER PROC prod.p WITH RECOMPILE, EXECUTE AS OWNER AS {QUERY}",
    f"PRINT 'building' {QUERY}\nGRANT SELECT ON prod.x TO reader",
    f"{QUERY} OPTION (MAXDOP 1, LABEL = 'x')",
    f"{QUERY}\nGO\nEXEC sys.sp_addextendedproperty @name=N'MS_Description', @value=N'Players'\nGO",
    "SELECT id INTO prod.x FROM prod.k; ALTER TABLE prod.x ADD CONSTRAINT PK_x PRIMARY KEY (id);",
    f"TRUNCATE TABLE prod.x; INSERT prod.x {QUERY}; UPDATE STATISTICS prod.x",
    f"CREATE CLUSTERED INDEX i ON prod.x (id)\nGO\n{QUERY}\nGO",
]


@pytest.mark.parametrize("script", TAKEN_APART)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_query_is_found(script, ending):
    assert stand_in_sql(script.replace("\n", ending), table="x") == PLAIN


def test_the_names_of_an_insert_or_a_view_are_those_of_the_columns():
    insert = (
        "TRUNCATE TABLE prod.x; INSERT INTO prod.x WITH (TABLOCK) ([player id], n) "
        "SELECT id, MAX(n) FROM prod.k GROUP BY id"
    )
    assert stand_in_sql(insert, table="x").endswith('GROUP BY "id") AS "named"("player id", "n")')
    view = "CREATE VIEW v (a) AS WITH c AS (SELECT id FROM prod.k) SELECT id FROM c UNION ALL SELECT 1"
    assert stand_in_sql(view, table="x").endswith('UNION ALL SELECT 1) AS "named"("a")')


def test_names_that_the_query_gives_already_change_nothing():
    assert stand_in_sql("CREATE VIEW v (ID) AS SELECT id FROM prod.k", table="x") == PLAIN


@pytest.mark.parametrize(
    ("names", "query", "construct"),
    [
        ("a", "SELECT id, n FROM prod.k", "1 names for 2 columns"),
        ("a, b, c", "SELECT * FROM prod.k AS k JOIN prod.e AS e ON e.id = k.id", "3 names for 5 columns"),
    ],
)
def test_names_that_do_not_fit_the_columns_are_refused(names, query, construct):
    with pytest.raises(LegacyError, match=construct):
        stand_in_sql(f"CREATE VIEW v ({names}) AS {query}", table="x", columns=COLUMNS)


def test_an_insert_has_a_warning_about_the_types_of_its_table():
    found = judge("TRUNCATE TABLE prod.x; INSERT INTO prod.x (a) SELECT id FROM prod.k", COLUMNS)
    assert [finding.rule.id for finding in found] == ["inserted_types"]


def test_the_name_of_an_argument_is_no_variable_but_its_value_may_be_one():
    script = "SELECT id FROM prod.k\nGO\nEXEC sys.sp_addextendedproperty @name = N'x', @value = @v"
    assert {finding.construct for finding in judge(script)} == {"the variable @v"}


@pytest.mark.parametrize("entry", [entry for entry in load_corpus() if entry.body], ids=lambda entry: entry.id)
def test_a_script_of_the_corpus_is_its_body(entry):
    of_script, of_body = (stand_in_sql(sql, table="x", columns=entry.columns) for sql in (entry.sql, entry.body))
    assert of_script == of_body


REFUSED = [
    ("", "no query"),
    (" \n-- only a comment", "no query"),
    ("GO\nGO", "no query"),
    ("DELETE FROM prod.t", "no query"),
    (f"{QUERY}; {QUERY}", "2 queries"),
    (f"{QUERY}\nGO\n{QUERY}", "2 queries"),
    (f"{QUERY}\nGO 5", "GO 5"),
    ("DECLARE @n INT = 1; SELECT @n AS n", "the variable @n"),
    ("SET @n = 1; SELECT id FROM prod.k", "the variable @n"),
    ("CREATE PROC p @since DATE AS SELECT id FROM prod.k", "the variable @since"),
    ("SELECT id INTO #t FROM prod.k; SELECT id FROM #t", "the temporary table #t"),
    ("SELECT id FROM ##shared", "the temporary table ##shared"),
    ("EXEC prod.rebuild", "EXEC prod.rebuild"),
    ("INSERT INTO prod.x EXEC prod.p", "INSERT ... EXEC"),
    ("EXEC ('SELECT 1')", "dynamic SQL"),
    ("EXECUTE sys.sp_executesql N'SELECT 1'", "dynamic SQL"),
    ("INSERT INTO prod.x VALUES (1)", "INSERT ... VALUES"),
    (f"DELETE FROM prod.x WHERE id > 3; INSERT INTO prod.x {QUERY}", "DELETE of some rows"),
    ("UPDATE prod.t SET id = 1", "UPDATE"),
    ("MERGE INTO t USING u ON t.n = u.n WHEN MATCHED THEN UPDATE SET n = 1;", "MERGE"),
    (f"IF 1 = 1 {QUERY}", "IF"),
    (f"WHILE 1 = 1 {QUERY}", "WHILE"),
    (f"BEGIN TRY {QUERY} END TRY BEGIN CATCH THROW END CATCH", "BEGIN TRY"),
    ("DECLARE c CURSOR FOR SELECT id FROM prod.k OPEN c", "a cursor"),
    ("CREATE FUNCTION f() RETURNS INT AS BEGIN RETURN 1 END", "CREATE FUNCTION"),
    ("CREATE TABLE x (a INT)", "CREATE TABLE"),
    ("CREATE TRIGGER x ON t AFTER INSERT AS SELECT 1", "CREATE TRIGGER"),
    (f"SET ANSI_NULLS OFF; {QUERY}", "SET ANSI_NULLS OFF"),
    (f"SET DATEFIRST 1 {QUERY}", "SET DATEFIRST 1"),
    (f"SET DATEFORMAT dmy {QUERY}", "SET DATEFORMAT DMY"),
    (f"SET ROWCOUNT 10 {QUERY}", "SET ROWCOUNT 10"),
    (f"SET TEXTSIZE 10 {QUERY}", "SET TEXTSIZE 10"),
    ("SELEC n FROM t", "SELEC, with which no statement begins"),
    ("prod.p", "prod, with which no statement begins"),
    ("SELECT \u2018a\u2019 AS x", "the character '\u2018' (U+2018)"),
    ("SELECT 'open", "a text that is not closed"),
    ("SELECT [open FROM t", "a name in [ ] that is not closed"),
    ("SELECT 1 AS a /* open", "a comment that is not closed"),
    ("SELECT (1 AS a", "a ( without its )"),
    ("SELECT 1) AS a", "a ) without its ("),
    ("SELECT FROM", "a construct that is no T-SQL, near FROM"),
    ("INSERT INTO prod.x SELECT FROM", "a construct that is no T-SQL, near FROM"),
    ("SELECT id,, n FROM prod.k", "a comma with nothing after it"),
    ("SELECT id, FROM prod.k", "a comma with nothing after it"),
    ("SELECT 'a\x00b' AS x", "a text or name that holds the character U+0000"),
    ("SELECT id FROM prod.k LIMIT 1", "a construct that is no T-SQL, near 1"),
    ("SELECT id FROM prod.k ORDER BY n NULLS LAST", "a construct that is no T-SQL, near LAST"),
    ("SELECT id::INT FROM prod.k", "a construct that is no T-SQL, near :"),
    ("SELECT id FROM prod.k WHERE id == 1", "a construct that is no T-SQL, near ="),
    ("SELECT DATE '2026-01-31' AS d", "a construct that is no T-SQL, near DATE"),
    ("SELECT id FROM 'players.csv'", "a construct that is no T-SQL, near 'players.csv'"),
    ("SELECT CONVERT(INT)", "a construct that is no T-SQL, near CONVERT"),
    ("SELECT CONVERT()", "a construct that is no T-SQL, near CONVERT"),
    ("ALTER TABLE prod.x ADD n INT", "ALTER TABLE"),
    ("SELECT a..b FROM c...d", "a construct that is no T-SQL, near ."),
    ("SELECT \x00 FROM t", "the character '\\x00' (U+0000)"),
    ("'" * 100_001, "a text that is not closed"),
    ("/*" * 20_000, "a comment that is not closed"),
]  # fmt: skip


@pytest.mark.parametrize(("script", "construct"), REFUSED, ids=[construct for _, construct in REFUSED])
def test_what_is_not_one_query_is_refused_by_name_with_its_place(script, construct):
    with pytest.raises(LegacyError) as error:
        stand_in_sql(script, table="derived_x")
    header, *listed = str(error.value).split("\n")
    assert header == "the T-SQL of legacy table derived_x cannot be carried to the stand-in:"
    assert any(f": {construct}: " in line for line in listed), listed
    assert all(line.startswith("  line ") and "; " in line for line in listed)


def test_places_are_those_of_the_text_as_written():
    script = (
        "USE x\r\nGO\r\n/* a\r\n b */ CREATE VIEW v AS\r\n"
        "  SELECT id,\r\n    GETDATE() AS now\r\n  FROM prod.k\r\nGO\r\n"
    )
    [found] = judge(script)
    assert (found.line, found.column, found.snippet) == (6, 5, "GETDATE")


def test_names_may_have_letters_of_every_script():
    assert (
        stand_in_sql("SELECT 名前 AS [größe] FROM prod.テーブル", table="x")
        == 'SELECT "名前" AS "größe" FROM "prod"."テーブル"'
    )


SQL_TABLES = [table for table in LEGACY_TABLES if not isinstance(table.build, Frames)]


@pytest.mark.parametrize("table", SQL_TABLES, ids=lambda table: table.name)
def test_declared_inputs_are_the_tables_that_the_sql_reads(table):
    assert set(table.inputs) == referenced_tables(table.build.tsql(date(2026, 6, 30)))
    assert len(table.inputs) == len(set(table.inputs))


def test_only_tables_of_prod_count_as_read():
    assert referenced_tables("SELECT a.n FROM [prod].[A b] AS a JOIN other.c ON 1 = 1 JOIN d ON 1 = 1") == {"A b"}


def test_of_what_cannot_be_read_no_tables_are_known():
    with pytest.raises(LegacyError, match="no query"):
        referenced_tables("-- nothing")
