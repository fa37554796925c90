"""Bringing the two sides of a column into one type in which equal values, and only those, are equal.

A conversion never rounds and never fails the query: a value that the common type cannot hold becomes NULL, and is told
apart from NULL by its text (see `equality.Equality`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import NESTED, NUMERIC, ColumnType
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.functions.base import Functions
from transferroom_pipeline.comparisons.spec import ColumnRule

Value = Callable[[exp.Expr], exp.Expr]
Both = tuple["Conversion", "Conversion"]

_BIGINT_DIGITS = 19
_TIME = "[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?"
_OFFSET = "(Z|z| ?UTC|[+-][0-9]{2}(:?[0-9]{2})?)"
_INSTANT = f"^ *[0-9]{{4,6}}-[0-9]{{2}}-[0-9]{{2}}([ T]{_TIME} ?{_OFFSET}?)? *$"
_HAS_OFFSET = f"[0-9]:[0-9]{{2}}.*{_OFFSET} *$"
_CLOCK = f"^ *{_TIME} *$"
_FINER_THAN_MICROSECONDS = "[.][0-9]{6}[0-9]*[1-9]"
_NUMERAL = "^ *[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)? *$"
_NO_NUMERAL = "^ *[+-]?([nN][aA][nN]|[iI][nN][fF]([iI][nN][iI][tT][yY])?) *$"
_TRUTHS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
_NARROW_RANGES = {exp.DType.DATE, exp.DType.TIMESTAMP_NS, exp.DType.TIMESTAMP_S, exp.DType.TIMESTAMP_MS}
"""Types with values that a timestamp in microseconds does not hold."""


@dataclass(frozen=True)
class Conversion:
    """How one side's values become values of the common type.

    Attributes:
        value: Builds the expression.
        may_fail: Whether a value that is not NULL can become NULL.
    """

    value: Value
    may_fail: bool = False


UNCHANGED = Conversion(lambda column: column)


def conversions(legacy: ColumnType, modern: ColumnType, rule: ColumnRule, functions: Functions) -> Both:
    """The conversions of both sides.

    Raises:
        ComparisonError: There is no common type; the sentence ends where the caller names the column.
    """
    return Conversions(rule, functions).between(legacy, modern)


@dataclass(frozen=True)
class Conversions:
    """Conversions under one rule, in one dialect."""

    rule: ColumnRule
    functions: Functions

    def between(self, legacy: ColumnType, modern: ColumnType) -> Both:
        """The conversions of both sides of a column."""
        families = {legacy.family, modern.family}
        if "unreadable" in families:
            raise ComparisonError(
                "its numbers have no stated precision, and would be read as doubles without their digits"
            )
        if self.rule.json_ or "json" in families:
            return self._by_content(legacy, modern)
        if families <= NUMERIC:
            return self._number(legacy, modern), self._number(modern, legacy)
        if families == {"instant"} and (self.rule.within or legacy.name != modern.name):
            # The time between two readings of a clock depends on its zone, where it is put forward and back.
            is_measured = self.rule.within is not None and self.rule.timezone != "UTC"
            zoned = legacy.has_zone or modern.has_zone or is_measured
            return self._instant(legacy, zoned=zoned), self._instant(modern, zoned=zoned)
        if families & NESTED:
            return self._nested(legacy, modern), self._nested(modern, legacy)
        return self._alike_or_text(legacy, modern)

    def _alike_or_text(self, legacy: ColumnType, modern: ColumnType) -> Both:
        if legacy.family == modern.family == "text" or legacy.name == modern.name:
            return self._same(legacy), self._same(modern)
        if legacy.family == "text":
            return self._text_as(modern), self._beside_text(modern)
        if modern.family == "text":
            return self._beside_text(legacy), self._text_as(legacy)
        raise no_common_type(legacy, modern)

    def _same(self, column: ColumnType) -> Conversion:
        if column.family == "interval":
            # Engines hold a month and 30 days for equal.
            return Conversion(self.functions.text)
        return UNCHANGED

    def _by_content(self, legacy: ColumnType, modern: ColumnType) -> Both:
        if not {legacy.family, modern.family} <= {"json", "text"}:
            raise no_common_type(legacy, modern)

        def content(text: exp.Expr) -> exp.Expr:
            return self.functions.json_content(text, unordered=self.rule.unordered)

        return Conversion(content, may_fail=True), Conversion(content, may_fail=True)

    def _number(self, own: ColumnType, other: ColumnType) -> Conversion:
        if own.name == other.name:
            return UNCHANGED
        if own.family == "boolean":
            number = self._number_of_truth
            if other.family == "float":
                return Conversion(lambda value: self.functions.cast(number(value), "DOUBLE"))
            to, fits = self._exact_type(own, other)
            return Conversion(lambda value: self.functions.try_cast(number(value), to), may_fail=not fits)
        if "float" in {own.family, other.family}:
            return Conversion(lambda value: self.functions.nearest_double(value, own))
        to, fits = self._exact_type(own, other)
        return Conversion(lambda value: self.functions.try_cast(value, to), may_fail=not fits)

    def _number_of_truth(self, value: exp.Expr) -> exp.Expr:
        """1 and 0, not by a cast: some engines cannot, and DuckDB's gives a wrong number for narrow decimals."""
        one, zero = exp.Literal.number(1), exp.Literal.number(0)
        return exp.case().when(value.copy(), one).when(exp.not_(value.copy()), zero)

    def _exact_type(self, own: ColumnType, other: ColumnType) -> tuple[str, bool]:
        """The type that holds the decimals of both sides, and whether every value of `own` fits it."""
        functions = self.functions
        whole, scale = max(own.whole_digits, other.whole_digits), max(own.scale, other.scale)
        if "decimal" not in {own.family, other.family}:
            is_narrow = whole <= _BIGINT_DIGITS
            return ("BIGINT" if is_narrow else functions.widest_integer), own.kind is not exp.DType.UINT128
        if functions.unlimited_decimal:
            return functions.unlimited_decimal, True
        width = min(whole + scale, functions.widest_decimal)
        return f"DECIMAL({width}, {scale})", own.whole_digits <= width - scale

    def _instant(self, own: ColumnType, *, zoned: bool) -> Conversion:
        if own.has_zone:
            return UNCHANGED

        def value(column: exp.Expr) -> exp.Expr:
            naive = self.functions.try_cast(column, "TIMESTAMP")
            if own.kind is exp.DType.TIMESTAMP_NS:
                back = self.functions.try_cast(naive, "TIMESTAMP_NS")
                naive = exp.case().when(exp.EQ(this=back, expression=column.copy()), naive)
            return self.functions.in_zone(naive, self.rule.timezone) if zoned else naive

        return Conversion(value, may_fail=own.kind in _NARROW_RANGES)

    def _text_as(self, other: ColumnType) -> Conversion:
        """Reads a text as a value of the other side's type; what is none becomes NULL."""
        readers: dict[str, Value] = {
            "boolean": self._text_as_boolean,
            "integer": lambda text: self._text_as_exact_number(text, other),
            "decimal": lambda text: self._text_as_exact_number(text, other),
            "float": lambda text: self._text_as_float(text, other),
            "instant": lambda text: self._text_as_instant(text, zoned=other.has_zone),
            "time": lambda text: self._in_microseconds(text, self._read(text, _CLOCK, "TIME")),
        }
        if other.family == "uuid":
            return Conversion(lambda text: exp.Lower(this=text.copy()))
        if other.family not in readers:
            raise no_common_type(ColumnType("VARCHAR", "text", exp.DType.TEXT), other)
        return Conversion(readers[other.family], may_fail=True)

    def _beside_text(self, own: ColumnType) -> Conversion:
        """The other side of `_text_as`."""
        if own.family in {"integer", "decimal"}:
            return Conversion(lambda value: self.functions.cast(value, self._type_beside_text(own)))
        if own.family == "float":
            return Conversion(lambda value: self.functions.cast(value, "DOUBLE"))
        if own.family == "instant":
            return self._instant(own, zoned=own.has_zone)
        return Conversion(self.functions.text) if own.family == "uuid" else UNCHANGED

    def _type_beside_text(self, number: ColumnType) -> str:
        """As many decimals as fit beside the number's whole digits, because the cast of a text rounds what does not."""
        functions = self.functions
        if functions.unlimited_decimal:
            return functions.unlimited_decimal
        if number.whole_digits > functions.widest_decimal:
            return number.name
        return f"DECIMAL({functions.widest_decimal}, {functions.widest_decimal - number.whole_digits})"

    def _text_as_exact_number(self, text: exp.Expr, number: ColumnType) -> exp.Expr:
        decimals = max(self.functions.widest_decimal - number.whole_digits, 0)
        fraction = "[0-9]*" if self.functions.unlimited_decimal else f"[0-9]{{0,{decimals}}}0*"
        numeral = f"^ *[+-]?([0-9]+([.]{fraction})?|[.]{fraction})([eE][+]?[0-9]{{1,2}})? *$"
        return self._read(text, numeral, self._type_beside_text(number))

    def _text_as_float(self, text: exp.Expr, number: ColumnType) -> exp.Expr:
        """In the precision of the other side; a number beyond it is none, though engines read it as infinity."""
        to = "FLOAT" if number.kind is exp.DType.FLOAT else "DOUBLE"
        found = self.functions.cast(self._read(text, _NUMERAL, to), "DOUBLE")
        finite = exp.case().when(self.functions.is_finite(found), found.copy())
        return exp.func("COALESCE", finite, self._read(text, _NO_NUMERAL, "DOUBLE"))

    def _text_as_boolean(self, text: exp.Expr) -> exp.Expr:
        found = exp.case()
        for word, truth in _TRUTHS.items():
            plain = exp.Lower(this=self.functions.trimmed(text, "both"))
            same = exp.EQ(this=plain, expression=exp.Literal.string(word))
            found = found.when(same, exp.true() if truth else exp.false())
        return found

    def _text_as_instant(self, text: exp.Expr, *, zoned: bool) -> exp.Expr:
        with_offset = self._read(text, _INSTANT, "TIMESTAMPTZ")
        without = self._read(text, _INSTANT, "TIMESTAMP")
        if zoned:
            without = self.functions.in_zone(without, self.rule.timezone)
        else:
            with_offset = self.functions.naive_in_zone(with_offset, self.rule.timezone)
        has_offset = self.functions.matches(text, _HAS_OFFSET)
        return self._in_microseconds(text, exp.case().when(has_offset, with_offset).else_(without))

    def _in_microseconds(self, text: exp.Expr, value: exp.Expr) -> exp.Expr:
        """NULL for texts with a finer fraction, which the engine would cut off."""
        return exp.case().when(exp.not_(self.functions.matches(text, _FINER_THAN_MICROSECONDS)), value)

    def _read(self, text: exp.Expr, pattern: str, to: str) -> exp.Expr:
        """A text of a pattern as a value; engines read more than that, each something else."""
        plain = self.functions.trimmed(text, "both")
        return exp.case().when(self.functions.matches(text, pattern), self.functions.try_cast_text(plain, to))

    def _nested(self, own: ColumnType, other: ColumnType) -> Conversion:
        """A nested value in which equal content is equal, member by member."""
        if own.family != other.family:
            raise no_common_type(own, other)
        if own.name == other.name and not self._needs_rebuilding(own):
            return UNCHANGED
        builders = {"list": self._list, "struct": self._struct, "map": self._map, "union": self._union}
        build = builders[own.family](own, other)

        def value(column: exp.Expr) -> exp.Expr:
            present = exp.not_(exp.Is(this=column.copy(), expression=exp.null()))
            return exp.case().when(present, build(column))

        return Conversion(value)

    def _needs_rebuilding(self, column: ColumnType) -> bool:
        """Whether the engine's own equality of the type is not equality of content."""
        unlike: tuple[str, ...] = ("map", "union", "interval", "json")
        return any(column.contains(family) for family in unlike) or (  # type: ignore[arg-type]
            self.rule.unordered and column.contains("list")
        )

    def _list(self, own: ColumnType, other: ColumnType) -> Value:
        inner = self._member(own.members[0][1], other.members[0][1])

        def value(column: exp.Expr) -> exp.Expr:
            values = self.functions.elements(column, inner)
            return self.functions.sorted_list(values) if self.rule.unordered else values

        return value

    def _struct(self, own: ColumnType, other: ColumnType) -> Value:
        partners = {name.lower(): member for name, member in other.members}
        if sorted(partners) != sorted(name.lower() for name, _ in own.members):
            raise no_common_type(own, other)
        ordered = sorted(own.members, key=lambda member: member[0].lower())
        inner = {name: self._member(member, partners[name.lower()]) for name, member in ordered}

        def value(column: exp.Expr) -> exp.Expr:
            fields = [(name.lower(), convert(self.functions.field(column, name))) for name, convert in inner.items()]
            return self.functions.struct(fields)

        return value

    def _map(self, own: ColumnType, other: ColumnType) -> Value:
        keys, values = (
            self._member(mine[1], theirs[1]) for mine, theirs in zip(own.members, other.members, strict=True)
        )

        def entry(pair: exp.Expr) -> exp.Expr:
            parts = (("key", keys), ("value", values))
            return self.functions.struct([(name, inner(self.functions.field(pair, name))) for name, inner in parts])

        return lambda column: self.functions.sorted_list(self.functions.elements(self.functions.entries(column), entry))

    def _union(self, own: ColumnType, other: ColumnType) -> Value:
        partners = dict(other.members)
        if sorted(partners) != sorted(name for name, _ in own.members):
            raise no_common_type(own, other)
        inner = {name: self._member(member, partners[name]) for name, member in sorted(own.members)}

        def value(column: exp.Expr) -> exp.Expr:
            members = [(name, convert(self.functions.member(column, name))) for name, convert in inner.items()]
            parts = [("tag", self.functions.tag(column)), ("members", self.functions.struct(members))]
            return self.functions.struct(parts)

        return value

    def _member(self, own: ColumnType, other: ColumnType) -> Value:
        """The conversion of a member, which must not fail: inside a nested value NULL could not be told apart."""
        if own.family == other.family == "json":
            return self._json_member
        mine, theirs = self.between(own, other)
        if mine.may_fail or theirs.may_fail:
            raise no_common_type(own, other)
        return mine.value

    def _json_member(self, text: exp.Expr) -> exp.Expr:
        content = self.functions.json_content(text, unordered=self.rule.unordered)
        return exp.func("COALESCE", content, self.functions.text(text))


def no_common_type(legacy: ColumnType, modern: ColumnType) -> ComparisonError:
    """Says that two types cannot be compared; the caller names the column and the way out."""
    return ComparisonError(f"types {legacy.name} and {modern.name} cannot be compared")
