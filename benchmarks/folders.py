"""New folders for the pipeline to work in, so that measuring leaves nothing behind."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).parents[1]
SAMPLE = PROJECT / "data" / "sample"


@contextmanager
def empty_folder(source: Path = SAMPLE) -> Iterator[dict[str, str]]:
    """The environment that points the pipeline to a new folder, which is removed in the end."""
    with tempfile.TemporaryDirectory() as folder:
        instance = (PROJECT / "dagster.yaml").read_text(encoding="utf-8").replace("data/dagster", f"{folder}/dagster")
        Path(folder, "dagster.yaml").write_text(instance, encoding="utf-8")
        yield os.environ | {
            "TRANSFERROOM_SOURCE_DIR": str(source.resolve()),
            "TRANSFERROOM_DATA_DIR": f"{folder}/data",
            "TRANSFERROOM_RESULTS_DIR": f"{folder}/results",
            "DAGSTER_HOME": folder,
        }
