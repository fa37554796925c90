"""What may settle the causes of a column: rules for the spec, and SQL for the model, the least first.

Nothing here is known to work: see `suggestions`, where each is tried.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from sqlglot import exp

from transferroom_pipeline.comparisons.causes import ColumnFacts
from transferroom_pipeline.comparisons.columns import ComparedColumn
from transferroom_pipeline.comparisons.durations import microseconds
from transferroom_pipeline.comparisons.equality import BLANKS
from transferroom_pipeline.comparisons.functions.base import Functions

Rule = dict[str, Any]
Fix = Callable[[Functions, exp.Expr], exp.Expr]
"""Makes of the modern column one that may equal the legacy one."""

_MOST_CANDIDATES = 24


@dataclass(frozen=True)
class Known:
    """What is known of the differing cells of a column.

    Attributes:
        facts: What they have in common.
        rounding: The largest difference that is one of rounding.
        sentinel: The one value that all cells have whose partner is NULL; None where there are several.
    """

    facts: ColumnFacts
    rounding: float | None = None
    sentinel: str | None = None


def rules(compared: ComparedColumn, causes: Sequence[str], known: Known) -> list[Rule]:
    """Changes of the column's rule that may settle all of some causes; none where one of them has no remedy."""
    options = [_rules(compared, cause, known) for cause in causes]
    return list(islice(map(_merged, product(*options)), _MOST_CANDIDATES))


def fixes(compared: ComparedColumn, causes: Sequence[str], known: Known) -> list[exp.Expr]:
    """SQL over the modern column that may settle all of some causes."""
    options = [_fixes(compared, cause, known) for cause in causes]
    functions, column = compared.equality.functions, exp.column(compared.modern, quoted=True)
    return [_applied(functions, chain, column) for chain in islice(product(*options), _MOST_CANDIDATES)]


def _merged(parts: tuple[Rule, ...]) -> Rule:
    """All parts together; of two ways to trim the one that trims more, of two durations the longer one."""
    merged: Rule = {}
    for part in parts:
        merged |= {name: _further(merged.get(name), value) for name, value in part.items()}
    return merged


def _further(one: Any, other: Any) -> Any:
    """The field of a rule that reaches further; of two lists both."""
    if one is None:
        return other
    return [*one, *other] if isinstance(one, list) else max(one, other, key=_reach)


def _reach(value: object) -> float:
    """How far a field of a rule reaches beside another value of that field."""
    if isinstance(value, str):
        return _TRIMS[value] if value in _TRIMS else microseconds(value) if value[:1].isdigit() else 0
    return float(value) if isinstance(value, int | float) else 0


_TRIMS = {"right": 1, "both": 2}


def _applied(functions: Functions, chain: Sequence[Fix], column: exp.Expr) -> exp.Expr:
    for fix in chain:
        column = fix(functions, column)
    return column


_FIXED_RULES: Mapping[str, tuple[Rule, ...]] = {
    "trailing_blanks": ({"trim": "right"},),
    "case": ({"case": "insensitive"},),
    "unicode_form": ({"unicode": "nfc"},),
    "blanks": ({"trim": "both"}, {"blanks": "ignore"}),
    "null_vs_empty": (
        {"null_equals_empty": True},
        {"null_equals_empty": True, "trim": "right"},
        {"null_equals_empty": True, "blanks": "ignore"},
    ),
    "null_vs_zero": ({"null_equals": ["0"]},),
    "leading_zeros": ({"numeric": True},),
    "type_text": ({"numeric": True},),
    "sub_second": ({"within": "1us"}, {"within": "1ms"}, {"within": "1s"}),
    "date_only": ({"within": "1d"},),
}
"""Of causes whose rule does not depend on the values."""


def _rules(compared: ComparedColumn, cause: str, known: Known) -> tuple[Rule, ...]:
    if cause == "float_noise":
        is_single = exp.DType.FLOAT in {compared.equality.legacy.kind, compared.equality.modern.kind}
        return ({"rel": 1e-06 if is_single else 1e-12},)
    if cause == "rounding" and known.rounding is not None:
        return ({"abs": _rounded_up(known.rounding)}, {"abs": _rounded_up(known.rounding * 1.1)})
    if cause == "null_vs_value" and known.sentinel is not None:
        return ({"null_equals": [known.sentinel]},)
    if cause == "zone" and known.facts.zones is not None:
        return ({"timezone": dict(known.facts.zones)},)
    if cause == "fixed_shift" and known.facts.shift is not None:
        number, unit = _length(known.facts.shift)
        return ({"within": f"{number}{unit}"},)
    return _FIXED_RULES.get(cause, ())


