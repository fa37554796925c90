"""Known changes of a cell: one that a comparison must find, and one that the column's rule must forgive."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import count

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import ColumnType, Family
from transferroom_pipeline.comparisons.columns import ComparedColumn
from transferroom_pipeline.comparisons.queries import is_null

_LARGEST_CHANGED = "1e30"
_SMALLEST_CHANGED = "1e-30"
_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_ZERO_UUID, _OTHER_UUID = "00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001"
_PAST, _MIDDLE, _FUTURE = "1970-01-01", "2000-01-01", "2038-01-01"
_LEAST_MOVED = 30 * 365 * 24 * 3600 * 1_000_000
"""Microseconds that a changed instant is moved by at least, from the middle to the past."""

_HALF, _THREE_QUARTERS = Decimal("0.5"), Decimal("0.75")


def changes_every_value(compared: ComparedColumn) -> bool:
    """Whether `changed` changes NULL too; of other types it changes every other value, most to NULL."""
    return compared.equality.modern.family in _CHANGES


def changed(compared: ComparedColumn, value: exp.Expr) -> exp.Expr:
    """A value of the modern column that is not equal to the given one, whatever the rule forgives."""
    own = compared.equality.modern
    if own.family in _CHANGES and compared.rule.null_equals:
        return _changed_beside_sentinels(compared, value)
    if own.family in _CHANGES:
        return _CHANGES[own.family](compared, value)
    if own.family == "list":
        return exp.case().when(is_null(value.copy()), exp.null()).else_(_with_one_more(compared, value))
    return exp.Nullif(this=value.copy(), expression=value.copy())


def _changed_beside_sentinels(compared: ComparedColumn, value: exp.Expr) -> exp.Expr:
    """What counts as NULL becomes a value that does not; everything else another value, or NULL."""
    own = compared.equality.modern
    counts_as_null = is_null(compared.equality.modern_forms(value)[0])
    other = _cast(exp.Literal.string(_not_among(compared.rule.null_equals, own)), own)
    return exp.case().when(counts_as_null, other).else_(_CHANGES[own.family](compared, value))


def _not_among(sentinels: Sequence[str], own: ColumnType) -> str:
    """The text of a value that is none of some."""
    taken = "".join(sentinels)
    if own.family == "instant":
        return next(day for day in (f"{year}-01-01" for year in count(1971)) if day not in taken)
    if own.family == "text":
        return next(text for text in ("planted" * number for number in count(1)) if text not in taken.lower())
    # In steps of the last decimal: a column of fractions has no room for 1.
    numbers = (Decimal(number).scaleb(-own.scale) for number in count())
    return next(f"{number:f}" for number in numbers if number not in set(map(Decimal, sentinels)))


def forgiven(compared: ComparedColumn, value: exp.Expr) -> exp.Expr | None:
    """Another value that the rule holds for equal to the given one; None where the rule forgives nothing."""
    other = _close_to(compared, value)
    if other is None or not compared.rule.null_equals:
        return other
    # What stands for NULL is close to nothing but itself, and nothing else is close to it.
    stands_for_null = (is_null(compared.equality.modern_forms(each)[0]) for each in (value, other))
    return exp.case().when(exp.or_(*stands_for_null), value.copy()).else_(other)


def _close_to(compared: ComparedColumn, value: exp.Expr) -> exp.Expr | None:
    """The same, of values that do not stand for NULL."""
    rule, own = compared.rule, compared.equality.modern
    if rule.has_number_tolerance and own.family in {"integer", "decimal", "float"}:
        return _forgiven_number(compared, value)
    if rule.within_microseconds is not None and own.family == "instant":
        return _cast(_forgiven_instant(compared, value), own)
    if own.family != "text" or compared.equality.legacy.family != "text":
        return None
    if rule.json_:
        content = compared.equality.functions.json_content(value, unordered=rule.unordered)
        return exp.case().when(exp.not_(is_null(content)), _joined(exp.Literal.string(" "), value)).else_(value.copy())
    return _forgiven_text(compared, value) if rule.compares_text else None


def _changed_truth(compared: ComparedColumn, value: exp.Expr) -> exp.Expr:
    if compared.rule.has_number_tolerance:
        # As 0 and 1 the two may be within it.
        return exp.case().when(is_null(value.copy()), exp.true())
    return exp.func("COALESCE", exp.not_(value.copy()), exp.true())


def _changed_instant(compared: ComparedColumn, value: exp.Expr) -> exp.Expr:
    own = compared.equality.modern
    later = exp.GT(this=value.copy(), expression=_cast(exp.Literal.string(_MIDDLE), own))
    past, future = (_cast(exp.Literal.string(text), own) for text in (_PAST, _FUTURE))
    if (compared.rule.within_microseconds or 0) >= _LEAST_MOVED:
        return exp.case().when(is_null(value.copy()), future)
    return exp.case().when(later, past).else_(future)


def _changed_number(compared: ComparedColumn, value: exp.Expr) -> exp.Expr:
    own, other = compared.equality.modern, compared.equality.legacy
    zero = exp.Literal.number(0)
    unit = exp.Literal.number("1" if own.scale == 0 else f"0.{'1':0>{min(own.scale, 18)}}")
    if compared.rule.has_number_tolerance:
        return _cast(_beyond_tolerance(compared, value), own)
    if other.family == "float":
        # Compared as doubles, in which the next exact number can be the same.
        different: exp.Expr = exp.case().when(exp.EQ(this=value.copy(), expression=zero), unit).else_(zero.copy())
    else:
        smaller = exp.Sub(this=value.copy(), expression=unit)
        larger = exp.Add(this=value.copy(), expression=unit.copy())
        different = exp.case().when(exp.GT(this=value.copy(), expression=zero), smaller).else_(larger)
    return _cast(exp.func("COALESCE", different, zero.copy()), own)


def _changed_float(compared: ComparedColumn, value: exp.Expr) -> exp.Expr:
    if compared.rule.has_number_tolerance:
        return _cast(_beyond_tolerance(compared, value), compared.equality.modern)
    size = exp.Abs(this=value.copy())
    ordinary = exp.Between(
        this=size, low=_double(compared, _SMALLEST_CHANGED), high=_double(compared, _LARGEST_CHANGED)
    )
    smaller = exp.Mul(this=value.copy(), expression=_double(compared, "0.999999"))
    return _cast(exp.case().when(ordinary, smaller).else_(exp.Literal.number(1)), compared.equality.modern)


def _beyond_tolerance(compared: ComparedColumn, value: exp.Expr) -> exp.Expr:
    """The negative number, and further away than `abs`: further than any share of the larger one."""
    own = compared.equality.modern
    number = compared.equality.functions.cast(value, "DOUBLE")
    further = _double(compared, f"{2 * compared.rule.abs + 1:f}")
    positive = exp.GT(this=number.copy(), expression=exp.Literal.number(0))
    moved = (
        exp.case()
        .when(positive, exp.Sub(this=exp.Neg(this=number.copy()), expression=further))
        .else_(exp.Add(this=exp.Neg(this=number.copy()), expression=further.copy()))
    )
    room: exp.Expr = exp.LT(this=exp.Abs(this=exp.paren(moved)), expression=_double(compared, _room(own)))
    if own.is_unsigned:
        room = exp.and_(room, exp.GTE(this=exp.paren(moved.copy()), expression=exp.Literal.number(0)))
    null_instead = exp.case().when(is_null(value.copy()), exp.Literal.number(0))
    return exp.case().when(room, moved.copy()).else_(null_instead)


def _room(own: ColumnType) -> str:
    """A size that every number of the type may have."""
    return _LARGEST_CHANGED if own.family == "float" else f"1e{min(own.whole_digits - 1, 30)}"


def _forgiven_number(compared: ComparedColumn, value: exp.Expr) -> exp.Expr:
    """Half the tolerance nearer to zero, where the type's rounding leaves it within the tolerance; else the value."""
    rule, functions = compared.rule, compared.equality.functions
    number = functions.cast(value, "DOUBLE")
    size = exp.Abs(this=number)

    def tolerated(share: Decimal) -> exp.Expr:
        of_size = exp.Mul(this=_double(compared, f"{rule.rel * share:f}"), expression=size.copy())
        return exp.func("GREATEST", _double(compared, f"{rule.abs * share:f}"), of_size)

    ordinary = exp.Between(this=size, low=tolerated(_HALF), high=_double(compared, "1e15"))
    step = exp.Mul(this=exp.Sign(this=number.copy()), expression=tolerated(_HALF))
    moved = _cast(exp.case().when(ordinary, exp.Sub(this=number.copy(), expression=step)), compared.equality.modern)
    apart = exp.Abs(this=exp.paren(exp.Sub(this=functions.cast(moved, "DOUBLE"), expression=number.copy())))
    near = exp.LTE(this=apart, expression=tolerated(_THREE_QUARTERS))
    return exp.case().when(near, moved.copy()).else_(value.copy())


