"""The SQL of a comparison, built as expressions: nothing that a person wrote is ever pasted into text.

Inside the queries columns go by their numbers, so that no name of a table's own can get in the way: `k<n>` are the
forms of the key, `c<n>` the values, `l<n>` and `m<n>` the values of either side, `d<n>` whether the two differ.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from sqlglot import exp

from transferroom_pipeline.comparisons.columns import ColumnPlan, ComparedColumn
from transferroom_pipeline.comparisons.sides import LEGACY, MODERN, SIDE_NAMES, SIDES
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.sql_text import parse_predicate, parse_relation

BITS = 16
"""Bits of a hash that number the buckets of one sorting."""


def unique_mark() -> str:
    """Marks names that no other comparison uses."""
    return f"comparison_{uuid4().hex[:12]}"


def column(name: str, table: str | None = None) -> exp.Column:
    """A column by its exact name; built by hand, since wide tables have many thousands of them."""
    qualifier = None if table is None else exp.Identifier(this=table, quoted=True)
    return exp.Column(this=exp.Identifier(this=name, quoted=True), table=qualifier)


def named(value: exp.Expr, name: str) -> exp.Alias:
    """A value by a name; like `column` built by hand, without the copy that sqlglot would make of the value."""
    return exp.Alias(this=value, alias=exp.Identifier(this=name, quoted=True))


def count() -> exp.Count:
    """The number of rows."""
    return exp.Count(this=exp.Star())


def count_where(condition: exp.Expr) -> exp.Expr:
    """The number of rows for which a condition holds."""
    return exp.Filter(this=count(), expression=exp.Where(this=condition))


def sum_or_zero(value: exp.Expr) -> exp.Expr:
    """A sum of whole numbers that is not NULL without rows."""
    return exp.func("COALESCE", exp.Sum(this=value), exp.Literal.number(0))


def is_kind(kind: str) -> exp.Expr:
    """Whether a row of the differences is different, or on one side only."""
    return exp.EQ(this=column("kind"), expression=exp.Literal.string(kind))


def is_null(value: exp.Expr) -> exp.Expr:
    """Whether a value is NULL."""
    return exp.Is(this=value, expression=exp.null())


def relation(spec: TableSpec, side: int) -> exp.Table:
    """The table of one side."""
    return parse_relation((spec.legacy, spec.modern)[side])


def filtered(spec: TableSpec, side: int) -> exp.Select:
    """The rows of one side that are compared, with the table's own columns."""
    query = exp.select("*").from_(relation(spec, side))
    predicate = spec.where.of(side)
    return query if predicate is None else query.where(parse_predicate(predicate))


Sources = tuple[exp.Select, exp.Select]
"""The rows of either side, with the table's own columns."""


def everything(spec: TableSpec) -> Sources:
    """All rows that are compared."""
    return filtered(spec, LEGACY), filtered(spec, MODERN)


def chosen_rows(spec: TableSpec, plan: ColumnPlan, side: int, condition: exp.Expr) -> exp.Select:
    """The rows of one side that meet a condition on the source, with the compared columns only."""
    source = filtered(spec, side).subquery("source")
    query = exp.Select(expressions=_own_columns(plan, side)).from_(source, copy=False)
    return query.where(condition, copy=False)


def chosen_by_id(spec: TableSpec, plan: ColumnPlan, side: int, row_id: exp.Expr, ids: exp.Table) -> exp.Select:
    """The rows of one side whose ids are in a table, with the compared columns only."""
    chosen = exp.select(column("row_id")).from_(ids.copy()).subquery()
    query = exp.Select(expressions=_own_columns(plan, side)).from_(relation(spec, side), copy=False)
    return query.where(exp.In(this=row_id, query=chosen), copy=False)


def _own_columns(plan: ColumnPlan, side: int) -> list[exp.Column]:
    return [column(compared.name(side)) for compared in plan.all_columns]


