"""What a long comparison shows on a terminal, and how it ends when it is interrupted."""

import io
import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from transferroom_pipeline.comparisons.progress import TerminalProgress, line
from transferroom_pipeline.platforms.duckdb_database import connect


@pytest.mark.parametrize(
    ("rows", "share", "shown"),
    [
        (0, None, "hashing: 4 s"),
        (1_000_000, 0.5, "hashing: 4 s, 50%, 125 thousand rows/s"),
        (0, 0.5, "hashing: 4 s, 50%"),
        (1_000_000, 0.0, "hashing: 4 s"),
    ],
)
def test_a_step_is_shown_with_its_time_share_and_rows_per_second(rows, share, shown):
    assert line("hashing", 4.0, rows, share) == shown


def test_nothing_is_written_where_there_is_no_terminal():
    stream = io.StringIO()

    with TerminalProgress(stream) as progress:
        progress("hashing", 100)

    assert stream.getvalue() == ""


def test_ctrl_c_ends_a_long_comparison_and_leaves_nothing_behind(tmp_path):
    database, results = tmp_path / "views.duckdb", tmp_path / "results"
    with connect(database) as connection:
        for view in ("endless", "without_end"):
            connection.execute(f"CREATE VIEW {view} AS SELECT range AS id, random() AS v FROM range(1000000000000)")
    terminal, stream = pty.openpty()
    arguments = ["main.endless", "main.without_end", "--key", "id", "--database", str(database), "--csv", str(results)]
    command = [str(Path(sys.executable).with_name("transferroom")), "compare", *arguments]

    process = subprocess.Popen(command, stderr=stream, stdout=subprocess.PIPE)
    try:
        shown = b""
        while b" s" not in shown:
            readable, _, _ = select.select([terminal], [], [], 30)
            assert readable, f"no progress after {shown!r}"
            shown += os.read(terminal, 1024)
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=10)
    finally:
        process.kill()
        os.close(stream)

    rest = os.read(terminal, 4096).decode()
    os.close(terminal)
    assert (code, process.stdout.read()) == (130, b"")
    assert rest.endswith("Interrupted: nothing was proven.\r\n")
    assert not results.exists()
    assert [file.name for file in tmp_path.iterdir()] == ["views.duckdb"]