def _forgiven_instant(compared: ComparedColumn, value: exp.Expr) -> exp.Expr:
    own = compared.equality.modern
    bounds = [_cast(exp.Literal.string(text), own) for text in (_PAST, _FUTURE)]
    ordinary = exp.Between(this=value.copy(), low=bounds[0], high=bounds[1])
    length = exp.Literal.string(str(compared.rule.within_microseconds))
    moved = exp.Add(this=value.copy(), expression=exp.Interval(this=length, unit=exp.var("MICROSECOND")))
    return exp.case().when(ordinary, _cast(moved, own)).else_(value.copy())


def _changed_text(compared: ComparedColumn, value: exp.Expr) -> exp.Expr:
    if compared.rule.json_:
        return _changed_json(compared, value)
    return exp.func(
        "COALESCE", _joined(compared.equality.functions.text(value), exp.Literal.string("x")), exp.Literal.string("x")
    )


def _changed_json(compared: ComparedColumn, value: exp.Expr) -> exp.Expr:
    text = compared.equality.functions.text(value)
    wrapped = _joined(_joined(exp.Literal.string("[[[1,"), text), exp.Literal.string("]]]"))
    changed_text = exp.func("COALESCE", wrapped, exp.Literal.string("1"))
    return _cast(changed_text, compared.equality.modern) if compared.equality.modern.family == "json" else changed_text