def side_rows(source: exp.Select, plan: ColumnPlan, side: int) -> exp.Select:
    """The rows of one side: a mark that the row is there, the forms of its key, and its compared values."""
    values = [named(column(compared.name(side), "source"), f"c{compared.position}") for compared in plan.all_columns]
    keys = [plan.functions.key_part(form) for form in forms(plan.key_columns, side)]
    present = exp.true().as_("present", quoted=True)
    selected = exp.Select(expressions=[present, *_named("k", keys), *values])
    return selected.from_(source.subquery("source", copy=False), copy=False)


def both_sides(spec: TableSpec, plan: ColumnPlan) -> exp.Subquery:
    """Any rows of both sides beside each other, with the columns of the table of differences: `l<n>` and `m<n>`."""
    legacy, modern = (
        side_rows(source, plan, side).subquery(SIDE_NAMES[side]) for side, source in enumerate(everything(spec))
    )
    query = exp.select(*paired_values(plan)).from_(legacy).join(modern, join_type="cross")
    return query.subquery("both_sides")


def paired_values(plan: ColumnPlan, tables: tuple[str, str] = SIDE_NAMES) -> list[exp.Expr]:
    """The values of rows that are side by side: `l<n>` and `m<n>`, out of the `c<n>` of two tables."""
    return [
        named(column(f"c{compared.position}", tables[side]), f"{SIDE_NAMES[side][0]}{compared.position}")
        for compared in plan.all_columns
        for side in SIDES
    ]


def forms(columns: Sequence[ComparedColumn], side: int, prefix: str | None = None) -> list[exp.Expr]:
    """The forms of columns: of the source's, or where there is a prefix of those called `<prefix><n>`."""
    return [form for compared in columns for form in compared.equality.forms(own(compared, side, prefix), side)]


def own(compared: ComparedColumn, side: int, prefix: str | None = None) -> exp.Expr:
    """A column of the source, or where there is a prefix the one called `<prefix><n>`."""
    return column(compared.name(side), "source") if prefix is None else column(f"{prefix}{compared.position}")


def key_hash(plan: ColumnPlan, side: int) -> exp.Expr:
    """The hash of the key of a row of the source; without a key, of the whole row."""
    return hash_of(plan.key_columns or plan.all_columns, plan, side)


def bucket(plan: ColumnPlan, side: int, buckets: int, sorting: int = 0) -> exp.Expr:
    """The bucket of a row of the source: some bits of its key's hash.

    Args:
        plan: The columns.
        side: Legacy or modern.
        buckets: How many there are, a power of two, at most 65,536.
        sorting: Which bits, in steps of 16: rows that share a bucket in one sorting hardly ever do so in another.
    """
    hashed = key_hash(plan, side)
    if sorting:
        hashed = exp.paren(exp.BitwiseRightShift(this=hashed, expression=exp.Literal.number(BITS * sorting)))
    return plan.functions.bucket(hashed, buckets)


def hash_of(
    columns: Sequence[ComparedColumn],
    plan: ColumnPlan,
    side: int,
    prefix: str | None = None,
    *,
    further: Sequence[exp.Expr] = (),
) -> exp.Expr:
    """The hash of columns, in which NULL is flagged apart from every value."""
    values = [value for compared in columns for value in compared.equality.hashable(own(compared, side, prefix), side)]
    return plan.functions.row_hash([*further, *values])


def key_names(plan: ColumnPlan) -> list[str]:
    """The names of the key's forms."""
    return [f"k{number}" for number in range(len(forms(plan.key_columns, LEGACY)))]


def _key_columns(plan: ColumnPlan) -> list[exp.Column]:
    return [column(name) for name in key_names(plan)]


def _named(prefix: str, expressions: Sequence[exp.Expr]) -> list[exp.Expr]:
    return [named(form, f"{prefix}{number}") for number, form in enumerate(expressions)]


def count_rows(spec: TableSpec, side: int) -> exp.Select:
    """The number of rows compared."""
    return exp.select(count()).from_(filtered(spec, side).subquery("source"))


