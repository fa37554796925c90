"""The command `transferroom compare`."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import click
import duckdb
from click.core import ParameterSource
from sqlglot import exp

from transferroom_pipeline.comparisons.addresses import without_addresses
from transferroom_pipeline.comparisons.engine import DEFAULT_SAMPLES, Comparison, Effort, compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine, first_line
from transferroom_pipeline.comparisons.exceptions import ComparisonError, SpecError
from transferroom_pipeline.comparisons.flags import Options, attached_databases, database_file, table_spec
from transferroom_pipeline.comparisons.history import KeptVerdict, standing_proof
from transferroom_pipeline.comparisons.progress import TerminalProgress
from transferroom_pipeline.comparisons.reports import (
    SummaryRow,
    error_row,
    row_of_proof_or_result,
    summary_row,
    warned_of,
    write_summary,
    write_table_reports,
    write_whole,
)
from transferroom_pipeline.comparisons.result import ComparisonResult, Snapshot, Verdict
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.sql_text import DIALECT, parse_relation
from transferroom_pipeline.comparisons.terminal import summarise, unchanged
from transferroom_pipeline.exceptions import TransferRoomError
from transferroom_pipeline.interruptions import exit_code
from transferroom_pipeline.platforms.duckdb_database import connect

EXIT_ERROR = 2
_EXIT_CODES = {Verdict.PROVEN: 0, Verdict.DIFFERS: 1, Verdict.NOT_PROVEN: 3}
_WORST_FIRST = (
    EXIT_ERROR,
    *(_EXIT_CODES[verdict] for verdict in (Verdict.DIFFERS, Verdict.NOT_PROVEN, Verdict.PROVEN)),
)
_GOES_WITH_ALL = {"compare_all", "again", "samples", "json_file", "csv", "quiet"}
_STANDARD_OUTPUT = "-"


class ConfiguredTarget(Protocol):
    """What `--all` compares.

    Whoever mounts the command puts a function that makes one into the click context's `obj`. It is not called before
    `--all` is given, so that comparing two tables stays quick. What a person can put right the target raises as a
    TransferRoomError.
    """

    @property
    def results_dir(self) -> Path:
        """Where the reports go, unless `--csv` says otherwise."""

    @property
    def run_id(self) -> str:
        """The name under which all comparisons of one call are kept."""

    def sole_writer(self, tell: Callable[[str], None]) -> AbstractContextManager[None]:
        """Keeps other processes from working on the data meanwhile; `tell` is told whom there is to wait for."""

    def tables(self) -> Sequence[TableSpec]:
        """The tables to compare."""

    def connect(self, spec: TableSpec) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A connection that reaches both sides of a table."""

    def snapshot(self, connection: duckdb.DuckDBPyConnection, spec: TableSpec) -> Snapshot | None:
        """The state of the data on that connection that the comparison of a table is about."""

    def basis(self, connection: duckdb.DuckDBPyConnection, spec: TableSpec) -> str | None:
        """What the comparison's outcome depends on, as a digest; None where that is not known."""

    def after(self, connection: duckdb.DuckDBPyConnection, comparison: Comparison, basis: str | None) -> None:
        """Called with every comparison while its differences can be read, to keep it and do what follows from it."""

    def failed(self, table: str, error: str) -> object:
        """Called with every table whose comparison could not be carried out."""


@dataclass(frozen=True)
class _Outcome:
    """What became of one table: a result, new or of a proof that still holds, or the error that prevented one."""

    table: str
    result: ComparisonResult | None = None
    error: str | None = None
    proof: KeptVerdict | None = None

    @property
    def exit_code(self) -> int:
        return EXIT_ERROR if self.result is None else _EXIT_CODES[self.result.verdict]

    def to_dict(self) -> dict[str, Any]:
        if self.result is None:
            return {"table": self.table, "error": self.error}
        since = {} if self.proof is None else {"unchanged_since": self.proof.compared_at.isoformat()}
        return self.result.to_dict() | since


