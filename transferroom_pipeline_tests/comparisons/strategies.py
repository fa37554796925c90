"""Random comparisons: columns of all types (see `kinds`), rows that mostly agree, edits, and the tables in a database.

A column is a pair of `Kind`s, one per side. Its values come from a small pool that both kinds hold, so that keys
collide and rows agree; edits then make the sides differ, many of them right at the bounds of the rules.

Hypothesis chooses no more than the seed of a case: of cases that it draws piece by piece, most are near copies of one
another, and making them smaller takes it minutes, which `smallest` does in seconds.

The cases are the same on every run. How many there are is up to `examples`: few usually, many in the slow tests, and
in those as many as COMPARISON_EXAMPLES says:

    COMPARISON_EXAMPLES=50000 .venv/bin/pytest -m slow transferroom_pipeline_tests/comparisons/test_against_reference.py
"""

import os
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from hypothesis import Phase, settings
from hypothesis import strategies as st

from transferroom_pipeline.comparisons.buckets import ALWAYS_HASHED
from transferroom_pipeline.comparisons.engine import Effort, compare
from transferroom_pipeline.comparisons.engines.duckdb_engine import DuckDBEngine
from transferroom_pipeline.comparisons.result import ComparisonResult
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline_tests.comparisons import reference
from transferroom_pipeline_tests.comparisons.kinds import (
    BLOB,
    DAY,
    HOUR,
    INTEGER,
    JSON_TEXT,
    MICROSECOND,
    NUMERAL,
    SECOND,
    START,
    TEXT,
    UNREADABLE,
    ZONES,
    Kind,
    Pair,
    exact,
    form_is_clear,
    instant_of,
    key_pair,
    may_be_padded,
    measurable,
    text_forms,
    text_rules,
    value_pair,
    with_leading_zeros,
)

Row = tuple[Any, ...]
Rule = dict[str, Any]
Sides = tuple[list[list[Any]], list[list[Any]]]

RELATIONS = "raw.t", "prod.t"
"""Where `lay_out` puts the two sides."""


def examples(usually: int, *, when_asked: bool = False) -> settings:
    """How many cases a test tries, and whether a person may ask for another number."""
    asked = os.environ.get("COMPARISON_EXAMPLES") if when_asked else None
    phases = (Phase.explicit, Phase.generate)
    return settings(max_examples=int(asked or usually), deadline=None, derandomize=True, phases=phases)


# Rules

_NUMBERS = {"boolean", "integer", "decimal", "float"}
_TEXT_RULES: dict[str, list[Any]] = {
    "trim": ["right", "both"],
    "case": ["insensitive"],
    "null_equals_empty": [True],
    "unicode": ["nfc"],
    "blanks": ["ignore"],
}
_SENTINELS: dict[str, list[Any]] = {
    "text": [["a"], ["A ", "ab"], ["\u00e9"]],
    "instant": [["1900-01-01"], ["1970-01-01", "9999-12-31"]],
    "integer": [["0"], ["1", "100"]],
    "decimal": [["0"], ["1"]],
}
_BOUNDS: dict[str, list[Any]] = {
    "abs": ["0.005", "0.01", "0.5", "1", "1", "1e-9", "1000", "1e20"],
    "rel": ["0.1", "0.001", "1e-9", "0.5"],
    "drift": ["0", "0.0001", "0.05"],
}
_WITHIN = {"1us": MICROSECOND, "1ms": 1000 * MICROSECOND, "1s": SECOND, "1h": HOUR, "90min": 1.5 * HOUR, "1d": DAY}


def random_rule(random: Random, pair: Pair, *, as_key: bool) -> Rule:
    """A rule that may be written for a pair of types, sometimes none."""
    families = {kind.family for kind in pair}
    must_be_json = "json" in families and pair[0].type == pair[1].type == "VARCHAR"
    rule = {"json": True} if must_be_json else {"numeric": True} if "numeral" in families else {}
    if random.random() < 0.75:
        options = _options(random, pair, families, as_key=as_key)
        rule |= {name: random.choice(values) for name, values in options.items() if random.random() < 0.5}
    return rule


_TOLERANT_MEMBERS = {"INTEGER", "BIGINT", "DOUBLE", "DECIMAL(15,2)", "TIMESTAMP"}


