"""Bringing the two sides of a column into one type in which equal values, and only those, are equal.

A conversion never rounds and never fails the query: a value that the common type cannot hold becomes NULL, and is told
apart from NULL by its text (see `equality.Equality`).
"""

from dataclasses import dataclass, replace

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import NESTED, NUMERIC, ColumnType
from transferroom_pipeline.comparisons.conversion import UNCHANGED, Both, Conversion, Value
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.functions.base import Functions
from transferroom_pipeline.comparisons.instant_texts import InstantTexts
from transferroom_pipeline.comparisons.instants import Instants
from transferroom_pipeline.comparisons.numbers import whole_digits_beside_text
from transferroom_pipeline.comparisons.sides import LEGACY, MODERN
from transferroom_pipeline.comparisons.spec import ColumnRule

_BIGINT_DIGITS = 19
_NUMERAL = "^ *[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,9})? *$"
LEADING_ZEROS = "^ *[+-]?0[0-9]"
_NO_NUMERAL = "^ *([nN][aA][nN]|[+-]?[iI][nN][fF]([iI][nN][iI][tT][yY])?) *$"
_TRUTHS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


def conversions(legacy: ColumnType, modern: ColumnType, rule: ColumnRule, functions: Functions) -> Both:
    """The conversions of both sides.

    Raises:
        ComparisonError: There is no common type; the sentence ends where the caller names the column.
    """
    return Conversions(rule, functions).between(legacy, modern)


