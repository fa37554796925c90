"""The dialect of Spark and Databricks."""

from collections.abc import Mapping, Sequence

from sqlglot import exp

from transferroom_pipeline.comparisons.column_types import NESTED, ColumnType
from transferroom_pipeline.comparisons.functions.base import Element, Functions


class SparkFunctions(Functions):
    """Spark 4 and Databricks, with the session's time zone set to UTC."""

    name = "Spark"
    widest_subtracted = 37

    widest_integer = "DECIMAL(38,0)"
    multiplies_exactly = False
    sums_exactly = False
    knows_unicode_forms = False
    hashes_zeros_apart = True

    def __init__(self, dialect: str = "spark") -> None:
        """Take the dialect: spark or databricks."""
        self.dialect = dialect

    def row_hash(self, values: Sequence[exp.Expr]) -> exp.Expr:
        """Spark's xxhash64."""
        return exp.Anonymous(this="XXHASH64", expressions=list(values))

    def hashable(self, value: exp.Expr, column: ColumnType, partner: ColumnType) -> exp.Expr:
        """Nested values beside their JSON: Spark gives NULL, [] and [NULL] one hash, and JSON has no microseconds."""
        if column.family not in NESTED:
            return super().hashable(value, column, partner)
        return self.struct([("value", value.copy()), ("written", self._to_json(value))])

    def hash_total(self, hashes: exp.Expr) -> exp.Expr:
        """As decimals: a sum of 64 bits would overflow."""
        return exp.Sum(this=self.cast(hashes, "DECIMAL(20,0)"))

    def exact_text(self, text: exp.Expr) -> exp.Expr:
        """Spark compares texts by bytes unless a collation is declared."""
        return text

    def replaced(self, text: exp.Expr, pattern: str, replacement: str) -> exp.Expr:
        """With groups as Java writes them."""
        return super().replaced(text, pattern, replacement.replace("\\", "$"))

    def nfc(self, text: exp.Expr) -> exp.Expr:
        """Spark has no such function."""
        raise self._missing("texts by their Unicode form", text)

    def in_zone(self, naive: exp.Expr, zone: str) -> exp.Expr:
        """By way of UTC, the zone of the session."""
        return exp.Anonymous(
            this="TO_UTC_TIMESTAMP", expressions=[self.cast(naive, "TIMESTAMPTZ"), exp.Literal.string(zone)]
        )

    def naive_in_zone(self, instant: exp.Expr, zone: str) -> exp.Expr:
        """By way of UTC, the zone of the session."""
        moved = exp.Anonymous(this="FROM_UTC_TIMESTAMP", expressions=[instant.copy(), exp.Literal.string(zone)])
        return self.cast(moved, "TIMESTAMP")

    def microseconds(self, instant: exp.Expr, column: ColumnType) -> exp.Expr:
        """As a decimal, which holds the difference of any two."""
        del column
        micros = exp.Anonymous(this="UNIX_MICROS", expressions=[self.cast(instant, "TIMESTAMPTZ")])
        return self.cast(micros, "DECIMAL(20,0)")

    def is_finite(self, number: exp.Expr) -> exp.Expr:
        """Smaller than infinity; NaN counts as larger."""
        infinity = self.cast(exp.Literal.string("Infinity"), "DOUBLE")
        return exp.LT(this=exp.Abs(this=number), expression=infinity)

    def json_content(self, text: exp.Expr, *, unordered: bool) -> exp.Expr:
        """As variant, whose objects have their keys in order."""
        if unordered:
            raise self._missing("JSON with unordered lists")
        parsed = exp.Anonymous(this="TRY_PARSE_JSON", expressions=[self.text(text)])
        return exp.Anonymous(this="TO_JSON", expressions=[parsed])

    def json_object(self, pairs: Sequence[tuple[str, exp.Expr]]) -> exp.Expr:
        """Of a struct."""
        return self._to_json(self.struct(pairs))

    def _to_json(self, value: exp.Expr) -> exp.Expr:
        """Spark's to_json, which leaves out NULL unless told otherwise."""
        options = [exp.Literal.string(text) for text in ("ignoreNullFields", "false")]
        return exp.Anonymous(this="TO_JSON", expressions=[value, exp.Anonymous(this="MAP", expressions=options)])

    def elements(self, values: exp.Expr, element: Element) -> exp.Expr:
        """Spark's transform."""
        name = exp.to_identifier("element", quoted=True)
        function = exp.Lambda(this=element(exp.column(name.copy())), expressions=[name])
        return exp.Anonymous(this="TRANSFORM", expressions=[values.copy(), function])

    def sorted_list(self, values: exp.Expr) -> exp.Expr:
        """Spark's array_sort."""
        return exp.Anonymous(this="ARRAY_SORT", expressions=[values])

    def entries(self, mapping: exp.Expr) -> exp.Expr:
        """Spark's map_entries."""
        return exp.Anonymous(this="MAP_ENTRIES", expressions=[mapping.copy()])

    def unnested(self, lists: Mapping[str, Sequence[exp.Expr]], further: Sequence[exp.Expr]) -> exp.Select:
        """By one generator, since Spark takes no more in a query."""
        arrays = [exp.Array(expressions=list(values)) for values in lists.values()]
        rows = exp.Anonymous(this="INLINE", expressions=[exp.Anonymous(this="ARRAYS_ZIP", expressions=arrays)])
        names = [exp.to_identifier(name, quoted=True) for name in lists]
        return exp.Select(expressions=[*further, exp.Aliases(this=rows, expressions=names)])

    def struct(self, fields: Sequence[tuple[str, exp.Expr]]) -> exp.Expr:
        """Spark's struct."""
        return exp.Struct(
            expressions=[
                exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=value) for name, value in fields
            ]
        )