def _many(*names: str, metavar: str, text: str) -> Callable[[Any], Any]:
    return click.option(*names, multiple=True, metavar=metavar, help=text)


@click.command("compare")
@click.argument("legacy", required=False)
@click.argument("modern", required=False)
@click.option("--all", "compare_all", is_flag=True, help="Compare every table of the spec in the configured target.")
@click.option("--again", is_flag=True, help="With --all: compare also what was proven and has not changed since.")
@_many("--key", metavar="COL", text="Column that identifies a row.")
@click.option("--database", metavar="FILE", help="DuckDB file in which both tables lie.")
@_many(
    "--attach",
    metavar="ALIAS=FILE_OR_URL",
    text="Further DuckDB file or PostgreSQL server, read-only; its tables are ALIAS.schema.table.",
)
@click.option(
    "--spec",
    metavar="FILE",
    help="YAML file with the rules; needs --table. What an argument or a flag says goes before it.",
)
@click.option("--table", metavar="NAME", help="Entry of the spec, and the name in reports.")
@_many("--exclude", metavar="COL", text="Column, or pattern of columns, not to compare.")
@_many("--rename", metavar="OLD=NEW", text="Legacy column and its modern name.")
@click.option("--legacy-sql", metavar="FILE", help="File with a SELECT that gives the legacy rows, instead of LEGACY.")
@click.option("--modern-sql", metavar="FILE", help="The same instead of MODERN.")
@click.option("--where", metavar="SQL", help="Compare only the rows of either side for which this holds.")
@click.option("--legacy-where", metavar="SQL", help="The same for legacy rows only.")
@click.option("--modern-where", metavar="SQL", help="The same for modern rows only.")
@click.option("--row-tolerance", metavar="X", help="Share of rows that may be missing or different.")
@_many("--abs", "abs_", metavar="COL=X", text="Largest difference that counts as equal.")
@_many("--rel", metavar="COL=X", text="The same as a share of the larger number.")
@_many("--drift", metavar="COL=X", text="Largest difference of the sums, as a share of the larger.")
@_many("--within", metavar="COL=DURATION", text="Longest time apart that counts as equal, such as 1s.")
@_many(
    "--timezone",
    metavar="COL=ZONE",
    text="Zone of timestamps that name none; of each side as COL=LEGACY_ZONE,MODERN_ZONE.",
)
@_many("--trim", metavar="COL=MODE", text="Blanks to leave out of account: none, right, both.")
@_many("--ignore-case", metavar="COL", text="'A' is 'a': texts are compared in lower case, character by character.")
@_many("--ignore-blanks", metavar="COL", text="Leave out spaces, tabs, line ends and no-break spaces.")
@_many("--numeric", metavar="COL", text="Texts that are numbers, compared by value: '007' is 7.")
@_many("--null-equals", metavar="COL=VALUE", text="A value that stands for NULL, such as 1900-01-01.")
@_many("--null-equals-empty", metavar="COL", text="NULL is ''.")
@_many("--json-column", metavar="COL", text="Texts that are JSON, compared by content.")
@click.option("--multiset", is_flag=True, help="Keys may occur more than once; without a key, compare whole rows.")
@click.option("--allow-empty", is_flag=True, help="Two empty tables are proven equal.")
@click.option("--samples", type=click.IntRange(min=0), default=DEFAULT_SAMPLES, show_default=True, help="Rows to show.")
@click.option("--json", "json_file", metavar="FILE", help="Write the result as JSON; - is standard output.")
@click.option("--csv", metavar="DIR", help="Write summary.csv and the differences as CSV.")
@click.option("--differences", metavar="TABLE", help="Write every difference to a new table of --database.")
@click.option("--memory-limit", metavar="SIZE", help="Such as 1GB; beyond it, work spills to disk.")
@click.option("--quiet", is_flag=True, help="Print no summary.")
@click.pass_context
def compare_command(context: click.Context, /, **options: Any) -> None:
    """Compare LEGACY with MODERN row by row; both are [database.]schema.table.

    Exit code: 0 proven equal, 1 they differ, 2 an error, 3 nothing proven.
    """
    deed = "read"
    try:
        _require_places(options)
        outcomes = _outcomes(context, options)
        deed = "written"
        _write_outputs(outcomes, options)
    except KeyboardInterrupt:
        # click would exit with 1, which says that the tables differ.
        click.echo("Interrupted: nothing was proven.", err=True)
        context.exit(exit_code())
    except TransferRoomError as error:
        _fail(context, str(error))
    except OSError as error:
        _fail(context, f"{error.filename or 'a file'} cannot be {deed}: {error.strerror}")
    except click.ClickException:
        raise
    except Exception as error:
        _fail(context, f"{type(error).__name__}, which should not happen: {first_line(error)}")
    else:
        codes = {outcome.exit_code for outcome in outcomes}
        context.exit(next(code for code in _WORST_FIRST if code in codes))


