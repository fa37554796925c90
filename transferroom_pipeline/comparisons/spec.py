"""What is compared with what, and what counts as equal: the spec as data."""

import math
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_serializer, model_validator
from sqlglot import exp

from transferroom_pipeline.comparisons.durations import microseconds
from transferroom_pipeline.comparisons.exceptions import SpecError
from transferroom_pipeline.comparisons.sql_text import (
    DIALECT,
    parse_predicate,
    parse_query,
    parse_relation,
    tables_read,
)


def _duration(text: str) -> str:
    microseconds(text)
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone: write a name such as UTC or Europe/Berlin") from error
    return name


def _relation(text: str) -> str:
    return _spec_error_as_value_error(parse_relation, text)


def _predicate(text: str) -> str:
    return _spec_error_as_value_error(parse_predicate, text)


def _query(text: str) -> str:
    return _spec_error_as_value_error(parse_query, text)


def _spec_error_as_value_error(parse: Callable[[str], object], text: str) -> str:
    """Pydantic adds the field to a ValueError, and lets every other error pass without it."""
    try:
        parse(text)
    except SpecError as error:
        raise ValueError(str(error)) from error
    return text


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("write a number")  # noqa: TRY004 - Pydantic adds the field to a ValueError only
    return value


def _within_doubles(value: Decimal) -> Decimal:
    """Bounds are compared with doubles too, and written into JSON as such."""
    if math.isinf(float(value)):
        raise ValueError(f"{value} is too large a number")
    return value


