"""The comparison of two tables in plain Python: slow, and written to be obviously right.

It follows the contract (COMPARISON.md) and nothing else: no SQL, and nothing from inside the engine. Every value of a
column is brought into a *form*, a Python value of which exactly the equal ones are equal to each other; a tolerance
then forgives some of the forms that are not equal.

Where the contract leaves something open, this is what the reference takes for it:

- A text with or without blanks around it is read as a number in plain or exponent notation, without zeros before it; as
  a boolean when it is true, false, 1 or 0; as a date or time in ISO 8601, unless it is finer than nanoseconds. A number
  too large for a double is not infinity.
- NULL in the key means the key as it is written, before any rule makes '' of it.
- Sums for the drift are those of all rows of a side that are finite numbers.
"""

import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from fractions import Fraction
from itertools import product
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from transferroom_pipeline.comparisons.result import ColumnStatus, RowCounts, Verdict
from transferroom_pipeline.comparisons.spec import STRICT, ColumnRule, TableSpec

Row = tuple[Any, ...]
Form = Hashable
Key = tuple[Form, ...]

NUMBERS = {"BOOLEAN", "DECIMAL", "FLOAT", "DOUBLE"} | {
    f"{sign}{width}" for sign, width in product(("", "U"), ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"))
}
INSTANTS = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"}
BLANKS = " \t\n\v\f\r\u0085\u00a0\u2007\u2028\u2029\u202f"

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the distance between two readings of the same clock
_MICROSECOND = timedelta(microseconds=1)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?inf(inity)?|nan", re.IGNORECASE)
_INSTANT = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})(?:[ Tt](\d{2}:\d{2})(?:(:\d{2})(?:[.,](\d+))?)? ?(UTC|[Zz]|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)
_BASIC = re.compile(r"(\d{8}[ Tt])(\d{2})(\d{2})(?:(\d{2})([.,]\d+)?)?(?= ?(?:UTC|[Zz]|[+-]|$))", re.ASCII)
_COMPACT_OR_DASHED = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}", re.ASCII)
_FARTHEST_OFFSET = timedelta(hours=16)
_TIME = re.compile(r"(\d{2}:\d{2})(?:(:\d{2})(?:[.,](\d+))?)?", re.ASCII)
_LEADING_ZEROS = re.compile(r"[+-]?0[0-9]")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True)
class Column:
    """A column: its name, and its type as SQL writes it."""

    name: str
    type: str

    @property
    def kind(self) -> str:
        """The type without its parameters."""
        return self.type.partition("(")[0]

    @property
    def item(self) -> "Column | None":
        """What a list is a list of; None for all else."""
        return Column(self.name, self.type.removesuffix("[]")) if self.type.endswith("[]") else None


@dataclass(frozen=True)
class Table:
    """One side.

    Attributes:
        columns: Its columns.
        rows: Its rows; a row is known by its place in them.
        keeps: What the spec's predicate says about a row, None where there is no predicate.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    keeps: Callable[[Mapping[str, Any]], bool] | None = None

    def kept(self) -> list[int]:
        """The places of the rows that are compared."""
        names = [column.name for column in self.columns]
        return [
            place
            for place, row in enumerate(self.rows)
            if self.keeps is None or self.keeps(dict(zip(names, row, strict=True)))
        ]

    def cell(self, place: int, column: Column) -> Any:
        """One value."""
        return self.rows[place][self.columns.index(column)]


@dataclass(frozen=True)
class Unreadable:
    """A text that is no value of the other side's type: equal to itself only."""

    text: str


@dataclass(frozen=True)
class NotANumber:
    """NaN, which unlike Python's equals itself."""


@dataclass(frozen=True)
class Unordered:
    """How often each item is in a list."""

    items: Form


@dataclass(frozen=True)
class Json:
    """The content of a JSON text."""

    content: Form


@dataclass(frozen=True)
class Truth:
    """A boolean inside JSON."""

    value: bool


@dataclass(frozen=True)
class Cell:
    """A cell that differs: the places of its row on both sides, and the column's legacy name."""

    legacy_row: int
    modern_row: int
    column: str


