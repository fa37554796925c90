"""Opening DuckDB files: the one place of the project that does."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from sqlglot import exp

from transferroom_pipeline.interruptions import end_if_interrupted
from transferroom_pipeline.platforms.exceptions import PlatformError

Tell = Callable[[str], None]
"""Shows a sentence to whoever waits."""

_POSTGRES_EXTENSION = "postgres_scanner.duckdb_extension"
_CONNECT_SECONDS = 10
_MAGIC, _MAGIC_END = b"DUCK", 12
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT]i?B)", re.IGNORECASE)
_UNITS = {f"{unit}{kind}".upper(): 1024**power for power, unit in enumerate("KMGT", start=1) for kind in ("B", "iB")}
_LEAST_MEMORY = 64 * 1024**2
"""With less than this DuckDB cannot even hold the blocks that it reads."""

_TRIED_EVERY = 0.05

_written: Counter[Path] = Counter()
"""How many connections of this process may write to a file."""


@dataclass
class _Patience:
    """What is left of the time to wait, for all files together: a run is not to wait with each of its steps."""

    seconds: float
    tell: Tell


_patience: list[_Patience] = []
"""How long to wait for files that other processes hold open; the last entry counts."""


@contextmanager
def waiting_for_others(seconds: float, tell: Tell) -> Iterator[None]:
    """Wait for files that other processes hold open, instead of failing at once.

    Args:
        seconds: How long at most, in all.
        tell: Told once per file that is waited for.
    """
    _patience.append(_Patience(seconds, tell))
    try:
        yield
    finally:
        _patience.pop()


@contextmanager
def connect(
    database: Path | None,
    *,
    read_only: bool = False,
    create: bool = True,
    attach: Mapping[str, Path | str] | None = None,
    memory_limit: str | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB file and close it again, whatever happens inside.

    Timestamps with a time zone are shown in UTC, so that no result depends on the machine's own zone.

    Args:
        database: The file. None is a database in memory.
        read_only: Refuse to write, unless this process has the file open for writing; the file must exist.
        create: Make the file with its folder when it is not there; otherwise it must exist.
        attach: Further files, or addresses of PostgreSQL servers, read-only, by the alias under which their tables are
            named. An address never shows in an error, for it can hold a password.
        memory_limit: DuckDB's own limit, such as "1GB"; beyond it, work spills to disk.

    Raises:
        KeyboardInterrupt: The process was asked to end.
        PlatformError: A file is missing, locked by another process, damaged or no database, or its folder cannot be
            made; a server does not answer; or the memory limit is not a size.
    """
    end_if_interrupted()
    if database is not None and (read_only or not create):
        _require_file(database, hint=", or make it first with `make run`")
    # DuckDB shares a file between the connections of a process, and all must be of one kind.
    read_only = read_only and not (database is not None and _written[database])
    with _opened(database, read_only=read_only) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        # A table that is not there must not be taken for a variable of this code that has its name.
        connection.execute("SET python_enable_replacements = false")
        if memory_limit is not None:
            _set_memory_limit(connection, memory_limit)
        for alias, place in (attach or {}).items():
            if isinstance(place, Path):
                _attach(connection, alias, place)
            else:
                _attach_server(connection, alias, place)
        yield connection


@contextmanager
def held_open(database: Path) -> Iterator[None]:
    """Have a file open for a library that opens it itself, and would fail where another process reads it just then.

    Raises:
        KeyboardInterrupt: The process was asked to end.
        PlatformError: The file cannot be opened.
    """
    with connect(database):
        yield


