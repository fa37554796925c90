"""Why cells differ: the most specific explanation that fits, as SQL over the differing rows.

The order of the checks is the order from specific to general. Four explanations hold for a whole column only: texts
cut at one length, a factor of one power of ten, one shift of time, another zone. What is the same in a whole column is
looked up first, as `ColumnFacts`, and with it whether texts may be numbers at all: to compare them as such takes more
SQL than everything else together.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import NUMERIC
from transferroom_pipeline.comparisons.columns import ComparedColumn
from transferroom_pipeline.comparisons.conversions import LEADING_ZEROS
from transferroom_pipeline.comparisons.equality import BLANKS, Equality
from transferroom_pipeline.comparisons.queries import column, is_null
from transferroom_pipeline.comparisons.sides import LEGACY, MODERN

Check = tuple[exp.Expr, str]
"""A condition, and the cause that it means."""

FACT_MEASURES = 5

_FLOAT_NOISE = "1e-12"
_SINGLE_NOISE = "4.8e-7"
"""Four units in the last place of a number in single precision; of one in double precision they are below 1e-12."""

_SMALLEST_NORMAL, _LEAST_NOISE = "1e-307", "2e-323"
"""Below the first, four units in the last place of a double are the second."""

_ROUNDED_DIGITS = 6
_EXACT_DIGITS = 12
"""Decimals that a rounded number is looked for with at most."""

_MAY_BE_NUMBER = "^[-+.0-9aefintyAEFINTY]+$"
"""Texts without blanks that rules may take for a number, infinity and NaN included, and some others."""

_ORDINARY = ("1e-30", "1e30")
_MICROSECONDS_PER_SECOND = 1_000_000
_LONGEST_SHIFT = 14 * 3600 * _MICROSECONDS_PER_SECOND
_ZONES = (
    *("Europe/London", "Europe/Berlin", "Europe/Athens", "America/New_York", "America/Chicago", "America/Denver"),
    *("America/Los_Angeles", "America/Halifax", "America/Sao_Paulo", "America/Santiago", "Africa/Cairo"),
    *("Asia/Jerusalem", "Australia/Sydney", "Australia/Adelaide", "Pacific/Auckland", "Europe/Lisbon", "Europe/Moscow"),
)
"""Zones whose clocks are or were put forward and back, one for each rule that many people live by."""

JOINED = " + "
"""Between causes that hold together."""

_LOOKS = (
    *(("unicode_form",), ("trailing_blanks",), ("case",), ("blanks",)),
    *(("case", "trailing_blanks"), ("case", "unicode_form"), ("trailing_blanks", "unicode_form"), ("case", "blanks")),
    *(("blanks", "unicode_form"), ("case", "trailing_blanks", "unicode_form"), ("case", "blanks", "unicode_form")),
)


@dataclass(frozen=True)
class ColumnFacts:
    """What all differing cells of a column have in common.

    Attributes:
        cut: The length that the texts of one side were cut to: positive where it was modern, negative where it was
            legacy; None where there is no such length.
        power: The power of ten between the two numbers.
        shift: Microseconds from the legacy instant to the modern one, the same in at least two cells; None where all of
            them have lost the time of day.
        zones: The zones in which the two readings are the same instants; None where there are no such.
        has_numbers: Whether any of two texts may be a number.
    """

    cut: int | None = None
    power: int | None = None
    shift: int | None = None
    zones: Mapping[str, str] | None = None
    has_numbers: bool = True


NO_FACTS = ColumnFacts()


def sides(compared: ComparedColumn) -> tuple[exp.Expr, exp.Expr]:
    """Both values of a column in the table of differences."""
    return column(f"l{compared.position}"), column(f"m{compared.position}")


def fact_measures(compared: ComparedColumn) -> list[exp.Expr]:
    """Aggregates over the differing cells, of which `facts` makes what they have in common: always FACT_MEASURES."""
    legacy, modern = sides(compared)
    nothing: list[exp.Expr] = [exp.null() for _ in range(FACT_MEASURES)]
    if _is_text(compared):
        cut = _cut_length(compared, legacy, modern)
        lengths = [exp.Length(this=_exact(compared, value)) for value in (legacy, modern)]
        spread = [exp.Min(this=cut), exp.Max(this=cut.copy()), *(exp.Max(this=length) for length in lengths)]
        return [*spread, _count_numbers(compared, legacy, modern)]
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
        exp.null(),
    ]


def _count_numbers(compared: ComparedColumn, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
    functions = compared.equality.functions
    texts = [_without(compared, ("blanks",), _exact(compared, value)) for value in (legacy, modern)]
    either = exp.or_(*(functions.matches(text, _MAY_BE_NUMBER) for text in texts), copy=False)
    return exp.Count(this=exp.Case(ifs=[exp.If(this=either, true=exp.Literal.number(1))]))


def facts(compared: ComparedColumn, measured: Sequence[int | None]) -> ColumnFacts:
    """What differing cells have in common, out of the aggregates."""
    least, most, counted, eligible, numbers = measured
    if _is_text(compared):
        cut = _common_cut(least, most, longest=(counted or 0, eligible or 0))
        return ColumnFacts(cut=cut, has_numbers=bool(numbers))
    if least is None or least != most:
        return NO_FACTS
    if compared.equality.is_instant:
        return ColumnFacts(shift=int(least)) if (counted or 0) > 1 and eligible else NO_FACTS
    return ColumnFacts(power=int(least)) if counted == eligible else NO_FACTS


def _common_cut(least: int | None, most: int | None, *, longest: tuple[int, int]) -> int | None:
    """The length that all texts were cut to, unless the side that was cut still has a longer one."""
    if least is None or least != most:
        return None
    cut = int(least)
    return cut if longest[MODERN if cut > 0 else LEGACY] <= abs(cut) else None


def zone_trials(compared: ComparedColumn, measured: Sequence[int | None]) -> dict[str, Mapping[str, str]]:
    """Zones in which the two readings may be the same instants, by a name for each: none where the shift is no zone's.

    Worth a try where the shift differs between cells and is nowhere longer than a zone's, as of local time that became
    UTC: an hour in winter, two in summer.
    """
    least, most = measured[:2]
    if not compared.equality.is_instant or least is None or most is None or least == most:
        return {}
    if max(abs(least), abs(most)) > _LONGEST_SHIFT:
        return {}
    rule = compared.equality.rule
    own = {"legacy": rule.zone(LEGACY), "modern": rule.zone(MODERN)}
    return {
        f"{side}_{number}": {**own, side: zone}
        for side in own
        if not compared.equality.own(LEGACY if side == "legacy" else MODERN).has_zone
        for number, zone in enumerate(_ZONES)
        if zone != own[side]
    }


def same_in(compared: ComparedColumn, zones: Mapping[str, str]) -> exp.Expr:
    """Whether two readings are the same instant in some zones.

    A reading that comes twice, when clocks are put back, is taken for one of two instants and may have been meant as
    the other: that is the same too, so that one hour a year does not hide what is wrong with all the others.
    """
    equality = compared.equality.under({"timezone": dict(zones)})
    apart = exp.Abs(this=exp.paren(equality.microseconds_apart(*sides(compared))))
    is_other_instant = exp.and_(
        exp.EQ(this=apart, expression=exp.Literal.number(3600 * _MICROSECONDS_PER_SECOND)),
        exp.or_(*_repeated_readings(compared, equality, zones)),
    )
    return exp.or_(equality.equal(*sides(compared)), exp.func("COALESCE", is_other_instant, exp.false()))


def _repeated_readings(compared: ComparedColumn, equality: Equality, zones: Mapping[str, str]) -> Iterator[exp.Expr]:
    """Whether a clock in the zone reads the same an hour earlier or later."""
    functions = equality.functions
    hour = exp.Interval(this=exp.Literal.string("1"), unit=exp.var("HOUR"))
    own_types, own_zones = (equality.legacy, equality.modern), (zones["legacy"], zones["modern"])
    for instant, own, zone in zip(equality.timestamps(*sides(compared)), own_types, own_zones, strict=True):
        if not own.has_zone and zone != "UTC":
            reading = functions.naive_in_zone(instant, zone)
            for direction in (exp.Sub, exp.Add):
                other = exp.paren(direction(this=instant.copy(), expression=hour.copy()))
                yield exp.EQ(this=reading.copy(), expression=functions.naive_in_zone(other, zone))


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
        if _is_numeric(compared) and "boolean" not in {
            compared.equality.legacy.family,
            compared.equality.modern.family,
        }:
            yield from _numeral_checks(compared, legacy, modern)
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
    left, right = _exact(compared, legacy), _exact(compared, modern)
    for causes in _looks(compared):
        yield _same(*(_without(compared, causes, text) for text in (left, right))), JOINED.join(causes)
    if known.has_numbers:
        yield from _numeral_checks(compared, legacy, modern)
    if known.cut is not None:
        cut = _cut_length(compared, legacy, modern)
        yield exp.EQ(this=exp.func("COALESCE", cut, exp.Literal.number(0)), expression=_signed(known.cut)), "truncated"


def _looks(compared: ComparedColumn) -> Iterator[tuple[str, ...]]:
    """What texts may differ in without differing in content, one thing before two, two before three."""
    for causes in _LOOKS:
        if compared.equality.functions.knows_unicode_forms or "unicode_form" not in causes:
            yield causes


def _without(compared: ComparedColumn, causes: Sequence[str], text: exp.Expr) -> exp.Expr:
    """A text without what some causes are about."""
    functions = compared.equality.functions
    if "unicode_form" in causes:
        text = functions.nfc(text.copy())
    if "blanks" in causes:
        text = functions.without(text, BLANKS)
    if "trailing_blanks" in causes:
        text = functions.trimmed(text, "right")
    return functions.lowered(text) if "case" in causes else text


def _numeral_checks(compared: ComparedColumn, legacy: exp.Expr, modern: exp.Expr) -> Iterator[Check]:
    """Texts that are the same number as each other or as the other side's, but with zeros before it, or otherwise."""
    texts = [
        value
        for value, own in ((legacy, compared.equality.legacy), (modern, compared.equality.modern))
        if own.family == "text"
    ]
    has_zeros = exp.or_(*(compared.equality.functions.matches(text, LEADING_ZEROS) for text in texts))
    same_number = compared.equality.under({"numeric": True}).equal(legacy, modern)
    yield exp.and_(same_number, has_zeros), "leading_zeros"
    if len(texts) > 1:
        yield same_number.copy(), "type_text"