def count_null_keys(spec: TableSpec, plan: ColumnPlan, side: int) -> exp.Select:
    """The number of rows with NULL in the key."""
    nulls = [is_null(own(compared, side)) for compared in plan.key_columns]
    source = filtered(spec, side).subquery("source")
    return exp.select(count()).from_(source).where(exp.or_(*nulls))


def sums(spec: TableSpec, columns: Sequence[ComparedColumn], side: int) -> exp.Select:
    """One row with the sums of columns that are numbers, two parts of each."""
    totals = [part for compared in columns for part in compared.equality.summed(own(compared, side), side)]
    source = filtered(spec, side).subquery("source")
    return exp.select(*_named("s", totals)).from_(source)


def differing_sums(columns: Sequence[ComparedColumn], differences: exp.Table) -> exp.Select:
    """One row with the same sums over the rows that differ: first legacy's, then modern's."""
    totals = [
        part
        for side, name in enumerate(SIDE_NAMES)
        for compared in columns
        for part in compared.equality.summed(column(f"{name[0]}{compared.position}"), side)
    ]
    return exp.select(*_named("s", totals)).from_(differences.copy())


def number_columns(plan: ColumnPlan) -> list[ComparedColumn]:
    """The value columns that are compared as numbers."""
    return [compared for compared in plan.value_columns if compared.equality.is_number]


def lossy_columns(plan: ColumnPlan, side: int) -> list[ComparedColumn]:
    """The columns of which one side's values may have more digits than the double that they are compared as."""
    return [each for each in plan.all_columns if each.equality.loss(side).is_possible]


def count_lossy(spec: TableSpec, columns: Sequence[ComparedColumn], side: int) -> exp.Select:
    """One row with the number of such values of each column."""
    counts = [count_where(each.equality.loses_digits(own(each, side), side)) for each in columns]
    source = filtered(spec, side).subquery("source")
    return exp.select(*_named("s", counts)).from_(source)


def count_all(spec: TableSpec, side: int) -> exp.Select:
    """The number of rows without the predicate."""
    return exp.select(count()).from_(relation(spec, side))


def duplicate_keys(spec: TableSpec, plan: ColumnPlan) -> exp.Query:
    """The keys that occur more than once on either side."""
    more_than_once = exp.GT(this=count(), expression=exp.Literal.number(1))
    sides = [
        exp.Select(expressions=_key_columns(plan))
        .from_(side_rows(source, plan, side).subquery("rows", copy=False), copy=False)
        .group_by(*_key_columns(plan), copy=False)
        .having(more_than_once.copy(), copy=False)
        for side, source in enumerate(everything(spec))
    ]
    return exp.union(*sides, distinct=True, copy=False)


def with_duplicate_key(duplicate_keys: exp.Table, plan: ColumnPlan, rows: str) -> exp.Expr:
    """Whether the key of a row is among the duplicate ones."""
    names = key_names(plan)
    same = [plan.functions.same_key(column(name, "duplicate"), column(name, rows)) for name in names]
    return exp.Exists(
        this=exp.select("1").from_(exp.alias_(duplicate_keys.copy(), "duplicate", table=True)).where(exp.and_(*same))
    )


PairCondition = Callable[[exp.Expr, exp.Expr], exp.Expr]
"""A condition on the legacy and the modern cell of a column."""


