"""The SQL of a comparison, built as expressions: nothing that a person wrote is ever pasted into text.

Inside the queries columns go by their numbers, so that no name of a table's own can get in the way: `k<n>` are the
forms of the key, `c<n>` the values, `l<n>` and `m<n>` the values of either side, `d<n>` whether the two differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from sqlglot import exp

from transferroom_pipeline.comparisons.columns import ColumnPlan, ComparedColumn
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.sql_text import parse_predicate, parse_relation

LEGACY, MODERN = 0, 1
SIDES = (LEGACY, MODERN)
SIDE_NAMES = ("legacy", "modern")


def unique_mark() -> str:
    """Marks names that no other comparison uses."""
    return f"comparison_{uuid4().hex[:12]}"


def column(name: str, table: str | None = None) -> exp.Column:
    """A column by its exact name; built by hand, since wide tables have many thousands of them."""
    qualifier = None if table is None else exp.Identifier(this=table, quoted=True)
    return exp.Column(this=exp.Identifier(this=name, quoted=True), table=qualifier)


def count() -> exp.Count:
    """The number of rows."""
    return exp.Count(this=exp.Star())


def count_where(condition: exp.Expr) -> exp.Expr:
    """The number of rows for which a condition holds."""
    return exp.Filter(this=count(), expression=exp.Where(this=condition))


def sum_or_zero(value: exp.Expr) -> exp.Expr:
    """A sum of whole numbers that is not NULL without rows."""
    return exp.func("COALESCE", exp.Sum(this=value), exp.Literal.number(0))


def is_null(value: exp.Expr) -> exp.Expr:
    """Whether a value is NULL."""
    return exp.Is(this=value, expression=exp.null())


def relation(spec: TableSpec, side: int) -> exp.Table:
    """The table of one side."""
    return parse_relation((spec.legacy, spec.modern)[side])


def filtered(spec: TableSpec, side: int) -> exp.Select:
    """The rows of one side that are compared, with the table's own columns."""
    query = exp.select("*").from_(relation(spec, side))
    predicate = (spec.where.legacy, spec.where.modern)[side]
    return query if predicate is None else query.where(parse_predicate(predicate))


@dataclass(frozen=True)
class Scope:
    """The rows to look at.

    Attributes:
        buckets: How many buckets there are.
        table: Those whose rows are looked at; None for all.
    """

    buckets: int
    table: exp.Table | None

    def condition(self, plan: ColumnPlan, side: int) -> exp.Expr | None:
        """Whether a row of the source is in one of the buckets."""
        if self.table is None:
            return None
        chosen = exp.select(column("bucket")).from_(self.table.copy())
        return exp.In(this=self.bucket(plan, side), query=chosen.subquery())

    def bucket(self, plan: ColumnPlan, side: int) -> exp.Expr:
        """The bucket of a row of the source."""
        return plan.functions.bucket(key_hash(plan, side, prefix=None), self.buckets)


EVERYTHING = Scope(1, None)


def side_rows(spec: TableSpec, plan: ColumnPlan, side: int, scope: Scope = EVERYTHING) -> exp.Select:
    """The rows of one side: a mark that the row is there, the forms of its key, and its compared values."""
    source = filtered(spec, side).subquery("source")
    values = [
        column(compared.name(side), "source").as_(f"c{compared.position}", quoted=True) for compared in plan.all_columns
    ]
    keys = [plan.functions.key_part(form) for form in forms(plan.key_columns, side)]
    query = exp.select(exp.true().as_("present", quoted=True), *_named("k", keys), *values).from_(source)
    return query.where(scope.condition(plan, side))


def forms(columns: Sequence[ComparedColumn], side: int, prefix: str | None = None) -> list[exp.Expr]:
    """The forms of columns: of the source's, or where there is a prefix of those called `<prefix><n>`."""
    return [form for compared in columns for form in compared.equality.forms(own(compared, side, prefix), side)]


def own(compared: ComparedColumn, side: int, prefix: str | None) -> exp.Expr:
    """A column of the source, or where there is a prefix the one called `<prefix><n>`."""
    return column(compared.name(side), "source") if prefix is None else column(f"{prefix}{compared.position}")


