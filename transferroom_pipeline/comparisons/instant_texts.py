"""Reading texts as instants and times of day: ISO 8601 as people and SQL Server write it.

A date may be written without dashes, and the time after it without colons; the seconds may be missing; the fraction may
have any number of digits, after a point or a comma; the offset may be Z, UTC or hours with or without minutes, after a
blank or none. Everything else is no instant: engines read more than that, each something else.
"""

from sqlglot import exp

from transferroom_pipeline.comparisons.functions.base import Functions

_TIME = "[0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?"
_HOURS = "(0[0-9]|1[0-5])"
"""Zones lie up to 15 hours from UTC, as PostgreSQL has it."""

_SHIFT = f"[+-]{_HOURS}(:?[0-5][0-9])?"
_OFFSET = f"(Z|z|UTC|{_SHIFT})"
_DATE = "([0-9]{4,6}-[0-9]{2}-[0-9]{2}|[0-9]{8})"
_BASIC = "[0-9]{8}[ Tt][0-9]{4}([0-9]{2}([.,][0-9]+)?)?"
"""ISO 8601's basic format: 20240305T100000."""

_INSTANT = f"^ *({_DATE}([ Tt]{_TIME} ?{_OFFSET}?)?|{_BASIC} ?{_OFFSET}?) *$"
_HAS_OFFSET = f"([0-9]:[0-9]{{2}}|^ *[0-9]{{8}}[ Tt][0-9]{{4,6}})([.,][0-9]+)? ?{_OFFSET} *$"
_CLOCK = f"^ *{_TIME} *$"
_PLAIN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?)?$"
_FINER_THAN_MICROSECONDS = "[.,][0-9]{6}[0-9]*[1-9]"
_FINER_THAN_NANOSECONDS = "[.,][0-9]{9}[0-9]*[1-9]"
_BEYOND_MICROSECONDS = "^.*[.,][0-9]{6}([0-9]{1,3})[0-9]*[^0-9]*.*$"
_HAS_SEVEN_DIGITS = "[.,][0-9]{7}"

_STEPS = (
    ("^([0-9]{8}[ Tt][0-9]{2})([0-9]{2})", "\\1:\\2"),
    ("^([0-9]{8}[ Tt][0-9]{2}:[0-9]{2})([0-9]{2})", "\\1:\\2"),
    ("^([0-9]{4})([0-9]{2})([0-9]{2})($|[ Tt])", "\\1-\\2-\\3\\4"),
    ("^([^ Tt]*)[Tt]", "\\1 "),
    ("(:[0-9]{2}([.,][0-9]+)?) ?(Z|z|UTC)$", "\\1+00:00"),
    ("(:[0-9]{2}([.,][0-9]+)?) ([+-])", "\\1\\3"),
    ("^([^:]*:[0-9]{2})($|[+-])", "\\1:00\\2"),
    ("[.,]([0-9]{1,6})[0-9]*", ".\\1"),
)
"""From any of the forms to the one that every engine reads: 2024-03-05 10:00:00.123456+00:00."""


class InstantTexts:
    """Texts that are instants or times of day, in one dialect."""

    def __init__(self, functions: Functions) -> None:
        """Take the dialect."""
        self._functions = functions

    def is_instant(self, text: exp.Expr) -> exp.Expr:
        """Whether a text has the form of one."""
        return self._functions.matches(text, _INSTANT)

    def has_offset(self, text: exp.Expr) -> exp.Expr:
        """Whether the instant names its offset from UTC."""
        return self._functions.matches(text, _HAS_OFFSET)

    def is_finer_than_microseconds(self, text: exp.Expr) -> exp.Expr:
        """Whether engines would cut off some of its fraction."""
        return self._functions.matches(text, _FINER_THAN_MICROSECONDS)

    def is_finer_than_nanoseconds(self, text: exp.Expr) -> exp.Expr:
        """Whether nothing here holds it."""
        return self._functions.matches(text, _FINER_THAN_NANOSECONDS)

    def timestamp(self, text: exp.Expr, to: str) -> exp.Expr:
        """The instant, cut to microseconds; NULL for what is none."""
        plain = self._functions.trimmed(text, "both")
        read = self._functions.try_cast_text
        any_form = exp.case().when(self.is_instant(text), read(self._in_one_form(plain), to))
        return exp.case().when(self._functions.matches(plain, _PLAIN), read(plain, to)).else_(any_form)

    def nanoseconds_beyond(self, text: exp.Expr) -> exp.Expr:
        """What the fraction has beyond microseconds, in nanoseconds."""
        digits = self._functions.replaced(text, _BEYOND_MICROSECONDS, "\\1")
        filled = exp.func("RPAD", digits, exp.Literal.number(3), exp.Literal.string("0"), dialect="duckdb")
        number = self._functions.try_cast_text(filled, "INT")
        has_more = self._functions.matches(text, _HAS_SEVEN_DIGITS)
        return exp.case().when(has_more, number).else_(exp.Literal.number(0))

    def time(self, text: exp.Expr) -> exp.Expr:
        """The time of day; NULL for what is none, or is finer than microseconds."""
        plain = self._functions.replaced(self._functions.trimmed(text, "both"), *_STEPS[-1])
        read = exp.case().when(self._functions.matches(text, _CLOCK), self._functions.try_cast_text(plain, "TIME"))
        return exp.case().when(exp.not_(self.is_finer_than_microseconds(text)), read)

    def _in_one_form(self, text: exp.Expr) -> exp.Expr:
        for pattern, replacement in _STEPS:
            text = self._functions.replaced(text, pattern, replacement)
        return text
