"""Finding the file of a source table and opening it."""

from collections.abc import Callable
from pathlib import Path

from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.csv_file import CsvFile
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.parquet_file import ParquetFile
from transferroom_pipeline.sources.source_file import SourceFile, place

_OPENERS: dict[str, Callable[[SourceTable, Path], SourceFile]] = {".csv": CsvFile.open, ".parquet": ParquetFile.open}


def find_file(table: SourceTable, source_dir: Path) -> Path:
    """The file of a table: `<table>.csv` or `<table>.parquet`.

    Raises:
        SourceError: The directory does not exist, or holds no such file, or both.
    """
    if not source_dir.is_dir():
        raise SourceError(
            f"source directory {source_dir} for table {table.name} does not exist: "
            "check the path, or make sample files with `transferroom sample-data`"
        )
    names = [f"{table.name}{ending}" for ending in _OPENERS]
    found = [source_dir / name for name in names if (source_dir / name).is_file()]
    if not found:
        raise SourceError(f"table {table.name} has no file in {source_dir}: put {' or '.join(names)} there")
    if len(found) > 1:
        raise SourceError(f"table {table.name} has two files in {source_dir}: keep only one of {' and '.join(names)}")
    return found[0]


def open_source(table: SourceTable, source_dir: Path) -> SourceFile:
    """Find the file of a table and read its header or schema.

    Raises:
        SourceError: There is not exactly one file, it is empty or unreadable, or columns of the contract are missing.
    """
    path = find_file(table, source_dir)
    if path.stat().st_size == 0:
        raise SourceError(f"{place(table, path)}: the file is empty: export the table again")
    return _OPENERS[path.suffix](table, path)