@dataclass(frozen=True)
class Expected:
    """What the comparison must find.

    Attributes:
        verdict: The verdict.
        rows: The counts.
        cells: Every differing cell.
        only_legacy: The rows, by their places, whose key the other side does not have; with a key only.
        only_modern: The same on the modern side.
        surplus: Rows with a duplicate key that the other side does not have as often.
        columns: Status and number of differing cells of every column, by its legacy name, else its modern one.
        drifting: The columns whose sums are further apart than their rules allow.
    """

    verdict: Verdict
    rows: RowCounts
    cells: frozenset[Cell]
    only_legacy: frozenset[int]
    only_modern: frozenset[int]
    surplus: int
    columns: Mapping[str, tuple[ColumnStatus, int]]
    drifting: frozenset[str]


# Columns


@dataclass(frozen=True)
class Matched:
    """A column with its partner on the other side, if it has one."""

    legacy: Column | None
    modern: Column | None
    rule: ColumnRule
    excluded: bool

    @property
    def name(self) -> str:
        """Its legacy name, else its modern one."""
        return next(column.name for column in (self.legacy, self.modern) if column)

    @property
    def status(self) -> ColumnStatus:
        """What is known about the column before a cell is compared."""
        if self.excluded:
            return "excluded"
        if self.legacy and self.modern:
            return "equal"
        return "only_legacy" if self.legacy else "only_modern"

    def form_in(self, table: Table, place: int, *, legacy: bool) -> Form:
        """The form of this column's cell in one row of one side."""
        assert self.legacy is not None, f"column {self.name} is on one side only"
        assert self.modern is not None, f"column {self.name} is on one side only"
        own, other = (self.legacy, self.modern) if legacy else (self.modern, self.legacy)
        return form(table.cell(place, own), own, other, self.rule, 0 if legacy else 1)


def matched_columns(legacy: Sequence[Column], modern: Sequence[Column], spec: TableSpec) -> list[Matched]:
    """Every column of both sides: those that are renamed, those of the same name, and those left over."""
    renamed = {old.lower(): new.lower() for old, new in spec.rename.items()}
    by_name = {column.name.lower(): column for column in modern}
    partners: list[tuple[Column | None, Column | None]] = []
    for column in legacy:
        name = column.name.lower()
        taken_by_another = name not in renamed and name in renamed.values()
        partners.append((column, None if taken_by_another else by_name.get(renamed.get(name, name))))
    found = {partner.name for _, partner in partners if partner}
    partners += [(None, column) for column in modern if column.name not in found]
    rules = [_rule(spec, pair, partners) for pair in partners]
    return [Matched(*pair, rule, _excluded(spec, pair, rule)) for pair, rule in zip(partners, rules, strict=True)]


def _rule(
    spec: TableSpec, pair: tuple[Column | None, Column | None], pairs: Sequence[tuple[Column | None, Column | None]]
) -> ColumnRule:
    """The rule under the column's modern name, or under its legacy name where no modern column has that."""
    legacy, modern = pair
    rules = {name.lower(): rule for name, rule in spec.columns.items()}
    if modern and modern.name.lower() in rules:
        return rules[modern.name.lower()]
    modern_names = {column.name.lower() for _, column in pairs if column}
    if legacy and legacy.name.lower() not in modern_names:
        return rules.get(legacy.name.lower(), STRICT)
    return STRICT


def _excluded(spec: TableSpec, pair: tuple[Column | None, Column | None], rule: ColumnRule) -> bool:
    names = [column.name.lower() for column in pair if column]
    return rule.exclude or any(fnmatchcase(name, pattern.lower()) for name in names for pattern in spec.exclude)


def key_columns(columns: Sequence[Matched], spec: TableSpec) -> list[Matched]:
    """The columns of the key, in the key's order."""
    found = [
        [column for column in columns if column.modern and column.modern.name.lower() == name.lower()]
        or [column for column in columns if column.legacy and column.legacy.name.lower() == name.lower()]
        for name in spec.key
    ]
    return [column for columns_of_name in found for column in columns_of_name]


# Values