def key_hash(plan: ColumnPlan, side: int, prefix: str | None) -> exp.Expr:
    """The hash of a row's key; without a key, of the whole row."""
    return hash_of(plan.key_columns or plan.all_columns, plan, side, prefix)


def hash_of(
    columns: Sequence[ComparedColumn],
    plan: ColumnPlan,
    side: int,
    prefix: str | None,
    *,
    further: Sequence[exp.Expr] = (),
) -> exp.Expr:
    """The hash of columns, in which NULL is flagged apart from every value."""
    values = [value for compared in columns for value in compared.equality.hashable(own(compared, side, prefix), side)]
    return plan.functions.row_hash([*further, *values])


def key_names(plan: ColumnPlan) -> list[str]:
    """The names of the key's forms."""
    return [f"k{number}" for number in range(len(forms(plan.key_columns, LEGACY)))]


def _named(prefix: str, expressions: Sequence[exp.Expr]) -> list[exp.Expr]:
    return [form.as_(f"{prefix}{number}", quoted=True) for number, form in enumerate(expressions)]


def count_rows(spec: TableSpec, side: int) -> exp.Select:
    """The number of rows compared."""
    return exp.select(count()).from_(filtered(spec, side).subquery("source"))


def count_null_keys(spec: TableSpec, plan: ColumnPlan, side: int) -> exp.Select:
    """The number of rows with NULL in the key."""
    nulls = [is_null(own(compared, side, None)) for compared in plan.key_columns]
    source = filtered(spec, side).subquery("source")
    return exp.select(count()).from_(source).where(exp.or_(*nulls))


def sums(spec: TableSpec, columns: Sequence[ComparedColumn], side: int) -> exp.Select:
    """One row with the sums of columns that are numbers."""
    totals = [compared.equality.summed(own(compared, side, None), side) for compared in columns]
    source = filtered(spec, side).subquery("source")
    return exp.select(*_named("s", totals)).from_(source)


def number_columns(plan: ColumnPlan) -> list[ComparedColumn]:
    """The value columns that are compared as numbers."""
    return [compared for compared in plan.value_columns if compared.equality.is_number]


def count_all(spec: TableSpec, side: int) -> exp.Select:
    """The number of rows without the predicate."""
    return exp.select(count()).from_(relation(spec, side))


def duplicate_keys(spec: TableSpec, plan: ColumnPlan) -> exp.Query:
    """The keys that occur more than once on either side."""
    names = [column(name) for name in key_names(plan)]
    more_than_once = exp.GT(this=count(), expression=exp.Literal.number(1))
    sides = [
        exp.select(*names).from_(side_rows(spec, plan, side).subquery("rows")).group_by(*names).having(more_than_once)
        for side in SIDES
    ]
    return exp.union(*sides, distinct=True)


def with_duplicate_key(duplicate_keys: exp.Table, plan: ColumnPlan, rows: str) -> exp.Expr:
    """Whether the key of a row is among the duplicate ones."""
    names = key_names(plan)
    same = [plan.functions.same_key(column(name, "duplicate"), column(name, rows)) for name in names]
    return exp.Exists(
        this=exp.select("1").from_(exp.alias_(duplicate_keys.copy(), "duplicate", table=True)).where(exp.and_(*same))
    )


