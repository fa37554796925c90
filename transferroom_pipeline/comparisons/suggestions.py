"""What would settle a cause: the rule to add to the spec, or the SQL that would mend the model instead."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from transferroom_pipeline.comparisons.causes import ColumnFacts, sides
from transferroom_pipeline.comparisons.columns import ColumnPlan, ComparedColumn
from transferroom_pipeline.comparisons.equality import equality
from transferroom_pipeline.comparisons.functions.base import Functions
from transferroom_pipeline.comparisons.result import ColumnResult, Suggestion

Rule = dict[str, Any]
Mend = Callable[[Functions, exp.Expr], exp.Expr]
"""Makes of the modern column one that equals the legacy one."""


@dataclass(frozen=True)
class Remedy:
    """What may settle a cause, each to be tried in turn.

    Attributes:
        rules: What to add to the column's rule.
        mends: What to do to the modern column.
    """

    rules: tuple[Rule, ...]
    mends: tuple[Mend, ...]


def _trimmed(value: exp.Expr, position: str | None = None) -> exp.Expr:
    return exp.Trim(this=value, expression=exp.Literal.string(" "), position=position)


def _null_if_empty(value: exp.Expr) -> exp.Expr:
    return exp.Nullif(this=value, expression=exp.Literal.string(""))


REMEDIES: dict[str, Remedy] = {
    "trailing_blanks": Remedy(({"trim": "right"},), (lambda _, value: _trimmed(value, "TRAILING"),)),
    "blanks": Remedy(({"trim": "both"},), (lambda _, value: _trimmed(value),)),
    "unicode_form": Remedy(({"unicode": "nfc"},), (lambda functions, value: functions.nfc(value),)),
    "case": Remedy(
        ({"case": "insensitive"},), (lambda _, value: exp.Lower(this=value), lambda _, value: exp.Upper(this=value))
    ),
    "null_vs_empty": Remedy(
        ({"null_equals_empty": True}, {"null_equals_empty": True, "trim": "both"}),
        (
            lambda _, value: _null_if_empty(value),
            lambda _, value: _null_if_empty(_trimmed(value)),
            lambda _, value: exp.func("COALESCE", value, exp.Literal.string("")),
        ),
    ),
}
"""For causes of texts. Whether one of them settles all cells of its cause is tried on these cells."""


@dataclass(frozen=True)
class Explained:
    """What is known of the differing cells of a column.

    Attributes:
        facts: What they have in common.
        rounding: The largest difference that is one of rounding.
        settled: By cause, whether each rule of its remedy, then each of its mends, settles all cells of the cause.
    """

    facts: ColumnFacts
    rounding: float | None = None
    settled: Mapping[str, Sequence[bool]] = field(default_factory=dict)


def trials(compared: ComparedColumn, cause: str) -> list[exp.Expr]:
    """For each rule of a cause's remedy, then for each of its mends: whether it settles a cell."""
    legacy, modern = sides(compared)
    remedy, own = REMEDIES[cause], compared.equality
    ruled = [
        equality(own.legacy, own.modern, compared.rule.model_copy(update=rule), own.functions) for rule in remedy.rules
    ]
    by_rule = [each.equal(legacy.copy(), modern.copy()) for each in ruled]
    mended = [mend(own.functions, modern.copy()) for mend in _mends(compared, cause)]
    return [*by_rule, *(own.equal(legacy.copy(), each) for each in mended)]


def _mends(compared: ComparedColumn, cause: str) -> tuple[Mend, ...]:
    """Those of a cause's remedy, which are for texts."""
    return REMEDIES[cause].mends if compared.equality.modern.family == "text" else ()


_MICROSECONDS = {"d": 86_400_000_000, "h": 3_600_000_000, "min": 60_000_000, "s": 1_000_000, "ms": 1_000, "us": 1}
_INTERVALS = {"d": "DAY", "h": "HOUR", "min": "MINUTE", "s": "SECOND", "ms": "MILLISECOND", "us": "MICROSECOND"}