@dataclass(frozen=True)
class Conversions:
    """Conversions under one rule, in one dialect.

    Attributes:
        rule: The rule.
        functions: The dialect.
        is_modern: Inside nested values, whether those of modern are converted.
    """

    rule: ColumnRule
    functions: Functions
    is_modern: bool = False

    def between(self, legacy: ColumnType, modern: ColumnType) -> Both:
        """The conversions of both sides of a column."""
        families = {legacy.family, modern.family}
        if self.rule.json_ or "json" in families:
            return self._by_content(legacy, modern)
        if families <= NUMERIC:
            return self._number(legacy, modern), self._number(modern, legacy)
        if "instant" in families and families <= {"instant", "text"} and self._are_converted(legacy, modern):
            instants = Instants(self.rule, self.functions, legacy, modern)
            return instants.conversion(LEGACY), instants.conversion(MODERN)
        if families & NESTED:
            of_legacy, of_modern = (replace(self, is_modern=is_modern) for is_modern in (False, True))
            return of_legacy._nested(legacy, modern), of_modern._nested(modern, legacy)
        return self._alike_or_text(legacy, modern)

    def _are_converted(self, legacy: ColumnType, modern: ColumnType) -> bool:
        """Whether two columns of instants are compared in another type than their own."""
        readings_differ = self.rule.zones_differ and not legacy.has_zone and legacy.kind is not exp.DType.DATE
        return self.rule.within is not None or legacy.name != modern.name or readings_differ

    def _alike_or_text(self, legacy: ColumnType, modern: ColumnType) -> Both:
        if legacy.family == modern.family == "text" and (self.rule.numeric or legacy.is_numeral or modern.is_numeral):
            return self._numeral(legacy), self._numeral(modern)
        if legacy.family == modern.family == "text" or legacy.name == modern.name:
            return self._same(legacy), self._same(modern)
        if legacy.family == "text":
            return self._text_as(legacy, modern), self._beside_text(modern)
        if modern.family == "text":
            return self._beside_text(legacy), self._text_as(modern, legacy)
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

    def _numeral(self, own: ColumnType) -> Conversion:
        """A number written as text; NULL for a text that is none."""

        def value(text: exp.Expr) -> exp.Expr:
            is_number = self._is_number(text, _NUMERAL, own)
            plain = self.functions.trimmed(text, "both")
            not_finite = self.functions.text(self._not_finite(text))
            return exp.case().when(is_number, self.functions.numeral(plain)).else_(not_finite)

        return Conversion(value, may_fail=True)

    def _is_number(self, text: exp.Expr, pattern: str, own: ColumnType) -> exp.Expr:
        """Whether a text is a number as such: its leading zeros could not be had back from a number."""
        is_number = self.functions.matches(text, pattern)
        if self.rule.numeric or own.is_numeral:
            return is_number
        return exp.and_(is_number, exp.not_(self.functions.matches(text, LEADING_ZEROS)))

    def _text_as(self, own: ColumnType, other: ColumnType) -> Conversion:
        """Reads a text as a value of the other side's type; what is none becomes NULL."""
        readers: dict[str, Value] = {
            "boolean": self._text_as_boolean,
            "integer": lambda text: self._text_as_exact_number(text, own, other),
            "decimal": lambda text: self._text_as_exact_number(text, own, other),
            "float": lambda text: self._text_as_float(text, own),
            "time": InstantTexts(self.functions).time,
        }
        if other.family == "uuid":
            return Conversion(lambda text: exp.Lower(this=text.copy()))
        if other.family not in readers:
            raise no_common_type(own, other)
        return Conversion(readers[other.family], may_fail=True)

    def _beside_text(self, own: ColumnType) -> Conversion:
        """The other side of `_text_as`."""
        if own.family in {"integer", "decimal"}:
            return Conversion(lambda value: self.functions.cast(value, self._type_beside_text(own)))
        if own.family == "float":
            return Conversion(lambda value: self.functions.cast(value, "DOUBLE"))
        return Conversion(self.functions.text) if own.family == "uuid" else UNCHANGED

    def _type_beside_text(self, number: ColumnType) -> str:
        """As many decimals as fit beside the number's whole digits, because the cast of a text rounds what does not."""
        functions = self.functions
        if functions.unlimited_decimal:
            return functions.unlimited_decimal
        if number.whole_digits > functions.widest_decimal:
            return number.name
        return f"DECIMAL({functions.widest_decimal}, {self._decimals_beside_text(number)})"

    def _decimals_beside_text(self, number: ColumnType) -> int:
        widest = self.functions.widest_decimal
        return max(widest - whole_digits_beside_text(number, self.rule, widest), 0)

    def _text_as_exact_number(self, text: exp.Expr, own: ColumnType, number: ColumnType) -> exp.Expr:
        fraction = "[0-9]*"
        if not self.functions.unlimited_decimal:
            fraction = f"[0-9]{{0,{self._decimals_beside_text(number)}}}0*"
        numeral = f"^ *[+-]?([0-9]+([.]{fraction})?|[.]{fraction})([eE][+]?[0-9]{{1,2}})? *$"
        return self._read(text, self._is_number(text, numeral, own), self._type_beside_text(number))

    def text_as_finite_double(self, text: exp.Expr, own: ColumnType) -> exp.Expr:
        """The double nearest to the number that a text is; a number beyond it is none, though engines read infinity."""
        found = self._read(text, self._is_number(text, _NUMERAL, own), "DOUBLE")
        return exp.case().when(self.functions.is_finite(found), found.copy())

    def _text_as_float(self, text: exp.Expr, own: ColumnType) -> exp.Expr:
        """As a double, whatever the other side's width."""
        return exp.func("COALESCE", self.text_as_finite_double(text, own), self._not_finite(text))

    def _not_finite(self, text: exp.Expr) -> exp.Expr:
        """The double that a text is which is infinite or no number."""
        return self._read(text, self.functions.matches(text, _NO_NUMERAL), "DOUBLE")

    def _text_as_boolean(self, text: exp.Expr) -> exp.Expr:
        found = exp.case()
        for word, truth in _TRUTHS.items():
            plain = exp.Lower(this=self.functions.trimmed(text, "both"))
            same = exp.EQ(this=plain, expression=exp.Literal.string(word))
            found = found.when(same, exp.true() if truth else exp.false())
        return found

    def _read(self, text: exp.Expr, condition: exp.Expr, to: str) -> exp.Expr:
        """A text of some form as a value; engines read more than that, each something else."""
        plain = self.functions.trimmed(text, "both")
        return exp.case().when(condition, self.functions.try_cast_text(plain, to))

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
        if self.rule.zones_differ and column.contains("instant"):
            return True
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
        theirs, mine = self.between(other, own) if self.is_modern else self.between(own, other)[::-1]
        if mine.may_fail or theirs.may_fail:
            raise no_common_type(own, other)
        return mine.value

    def _json_member(self, text: exp.Expr) -> exp.Expr:
        content = self.functions.json_content(text, unordered=self.rule.unordered)
        return exp.func("COALESCE", content, self.functions.text(text))


def no_common_type(legacy: ColumnType, modern: ColumnType) -> ComparisonError:
    """Says that two types cannot be compared; the caller names the column and the way out."""
    return ComparisonError(f"types {legacy.name} and {modern.name} cannot be compared")