def _fixes(compared: ComparedColumn, cause: str, known: Known) -> tuple[Fix, ...]:
    if cause in {"null_vs_zero", "null_vs_value"}:
        return ()
    if cause in _TEXT_FIXES:
        return _TEXT_FIXES[cause] if compared.equality.modern.family == "text" else ()
    if cause in {"fixed_shift", "zone"}:
        return tuple(_moves(compared, known.facts)) if compared.equality.modern.family == "instant" else ()
    is_of_one_type = compared.equality.legacy.name == compared.equality.modern.name
    if is_of_one_type or not compared.equality.functions.can_try_casts:
        return ()
    return (lambda _, value: exp.Cast(this=value.copy(), to=compared.equality.legacy.data_type()),)


def _moves(compared: ComparedColumn, facts: ColumnFacts) -> Iterator[Fix]:
    """The modern instant as legacy's clock reads it."""
    if facts.shift is not None:
        yield _shifted(compared, facts.shift)
    if facts.zones is not None:
        yield from _in_legacy_zone(compared, facts.zones)


def _right_trimmed(functions: Functions, value: exp.Expr) -> exp.Expr:
    return functions.trimmed(value, "right")


def _trimmed(functions: Functions, value: exp.Expr) -> exp.Expr:
    return functions.trimmed(value, "both")


def _null_if_empty(_: Functions, value: exp.Expr) -> exp.Expr:
    return exp.Nullif(this=value.copy(), expression=exp.Literal.string(""))


_TEXT_FIXES: Mapping[str, tuple[Fix, ...]] = {
    "trailing_blanks": (_right_trimmed,),
    "case": (lambda _, value: exp.Lower(this=value.copy()), lambda _, value: exp.Upper(this=value.copy())),
    "unicode_form": (lambda functions, value: functions.nfc(value.copy()),),
    "blanks": (_trimmed, lambda functions, value: functions.without(value, BLANKS)),
    "null_vs_empty": (
        _null_if_empty,
        lambda functions, value: _null_if_empty(functions, _trimmed(functions, value)),
        lambda _, value: exp.func("COALESCE", value.copy(), exp.Literal.string("")),
    ),
}

_MICROSECONDS = {"d": 86_400_000_000, "h": 3_600_000_000, "min": 60_000_000, "s": 1_000_000, "ms": 1_000, "us": 1}
_INTERVALS = {"d": "DAY", "h": "HOUR", "min": "MINUTE", "s": "SECOND", "ms": "MILLISECOND", "us": "MICROSECOND"}


def _length(shift: int) -> tuple[int, str]:
    """A shift as a whole number of its largest unit."""
    unit = next(unit for unit, length in _MICROSECONDS.items() if shift % length == 0)
    return abs(shift) // _MICROSECONDS[unit], unit


def _shifted(compared: ComparedColumn, shift: int) -> Fix:
    number, unit = _length(shift)
    interval = exp.Interval(this=exp.Literal.string(str(number)), unit=exp.var(_INTERVALS[unit]))
    move = exp.Sub if shift > 0 else exp.Add

    def fix(_: Functions, value: exp.Expr) -> exp.Expr:
        moved = move(this=value.copy(), expression=interval.copy())
        return exp.Cast(this=exp.paren(moved), to=compared.equality.modern.data_type())

    return fix


def _in_legacy_zone(compared: ComparedColumn, zones: Mapping[str, str]) -> Iterator[Fix]:
    """What a legacy clock reads when a modern one reads the value; of readings without a zone only."""
    own = compared.equality
    if not (own.legacy.has_zone or own.modern.has_zone):
        yield lambda functions, value: functions.naive_in_zone(
            functions.in_zone(value, zones["modern"]), zones["legacy"]
        )


def _rounded_up(difference: float) -> float:
    """The smallest number with one digit that is not below a difference."""
    text = f"{difference:.0e}"
    shortened = float(text)
    mantissa, _, exponent = text.partition("e")
    return shortened if shortened >= difference else float(f"{int(mantissa) + 1}e{exponent}")
