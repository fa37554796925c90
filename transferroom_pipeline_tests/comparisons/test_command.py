"""The command, its exit codes and what it prints where."""

import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from transferroom_pipeline.comparisons.basis import basis
from transferroom_pipeline.comparisons.command import compare_command
from transferroom_pipeline.comparisons.engine import Comparison
from transferroom_pipeline.comparisons.history import keep, latest_verdict
from transferroom_pipeline.comparisons.result import Snapshot
from transferroom_pipeline.comparisons.spec import Spec, TableEntry, TableSpec
from transferroom_pipeline.platforms.checksum import content_version
from transferroom_pipeline.platforms.duckdb_database import connect


@pytest.fixture
def database(tmp_path) -> Path:
    """Tables a, b and c: b is a with one change of 0.25 and one of a letter's case; e and e2 are empty."""
    file = tmp_path / "tables.duckdb"
    with connect(file) as connection:
        connection.execute("CREATE TABLE a AS SELECT range AS id, 'n' || range AS name, 1.00 AS fee FROM range(1000)")
        connection.execute(
            "CREATE TABLE b AS SELECT * FROM a WHERE id > 1 UNION ALL VALUES (0, 'N0', 1.00), (1, 'n1', 1.25)"
        )
        connection.execute("CREATE TABLE c AS FROM a; CREATE TABLE e AS FROM a WHERE FALSE; CREATE TABLE e2 AS FROM e")
    return file


@pytest.fixture
def run(database):
    """Runs the command on the database."""

    def invoke(*arguments: str, obj: object = None, database: Path | None = database) -> Result:
        where = ["--database", str(database)] if database else []
        return CliRunner().invoke(compare_command, [*arguments, *where], obj=obj)

    return invoke


def test_each_verdict_has_its_exit_code(run):
    assert run("main.a", "main.c", "--key", "id").exit_code == 0
    assert run("main.a", "main.b", "--key", "id").exit_code == 1
    assert run("main.e", "main.e2", "--key", "id").exit_code == 3
    assert run("main.e", "main.e2", "--key", "id", "--allow-empty").exit_code == 0


def test_flags_are_the_rules_of_the_spec(run):
    outcome = run("main.a", "main.b", "--key", "id", "--abs", "fee=0.25", "--ignore-case", "name")

    assert (outcome.exit_code, outcome.output.splitlines()[0]) == (0, "b: PROVEN under 2 rules (main.a versus main.b)")
    assert (
        run("main.a", "main.b", "--key", "id", "--exclude", "fee", "--exclude", "n*e", "--exclude", "x*").exit_code == 3
    )
    assert run("main.a", "main.b", "--key", "id", "--where", "id > 1").exit_code == 0
    assert run("main.a", "main.b", "--key", "id", "--row-tolerance", "0.002").exit_code == 0
    assert run("main.a", "main.c", "--multiset").exit_code == 0


def test_rules_for_texts_and_sentinels_have_flags(run, database):
    with connect(database) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS id, '007' AS n, 'a b' AS s, DATE '1900-01-01' AS d")
        connection.execute("CREATE TABLE u AS SELECT 1 AS id, 7 AS n, 'ab' AS s, NULL::DATE AS d")
    flags = ["--numeric", "n", "--ignore-blanks", "s", "--null-equals", "d=1900-01-01"]

    assert run("main.t", "main.u", "--key", "id").exit_code == 1
    assert run("main.t", "main.u", "--key", "id", *flags).exit_code == 0


def test_each_side_may_have_a_zone(run, database):
    with connect(database) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS id, TIMESTAMP '2026-07-01 10:00:00' AS at")
        connection.execute("CREATE TABLE u AS SELECT 1 AS id, TIMESTAMP '2026-07-01 08:00:00' AS at")

    assert run("main.t", "main.u", "--key", "id", "--timezone", "at=Europe/Berlin").exit_code == 1
    assert run("main.t", "main.u", "--key", "id", "--timezone", "at=Europe/Berlin,UTC").exit_code == 0


