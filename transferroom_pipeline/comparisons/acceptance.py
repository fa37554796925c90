"""Known, agreed differences: which cells and rows of a comparison they cover."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlglot import exp

from transferroom_pipeline.comparisons.columns import ColumnPlan, ComparedColumn
from transferroom_pipeline.comparisons.exceptions import SpecError
from transferroom_pipeline.comparisons.queries import both_sides, column, count_where, is_kind
from transferroom_pipeline.comparisons.sides import SIDE_NAMES
from transferroom_pipeline.comparisons.spec import Accepted, TableSpec
from transferroom_pipeline.comparisons.sql_text import parse_predicate
from transferroom_pipeline.comparisons.statements import Statements


@dataclass(frozen=True)
class Acceptance:
    """What is accepted of the differing rows.

    Attributes:
        cells: Whether a differing cell is accepted, by the column's position; only columns with agreements.
        row: Whether a row on one side only is accepted; None where no agreement is about such rows.
        lapsed: One sentence per agreement that would cover differences but does not hold any more.
    """

    cells: Mapping[int, exp.Expr] = field(default_factory=dict)
    row: exp.Expr | None = None
    lapsed: tuple[str, ...] = ()

    def of_cell(self, compared: ComparedColumn) -> exp.Expr:
        """Whether a differing cell is accepted."""
        return self.cells.get(compared.position, exp.false()).copy()

    def of_row(self) -> exp.Expr:
        """Whether a row on one side only is accepted."""
        return exp.false() if self.row is None else self.row.copy()


NOTHING_ACCEPTED = Acceptance()


@dataclass(frozen=True)
class _Agreement:
    """One entry of the spec as conditions on the table of differences.

    Attributes:
        entry: The entry.
        position: The column's, None for rows on one side.
        covers: Whether it covers a cell or a row.
        predicates: Its predicate over the table of differences, for rows once per side.
    """

    entry: Accepted
    position: int | None
    covers: exp.Expr
    predicates: tuple[exp.Expr, ...]


def accept(
    statements: Statements, spec: TableSpec, plan: ColumnPlan, differences: exp.Table | None, today: date
) -> Acceptance:
    """Find out what the spec's agreements cover.

    An agreement that has expired, or would cover more than its ceiling, covers nothing.

    Raises:
        SpecError: An agreement names a column that is not compared.
    """
    agreements = _agreements(spec, plan)
    if not agreements or differences is None:
        return NOTHING_ACCEPTED
    holding: list[_Agreement] = []
    lapsed: list[str] = []
    for agreed in agreements:
        # Of several that cover a difference the first one counts.
        earlier = _any_of(holding, agreed.position)
        covered = count_where(exp.and_(agreed.covers.copy(), exp.not_(earlier)))
        lapse = _lapse(agreed.entry, int(statements.value(exp.select(covered).from_(differences.copy()))), today)
        if lapse is None:
            holding.append(agreed)
        else:
            lapsed.append(lapse)
    positions = {agreed.position for agreed in holding}
    cells = {position: _any_of(holding, position) for position in positions if position is not None}
    row = _any_of(holding, None) if None in positions else None
    return Acceptance(cells, row, tuple(lapsed))


def require_agreements(statements: Statements, spec: TableSpec, plan: ColumnPlan) -> None:
    """See that the spec's agreements are about columns that are compared, and their predicates conditions.

    Raises:
        SpecError: One of them is not.
    """
    for agreed in _agreements(spec, plan):
        for predicate in agreed.predicates:
            statements.require_condition(both_sides(spec, plan), predicate, written=agreed.entry.where or "")


def _agreements(spec: TableSpec, plan: ColumnPlan) -> list[_Agreement]:
    return [_agreement(spec, plan, entry) for entry in spec.accepted]


def _any_of(agreements: Sequence[_Agreement], position: int | None) -> exp.Expr:
    covers = [agreed.covers.copy() for agreed in agreements if agreed.position == position]
    return exp.paren(exp.or_(*covers, copy=False)) if covers else exp.false()


def _lapse(entry: Accepted, covered: int, today: date) -> str | None:
    """Why an agreement covers nothing, if it would cover something."""
    what = f"column {entry.column}" if entry.column else "rows on one side"
    agreement = f"The agreement of {entry.owner} on {what} ({entry.reason})"
    if covered and today > entry.expires:
        return f"{agreement} expired on {entry.expires.isoformat()}, and would cover {covered:,} differences."
    if covered > entry.max_rows:
        return f"{agreement} covers {entry.max_rows:,} differences at most, and there are {covered:,}."
    return None


def _agreement(spec: TableSpec, plan: ColumnPlan, entry: Accepted) -> _Agreement:
    if not plan.key:
        raise SpecError(f"table {spec.table}: accepted differences need a key: name one, or leave them out")
    if entry.column is None:
        return _agreement_on_rows(spec, plan, entry)
    compared = _compared_column(spec, plan, entry.column)
    differs = column(f"d{compared.position}")
    names: dict[str, str] = {}
    for part in plan.key_columns:
        names |= dict.fromkeys((part.legacy.lower(), part.modern.lower()), f"l{part.position}")
    names |= {"legacy_value": f"l{compared.position}", "modern_value": f"m{compared.position}"}
    predicate = _predicate(spec, entry, names)
    return _Agreement(entry, compared.position, exp.and_(differs, _holds(predicate)), (predicate,))


def _agreement_on_rows(spec: TableSpec, plan: ColumnPlan, entry: Accepted) -> _Agreement:
    per_side, predicates = [], []
    for side, name in enumerate(SIDE_NAMES):
        # A column's own name on this side goes before the name that another column has on the other side.
        names = {
            compared.name(which).lower(): f"{name[0]}{compared.position}"
            for which in (1 - side, side)
            for compared in plan.all_columns
        }
        predicates.append(_predicate(spec, entry, names))
        per_side.append(exp.and_(is_kind(f"only_{name}"), _holds(predicates[-1])))
    return _Agreement(entry, None, exp.or_(*per_side), tuple(predicates))


def _compared_column(spec: TableSpec, plan: ColumnPlan, name: str) -> ComparedColumn:
    for compared in plan.value_columns:
        if name.lower() in {compared.legacy.lower(), compared.modern.lower()}:
            return compared
    raise SpecError(f"table {spec.table}: accepted differences are about column {name}, which is not compared")


def _holds(predicate: exp.Expr) -> exp.Expr:
    """Whether a predicate is true; NULL counts as no."""
    return exp.func("COALESCE", exp.paren(predicate), exp.false())


def _predicate(spec: TableSpec, entry: Accepted, names: Mapping[str, str]) -> exp.Expr:
    """The entry's predicate over the table of differences."""
    if entry.where is None:
        return exp.true()
    predicate = parse_predicate(entry.where)

    def renamed(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column):
            return node
        if node.name.lower() not in names:
            known = ", ".join(sorted(names))
            raise SpecError(
                f"table {spec.table}: the accepted differences of {entry.column or 'rows'} have no column {node.name} "
                f"in their predicate: there are {known}"
            )
        return column(names[node.name.lower()])

    return predicate.transform(renamed)
