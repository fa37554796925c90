"""What would settle a column: the rule to add to the spec, and the SQL that would fix the model instead.

Each is tried on all rows of the column, equal ones included, before it is offered, and is offered only if it leaves no
difference in the column.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from transferroom_pipeline.comparisons.causes import JOINED, sides
from transferroom_pipeline.comparisons.columns import ColumnPlan, ComparedColumn
from transferroom_pipeline.comparisons.equality import equality
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.matching import Matched
from transferroom_pipeline.comparisons.queries import Matching, column, count_where, everything
from transferroom_pipeline.comparisons.remedies import Known, Rule, fixes, rules
from transferroom_pipeline.comparisons.result import ColumnResult, Suggestion
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.statements import Statements

_TRIED_ON_ALL_ROWS = 2
"""Of the rules, and of the SQL, that settle the rows that differ, the first few are tried on all rows."""


@dataclass(frozen=True)
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
        own = self.compared.equality
        if self.fix is None:
            return own.under(self.rule or {}).equal(legacy, modern)
        fixed = self.fix.transform(_tried, modern)
        kind = own.legacy if isinstance(self.fix, exp.Cast) and self.fix.to == own.legacy.data_type() else own.modern
        return equality(own.legacy, kind, own.rule, own.functions).equal(legacy, fixed)

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
        if not trials:
            return []
        self.statements.progress("trying suggestions on all rows", max(self.matched.rows))
        matching = Matching(self.plan, everything(self.spec), self.matched.duplicate_keys)
        left = matching.count_pairs([trial.fails for trial in trials], [trial.compared for trial in trials])
        found = self._counted(left)
        return [trial for trial, cells in zip(trials, found, strict=True) if cells == 0]


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
