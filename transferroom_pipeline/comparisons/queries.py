"""The SQL of a comparison, built as expressions: nothing that a person wrote is ever pasted into text.

Inside the queries columns go by their numbers, so that no name of a table's own can get in the way: `k<n>` are the
forms of the key, `c<n>` the values, `l<n>` and `m<n>` the values of either side, `d<n>` whether the two differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from sqlglot import exp

from transferroom_pipeline.comparisons.columns import ColumnPlan, ComparedColumn
from transferroom_pipeline.comparisons.conversions import cast
from transferroom_pipeline.comparisons.equality import all_equal
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.sql_text import parse_predicate, parse_relation

LEGACY, MODERN = 0, 1


@dataclass(frozen=True)
class WorkTables:
    """The temporary tables of one comparison.

    Attributes:
        duplicate_keys: The keys that occur more than once on either side.
        duplicates: The distinct rows with such a key, and how often either side has them.
        differences: All other rows that are not identical.
    """

    duplicate_keys: exp.Table
    duplicates: exp.Table
    differences: exp.Table

    @classmethod
    def named_apart(cls) -> "WorkTables":
        """Names that no other comparison on the same connection uses."""
        mark = uuid4().hex[:12]
        names = (f"comparison_{mark}_{what}" for what in ("duplicate_keys", "duplicates", "differences"))
        return cls(*(exp.table_(name, db="main", catalog="temp", quoted=True) for name in names))


def column(name: str, table: str | None = None) -> exp.Column:
    """A column by its exact name."""
    return exp.column(name, table=table, quoted=True)


def as_text(value: exp.Expr) -> exp.Expr:
    """The text form of a value."""
    return cast(value, "VARCHAR")


def filtered(spec: TableSpec, side: int) -> exp.Select:
    """The rows of one side that are compared, with the table's own columns."""
    relation = parse_relation((spec.legacy, spec.modern)[side])
    query = exp.select("*").from_(relation)
    predicate = (spec.where.legacy, spec.where.modern)[side]
    return query if predicate is None else query.where(parse_predicate(predicate))


def side_rows(spec: TableSpec, plan: ColumnPlan, side: int) -> exp.Select:
    """The rows of one side: a mark that the row is there, the forms of its key, and its compared values."""
    source = filtered(spec, side).subquery("source")
    values = [
        column(_own_name(compared, side), "source").as_(f"c{compared.position}", quoted=True)
        for compared in plan.all_columns
    ]
    present = exp.true().as_("present", quoted=True)
    return exp.select(present, *_named("k", _forms(plan.key_columns, side)), *values).from_(source)


def key_names(plan: ColumnPlan) -> list[str]:
    """The names of the key's forms."""
    return [f"k{number}" for number in range(len(_forms(plan.key_columns, LEGACY)))]


def _own_name(compared: ComparedColumn, side: int) -> str:
    return (compared.legacy, compared.modern)[side]


def _forms(columns: Sequence[ComparedColumn], side: int, prefix: str | None = None) -> list[exp.Expr]:
    """The forms of columns: of the source's, or where there is a prefix of those called `<prefix><n>`."""
    forms: list[exp.Expr] = []
    for compared in columns:
        own = column(_own_name(compared, side), "source") if prefix is None else column(f"{prefix}{compared.position}")
        forms += compared.equality.legacy_forms(own) if side == LEGACY else compared.equality.modern_forms(own)
    return forms


def _named(prefix: str, expressions: Sequence[exp.Expr]) -> list[exp.Expr]:
    return [form.as_(f"{prefix}{number}", quoted=True) for number, form in enumerate(expressions)]


def count_rows(spec: TableSpec, plan: ColumnPlan, side: int) -> exp.Select:
    """One row: how many rows, how many with NULL in the key, and the sums of the columns that are numbers."""
    nulls = [exp.Is(this=column(f"c{place}"), expression=exp.null()) for place in plan.key]
    null_keys = exp.Filter(
        this=exp.Count(this=exp.Star()), expression=exp.Where(this=exp.or_(*nulls) if nulls else exp.false())
    )
    sums = [_summed(number, side).as_(f"s{number.position}", quoted=True) for number in summed_columns(plan)]
    return exp.select(exp.Count(this=exp.Star()), null_keys, *sums).from_(side_rows(spec, plan, side).subquery("rows"))


def _summed(number: ComparedColumn, side: int) -> exp.Expr:
    values = column(f"c{number.position}")
    return number.equality.summed_legacy(values) if side == LEGACY else number.equality.summed_modern(values)


def summed_columns(plan: ColumnPlan) -> list[ComparedColumn]:
    """The columns whose drift is measured."""
    return [compared for compared in plan.value_columns if compared.equality.is_number]


def count_all(spec: TableSpec, side: int) -> exp.Select:
    """The number of rows without the predicate."""
    return exp.select(exp.Count(this=exp.Star())).from_(parse_relation((spec.legacy, spec.modern)[side]))


def duplicate_keys(spec: TableSpec, plan: ColumnPlan) -> exp.Query:
    """The keys that occur more than once on either side."""
    names = [column(name) for name in key_names(plan)]
    more_than_once = exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(1))
    sides = [
        exp.select(*names).from_(side_rows(spec, plan, side).subquery("rows")).group_by(*names).having(more_than_once)
        for side in (LEGACY, MODERN)
    ]
    return exp.union(*sides, distinct=True)


def with_duplicate_key(tables: WorkTables, plan: ColumnPlan, rows: str) -> exp.Expr:
    """Whether the key of a row is among the duplicate ones."""
    names = key_names(plan)
    same = all_equal([column(name, "duplicate") for name in names], [column(name, rows) for name in names])
    return exp.Exists(
        this=exp.select("1").from_(exp.alias_(tables.duplicate_keys.copy(), "duplicate", table=True)).where(same)
    )