def test_each_side_may_be_a_query_in_a_file(run, tmp_path):
    for name, table in (("old", "a"), ("new", "c"), ("changed", "b")):
        (tmp_path / f"{name}.sql").write_text(f"SELECT id, upper(name) AS name, fee FROM main.{table} -- all\n;")
    old, new, changed = (str(tmp_path / f"{name}.sql") for name in ("old", "new", "changed"))

    assert run("--legacy-sql", old, "--modern-sql", new, "--key", "id").exit_code == 0
    outcome = run("--legacy-sql", old, "--modern-sql", changed, "--key", "id", "--json", "-")
    assert (outcome.exit_code, json.loads(outcome.stdout)["legacy"]) == (1, old)
    assert json.loads(outcome.stdout)["rows"]["different"] == 1
    assert run("--legacy-sql", old, "main.c", "--key", "id", "--ignore-case", "name").exit_code == 0
    assert run("main.c", "--modern-sql", new, "--key", "id", "--ignore-case", "name").exit_code == 0


def test_each_side_may_have_a_condition_of_its_own(run):
    legacy, modern = ["--legacy-where", "id > 1"], ["--modern-where", "id > 1"]

    assert run("main.a", "main.b", "--key", "id", *legacy, *modern).exit_code == 0
    assert run("main.a", "main.b", "--key", "id", *legacy).exit_code == 1
    assert run("main.a", "main.a", "--key", "id", *legacy).exit_code == 1
    assert (
        run("main.a", "main.a", "--key", "id", "--legacy-where", "id < 9", "--modern-where", "id <= 8").exit_code == 0
    )


def test_one_relation_under_two_names_is_an_error(run, database):
    with connect(database) as connection:
        connection.execute(
            "CREATE VIEW shown AS SELECT * FROM main.a; CREATE VIEW a_part AS SELECT * FROM a WHERE id > 1"
        )
        connection.execute("CREATE VIEW shown_again AS FROM shown")

    for other in ("main.a", "A", "tables.main.a", "main.shown", "shown_again", "twice.main.a"):
        outcome = run("main.a", other, "--key", "id", "--attach", f"twice={database}")
        assert (outcome.exit_code, "both sides are the same rows" in outcome.stderr) == (2, True), other
    assert run("main.a", "main.a_part", "--key", "id", "--where", "id > 1").exit_code == 0


def test_json_on_standard_output_is_alone_there(run):
    outcome = run("main.a", "main.b", "--key", "id", "--json", "-")

    assert json.loads(outcome.stdout)["verdict"] == "differs"
    assert "DIFFERS" in outcome.stderr


def test_quiet_prints_nothing(run):
    outcome = run("main.a", "main.b", "--key", "id", "--quiet")

    assert (outcome.exit_code, outcome.output) == (1, "")


def test_results_are_written_to_files_and_a_new_table(run, tmp_path, database):
    out = tmp_path / "out"
    out.mkdir()

    outcome = run(
        "main.a", "main.b", "--key", "id", "--json", f"{out}/r.json", "--csv", str(out), "--differences", "found"
    )

    assert outcome.exit_code == 1
    assert sorted(path.name for path in out.iterdir()) == ["b.json", "b_differences.csv", "r.json", "summary.csv"]
    with connect(database, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM found").fetchone() == (2,)


def test_a_table_of_a_person_s_is_never_overwritten(run):
    outcome = run("main.a", "main.b", "--key", "id", "--differences", "main.c")

    assert outcome.exit_code == 2
    assert "already exists" in outcome.stderr


def test_a_spec_and_flags_go_together_and_flags_win(run, tmp_path):
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        "tables: {x: {legacy: main.a, modern: main.b, key: [id], "
        "columns: {fee: {abs: 0.1}, name: {case: insensitive}}}}",
        encoding="utf-8",
    )

    assert run("--spec", str(spec), "--table", "x").exit_code == 1
    assert run("--spec", str(spec), "--table", "x", "--abs", "fee=0.25").exit_code == 0
    assert run("main.a", "main.c", "--spec", str(spec), "--table", "x", "--ignore-case", "name").exit_code == 0