def suggestions(
    plan: ColumnPlan,
    columns: Sequence[ColumnResult],
    explained: Mapping[int, Explained],
    row_causes: Mapping[str, int],
) -> tuple[Suggestion, ...]:
    """A suggestion for each cause that a rule would settle.

    Args:
        plan: The columns.
        columns: What was found in them, causes included.
        explained: What is known of columns with differing cells, by their position.
        row_causes: Rows on one side only by cause.
    """
    found = [
        suggestion
        for place, known in explained.items()
        for suggestion in _of_column(plan.compared[place], columns[place], known)
    ]
    return (*found, *_of_keys(plan, row_causes))


def _of_keys(plan: ColumnPlan, row_causes: Mapping[str, int]) -> Iterator[Suggestion]:
    if not row_causes.get("key_format"):
        return
    for compared in plan.key_columns:
        if "text" in {compared.equality.legacy.family, compared.equality.modern.family}:
            trimmed = exp.Trim(this=_column(compared), expression=exp.Literal.string(" "))
            rule = {"trim": "both", "case": "insensitive"}
            yield Suggestion(compared.modern, "key_format", rule, _sql(plan, exp.Lower(this=trimmed)))


def _of_column(compared: ComparedColumn, result: ColumnResult, known: Explained) -> Iterator[Suggestion]:
    for cause in result.causes:
        found = _of_text(cause, compared, known) if cause in REMEDIES else _of_measure(cause, compared, known)
        if found is not None:
            rule, mended = found
            sql = "" if mended is None else mended.sql(dialect=compared.equality.functions.dialect)
            yield Suggestion(compared.modern, cause, {**result.rule, **rule}, sql)


def _of_text(cause: str, compared: ComparedColumn, known: Explained) -> tuple[Rule, exp.Expr | None] | None:
    """The first rule that settles a cause, and the first SQL that mends it."""
    remedy, settled = REMEDIES[cause], known.settled.get(cause, ())
    rules, mends = settled[: len(remedy.rules)], settled[len(remedy.rules) :]
    rule = next((rule for rule, settles in zip(remedy.rules, rules, strict=False) if settles), None)
    if rule is None:
        return None
    mend = next((mend for mend, settles in zip(_mends(compared, cause), mends, strict=False) if settles), None)
    return rule, None if mend is None else mend(compared.equality.functions, _column(compared))


def _of_measure(cause: str, compared: ComparedColumn, known: Explained) -> tuple[Rule, exp.Expr | None] | None:
    """The rule for numbers and instants, and the SQL, None where no SQL mends them."""
    value = _column(compared)
    if cause == "float_noise":
        return {
            "rel": 1e-06 if exp.DType.FLOAT in {compared.equality.legacy.kind, compared.equality.modern.kind} else 1e-12
        }, _as_legacy(compared)
    if cause == "rounding" and known.rounding is not None:
        return {"abs": _rounded_up(known.rounding)}, _as_legacy(compared)
    if cause in {"sub_second", "date_only"}:
        return {"within": "1s" if cause == "sub_second" else "1d"}, _as_legacy(compared)
    if cause == "fixed_shift" and known.facts.shift is not None:
        return _shifted(value, known.facts.shift)
    return None


def _shifted(value: exp.Expr, shift: int) -> tuple[Rule, exp.Expr | None]:
    unit = next(unit for unit, length in _MICROSECONDS.items() if shift % length == 0)
    number = abs(shift) // _MICROSECONDS[unit]
    interval = exp.Interval(this=exp.Literal.string(str(number)), unit=exp.var(_INTERVALS[unit]))
    move = exp.Sub if shift > 0 else exp.Add
    return {"within": f"{number}{unit}"}, move(this=value, expression=interval)


def _as_legacy(compared: ComparedColumn) -> exp.Expr | None:
    """The modern column in the legacy column's type; None where it has that type already."""
    if compared.equality.legacy.name == compared.equality.modern.name:
        return None
    return exp.Cast(this=_column(compared), to=compared.equality.legacy.data_type())


def _rounded_up(difference: float) -> float:
    """The smallest number with one digit that is not below a difference."""
    text = f"{difference:.0e}"
    shortened = float(text)
    mantissa, _, exponent = text.partition("e")
    return shortened if shortened >= difference else float(f"{int(mantissa) + 1}e{exponent}")


def _column(compared: ComparedColumn) -> exp.Expr:
    return exp.column(compared.modern, quoted=True)


def _sql(plan: ColumnPlan, expression: exp.Expr) -> str:
    return expression.sql(dialect=plan.functions.dialect)
