"""Why cells differ: the most specific explanation that fits, as SQL over the differing rows.

The order of the checks is the order from specific to general. Three explanations hold for a whole column only: a text
cut at one length, a factor of one power of ten, one shift of time. What is the same in a whole column is looked up
first, as `ColumnFacts`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import NUMERIC
from transferroom_pipeline.comparisons.columns import ComparedColumn
from transferroom_pipeline.comparisons.queries import column, is_null

Check = tuple[exp.Expr, str]
"""A condition, and the cause that it means."""

FACT_MEASURES = 4

_BLANKS = " \t\n\r\u00a0"
_FLOAT_NOISE = "1e-12"
_SINGLE_NOISE = "4.8e-7"
"""Four units in the last place of a number in single precision; of one in double precision they are below 1e-12."""

_SMALLEST_NORMAL, _LEAST_NOISE = "1e-307", "2e-323"
"""Below the first, four units in the last place of a double are the second."""

_ROUNDED_DIGITS = 6
_EXACT_DIGITS = 12
"""Decimals that a rounded number is looked for with at most."""

_ORDINARY = ("1e-30", "1e30")
_NUMBER = "^ *[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)? *$"
_MICROSECONDS_PER_SECOND = 1_000_000


@dataclass(frozen=True)
class ColumnFacts:
    """What all differing cells of a column have in common.

    Attributes:
        cut: The length that texts were cut to; None where there is no such length.
        power: The power of ten between the two numbers.
        shift: Microseconds from the legacy instant to the modern one, the same in at least two cells; None where all of
            them have lost the time of day.
    """

    cut: int | None = None
    power: int | None = None
    shift: int | None = None


NO_FACTS = ColumnFacts()


def sides(compared: ComparedColumn) -> tuple[exp.Expr, exp.Expr]:
    """Both values of a column in the table of differences."""
    return column(f"l{compared.position}"), column(f"m{compared.position}")


def fact_measures(compared: ComparedColumn) -> list[exp.Expr]:
    """Aggregates over the differing cells, of which `facts` makes what they have in common: always FACT_MEASURES."""
    legacy, modern = sides(compared)
    nothing: list[exp.Expr] = [exp.null() for _ in range(FACT_MEASURES)]
    if _is_text(compared):
        return [exp.Max(this=_cut_length(compared, legacy, modern)), *nothing[1:]]
    if not (_is_numeric(compared) or compared.equality.is_instant):
        return nothing
    if compared.equality.is_instant:
        shift = compared.equality.microseconds_apart(legacy, modern)
        has_a_time = exp.case().when(exp.not_(_is_date_only(compared)), shift.copy())
        return _spread(shift, has_a_time)
    left, right = _doubles(compared)
    eligible = exp.Add(this=_ordinary_size(left), expression=_ordinary_size(right))
    return _spread(_power(left, right), eligible)


def _spread(value: exp.Expr, eligible: exp.Expr) -> list[exp.Expr]:
    return [
        exp.Min(this=value),
        exp.Max(this=value.copy()),
        exp.Count(this=value.copy()),
        exp.Count(this=eligible.copy()),
    ]


def facts(compared: ComparedColumn, measured: Sequence[int | None]) -> ColumnFacts:
    """What differing cells have in common, out of the aggregates."""
    least, most, counted, eligible = measured
    if _is_text(compared):
        return ColumnFacts(cut=None if least is None else int(least))
    if least is None or least != most:
        return NO_FACTS
    if compared.equality.is_instant:
        return ColumnFacts(shift=int(least)) if (counted or 0) > 1 and eligible else NO_FACTS
    return ColumnFacts(power=int(least)) if counted == eligible else NO_FACTS


def cause_of_cell(compared: ComparedColumn, known: ColumnFacts) -> exp.Expr:
    """The cause of a differing cell, as text."""
    legacy, modern = sides(compared)
    found = exp.case()
    for condition, cause in _checks(compared, legacy, modern, known):
        found = found.when(condition, exp.Literal.string(cause), copy=False)
    return found.else_(exp.Literal.string("value"))


def _checks(compared: ComparedColumn, legacy: exp.Expr, modern: exp.Expr, known: ColumnFacts) -> Iterator[Check]:
    yield from _null_checks(compared, legacy, modern)
    if _is_text(compared):
        yield from _text_checks(compared, legacy, modern, known)
        return
    if (compared.equality.legacy.family == "text") != (compared.equality.modern.family == "text"):
        values = compared.equality.values(legacy, modern)
        yield exp.or_(*(is_null(value.copy()) for value in values), copy=False), "type_text"
    if _is_numeric(compared):
        yield from _number_checks(compared, known)
    elif compared.equality.is_instant:
        yield from _instant_checks(compared, legacy, modern, known)


def _null_checks(compared: ComparedColumn, legacy: exp.Expr, modern: exp.Expr) -> Iterator[Check]:
    both = (legacy, modern)
    equality = compared.equality
    for value, other, other_type in ((both[0], both[1], equality.modern), (both[1], both[0], equality.legacy)):
        if other_type.family == "text":
            empty = exp.EQ(
                this=equality.functions.trimmed(_exact(compared, other), "both"), expression=exp.Literal.string("")
            )
            yield exp.and_(is_null(value.copy()), empty), "null_vs_empty"
        elif other_type.family in {"integer", "decimal", "float"}:
            zero = exp.EQ(this=other.copy(), expression=exp.Literal.number(0))
            yield exp.and_(is_null(value.copy()), zero), "null_vs_zero"
    yield exp.or_(*(is_null(value.copy()) for value in both), copy=False), "null_vs_value"


def _text_checks(compared: ComparedColumn, legacy: exp.Expr, modern: exp.Expr, known: ColumnFacts) -> Iterator[Check]:
    functions = compared.equality.functions
    left, right = _exact(compared, legacy), _exact(compared, modern)
    yield _same(functions.trimmed(left, "right"), functions.trimmed(right, "right")), "trailing_blanks"
    yield _same(functions.lowered(left), functions.lowered(right)), "case"
    if functions.knows_unicode_forms:
        yield _same(functions.nfc(left.copy()), functions.nfc(right.copy())), "unicode_form"
    yield _same(_without_blanks(left), _without_blanks(right)), "blanks"
    numbers = [functions.matches(side, _NUMBER) for side in (left, right)]
    doubles = [functions.try_cast_text(side, "DOUBLE") for side in (left, right)]
    same_number = exp.case().when(exp.and_(*numbers), _same(*doubles))
    yield same_number.else_(exp.false()), "type_text"
    if known.cut is not None:
        cut = _cut_length(compared, legacy, modern)
        yield exp.EQ(this=cut, expression=exp.Literal.number(known.cut)), "truncated"


def _number_checks(compared: ComparedColumn, known: ColumnFacts) -> Iterator[Check]:
    left, right = _doubles(compared)
    apart = exp.Abs(this=compared.equality.functions.subtracted(left, right))
    larger = exp.func("GREATEST", exp.Abs(this=left.copy()), exp.Abs(this=right.copy()))
    families = {compared.equality.legacy.family, compared.equality.modern.family}
    if families & {"float", "decimal", "text"}:
        finite = [compared.equality.functions.is_finite(side.copy()) for side in (left, right)]
        yield exp.and_(*finite, _is_near(compared, apart, larger)), "float_noise"
        yield from _rounding_checks(compared)
    if known.power:
        yield exp.EQ(this=_power(left, right), expression=exp.Literal.number(known.power)), "scale"
    yield _same(left.copy(), exp.Neg(this=exp.paren(right.copy()))), "sign"


def _is_near(compared: ComparedColumn, apart: exp.Expr, larger: exp.Expr) -> exp.Expr:
    """Whether two numbers are no more than noise apart; a share of the smallest numbers is no number any more."""
    kinds = {compared.equality.legacy.kind, compared.equality.modern.kind}
    bound = _SINGLE_NOISE if exp.DType.FLOAT in kinds else _FLOAT_NOISE
    share, smallest, least = (
        compared.equality.functions.cast(exp.Literal.string(text), "DOUBLE")
        for text in (bound, _SMALLEST_NORMAL, _LEAST_NOISE)
    )
    return (
        exp.case()
        .when(exp.LT(this=larger, expression=smallest), exp.LTE(this=apart, expression=least))
        .else_(exp.LTE(this=apart.copy(), expression=exp.Mul(this=share, expression=larger.copy())))
    )


def _rounding_checks(compared: ComparedColumn) -> Iterator[Check]:
    """Whether one number is the other rounded to fewer decimals: exact ones as such, a half upwards."""
    functions, own = compared.equality.functions, (compared.equality.legacy, compared.equality.modern)
    is_exact = {side.family for side in own} <= {"integer", "decimal"}
    values = compared.equality.values(*sides(compared)) if is_exact else _doubles(compared)
    most = min(max(side.scale for side in own), _EXACT_DIGITS + 1) if is_exact else _ROUNDED_DIGITS + 1
    for digits in range(most):
        for one, other in (values, values[::-1]):
            number = exp.Literal.number(digits)
            rounded = exp.Round(this=one.copy(), decimals=number) if is_exact else functions.rounded(one.copy(), digits)
            yield functions.attempt(_same(rounded, other.copy())), "rounding"


def _instant_checks(
    compared: ComparedColumn, legacy: exp.Expr, modern: exp.Expr, known: ColumnFacts
) -> Iterator[Check]:
    shift = compared.equality.microseconds_apart(legacy, modern)
    apart = exp.Abs(this=exp.paren(shift.copy()))
    sub_second = exp.LT(this=apart, expression=exp.Literal.number(_MICROSECONDS_PER_SECOND))
    if known.shift is not None:
        is_shifted = exp.EQ(this=exp.paren(shift), expression=exp.Literal.number(known.shift))
        yield exp.and_(is_shifted, exp.not_(sub_second.copy())), "fixed_shift"
    yield _is_date_only(compared), "date_only"
    yield sub_second, "sub_second"


def _is_date_only(compared: ComparedColumn) -> exp.Expr:
    """Whether two instants are of one day, and one of them at midnight."""
    values = [
        compared.equality.functions.try_cast(value, "TIMESTAMP") for value in compared.equality.values(*sides(compared))
    ]
    days = [_floor_to_day(value) for value in values]
    at_midnight = [_same(value.copy(), day.copy()) for value, day in zip(values, days, strict=True)]
    return exp.and_(_same(*days), exp.or_(*at_midnight))


def _floor_to_day(value: exp.Expr) -> exp.Expr:
    return exp.TimestampTrunc(this=value.copy(), unit=exp.var("DAY"))


def _same(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.EQ(this=left, expression=right)


def _is_text(compared: ComparedColumn) -> bool:
    families = {compared.equality.legacy.family, compared.equality.modern.family}
    return families == {"text"} and not compared.rule.json_


def _is_numeric(compared: ComparedColumn) -> bool:
    families = {compared.equality.legacy.family, compared.equality.modern.family}
    return compared.equality.is_number and families <= NUMERIC | {"text"}


def _exact(compared: ComparedColumn, value: exp.Expr) -> exp.Expr:
    functions = compared.equality.functions
    return functions.exact_text(functions.text(value))


def _doubles(compared: ComparedColumn) -> tuple[exp.Expr, exp.Expr]:
    left, right = compared.equality.values(*sides(compared))
    functions = compared.equality.functions
    return functions.cast(left, "DOUBLE"), functions.cast(right, "DOUBLE")


def _without_blanks(text: exp.Expr) -> exp.Expr:
    for blank in _BLANKS:
        text = exp.func("REPLACE", text.copy(), exp.Literal.string(blank), exp.Literal.string(""))
    return text


def _cut_length(compared: ComparedColumn, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
    """The length of the shorter text where the longer one starts with it; NULL elsewhere."""
    left, right = _exact(compared, legacy), _exact(compared, modern)
    found = exp.case()
    for whole, part in ((left, right), (right, left)):
        length = exp.Length(this=part.copy())
        start = exp.func("LEFT", whole.copy(), length.copy())
        longer = exp.GT(this=exp.Length(this=whole.copy()), expression=length.copy())
        not_empty = exp.GT(this=length.copy(), expression=exp.Literal.number(0))
        found = found.when(exp.and_(longer, not_empty, _same(start, part.copy())), length)
    return found


def _ordinary_size(number: exp.Expr) -> exp.Expr:
    """The size of a number; NULL for zero and for numbers so large or small that arithmetic on them fails."""
    size = exp.Abs(this=number.copy())
    bounds = (exp.Literal.number(text) for text in _ORDINARY)
    return exp.case().when(exp.Between(this=size, low=next(bounds), high=next(bounds)), size.copy())


def _power(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """The power of ten by which the right number is the left one multiplied, signs aside; NULL where there is none."""
    sizes = _ordinary_size(left), _ordinary_size(right)
    ratio = exp.Div(this=sizes[1], expression=sizes[0], typed=True)
    ten = exp.Literal.number("10.0")
    power = exp.Round(this=exp.Div(this=exp.Ln(this=ratio), expression=exp.Ln(this=ten), typed=True))
    multiplied = exp.Mul(this=sizes[0].copy(), expression=exp.Pow(this=ten.copy(), expression=power.copy()))
    apart = exp.Abs(this=exp.paren(exp.Sub(this=multiplied, expression=sizes[1].copy())))
    noise = exp.Mul(this=exp.Literal.number(_FLOAT_NOISE), expression=sizes[1].copy())
    is_power = exp.NEQ(this=power, expression=exp.Literal.number(0))
    return exp.case().when(exp.and_(is_power, exp.LTE(this=apart, expression=noise)), power.copy())