def form(value: Any, own: Column, other: Column, rule: ColumnRule, side: int) -> Form:
    """A value in the form in which exactly the equal values of both sides are equal."""
    if value is None or _stands_for_null(value, own, rule):
        return None
    if rule.json_ or "JSON" in {own.kind, other.kind}:
        return _json_content(value, rule)
    if own.kind == "VARCHAR":
        value = _by_text_rules(value, rule)
        if value is not None and rule.numeric and other.kind == "VARCHAR":
            text = value.strip(" ")
            number = float(text) if _NOT_FINITE.fullmatch(text) else _number_in(text, rule)
            return Unreadable(value) if number is None else _plain(number, rule)
        if value is not None and other.kind != "VARCHAR":
            value = _read(value.upper() if rule.case == "insensitive" else value, other, rule, side)
    return value if value is None or isinstance(value, Unreadable) else _form_of_value(value, own, other, rule, side)


def _stands_for_null(value: Any, own: Column, rule: ColumnRule) -> bool:
    """Whether it is one of the values that the rule takes for NULL; of texts see `_by_text_rules`."""
    if own.kind == "VARCHAR":
        return False
    if own.kind in INSTANTS:
        found = _nanoseconds(value, ZoneInfo("UTC"))
        return any(found == _nanoseconds(datetime.fromisoformat(text), ZoneInfo("UTC")) for text in rule.null_equals)
    return any(value == (float(text) if isinstance(value, float) else Decimal(text)) for text in rule.null_equals)


def _form_of_value(value: Any, own: Column, other: Column, rule: ColumnRule, side: int) -> Form:
    if own.item and other.item:
        return _listed((form(item, own.item, other.item, rule, side) for item in value), rule)
    if {own.kind, other.kind} & {"FLOAT", "DOUBLE"}:
        return _plain(float(value), rule)
    if own.kind == other.kind == "DATE":
        return _nanoseconds(value, ZoneInfo("UTC"))
    if {own.kind, other.kind} & INSTANTS:
        return _nanoseconds(value, ZoneInfo(rule.zone(side)))
    return _plain(value, rule)


def _plain(value: Any, rule: ColumnRule) -> Form:
    """Python's own equality is right for everything but NaN, and lists and dicts need to be hashable."""
    if isinstance(value, float) and math.isnan(value):
        return NotANumber()
    if isinstance(value, list):
        return _listed((_plain(item, rule) for item in value), rule)
    if isinstance(value, dict):
        return frozenset((name, _plain(item, rule)) for name, item in value.items())
    return value  # type: ignore[no-any-return]


def _listed(items: Iterable[Form], rule: ColumnRule) -> Form:
    return Unordered(frozenset(Counter(items).items())) if rule.unordered else tuple(items)


def _json_content(text: str, rule: ColumnRule) -> Form:
    """What a JSON text says; null in it is not NULL, and true is not 1."""
    try:
        content = json.loads(text, parse_int=Decimal, parse_float=Decimal)
    except ValueError:
        return Unreadable(text)
    return Json(_plain(_with_truths(content), rule))


def _with_truths(content: Any) -> Any:
    """JSON whose true and false are no numbers, as Python's are."""
    if isinstance(content, dict):
        return {name: _with_truths(item) for name, item in content.items()}
    if isinstance(content, list):
        return [_with_truths(item) for item in content]
    return Truth(content) if isinstance(content, bool) else content


def _by_text_rules(text: str, rule: ColumnRule) -> str | None:
    nulls = [*(_normalised(sentinel, rule) for sentinel in rule.null_equals), *([""] if rule.null_equals_empty else [])]
    return None if (found := _normalised(text, rule)) in nulls else found


def _normalised(text: str, rule: ColumnRule) -> str:
    if rule.unicode == "nfc":
        text = unicodedata.normalize("NFC", text)
    if rule.blanks == "ignore":
        text = text.translate(dict.fromkeys(map(ord, BLANKS)))
    if rule.trim == "right":
        text = text.rstrip(" ")
    if rule.trim == "both":
        text = text.strip(" ")
    return text.lower() if rule.case == "insensitive" else text


class Nanoseconds(datetime):
    """A reading of a clock that is finer than microseconds, by up to 999 nanoseconds."""

    beyond: int = 0

    @classmethod
    def of(cls, value: datetime, beyond: int) -> "Nanoseconds":
        """A reading in microseconds, and what there is beyond."""
        found = cls.combine(value.date(), value.timetz())
        found.beyond = beyond
        return found

    def isoformat(self, sep: str = "T", timespec: str = "auto") -> str:
        """As ISO 8601 has it, with nine digits of a second."""
        del timespec
        written = super().isoformat(sep, "microseconds")
        place = len(f"{self.date().isoformat()}T00:00:00.000000")
        return f"{written[:place]}{self.beyond:03}{written[place:]}"


