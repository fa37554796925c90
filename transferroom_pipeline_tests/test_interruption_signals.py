"""A signal ends a process that watches for it, whatever handlers libraries have put in place."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import signal, sys, time
from pathlib import Path
from transferroom_pipeline import interruptions
from transferroom_pipeline.interruptions import abandoned_by, end_if_interrupted, exit_code, watching

interruptions.GRACE_SECONDS = float(sys.argv[1])
try:
    with watching(), watching(), abandoned_by(lambda: Path(sys.argv[2]).write_text("abandoned")):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)  # as a library does that lets its work finish first
        print("ready", flush=True)
        {work}
except KeyboardInterrupt:
    print("ended", flush=True)
"""

NEVER_ENDS = "while True: time.sleep(0.01)"
ENDS_WITH_ITS_STEP = "while True: time.sleep(0.01); end_if_interrupted()"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(
    ("work", "grace", "ended", "abandoned"), [(ENDS_WITH_ITS_STEP, 60, "ended\n", False), (NEVER_ENDS, 0.1, "", True)]
)
def test_a_signal_ends_the_process_with_its_step_or_without(
    tmp_path: Path, number: signal.Signals, code: int, work: str, grace: float, ended: str, *, abandoned: bool
) -> None:
    mark = tmp_path / "mark"
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(work=work), str(grace), str(mark)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert output == ended
    assert f"Ending the run, as asked by {number.name}." in errors
    assert mark.exists() is abandoned