def test_two_files_are_compared_without_a_database_of_their_own(run, tmp_path, database):
    with connect(tmp_path / "other.duckdb") as connection:
        connection.execute("CREATE TABLE c AS SELECT range AS id, 'n' || range AS name, 1.00 AS fee FROM range(1000)")

    attached = ("--attach", f"old={database}", "--attach", f"new={tmp_path / 'other.duckdb'}")
    assert run("old.main.a", "new.main.c", "--key", "id", *attached, database=None).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("main.a", "main.nothing", "--key", "id"), 'table nothing: "main"."nothing" cannot be read: Catalog Error'),
        (("main.a", "main.b"), "table b has no key"),
        (("main.a", "main.b", "--key", "nope"), "key column nope"),
        (("main.a",), "name two tables"),
        ((), "name two tables"),
        (("main.a", "main.b", "--key", "id", "--where", "fee ="), "is not SQL"),
        (("main.a", "main.b", "--key", "id", "--where", "nope = 1"), "nope"),
        (("main.a", "main.b", "--key", "id", "--exclude", "nope"), "column nope, which neither table has"),
        (("main.a", "main.b", "--key", "id", "--abs", "fee"), "--abs fee: write COL=VALUE"),
        (
            ("main.a", "main.b", "--key", "id", "--abs", "fee=much"),
            "--abs fee=much, field abs: it should be a valid decimal",
        ),
        (("main.a", "main.b", "--key", "id", "--within", "fee=soon"), "'soon' is not a duration"),
        (("main.a", "main.b", "--key", "id", "--rename", "x"), "--rename x: write OLD=NEW"),
        (
            ("main.a", "main.b", "--key", "id", "--row-tolerance", "x"),
            "field row_tolerance: it should be a valid decimal",
        ),
        (("main.a", "main.b", "--key", "id", "--json-column", "fee"), "column fee: types DECIMAL(3,2)"),
        (("main.a", "main.b", "--key", "id", "--memory-limit", "much"), "memory limit 'much' is not a size"),
        (("main.a", "main.b", "--key", "id", "--spec", "none.yaml", "--table", "x"), "spec none.yaml cannot be read"),
        (
            ("main.a", "main.b", "--key", "id", "--json", "/no/such/folder/file"),
            "/no/such/folder/file cannot be written",
        ),
        (("--all", "--key", "id"), "leave out --database"),
        (("main.a", "main.b", "--key", "id", "--table", ""), "--table: the name is empty"),
        (("main.a", "main.b", "--key", "id", "--abs", "fee=1e400"), "--abs fee=1e400, field abs: 1E+400 is too large"),
        (("main.a", "main.b", "--key", "id", "--where", ""), "field where.legacy: predicate '' is not one condition"),
        (("main.a", "main.b", "--key", "id", "--where", "id=1", "--legacy-where", "id=2"), "--where is for both sides"),
        (
            ("main.a", "main.b", "--key", "id", "--rename", "fee=x", "--rename", "fee=y"),
            "--rename fee=y: fee is renamed to x already",
        ),
        (("main.a", "main.b", "--key", "id", "--json", ""), "--json: name a file"),
        (("main.a", "main.b", "--key", "id", "--csv", __file__), "this is no folder"),
        (("main.a", "main.b", "--key", "id", "--csv", ""), "this is no folder"),
        (("main.a", "main.b", "--key", "id", "--null-equals", "fee="), "--null-equals fee=: write COL=VALUE"),
        (("main.a", "main.b", "--key", "id", "--null-equals", "fee=x"), "column fee: null_equals has 'x'"),
        (("main.a", "main.b", "--key", "id", "--numeric", "fee"), "column fee: numeric applies to texts"),
        (("main.a", "main.b", "--key", "id", "--timezone", "fee=Mars"), "--timezone fee=Mars, field timezone: 'Mars'"),
        (("main.a", "main.b", "--key", "id", "--timezone", "fee=UTC,Mars"), "field timezone.modern: 'Mars'"),
        (("main.b", "--legacy-sql", "none.sql", "--key", "id"), "field legacy_sql: none.sql cannot be read"),
        (("main.a", "main.b", "--legacy-sql", "q.sql", "--key", "id"), "legacy and legacy_sql both say"),
    ],
)
def test_what_a_person_can_put_right_is_one_sentence_and_exit_code_2(run, arguments, said):
    outcome = run(*arguments)

    assert outcome.exit_code == 2
    assert outcome.stderr.count("\n") == 1
    assert said in outcome.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--database", "postgresql://me:secret@host/db"),
        ("--database", "md:secret"),
        ("--attach", "pg=postgresql://me:secret@127.0.0.1:9/db"),
        ("--attach", "postgresql://me:secret@host/db?a=b"),
        ("--attach", "pg=host=h password=secret"),
        ("--attach", "pg= host=h password = secret"),
        ("--attach", "host=h user=me password=secret"),
        ("--attach", "pg=postgresql://me:sec'secret@127.0.0.1:9/db"),
    ],
)
def test_an_address_that_cannot_be_used_is_never_shown(run, arguments):
    outcome = run("main.a", "main.b", "--key", "id", *arguments, database=None)

    assert outcome.exit_code == 2
    assert outcome.stderr.startswith("Error: ")
    assert outcome.stderr.count("\n") == 1
    assert "secret" not in outcome.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("postgresql://me:secret@host/db", "main.b", "--key", "id"),
        ("main.a", "postgresql://me:secret@host/db", "--key", "id"),
        ("main.a", "host=h password=secret", "--key", "id"),
        ("postgres:password=secret", "main.a", "--key", "id"),
        ("main.a", "main.b", "--key", "postgresql://me:secret@host/db"),
        ("main.a", "main.b", "--key", "id", "--json", "postgresql://me:secret@host/db"),
        ("--spec", "postgresql://me:secret@host/db", "--table", "t"),
    ],
)
def test_an_address_in_the_place_of_something_else_is_not_shown(run, arguments):
    outcome = run(*arguments)

    assert outcome.exit_code == 2
    assert "secret" not in outcome.output
    assert "should not happen" not in outcome.output


