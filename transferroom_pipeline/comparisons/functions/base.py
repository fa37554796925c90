"""The expressions that dialects of SQL write differently, or mean differently where they write them alike.

Everything else of a comparison is built once from sqlglot's expressions and rendered for the dialect.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import ColumnType
from transferroom_pipeline.comparisons.exceptions import ComparisonError

_DOTTED = "\u0130", "i\u0307"
"""A capital I with a dot, and a small one with a combining dot."""

Element = Callable[[exp.Expr], exp.Expr]
"""Builds an expression of a list's element."""


class Functions(ABC):
    """One dialect.

    Attributes:
        name: The engine's name for people.
        dialect: The dialect's name in sqlglot.
        widest_decimal: Digits that a decimal can hold.
        widest_subtracted: Digits of decimals whose difference has all their decimals.
        widest_integer: The type that holds the integers of every type but the widest unsigned one.
        unlimited_decimal: The decimal type that holds any number exactly, where there is one.
        multiplies_exactly: Whether the product of two decimals has all decimals of both.
        sums_exactly: Whether the sum of exact numbers has a wider type than they have.
        knows_unicode_forms: Whether texts can be brought into a Unicode form.
        hashes_zeros_apart: Whether -0.0 and 0.0 have different hashes.
        can_try_casts: Whether any cast can be tried without failing the query.
    """

    name: str
    dialect: str
    widest_decimal: int = 38
    widest_subtracted: int = 38
    widest_integer: str = "INT128"
    unlimited_decimal: str | None = None
    multiplies_exactly: bool = True
    sums_exactly: bool = True
    knows_unicode_forms: bool = True
    hashes_zeros_apart: bool = False
    can_try_casts: bool = True

    def cast(self, value: exp.Expr, to: str) -> exp.Expr:
        """A cast to a type that holds every value."""
        return exp.Cast(this=value.copy(), to=data_type(to))

    def text(self, value: exp.Expr) -> exp.Expr:
        """The text form of a value."""
        return self.cast(value, "TEXT")

    def try_cast(self, value: exp.Expr, to: str) -> exp.Expr:
        """A cast that gives NULL where a value does not fit."""
        return exp.TryCast(this=value.copy(), to=data_type(to), safe=True)

    def try_cast_text(self, text: exp.Expr, to: str) -> exp.Expr:
        """A text as a value of a type, NULL where it is none."""
        return self.try_cast(text, to)

    def constant(self, text: str, column: ColumnType) -> exp.Expr:
        """A value of the column's type; NULL where the type does not reach so far."""
        return exp.TryCast(this=exp.Literal.string(text), to=column.data_type(), safe=True)

    def nearest_double(self, value: exp.Expr, column: ColumnType) -> exp.Expr:
        """A number of a column as the double that is nearest to it."""
        del column
        return self.cast(value, "DOUBLE")

    def attempt(self, value: exp.Expr) -> exp.Expr:
        """Arithmetic on decimals that gives NULL where the result has too many digits."""
        return value

    def subtracted(self, left: exp.Expr, right: exp.Expr) -> exp.Expr:
        """The difference of two doubles; infinite, or NULL, where it is too large."""
        return exp.paren(exp.Sub(this=left.copy(), expression=right.copy()))

    @abstractmethod
    def row_hash(self, values: Sequence[exp.Expr]) -> exp.Expr:
        """A whole number of 64 bits made of all values; see `shares_hash_with_null`."""

    @abstractmethod
    def hash_total(self, hashes: exp.Expr) -> exp.Expr:
        """The sum of hashes, without overflow."""

    def bucket(self, hashed: exp.Expr, buckets: int) -> exp.Expr:
        """The number of the bucket of a hash; `buckets` is a power of two."""
        return exp.BitwiseAnd(this=hashed.copy(), expression=exp.Literal.number(buckets - 1))

    def hashable(self, value: exp.Expr, column: ColumnType, partner: ColumnType) -> exp.Expr:
        """A value of the common type of two columns, in a form in which different values have different hashes."""
        del partner
        if column.family == "float" and self.hashes_zeros_apart:
            zero = exp.Literal.number(0)
            return exp.case().when(exp.EQ(this=value.copy(), expression=zero), self.cast(zero, "DOUBLE")).else_(value)
        return value

    def shares_hash_with_null(self, column: ColumnType) -> bool:
        """Whether a value of the type can have the hash of NULL, other than by the chance that any two values have."""
        del column
        return True

    def key_part(self, value: exp.Expr) -> exp.Expr:
        """A part of a key in a form that a full join can match null-safely by `same_key`."""
        return value

    def same_key(self, left: exp.Expr, right: exp.Expr) -> exp.Expr:
        """Whether two parts of a key are the same, two NULLs being the same."""
        return exp.NullSafeEQ(this=left, expression=right)

    @abstractmethod
    def exact_text(self, text: exp.Expr) -> exp.Expr:
        """The text without the collation of its column or database, which could make different texts equal."""

    @abstractmethod
    def nfc(self, text: exp.Expr) -> exp.Expr:
        """The text in the Unicode form NFC."""

    def lowered(self, text: exp.Expr) -> exp.Expr:
        """The text in lower case, by Unicode's mapping of single characters.

        Of that mapping 'İ' would become 'i'; here it becomes 'i' and a combining dot, as in Unicode's full mapping.
        """
        return exp.Lower(this=exp.func("REPLACE", text.copy(), *map(_string, _DOTTED)))

    def trimmed(self, text: exp.Expr, side: str) -> exp.Expr:
        """The text without spaces at its end, or at both ends; tabs and other blanks stay, as on SQL Server."""
        position = {"position": "TRAILING"} if side == "right" else {}
        return exp.Trim(this=text.copy(), expression=exp.Literal.string(" "), **position)

    def matches(self, text: exp.Expr, pattern: str) -> exp.Expr:
        """Whether a pattern occurs in a text; patterns use only what all engines' regular expressions share."""
        return exp.RegexpLike(this=text.copy(), expression=exp.Literal.string(pattern))

    def replaced(self, text: exp.Expr, pattern: str, replacement: str) -> exp.Expr:
        """The text with the first match of a pattern replaced; a backslash and a number stand for a group of it."""
        arguments = [text.copy(), exp.Literal.string(pattern), exp.Literal.string(replacement)]
        return exp.Anonymous(this="REGEXP_REPLACE", expressions=arguments)

    def without(self, text: exp.Expr, characters: str) -> exp.Expr:
        """The text without any of some characters."""
        arguments = [text.copy(), exp.Literal.string(characters), exp.Literal.string("")]
        return exp.Anonymous(this="TRANSLATE", expressions=arguments)

    def numeral(self, text: exp.Expr) -> exp.Expr:
        """A text that is a number, in a form that is the same for equal numbers of any size: -1.50 is -15e-1.

        The text must be a number in plain or exponent notation, without blanks.
        """
        unsigned = self.replaced(text, "^[+-]", "")
        mantissa = self.replaced(unsigned, "[eE].*$", "")
        exponent = self.try_cast_text(self.replaced(unsigned, "^[^eE]*[eE]?", ""), "INT")
        fraction = exp.Length(this=self.replaced(mantissa, "^[^.]*[.]?", ""))
        whole = exp.Trim(
            this=exp.func("REPLACE", mantissa, exp.Literal.string("."), exp.Literal.string("")),
            expression=exp.Literal.string("0"),
            position="LEADING",
        )
        digits = exp.Trim(this=whole, expression=exp.Literal.string("0"), position="TRAILING")
        zeros = exp.paren(exp.Sub(this=exp.Length(this=whole.copy()), expression=exp.Length(this=digits.copy())))
        zero = exp.Literal.number(0)
        shift = exp.Sub(this=exp.Add(this=exp.func("COALESCE", exponent, zero), expression=zeros), expression=fraction)
        is_negative = exp.EQ(this=exp.func("LEFT", text.copy(), exp.Literal.number(1)), expression=_string("-"))
        sign = exp.case().when(is_negative, _string("-")).else_(_string(""))
        written = exp.func("CONCAT", sign, digits, _string("e"), self.text(exp.paren(shift)))
        is_zero = exp.EQ(this=digits.copy(), expression=_string(""))
        return exp.case().when(is_zero, _string("0")).else_(written)

    def in_zone(self, naive: exp.Expr, zone: str) -> exp.Expr:
        """The instant that a clock in the zone reads as the naive timestamp."""
        return exp.AtTimeZone(this=naive.copy(), zone=exp.Literal.string(zone))

    def naive_in_zone(self, instant: exp.Expr, zone: str) -> exp.Expr:
        """What a clock in the zone reads at the instant."""
        return exp.AtTimeZone(this=instant.copy(), zone=exp.Literal.string(zone))

    def nanoseconds(self, instant: exp.Expr, column: ColumnType) -> exp.Expr:
        """Nanoseconds since 1970 of a value of the column."""
        return exp.Mul(this=exp.paren(self.microseconds(instant, column)), expression=exp.Literal.number(1000))

    def from_nanoseconds(self, nanoseconds: exp.Expr) -> exp.Expr:
        """A number of nanoseconds in microseconds."""
        thousandth = self.cast(exp.Literal.string("0.001"), "DECIMAL(4,3)")
        return exp.Mul(this=self.cast(nanoseconds, "DECIMAL(28,0)"), expression=thousandth)

    @abstractmethod
    def microseconds(self, instant: exp.Expr, column: ColumnType) -> exp.Expr:
        """Microseconds since 1970 of a value of the column, in a type that the difference of any two fits."""

    def rounded(self, number: exp.Expr, digits: int) -> exp.Expr:
        """A double rounded to some decimals."""
        return exp.Round(this=number, decimals=exp.Literal.number(digits))

    @abstractmethod
    def is_finite(self, number: exp.Expr) -> exp.Expr:
        """Whether a double is a number."""

    def total(self, number: exp.Expr) -> exp.Expr:
        """The sum of doubles."""
        return exp.Sum(this=number)

    @abstractmethod
    def json_content(self, text: exp.Expr, *, unordered: bool) -> exp.Expr:
        """A form of JSON text that is equal for equal content; NULL where the text is no JSON."""

    @abstractmethod
    def json_object(self, pairs: Sequence[tuple[str, exp.Expr]]) -> exp.Expr:
        """JSON text of an object whose values are texts."""

    @abstractmethod
    def elements(self, values: exp.Expr, element: Element) -> exp.Expr:
        """A list with an expression of each element."""

    def any_element(self, values: exp.Expr, condition: Element) -> exp.Expr:
        """Whether a condition holds for any element of a list."""
        return exp.Anonymous(this="ARRAY_CONTAINS", expressions=[self.elements(values, condition), exp.true()])

    def all_elements(
        self, left: exp.Expr, right: exp.Expr, equal: Callable[[exp.Expr, exp.Expr], exp.Expr]
    ) -> exp.Expr:
        """Whether two lists have as many elements, each equal to its partner; NULL where a list is."""
        raise self._missing("lists with a tolerance", left, right, equal)

    def appended(self, values: exp.Expr, element: exp.Expr) -> exp.Expr:
        """A list with one element more."""
        return exp.Anonymous(this="ARRAY_APPEND", expressions=[values, element])

    @abstractmethod
    def sorted_list(self, values: exp.Expr) -> exp.Expr:
        """A list in an order that depends on its elements only."""

    @abstractmethod
    def entries(self, mapping: exp.Expr) -> exp.Expr:
        """The entries of a map as a list of structs with the fields key and value."""

    @abstractmethod
    def struct(self, fields: Sequence[tuple[str, exp.Expr]]) -> exp.Expr:
        """A struct."""

    def unnested(self, lists: Mapping[str, Sequence[exp.Expr]], further: Sequence[exp.Expr]) -> exp.Select:
        """A query of rows in which lists of values lie below each other, NULL where one is shorter than another.

        Args:
            lists: The values by the name of their column.
            further: What else to select, the same beside each value.
        """
        columns = [
            exp.alias_(exp.Explode(this=exp.Array(expressions=list(values))), name, quoted=True)
            for name, values in lists.items()
        ]
        return exp.Select(expressions=[*further, *columns])

    def caseable(self, value: exp.Expr, column: ColumnType) -> exp.Expr:
        """The value in a form that CASE can give."""
        del column
        return value

    def field(self, struct: exp.Expr, name: str) -> exp.Expr:
        """A field of a struct."""
        whole = struct.copy() if isinstance(struct, exp.Column) else exp.paren(struct.copy())
        return exp.Dot(this=whole, expression=exp.to_identifier(name, quoted=True))

    def member(self, union: exp.Expr, name: str) -> exp.Expr:
        """A union's value where it is of the named member, else NULL."""
        raise self._missing("unions", union, name)

    def tag(self, union: exp.Expr) -> exp.Expr:
        """The name of the member that a union's value is of."""
        raise self._missing("unions", union)

    def _missing(self, what: str, *_: object) -> ComparisonError:
        return ComparisonError(f"{what} cannot be compared on {self.name}")


def _string(text: str) -> exp.Expr:
    return exp.Literal.string(text)


def data_type(name: str) -> exp.DataType:
    """A type in DuckDB's words."""
    parsed = _parsed(name)
    return parsed.copy() if parsed.expressions else exp.DataType(this=parsed.this)


@cache
def _parsed(name: str) -> exp.DataType:
    """Parsed once: a comparison casts the same few types over and over."""
    if name == "DECIMAL":
        return exp.DataType(this=exp.DType.DECIMAL)  # Without the precision that it has by default in DuckDB.
    return exp.DataType.build(name, dialect="duckdb")
