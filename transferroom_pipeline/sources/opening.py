"""Opening the files of a source table, whatever their format."""

from collections.abc import Sequence
from pathlib import Path

from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.csv_file import CsvFile
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.files import find_files, is_parquet, state_of
from transferroom_pipeline.sources.parquet_file import ParquetFile
from transferroom_pipeline.sources.source_file import Location, SourceFile, place


def open_sources(table: SourceTable, source_dir: Path) -> tuple[SourceFile, ...]:
    """Find the files of a table and read their headers or schemas.

    Raises:
        SourceError: They are not to be found, one is empty or unreadable, or columns of the contract are missing.
    """
    return tuple(_open(table, location) for location in find_files(table, source_dir))


def refuse_changed(sources: Sequence[SourceFile]) -> None:
    """What was read of a file that somebody wrote meanwhile may be half old and half new.

    Raises:
        SourceError: A file is not as it was when it was found.
    """
    for source in sources:
        table, location = source.table, source.location
        if state_of(table, location.path) != location.state:
            raise SourceError(
                f"{place(table, location.path)}: the file was changed while it was read: run again once it is complete"
            )


def _open(table: SourceTable, location: Location) -> SourceFile:
    size, *_ = location.state
    if size == 0:
        raise SourceError(f"{place(table, location.path)}: the file is empty: export the table again")
    return (ParquetFile if is_parquet(location.name) else CsvFile).open(table, location)