def test_a_table_that_is_called_like_a_variable_of_the_code_is_missing_all_the_same(run):
    for name in ("connection", "duckdb", "self", "pa"):
        outcome = run(name, "main.a", "--key", "id")
        assert (outcome.exit_code, "does not exist" in outcome.stderr) == (2, True), outcome.stderr


@pytest.mark.parametrize("alias", ["tables", "main", "temp", "system"])
def test_an_alias_that_is_taken_is_one_sentence(run, tmp_path, alias):
    with connect(tmp_path / "other.duckdb"):
        pass
    outcome = run("main.a", "main.b", "--key", "id", "--attach", f"{alias}={tmp_path / 'other.duckdb'}")

    assert outcome.exit_code == 2
    assert "cannot be attached under a name that is taken: choose another alias" in outcome.stderr


def test_two_databases_cannot_have_one_alias(run, tmp_path):
    outcome = run("main.a", "main.b", "--key", "id", "--attach", "x=one.duckdb", "--attach", "x=two.duckdb")

    assert (outcome.exit_code, "--attach x: two databases cannot have one alias" in outcome.stderr) == (2, True)


def test_a_file_that_is_missing_or_no_database_is_one_sentence(run, tmp_path):
    (tmp_path / "text.duckdb").write_text("x" * 5000, encoding="utf-8")

    missing = run("a", "b", "--key", "id", "--differences", "d", database=tmp_path / "none.duckdb")
    text = run("a", "b", "--key", "id", database=tmp_path / "text.duckdb")
    none = run("a", "b", "--key", "id", database=None)

    assert [(outcome.exit_code, outcome.stderr.count("\n")) for outcome in (missing, text, none)] == [(2, 1)] * 3
    assert not (tmp_path / "none.duckdb").exists()


class Target:
    """A configured target over one file."""

    def __init__(self, file: Path, tables: Sequence[TableSpec]):
        self._file, self._tables = file, tables
        self.failures: list[tuple[str, str]] = []

    @property
    def results_dir(self) -> Path:
        return self._file.parent / "results"

    @property
    def run_id(self) -> str:
        return "command"

    def sole_writer(self, tell: Callable[[str], None]) -> AbstractContextManager[None]:
        return nullcontext()

    def tables(self) -> Sequence[TableSpec]:
        return self._tables

    @contextmanager
    def connect(self, spec: TableSpec) -> Iterator[duckdb.DuckDBPyConnection]:
        with connect(self._file) as connection:
            yield connection

    def snapshot(self, connection: duckdb.DuckDBPyConnection, spec: TableSpec) -> Snapshot | None:
        return None

    def basis(self, connection: duckdb.DuckDBPyConnection, spec: TableSpec) -> str | None:
        try:
            versions = {table.name: content_version(connection, table) for table in spec.tables_read()}
        except duckdb.CatalogException:
            return None
        return basis(spec, versions, date(2026, 6, 30))

    def after(self, connection: duckdb.DuckDBPyConnection, comparison: Comparison, basis: str | None) -> None:
        keep(connection, comparison, run_id=self.run_id, basis=basis)

    def failed(self, table: str, error: str) -> None:
        self.failures.append((table, error))