@dataclass(frozen=True)
class Matching:
    """The rows of both sides put side by side.

    Attributes:
        spec: The comparison.
        plan: Its columns.
        scope: The rows to look at.
        duplicate_keys: The keys that occur more than once, if any do: their rows are compared as multisets.
    """

    spec: TableSpec
    plan: ColumnPlan
    scope: Scope = EVERYTHING
    duplicate_keys: exp.Table | None = None

    def _joined(self, *, with_bucket: bool = False) -> exp.Select:
        """Both sides joined on the key, duplicate ones left out, without any columns selected yet."""
        legacy, modern = (self._side(side, with_bucket=with_bucket).subquery(SIDE_NAMES[side]) for side in SIDES)
        same_key = [
            self.plan.functions.same_key(column(name, "legacy"), column(name, "modern"))
            for name in key_names(self.plan)
        ]
        return exp.Select().from_(legacy).join(modern, on=exp.and_(*same_key), join_type="full outer")

    def _side(self, side: int, *, with_bucket: bool) -> exp.Select:
        rows = side_rows(self.spec, self.plan, side, self.scope)
        if with_bucket:
            rows = rows.select(self.scope.bucket(self.plan, side).as_("bucket", quoted=True))
        if self.duplicate_keys is None:
            return rows
        unique = exp.not_(with_duplicate_key(self.duplicate_keys, self.plan, "rows"))
        return exp.select("*").from_(rows.subquery("rows")).where(unique)

    def differing_rows(self) -> exp.Select:
        """Every joined row that is not identical, with both sides' values and which of them differ."""
        missing = _missing()
        differs = {compared.position: exp.not_(cells_equal(compared)) for compared in self.plan.value_columns}
        kind = (
            exp.case()
            .when(missing[LEGACY], exp.Literal.string("only_modern"))
            .when(missing[MODERN], exp.Literal.string("only_legacy"))
            .else_(exp.Literal.string("different"))
        )
        both = exp.not_(exp.or_(*(condition.copy() for condition in missing), copy=False))
        flags = [exp.and_(both, differs[place]).as_(f"d{place}", quoted=True) for place in differs]
        values = [
            column(f"c{compared.position}", side).as_(f"{side[0]}{compared.position}", quoted=True)
            for compared in self.plan.all_columns
            for side in SIDE_NAMES
        ]
        beyond = exp.or_(*missing, *(condition.copy() for condition in differs.values()))
        return self._joined().select(kind.as_("kind", quoted=True), *values, *flags).where(beyond)

    def spread(self) -> exp.Select:
        """Per bucket: the rows that are not identical, and how far tolerant columns are apart at most."""
        differs = [exp.not_(cells_equal(compared)) for compared in self.plan.value_columns]
        beyond = count_where(exp.or_(*_missing(), *differs))
        measures = [
            measure.as_(f"{what}{compared.position}", quoted=True)
            for compared in tolerant_numbers(self.plan)
            for what, measure in zip(("a", "r"), largest(compared, *_cells(compared)), strict=True)
        ]
        bucket = exp.func("COALESCE", column("bucket", "legacy"), column("bucket", "modern"))
        return (
            self._joined(with_bucket=True)
            .select(bucket.as_("bucket", quoted=True), beyond.as_("differing", quoted=True), *measures)
            .group_by(bucket.copy())
        )

    def grouped_rows(self) -> exp.Select:
        """The distinct rows, and how often either side has them.

        With a key these are the rows whose key is a duplicate one; without, all rows that one side has more often.
        Values are the text of their common form, since the rows of one group can have different texts.
        """
        columns = self.plan.all_columns
        names = [name for compared in columns for name in _form_names(compared)]
        both = exp.union(*(self._rows_in_forms(side) for side in SIDES), distinct=False).subquery("rows")
        counts = [exp.Sum(this=column(side)).as_(f"{side}_rows", quoted=True) for side in SIDE_NAMES]
        groups = exp.select(*counts, *(column(name) for name in names)).from_(both)
        groups = groups.group_by(*(column(name) for name in names))
        texts = [
            _text_on(side, compared).as_(f"{side[0]}{compared.position}", quoted=True)
            for compared in columns
            for side in SIDE_NAMES
        ]
        rows = column("legacy_rows"), column("modern_rows")
        query = exp.select(*rows, *texts).from_(groups.subquery("groups"))
        return query if self.plan.key else query.where(exp.NEQ(this=rows[0].copy(), expression=rows[1].copy()))

    def _rows_in_forms(self, side: int) -> exp.Select:
        named = [
            form.as_(name, quoted=True)
            for compared in self.plan.all_columns
            for form, name in zip(forms([compared], side, prefix="c"), _form_names(compared), strict=True)
        ]
        marks = [
            exp.Literal.number(int(side == other)).as_(name, quoted=True)
            for other, name in zip(SIDES, SIDE_NAMES, strict=True)
        ]
        query = exp.select(*marks, *named).from_(side_rows(self.spec, self.plan, side, self.scope).subquery("rows"))
        duplicates = self.duplicate_keys
        return query if duplicates is None else query.where(with_duplicate_key(duplicates, self.plan, "rows"))


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
    return exp.paren(compared.equality.equal(*_cells(compared)))


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
    return exp.case().when(exp.GT(this=column(f"{side}_rows"), expression=exp.Literal.number(0)), text)
