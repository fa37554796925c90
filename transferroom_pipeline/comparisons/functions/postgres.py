"""PostgreSQL's dialect, from version 17 on."""

from collections.abc import Sequence
from itertools import chain

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import NESTED, ColumnType
from transferroom_pipeline.comparisons.functions.base import Element, Functions, data_type

_LARGEST_SUBTRACTED = "8e307"
"""Subtracting larger doubles from each other can overflow, which is an error here."""

_LARGEST_ROUNDED = "1e15"


class PostgresFunctions(Functions):
    """PostgreSQL: decimals hold any number, casts of texts fail loudly, full joins need plain equality."""

    name = "PostgreSQL"
    dialect = "postgres"
    unlimited_decimal = "DECIMAL"
    can_try_casts = False

    def try_cast(self, value: exp.Expr, to: str) -> exp.Expr:
        """A cast: the types of numbers and times hold whatever is cast to them here."""
        return self.cast(value, to)

    def constant(self, text: str, column: ColumnType) -> exp.Expr:
        """A cast, which fails the query where the type does not reach so far."""
        return exp.Cast(this=exp.Literal.string(text), to=column.data_type())

    def try_cast_text(self, text: exp.Expr, to: str) -> exp.Expr:
        """Asked first, since the cast itself would fail the query."""
        name = exp.Literal.string(data_type(to).sql(dialect=self.dialect))
        valid = exp.Anonymous(this="PG_INPUT_IS_VALID", expressions=[text.copy(), name])
        return exp.case().when(valid, self.cast(text, to))

    def subtracted(self, left: exp.Expr, right: exp.Expr) -> exp.Expr:
        """NULL for numbers whose difference could overflow."""
        bound = exp.Literal.number(_LARGEST_SUBTRACTED)
        small = [exp.LT(this=exp.Abs(this=side.copy()), expression=bound.copy()) for side in (left, right)]
        return exp.case().when(exp.and_(*small), super().subtracted(left, right))

    def row_hash(self, values: Sequence[exp.Expr]) -> exp.Expr:
        """The hash of a record, by the types' own hash functions.

        Hashed once more: a record's hash is a sum of its values' hashes, so that sums over rows would miss two values
        that changed places.
        """
        record = exp.Anonymous(this="ROW", expressions=list(values))
        zero = exp.Literal.number(0)
        added = exp.Anonymous(this="HASH_RECORD_EXTENDED", expressions=[record, zero])
        return exp.Anonymous(this="HASHINT8EXTENDED", expressions=[added, zero.copy()])

    def hash_total(self, hashes: exp.Expr) -> exp.Expr:
        """A sum of bigint is numeric."""
        return exp.Sum(this=hashes)

    def hashable(self, value: exp.Expr, column: ColumnType, partner: ColumnType) -> exp.Expr:
        """By the text where there is no hash function, and where PostgreSQL's is too weak.

        It leaves out the sign of exact numbers with decimals, so that 1.5 and -1.5 share theirs, in arrays as well.
        """
        families = {column.family, partner.family}
        if column.family in {"other", *NESTED}:
            return self.text(value)
        if "float" not in families and ("decimal" in families or families == {"integer", "text"}):
            return self.text(exp.Anonymous(this="TRIM_SCALE", expressions=[self.cast(value, "DECIMAL")]))
        return super().hashable(value, column, partner)

    def key_part(self, value: exp.Expr) -> exp.Expr:
        """In an array, where NULL equals NULL and which a full join can hash."""
        return exp.Array(expressions=[value])

    def same_key(self, left: exp.Expr, right: exp.Expr) -> exp.Expr:
        """Of arrays."""
        return exp.EQ(this=left, expression=right)

    def exact_text(self, text: exp.Expr) -> exp.Expr:
        """By bytes."""
        return exp.Collate(this=text, expression=exp.to_identifier("C", quoted=True))

    def lowered(self, text: exp.Expr) -> exp.Expr:
        """By Unicode's rules, whatever the locale of the database."""
        return self.exact_text(super().lowered(_in_unicode(text)))

    def numeral(self, text: exp.Expr) -> exp.Expr:
        """As numeric, which holds any number."""
        return self.text(exp.Anonymous(this="TRIM_SCALE", expressions=[self.try_cast_text(text, "DECIMAL")]))

    def nfc(self, text: exp.Expr) -> exp.Expr:
        """PostgreSQL's normalize."""
        return exp.Anonymous(this="NORMALIZE", expressions=[text, exp.var("NFC")])

    def microseconds(self, instant: exp.Expr, column: ColumnType) -> exp.Expr:
        """As numeric."""
        del column
        epoch = exp.Extract(this=exp.var("EPOCH"), expression=instant)
        return exp.Mul(this=epoch, expression=exp.Literal.number(1_000_000))

    def is_finite(self, number: exp.Expr) -> exp.Expr:
        """Smaller than infinity; NaN counts as larger."""
        infinity = self.cast(exp.Literal.string("Infinity"), "DOUBLE")
        return exp.LT(this=exp.Abs(this=number), expression=infinity)

    def rounded(self, number: exp.Expr, digits: int) -> exp.Expr:
        """By way of numeric: doubles are rounded to whole numbers only. NULL for numbers too large for decimals."""
        small = exp.LT(this=exp.Abs(this=number.copy()), expression=exp.Literal.number(_LARGEST_ROUNDED))
        exact = exp.Round(this=self.cast(number, "DECIMAL"), decimals=exp.Literal.number(digits))
        return exp.case().when(small, self.cast(exact, "DOUBLE"))

    def json_content(self, text: exp.Expr, *, unordered: bool) -> exp.Expr:
        """As jsonb."""
        if unordered:
            raise self._missing("JSON with unordered lists")
        valid = exp.Anonymous(this="PG_INPUT_IS_VALID", expressions=[self.text(text), exp.Literal.string("jsonb")])
        return exp.case().when(valid, exp.Cast(this=self.text(text), to=exp.DataType(this=exp.DType.JSONB)))

    def json_object(self, pairs: Sequence[tuple[str, exp.Expr]]) -> exp.Expr:
        """Put together by hand, since PostgreSQL's own has blanks that other engines' objects have not."""
        parts = [
            (
                exp.Literal.string("{" if place == 0 else ","),
                self._json(exp.Literal.string(name)),
                exp.Literal.string(":"),
                self._json(value),
            )
            for place, (name, value) in enumerate(pairs)
        ]
        texts = [*chain.from_iterable(parts), exp.Literal.string("}" if pairs else "{}")]
        return exp.Anonymous(this="CONCAT", expressions=texts)

    def _json(self, text: exp.Expr) -> exp.Expr:
        written = self.text(exp.Anonymous(this="TO_JSON", expressions=[self.text(text)]))
        return exp.func("COALESCE", written, exp.Literal.string("null"))

    def elements(self, values: exp.Expr, element: Element) -> exp.Expr:
        """Needed only for arrays of different types, or unordered ones: others are compared as they are."""
        del element
        raise self._missing("arrays of different types, or unordered ones,", values)

    def sorted_list(self, values: exp.Expr) -> exp.Expr:
        """Not built."""
        raise self._missing("unordered arrays", values)

    def entries(self, mapping: exp.Expr) -> exp.Expr:
        """PostgreSQL has no maps."""
        raise self._missing("maps", mapping)

    def struct(self, fields: Sequence[tuple[str, exp.Expr]]) -> exp.Expr:
        """PostgreSQL has no structs."""
        raise self._missing("structs", fields)


def _in_unicode(text: exp.Expr) -> exp.Expr:
    return exp.Collate(this=text.copy(), expression=exp.to_identifier("pg_c_utf8", quoted=True))