def _number_checks(compared: ComparedColumn, known: ColumnFacts) -> Iterator[Check]:
    left, right = _doubles(compared)
    apart = exp.Abs(this=compared.equality.functions.subtracted(left, right))
    larger = exp.func("GREATEST", exp.Abs(this=left.copy()), exp.Abs(this=right.copy()))
    families = {compared.equality.legacy.family, compared.equality.modern.family}
    if "float" in families:
        finite = [compared.equality.functions.is_finite(side.copy()) for side in (left, right)]
        yield exp.and_(*finite, _is_near(compared, apart, larger)), "float_noise"
    if families & {"float", "decimal", "text"}:
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
    families = {side.family for side in own}
    is_exact = families <= {"integer", "decimal", "text"}
    values = compared.equality.values(*sides(compared)) if is_exact else _doubles(compared)
    # A text may have more decimals than the number beside it.
    scale = max(side.scale for side in own) + int("text" in families)
    most = min(scale, _EXACT_DIGITS + 1) if is_exact else _ROUNDED_DIGITS + 1
    for digits in range(most):
        for one, other in (values, values[::-1]):
            number = exp.Literal.number(digits)
            rounded = exp.Round(this=one.copy(), decimals=number) if is_exact else functions.rounded(one.copy(), digits)
            if is_exact and own[0].name == own[1].name:
                # In one type on both sides: Spark drops decimals of wide ones to compare two types.
                rounded = functions.try_cast(rounded, own[0].name)
            yield functions.attempt(_same(rounded, other.copy())), "rounding"