@contextmanager
def _opened(database: Path | None, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = _open(database, read_only=read_only)
    written = [database] if database is not None and not read_only else []
    _written.update(written)
    try:
        yield connection
    finally:
        connection.close()
        _written.subtract(written)


def _open(database: Path | None, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    if database is None:
        return duckdb.connect()
    _make_folder(database)
    try:
        return duckdb.connect(str(database), read_only=read_only)
    except duckdb.Error as error:
        if _patience and _is_held_by_another(error):
            return _opened_after_others(database, _patience[-1], error, read_only=read_only)
        raise _explained(database, error) from error


def _opened_after_others(
    database: Path, patience: _Patience, refused: duckdb.Error, *, read_only: bool
) -> duckdb.DuckDBPyConnection:
    if patience.seconds > 0:
        patience.tell(f"{_in_use(database, refused)}: waiting for at most {patience.seconds:g} s")
    while patience.seconds > 0:
        time.sleep(_TRIED_EVERY)
        patience.seconds = round(patience.seconds - _TRIED_EVERY, 3)
        try:
            return duckdb.connect(str(database), read_only=read_only)
        except duckdb.Error as error:
            if not _is_held_by_another(error):
                raise _explained(database, error) from error
    raise _explained(database, refused) from refused


def _attach(connection: duckdb.DuckDBPyConnection, alias: str, file: Path) -> None:
    _require_file(file)
    statement = exp.Attach(
        this=exp.alias_(exp.Literal.string(str(file)), exp.to_identifier(alias, quoted=True)),
        expressions=[exp.AttachOption(this=exp.var("READ_ONLY"))],
    )
    try:
        connection.execute(statement.sql(dialect="duckdb"))
    except duckdb.Error as error:
        raise _explained(file, error) from error


def _attach_server(connection: duckdb.DuckDBPyConnection, alias: str, address: str) -> None:
    """Attach a PostgreSQL server through the extension that comes as a package: DuckDB's download is not relied on."""
    # Imported here: few comparisons need it.
    import duckdb_extension_postgres_scanner as package  # noqa: PLC0415

    file = Path(str(package.__file__)).parent / "extensions" / f"v{duckdb.__version__}" / _POSTGRES_EXTENSION
    options = [exp.AttachOption(this=exp.var(option)) for option in ("TYPE postgres", "READ_ONLY")]
    statement = exp.Attach(
        this=exp.alias_(exp.Literal.string(_impatient(address)), exp.to_identifier(alias, quoted=True)),
        expressions=options,
    )
    try:
        connection.execute(f"LOAD {exp.Literal.string(str(file)).sql(dialect='duckdb')}")
        connection.execute(statement.sql(dialect="duckdb"))
    except duckdb.Error:
        # Without its cause: the engine's error repeats the address with the password.
        message = f"server {alias} cannot be reached: check its address, user and password, and that it is running"
        raise PlatformError(message) from None


def _impatient(address: str) -> str:
    """The address with a limit on the time of connecting, which by default is none."""
    if "connect_timeout" in address:
        return address
    return f"{address}{'&' if '?' in address else '?'}connect_timeout={_CONNECT_SECONDS}"


def _set_memory_limit(connection: duckdb.DuckDBPyConnection, limit: str) -> None:
    size = _SIZE.fullmatch(limit.strip())
    if size is None or float(size[1]) * _UNITS[size[2].upper()] < _LEAST_MEMORY:
        message = f"memory limit '{limit}' is not a size: write a number and a unit, 64MB at least, such as 1GB"
        raise PlatformError(message)
    try:
        connection.execute(f"SET memory_limit = {exp.Literal.string(limit).sql(dialect='duckdb')}")
    except duckdb.Error as error:
        raise PlatformError(f"memory limit '{limit}' cannot be set: {str(error).splitlines()[0]}") from error


def _make_folder(database: Path) -> None:
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the folder of database {database} cannot be made: {error.strerror}: {error.filename}"
        raise PlatformError(message) from error


def _require_file(file: Path, *, hint: str = "") -> None:
    if not file.is_file():
        raise PlatformError(f"database {file} does not exist: check the path{hint}")
    with file.open("rb") as opened:
        start = opened.read(_MAGIC_END)
    # Asked before DuckDB opens it, which would look for an extension to read what is another kind of database.
    if start and start[-len(_MAGIC) :] != _MAGIC:
        raise PlatformError(f"{file} is not a DuckDB database: check the path")


def _is_held_by_another(error: duckdb.Error) -> bool:
    return "Could not set lock" in str(error) or "Conflicting lock" in str(error)


def _in_use(file: Path, error: duckdb.Error) -> str:
    holder = re.search(r"PID (\d+)", str(error))
    return f"database {file} is in use by {f'process {holder[1]}' if holder else 'another process'}"


def _explained(file: Path, error: duckdb.Error) -> PlatformError:
    """The engine's error in one sentence; the causes are told apart by its text, it has no codes for them."""
    text = str(error)
    if _is_held_by_another(error):
        return PlatformError(f"{_in_use(file, error)}: wait until it ends, or stop it, and try again")
    if "already exists" in text or "reserved name" in text:
        return PlatformError(f"database {file} cannot be attached under a name that is taken: choose another alias")
    if "not a valid DuckDB database" in text:
        return PlatformError(f"{file} is not a DuckDB database: check the path")
    return PlatformError(f"database {file} cannot be opened: {text.splitlines()[0]}")