Name = Annotated[str, Field(min_length=1)]
Relation = Annotated[str, AfterValidator(_relation)]
Predicate = Annotated[str, AfterValidator(_predicate)]
Query = Annotated[str, AfterValidator(_query)]
Bound = Annotated[Decimal, BeforeValidator(_number), Field(ge=0), AfterValidator(_within_doubles)]
Share = Annotated[Decimal, BeforeValidator(_number), Field(ge=0, lt=1)]
Zone = Annotated[str, AfterValidator(_zone)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _same_on_both_sides(value: object) -> object:
    return {"legacy": value, "modern": value} if isinstance(value, str) else value


class SideZones(_Strict):
    """The zone of either side's timestamps that name none."""

    legacy: Zone = "UTC"
    modern: Zone = "UTC"


def _zones(value: object) -> object:
    return _same_on_both_sides(_zone(value) if isinstance(value, str) else value)


def _sentinel(value: object) -> object:
    """YAML reads a bare 1900-01-01 as a date, and -1 as a number; a truth could be written in too many ways."""
    is_plain = isinstance(value, date | int | float | Decimal) and not isinstance(value, bool)
    return str(value) if is_plain else value


Sentinel = Annotated[str, BeforeValidator(_sentinel, json_schema_input_type=str | int | float)]


TEXT_RULES = "trim, case, blanks, null_equals_empty and unicode"
"""The rules about how texts are written, for messages."""


class ColumnRule(_Strict):
    """How one column is compared; the rule without any field is strict equality.

    Attributes:
        abs: Largest difference of two numbers that still counts as equal, inside lists and structs as well.
        rel: The same as a share of the larger of the two; below 1, since 1 forgives any change of size.
        drift: Largest difference of the two columns' sums, as a share of the larger sum.
        trim: Blanks to leave out of account: none, right, both. Blanks are spaces; tabs and others stay.
        case: Whether 'A' is 'a': whether texts are the same in lower case, by Unicode's mapping of single characters;
            of 'İ' it makes 'i' and a combining dot.
        blanks: Whether blanks of any kind are ignored: spaces, tabs, line ends, no-break spaces.
        numeric: Whether texts are numbers, compared by value: '007', '7' and '7.0' are one number.
        null_equals_empty: Whether NULL is '' (after trimming).
        null_equals: Values that stand for NULL, such as 1900-01-01; written as text, taken in the column's own type.
        unicode: The form of characters that texts are brought into first.
        within: Longest time between two instants that still count as equal, such as 1s; inside lists and structs as
            well.
        timezone: The zone of timestamps that name none, of both sides or of each.
        json_: Whether the texts are JSON, compared by content: the order of keys, blanks and the way a number is
            written do not matter.
        unordered: Whether the order of lists does not matter, in JSON and in nested types, at every depth.
        exclude: Leave the column out.
    """

    abs: Bound = Decimal(0)
    rel: Share = Decimal(0)
    drift: Bound | None = None
    trim: Literal["none", "right", "both"] = "none"
    case: Literal["sensitive", "insensitive"] = "sensitive"
    blanks: Literal["count", "ignore"] = "count"
    numeric: bool = False
    null_equals_empty: bool = False
    null_equals: tuple[Sentinel, ...] = ()
    unicode: Literal["none", "nfc"] = "none"
    within: Annotated[str, AfterValidator(_duration)] | None = None
    timezone: Annotated[SideZones, BeforeValidator(_zones, json_schema_input_type=str | SideZones)] = SideZones()
    json_: bool = Field(default=False, alias="json")
    unordered: bool = False
    exclude: bool = False

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> "ColumnRule":
        if self.json_ and (self.compares_text or self.numeric):
            raise ValueError(f"json compares content, which {TEXT_RULES} and numeric do not apply to")
        if self.unordered and (self.has_number_tolerance or self.within is not None):
            raise ValueError("with unordered nobody knows which elements a tolerance is between: leave one of them out")
        return self

    @field_serializer("timezone")
    def _as_written(self, zones: SideZones) -> str | dict[str, str]:
        return {"legacy": zones.legacy, "modern": zones.modern} if self.zones_differ else zones.legacy

    @field_serializer("abs", "rel", "drift")
    def _as_number(self, value: Decimal | None) -> float | None:
        return None if value is None else float(value)

    @property
    def within_microseconds(self) -> int | None:
        """The tolerance between two instants."""
        return None if self.within is None else microseconds(self.within)

    @property
    def compares_text(self) -> bool:
        """Whether the rule says anything about texts."""
        looks = (self.trim, self.case, self.unicode, self.blanks)
        return looks != ("none", "sensitive", "none", "count") or self.null_equals_empty

    @property
    def has_number_tolerance(self) -> bool:
        """Whether two different numbers can count as equal."""
        return self.abs > 0 or self.rel > 0

    def zone(self, side: int) -> str:
        """The zone of timestamps of one side that name none."""
        return (self.timezone.legacy, self.timezone.modern)[side]

    @property
    def zones_differ(self) -> bool:
        """Whether a reading of a clock means another instant on either side."""
        return self.zone(0) != self.zone(1)

    def written(self) -> dict[str, Any]:
        """The fields that differ from strict equality, as JSON values."""
        loosened = {name for name in type(self).model_fields if getattr(self, name) != getattr(STRICT, name)}
        return self.model_dump(mode="json", by_alias=True, include=loosened)


STRICT = ColumnRule()
"""Equality without any loosening."""


class SidePredicates(_Strict):
    """Which rows of either side are compared; None is all of them."""

    legacy: Predicate | None = None
    modern: Predicate | None = None

    def of(self, side: int) -> str | None:
        """The predicate of one side."""
        return (self.legacy, self.modern)[side]


class Accepted(_Strict):
    """A known difference that was agreed on; whatever it covers is counted and shown, and does not make a table differ.

    Attributes:
        column: The column whose cells it covers; None for rows on one side only.
        where: Which of them: a condition over `legacy_value`, `modern_value` and the columns of the key; for rows on
            one side only, over all columns of the row. None covers all.
        reason: Why the difference is right.
        owner: Who answers for it.
        expires: The last day on which it holds.
        max_rows: How many cells or rows it covers at most; with more of them it covers none.
    """

    column: Name | None = None
    where: Predicate | None = None
    reason: Name
    owner: Name
    expires: date
    max_rows: int = Field(ge=1)


class TableEntry(_Strict):
    """What a spec says about one table; what it leaves out is filled in by `Spec.for_table`.

    Attributes:
        legacy: The relation with the old rows, [database.]schema.table.
        modern: The relation with the new rows, [database.]schema.table.
        legacy_sql: A file with one SELECT that gives the old rows, instead of a relation; beside the spec's own file
            unless its path says otherwise.
        modern_sql: The same for the new rows.
        key: Columns that identify a row, by their modern names; the model's grain when left out.
        multiset: Whether a key may occur more than once; with an empty key, whole rows are compared.
        rename: Legacy name to modern name.
        where: The rows to compare: one predicate for both sides, or one for each.
        row_tolerance: Share of the larger side's rows that may be missing or different.
        allow_empty: Whether two empty tables are proven equal.
        columns: Rules by column, by its modern name, or its legacy name where no modern column has it.
        accepted: Known, agreed differences.
    """

    legacy: Relation | None = None
    modern: Relation | None = None
    legacy_sql: Name | None = None
    modern_sql: Name | None = None
    key: tuple[Name, ...] | None = None
    multiset: bool = False
    rename: dict[Name, Name] = Field(default_factory=dict)
    where: Annotated[
        SidePredicates | None, BeforeValidator(_same_on_both_sides, json_schema_input_type=str | SidePredicates | None)
    ] = None
    row_tolerance: Share = Decimal(0)
    allow_empty: bool = False
    columns: dict[Name, ColumnRule] = Field(default_factory=dict)
    accepted: tuple[Accepted, ...] = ()

    @model_validator(mode="after")
    def _refuse_two_sources(self) -> "TableEntry":
        for side in ("legacy", "modern"):
            if getattr(self, side) is not None and getattr(self, f"{side}_sql") is not None:
                raise ValueError(f"{side} and {side}_sql both say where the {side} rows are: keep one")
        if self.where is not None and self.where == SidePredicates():
            raise ValueError("where names no side: write a condition, or {legacy: ..., modern: ...}")
        return self


class TableSpec(_Strict):
    """Everything that a comparison of one table needs to know.

    Attributes:
        table: The table's name in results and reports.
        legacy: The relation with the old rows; where there is a query, the file that it was read from.
        modern: The same for the new rows.
        legacy_query: A SELECT that gives the old rows; None where the relation does.
        modern_query: The same for the new rows.
        key: Columns that identify a row, by their modern names; empty when rows are compared as a multiset.
        multiset: Whether a key may occur more than once. Rows with such a key are compared whole, without tolerances:
            which of them belong together is not known.
        rename: Legacy name to modern name.
        where: The rows to compare.
        row_tolerance: Share of the larger side's rows that may be missing or different.
        allow_empty: Whether two empty tables are proven equal.
        exclude: Shell patterns of columns that are left out.
        columns: Rules by column, by its modern name, or its legacy name where no modern column has it.
        accepted: Known differences; where several cover a cell, the first one counts.
    """

    table: Name
    legacy: Name
    modern: Name
    legacy_query: Query | None = None
    modern_query: Query | None = None
    key: tuple[Name, ...]
    multiset: bool = False
    rename: dict[Name, Name] = Field(default_factory=dict)
    where: SidePredicates = SidePredicates()
    row_tolerance: Share = Decimal(0)
    allow_empty: bool = False
    exclude: tuple[Name, ...] = ()
    columns: dict[Name, ColumnRule] = Field(default_factory=dict)
    accepted: tuple[Accepted, ...] = ()

    @model_validator(mode="after")
    def _require_relations(self) -> "TableSpec":
        for side in (0, 1):
            if self.query(side) is None:
                _relation(self.place(side))
        return self

    def place(self, side: int) -> str:
        """Where the rows of one side come from, for people."""
        return (self.legacy, self.modern)[side]

    def query(self, side: int) -> str | None:
        """The query of one side, if it has one."""
        return (self.legacy_query, self.modern_query)[side]

    def tables_read(self) -> list[exp.Table]:
        """The tables that both sides come from."""
        return [table for side in (0, 1) for table in self._tables_of(side)]

    def _tables_of(self, side: int) -> list[exp.Table]:
        query = self.query(side)
        return [parse_relation(self.place(side))] if query is None else tables_read(query)


class Defaults(_Strict):
    """What holds for every table."""

    exclude: tuple[Name, ...] = ()


class Spec(_Strict):
    """The comparisons of a migration."""

    defaults: Defaults = Defaults()
    tables: dict[Name, TableEntry] = Field(default_factory=dict)

    def for_table(
        self,
        table: str,
        *,
        default_key: Sequence[str] | None = None,
        default_legacy: str | None = None,
        default_modern: str | None = None,
    ) -> TableSpec:
        """The complete spec of one table, whether or not it has an entry.

        Args:
            table: The name of the entry and of the result.
            default_key: The key where the entry has none: the grain of the modern model.
            default_legacy: The old relation where the entry has none; `raw.<table>` when left out.
            default_modern: The new relation where the entry has none; `prod.<table>` when left out.

        Raises:
            SpecError: There is no key, the key and `multiset` contradict each other, or the file of a query cannot be
                read.
        """
        entry = self.tables.get(table, TableEntry())
        written = {name: getattr(entry, name) for name in entry.model_fields_set - {"legacy_sql", "modern_sql"}}
        return TableSpec.model_validate(
            written
            | {
                "table": table,
                "legacy": entry.legacy or entry.legacy_sql or default_legacy or _in_schema("raw", table),
                "modern": entry.modern or entry.modern_sql or default_modern or _in_schema("prod", table),
                "legacy_query": _query_in(table, "legacy_sql", entry.legacy_sql),
                "modern_query": _query_in(table, "modern_sql", entry.modern_sql),
                "key": _key(table, entry, default_key),
                "where": entry.where or SidePredicates(),
                "exclude": self.defaults.exclude,
            }
        )


def _query_in(table: str, field: str, file: str | None) -> str | None:
    """The one SELECT in a file.

    Raises:
        SpecError: The file cannot be read or holds something else.
    """
    if file is None:
        return None
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
        parse_query(text)
    except OSError as error:
        raise SpecError(f"table {table}, field {field}: {file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SpecError(f"table {table}, field {field}: {file} is not UTF-8: save it as UTF-8") from error
    except SpecError as error:
        raise SpecError(f"table {table}, field {field}: {file}: {error}") from error
    return text


def _in_schema(schema: str, table: str) -> str:
    return exp.table_(table, db=schema).sql(dialect=DIALECT)


def _key(table: str, entry: TableEntry, default: Sequence[str] | None) -> tuple[str, ...]:
    key = tuple(default or ()) if entry.key is None else entry.key
    if len({name.lower() for name in key}) < len(key):
        raise SpecError(f"table {table}: the key names a column twice: {', '.join(key)}")
    if key or entry.multiset:
        _refuse_tolerances_without_key(table, entry, key)
        return key
    raise SpecError(f"table {table} has no key: name the columns that identify a row, or compare with multiset: true")


def _refuse_tolerances_without_key(table: str, entry: TableEntry, key: tuple[str, ...]) -> None:
    tolerant = [name for name, rule in entry.columns.items() if rule.has_number_tolerance or rule.within is not None]
    if tolerant and not key:
        message = f"table {table}: column {tolerant[0]} has a tolerance, which only a key can pair rows for"
        raise SpecError(f"{message}: name a key, or leave the tolerance out")
