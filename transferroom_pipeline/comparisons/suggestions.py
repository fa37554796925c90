"""What would settle a cause: the rule to add to the spec, or the SQL that would mend the model instead."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlglot import exp

from transferroom_pipeline.comparisons.causes import ColumnFacts
from transferroom_pipeline.comparisons.columns import ColumnPlan, ComparedColumn
from transferroom_pipeline.comparisons.result import ColumnResult, Suggestion

Rule = dict[str, Any]
Mend = Callable[[exp.Expr], exp.Expr]

_TEXT_RULES: dict[str, tuple[Rule, Mend]] = {
    "trailing_blanks": (
        {"trim": "right"},
        lambda value: exp.Trim(this=value, expression=exp.Literal.string(" "), position="TRAILING"),
    ),
    "blanks": ({"trim": "both"}, lambda value: exp.Trim(this=value, expression=exp.Literal.string(" "))),
    "unicode_form": ({"unicode": "nfc"}, lambda value: exp.func("NFC_NORMALIZE", value)),
}
_MICROSECONDS = {"d": 86_400_000_000, "h": 3_600_000_000, "min": 60_000_000, "s": 1_000_000, "ms": 1_000, "us": 1}
_INTERVALS = {"d": "DAY", "h": "HOUR", "min": "MINUTE", "s": "SECOND", "ms": "MILLISECOND", "us": "MICROSECOND"}


def suggestions(
    plan: ColumnPlan,
    columns: Sequence[ColumnResult],
    facts: Mapping[int, ColumnFacts],
    roundings: Mapping[int, float],
    row_causes: Mapping[str, int],
) -> tuple[Suggestion, ...]:
    """A suggestion for each cause that a rule would settle.

    Args:
        plan: The columns.
        columns: What was found in them, causes included.
        facts: What the differing cells of a column have in common, by its position.
        roundings: The largest difference that is one of rounding, by the column's position.
        row_causes: Rows on one side only by cause.
    """
    found = [
        suggestion
        for place, compared in plan.compared.items()
        for suggestion in _of_column(compared, columns[place], facts.get(place, ColumnFacts()), roundings.get(place))
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


def _of_column(
    compared: ComparedColumn, result: ColumnResult, known: ColumnFacts, rounding: float | None
) -> Iterator[Suggestion]:
    for cause in result.causes:
        found = _rule(cause, compared, known, rounding)
        if found is not None:
            rule, mended = found
            sql = "" if mended is None else mended.sql(dialect=compared.equality.functions.dialect)
            yield Suggestion(compared.modern, cause, {**result.rule, **rule}, sql)


def _rule(
    cause: str, compared: ComparedColumn, known: ColumnFacts, rounding: float | None
) -> tuple[Rule, exp.Expr | None] | None:
    """The rule that settles a cause, and the SQL that mends it, None where no SQL can."""
    value = _column(compared)
    if cause in _TEXT_RULES:
        rule, mend = _TEXT_RULES[cause]
        return rule, mend(value)
    if cause == "case":
        letters: dict[str | None, exp.Expr] = {"lower": exp.Lower(this=value), "upper": exp.Upper(this=value.copy())}
        return {"case": "insensitive"}, letters.get(known.letters)
    if cause == "null_vs_empty":
        empty = exp.Literal.string("")
        nulls = {0: exp.Nullif(this=value, expression=empty), 1: exp.func("COALESCE", value.copy(), empty.copy())}
        return {"null_equals_empty": True}, nulls.get(-1 if known.null_side is None else known.null_side)
    return _rule_of_measure(cause, compared, known, rounding)


def _rule_of_measure(
    cause: str, compared: ComparedColumn, known: ColumnFacts, rounding: float | None
) -> tuple[Rule, exp.Expr | None] | None:
    """The same for numbers and instants."""
    value = _column(compared)
    if cause == "float_noise":
        return {
            "rel": 1e-06 if exp.DType.FLOAT in {compared.equality.legacy.kind, compared.equality.modern.kind} else 1e-12
        }, _as_legacy(compared)
    if cause == "rounding" and rounding is not None:
        return {"abs": _rounded_up(rounding)}, _as_legacy(compared)
    if cause in {"sub_second", "date_only"}:
        return {"within": "1s" if cause == "sub_second" else "1d"}, _as_legacy(compared)
    if cause == "fixed_shift" and known.shift is not None:
        return _shifted(value, known.shift)
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
