"""Which column of the old table is compared with which column of the new one, and how."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from transferroom_pipeline.comparisons.column_types import NUMERAL, ColumnType, column_type
from transferroom_pipeline.comparisons.equality import Equality, equality
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.functions.base import Functions
from transferroom_pipeline.comparisons.result import ColumnStatus
from transferroom_pipeline.comparisons.spec import STRICT, ColumnRule, TableSpec


@dataclass(frozen=True)
class Column:
    """A column of a relation."""

    name: str
    type: ColumnType


def typed_columns(columns: Sequence[tuple[str, str]], numerals: Container[str], dialect: str) -> list[Column]:
    """Columns as an engine names them and their types.

    Args:
        columns: Names and types.
        numerals: Those that are numbers written as text.
        dialect: The engine's.
    """
    return [Column(name, column_type(NUMERAL if name in numerals else kind, dialect)) for name, kind in columns]


@dataclass(frozen=True)
class MatchedColumn:
    """A column of either table with its partner, if it has one."""

    legacy: Column | None
    modern: Column | None
    rule: ColumnRule
    is_excluded: bool

    @property
    def name(self) -> str:
        """Its name in the old table; in the new one where the old one does not have it."""
        column = self.legacy or self.modern
        return column.name if column else ""

    @property
    def status(self) -> ColumnStatus:
        """What can be said before any row is read."""
        if self.is_excluded:
            return "excluded"
        if self.modern is None:
            return "only_legacy"
        return "only_modern" if self.legacy is None else "equal"


@dataclass(frozen=True)
class ComparedColumn:
    """A column that both tables have.

    Attributes:
        position: Its number, from which the names in the SQL are made.
        legacy: Its name in the old table.
        modern: Its name in the new table.
        rule: Its rule.
        equality: When two of its cells are equal.
    """

    position: int
    legacy: str
    modern: str
    rule: ColumnRule
    equality: Equality

    def name(self, side: int) -> str:
        """Its name in either table."""
        return self.modern if side else self.legacy


@dataclass(frozen=True)
class ColumnPlan:
    """All columns of both tables.

    Attributes:
        matched: Every column, in the old table's order, those of the new table alone after them.
        compared: The columns to compare, by their place in `matched`.
        key: The places of the key's columns.
        key_names: The key as the spec names it, in the same order.
        functions: The dialect of the SQL.
    """

    matched: tuple[MatchedColumn, ...]
    compared: Mapping[int, ComparedColumn]
    key: tuple[int, ...]
    key_names: tuple[str, ...]
    functions: Functions

    @property
    def key_columns(self) -> list[ComparedColumn]:
        """The columns that identify a row."""
        return [self.compared[place] for place in self.key]

    @property
    def value_columns(self) -> list[ComparedColumn]:
        """The columns compared besides the key."""
        return [column for place, column in self.compared.items() if place not in self.key]

    @property
    def tolerant_columns(self) -> list[ComparedColumn]:
        """The columns in which cells that are not strictly equal can count as equal."""
        return [column for column in self.value_columns if column.equality.is_tolerant]

    @property
    def all_columns(self) -> list[ComparedColumn]:
        """The key and the values."""
        return list(self.compared.values())


def plan_columns(
    spec: TableSpec, legacy: Sequence[Column], modern: Sequence[Column], functions: Functions
) -> ColumnPlan:
    """Match the columns of both tables by name and find out how each pair is compared.

    Raises:
        ComparisonError: The spec names a column that is not there, a key column is missing on a side, or two types
            cannot be compared.
    """
    pairs = _pairs(spec, legacy, modern)
    rules = _rules(spec, pairs)
    matched = tuple(_matched(spec, pair, rules.get(place, STRICT)) for place, pair in enumerate(pairs))
    key = tuple(_place(spec, pairs, name, "is the key") for name in spec.key)
    for place, name in zip(key, spec.key, strict=True):
        _require_usable_as_key(spec, matched[place], name)
    compared = {
        place: _compared(spec, place, column, functions)
        for place, column in enumerate(matched)
        if column.status == "equal"
    }
    return ColumnPlan(matched, compared, key, spec.key, functions)


Pair = tuple[Column | None, Column | None]


def _pairs(spec: TableSpec, legacy: Sequence[Column], modern: Sequence[Column]) -> list[Pair]:
    renamed = {
        _named(spec, legacy, old, "legacy").name: _named(spec, modern, new, "modern")
        for old, new in spec.rename.items()
    }
    taken = {column.name for column in renamed.values()}
    if len(taken) < len(spec.rename):
        names = ", ".join(f"{old} to {new}" for old, new in spec.rename.items())
        raise ComparisonError(f"table {spec.table}: two columns cannot be renamed to one, nor one to two: {names}")
    pairs: list[Pair] = []
    for column in legacy:
        free = [other for other in modern if other.name not in taken]
        partner = renamed.get(column.name) or _find(free, column.name)
        taken |= {partner.name} if partner else set()
        pairs.append((column, partner))
    return [*pairs, *((None, column) for column in modern if column.name not in taken)]


def _named(spec: TableSpec, columns: Sequence[Column], name: str, side: str) -> Column:
    column = _find(columns, name)
    if column is None:
        raise ComparisonError(f"table {spec.table}: column {name} of the renaming is not in the {side} table")
    return column


def _find(columns: Sequence[Column], name: str) -> Column | None:
    """The column of a name; one that differs in case only is it too, as for the engines."""
    exact = (column for column in columns if column.name == name)
    folded = (column for column in columns if column.name.lower() == name.lower())
    return next(exact, None) or next(folded, None)


def _place(spec: TableSpec, pairs: Sequence[Pair], name: str, role: str) -> int:
    """Where the column that the spec names is: modern names go before legacy ones."""
    for side in (1, 0):
        column = _find([pair[side] for pair in pairs if pair[side]], name)  # type: ignore[misc]
        if column is not None:
            return next(place for place, pair in enumerate(pairs) if pair[side] is column)
    raise ComparisonError(f"table {spec.table}: there {role} column {name}, which neither table has")


def _rules(spec: TableSpec, pairs: Sequence[Pair]) -> dict[int, ColumnRule]:
    """The rule of each column that has one, by the column's place."""
    named: dict[int, str] = {}
    for name in spec.columns:
        place = _place(spec, pairs, name, "are rules for")
        if place in named:
            message = f"{named[place]} and {name} are one column, and there are rules for both: keep one"
            raise ComparisonError(f"table {spec.table}: {message}")
        named[place] = name
    return {place: spec.columns[name] for place, name in named.items()}


