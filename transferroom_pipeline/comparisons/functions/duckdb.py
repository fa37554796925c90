"""DuckDB's dialect."""

import re
from collections.abc import Callable, Sequence

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import NESTED, ColumnType
from transferroom_pipeline.comparisons.functions.base import Element, Functions

JSON_CONTENT = "COMPARISON_JSON_CONTENT"
"""The function that the engine registers for the content of JSON texts: DuckDB has none that sorts keys."""


_NARROW = {
    exp.DType.BOOLEAN,
    exp.DType.TINYINT,
    exp.DType.UTINYINT,
    exp.DType.SMALLINT,
    exp.DType.USMALLINT,
    exp.DType.INT,
    exp.DType.UINT,
    exp.DType.DATE,
    exp.DType.FLOAT,
}
"""Types of at most 32 bits."""

_FIXED_LENGTH = re.compile(r"\[\d+\]$")
_WIDE_INTEGERS = {exp.DType.INT128, exp.DType.UINT128}
_DIGITS_IN_64_BITS, _BIGINT_DIGITS = 18, 19


def _is_wide(column: ColumnType, partner: ColumnType) -> bool:
    """Whether the common type of two exact numbers may have 128 bits."""
    families = {column.family, partner.family}
    if not families & {"integer", "decimal"} or "float" in families:
        return False
    if column.name == partner.name:
        return column.kind in _WIDE_INTEGERS or (column.family == "decimal" and column.digits > _DIGITS_IN_64_BITS)
    return not families <= {"boolean", "integer"} or max(column.digits, partner.digits) > _BIGINT_DIGITS