@dataclass(frozen=True)
class Matching:
    """The rows of both sides put side by side.

    Attributes:
        plan: The columns.
        sources: The rows.
        duplicate_keys: The keys that occur more than once, if any do: their rows are compared as multisets.
    """

    plan: ColumnPlan
    sources: Sources
    duplicate_keys: exp.Table | None = None

    def _joined(self, further: Sequence[exp.Expr] = ()) -> exp.Select:
        """Both sides joined on the key, duplicate ones left out, without any columns selected yet.

        Args:
            further: What else is needed of each side, legacy first.
        """
        legacy, modern = (
            self._side(side, further[side : side + 1]).subquery(SIDE_NAMES[side], copy=False) for side in SIDES
        )
        same_key = [
            self.plan.functions.same_key(column(name, "legacy"), column(name, "modern"))
            for name in key_names(self.plan)
        ]
        on = exp.and_(*same_key, copy=False)
        return exp.Select().from_(legacy, copy=False).join(modern, on=on, join_type="full outer", copy=False)

    def _side(self, side: int, further: Sequence[exp.Expr]) -> exp.Select:
        rows = side_rows(self.sources[side], self.plan, side).select(*further, copy=False)
        if self.duplicate_keys is None:
            return rows
        unique = exp.not_(with_duplicate_key(self.duplicate_keys, self.plan, "rows"))
        return exp.select("*").from_(rows.subquery("rows", copy=False), copy=False).where(unique, copy=False)

    def differing_rows(self) -> exp.Select:
        """Every joined row that is not identical, with both sides' values and which of them differ.

        Which rows are on both sides is asked outside: with it in the expression of each column, planning a comparison
        of some hundred columns takes engines several times as long.
        """
        missing = _missing()
        differs = {each.position: exp.not_(cells_equal(each), copy=False) for each in self.plan.value_columns}
        kind = (
            exp.case()
            .when(missing[LEGACY], exp.Literal.string("only_modern"))
            .when(missing[MODERN], exp.Literal.string("only_legacy"))
            .else_(exp.Literal.string("different"))
        )
        flags = [named(differs[place].copy(), f"d{place}") for place in differs]
        beyond = exp.or_(*missing, *differs.values(), copy=False)
        selected = [kind.as_("kind", quoted=True), *paired_values(self.plan), *flags]
        rows = self._joined().select(*selected, copy=False).where(beyond, copy=False)
        values = [column(f"{name[0]}{each.position}") for each in self.plan.all_columns for name in SIDE_NAMES]
        outside = [
            named(exp.And(this=is_kind("different"), expression=column(f"d{place}")), f"d{place}") for place in differs
        ]
        query = exp.Select(expressions=[column("kind"), *values, *outside])
        return query.from_(rows.subquery("rows", copy=False), copy=False)

    def count_pairs(self, conditions: Sequence[PairCondition], columns: Sequence[ComparedColumn]) -> exp.Select:
        """One row: for each condition, how many rows that both sides have meet it.

        Args:
            conditions: Each over the two cells of a column.
            columns: The column of each condition.
        """
        both = exp.not_(exp.or_(*_missing(), copy=False))
        counts = [
            count_where(exp.And(this=both, expression=exp.paren(condition(*_cells(compared)))))
            for condition, compared in zip(conditions, columns, strict=True)
        ]
        return self._joined().select(*_named("n", counts), copy=False)

    def spread(self, buckets: int) -> exp.Select:
        """How far tolerant columns are apart at most: over all identical rows, and per bucket over those that are not.

        The bucket of all identical rows is NULL: to sort them, too, would take a third as long as joining them.
        """
        missing = _missing()
        differs = [exp.not_(cells_equal(compared), copy=False) for compared in self.plan.value_columns]
        beyond = exp.or_(*missing, *differs, copy=False)
        numbers = [self.plan.functions.cast(bucket(self.plan, side, buckets), "INT") for side in SIDES]
        of_row = exp.func("COALESCE", *(column("bucket", side) for side in SIDE_NAMES))
        sorted_by = exp.Case(ifs=[exp.If(this=beyond, true=of_row)])
        measures = [
            named(measure, f"{what}{compared.position}")
            for compared in tolerant_numbers(self.plan)
            for what, measure in zip(("a", "r"), largest(compared, *_cells(compared)), strict=True)
        ]
        selected = [named(sorted_by, "bucket"), *measures]
        joined = self._joined([named(number, "bucket") for number in numbers])
        return joined.select(*selected, copy=False).group_by(sorted_by.copy(), copy=False)

    def grouped_rows(self) -> exp.Select:
        """The distinct rows, and how often either side has them.

        With a key these are the rows whose key is a duplicate one; without, all rows that one side has more often.
        Values are the text of their common form, since the rows of one group can have different texts.
        """
        columns = self.plan.all_columns
        names = [name for compared in columns for name in _form_names(compared)]
        both = exp.union(*(self._rows_in_forms(side) for side in SIDES), distinct=False, copy=False)
        counts = [exp.Sum(this=column(side)).as_(f"{side}_rows", quoted=True) for side in SIDE_NAMES]
        groups = (
            exp.Select(expressions=[*counts, *(column(name) for name in names)])
            .from_(both.subquery("rows", copy=False), copy=False)
            .group_by(*(column(name) for name in names), copy=False)
        )
        texts = [
            named(_text_on(side, compared), f"{side[0]}{compared.position}")
            for compared in columns
            for side in SIDE_NAMES
        ]
        rows = column("legacy_rows"), column("modern_rows")
        query = exp.Select(expressions=[*rows, *texts]).from_(groups.subquery("groups", copy=False), copy=False)
        unlike = exp.NEQ(this=rows[0].copy(), expression=rows[1].copy())
        return query if self.plan.key else query.where(unlike, copy=False)

    def _rows_in_forms(self, side: int) -> exp.Select:
        values = [
            named(form, name)
            for compared in self.plan.all_columns
            for form, name in zip(forms([compared], side, prefix="c"), _form_names(compared), strict=True)
        ]
        marks = [
            exp.Literal.number(int(side == other)).as_(name, quoted=True)
            for other, name in zip(SIDES, SIDE_NAMES, strict=True)
        ]
        source = side_rows(self.sources[side], self.plan, side).subquery("rows", copy=False)
        query = exp.Select(expressions=[*marks, *values]).from_(source, copy=False)
        duplicates = self.duplicate_keys
        if duplicates is None:
            return query
        return query.where(with_duplicate_key(duplicates, self.plan, "rows"), copy=False)