def _forgiven_text(compared: ComparedColumn, value: exp.Expr) -> exp.Expr:
    rule = compared.rule
    text: exp.Expr = compared.equality.functions.text(value)
    if rule.case == "insensitive":
        for upper, lower in zip(_UPPER[:5], _LOWER[:5], strict=True):
            text = exp.func("REPLACE", text, exp.Literal.string(lower), exp.Literal.string(upper))
    if rule.trim != "none":
        text = _joined(text, exp.Literal.string(" "))
    if rule.null_equals_empty:
        text = exp.func("COALESCE", exp.Nullif(this=text, expression=exp.Literal.string("")), exp.Literal.string(""))
    return text


def _with_one_more(compared: ComparedColumn, values: exp.Expr) -> exp.Expr:
    return compared.equality.functions.appended(values.copy(), exp.null())


def _other_uuid(compared: ComparedColumn, value: exp.Expr) -> exp.Expr:
    return _other_than(value, compared.equality.modern, _ZERO_UUID, _OTHER_UUID)


def _other_time(compared: ComparedColumn, value: exp.Expr) -> exp.Expr:
    return _other_than(value, compared.equality.modern, "00:00:00", "12:00:00")


def _other_than(value: exp.Expr, own: ColumnType, first: str, second: str) -> exp.Expr:
    one, other = (_cast(exp.Literal.string(text), own) for text in (first, second))
    return exp.case().when(exp.EQ(this=value.copy(), expression=one), other).else_(one.copy())


def _joined(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.paren(exp.DPipe(this=left.copy(), expression=right.copy(), safe=True))


def _double(compared: ComparedColumn, text: str) -> exp.Expr:
    return compared.equality.functions.cast(exp.Literal.string(text), "DOUBLE")


def _cast(value: exp.Expr, own: ColumnType) -> exp.Expr:
    return exp.Cast(this=value.copy(), to=own.data_type())


_CHANGES: Mapping[Family, Callable[[ComparedColumn, exp.Expr], exp.Expr]] = {
    "boolean": _changed_truth,
    "integer": _changed_number,
    "decimal": _changed_number,
    "float": _changed_float,
    "text": _changed_text,
    "json": _changed_json,
    "uuid": _other_uuid,
    "instant": _changed_instant,
    "time": _other_time,
}
"""How a value of each family of types is changed, NULL included."""