def _nanoseconds(value: date, zone: ZoneInfo) -> int:
    """The instant, in nanoseconds since 1970 in UTC; what names no zone is a reading in the one given.

    In the hour that a clock is put back, a reading stands for the later of two instants.
    """
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    offsets = [value.replace(tzinfo=value.tzinfo or zone, fold=fold).utcoffset() for fold in (0, 1)]
    offset = min(each for each in offsets if each is not None)
    whole = (value.replace(tzinfo=None) - _EPOCH - offset) // _MICROSECOND
    return 1000 * whole + getattr(value, "beyond", 0)


def _read(text: str, to: Column, rule: ColumnRule, side: int) -> Any:
    """The value that a text stands for among the values of a type."""
    del side
    written = text.strip(" ")
    if to.kind == "BOOLEAN":
        value: Any = _BOOLEANS.get(written.lower())
    elif to.kind in {"FLOAT", "DOUBLE"}:
        value = _read_float(written, rule)
    elif to.kind in NUMBERS:
        value = _number_in(written, rule)
    elif to.kind in INSTANTS:
        value = _read_instant(written)
    elif to.kind == "TIME":
        value = _read_time(written)
    elif to.kind == "UUID":
        value = UUID(text) if _UUID.fullmatch(text) else None
    else:
        raise AssertionError(f"{to.type} has no text form here")
    return Unreadable(text) if value is None else value


def _number_in(text: str, rule: ColumnRule) -> Decimal | None:
    """The number that a text is; with zeros before it it is none, unless texts are declared to be numbers."""
    if not _NUMBER.fullmatch(text) or (_LEADING_ZEROS.match(text) and not rule.numeric):
        return None
    return Decimal(text)


def _read_float(text: str, rule: ColumnRule) -> float | None:
    """The nearest double, whatever the width of the other side."""
    if _NOT_FINITE.fullmatch(text):
        return float(text)
    number = _number_in(text, rule)
    value = None if number is None else float(number)
    return value if value is not None and math.isfinite(value) else None


def _read_instant(text: str) -> datetime | None:
    basic = _BASIC.match(text)
    if basic is not None:
        clock = ":".join(part for part in basic.group(2, 3, 4) if part)
        text = f"{basic[1]}{clock}{basic[5] or ''}{text[basic.end() :]}"
    match = _INSTANT.fullmatch(text)
    if match is None or not _COMPACT_OR_DASHED.match(text):
        return None
    year, month, day, clock, seconds, fraction, offset = match.groups()
    zone = {None: "", "UTC": "+00:00", "Z": "+00:00", "z": "+00:00"}.get(offset, offset)
    digits = (fraction or "").ljust(9, "0")
    if digits[9:].strip("0"):
        return None
    try:
        written = f"{year}-{month}-{day}T{clock or '00:00'}{seconds or ':00'}.{digits[:6]}{zone}"
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    if found.tzinfo and abs(found.utcoffset() or timedelta(0)) >= _FARTHEST_OFFSET:
        return None
    return Nanoseconds.of(found, int(digits[6:9]))


def _read_time(text: str) -> time | None:
    match = _TIME.fullmatch(text)
    return match and _in_microseconds(
        match[3], lambda digits: time.fromisoformat(f"{match[1]}{match[2] or ':00'}{digits}")
    )


def _in_microseconds(fraction: str | None, read: Callable[[str], Any]) -> Any:
    """A time with its fraction; None where that is finer than microseconds, or the time is none."""
    digits = (fraction or "").ljust(6, "0")
    if digits[6:].strip("0"):
        return None
    try:
        return read(f".{digits[:6]}")
    except ValueError:
        return None


# Equality of two cells that are not the same


def equal(legacy: Form, modern: Form, column: Matched) -> bool:
    """Whether two cells are equal under the column's rule."""
    if legacy == modern:
        return True
    if isinstance(legacy, tuple | frozenset) and isinstance(modern, tuple | frozenset):
        return _members_equal(_members(legacy), _members(modern), column)
    if not all(isinstance(value, int | float | Decimal) for value in (legacy, modern)):
        return False
    if isinstance(legacy, bool) and isinstance(modern, bool):
        return False
    if column.rule.has_number_tolerance:
        return _numbers_within(legacy, modern, column.rule)
    within = column.rule.within_microseconds
    return within is not None and abs(legacy - modern) <= 1000 * within  # type: ignore[operator]