def tolerant_numbers(plan: ColumnPlan) -> list[ComparedColumn]:
    """The columns whose numbers have a tolerance."""
    return [compared for compared in number_columns(plan) if compared.rule.has_number_tolerance]


def _missing() -> list[exp.Expr]:
    """Whether a joined row has no legacy or no modern row."""
    return [is_null(column("present", side)) for side in SIDE_NAMES]


def _cells(compared: ComparedColumn) -> tuple[exp.Expr, exp.Expr]:
    return column(f"c{compared.position}", "legacy"), column(f"c{compared.position}", "modern")


def cells_equal(compared: ComparedColumn) -> exp.Expr:
    """Whether the cells of a joined row are equal."""
    return exp.paren(compared.equality.equal(*_cells(compared)), copy=False)


def largest(compared: ComparedColumn, legacy: exp.Expr, modern: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    """The largest absolute and relative difference; NULL where no two numbers differ."""
    functions = compared.equality.functions
    difference = exp.Nullif(this=compared.equality.difference(legacy, modern), expression=exp.Literal.number(0))
    share = exp.Div(
        this=functions.cast(difference, "DOUBLE"),
        expression=functions.cast(compared.equality.larger(legacy, modern), "DOUBLE"),
        typed=True,
    )
    return exp.Max(this=functions.cast(difference, "DOUBLE")), exp.Max(this=share)


def _form_names(compared: ComparedColumn) -> list[str]:
    return [f"f{compared.position}_{number}" for number in range(len(forms([compared], LEGACY)))]


def _text_on(side: str, compared: ComparedColumn) -> exp.Expr:
    """The text of a value, on the side that has the row."""
    functions = compared.equality.functions
    text = exp.func("COALESCE", *(functions.text(column(name)) for name in _form_names(compared)))
    is_there = exp.GT(this=column(f"{side}_rows"), expression=exp.Literal.number(0))
    return exp.Case(ifs=[exp.If(this=is_there, true=text)])
