"""What would settle a column: the rule to add to the spec, and the SQL that would fix the model instead.

Each is tried on all rows of the column, equal ones included, before it is offered, and is offered only if it leaves no
difference in the column. Where equal cells are the same value of one type, no two rows have to be put side by side for
that: a rule holds equal what is the same, and SQL must leave each such value as it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from transferroom_pipeline.comparisons.causes import JOINED, sides
from transferroom_pipeline.comparisons.column_types import Family
from transferroom_pipeline.comparisons.columns import ColumnPlan, ComparedColumn
from transferroom_pipeline.comparisons.equality import equality
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.matching import Matched
from transferroom_pipeline.comparisons.queries import Matching, column, count_where, everything, is_kind, own
from transferroom_pipeline.comparisons.remedies import Known, Rule, fixes, rules
from transferroom_pipeline.comparisons.result import ColumnResult, Suggestion
from transferroom_pipeline.comparisons.sides import MODERN
from transferroom_pipeline.comparisons.spec import STRICT, TableSpec
from transferroom_pipeline.comparisons.statements import Statements

_TRIED_ON_ALL_ROWS = 2
"""Of the rules, and of the SQL, that settle the rows that differ, the first few are tried on all rows."""

_TRIED_FIRST = 10_000
"""Rows of the new table that are enough to see of most SQL that it changes too many of them."""

_SAME_VALUES: frozenset[Family] = frozenset(
    {"boolean", "integer", "decimal", "float", "text", "uuid", "instant", "time"}
)
"""Families of which two equal values of one type are the same to everything that rules and SQL do."""


@dataclass(frozen=True, eq=False)
class _Trial:
    """Something that may settle a column.

    Attributes:
        compared: The column.
        causes: The causes of its differing cells.
        rule: The change of its rule; None where the model is to be changed.
        fix: The SQL for the model, over the modern column; None where the rule is to be changed.
    """

    compared: ComparedColumn
    causes: tuple[str, ...]
    rule: Rule | None = None
    fix: exp.Expr | None = None

    def settles(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
        """Whether two cells are equal after it.

        Raises:
            ComparisonError: The rule does not apply to the column.
        """
        equal = self.compared.equality
        if self.fix is None:
            return equal.under(self.rule or {}).equal(legacy, modern)
        fixed = self.fix.transform(_tried, modern)
        becomes_legacy = isinstance(self.fix, exp.Cast) and self.fix.to == equal.legacy.data_type()
        kind = equal.legacy if becomes_legacy else equal.modern
        return equality(equal.legacy, kind, equal.rule, equal.functions).equal(legacy, fixed)

    @property
    def keeps_the_same_equal(self) -> bool:
        """Whether equal cells are the same value, to which the rule does the same on both sides."""
        equal = self.compared.equality
        is_same = equal.legacy.name == equal.modern.name and equal.legacy.family in _SAME_VALUES
        return is_same and equal.rule == STRICT and "timezone" not in (self.rule or {})

    def applies(self) -> bool:
        """Whether it can be tried at all: a rule may contradict the column's own, or not be for its types."""
        try:
            self.settles(*sides(self.compared))
        except (ComparisonError, ValueError):
            return False
        return True

    def fails(self, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
        """Whether two cells still differ after it."""
        return exp.not_(exp.paren(self.settles(legacy, modern)))


@dataclass(frozen=True)
class Suggesting:
    """A comparison that found differences.

    Attributes:
        statements: Where to ask.
        spec: The comparison.
        plan: Its columns.
        matched: Its work tables.
    """

    statements: Statements
    spec: TableSpec
    plan: ColumnPlan
    matched: Matched

    def of_columns(self, columns: Sequence[ColumnResult], known: Mapping[int, Known]) -> Iterator[Suggestion]:
        """A suggestion for each column that a rule would settle.

        Args:
            columns: What was found in them, causes included.
            known: What is known of columns with differing cells, by their position.
        """
        trials = [trial for place in known for trial in self._trials(place, columns[place], known[place])]
        working = self._working_on_all_rows(list(self._working_on_differing_rows(trials)))
        for place in known:
            rule = _first(working, place, is_rule=True)
            if rule is not None:
                fix = _first(working, place, is_rule=False)
                sql = "" if fix is None or fix.fix is None else fix.fix.sql(dialect=self.plan.functions.dialect)
                written = rule.compared.equality.under(rule.rule or {}).rule.written()
                yield Suggestion(rule.compared.modern, JOINED.join(rule.causes), written, sql)

    def _trials(self, place: int, result: ColumnResult, known: Known) -> Iterator[_Trial]:
        compared = self.plan.compared[place]
        causes = tuple(dict.fromkeys(part for cause in result.causes for part in cause.split(JOINED)))
        candidates = rules(compared, causes, known)
        trials = [_Trial(compared, causes, rule=rule) for rule in candidates]
        if candidates:
            trials += [_Trial(compared, causes, fix=fix) for fix in fixes(compared, causes, known)]
        yield from (trial for trial in trials if trial.applies())

    def _working_on_differing_rows(self, trials: Sequence[_Trial]) -> Iterator[_Trial]:
        """Those that settle every differing cell: few rows to look at, which most trials do not survive."""
        if not trials or self.matched.differences is None:
            return
        left = [
            count_where(exp.and_(column(f"d{trial.compared.position}"), trial.fails(*sides(trial.compared))))
            for trial in trials
        ]
        found = self._counted(exp.select(*left).from_(self.matched.differences.copy()))
        tried: dict[tuple[int, bool], int] = {}
        for trial, cells in zip(trials, found, strict=True):
            kind = (trial.compared.position, trial.rule is None)
            if cells == 0 and tried.setdefault(kind, 0) < _TRIED_ON_ALL_ROWS:
                tried[kind] += 1
                yield trial

    def _counted(self, query: exp.Select) -> Sequence[int | None]:
        """The row of a query of counts; None for each that the engine refuses, which is no suggestion then."""
        try:
            return self.statements.row(query.copy())
        except ComparisonError:
            return [self._one_counted(query, count) for count in query.expressions]

    def _one_counted(self, query: exp.Select, count: exp.Expr) -> int | None:
        alone = query.copy()
        alone.set("expressions", [count.copy()])
        try:
            return int(self.statements.value(alone))
        except ComparisonError:
            return None

    def _working_on_all_rows(self, trials: Sequence[_Trial]) -> list[_Trial]:
        pairs = [trial for trial in trials if self.matched.duplicates is not None or not trial.keeps_the_same_equal]
        fixes = [trial for trial in trials if trial.fix is not None and trial not in pairs]
        failing = [*self._changing_equal_cells(fixes), *self._failing_on_pairs(pairs)]
        return [trial for trial in trials if trial not in failing]

    def _changing_equal_cells(self, trials: Sequence[_Trial]) -> Iterator[_Trial]:
        """SQL that changes more modern cells than differ: what does so among the first rows is not tried on all."""
        if not trials or self.matched.differences is None:
            return
        among_differing = []
        for trial in trials:
            _, cell = sides(trial.compared)
            has_no_partner = exp.or_(column(f"d{trial.compared.position}"), is_kind("only_modern"))
            among_differing.append(count_where(exp.and_(has_no_partner, trial.fails(cell, cell))))
        differing = self._counted(exp.select(*among_differing).from_(self.matched.differences.copy()))
        expected = dict(zip(trials, differing, strict=True))
        left = [
            trial
            for trial, cells in self._changed(trials, rows=_TRIED_FIRST).items()
            if cells is not None and cells <= (expected[trial] or 0)
        ]
        changed = self._changed(left) if left else {}
        yield from (trial for trial in trials if changed.get(trial) is None or changed[trial] != expected[trial])

    def _changed(self, trials: Sequence[_Trial], *, rows: int | None = None) -> dict[_Trial, int | None]:
        """How many modern cells each changes, of all rows or of the first few; None where the engine refuses it."""
        source = everything(self.spec)[MODERN]
        cells = [own(trial.compared, MODERN) for trial in trials]
        counts = [count_where(trial.fails(cell, cell)) for trial, cell in zip(trials, cells, strict=True)]
        read = (source if rows is None else source.limit(rows)).subquery("source")
        return dict(zip(trials, self._counted(exp.select(*counts).from_(read)), strict=True))

    def _failing_on_pairs(self, trials: Sequence[_Trial]) -> Iterator[_Trial]:
        if not trials:
            return
        self.statements.progress("trying suggestions on all rows", max(self.matched.rows))
        matching = Matching(self.plan, everything(self.spec), self.matched.duplicate_keys)
        left = matching.count_pairs([trial.fails for trial in trials], [trial.compared for trial in trials])
        yield from (trial for trial, cells in zip(trials, self._counted(left), strict=True) if cells != 0)


def _tried(node: exp.Expr, modern: exp.Expr) -> exp.Expr:
    """The SQL over a cell, with casts that give NULL where they would fail the query."""
    if isinstance(node, exp.Column):
        return modern.copy()
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        return exp.TryCast(this=node.this.transform(_tried, modern), to=node.to, safe=True)
    return node


def _first(trials: Sequence[_Trial], place: int, *, is_rule: bool) -> _Trial | None:
    found = (each for each in trials if each.compared.position == place and (each.rule is not None) is is_rule)
    return next(found, None)
