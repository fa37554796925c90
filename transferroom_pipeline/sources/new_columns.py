"""What becomes of columns of source files that the contract does not name."""

import json
from collections.abc import Collection, Mapping, Sequence

import polars as pl
from polars.selectors import by_name

from transferroom_pipeline.platforms.loading import loaded_name
from transferroom_pipeline.sources.contracts import SourceTable
from transferroom_pipeline.sources.exceptions import SourceError
from transferroom_pipeline.sources.source_file import SourceFile, listed, place, set_option, shortened

_RESERVED = "_dlt_"  # dlt's own columns

_KEPT = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Float32, pl.Float64, pl.Boolean, pl.Date)
_SMALL_COUNTS = (pl.UInt8, pl.UInt16, pl.UInt32)


def loaded_columns(table: SourceTable, sources: Sequence[SourceFile]) -> Mapping[str, pl.DataType]:
    """The new columns to load, with their types, after those of the contract.

    A column of any of the files counts; rows of a file without it have no value.

    Raises:
        SourceError: The table's options refuse new columns; or they load them, and one has a name or type that a table
            cannot have.
    """
    if table.file_options.new_columns == "refuse":
        _refuse(table, sources)
    if table.file_options.new_columns != "load":
        return {}
    columns: dict[str, pl.DataType] = {}
    for source in sources:
        for name in source.new_columns:
            dtype = _loaded_type(source.dtypes.get(name, pl.String()))
            if columns.setdefault(name, dtype) != dtype:
                raise SourceError(
                    f"{place(table, source.location.path, column=name)}: the column is {dtype} here and "
                    f"{columns[name]} in another file: export them with one type"
                )
    _refuse_unusable_names(table, sources[0], columns)
    return columns


def loaded_values(frame: pl.DataFrame, columns: Mapping[str, pl.DataType]) -> list[pl.Expr]:
    """The new columns of a batch as they are loaded; an empty text is no value."""
    present = frame.schema
    return [
        (as_text(name, present[name]) if dtype == pl.String() else by_name(name).as_expr().cast(dtype))
        if name in present
        else pl.lit(None, dtype).alias(name)
        for name, dtype in columns.items()
    ]


def as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    """Any value as text for a person to read; empty text is the missing value it means."""
    column = by_name(name).as_expr()  # Polars takes some names for patterns of names
    if dtype.is_nested():
        whole = pl.struct(column).struct.json_encode()  # Polars writes no JSON but of structs
        content = whole.str.strip_prefix(f"{{{json.dumps(name, ensure_ascii=False)}:").str.strip_suffix("}")
        return pl.when(column.is_not_null()).then(content).alias(name)
    if isinstance(dtype, pl.Binary):
        return column.bin.encode("hex")
    text = column.dt.to_string("iso") if isinstance(dtype, pl.Duration) else column.cast(pl.String)
    return pl.when(text != "").then(text).alias(name)


def _refuse(table: SourceTable, sources: Sequence[SourceFile]) -> None:
    for source in sources:
        if source.new_columns:
            raise SourceError(
                f"{place(table, source.location.path)}: not in the contract: {listed(source.new_columns)}; "
                "the option new_columns refuses such columns: add them to the contract, or "
                f"{set_option('new_columns', 'ignore')}"
            )


def _loaded_type(dtype: pl.DataType) -> pl.DataType:
    """The file's own type where every platform has it and keeps its values as they are, text for the others."""
    if dtype in _SMALL_COUNTS:
        return pl.Int64()
    moment = isinstance(dtype, pl.Datetime) and dtype.time_zone is None and dtype.time_unit != "ns"
    return dtype if moment or dtype.is_decimal() or dtype in _KEPT else pl.String()


def _refuse_unusable_names(table: SourceTable, source: SourceFile, columns: Mapping[str, pl.DataType]) -> None:
    """Databases tell names apart by letters, not by their case, and dlt changes some of them."""
    seen = {column.casefold() for column in table.columns}
    for name in columns:
        reason = _why_unusable(name, seen)
        if reason is not None:
            raise SourceError(
                f"{place(table, source.location.path)}: the new column {shortened(repr(name))} cannot be loaded, since "
                f"its name {reason}: {set_option('new_columns', 'ignore')}"
            )
        seen.add(name.casefold())


def _why_unusable(name: str, seen: Collection[str]) -> str | None:
    """Why no table can have a column of this name beside those seen, which are in small letters."""
    stripped = name.strip()
    if not stripped:
        return "is empty"
    if stripped.startswith(_RESERVED):
        return f"begins with {_RESERVED}, which is reserved"
    if stripped.casefold() in seen:
        return "is that of another column apart from capitals and blanks"
    if loaded_name(name) != name:
        return f"would be loaded as {shortened(loaded_name(name))!r}, without its blanks, quotes or line breaks"
    return None
