"""T-SQL of the legacy platform on the stand-in: what is found in it, and the query that means the same."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from transferroom_pipeline.legacy.exceptions import LegacyError
from transferroom_pipeline.legacy.tsql.checking import finding_in_names, findings_in_query
from transferroom_pipeline.legacy.tsql.dialect import LegacyTSQL
from transferroom_pipeline.legacy.tsql.findings import Finding, of_verdict
from transferroom_pipeline.legacy.tsql.lexing import SourceText
from transferroom_pipeline.legacy.tsql.rules import scripts
from transferroom_pipeline.legacy.tsql.script import take_apart
from transferroom_pipeline.legacy.tsql.translation import translate
from transferroom_pipeline.legacy.tsql.types import Columns, Types
from transferroom_pipeline.legacy.tsql.verdicts import Engine, Verdict

_LONGEST_WORD = 40
_LEGACY_SCHEMA = "prod"
# What sqlglot raises on text that it does not expect, beside its own errors.
_PARSER_ERRORS = (SqlglotError, ValueError, AttributeError, TypeError, IndexError, KeyError, RecursionError)


@dataclass(frozen=True)
class Analysis:
    """What is known of a T-SQL text: its findings, and the query in it, None where none can be read."""

    findings: tuple[Finding, ...]
    query: exp.Expr | None
    types: Types | None
    columns: tuple[str, ...] = ()


def analyse(tsql: str, columns: Columns | None = None) -> Analysis:
    """Everything that is found in a T-SQL text.

    Args:
        tsql: A query, or a script around one, as it runs on SQL Server.
        columns: The SQL Server types of the columns of the tables it reads, by table and column. Of what is left out
            the rules assume nothing: they warn, or refuse.
    """
    text = tsql.replace("\ufeff", " ")
    script = take_apart(text)
    if script.query is None:
        return Analysis(script.findings, None, None)
    try:
        query = _parsed(script.query)
        types = Types(query, columns or {})
        source = SourceText(text)
        of_names = finding_in_names(query, script.columns, types, source)
        found = (*findings_in_query(query, types, source), *of_names)
    except _PARSER_ERRORS as error:
        is_refused = bool(of_verdict(script.findings, "duckdb", Verdict.REFUSE))
        unreadable = () if is_refused else (_unreadable(error),)
        return Analysis((*script.findings, *unreadable), None, None)
    ordered = sorted({*script.findings, *found}, key=lambda finding: (finding.line, finding.column, finding.rule.id))
    return Analysis(tuple(ordered), query, types, script.columns)


def judge(tsql: str, columns: Columns | None = None, *, engine: Engine = "duckdb") -> list[Finding]:
    """The refusals and warnings for an engine, in the order of the text."""
    found = analyse(tsql, columns).findings
    return [finding for finding in found if finding.verdict(engine) is not Verdict.RIGHT]


def stand_in_sql(tsql: str, *, table: str, columns: Columns | None = None) -> str:
    """The query of a T-SQL text as DuckDB SQL with the same meaning.

    Args:
        tsql: A query, or a script around one, as it runs on SQL Server.
        table: The legacy table it builds, for messages.
        columns: The SQL Server types of the columns of the tables it reads.

    Raises:
        LegacyError: It does not parse, or holds what does not keep its meaning; the message lists all that was found.
    """
    analysis = analyse(tsql, columns)
    refused = of_verdict(analysis.findings, "duckdb", Verdict.REFUSE)
    if refused or analysis.query is None or analysis.types is None:
        raise LegacyError(_message(table, refused))
    try:
        query = translate(analysis.query, analysis.types, analysis.columns)
        return query.sql(dialect="duckdb", identify=True, unsupported_level=sqlglot.ErrorLevel.RAISE, comments=False)
    except _PARSER_ERRORS as error:
        raise LegacyError(_message(table, [_unreadable(error)])) from error


def referenced_tables(tsql: str) -> set[str]:
    """The tables of schema `prod` that a T-SQL text reads.

    Raises:
        LegacyError: No query can be read in it.
    """
    analysis = analyse(tsql)
    if analysis.query is None:
        raise LegacyError(_message("of this text", analysis.findings))
    return {table.name for table in analysis.query.find_all(exp.Table) if table.db.lower() == _LEGACY_SCHEMA}


def _parsed(text: str) -> exp.Expr:
    [query] = [found for found in sqlglot.parse(text, dialect=LegacyTSQL) if found is not None]
    if not isinstance(query, exp.Query):
        raise SqlglotError("it is not a query")
    return query


def _unreadable(error: Exception) -> Finding:
    """A finding for a text that sqlglot cannot read, at the place that it names."""
    if isinstance(error, RecursionError):
        return Finding(scripts.TOO_DEEP, "expressions inside each other, or joined by operators", 1, 1)
    details = (getattr(error, "errors", None) or [{}])[0]
    near = " ".join(str(details.get("highlight") or "").split())[:_LONGEST_WORD]
    line, column = details.get("line") or 1, max((details.get("col") or 1) - len(near) + 1, 1)
    construct = f"a construct that is no T-SQL, near {near}" if near else "a construct that is no T-SQL"
    return Finding(scripts.UNREADABLE, construct, line, column)


def _message(table: str, refused: Sequence[Finding]) -> str:
    listed = "".join(f"\n  {finding}" for finding in refused)
    return f"the T-SQL of legacy table {table} cannot be carried to the stand-in:{listed}"