def _specs(**modern: str) -> list[TableSpec]:
    entry = {name: TableEntry(legacy="main.a", modern=f"main.{table}", key=("id",)) for name, table in modern.items()}
    return [Spec(tables=entry).for_table(name) for name in modern]


@pytest.mark.parametrize(
    ("tables", "code"),
    [
        ({"same": "c"}, 0),
        ({"same": "c", "changed": "b"}, 1),
        ({"same": "c", "changed": "b", "missing": "nothing"}, 2),
    ],
)
def test_all_tables_are_compared_and_the_worst_outcome_counts(run, database, tables, code):
    outcome = run("--all", "--quiet", obj=lambda: Target(database, _specs(**tables)), database=None)

    assert outcome.exit_code == code
    with (database.parent / "results" / "summary.csv").open(encoding="utf-8") as file:
        assert [row["table"] for row in csv.DictReader(file)] == list(tables)


def test_what_was_proven_and_has_not_changed_since_is_compared_again_only_when_asked(run, database):
    def compare_all(*flags: str) -> tuple[Result, str]:
        outcome = run("--all", *flags, obj=lambda: Target(database, _specs(same="c")), database=None)
        with connect(database, read_only=True) as connection:
            return outcome, str(latest_verdict(connection, "same").compared_at)

    first, proven_at = compare_all()
    second, still = compare_all()
    assert (second.exit_code, still) == (0, proven_at)
    assert "Unchanged since" not in first.output
    assert f"Unchanged since {proven_at[:19]}+00:00, when run command proved it; --again" in second.output
    listed, _ = compare_all("--json", "-", "--quiet")
    assert json.loads(listed.stdout)[0]["unchanged_since"][:19] == proven_at[:19].replace(" ", "T")
    again, later = compare_all("--again")
    assert (again.exit_code, later > proven_at) == (0, True)
    with connect(database) as connection:
        connection.execute("UPDATE c SET name = 'changed by hand' WHERE id = 1")
    differs, _ = compare_all()
    assert differs.exit_code == 1
    assert run("main.a", "main.b", "--again").exit_code == 2


def test_one_table_s_error_never_hides_the_others(run, database):
    target = Target(database, _specs(missing="nothing", same="c", changed="b"))

    outcome = run("--all", "--json", "-", obj=lambda: target, database=None)

    found = json.loads(outcome.stdout)
    assert [table.get("verdict", "error") for table in found] == ["error", "proven", "differs"]
    assert [table for table, _ in target.failures] == ["missing"]
    with connect(database, read_only=True) as connection:
        assert latest_verdict(connection, "same").verdict == "proven"
        assert latest_verdict(connection, "changed").verdict == "differs"


def test_nothing_proven_outweighs_proven_but_not_a_difference(run, database):
    empty = Spec(tables={"e": TableEntry(legacy="main.e", modern="main.e2", key=("id",))}).for_table("e")

    assert run("--all", obj=lambda: Target(database, [*_specs(same="c"), empty]), database=None).exit_code == 3
    assert run("--all", obj=lambda: Target(database, [*_specs(changed="b"), empty]), database=None).exit_code == 1


def test_all_without_a_target_or_tables_is_an_error(run, database):
    assert run("--all", database=None).exit_code == 2
    assert run("--all", obj=lambda: Target(database, []), database=None).exit_code == 2


PROGRAM = """
import sys
from transferroom_pipeline.comparisons.command import compare_command
try:
    compare_command()
finally:
    heavy = {"dagster", "sqlmesh", "dlt", "polars", "pandas", "numpy", "pyarrow", "rich"} & set(sys.modules)
    assert not heavy, heavy
"""


def test_a_small_comparison_is_quick_and_loads_nothing_heavy(database):
    command = [sys.executable, "-c", PROGRAM, "main.a", "main.b", "--key", "id", "--database", str(database)]
    started = time.perf_counter()

    outcome = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (outcome.returncode, outcome.stderr) == (1, "")
    assert outcome.stdout.startswith("b: DIFFERS")
    # Well above the 0.8 s that it takes on an idle machine: tests share the machine with others.
    assert time.perf_counter() - started < 5