class DuckDBFunctions(Functions):
    """DuckDB 1.5."""

    name = "DuckDB"
    dialect = "duckdb"

    def nearest_double(self, value: exp.Expr, column: ColumnType) -> exp.Expr:
        """By way of the text where DuckDB's own cast divides, and so can miss the nearest one."""
        divides = column.family == "decimal" or column.kind in _WIDE_INTEGERS
        return self.cast(self.text(value) if divides else value, "DOUBLE")

    def attempt(self, value: exp.Expr) -> exp.Expr:
        """DuckDB's TRY."""
        return exp.Try(this=value)

    def row_hash(self, values: Sequence[exp.Expr]) -> exp.Expr:
        """DuckDB's own hash, which equal numbers of one type share however they are written, -0.0 and NaN included.

        Hashed once more, since it joins the hashes of values so simply that sums over rows could miss two values that
        changed places; beside a number, since the hash of 0 is 0, so that sums would miss a row of zeros.
        """
        joined = exp.Anonymous(this="HASH", expressions=list(values))
        return exp.Anonymous(this="HASH", expressions=[joined, exp.Literal.number(1)])

    def hash_total(self, hashes: exp.Expr) -> exp.Expr:
        """DuckDB sums integers in 128 bits."""
        return exp.Sum(this=hashes)

    def hashable(self, value: exp.Expr, column: ColumnType, partner: ColumnType) -> exp.Expr:
        """By the text where DuckDB's hash is too weak.

        It gives NULL, [] and [NULL] one hash, and of numbers in 128 bits the exclusive or of the hashes of both halves,
        so that 0 and -1 share theirs. In the text of a nested value the texts are quoted.
        """
        is_weak = column.family in {*NESTED, "uuid"} or _is_wide(column, partner)
        return self.text(value) if is_weak else value

    def shares_hash_with_null(self, column: ColumnType) -> bool:
        """DuckDB mixes the 64 bits of a number one to one, so that one of them has NULL's hash, and no narrower one."""
        return column.family not in {"text", "json", "uuid", *NESTED} and column.kind not in _NARROW

    def exact_text(self, text: exp.Expr) -> exp.Expr:
        """By bytes."""
        return exp.Collate(this=text, expression=exp.to_identifier("binary", quoted=True))

    def nfc(self, text: exp.Expr) -> exp.Expr:
        """DuckDB's nfc_normalize, between each NUL and the next: it ends a text there, and none ever combines."""
        nul = exp.Anonymous(this="CHR", expressions=[exp.Literal.number(0)])
        pieces = exp.Anonymous(this="STRING_SPLIT", expressions=[text.copy(), nul])
        normal = self.elements(pieces, lambda piece: exp.func("NFC_NORMALIZE", piece))
        joined = exp.Anonymous(this="ARRAY_TO_STRING", expressions=[normal, nul.copy()])
        has_nul = exp.Anonymous(this="CONTAINS", expressions=[text.copy(), nul.copy()])
        return exp.case().when(has_nul, joined).else_(exp.func("NFC_NORMALIZE", text))

    def without(self, text: exp.Expr, characters: str) -> exp.Expr:
        """By a pattern: DuckDB's translate ends a text at NUL."""
        arguments = [text.copy(), *map(exp.Literal.string, (f"[{re.escape(characters)}]", "", "g"))]
        return exp.Anonymous(this="REGEXP_REPLACE", expressions=arguments)

    def microseconds(self, instant: exp.Expr, column: ColumnType) -> exp.Expr:
        """In 128 bits, with three decimals for nanoseconds; NULL for dates that no timestamp holds."""
        if column.kind is exp.DType.TIMESTAMP_NS:
            return self.from_nanoseconds(self.nanoseconds(instant, column))
        moment = self.try_cast(instant, "TIMESTAMP")
        return self.cast(exp.Anonymous(this="EPOCH_US", expressions=[moment]), "INT128")

    def nanoseconds(self, instant: exp.Expr, column: ColumnType) -> exp.Expr:
        """In 128 bits; NULL for what is not finite, of which DuckDB's own function makes a number."""
        if column.kind is not exp.DType.TIMESTAMP_NS:
            return super().nanoseconds(instant, column)
        number = self.cast(exp.Anonymous(this="EPOCH_NS", expressions=[instant.copy()]), "INT128")
        return exp.case().when(self.is_finite(instant.copy()), number)

    def is_finite(self, number: exp.Expr) -> exp.Expr:
        """DuckDB's isfinite."""
        return exp.Anonymous(this="ISFINITE", expressions=[number])

    def total(self, number: exp.Expr) -> exp.Expr:
        """With Kahan's summation, which depends less on the order of rows."""
        return exp.Anonymous(this="FSUM", expressions=[number])

    def json_content(self, text: exp.Expr, *, unordered: bool) -> exp.Expr:
        """The engine's own function."""
        flag = exp.true() if unordered else exp.false()
        return exp.Anonymous(this=JSON_CONTENT, expressions=[self.text(text), flag])

    def json_object(self, pairs: Sequence[tuple[str, exp.Expr]]) -> exp.Expr:
        """DuckDB's json_object."""
        parts = [part for name, value in pairs for part in (exp.Literal.string(name), value)]
        return self.text(exp.Anonymous(this="JSON_OBJECT", expressions=parts))

    def elements(self, values: exp.Expr, element: Element) -> exp.Expr:
        """DuckDB's list_transform."""
        name = exp.to_identifier("element", quoted=True)
        function = exp.Lambda(this=element(exp.column(name.copy())), expressions=[name])
        return exp.Anonymous(this="LIST_TRANSFORM", expressions=[values.copy(), function])

    def all_elements(
        self, left: exp.Expr, right: exp.Expr, equal: Callable[[exp.Expr, exp.Expr], exp.Expr]
    ) -> exp.Expr:
        """Of pairs that DuckDB's list_zip makes."""
        pairs = exp.Anonymous(this="LIST_ZIP", expressions=[left.copy(), right.copy()])
        name = exp.to_identifier("pair", quoted=True)
        sides = [
            exp.Anonymous(this="STRUCT_EXTRACT", expressions=[exp.column(name.copy()), exp.Literal.number(place)])
            for place in (1, 2)
        ]
        function = exp.Lambda(this=equal(*sides), expressions=[name])
        found = exp.Anonymous(this="LIST_TRANSFORM", expressions=[pairs, function])
        unequal = exp.Anonymous(this="LIST_CONTAINS", expressions=[found, exp.false()])
        lengths = [exp.Anonymous(this="LEN", expressions=[side.copy()]) for side in (left, right)]
        return exp.and_(exp.EQ(this=lengths[0], expression=lengths[1]), exp.not_(unequal))

    def sorted_list(self, values: exp.Expr) -> exp.Expr:
        """DuckDB's list_sort."""
        return exp.Anonymous(this="LIST_SORT", expressions=[values])

    def entries(self, mapping: exp.Expr) -> exp.Expr:
        """DuckDB's map_entries."""
        return exp.Anonymous(this="MAP_ENTRIES", expressions=[mapping.copy()])

    def struct(self, fields: Sequence[tuple[str, exp.Expr]]) -> exp.Expr:
        """A struct literal."""
        return exp.Struct(
            expressions=[
                exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=value) for name, value in fields
            ]
        )

    def caseable(self, value: exp.Expr, column: ColumnType) -> exp.Expr:
        """Arrays of fixed length as lists."""
        return self.elements(value, lambda element: element) if _FIXED_LENGTH.search(column.name) else value

    def field(self, struct: exp.Expr, name: str) -> exp.Expr:
        """DuckDB's struct_extract, which takes the name as text."""
        return exp.Anonymous(this="STRUCT_EXTRACT", expressions=[struct.copy(), exp.Literal.string(name)])

    def member(self, union: exp.Expr, name: str) -> exp.Expr:
        """DuckDB's union_extract."""
        return exp.Anonymous(this="UNION_EXTRACT", expressions=[union.copy(), exp.Literal.string(name)])

    def tag(self, union: exp.Expr) -> exp.Expr:
        """DuckDB's union_tag, as text since the tags of two unions are of two types."""
        return self.text(exp.Anonymous(this="UNION_TAG", expressions=[union.copy()]))
