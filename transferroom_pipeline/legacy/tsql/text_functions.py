"""Functions of texts on the stand-in, with the meaning they have on SQL Server."""

import re
from collections.abc import Callable, Sequence

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.calls import Call, call, cast_to, number, stopped_where, text
from transferroom_pipeline.legacy.tsql.conversions import convert
from transferroom_pipeline.legacy.tsql.sql_types import INT, MAX_LENGTH, Family, SqlType

_DATE_FORMAT = {
    "yyyy": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%-m", "dddd": "%A", "ddd": "%a",
    "dd": "%d", "d": "%-d", "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M", "m": "%-M",
    "ss": "%S", "s": "%-S", "tt": "%p",
}  # fmt: skip
_FORMAT_PIECES = re.compile(r"([A-Za-z])\1*|[-/:., ]+")
TRIM_BLANKS = " "


def unknown_length(types: Sequence[SqlType]) -> SqlType:
    """A text whose length depends on values."""
    is_national = any(found.is_national for found in types)
    return SqlType("NVARCHAR" if is_national else "VARCHAR")


def like_first(types: Sequence[SqlType]) -> SqlType:
    """A text like the first argument, or made of it."""
    return types[0] if types and types[0].family in (Family.TEXT, Family.NULL) else unknown_length(types)


def named(name: str, texts: int) -> Callable[[Call], exp.Expr]:
    """A function that has the same name on the stand-in; its first arguments are texts."""

    def translate(found: Call) -> exp.Expr:
        made = [as_text(found, place) for place in range(min(texts, len(found.arguments)))]
        return call(name, *made, *found.arguments[texts:])

    return translate


def concatenated(types: Sequence[SqlType]) -> SqlType:
    """CONCAT has the length of all its texts together."""
    result = unknown_length(types)
    lengths = [found.size for found in types if found.family is Family.TEXT]
    if len(lengths) < len(types) or None in lengths:
        return result
    return SqlType(result.name, MAX_LENGTH if MAX_LENGTH in lengths else sum(length or 0 for length in lengths))


def isnull(found: Call) -> exp.Expr:
    """COALESCE with the second value converted to the type of the first, as ISNULL does."""
    this, other = found.arguments
    kind, other_kind = found.types
    same = kind == other_kind or kind.family in (Family.UNKNOWN, Family.NULL) or other_kind.family is Family.UNKNOWN
    return call("COALESCE", this, other if same else convert(other, other_kind, kind))


def length(found: Call) -> exp.Expr:
    """LEN does not count trailing blanks."""
    return call("LENGTH", call("RTRIM", as_text(found, 0), text(TRIM_BLANKS)))


def as_text(found: Call, argument: int) -> exp.Expr:
    """An argument that is converted to a text where it is none."""
    kind = found.types[argument]
    is_text = kind.family in (Family.TEXT, Family.UNKNOWN, Family.NULL)
    return found.arguments[argument] if is_text else convert(found.arguments[argument], kind, SqlType("NVARCHAR"))


def trim(name: str) -> Callable[[Call], exp.Expr]:
    """SQL Server trims blanks only, DuckDB every space of Unicode."""

    def translate(found: Call) -> exp.Expr:
        characters = found.arguments[1] if len(found.arguments) > 1 else text(TRIM_BLANKS)
        return call(name, as_text(found, 0), characters)

    return translate


def side(name: str) -> Callable[[Call], exp.Expr]:
    """LEFT and RIGHT stop at a negative length, from which the stand-in counts from the other end."""

    def translate(found: Call) -> exp.Expr:
        count = found.arguments[1]
        return _without_negative(count, f"{name} of a negative length", call(name, as_text(found, 0), count))

    return translate


def _without_negative(count: exp.Expr, reason: str, value: exp.Expr) -> exp.Expr:
    if isinstance(count, exp.Literal) and count.is_int:
        return value
    return stopped_where(exp.LT(this=count.copy(), expression=number(0)), reason, value)


def translate(found: Call) -> exp.Expr:
    """TRANSLATE wants as many new characters as old ones."""
    this, old, new = (as_text(found, place) for place in range(3))
    translated = call("TRANSLATE", this, old, new)
    if isinstance(old, exp.Literal) and isinstance(new, exp.Literal) and len(old.name) == len(new.name):
        return translated
    differs = exp.NEQ(this=call("LENGTH", old.copy()), expression=call("LENGTH", new.copy()))
    return stopped_where(differs, "TRANSLATE with lists of different lengths", translated)


def reverse(found: Call) -> exp.Expr:
    """Every character by itself: the stand-in's own REVERSE keeps accents with their letters."""
    characters = call("STRING_SPLIT", as_text(found, 0), text(""))
    return call("ARRAY_TO_STRING", call("LIST_REVERSE", characters), text(""))


def character(most: int) -> Callable[[Call], exp.Expr]:
    """The character of a number, which the stand-in wants as an INTEGER; NULL of one that is too small or large."""

    def translate(found: Call) -> exp.Expr:
        value = found.arguments[0]
        made = call("CHR", cast_to(INT, value))
        if isinstance(value, exp.Literal) and value.is_int and int(value.name) <= most:
            return made
        is_known = exp.Between(this=value.copy(), low=number(0), high=number(most))
        return exp.Case(ifs=[exp.If(this=is_known, true=made)])

    return translate


def substring(found: Call) -> exp.Expr:
    """A start before the first character takes from the length; DuckDB counts such a start from the end."""
    this, start, count = as_text(found, 0), found.arguments[1], found.arguments[2]
    reason = "SUBSTRING of a negative length"
    if is_positive(start):
        return _without_negative(count, reason, call("SUBSTRING", this, start, count))
    first = _at_least(start, 1)
    end = exp.Sub(this=exp.Add(this=exp.paren(start), expression=exp.paren(count)), expression=first)
    return _without_negative(count, reason, call("SUBSTRING", this, first, _at_least(exp.paren(end), 0)))