def _members(nested: tuple[Form, ...] | frozenset[Any]) -> Mapping[Any, Form]:
    """The elements of a list by their places, the fields of a struct by their names."""
    return dict(enumerate(nested)) if isinstance(nested, tuple) else dict(nested)


def _members_equal(legacy: Mapping[Any, Form], modern: Mapping[Any, Form], column: Matched) -> bool:
    return legacy.keys() == modern.keys() and all(equal(value, modern[name], column) for name, value in legacy.items())


def _numbers_within(a: Any, b: Any, rule: ColumnRule) -> bool:
    """|a - b| <= max(abs, rel * max(|a|, |b|)), exactly for exact numbers, in doubles for doubles."""
    if isinstance(a, float):
        apart = abs(a - b)
        finite = all(math.isfinite(number) for number in (a, b, apart))
        return finite and apart <= max(float(rule.abs), float(rule.rel) * max(abs(a), abs(b)))
    a, b = Fraction(a), Fraction(b)
    return abs(a - b) <= max(Fraction(rule.abs), Fraction(rule.rel) * max(abs(a), abs(b)))


def drift(legacy: Sequence[Form], modern: Sequence[Form]) -> Fraction:
    """|sum(a) - sum(b)| / max(|sum a|, |sum b|), exactly."""
    sums = [_sum(legacy), _sum(modern)]
    larger = max(abs(total) for total in sums)
    return abs(sums[0] - sums[1]) / larger if larger else Fraction(0)


def _sum(forms: Sequence[Form]) -> Fraction:
    numbers = [value for value in forms if isinstance(value, int | float | Decimal)]
    return sum((Fraction(number) for number in numbers if math.isfinite(number)), Fraction(0))


# Rows


@dataclass(frozen=True)
class _Side:
    """The rows of one side that are compared, by their places."""

    table: Table
    places: list[int]
    legacy: bool

    def forms(self, place: int, columns: Sequence[Matched]) -> Key:
        """The forms of some cells of a row."""
        return tuple(column.form_in(self.table, place, legacy=self.legacy) for column in columns)

    def keys(self, key: Sequence[Matched]) -> Counter[Key]:
        """How often each key occurs."""
        return Counter(self.forms(place, key) for place in self.places)

    def null_keys(self, key: Sequence[Matched]) -> int:
        """Rows with NULL in the key."""
        columns = [column.legacy if self.legacy else column.modern for column in key]
        return sum(any(self.table.cell(place, column) is None for column in columns if column) for place in self.places)


def compare(legacy: Table, modern: Table, spec: TableSpec) -> Expected:
    """What a comparison of two tables must find."""
    columns = matched_columns(legacy.columns, modern.columns, spec)
    key = key_columns(columns, spec)
    compared = [column for column in columns if column.status == "equal"]
    sides = _Side(legacy, legacy.kept(), legacy=True), _Side(modern, modern.kept(), legacy=False)
    found = _by_key(sides, key, compared) if key else _by_whole_rows(sides, compared)
    counts, cells, only_legacy, only_modern, surplus = found
    values = [column for column in compared if column not in key]
    cells_by_column = Counter(cell.column for cell in cells)
    statuses: dict[str, tuple[ColumnStatus, int]] = {
        column.name: ("different" if cells_by_column[column.name] else column.status, cells_by_column[column.name])
        for column in columns
    }
    drifting = frozenset(column.name for column in values if _drifts(column, *sides))
    one_sided = any(column.status in {"only_legacy", "only_modern"} for column in columns)
    if one_sided or drifting or _rows_differ(counts, surplus, spec):
        verdict = Verdict.DIFFERS
    else:
        shown = _shows_equality(counts, (legacy, modern), values, spec)
        verdict = Verdict.PROVEN if shown else Verdict.NOT_PROVEN
    return Expected(verdict, counts, cells, only_legacy, only_modern, surplus, statuses, drifting)


_Found = tuple[RowCounts, frozenset[Cell], frozenset[int], frozenset[int], int]