def joined(spec: TableSpec, plan: ColumnPlan, tables: WorkTables, *, has_duplicates: bool) -> exp.Select:
    """Both sides joined on the key, rows with a duplicate key left out; without any columns selected yet."""
    sides = []
    for side, name in ((LEGACY, "legacy"), (MODERN, "modern")):
        rows = side_rows(spec, plan, side)
        if has_duplicates:
            unique = exp.not_(with_duplicate_key(tables, plan, "rows"))
            rows = exp.select("*").from_(rows.subquery("rows")).where(unique)
        sides.append(rows.subquery(name))
    names = key_names(plan)
    same_key = all_equal([column(name, "legacy") for name in names], [column(name, "modern") for name in names])
    return exp.Select().from_(sides[LEGACY]).join(sides[MODERN], on=same_key, join_type="full outer")


def differing_rows(spec: TableSpec, plan: ColumnPlan, tables: WorkTables, *, has_duplicates: bool) -> exp.Select:
    """Every joined row that is not identical, with both sides' values and which of them differ."""
    missing = [exp.Is(this=column("present", side), expression=exp.null()) for side in ("modern", "legacy")]
    differs = {compared.position: exp.not_(_cells_equal(compared)) for compared in plan.value_columns}
    kind = (
        exp.case()
        .when(missing[0], exp.Literal.string("only_legacy"))
        .when(missing[1], exp.Literal.string("only_modern"))
        .else_(exp.Literal.string("different"))
    )
    both = exp.not_(exp.or_(*missing))
    flags = [exp.and_(both, differs[place]).as_(f"d{place}", quoted=True) for place in differs]
    values = [
        column(f"c{compared.position}", side).as_(f"{side[0]}{compared.position}", quoted=True)
        for compared in plan.all_columns
        for side in ("legacy", "modern")
    ]
    query = joined(spec, plan, tables, has_duplicates=has_duplicates)
    return query.select(kind.as_("kind", quoted=True), *values, *flags).where(exp.or_(*missing, *differs.values()))


def _cells_equal(compared: ComparedColumn) -> exp.Expr:
    return exp.paren(compared.equality.equal(*(column(f"c{compared.position}", side) for side in ("legacy", "modern"))))


def largest_differences(
    spec: TableSpec, plan: ColumnPlan, tables: WorkTables, columns: Sequence[ComparedColumn], *, has_duplicates: bool
) -> exp.Select:
    """One row with the largest absolute and relative difference of each column, over all joined rows."""
    measures = [
        measure
        for compared in columns
        for measure in largest(compared, *(column(f"c{compared.position}", side) for side in ("legacy", "modern")))
    ]
    return joined(spec, plan, tables, has_duplicates=has_duplicates).select(*measures)


def largest(compared: ComparedColumn, legacy: exp.Expr, modern: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    """The largest absolute and relative difference; NULL where no two numbers differ."""
    difference = exp.Nullif(this=compared.equality.difference(legacy, modern), expression=exp.Literal.number(0))
    share = exp.Div(
        this=cast(difference, "DOUBLE"),
        expression=cast(compared.equality.larger(legacy, modern), "DOUBLE"),
        typed=False,
    )
    return exp.Max(this=cast(difference, "DOUBLE")), exp.Max(this=share)


def grouped_rows(spec: TableSpec, plan: ColumnPlan, tables: WorkTables) -> exp.Select:
    """The distinct rows, and how often either side has them.

    With a key these are the rows whose key is a duplicate one; without, all rows that one side has more often. Values
    are the text of their common form, since the rows of one group can have different texts.
    """
    names = [name for compared in plan.all_columns for name in _form_names(compared)]
    sides = [_rows_in_forms(spec, plan, tables, side) for side in (LEGACY, MODERN)]
    both = exp.union(*sides, distinct=False).subquery("rows")
    counts = [exp.Sum(this=column(side)).as_(f"{side}_rows", quoted=True) for side in ("legacy", "modern")]
    forms = [column(name) for name in names]
    groups = exp.select(*counts, *forms).from_(both).group_by(*(form.copy() for form in forms))
    texts = [
        _text_on(side, compared).as_(f"{side[0]}{compared.position}", quoted=True)
        for compared in plan.all_columns
        for side in ("legacy", "modern")
    ]
    rows = column("legacy_rows"), column("modern_rows")
    query = exp.select(*rows, *texts).from_(groups.subquery("groups"))
    return query if plan.key else query.where(exp.NEQ(this=rows[0].copy(), expression=rows[1].copy()))


def _form_names(compared: ComparedColumn) -> list[str]:
    forms = _forms([compared], LEGACY)
    return [f"f{compared.position}_{number}" for number in range(len(forms))]


def _text_on(side: str, compared: ComparedColumn) -> exp.Expr:
    """The text of a value, on the side that has the row."""
    text = exp.func("COALESCE", *(as_text(column(name)) for name in _form_names(compared)))
    return exp.case().when(exp.GT(this=column(f"{side}_rows"), expression=exp.Literal.number(0)), text)


def _rows_in_forms(spec: TableSpec, plan: ColumnPlan, tables: WorkTables, side: int) -> exp.Select:
    named = [
        form.as_(name, quoted=True)
        for compared in plan.all_columns
        for form, name in zip(_forms([compared], side, prefix="c"), _form_names(compared), strict=True)
    ]
    query = exp.select(
        exp.Literal.number(1 - side).as_("legacy", quoted=True),
        exp.Literal.number(side).as_("modern", quoted=True),
        *named,
    ).from_(side_rows(spec, plan, side).subquery("rows"))
    return query.where(with_duplicate_key(tables, plan, "rows")) if plan.key else query