def _at_least(value: exp.Expr, least: int) -> exp.Expr:
    """The greater of two numbers; NULL where the first is, unlike GREATEST."""
    is_less = exp.LT(this=value.copy(), expression=number(least))
    return exp.Case(ifs=[exp.If(this=is_less, true=number(least))], default=value.copy())


def is_positive(value: exp.Expr) -> bool:
    """Whether a constant is a whole number from 1."""
    return isinstance(value, exp.Literal) and value.is_int and int(value.name) > 0


def position(found: Call) -> exp.Expr:
    """CHARINDEX; an empty text is nowhere."""
    sought, this = as_text(found, 0), as_text(found, 1)
    if len(found.arguments) == 2:  # noqa: PLR2004 - without a start
        at: exp.Expr = call("STRPOS", this, sought)
    else:
        start = _at_least(found.arguments[2], 1)
        in_rest = call("STRPOS", call("SUBSTRING", this, start), sought)
        later = exp.Sub(this=exp.Add(this=in_rest.copy(), expression=start.copy()), expression=number(1))
        at = exp.Case(ifs=[exp.If(this=exp.EQ(this=in_rest, expression=number(0)), true=number(0))], default=later)
    if isinstance(sought, exp.Literal) and sought.name:
        return at
    is_empty = exp.EQ(this=sought.copy(), expression=text(""))
    return exp.Case(ifs=[exp.If(this=is_empty, true=number(0))], default=at)


def stuff(found: Call) -> exp.Expr:
    """NULL where it starts outside the text; a new text that is NULL only removes."""
    this, start, count, new = as_text(found, 0), found.arguments[1], found.arguments[2], as_text(found, 3)
    begin = call("LEFT", this, exp.Sub(this=exp.paren(start), expression=number(1)))
    rest = call("SUBSTRING", this.copy(), exp.Add(this=exp.paren(start.copy()), expression=exp.paren(count)))
    stuffed = exp.DPipe(
        this=exp.DPipe(this=begin, expression=call("COALESCE", new, text("")), safe=False), expression=rest, safe=False
    )
    is_inside = exp.and_(
        exp.Between(this=start.copy(), low=number(1), high=call("LENGTH", this.copy())),
        exp.GTE(this=count.copy(), expression=number(0)),
    )
    return exp.Case(ifs=[exp.If(this=is_inside, true=stuffed)])


def replicate(found: Call) -> exp.Expr:
    """NULL for a negative number of times."""
    return _repeated(as_text(found, 0), found.arguments[1])


def space(found: Call) -> exp.Expr:
    """Some blanks; NULL for a negative number of them."""
    return _repeated(text(" "), found.arguments[0])


def _repeated(this: exp.Expr, times: exp.Expr) -> exp.Expr:
    repeated = call("REPEAT", this, times)
    if isinstance(times, exp.Literal):
        return repeated
    return exp.Case(ifs=[exp.If(this=exp.GTE(this=times.copy(), expression=number(0)), true=repeated)])


def concat(found: Call) -> exp.Expr:
    """NULL counts as an empty text."""
    return call("CONCAT", *(as_text(found, argument) for argument in range(len(found.arguments))))


def concat_ws(found: Call) -> exp.Expr:
    """Leaves out what is NULL; a separator that is NULL is an empty text."""
    separator, *parts = (as_text(found, argument) for argument in range(len(found.arguments)))
    is_constant = isinstance(separator, exp.Literal)
    return call("CONCAT_WS", separator if is_constant else call("COALESCE", separator, text("")), *parts)


def code_point(found: Call) -> exp.Expr:
    """The number of the first character; NULL of an empty text."""
    this = as_text(found, 0)
    return call("UNICODE", call("NULLIF", this, text("")))


def format_date(found: Call) -> exp.Expr:
    """FORMAT of a date with a pattern that `date_format` knows."""
    return call("STRFTIME", found.arguments[0], text(date_format(found.arguments[1].name) or ""))


def date_format(pattern: str) -> str | None:
    """A custom date pattern of .NET as STRFTIME writes it in English; None for one that may mean something else."""
    if len(pattern) < 2:  # noqa: PLR2004 - one letter is a standard format, which depends on the culture
        return None
    at, result = 0, ""
    while at < len(pattern):
        found = _FORMAT_PIECES.match(pattern, at)
        piece = found.group() if found else ""
        if not piece or (piece[0].isalpha() and piece not in _DATE_FORMAT):
            return None
        result, at = result + _DATE_FORMAT.get(piece, piece), at + len(piece)
    return result


def json_value(found: Call) -> exp.Expr:
    """NULL of an object or array, and the text of anything else."""
    document, path = found.arguments
    kind = call("JSON_TYPE", document, path)
    is_scalar = exp.Not(this=exp.In(this=kind, expressions=[text("OBJECT"), text("ARRAY")]))
    value = call("JSON_EXTRACT_STRING", document.copy(), path.copy())
    return exp.Case(ifs=[exp.If(this=is_scalar, true=value)])


def json_query(found: Call) -> exp.Expr:
    """The text of an object or array, and NULL of anything else."""
    document, path = (*found.arguments, text("$"))[:2]
    is_nested = exp.In(this=call("JSON_TYPE", document, path), expressions=[text("OBJECT"), text("ARRAY")])
    value = exp.Cast(this=call("JSON_EXTRACT", document.copy(), path.copy()), to=exp.DataType(this=exp.DType.VARCHAR))
    return exp.Case(ifs=[exp.If(this=is_nested, true=value)])