def _require_places(options: Options) -> None:
    """See that what is to be written has somewhere to go, before any work is done."""
    if options["json_file"] == "":
        raise SpecError("--json: name a file, or - for standard output")
    directory = options["csv"]
    if directory is not None and (not directory or (Path(directory).exists() and not Path(directory).is_dir())):
        raise SpecError(f"--csv {directory}: this is no folder: name one, which is made if it is not there")


def _fail(context: click.Context, sentence: str) -> None:
    click.echo(f"Error: {without_addresses(sentence)}", err=True)
    context.exit(EXIT_ERROR)


def _outcomes(context: click.Context, options: Options) -> list[_Outcome]:
    if options["compare_all"]:
        return list(_compare_all(_configured_target(context), options))
    if options["again"]:
        raise SpecError("--again goes with --all: two tables that are named are always compared")
    return [_compare_one(options)]


def _compare_one(options: Options) -> _Outcome:
    spec, effort = table_spec(options), Effort(samples=options["samples"])
    with (
        _opened(options) as connection,
        _shown_progress(options) as progress,
        compare(_followed(connection, progress), spec, effort=effort, progress=progress) as comparison,
    ):
        if options["csv"]:
            write_table_reports(Path(options["csv"]), connection, comparison)
        if options["differences"]:
            _write_differences(connection, comparison, options["differences"])
        return _Outcome(spec.table, comparison.result)


@contextmanager
def _opened(options: Options) -> Iterator[duckdb.DuckDBPyConnection]:
    """The database and the attached ones, read-only unless differences are to be written."""
    database = database_file("--database", options["database"]) if options["database"] else None
    attached = attached_databases(options["attach"])
    if database is None and (options["differences"] or not attached):
        raise SpecError("say with --database FILE in which DuckDB file the tables lie")
    if database is not None and not database.is_file():
        raise SpecError(f"database {database} is not a file that exists: check the path")
    read_only = database is not None and not options["differences"]
    with connect(database, read_only=read_only, attach=attached, memory_limit=options["memory_limit"]) as connection:
        yield connection


@contextmanager
def _shown_progress(options: Options) -> Iterator[TerminalProgress]:
    """Progress on a terminal, unless nothing is to be printed."""
    with TerminalProgress(wanted=not options["quiet"]) as progress:
        yield progress


def _followed(connection: duckdb.DuckDBPyConnection, progress: TerminalProgress) -> DuckDBEngine:
    """An engine whose progress is shown."""
    engine = DuckDBEngine(connection)
    progress.follow(engine.share_done)
    return engine


def _write_differences(connection: duckdb.DuckDBPyConnection, comparison: Comparison, table: str) -> None:
    """Into a table that is not there yet, so that no table of a person's is ever overwritten."""
    create = exp.Create(this=parse_relation(table), kind="TABLE", expression=comparison.differences)
    try:
        connection.execute(create.sql(dialect=DIALECT))
    except duckdb.Error as error:
        raise ComparisonError(f"differences cannot be written to {table}: {first_line(error)}") from error