def _innermost(kind: Kind) -> str:
    """What lists, of lists, are of."""
    return kind.type.replace("[]", "")


def _options(random: Random, pair: Pair, families: set[str], *, as_key: bool) -> dict[str, list[Any]]:
    options: dict[str, list[Any]] = {}
    members = {_innermost(kind) for kind in pair}
    is_tolerant = False
    if "list" in families and not as_key and members <= _TOLERANT_MEMBERS:
        is_tolerant = random.random() < 0.5
        tolerances: list[dict[str, list[Any]]] = (
            [{"within": list(_WITHIN)}]
            if "TIMESTAMP" in members
            else [{name: _BOUNDS[name] for name in ("abs", "rel")}]
        )
        options |= tolerances[0] if is_tolerant else {}
    if not is_tolerant and ("json" in families or any("[]" in kind.type for kind in pair)):
        options["unordered"] = [True]
    if len(families) == 1 and families <= _SENTINELS.keys():
        options["null_equals"] = _SENTINELS[next(iter(families))]
    if "text" in families:
        options |= {name: _TEXT_RULES[name] for name in text_rules(pair)}
    if families & _NUMBERS and not families <= {"boolean", "text"} and not as_key:
        options |= {name: _BOUNDS[name] for name in measurable(pair)}
    if "instant" in families:
        zones = [zone.key for zone in ZONES]
        apart = [{"legacy": one, "modern": other} for one, other in product(zones, zones) if one != other]
        options["timezone"] = [*zones, *(apart if families == {"instant"} else [])]
    if "instant" in families and not as_key:
        options["within"] = list(_WITHIN)
    return options


def zone_of(rule: Rule, side: int) -> ZoneInfo:
    """The zone of one side's readings that name none."""
    zones = rule.get("timezone", "UTC")
    return ZoneInfo(zones if isinstance(zones, str) else zones["modern" if side else "legacy"])


# Columns and cases


@dataclass(frozen=True)
class PairedColumn:
    """A column of one or both sides.

    Attributes:
        names: Its name on either side.
        kinds: Its type on either side, None where it is not there.
        rule: What the spec says about it.
        named_as_legacy: Whether the spec calls it by its legacy name where it may.
    """

    names: tuple[str, str]
    kinds: tuple[Kind | None, Kind | None]
    rule: Rule = field(default_factory=dict)
    named_as_legacy: bool = False

    @property
    def pair(self) -> Pair:
        """Its types, if both sides have it."""
        legacy, modern = self.kinds
        assert legacy is not None, self.names
        assert modern is not None, self.names
        return legacy, modern

    @property
    def is_renamed(self) -> bool:
        """Whether it finds its partner by `rename` only."""
        return None not in self.kinds and self.names[0].lower() != self.names[1].lower()

    def forms(self, side: int, value: Any) -> list[Any]:
        """The values of one side that are equal to a value of any type; a reading is one of a legacy clock."""
        zones = [zone_of(self.rule, each) for each in (0, 1)]
        if zones[0] != zones[1] and isinstance(value, date) and {kind.type for kind in self.pair} != {"DATE"}:
            value = instant_of(value, zones[0])
        return [] if value is None else self.pair[side].forms(value, zones[side])


@dataclass(frozen=True)
class Predicate:
    """A condition in SQL and in Python.

    Attributes:
        place: The place of its column among the case's columns.
        sql: The condition, with {0} for the column.
        keeps: The same for a value.
    """

    place: int
    sql: str
    keeps: Callable[[Any], bool] = field(repr=False)


