"""The two small tables with planted changes that a comparison is checked with.

Columns of the same types under the same rule are compared by the same SQL, so their values lie below each other in one
column of the planted tables: a `Kind`. A row is one copy of a real row, for one place among the columns of each kind.
That keeps the check of hundreds of columns short.
In the new table each copy has one change: the cells of one kind, a change that rules forgive, a missing row, a row that
the old table lacks, a row that is twice in the old one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import Family
from transferroom_pipeline.comparisons.columns import ColumnPlan, ComparedColumn
from transferroom_pipeline.comparisons.planting import changed, changes_every_value, forgiven
from transferroom_pipeline.comparisons.queries import column, named
from transferroom_pipeline.comparisons.sides import LEGACY, SIDE_NAMES
from transferroom_pipeline.comparisons.spec import ColumnRule, SidePredicates, TableSpec
from transferroom_pipeline.comparisons.sql_text import DIALECT

COPY, PLACE = "copy", "place"
_FORGIVEN = "forgiven"
_OF_ROWS = ("missing", "extra", "twice")
_LISTED: frozenset[Family] = frozenset(
    {"boolean", "integer", "decimal", "float", "text", "json", "uuid", "instant", "time", "interval"}
)
"""Families whose values every engine can hold in a list."""


@dataclass(frozen=True)
class Kind:
    """Columns that are compared by the same SQL.

    Attributes:
        number: Its number.
        columns: The columns, one for each place.
    """

    number: int
    columns: tuple[ComparedColumn, ...]

    @property
    def name(self) -> str:
        """Its column in the planted tables."""
        return f"v{self.number}"

    @property
    def compared(self) -> ComparedColumn:
        """Any of the columns: what is said of one goes for all."""
        return self.columns[0]

    @property
    def is_forgiving(self) -> bool:
        """Whether the rule forgives a change."""
        return forgiven(self.compared, column(self.name)) is not None

    def values(self, side: int) -> list[exp.Expr]:
        """The values of one side in a pair of rows."""
        return [column(f"{SIDE_NAMES[side][0]}{each.position}", "pair") for each in self.columns]


def kinds_of(plan: ColumnPlan, *, each_apart: bool) -> tuple[Kind, ...]:
    """The value columns of a comparison by how they are compared.

    Args:
        plan: The columns.
        each_apart: Make a kind of every column: the hash of a row is made of all columns, and each must count in it.
    """
    found: dict[tuple[object, ...], list[ComparedColumn]] = {}
    for each in plan.value_columns:
        own = each.equality
        alike = {own.legacy.family, own.modern.family} <= _LISTED and not each_apart
        rule = each.rule.model_dump_json()
        found.setdefault((own.legacy.name, own.modern.name, rule, None if alike else each.position), []).append(each)
    return tuple(Kind(number, tuple(columns)) for number, columns in enumerate(found.values()))


@dataclass(frozen=True)
class Planted:
    """The two planted tables.

    Attributes:
        plan: The columns of the comparison.
        kinds: Its value columns by how they are compared.
        pairs: Real rows of both sides: a table with `l<n>` and `m<n>`, and `e<n>`, whether the two are strictly equal,
            for columns whose rule forgives a change.
        rows: How many pairs there are.
        filled: Of columns in which NULL cannot be changed, the rows without NULL, by position.
    """

    plan: ColumnPlan
    kinds: tuple[Kind, ...]
    pairs: exp.Table
    rows: int
    filled: Mapping[int, int]

    @cached_property
    def copies(self) -> list[str]:
        """What is done to each copy."""
        forgiving = [_FORGIVEN] if any(kind.is_forgiving for kind in self.kinds) else []
        return [*(f"changed {kind.number}" for kind in self.kinds), *forgiving, *_OF_ROWS]

    @property
    def changes(self) -> int:
        """How many changes are planted: one per column, one more per column that forgives, three of whole rows."""
        forgiving = sum(len(kind.columns) for kind in self.kinds if kind.is_forgiving)
        return len(self.plan.value_columns) + forgiving + len(_OF_ROWS)

    def expected(self, compared: ComparedColumn) -> int:
        """How many cells of a column are changed."""
        return self.rows if changes_every_value(compared) else self.filled[compared.position]

    def copy_of(self, kind: Kind) -> int:
        """The number of the copy in which the cells of a kind are changed."""
        return self.copies.index(f"changed {kind.number}")

    @property
    def marks(self) -> tuple[str, str]:
        """The names of the columns that number copies and places, which no column of the key has."""
        taken = {name.lower() for each in self.plan.key_columns for name in (each.legacy, each.modern)}
        taken |= {kind.name for kind in self.kinds}
        return _free(COPY, taken), _free(PLACE, taken)

    def spec(self, spec: TableSpec, tables: Sequence[exp.Table]) -> TableSpec:
        """The comparison of the planted tables, under the same rules."""
        keys = self.plan.key_columns
        rules: dict[str, ColumnRule] = {each.modern: each.rule for each in keys}
        names = [table.sql(dialect=DIALECT, identify=True) for table in tables]
        changes = {
            "legacy": names[0],
            "modern": names[1],
            "key": (*self.marks, *(each.modern for each in keys)) if keys else (),
            "rename": {each.legacy: each.modern for each in keys if each.legacy != each.modern},
            "where": SidePredicates(),
            "exclude": (),
            "columns": {**rules, **{kind.name: kind.compared.rule for kind in self.kinds}},
            "accepted": (),
        }
        return spec.model_copy(update=changes)

    def numerals(self, side: int) -> set[str]:
        """The columns of a planted table that are numbers written as text."""
        of_key = {each.name(side) for each in self.plan.key_columns if each.equality.own(side).is_numeral}
        return of_key | {kind.name for kind in self.kinds if kind.compared.equality.own(side).is_numeral}

    def table(self, side: int) -> exp.Query:
        """One of the two tables."""
        copy, place = self.marks
        left_out = "extra" if side == LEGACY else "missing"
        numbers = [number for number, what in enumerate(self.copies) if what != left_out]
        if side == LEGACY:
            numbers.append(self.copies.index("twice"))
        copies = self.plan.functions.unnested({"copy": [exp.Literal.number(number) for number in numbers]}, [])
        keys = [named(column(each.name(side), "below"), each.name(side)) for each in self.plan.key_columns]
        marks = [named(column("copy", "copies"), copy), named(column(place, "below"), place)]
        values = [named(self._value(kind, side), kind.name) for kind in self.kinds]
        is_of_cells = exp.LT(this=column("copy", "copies"), expression=exp.Literal.number(self.copies.index("missing")))
        is_first = exp.EQ(this=column(place, "below"), expression=exp.Literal.number(1))
        return (
            exp.Select(expressions=[*marks, *keys, *values])
            .from_(self._below(side).subquery("below", copy=False), copy=False)
            .join(copies.subquery("copies", copy=False), join_type="cross", copy=False)
            .where(exp.or_(is_of_cells, is_first), copy=False)
        )

    def _below(self, side: int) -> exp.Select:
        """The values of each kind below each other, a row per place; NULL where a kind has fewer columns than that."""
        _, place = self.marks
        most = max((len(kind.columns) for kind in self.kinds), default=1)
        lists: dict[str, list[exp.Expr]] = {place: [exp.Literal.number(number + 1) for number in range(most)]}
        lists |= {kind.name: kind.values(side) for kind in self.kinds if len(kind.columns) > 1}
        if side != LEGACY:
            lists |= {_flag(kind): _flags(kind) for kind in self.kinds if kind.is_forgiving and len(kind.columns) > 1}
        single = [kind for kind in self.kinds if len(kind.columns) == 1]
        plain = [named(kind.values(side)[0], kind.name) for kind in single]
        if side != LEGACY:
            plain += [named(_flags(kind)[0], _flag(kind)) for kind in single if kind.is_forgiving]
        keys = [
            named(column(f"{SIDE_NAMES[side][0]}{each.position}", "pair"), each.name(side))
            for each in self.plan.key_columns
        ]
        pairs = exp.alias_(self.pairs.copy(), "pair", table=True)
        return self.plan.functions.unnested(lists, [*keys, *plain]).from_(pairs, copy=False)

    def _value(self, kind: Kind, side: int) -> exp.Expr:
        _, place = self.marks
        value: exp.Expr = column(kind.name, "below")
        here = exp.LTE(this=column(place, "below"), expression=exp.Literal.number(len(kind.columns)))
        if side == LEGACY:
            return value if len(kind.columns) > 1 else exp.Case(ifs=[exp.If(this=here, true=value)])
        value = self.plan.functions.caseable(value, kind.compared.equality.modern)
        is_changed = exp.and_(here, self._is_copy(f"changed {kind.number}"), copy=False)
        planted = [exp.If(this=is_changed, true=changed(kind.compared, value))]
        let_be = forgiven(kind.compared, value)
        if let_be is not None:
            # Only where the two are the same: elsewhere the rule may have been used up already.
            strictly_equal = column(_flag(kind), "below")
            is_forgiven = exp.and_(here.copy(), self._is_copy(_FORGIVEN), strictly_equal, copy=False)
            planted.append(exp.If(this=is_forgiven, true=let_be))
        planted.append(exp.If(this=here.copy(), true=value.copy()))
        return exp.Case(ifs=planted)

    def _is_copy(self, what: str) -> exp.Expr:
        return exp.EQ(this=column("copy", "copies"), expression=exp.Literal.number(self.copies.index(what)))


def _flag(kind: Kind) -> str:
    return f"e{kind.number}"


def _flags(kind: Kind) -> list[exp.Expr]:
    """Whether the cells of either side are strictly equal."""
    return [column(f"e{each.position}", "pair") for each in kind.columns]


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
