"""Reports as files: a summary of all tables, and per table that is not proven its result and every difference."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from sqlglot import exp

from transferroom_pipeline.comparisons.differences import TEXTS
from transferroom_pipeline.comparisons.engine import Comparison
from transferroom_pipeline.comparisons.engines.duckdb_engine import first_line
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.history import KeptVerdict
from transferroom_pipeline.comparisons.queries import column
from transferroom_pipeline.comparisons.result import ComparisonResult, Verdict
from transferroom_pipeline.comparisons.spreadsheets import marked, marked_in_sql, unmarked
from transferroom_pipeline.comparisons.sql_text import DIALECT

SUMMARY_FILE = "summary.csv"


class ReportError(ComparisonError):
    """A report cannot be written."""


@dataclass(frozen=True)
class SummaryRow:
    """One table in `summary.csv`; the numbers are empty where the comparison could not be carried out.

    `rules` counts the columns that are not held to strict equality; by `compared_at`, in UTC, and `run_id` the rows of
    earlier runs are known.
    """

    table: str
    verdict: str
    reasons: str
    legacy: str = ""
    modern: str = ""
    legacy_rows: int | str = ""
    modern_rows: int | str = ""
    identical: int | str = ""
    different: int | str = ""
    only_legacy: int | str = ""
    only_modern: int | str = ""
    accepted: int | str = ""
    duplicate_key_legacy: int | str = ""
    duplicate_key_modern: int | str = ""
    differing_columns: str = ""
    snapshot_id: str = ""
    as_of: str = ""
    seconds: float | str = ""
    rules: int | str = ""
    compared_at: str = ""
    run_id: str = ""


def row_of_proof_or_result(result: ComparisonResult, proof: KeptVerdict | None, run_id: str) -> SummaryRow:
    """A table as a row of the summary: of the kept proof that still holds, or else of the comparison of a run."""
    if proof is None:
        return summary_row(result, run_id=run_id)
    return summary_row(result, run_id=proof.run_id, compared_at=proof.compared_at)


def summary_row(result: ComparisonResult, *, run_id: str = "", compared_at: datetime | None = None) -> SummaryRow:
    """A comparison as a row of the summary, by default one of just now."""
    rows = result.rows
    return SummaryRow(
        table=result.table,
        verdict=result.verdict.value,
        reasons=" ".join(result.reasons),
        legacy=result.legacy,
        modern=result.modern,
        legacy_rows=rows.legacy,
        modern_rows=rows.modern,
        identical=rows.identical,
        different=rows.different,
        only_legacy=rows.only_legacy,
        only_modern=rows.only_modern,
        accepted=rows.accepted,
        duplicate_key_legacy=rows.duplicate_key_legacy,
        duplicate_key_modern=rows.duplicate_key_modern,
        differing_columns=", ".join(column.name for column in result.differing_columns),
        snapshot_id=result.snapshot.id if result.snapshot else "",
        as_of=result.snapshot.as_of.isoformat() if result.snapshot else "",
        seconds=result.seconds,
        rules=result.rules,
        compared_at=_moment(compared_at),
        run_id=run_id,
    )


def error_row(table: str, message: str, *, run_id: str = "") -> SummaryRow:
    """A comparison that could not be carried out as a row of the summary."""
    return SummaryRow(table=table, verdict="error", reasons=message, compared_at=_moment(None), run_id=run_id)


def _moment(moment: datetime | None) -> str:
    return (moment or datetime.now(UTC)).isoformat(timespec="seconds")


def write_summary(directory: Path, rows: Sequence[SummaryRow], *, keep_other_tables: bool = False) -> Path:
    """Write `summary.csv`.

    Args:
        directory: Where; made when it is not there.
        rows: One per table.
        keep_other_tables: Leave the rows of tables that are not among these as an earlier call wrote them, for runs
            that compare one table at a time.

    Raises:
        ReportError: The summary that is there cannot be read.
        OSError: The summary cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / SUMMARY_FILE
    written = {row.table: {name: marked(str(value)) for name, value in asdict(row).items()} for row in rows}
    if keep_other_tables and path.exists():
        written = dict(sorted((_earlier_rows(path) | written).items()))
    write_whole(path, lambda temporary: _write_csv(temporary, list(written.values())))
    return path


def _earlier_rows(path: Path) -> dict[str, dict[str, str]]:
    """The rows of a summary by table.

    Raises:
        ReportError: The file is no summary any more, as when a spreadsheet saved it in a form of its own.
    """
    names = [field.name for field in fields(SummaryRow)]
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {
                unmarked(row["table"]): {name: row.get(name) or "" for name in names} for row in csv.DictReader(file)
            }
    except (UnicodeError, csv.Error, KeyError) as error:
        raise ReportError(f"{path} is no summary as it is written here: rename or delete it") from error


@dataclass
class Attempt:
    """Whether reports were written."""

    succeeded: bool = True


@contextmanager
def warned_of(tell: Callable[[str], object]) -> Iterator[Attempt]:
    """Write reports; one that cannot be written is told, and nothing else depends on it."""
    attempt = Attempt()
    try:
        yield attempt
    except OSError as error:
        attempt.succeeded = False
        tell(f"report {error.filename or ''} cannot be written: {error.strerror}; the verdict does not depend on it")
    except ReportError as error:
        attempt.succeeded = False
        tell(f"{error}; the verdict does not depend on it")


def write_table_reports(directory: Path, connection: duckdb.DuckDBPyConnection, comparison: Comparison) -> None:
    """Write `<table>.json` and `<table>_differences.csv`; the differences of an earlier run go when there are none.

    Args:
        directory: Where; made when it is not there.
        connection: The one that the comparison runs on, while it is open.
        comparison: What to report.

    Raises:
        ReportError: The differences cannot be written.
    """
    name = _file_name(comparison.result.table)
    result_file, differences_file = directory / f"{name}.json", directory / f"{name}_differences.csv"
    directory.mkdir(parents=True, exist_ok=True)
    if comparison.result.verdict is Verdict.PROVEN:
        differences_file.unlink(missing_ok=True)
    else:
        write_whole(differences_file, lambda temporary: _copy_differences(connection, comparison, temporary))
    json_text = comparison.result.to_json() + "\n"
    write_whole(result_file, lambda temporary: temporary.write_text(json_text, encoding="utf-8"))


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write to another name first: a file of the right name is always whole."""
    temporary = path.with_name(f".{path.name}.partial")
    try:
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def _write_csv(path: Path, rows: Sequence[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(SummaryRow)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _copy_differences(connection: duckdb.DuckDBPyConnection, comparison: Comparison, path: Path) -> None:
    """The engine streams the rows to the file, so that their number does not matter."""
    options = {"FORMAT": exp.var("CSV"), "HEADER": exp.true()}
    written = [
        exp.alias_(marked_in_sql(column(name)), name, quoted=True) if name in TEXTS else column(name)
        for name in comparison.differences.named_selects
    ]
    statement = exp.Copy(
        this=exp.select(*written).from_(comparison.differences.subquery("differences")).subquery(),
        kind=False,
        files=[exp.Literal.string(str(path))],
        params=[exp.CopyParameter(this=exp.var(name), expression=value) for name, value in options.items()],
    )
    try:
        connection.execute(statement.sql(dialect=DIALECT))
    except duckdb.Error as error:
        message = f"the differences of {comparison.result.table} cannot be written: {first_line(error)}"
        raise ReportError(message) from error


def _file_name(table: str) -> str:
    """The table's name without what a file's name cannot hold; no two tables share one."""
    return table.replace("%", "%25").replace("/", "%2F").replace("\\", "%5C").replace("\0", "%00")