def _matched(spec: TableSpec, pair: Pair, rule: ColumnRule) -> MatchedColumn:
    names = [column.name.lower() for column in pair if column]
    patterns = [pattern.lower() for pattern in spec.exclude]
    by_pattern = any(name == pattern or fnmatchcase(name, pattern) for name in names for pattern in patterns)
    return MatchedColumn(*pair, rule=rule, is_excluded=rule.exclude or by_pattern)


def _require_usable_as_key(spec: TableSpec, column: MatchedColumn, name: str) -> None:
    if column.is_excluded:
        raise ComparisonError(
            f"table {spec.table}: key column {name} is excluded: take it out of the key or the exclusions"
        )
    if column.status != "equal":
        side = "modern" if column.modern is None else "legacy"
        raise ComparisonError(
            f"table {spec.table}: key column {name} is not in the {side} table: rename it or change the key"
        )
    rule = column.rule
    if rule.has_number_tolerance or rule.drift is not None or rule.within is not None:
        raise ComparisonError(
            f"table {spec.table}: key column {name} has a tolerance, but a key either matches or does not"
        )


def _compared(spec: TableSpec, place: int, column: MatchedColumn, functions: Functions) -> ComparedColumn:
    if column.legacy is None or column.modern is None:
        raise AssertionError(f"column {column.name} is on one side only")
    try:
        equal = equality(column.legacy.type, column.modern.type, column.rule, functions)
    except ComparisonError as error:
        message = f"table {spec.table}, column {column.name}: {error}: exclude the column, or change its rule or type"
        raise ComparisonError(message) from error
    return ComparedColumn(place, column.legacy.name, column.modern.name, column.rule, equal)