def _instant_checks(
    compared: ComparedColumn, legacy: exp.Expr, modern: exp.Expr, known: ColumnFacts
) -> Iterator[Check]:
    shift = compared.equality.microseconds_apart(legacy, modern)
    apart = exp.Abs(this=exp.paren(shift.copy()))
    sub_second = exp.LT(this=apart, expression=exp.Literal.number(_MICROSECONDS_PER_SECOND))
    if known.zones is not None:
        yield same_in(compared, known.zones), "zone"
    if known.shift is not None:
        is_shifted = exp.EQ(this=exp.paren(shift), expression=exp.Literal.number(known.shift))
        yield exp.and_(is_shifted, exp.not_(sub_second.copy())), "fixed_shift"
    yield sub_second, "sub_second"
    yield _is_date_only(compared), "date_only"


def _is_date_only(compared: ComparedColumn) -> exp.Expr:
    """Whether two instants are of one day, and one of them at midnight."""
    instants = compared.equality.timestamps(*sides(compared))
    values = [compared.equality.functions.try_cast(instant, "TIMESTAMP") for instant in instants]
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


def _cut_length(compared: ComparedColumn, legacy: exp.Expr, modern: exp.Expr) -> exp.Expr:
    """The length of the shorter text where the longer one starts with it, negative where that is legacy's.

    NULL elsewhere, and where the longer one has nothing more than blanks.
    """
    left, right = _exact(compared, legacy), _exact(compared, modern)
    functions, found = compared.equality.functions, exp.case()
    only_blanks = _same(functions.trimmed(left, "right"), functions.trimmed(right, "right"))
    for whole, part, sign in ((left, right, 1), (right, left, -1)):
        length = exp.Length(this=part.copy())
        start = exp.func("LEFT", whole.copy(), length.copy())
        longer = exp.GT(this=exp.Length(this=whole.copy()), expression=length.copy())
        not_empty = exp.GT(this=length.copy(), expression=exp.Literal.number(0))
        is_cut = exp.and_(longer, not_empty, _same(start, part.copy()), exp.not_(only_blanks.copy()))
        found = found.when(is_cut, length if sign > 0 else exp.Neg(this=length))
    return found


def _signed(number: int) -> exp.Expr:
    size = exp.Literal.number(abs(number))
    return size if number >= 0 else exp.Neg(this=size)


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
