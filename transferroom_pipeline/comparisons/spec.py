"""What is compared with what, and what counts as equal: the spec as data."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_serializer, model_validator
from sqlglot import exp

from transferroom_pipeline.comparisons.durations import microseconds
from transferroom_pipeline.comparisons.exceptions import SpecError
from transferroom_pipeline.comparisons.sql_text import DIALECT, parse_predicate, parse_relation


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


Name = Annotated[str, Field(min_length=1)]
Relation = Annotated[str, AfterValidator(_relation)]
Predicate = Annotated[str, AfterValidator(_predicate)]
Bound = Annotated[Decimal, BeforeValidator(_number), Field(ge=0)]
Share = Annotated[Decimal, BeforeValidator(_number), Field(ge=0, lt=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnRule(_Strict):
    """How one column is compared; the rule without any field is strict equality.

    Attributes:
        abs: Largest difference of two numbers that still counts as equal.
        rel: The same as a share of the larger of the two; below 1, since 1 forgives any change of size.
        drift: Largest difference of the two columns' sums, as a share of the larger sum.
        trim: Blanks to leave out of account: none, right, both. Blanks are spaces; tabs and others stay.
        case: Whether 'A' is 'a'.
        null_equals_empty: Whether NULL is '' (after trimming).
        unicode: The form of characters that texts are brought into first.
        within: Longest time between two instants that still count as equal, such as 1s.
        timezone: The zone of timestamps that name none.
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
    null_equals_empty: bool = False
    unicode: Literal["none", "nfc"] = "none"
    within: Annotated[str, AfterValidator(_duration)] | None = None
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    json_: bool = Field(default=False, alias="json")
    unordered: bool = False
    exclude: bool = False

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> "ColumnRule":
        if self.json_ and self.compares_text:
            raise ValueError("json compares content, which trim, case, null_equals_empty and unicode do not apply to")
        return self

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
        return self.trim != "none" or self.case != "sensitive" or self.null_equals_empty or self.unicode != "none"

    @property
    def has_number_tolerance(self) -> bool:
        """Whether two different numbers can count as equal."""
        return self.abs > 0 or self.rel > 0

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


def _same_on_both_sides(value: object) -> object:
    return {"legacy": value, "modern": value} if isinstance(value, str) else value


class TableEntry(_Strict):
    """What a spec says about one table; what it leaves out is filled in by `Spec.for_table`.

    Attributes:
        legacy: The relation with the old rows, [database.]schema.table.
        modern: The relation with the new rows, [database.]schema.table.
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


class TableSpec(_Strict):
    """Everything that a comparison of one table needs to know.

    Attributes:
        table: The table's name in results and reports.
        legacy: The relation with the old rows.
        modern: The relation with the new rows.
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
    legacy: Relation
    modern: Relation
    key: tuple[Name, ...]
    multiset: bool = False
    rename: dict[Name, Name] = Field(default_factory=dict)
    where: SidePredicates = SidePredicates()
    row_tolerance: Share = Decimal(0)
    allow_empty: bool = False
    exclude: tuple[Name, ...] = ()
    columns: dict[Name, ColumnRule] = Field(default_factory=dict)
    accepted: tuple[Accepted, ...] = ()


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
            SpecError: There is no key, or the key and `multiset` contradict each other.
        """
        entry = self.tables.get(table, TableEntry())
        written = {name: getattr(entry, name) for name in entry.model_fields_set}
        return TableSpec.model_validate(
            written
            | {
                "table": table,
                "legacy": entry.legacy or default_legacy or _in_schema("raw", table),
                "modern": entry.modern or default_modern or _in_schema("prod", table),
                "key": _key(table, entry, default_key),
                "where": entry.where or SidePredicates(),
                "exclude": self.defaults.exclude,
            }
        )


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