def _by_key(sides: tuple[_Side, _Side], key: Sequence[Matched], compared: Sequence[Matched]) -> _Found:
    legacy, modern = sides
    occurrences = [side.keys(key) for side in sides]
    duplicates = {value for counts in occurrences for value, count in counts.items() if count > 1}
    unique = [
        {forms: place for place in side.places if (forms := side.forms(place, key)) not in duplicates} for side in sides
    ]
    repeated = [[place for place in side.places if side.forms(place, key) in duplicates] for side in sides]
    both = [(unique[0][value], unique[1][value]) for value in unique[0].keys() & unique[1].keys()]
    cells = frozenset(cell for pair in both for cell in _differing(sides, *pair, compared, key))
    different = len({cell.legacy_row for cell in cells})
    only = [
        frozenset(place for value, place in own.items() if value not in other) for own, other in (unique, unique[::-1])
    ]
    rows = [
        Counter(side.forms(place, compared) for place in places) for side, places in zip(sides, repeated, strict=True)
    ]
    surplus = (rows[0] - rows[1]).total() + (rows[1] - rows[0]).total()
    counts = RowCounts(
        legacy=len(legacy.places),
        modern=len(modern.places),
        identical=len(both) - different,
        different=different,
        only_legacy=len(only[0]),
        only_modern=len(only[1]),
        accepted=0,
        duplicate_key_legacy=len(repeated[0]),
        duplicate_key_modern=len(repeated[1]),
        null_key_legacy=legacy.null_keys(key),
        null_key_modern=modern.null_keys(key),
    )
    return counts, cells, only[0], only[1], surplus


def _differing(
    sides: tuple[_Side, _Side], legacy_row: int, modern_row: int, compared: Sequence[Matched], key: Sequence[Matched]
) -> Iterator[Cell]:
    """The cells that differ in a pair of rows."""
    for column in compared:
        legacy = column.form_in(sides[0].table, legacy_row, legacy=True)
        modern = column.form_in(sides[1].table, modern_row, legacy=False)
        if column not in key and not equal(legacy, modern, column):
            yield Cell(legacy_row, modern_row, column.name)


def _by_whole_rows(sides: tuple[_Side, _Side], compared: Sequence[Matched]) -> _Found:
    """Without a key, the rows of both sides are two multisets."""
    legacy, modern = (Counter(side.forms(place, compared) for place in side.places) for side in sides)
    counts = RowCounts(
        legacy=legacy.total(),
        modern=modern.total(),
        identical=(legacy & modern).total(),
        different=0,
        only_legacy=(legacy - modern).total(),
        only_modern=(modern - legacy).total(),
        accepted=0,
        duplicate_key_legacy=0,
        duplicate_key_modern=0,
        null_key_legacy=0,
        null_key_modern=0,
    )
    return counts, frozenset(), frozenset(), frozenset(), 0


# The verdict


def _drifts(column: Matched, legacy: _Side, modern: _Side) -> bool:
    if column.rule.drift is None:
        return False
    sides = [[side.forms(place, [column])[0] for place in side.places] for side in (legacy, modern)]
    return drift(*sides) > Fraction(column.rule.drift)


def _rows_differ(rows: RowCounts, surplus: int, spec: TableSpec) -> bool:
    """Whether more rows are missing or different than the row tolerance covers."""
    beyond = rows.different + rows.only_legacy + rows.only_modern + surplus
    return beyond > Fraction(spec.row_tolerance) * max(rows.legacy, rows.modern)


def _shows_equality(rows: RowCounts, tables: Sequence[Table], values: Sequence[Matched], spec: TableSpec) -> bool:
    """Whether a comparison that found no difference compared anything."""
    duplicates = rows.duplicate_key_legacy + rows.duplicate_key_modern
    some_are_equal = rows.identical or not (rows.legacy or rows.modern) or (spec.multiset and duplicates)
    were_compared = bool(values and some_are_equal) and _rows_were_compared(rows, tables, spec)
    return were_compared and (spec.multiset or not duplicates)


def _rows_were_compared(rows: RowCounts, tables: Sequence[Table], spec: TableSpec) -> bool:
    if rows.legacy or rows.modern:
        return True
    predicate_kept_none = any(table.rows for table in tables)
    return spec.allow_empty and not predicate_kept_none