def _configured_target(context: click.Context) -> ConfiguredTarget:
    alien = sorted(
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name not in _GOES_WITH_ALL
        and context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    )
    if alien:
        raise SpecError(f"--all takes tables and rules from the spec of the configured target: leave out {alien[0]}")
    if not callable(context.obj):
        raise SpecError("--all needs a configured target: run it as `transferroom compare --all`")
    target: ConfiguredTarget = context.obj()
    return target


def _compare_all(target: ConfiguredTarget, options: Options) -> Iterator[_Outcome]:
    specs = target.tables()
    if not specs:
        raise SpecError("the configured target has no table to compare")
    with target.sole_writer(partial(click.echo, err=True)):
        outcomes = [_compare_in(target, spec, options) for spec in specs]
    rows = [_summary_row(outcome, target.run_id) for outcome in outcomes]
    with _reporting(options):
        write_summary(_directory(target, options), rows)
    yield from outcomes


def _summary_row(outcome: _Outcome, run_id: str) -> SummaryRow:
    if outcome.result is None:
        return error_row(outcome.table, outcome.error or "", run_id=run_id)
    return row_of_proof_or_result(outcome.result, outcome.proof, run_id)


def _reporting(options: Options) -> AbstractContextManager[object]:
    """Reports that nobody has asked for do not make a comparison fail."""
    return nullcontext() if options["csv"] else warned_of(partial(click.echo, err=True))


def _directory(target: ConfiguredTarget, options: Options) -> Path:
    return Path(options["csv"]) if options["csv"] else target.results_dir


def _compare_in(target: ConfiguredTarget, spec: TableSpec, options: Options) -> _Outcome:
    """One table of several: its error must not hide the others."""
    try:
        with target.connect(spec) as connection:
            return _proven_or_compared(target, connection, spec, options)
    except (TransferRoomError, duckdb.Error, OSError) as error:
        sentence = first_line(error)
        target.failed(spec.table, sentence)
        return _Outcome(spec.table, error=sentence)


def _proven_or_compared(
    target: ConfiguredTarget, connection: duckdb.DuckDBPyConnection, spec: TableSpec, options: Options
) -> _Outcome:
    basis, snapshot = target.basis(connection, spec), target.snapshot(connection, spec)
    standing = None if options["again"] else standing_proof(connection, spec.table, basis, snapshot)
    if standing is not None:
        return _Outcome(spec.table, standing.result, proof=standing.kept)
    with (
        _shown_progress(options) as progress,
        compare(
            _followed(connection, progress),
            spec,
            snapshot=snapshot,
            effort=Effort(samples=options["samples"]),
            progress=progress,
        ) as comparison,
    ):
        target.after(connection, comparison, basis)
        with _reporting(options):
            write_table_reports(_directory(target, options), connection, comparison)
        return _Outcome(spec.table, comparison.result)


def _write_outputs(outcomes: Sequence[_Outcome], options: Options) -> None:
    if options["csv"] and not options["compare_all"]:
        results = [outcome.result for outcome in outcomes if outcome.result]
        write_summary(Path(options["csv"]), [summary_row(result) for result in results])
    for outcome in outcomes:
        if outcome.result is None:
            click.echo(f"Error: {outcome.error}", err=True)
        elif not options["quiet"]:
            click.echo(_told(outcome.result, outcome.proof), err=options["json_file"] == _STANDARD_OUTPUT)
    if options["json_file"]:
        _write_json(outcomes, options)


def _told(result: ComparisonResult, proof: KeptVerdict | None) -> str:
    if proof is None:
        return summarise(result)
    return f"{summarise(result)}  {unchanged(proof)}; --again compares all the same.\n"


def _write_json(outcomes: Sequence[_Outcome], options: Options) -> None:
    found = [outcome.to_dict() for outcome in outcomes]
    text = json.dumps(found if options["compare_all"] else found[0], ensure_ascii=False, indent=2, allow_nan=False)
    if options["json_file"] == _STANDARD_OUTPUT:
        click.echo(text)
    else:
        write_whole(Path(options["json_file"]), lambda file: file.write_text(text + "\n", encoding="utf-8"))
