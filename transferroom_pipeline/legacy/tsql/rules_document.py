"""The rules about T-SQL as a document, written from their table."""

from collections.abc import Iterator
from pathlib import Path

import click

from sqlmesh_assets import markdown
from transferroom_pipeline.legacy.tsql.functions import FUNCTIONS
from transferroom_pipeline.legacy.tsql.rule import Rule
from transferroom_pipeline.legacy.tsql.rules.table import TOPICS
from transferroom_pipeline.legacy.tsql.verdicts import Verdict
from transferroom_pipeline.sources.file_writing import replacing

_INTRODUCTION = """\
# T-SQL on the stand-in

Written from the rules in `transferroom_pipeline/legacy/tsql/rules/` by `transferroom tsql-rules`; change them, not this
file.

A legacy table's T-SQL runs on the stand-in (DuckDB) as a translation. Each construct below is **refused** there,
because it would mean something else; accepted with a **warning**, because it is right under a condition that the
query does not show; or **right**, because it is translated with its meaning. The second verdict is about the text
that sqlglot writes for Databricks, for whoever starts a model from it. A construct or function that no rule knows is
refused by its name.

`transferroom tsql FILE...` lists what is found in files, with line and column. In Dagster the warnings are the
metadata `tsql_warnings` of the legacy table and of its comparison, and the check `tsql` (which blocks nothing).

A text may be one query, or a script around one: `USE`, `GO`, harmless `SET`s, `CREATE VIEW`, `SELECT ... INTO`,
`TRUNCATE TABLE` or `DELETE` with `INSERT ... SELECT`, and a procedure around one SELECT are taken apart.

The rules assume SQL Server's defaults: a `_CI_AS` collation, us_english, DATEFIRST 7, the ANSI settings on. Types of
columns come from the tables as they are stored; where a type is not known, the verdict is a warning, or, marked
*firm*, stays. What SQL Server stops at for some values (LEFT of a negative length, a text that is no number, a date
beyond the year 9999) stops the build on the stand-in as well. What no rule says: a number divided by zero is an error
on SQL Server and NULL or infinite on the stand-in; characters beyond U+FFFF count as two on SQL Server; sums of FLOATs
differ in their last digits with the order of rows; UPPER leaves `ß` alone on SQL Server; which of the rows that tie in
an ORDER BY come first (TOP, LAG, a frame of ROWS) is open on either side.
"""


def rules_document() -> str:
    """The rules as Markdown: one section per topic, one line per rule, and the functions that are known."""
    sections = ["\n".join(_section(topic, rules)) for topic, rules in TOPICS.items()]
    return "\n".join([_INTRODUCTION, *sections, "\n".join(_functions())])


@click.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("docs/tsql.md"),
    show_default=True,
    help="File the document is written to.",
)
def rules_command(out: Path) -> None:
    """Write the rules about T-SQL as a document."""
    with replacing(out) as unfinished:
        unfinished.write_text(rules_document(), encoding="utf-8", newline="\n")
    click.echo(f"wrote {out}")


def _section(topic: str, rules: tuple[Rule, ...]) -> Iterator[str]:
    yield f"## {topic}\n"
    yield markdown.table([_row(rule) for rule in rules])
    yield ""


def _row(rule: Rule) -> dict[str, str]:
    types = " (by the types)" if rule.needs_types else ""
    firm = ", *firm*" if rule.firm else ""
    return {
        "rule": f"`{rule.id}`",
        "construct": f"{rule.construct}{types}",
        "stand-in": f"{_word(rule.duckdb)}{firm}",
        "Databricks": _word(rule.databricks),
        "why": rule.why,
        "what to do": rule.instead,
    }


def _word(verdict: Verdict) -> str:
    return {Verdict.REFUSE: "refused", Verdict.WARN: "warning", Verdict.RIGHT: "right"}[verdict]


def _functions() -> Iterator[str]:
    yield "## Functions that are known\n"
    yield "They mean the same on the stand-in, where no rule above says otherwise:\n"
    yield (
        ", ".join(f"`{name}`" for name in sorted(FUNCTIONS))
        + ", and `CAST`, `CONVERT`, `TRIM`, `TRY_CAST`, `TRY_CONVERT`.\n"
    )
