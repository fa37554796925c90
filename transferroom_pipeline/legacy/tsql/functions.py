"""The functions of T-SQL that are known: what they give, what they take, and what stands for them on the stand-in.

A function that is not in the table is refused by its name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from transferroom_pipeline.legacy.tsql import date_functions as dates
from transferroom_pipeline.legacy.tsql import text_functions as texts
from transferroom_pipeline.legacy.tsql.calls import Call, call, cast_to
from transferroom_pipeline.legacy.tsql.sql_types import (
    BIGINT,
    DATE,
    DATETIME,
    DATETIME2,
    FLOAT,
    INT,
    MAX_DIGITS,
    MAX_LENGTH,
    NARROW,
    UNKNOWN,
    Family,
    SqlType,
    common,
)
from transferroom_pipeline.legacy.tsql.verdicts import Verdict

ResultType = Callable[[Sequence[SqlType]], SqlType]


@dataclass(frozen=True)
class Function:
    """A function whose meaning is known.

    Attributes:
        result: The type it gives, from the types of its arguments.
        translate: The same on the stand-in, from its arguments there.
        takes: What each argument has to be, one letter each: a number (n), a whole number (i), a text (t), a date or
            time (d), the name of a date part (p), a condition (c) or anything (-). The last letter holds for all
            further ones.
        least: The fewest arguments it can have; without it, as many as it takes.
        most: The most it can have; without it, as many as it takes.
        databricks: What is owed on Databricks for the text that sqlglot writes.
        aggregate: Whether it is an aggregate or window function.
    """

    result: ResultType
    translate: Callable[[Call], exp.Expr]
    takes: str = "n"
    least: int | None = None
    most: int | None = None
    databricks: Verdict = Verdict.RIGHT
    aggregate: bool = field(default=False, kw_only=True)

    def accepts(self, arguments: int) -> bool:
        """Whether it can have so many arguments."""
        least = len(self.takes) if self.least is None else self.least
        most = len(self.takes) if self.most is None else self.most
        return least <= arguments <= most

    def kind(self, argument: int) -> str:
        """What an argument has to be."""
        return self.takes[min(argument, len(self.takes) - 1)] if self.takes else "-"


MANY = 10_000
"""More arguments than a call has."""


def _always(result: SqlType) -> ResultType:
    return lambda _: result


def _first(types: Sequence[SqlType]) -> SqlType:
    return types[0] if types else UNKNOWN


def _whole(types: Sequence[SqlType]) -> SqlType:
    """FLOOR and CEILING of decimals have no digits after the point."""
    first = _first(types)
    return SqlType("DECIMAL", first.size, 0) if first.family is Family.DECIMAL else first


def _total(types: Sequence[SqlType]) -> SqlType:
    first = _first(types)
    if first.family is Family.DECIMAL:
        return SqlType("DECIMAL", MAX_DIGITS, first.scale)
    if first.family is Family.INTEGER and first != BIGINT:
        return INT
    return FLOAT if first.family is Family.FLOAT else first


def _at_least_int(types: Sequence[SqlType]) -> SqlType:
    """Functions that have no result of a type below INT."""
    first = _first(types)
    return INT if first.name in NARROW else first


def _counted(types: Sequence[SqlType]) -> SqlType:
    """LEN and CHARINDEX are BIGINT for texts of any length."""
    return BIGINT if any(found.size == MAX_LENGTH for found in types[-2:]) else INT


def _mean(types: Sequence[SqlType]) -> SqlType:
    total = _total(types)
    return SqlType("DECIMAL", MAX_DIGITS, max(total.scale, 6)) if total.family is Family.DECIMAL else total


def _branches(types: Sequence[SqlType]) -> SqlType:
    return common(list(types[1:]))


def _date_of(types: Sequence[SqlType]) -> SqlType:
    """A date given as a text or a number is a DATETIME."""
    given = types[-1] if types else UNKNOWN
    return DATETIME if given.family in (Family.TEXT, Family.INTEGER, Family.NULL) else given


def _named(name: str) -> Callable[[Call], exp.Expr]:
    return lambda found: call(name, *found.arguments)


def _of_floats(name: str) -> Function:
    """A function of floats: every argument becomes one."""
    return Function(
        _always(FLOAT), lambda found: call(name, *(cast_to(FLOAT, argument) for argument in found.arguments))
    )


def _aggregate(name: str, result: ResultType, takes: str = "n", databricks: Verdict = Verdict.RIGHT) -> Function:
    return Function(result, _named(name), takes, databricks=databricks, aggregate=True)


def _place(name: str) -> Function:
    return Function(_always(BIGINT), _named(name), "", aggregate=True)


def _offset(node: type[exp.Lag | exp.Lead]) -> Function:
    def translate(found: Call) -> exp.Expr:
        this, offset, default = (*found.arguments, None, None)[:3]
        return node(this=this, offset=offset, default=default)

    return Function(_first, translate, "-i-", 1, 3, aggregate=True)


def _power(found: Call) -> exp.Expr:
    """POWER has the type of its base: of whole numbers it is cut to a whole number."""
    power = call("POW", *(cast_to(FLOAT, argument) for argument in found.arguments))
    return power if found.types[0].family is Family.FLOAT else cast_to(_at_least_int(found.types), call("TRUNC", power))


def _square(found: Call) -> exp.Expr:
    side = cast_to(FLOAT, found.arguments[0])
    return exp.paren(exp.Mul(this=side, expression=side.copy()))


def _logarithm(found: Call) -> exp.Expr:
    value, *base = (call("LN", cast_to(FLOAT, argument)) for argument in found.arguments)
    return exp.paren(exp.Div(this=value, expression=base[0])) if base else value


def _round(found: Call) -> exp.Expr:
    """A third argument that is not 0 cuts instead."""
    value, places, *cut = found.arguments
    rounded = call("TRUNC" if cut and cut[0].name != "0" else "ROUND", value, places)
    is_exact = found.types[0].family in (Family.DECIMAL, Family.MONEY, Family.INTEGER)
    return cast_to(_at_least_int(found.types), rounded) if is_exact else rounded


def _to_whole(name: str) -> Callable[[Call], exp.Expr]:
    """FLOOR and CEILING leave whole numbers alone; the stand-in would make doubles of them."""

    def translate(found: Call) -> exp.Expr:
        is_whole = found.types[0].family is Family.INTEGER
        return found.arguments[0] if is_whole else call(name, found.arguments[0])

    return translate


def _sign(found: Call) -> exp.Expr:
    sign = call("SIGN", found.arguments[0])
    is_number = found.types[0].family in (Family.DECIMAL, Family.MONEY, Family.INTEGER, Family.FLOAT)
    return cast_to(_at_least_int(found.types), sign) if is_number else sign


def _iif(found: Call) -> exp.Expr:
    condition, true, false = found.arguments
    return exp.Case(ifs=[exp.If(this=condition, true=true)], default=false)


def _choose(found: Call) -> exp.Expr:
    index, *choices = found.arguments
    branches = [exp.If(this=exp.Literal.number(n), true=choice) for n, choice in enumerate(choices, 1)]
    return exp.Case(this=index, ifs=branches)


_NUMBERS = {
    "ABS": Function(_first, _named("ABS")),
    "SIGN": Function(_at_least_int, _sign),
    "CEILING": Function(_whole, _to_whole("CEIL")),
    "FLOOR": Function(_whole, _to_whole("FLOOR")),
    "ROUND": Function(_at_least_int, _round, "nii", 2, 3),
    "POWER": Function(_at_least_int, _power, "nn"),
    "SQUARE": Function(_always(FLOAT), _square),
    "LOG": Function(_always(FLOAT), _logarithm, "nn", 1),
    "PI": Function(_always(FLOAT), _named("PI"), ""),
    "ATN2": Function(
        _always(FLOAT), lambda found: call("ATAN2", *(cast_to(FLOAT, argument) for argument in found.arguments)), "nn"
    ),
    "DEGREES": Function(_first, _named("DEGREES")),
    "RADIANS": Function(_first, _named("RADIANS")),
    **{name: _of_floats(name) for name in ("SQRT", "EXP", "LOG10", "SIN", "COS", "TAN", "COT", "ASIN", "ACOS", "ATAN")},
    "GREATEST": Function(lambda types: common(list(types)), _named("GREATEST"), "-", 1, MANY),
    "LEAST": Function(lambda types: common(list(types)), _named("LEAST"), "-", 1, MANY),
}

_LOGIC = {
    "IIF": Function(_branches, _iif, "c--"),
    "CHOOSE": Function(_branches, _choose, "i-", 2, MANY, Verdict.WARN),
    "COALESCE": Function(lambda types: common(list(types)), _named("COALESCE"), "-", 2, MANY),
    "NULLIF": Function(_first, _named("NULLIF"), "--"),
    "ISNULL": Function(_first, texts.isnull, "--"),
}

_TEXTS = {
    "LEN": Function(_counted, texts.length, "t", databricks=Verdict.WARN),
    "LEFT": Function(texts.like_first, texts.side("LEFT"), "ti"),
    "RIGHT": Function(texts.like_first, texts.side("RIGHT"), "ti"),
    "SUBSTRING": Function(texts.like_first, texts.substring, "tii", databricks=Verdict.WARN),
    "UPPER": Function(texts.like_first, texts.named("UPPER", 1), "t"),
    "LOWER": Function(texts.like_first, texts.named("LOWER", 1), "t"),
    "LTRIM": Function(texts.like_first, texts.trim("LTRIM"), "tt", 1),
    "RTRIM": Function(texts.like_first, texts.trim("RTRIM"), "tt", 1),
    "REPLACE": Function(texts.unknown_length, texts.named("REPLACE", 3), "ttt"),
    "TRANSLATE": Function(texts.like_first, texts.translate, "ttt"),
    "CHARINDEX": Function(_counted, texts.position, "tti", 2),
    "STUFF": Function(texts.unknown_length, texts.stuff, "tiit", databricks=Verdict.WARN),
    "REVERSE": Function(texts.like_first, texts.reverse, "t"),
    "REPLICATE": Function(texts.unknown_length, texts.replicate, "ti"),
    "SPACE": Function(texts.unknown_length, texts.space, "i", databricks=Verdict.WARN),
    "CONCAT": Function(texts.concatenated, texts.concat, "t", 2, MANY),
    "CONCAT_WS": Function(texts.unknown_length, texts.concat_ws, "t", 3, MANY),
    "NCHAR": Function(_always(SqlType("NCHAR", 1)), texts.character(0xFFFF), "i", databricks=Verdict.WARN),
    "CHAR": Function(_always(SqlType("CHAR", 1)), texts.character(0xFF), "i"),
    "UNICODE": Function(_always(INT), texts.code_point, "t", databricks=Verdict.WARN),
    "ASCII": Function(_always(INT), texts.code_point, "t"),
    "FORMAT": Function(_always(SqlType("NVARCHAR")), texts.format_date, "-tt", 2),
    "JSON_VALUE": Function(_always(SqlType("NVARCHAR", 4000)), texts.json_value, "tt"),
    "JSON_QUERY": Function(_always(SqlType("NVARCHAR", -1)), texts.json_query, "tt", 1),
}

_DATES = {
    "YEAR": Function(_always(INT), dates.part("year"), "d"),
    "MONTH": Function(_always(INT), dates.part("month"), "d"),
    "DAY": Function(_always(INT), dates.part("day"), "d"),
    "DATEPART": Function(_always(INT), dates.date_part, "pd"),
    "DATENAME": Function(_always(SqlType("NVARCHAR", 30)), dates.date_name, "pd"),
    "DATEADD": Function(_date_of, dates.date_add, "pid"),
    "DATEDIFF": Function(_always(INT), dates.date_diff, "pdd"),
    "DATEDIFF_BIG": Function(_always(BIGINT), dates.date_diff, "pdd"),
    "DATETRUNC": Function(_date_of, dates.date_trunc, "pd"),
    "EOMONTH": Function(_always(DATE), dates.end_of_month, "di", 1),
    "DATEFROMPARTS": Function(_always(DATE), dates.from_parts, "iii"),
    "DATETIME2FROMPARTS": Function(_always(DATETIME2), dates.time_from_parts, "iiiiiiii", databricks=Verdict.WARN),
    "DATETIMEFROMPARTS": Function(_always(DATETIME), dates.time_from_parts, "iiiiiii", databricks=Verdict.WARN),
}

_AGGREGATES = {
    "COUNT": _aggregate("COUNT", _always(INT), "-"),
    "COUNT_BIG": _aggregate("COUNT", _always(BIGINT), "-"),
    "SUM": _aggregate("SUM", _total),
    "AVG": _aggregate("AVG", _mean),
    "MIN": _aggregate("MIN", _first, "-"),
    "MAX": _aggregate("MAX", _first, "-"),
    "STDEV": _aggregate("STDDEV_SAMP", _always(FLOAT)),
    "STDEVP": _aggregate("STDDEV_POP", _always(FLOAT)),
    "VAR": _aggregate("VAR_SAMP", _always(FLOAT)),
    "VARP": _aggregate("VAR_POP", _always(FLOAT)),
    "STRING_AGG": Function(texts.unknown_length, texts.named("STRING_AGG", 1), "tt", aggregate=True),
    "APPROX_COUNT_DISTINCT": _aggregate("APPROX_COUNT_DISTINCT", _always(BIGINT), "-"),
    "GROUPING": _aggregate("GROUPING", _always(SqlType("TINYINT")), "-"),
    "GROUPING_ID": Function(_always(INT), _named("GROUPING_ID"), "-", 1, MANY, aggregate=True),
    "ROW_NUMBER": _place("ROW_NUMBER"),
    "RANK": _place("RANK"),
    "DENSE_RANK": _place("DENSE_RANK"),
    "NTILE": Function(_always(BIGINT), _named("NTILE"), "i", aggregate=True),
    "PERCENT_RANK": Function(_always(FLOAT), _named("PERCENT_RANK"), "", aggregate=True),
    "CUME_DIST": Function(_always(FLOAT), _named("CUME_DIST"), "", aggregate=True),
    "LAG": _offset(exp.Lag),
    "LEAD": _offset(exp.Lead),
    "FIRST_VALUE": Function(_first, lambda found: exp.FirstValue(this=found.arguments[0]), "-", aggregate=True),
    "LAST_VALUE": Function(_first, lambda found: exp.LastValue(this=found.arguments[0]), "-", aggregate=True),
    "PERCENTILE_CONT": Function(_always(FLOAT), _named("QUANTILE_CONT"), "n", databricks=Verdict.WARN, aggregate=True),
    "PERCENTILE_DISC": Function(
        _always(UNKNOWN), _named("QUANTILE_DISC"), "n", databricks=Verdict.WARN, aggregate=True
    ),
}

FUNCTIONS: dict[str, Function] = {**_NUMBERS, **_LOGIC, **_TEXTS, **_DATES, **_AGGREGATES}