@dataclass(frozen=True)
class Case:
    """Two tables and the spec of their comparison.

    Attributes:
        columns: All columns; the rows of a side have the values of those that the side has, in this order.
        key: The places of the key's columns.
        rows: The rows of either side.
        where: What either side's rows are narrowed to.
        entry: The other fields of the spec.
    """

    columns: tuple[PairedColumn, ...]
    key: tuple[int, ...]
    rows: tuple[tuple[Row, ...], tuple[Row, ...]]
    where: tuple[Predicate | None, Predicate | None] = (None, None)
    entry: Rule = field(default_factory=dict)

    def __repr__(self) -> str:
        """What a person would type to see the case."""
        statements = [statement for side, relation in enumerate(RELATIONS) for statement in self.script(side, relation)]
        spec = self.spec().model_dump(exclude_unset=True, by_alias=True)
        return "\n".join(["", *(f"{statement};" for statement in statements), repr(spec)])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: FBT001 - the signature is Hypothesis's
        printer.text(repr(self))

    def columns_of(self, side: int) -> list[tuple[int, PairedColumn, Kind]]:
        """The places, columns and types of one side."""
        found = ((place, column, column.kinds[side]) for place, column in enumerate(self.columns))
        return [(place, column, kind) for place, column, kind in found if kind is not None]

    def table(self, side: int) -> reference.Table:
        """One side for the reference."""
        columns = tuple(reference.Column(column.names[side], kind.type) for _, column, kind in self.columns_of(side))
        predicate = self.where[side]
        if predicate is None:
            return reference.Table(columns, self.rows[side])
        name, keeps = self.columns[predicate.place].names[side], predicate.keeps
        return reference.Table(columns, self.rows[side], lambda row: keeps(row[name]))

    def expected(self) -> reference.Expected:
        """What the reference says."""
        return reference.compare(self.table(0), self.table(1), self.spec())

    def spec(self, relations: tuple[str, str] = RELATIONS) -> TableSpec:
        """The spec as a person would write it."""
        written = {
            "table": "t",
            "legacy": relations[0],
            "modern": relations[1],
            "key": [self._name_in_spec(self.columns[place]) for place in self.key],
            "rename": dict(column.names for column in self.columns if column.is_renamed),
            "where": {
                name: self._condition(side) for side, name in enumerate(("legacy", "modern")) if self.where[side]
            },
            "columns": {self._name_in_spec(column): column.rule for column in self.columns if column.rule},
            **self.entry,
        }
        return TableSpec.model_validate({name: value for name, value in written.items() if value or name == "key"})

    def _condition(self, side: int) -> str | None:
        predicate = self.where[side]
        return predicate and predicate.sql.format(identifier(self.columns[predicate.place].names[side]))

    def _name_in_spec(self, column: PairedColumn) -> str:
        modern_names = {other.names[1].lower() for other in self.columns if other.kinds[1]}
        may_be_legacy = column.names[0].lower() not in modern_names
        return column.names[0 if column.kinds[1] is None or (column.named_as_legacy and may_be_legacy) else 1]

    def script(self, side: int, relation: str) -> list[str]:
        """The statements that make one side."""
        columns = [f"{identifier(column.names[side])} {kind.type}" for _, column, kind in self.columns_of(side)]
        return [
            f"CREATE OR REPLACE TABLE {relation} ({', '.join(columns)})",
            *self.insert(side, relation, self.rows[side]),
        ]

    def insert(self, side: int, relation: str, rows: Sequence[Row]) -> list[str]:
        """The statement that adds rows, if there are any."""
        kinds = [kind for _, _, kind in self.columns_of(side)]
        written = [
            ", ".join("NULL" if cell is None else kind.write(cell) for kind, cell in zip(kinds, row, strict=True))
            for row in rows
        ]
        return [f"INSERT INTO {relation} VALUES {', '.join(f'({row})' for row in written)}"] if rows else []

    def mirrored(self) -> "Case":
        """The same comparison with its sides swapped."""
        columns = [
            replace(each, names=each.names[::-1], kinds=each.kinds[::-1], named_as_legacy=not each.named_as_legacy)
            for each in self.columns
        ]
        return replace(self, columns=tuple(columns), rows=self.rows[::-1], where=self.where[::-1])

    def with_rows(self, side: int, rows: Sequence[Row]) -> "Case":
        """The case with other rows on one side."""
        return replace(self, rows=(tuple(rows), self.rows[1]) if side == 0 else (self.rows[0], tuple(rows)))

    def without_rows(self, side: int, places: Sequence[int]) -> "Case":
        """The case without some rows of one side."""
        return self.with_rows(side, [row for place, row in enumerate(self.rows[side]) if place not in places])

    def with_column(self, column: PairedColumn, cells: Sequence[Sequence[Any]]) -> "Case":
        """The case with one more column, with these cells on either side that has it."""
        legacy, modern = (
            tuple((*row, cell) for row, cell in zip(rows, new, strict=True)) if kind else rows
            for kind, rows, new in zip(column.kinds, self.rows, cells, strict=True)
        )
        return replace(self, columns=(*self.columns, column), rows=(legacy, modern))

    def with_rule(self, place: int, rule: Rule) -> "Case":
        """The case with another rule for one column."""
        columns = list(self.columns)
        columns[place] = replace(columns[place], rule=rule)
        return replace(self, columns=tuple(columns))

    def without_column(self, place: int) -> "Case":
        """The case without one column, of which neither the key nor a predicate knows."""
        rows = []
        for side in (0, 1):
            places = [there for there, _, _ in self.columns_of(side)]
            kept = [number for number, there in enumerate(places) if there != place]
            rows.append(tuple(tuple(row[number] for number in kept) for row in self.rows[side]))

        def moved(there: int) -> int:
            return there - (there > place)

        return replace(
            self,
            columns=self.columns[:place] + self.columns[place + 1 :],
            key=tuple(moved(there) for there in self.key),
            rows=(rows[0], rows[1]),
            where=tuple(each and replace(each, place=moved(each.place)) for each in self.where),
        )


def identifier(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'


# Rows that are equal

_NAMES = [
    "id",
    "k",
    "v",
    "name",
    "Club",
    "two words",
    "select",
    "größe",
    "c0",
    "present",
    "kind",
    "legacy",
    "k0",
    "row",
]
_IN_ALL_KINDS = [0, 1, datetime.fromisoformat("1999-12-31"), "a", []]


def paired_columns(
    random: Random, names: Sequence[str], pair: Callable[[Random], Pair], *, as_key: bool
) -> list[PairedColumn]:
    """Columns of these legacy names that both sides have."""
    columns = []
    for name in names:
        kinds = pair(random)
        modern = random.choice([name, name, name, name.upper(), f"new {name}"])
        rule = random_rule(random, kinds, as_key=as_key)
        columns.append(PairedColumn((name, modern), kinds, rule, named_as_legacy=random.random() < 0.5))
    return columns


def matching_rows(random: Random, columns: Sequence[PairedColumn], count: int, *, distinct: int) -> Sides:
    """Both sides' rows, whose cells are equal; those of the first, distinct columns are rarely the same in two rows."""
    sides: Sides = ([[] for _ in range(count)], [[] for _ in range(count)])
    for place, column in enumerate(columns):
        for row, value in enumerate(_shared_values(random, column, count, pool=count if place < distinct else 4)):
            for side, rows in enumerate(sides):
                rows[row].append(None if value is None else random.choice(column.forms(side, value)))
    return sides


def _shared_values(random: Random, column: PairedColumn, count: int, *, pool: int) -> list[Any]:
    """Values of one column out of a pool of values that both sides can hold."""
    kinds = [kind for kind in column.pair if kind.family != "text"] or [TEXT]
    values = [random.choice(kinds).values(random) for _ in range(pool)]
    shared = _held_by_both(column, values) or _held_by_both(column, _IN_ALL_KINDS)
    return shared if len(shared) == count else random.choices([None, *shared * 3], k=count)


def _held_by_both(column: PairedColumn, values: Sequence[Any]) -> list[Any]:
    return [value for value in values if column.forms(0, value) and column.forms(1, value)]


# Edits


def noise(column: PairedColumn, side: int, value: Any) -> list[Any]:
    """Values of one side close to one of its values: within the bounds of the column's rule, and just beyond."""
    kind, number = column.pair[side], exact(value)
    if number is not None:
        return [near for bound in _bounds(number, column.rule) for near in kind.near(bound)]
    if isinstance(value, date):
        return [form for moved in _moved(value, column.rule) for form in column.forms(side, moved)]
    if isinstance(value, list):
        return [value[::-1], value[:-1], [*value, None], value * 2, *_near_lists(column, side, value)]
    return _similar(value) if kind.family == "text" and may_be_padded(column.pair) else []


def _near_lists(column: PairedColumn, side: int, values: list[Any]) -> list[list[Any]]:
    """The list with its first element moved a little, if that is a number or an instant."""
    if not values or values[0] is None or isinstance(values[0], list):
        return []
    number = exact(values[0])
    if number is not None and column.pair[side].type in {"INTEGER[]", "BIGINT[]"}:
        return [[int(near), *values[1:]] for near in _bounds(number, column.rule) if abs(near) < 2**31]
    if isinstance(values[0], float) and number is not None:
        return [[float(near), *values[1:]] for near in _bounds(number, column.rule) if abs(near) < 1e30]
    if isinstance(values[0], datetime) and values[0].tzinfo is None:
        return [[moved, *values[1:]] for moved in _moved(values[0], column.rule) if form_is_clear(moved)]
    return []


def _bounds(number: Fraction, rule: Rule) -> list[Fraction]:
    largest, share = (Fraction(Decimal(rule.get(name, "0"))) for name in ("abs", "rel"))
    return [number, number + largest, number - largest, number * (1 - share), number / (1 - share)]


def _similar(text: str | None) -> list[str | None]:
    if text is None:
        return ["", " ", "\t"]
    zeros = [found for found in [with_leading_zeros(text)] if found]
    blanks = [f"{text} ", f" {text}", text.strip(), f"{text}\t", f"{text}\u00a0", *zeros]
    forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD")]
    return [*blanks, *forms, text.swapcase(), f"{text}a", text[:-1] or None]


def _moved(value: date, rule: Rule) -> Iterator[datetime]:
    start = value if isinstance(value, datetime) else datetime.combine(value, time())
    within = _WITHIN[rule.get("within", "1s")]
    for step in (within, within + MICROSECOND, within - MICROSECOND, 2 * within, DAY):
        for moved in (step, -step):
            if timedelta(0) <= start.replace(tzinfo=None) - START + moved < timedelta(3652059):
                yield start + moved


def another(random: Random, column: PairedColumn, side: int) -> Any:
    """Any value of one side, an unreadable text now and then."""
    kind, partner = column.pair[side], column.pair[1 - side]
    if kind is NUMERAL and random.random() < 0.2:
        return random.choice(UNREADABLE)
    if kind is JSON_TEXT and random.random() < 0.2:
        return random.choice(UNREADABLE)
    if kind.family != "text" or partner.family == "text":
        return kind.values(random)
    texts = text_forms(partner.values(random), ZONES[0])
    return random.choice(texts) if texts and random.random() < 0.5 else random.choice(UNREADABLE)


def changed_cell(random: Random, column: PairedColumn, side: int, value: Any) -> Any:
    """What becomes of a cell."""
    how = random.choice(["noise", "noise", "noise", "another", "null"])
    near = noise(column, side, value) if how == "noise" else []
    if near:
        return random.choice(near)
    return None if how == "null" else another(random, column, side)


def close_cells(random: Random, column: PairedColumn, count: int) -> list[tuple[Any, Any]]:
    """Pairs of cells that are equal, close to each other, or NULL on one side."""
    values = [random.choice(column.pair).values(random) for _ in range(count)]
    equal = [
        tuple(random.choice(column.forms(side, value)) for side in (0, 1)) for value in _held_by_both(column, values)
    ]
    apart = [(legacy, near) for legacy, modern in equal for near in noise(column, 1, modern)]
    null = [pair for legacy, modern in equal for pair in ((legacy, None), (None, modern))]
    unlike = [(None, near) for near in noise(column, 1, None)]
    cells = [*equal, *apart, *null, *unlike]
    return random.choices(cells, k=count)


def _change_values(random: Random, columns: Sequence[PairedColumn], key_size: int, sides: Sides) -> None:
    """Edits of half the values, in place."""
    for number, column in list(enumerate(columns))[key_size:]:
        for rows in zip(*sides, strict=True):
            side = random.choice([0, 1])
            if random.random() < 0.5:
                rows[side][number] = changed_cell(random, column, side, rows[side][number])


def _edit(random: Random, columns: Sequence[PairedColumn], key_size: int, sides: Sides) -> None:
    """One edit of one side, in place; most of them change a single cell, rarely one of the key."""
    side = random.choice([0, 1])
    rows = sides[side]
    if not rows:
        return
    how = random.choice(["cell"] * 12 + ["drop", "add", "duplicate", "swap", "swap"])
    place = random.randrange(len(rows))
    number = random.choice([*range(len(columns)), *[*range(key_size, len(columns))] * 4])
    if how == "cell":
        rows[place][number] = changed_cell(random, columns[number], side, rows[place][number])
    elif how == "drop":
        rows.pop(place)
    elif how == "add":
        rows.append([random.choice([None, another(random, column, side)]) for column in columns])
    elif how == "duplicate":
        rows.append(list(rows[place]))
    else:
        other = random.choice(rows)
        rows[place][number], other[number] = other[number], rows[place][number]


# Whole cases


def seeds() -> st.SearchStrategy[Random]:
    """Where all that is random in a case comes from."""
    return st.randoms(use_true_random=True)


def cases() -> st.SearchStrategy[Case]:
    """Comparisons of every kind."""
    return seeds().map(_random_case)


def equal_cases() -> st.SearchStrategy[Case]:
    """Comparisons of unique rows that are equal on both sides, and are not without any."""
    return seeds().map(_random_equal_case)


def _random_case(random: Random) -> Case:
    key_size = random.choice([1, 1, 1, 1, 2, 2, 3, 0])
    names = random.sample(_NAMES, len(_NAMES))
    values = names[key_size : key_size + random.choice([0 if key_size else 1, 1, 2, 3, 3, 4, 5, 6])]
    columns = [
        *paired_columns(random, names[:key_size], key_pair, as_key=True),
        *paired_columns(random, values, value_pair, as_key=not key_size),
    ]
    keys_collide = random.random() < 0.25
    count = random.choice([0, 1, 3, 8, 8, 12, 12, 20, 20, 20])
    sides = matching_rows(random, columns, count, distinct=0 if keys_collide else key_size)
    if random.random() < 0.6:
        _change_values(random, columns, key_size, sides)
    case = _case(columns, key_size, sides)
    sides = tuple([list(row) for row in rows] for rows in (case if keys_collide else _without_duplicates(case)).rows)
    for _ in range(random.choice([0, 0, 1, 2, 4, 8])):
        _edit(random, columns, key_size, sides)
    if random.random() < 0.15:
        rows = random.choice(sides)
        del rows[len(rows) // 2 :]
    case = _case(columns, key_size, [random.sample(rows, len(rows)) for rows in sides])
    case = replace(case, entry=_random_entry(random, keyless=not key_size))
    case = _with_further_columns(random, case)
    return replace(case, where=_random_predicates(random, case)) if random.random() < 0.12 else case


def _random_equal_case(random: Random) -> Case:
    names = random.sample(_NAMES, len(_NAMES))
    columns = [
        *paired_columns(random, names[:1], key_pair, as_key=True),
        *paired_columns(random, names[1 : random.randint(2, 7)], value_pair, as_key=False),
    ]
    return _without_duplicates(_case(columns, 1, matching_rows(random, columns, random.randint(1, 20), distinct=1)))


def _case(columns: Sequence[PairedColumn], key_size: int, sides: Sequence[Sequence[Sequence[Any]]]) -> Case:
    legacy, modern = (tuple(tuple(row) for row in rows) for rows in sides)
    return Case(tuple(columns), tuple(range(key_size)), (legacy, modern))


def _random_entry(random: Random, *, keyless: bool) -> Rule:
    entry: Rule = {"multiset": keyless or random.random() < 0.5, "exclude": ("_dlt_*",)}
    if random.random() < 0.3:
        entry["row_tolerance"] = random.choice(["0.1", "0.25", "0.5"])
    return {**entry, "allow_empty": random.random() < 0.5}


def _without_duplicates(case: Case) -> Case:
    """Only the first row of each key."""
    for side in (0, 1) if case.key else ():
        keys = keys_of(case, side)
        case = case.without_rows(side, [place for place, key in enumerate(keys) if key in keys[:place]])
    return case


def keys_of(case: Case, side: int) -> list[Any]:
    """The keys of one side's rows, in the reference's form."""
    columns = reference.matched_columns(case.table(0).columns, case.table(1).columns, case.spec())
    key = reference.key_columns(columns, case.spec())
    rows = range(len(case.rows[side]))
    return [tuple(column.form_in(case.table(side), row, legacy=side == 0) for column in key) for row in rows]


def _with_further_columns(random: Random, case: Case) -> Case:
    """Columns that are excluded, or on one side only."""
    one_sided: list[tuple[Kind | None, Kind | None]] = [(BLOB, None), (None, INTEGER)]
    any_sided = [*one_sided, (BLOB, INTEGER), (TEXT, TEXT)]
    for name, kinds, rule, share in (
        ("_dlt_id", any_sided, {}, 0.3),
        ("load_id", any_sided, {"exclude": True}, 0.25),
        ("extra", one_sided, {}, 0.05),
    ):
        if random.random() < share:
            column = PairedColumn((name, name.upper()), random.choice(kinds), rule)
            pairs = zip(column.kinds, case.rows, strict=True)
            case = case.with_column(
                column, [[kind.values(random) for _ in rows] if kind else [] for kind, rows in pairs]
            )
    return case


def _random_predicates(random: Random, case: Case) -> tuple[Predicate | None, Predicate | None]:
    place = random.choice([place for place, column in enumerate(case.columns) if None not in column.kinds])
    options = [
        Predicate(place, "{0} IS NOT NULL", lambda value: value is not None),
        Predicate(place, "{0} IS NULL", lambda value: value is None),
        Predicate(place, "{0} IS NULL AND {0} IS NOT NULL", lambda _: False),
    ]
    if all(kind.family == "integer" for kind in case.columns[place].pair):
        options.append(Predicate(place, "{0} > 1", lambda value: value is not None and value > 1))
    one = random.choice(options)
    return random.choice([(one, one), (one, one), (one, None), (None, one)])


def smallest(case: Case, fails: Callable[[Case], bool]) -> Case:
    """A case that still fails, and does not any more with one row, column or rule less."""
    for smaller in _smaller(case):
        if fails(smaller):
            return smallest(smaller, fails)
    return case


def _smaller(case: Case) -> Iterator[Case]:
    """The case with less of something, much less of it first."""
    if any(case.where):
        yield replace(case, where=(None, None))
    used = {*case.key, *(predicate.place for predicate in case.where if predicate)}
    yield from (case.without_column(place) for place in range(len(case.columns)) if place not in used)
    if len(case.key) > 1:
        yield replace(case, key=case.key[1:])
    for side in (0, 1):
        rows = range(len(case.rows[side]))
        halves = [rows[: len(rows) // 2], rows[len(rows) // 2 :]] if len(rows) > 1 else []
        yield from (case.without_rows(side, places) for places in [*halves, *([row] for row in rows)])
    for place, column in enumerate(case.columns):
        for name in column.rule:
            yield case.with_rule(place, {other: value for other, value in column.rule.items() if other != name})
    for name in case.entry:
        yield replace(case, entry={other: value for other, value in case.entry.items() if other != name})


# The engine


@dataclass(frozen=True)
class Difference:
    """A row of the differences in long form."""

    kind: str
    key: str
    column_name: str | None
    legacy_value: str | None
    modern_value: str | None
    cause: str | None
    accepted: bool
    legacy_rows: int
    modern_rows: int


@dataclass(frozen=True)
class Found:
    """What the engine found."""

    result: ComparisonResult
    differences: tuple[Difference, ...]


def found_by_engine(
    connection: duckdb.DuckDBPyConnection, spec: TableSpec, *, in_buckets: bool = False, checks_itself: bool = False
) -> Found:
    """Compare two tables: the one place that calls the engine.

    Args:
        connection: Has both tables.
        spec: What to compare.
        in_buckets: Whether to hash buckets first, as is done with large tables.
        checks_itself: Whether to plant changes as well.
    """
    effort = Effort(checks_itself=checks_itself)
    effort = replace(effort, hashing=ALWAYS_HASHED) if in_buckets else effort
    with compare(DuckDBEngine(connection), spec, effort=effort) as comparison:
        rows = connection.execute(comparison.differences.sql(dialect="duckdb")).fetchall()
        assert comparison.differences_total == len(rows)
        return Found(comparison.result, tuple(Difference(*row) for row in rows))


def compared(
    connection: duckdb.DuckDBPyConnection, case: Case, *, in_buckets: bool = False, checks_itself: bool = False
) -> Found:
    """Make the two tables of a case and compare them."""
    for side, relation in enumerate(RELATIONS):
        for statement in case.script(side, relation):
            connection.execute(statement)
    return found_by_engine(connection, case.spec(), in_buckets=in_buckets, checks_itself=checks_itself)
