"""A case per trap: two small tables, what the spec says about them, and what a comparison must find.

The SELECTs are in DuckDB's dialect, plain enough for sqlglot to write them for PostgreSQL and Spark, so that every
engine is held to the same results.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DUCKDB, POSTGRES, SPARK = "duckdb", "postgres", "spark"
ENGINES = (DUCKDB, POSTGRES, SPARK)

HASHES_LIKE_NULL = -2930909409056394622
"""DuckDB's hash of this BIGINT is its hash of NULL: the mix of its bits run backwards from there."""


@dataclass(frozen=True)
class Case:
    """Two tables and what comparing them must give.

    Attributes:
        name: What must happen.
        legacy: A SELECT of the old rows.
        modern: A SELECT of the new rows.
        verdict: What must be said about them.
        entry: What the spec says; the key is `id` where it says nothing of it.
        rows: The counts of rows that are not 0; those of all rows follow from the others.
        cells: Differing cells by cause, by column; a column that is not named has none.
        columns: The status of columns that are not compared, by name.
        reasons: A piece of each reason, in their order; of one that is proven nothing is asked.
        engines: Where the case can be written.
        why: Why not on all engines.
    """

    name: str
    legacy: str
    modern: str
    verdict: str
    entry: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    cells: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    engines: tuple[str, ...] = ENGINES
    why: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """All counts of rows."""
        of = dict.fromkeys(("identical", "different", "accepted"), 0) | dict(self.rows)
        for side in ("legacy", "modern"):
            for kind in ("only", "duplicate_key", "null_key"):
                of.setdefault(f"{kind}_{side}", 0)
            of[side] = of["identical"] + of["different"] + of[f"only_{side}"] + of[f"duplicate_key_{side}"]
        return of


def table(columns: Mapping[str, str], *rows: tuple[object, ...]) -> str:
    """A SELECT of rows; a column of no type has SQL for values."""
    kept = rows or ((None,) * len(columns),)
    selects = [
        "SELECT "
        + ", ".join(
            f"{_value(value, type_name)} AS {name}"
            for (name, type_name), value in zip(columns.items(), row, strict=True)
        )
        for row in kept
    ]
    return " UNION ALL ".join(selects) + ("" if rows else " WHERE 1 = 0")


def _value(value: object, type_name: str) -> str:
    if not type_name:
        return str(value)
    literal = "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"
    return f"CAST({literal} AS {type_name})"


def cells(type_name: str, *values: object) -> str:
    """A SELECT of rows 1, 2, ... with a value v each."""
    return table({"id": "INTEGER", "v": type_name}, *enumerate(values, start=1))


def keyed(type_name: str, *keys: object) -> str:
    """A SELECT of rows with the ids given, which all have the same value."""
    return table({"id": type_name, "v": "VARCHAR"}, *((key, "same") for key in keys))


def pairs(*rows: tuple[object, object]) -> str:
    """A SELECT of rows with an id that is a number, and a text."""
    return table({"id": "INTEGER", "v": "VARCHAR"}, *rows)


def ruled(**rule: Any) -> dict[str, Any]:
    """A spec with a rule for the column v."""
    return {"columns": {"v": rule}}


SHARE_A_KEY = "share a key with another row"
NOT_AS_OFTEN = "with a duplicate key that the other side does not have as often"

KEYS = [
    Case(
        "keys that differ are found although the counts agree",
        keyed("INTEGER", 1, 2),
        keyed("INTEGER", 1, 3),
        "differs",
        rows={"identical": 1, "only_legacy": 1, "only_modern": 1},
        reasons=("1 row only in legacy", "1 row only in modern"),
    ),
    Case(
        "parts of a key do not run together",
        table({"a": "VARCHAR", "b": "VARCHAR", "v": "INTEGER"}, ("a", "bc", 1)),
        table({"a": "VARCHAR", "b": "VARCHAR", "v": "INTEGER"}, ("ab", "c", 1)),
        "differs",
        {"key": ["a", "b"]},
        rows={"only_legacy": 1, "only_modern": 1},
    ),
    Case(
        "parts of a key do not change places",
        table({"a": "INTEGER", "b": "INTEGER", "v": "INTEGER"}, (1, 2, 1), (3, 3, 1)),
        table({"a": "INTEGER", "b": "INTEGER", "v": "INTEGER"}, (2, 1, 1), (3, 3, 1)),
        "differs",
        {"key": ["a", "b"]},
        rows={"identical": 1, "only_legacy": 1, "only_modern": 1},
    ),
    Case(
        "a key whose parts were rotated is another key",
        table({"a": "INTEGER", "b": "INTEGER", "c": "INTEGER", "v": "INTEGER"}, (1, 2, 3, 0)),
        table({"a": "INTEGER", "b": "INTEGER", "c": "INTEGER", "v": "INTEGER"}, (2, 3, 1, 0)),
        "differs",
        {"key": ["a", "b", "c"]},
        rows={"only_legacy": 1, "only_modern": 1},
    ),
    Case(
        "keys in another case are other keys",
        keyed("VARCHAR", "P1", "p2"),
        keyed("VARCHAR", "p1", "p2"),
        "differs",
        rows={"identical": 1, "only_legacy": 1, "only_modern": 1},
    ),
    Case(
        "keys with a blank at their end are other keys",
        keyed("VARCHAR", "p1", "p2 "),
        keyed("VARCHAR", "p1", "p2"),
        "differs",
        rows={"identical": 1, "only_legacy": 1, "only_modern": 1},
    ),
    Case(
        "keys match under the rules of their column",
        keyed("VARCHAR", "P1", "p2 "),
        keyed("VARCHAR", "p1", "P2"),
        "proven",
        {"columns": {"id": {"trim": "right", "case": "insensitive"}}},
        rows={"identical": 2},
    ),
    Case(
        "keys that become the same under the rules of their column are duplicates",
        keyed("VARCHAR", "a", "A"),
        keyed("VARCHAR", "a"),
        "differs",
        {"columns": {"id": {"case": "insensitive"}}},
        rows={"duplicate_key_legacy": 2, "duplicate_key_modern": 1},
        reasons=(f"1 row {NOT_AS_OFTEN}",),
    ),
    Case(
        "keys match by value whatever their types",
        keyed("INTEGER", 1, 2),
        keyed("VARCHAR", "1", " 2.0"),
        "proven",
        rows={"identical": 2},
    ),
    Case(
        "texts of the same number are duplicates as keys beside numbers",
        keyed("VARCHAR", "1", "1.0"),
        keyed("INTEGER", 1),
        "differs",
        rows={"duplicate_key_legacy": 2, "duplicate_key_modern": 1},
        reasons=(f"1 row {NOT_AS_OFTEN}",),
    ),
    Case(
        "a key that does not convert matches nothing",
        table({"id": "VARCHAR", "v": "INTEGER"}, ("1", 1), ("x", 2)),
        table({"id": "INTEGER", "v": "INTEGER"}, (1, 1), (None, 2)),
        "differs",
        rows={"identical": 1, "only_legacy": 1, "only_modern": 1, "null_key_modern": 1},
    ),
    Case(
        "keys beyond the exact range of doubles stay apart",
        keyed("BIGINT", 9007199254740992, 9007199254740993),
        keyed("BIGINT", 9007199254740992, 9007199254740993),
        "proven",
        rows={"identical": 2},
    ),
    Case(
        "a key that is one off beyond the exact range of doubles is another key",
        keyed("BIGINT", 9007199254740993),
        keyed("BIGINT", 9007199254740992),
        "differs",
        rows={"only_legacy": 1, "only_modern": 1},
    ),
    Case(
        "whole numbers that one double stands for are duplicates as keys beside doubles",
        keyed("BIGINT", 9007199254740992, 9007199254740993),
        keyed("DOUBLE", 9007199254740992),
        "differs",
        rows={"duplicate_key_legacy": 2, "duplicate_key_modern": 1},
        reasons=(f"1 row {NOT_AS_OFTEN}",),
    ),
    Case(
        "decimal keys match however many decimals they are written with",
        keyed("DECIMAL(18,2)", "1.10", "2"),
        keyed("DECIMAL(38,20)", "1.1", "2"),
        "proven",
        rows={"identical": 2},
    ),
    Case(
        "dates and timestamps at midnight are the same keys",
        keyed("DATE", "2026-01-31", "2026-02-01"),
        keyed("TIMESTAMP", "2026-01-31 00:00:00", "2026-02-01 00:00:01"),
        "differs",
        rows={"identical": 1, "only_legacy": 1, "only_modern": 1},
    ),
    Case(
        "booleans and 0 and 1 are the same keys",
        keyed("BOOLEAN", "true", "false"),
        keyed("INTEGER", 1, 0),
        "proven",
        rows={"identical": 2},
    ),
    Case(
        "not a number and negative zero are keys like any other",
        keyed("DOUBLE", "nan", "-0.0", "infinity"),
        keyed("DOUBLE", "nan", "0.0", "infinity"),
        "proven",
        rows={"identical": 3},
    ),
    Case(
        "a renamed key finds its partner",
        table({"old_id": "INTEGER", "v": "INTEGER"}, (1, 1)),
        table({"id": "INTEGER", "v": "INTEGER"}, (1, 1)),
        "proven",
        {"rename": {"old_id": "id"}},
        rows={"identical": 1},
    ),
]

NULL_KEYS = [
    Case(
        "a null in the key equals null and nothing else",
        keyed("VARCHAR", None, "x"),
        keyed("VARCHAR", "", "x"),
        "differs",
        rows={"identical": 1, "only_legacy": 1, "only_modern": 1, "null_key_legacy": 1},
    ),
    Case(
        "a null in the key is not zero",
        keyed("INTEGER", None, 1),
        keyed("INTEGER", 0, 1),
        "differs",
        rows={"identical": 1, "only_legacy": 1, "only_modern": 1, "null_key_legacy": 1},
    ),
    Case(
        "one null part of a key matches one null part",
        table({"a": "INTEGER", "b": "VARCHAR", "v": "INTEGER"}, (None, "x", 1), (1, None, 2), (1, "x", 3)),
        table({"a": "INTEGER", "b": "VARCHAR", "v": "INTEGER"}, (None, "x", 1), (1, None, 2), (1, "x", 3)),
        "proven",
        {"key": ["a", "b"]},
        rows={"identical": 3, "null_key_legacy": 2, "null_key_modern": 2},
    ),
    Case(
        "a null in one part of a key is not a null in another part",
        table({"a": "VARCHAR", "b": "VARCHAR", "v": "INTEGER"}, (None, "x", 1)),
        table({"a": "VARCHAR", "b": "VARCHAR", "v": "INTEGER"}, ("x", None, 1)),
        "differs",
        {"key": ["a", "b"]},
        rows={"only_legacy": 1, "only_modern": 1, "null_key_legacy": 1, "null_key_modern": 1},
    ),
    Case(
        "a key of nulls only matches a key of nulls only",
        table({"a": "INTEGER", "b": "VARCHAR", "v": "INTEGER"}, (None, None, 1)),
        table({"a": "INTEGER", "b": "VARCHAR", "v": "INTEGER"}, (None, None, 1)),
        "proven",
        {"key": ["a", "b"]},
        rows={"identical": 1, "null_key_legacy": 1, "null_key_modern": 1},
    ),
    Case(
        "values are compared in rows whose key is null",
        table({"id": "INTEGER", "v": "INTEGER"}, (None, 1), (1, 1)),
        table({"id": "INTEGER", "v": "INTEGER"}, (None, 2), (1, 1)),
        "differs",
        rows={"identical": 1, "different": 1, "null_key_legacy": 1, "null_key_modern": 1},
        cells={"v": {"value": 1}},
    ),
    Case(
        "two rows whose key is null share a key",
        pairs((None, "a"), (None, "b"), (1, "c")),
        pairs((None, "a"), (None, "b"), (1, "c")),
        "not_proven",
        rows={
            "identical": 1,
            "duplicate_key_legacy": 2,
            "duplicate_key_modern": 2,
            "null_key_legacy": 2,
            "null_key_modern": 2,
        },
        reasons=(SHARE_A_KEY,),
    ),
    Case(
        "rows whose key is null are compared as a multiset where there are several",
        pairs((None, "a"), (None, "b"), (1, "c")),
        pairs((None, "a"), (None, "x"), (1, "c")),
        "differs",
        rows={
            "identical": 1,
            "duplicate_key_legacy": 2,
            "duplicate_key_modern": 2,
            "null_key_legacy": 2,
            "null_key_modern": 2,
        },
        reasons=(f"2 rows {NOT_AS_OFTEN}",),
    ),
]

DUPLICATES = [
    Case(
        "a row twice in legacy only",
        pairs((1, "a"), (1, "a"), (2, "b")),
        pairs((1, "a"), (2, "b")),
        "differs",
        rows={"identical": 1, "duplicate_key_legacy": 2, "duplicate_key_modern": 1},
        reasons=(f"1 row {NOT_AS_OFTEN}",),
    ),
    Case(
        "a row twice in modern only",
        pairs((1, "a"), (2, "b")),
        pairs((1, "a"), (1, "a"), (2, "b")),
        "differs",
        rows={"identical": 1, "duplicate_key_legacy": 1, "duplicate_key_modern": 2},
        reasons=(f"1 row {NOT_AS_OFTEN}",),
    ),
    Case(
        "a row twice on both sides",
        pairs((1, "a"), (1, "a"), (2, "b")),
        pairs((1, "a"), (1, "a"), (2, "b")),
        "not_proven",
        rows={"identical": 1, "duplicate_key_legacy": 2, "duplicate_key_modern": 2},
        reasons=(f"4 rows of both sides {SHARE_A_KEY}",),
    ),
    Case(
        "a row three times and twice",
        pairs((1, "a"), (1, "a"), (1, "a")),
        pairs((1, "a"), (1, "a")),
        "differs",
        rows={"duplicate_key_legacy": 3, "duplicate_key_modern": 2},
        reasons=(f"1 row {NOT_AS_OFTEN}",),
    ),
    Case(
        "many rows of one key on both sides never multiply",
        pairs(*[(1, "a")] * 4, *[(1, "b")] * 3),
        pairs(*[(1, "b")] * 3, *[(1, "a")] * 4),
        "not_proven",
        rows={"duplicate_key_legacy": 7, "duplicate_key_modern": 7},
        reasons=(SHARE_A_KEY,),
    ),
    Case(
        "the same number of rows of one key with other values",
        pairs((1, "a"), (1, "b")),
        pairs((1, "a"), (1, "c")),
        "differs",
        rows={"duplicate_key_legacy": 2, "duplicate_key_modern": 2},
        reasons=(f"2 rows {NOT_AS_OFTEN}",),
    ),
    Case(
        "the same rows of one key in other numbers",
        pairs((1, "a"), (1, "a"), (1, "b")),
        pairs((1, "a"), (1, "b"), (1, "b")),
        "differs",
        rows={"duplicate_key_legacy": 3, "duplicate_key_modern": 3},
        reasons=(f"2 rows {NOT_AS_OFTEN}",),
    ),
    Case(
        "one key twice in legacy and another twice in modern although the counts agree",
        pairs((1, "a"), (1, "a"), (2, "b")),
        pairs((1, "a"), (2, "b"), (2, "b")),
        "differs",
        rows={"duplicate_key_legacy": 3, "duplicate_key_modern": 3},
        reasons=(f"2 rows {NOT_AS_OFTEN}",),
    ),
    Case(
        "a key twice in legacy that modern does not have",
        pairs((1, "a"), (9, "x"), (9, "x")),
        pairs((1, "a")),
        "differs",
        rows={"identical": 1, "duplicate_key_legacy": 2},
        reasons=(f"2 rows {NOT_AS_OFTEN}",),
    ),
    Case(
        "a key twice in modern that legacy does not have",
        pairs((1, "a")),
        pairs((1, "a"), (9, "x"), (9, "y")),
        "differs",
        rows={"identical": 1, "duplicate_key_modern": 2},
        reasons=(f"2 rows {NOT_AS_OFTEN}",),
    ),
    Case(
        "a key twice in modern that legacy does not have beside a row that modern lacks",
        pairs((1, "a"), (2, "b"), (3, "c")),
        pairs((1, "a"), (9, "x"), (9, "x")),
        "differs",
        rows={"identical": 1, "only_legacy": 2, "duplicate_key_modern": 2},
        reasons=("2 rows only in legacy", f"2 rows {NOT_AS_OFTEN}"),
    ),
    Case(
        "a duplicate key beside every other difference",
        pairs((1, "a"), (1, "a"), (2, "b"), (3, "c"), (4, "d")),
        pairs((1, "a"), (1, "a"), (2, "B"), (4, "d"), (5, "e")),
        "differs",
        rows={
            "identical": 1,
            "different": 1,
            "only_legacy": 1,
            "only_modern": 1,
            "duplicate_key_legacy": 2,
            "duplicate_key_modern": 2,
        },
        cells={"v": {"case": 1}},
        reasons=("1 row with different values", "1 row only in legacy", "1 row only in modern"),
    ),
    Case(
        "null in the values of a duplicate key equals null only",
        pairs((1, None), (1, "a")),
        pairs((1, ""), (1, "a")),
        "differs",
        rows={"duplicate_key_legacy": 2, "duplicate_key_modern": 2},
        reasons=(f"2 rows {NOT_AS_OFTEN}",),
    ),
    Case(
        "duplicate keys are proven equal where the spec asks for multisets",
        pairs((1, "a"), (1, "b"), (2, None), (2, None)),
        pairs((2, None), (1, "b"), (1, "a"), (2, None)),
        "proven",
        {"multiset": True},
        rows={"duplicate_key_legacy": 4, "duplicate_key_modern": 4},
    ),
    Case(
        "duplicate keys that differ differ where the spec asks for multisets too",
        pairs((1, "a"), (1, "b"), (2, "c")),
        pairs((1, "a"), (1, "a"), (2, "c")),
        "differs",
        {"multiset": True},
        rows={"identical": 1, "duplicate_key_legacy": 3 - 1, "duplicate_key_modern": 2},
        reasons=(f"2 rows {NOT_AS_OFTEN}",),
    ),
    Case(
        "tables without a key are equal as multisets in any order",
        pairs((1, "a"), (1, "a"), (None, None), (None, None)),
        pairs((None, None), (1, "a"), (None, None), (1, "a")),
        "proven",
        {"key": [], "multiset": True},
        rows={"identical": 4},
    ),
    Case(
        "tables without a key differ by what one side has more often",
        pairs((1, "a"), (1, "a"), (2, "b"), (3, None)),
        pairs((1, "a"), (2, "b"), (2, "b"), (3, "")),
        "differs",
        {"key": [], "multiset": True},
        rows={"identical": 2, "only_legacy": 2, "only_modern": 2},
    ),
    Case(
        "a row more often without a key is found although every value is the same",
        pairs((1, "a"), (1, "a"), (1, "a")),
        pairs((1, "a"), (1, "a")),
        "differs",
        {"key": [], "multiset": True},
        rows={"identical": 2, "only_legacy": 1},
    ),
]

NULLS = [
    Case(
        "null is not zero",
        cells("INTEGER", None, 0, None, 0),
        cells("INTEGER", 0, None, None, 0),
        "differs",
        rows={"identical": 2, "different": 2},
        cells={"v": {"null_vs_zero": 2}},
    ),
    Case(
        "null is not the empty text",
        cells("VARCHAR", None, "", None, ""),
        cells("VARCHAR", "", None, None, ""),
        "differs",
        rows={"identical": 2, "different": 2},
        cells={"v": {"null_vs_empty": 2}},
    ),
    Case(
        "null is not false, the text NULL, a date or a number",
        table(
            {"id": "INTEGER", "b": "BOOLEAN", "t": "VARCHAR", "d": "DATE", "n": "DECIMAL(18,2)"},
            (1, None, None, None, None),
        ),
        table(
            {"id": "INTEGER", "b": "BOOLEAN", "t": "VARCHAR", "d": "DATE", "n": "DECIMAL(18,2)"},
            (1, "false", "NULL", "1970-01-01", "1.5"),
        ),
        "differs",
        rows={"different": 1},
        cells={
            "b": {"null_vs_value": 1},
            "t": {"null_vs_value": 1},
            "d": {"null_vs_value": 1},
            "n": {"null_vs_value": 1},
        },
    ),
    Case(
        "a null that moved to another column is two differences",
        table({"id": "INTEGER", "a": "VARCHAR", "b": "VARCHAR"}, (1, None, "x")),
        table({"id": "INTEGER", "a": "VARCHAR", "b": "VARCHAR"}, (1, "x", None)),
        "differs",
        rows={"different": 1},
        cells={"a": {"null_vs_value": 1}, "b": {"null_vs_value": 1}},
    ),
    Case(
        "a column of nulls only equals itself",
        cells("INTEGER", None, None),
        cells("INTEGER", None, None),
        "proven",
        rows={"identical": 2},
    ),
    Case(
        "null equals the empty text where the rule says so",
        cells("VARCHAR", None, "", None, "a"),
        cells("VARCHAR", "", None, None, "a"),
        "proven",
        ruled(null_equals_empty=True),
        rows={"identical": 4},
    ),
    Case(
        "null equals blanks only where they are trimmed as well",
        cells("VARCHAR", None, None),
        cells("VARCHAR", "  ", ""),
        "differs",
        ruled(null_equals_empty=True),
        rows={"identical": 1, "different": 1},
        cells={"v": {"null_vs_empty": 1}},
    ),
    Case(
        "null equals trimmed blanks",
        cells("VARCHAR", None, ""),
        cells("VARCHAR", "  ", None),
        "proven",
        ruled(null_equals_empty=True, trim="right"),
        rows={"identical": 2},
    ),
    Case(
        "a number whose hash is that of null is not null",
        cells("BIGINT", HASHES_LIKE_NULL, None, HASHES_LIKE_NULL),
        cells("BIGINT", None, HASHES_LIKE_NULL, HASHES_LIKE_NULL),
        "differs",
        rows={"identical": 1, "different": 2},
        cells={"v": {"null_vs_value": 2}},
    ),
    Case(
        "a key whose hash is that of null is not null",
        keyed("BIGINT", HASHES_LIKE_NULL, 1),
        keyed("BIGINT", None, 1),
        "differs",
        rows={"identical": 1, "only_legacy": 1, "only_modern": 1, "null_key_modern": 1},
    ),
    Case(
        "a number whose hash is that of null does not hide a null in another column",
        table({"id": "INTEGER", "a": "BIGINT", "b": "BIGINT"}, (1, HASHES_LIKE_NULL, None)),
        table({"id": "INTEGER", "a": "BIGINT", "b": "BIGINT"}, (1, None, HASHES_LIKE_NULL)),
        "differs",
        rows={"different": 1},
        cells={"a": {"null_vs_value": 1}, "b": {"null_vs_value": 1}},
    ),
]

NUMBERS = [
    Case(
        "decimals beyond the precision of doubles are compared exactly",
        cells("DECIMAL(38,2)", "123456789012345678901234567890.11", "1.00"),
        cells("DECIMAL(38,2)", "123456789012345678901234567890.12", "1.00"),
        "differs",
        rows={"identical": 1, "different": 1},
        cells={"v": {"value": 1}},
    ),
    Case(
        "whole numbers beyond the precision of doubles are compared exactly",
        cells("BIGINT", 9007199254740993, 9223372036854775807, -9223372036854775808),
        cells("BIGINT", 9007199254740992, 9223372036854775806, -9223372036854775808),
        "differs",
        rows={"identical": 1, "different": 2},
        cells={"v": {"value": 2}},
    ),
    Case(
        "a whole number beyond the precision of doubles is compared exactly with a decimal",
        cells("BIGINT", 9007199254740993, 9007199254740993),
        cells("DECIMAL(18,0)", 9007199254740993, 9007199254740992),
        "differs",
        rows={"identical": 1, "different": 1},
        cells={"v": {"value": 1}},
    ),
    Case(
        "zero and the number just below it are two numbers in wide decimals",
        cells("DECIMAL(38,2)", "0.00", "-0.01", "5.00"),
        cells("DECIMAL(38,2)", "-0.01", "0.00", "5.00"),
        "differs",
        rows={"identical": 1, "different": 2},
        cells={"v": {"rounding": 2}},
    ),
    Case(
        "zero and the number just below it are two keys in wide decimals",
        keyed("DECIMAL(38,2)", "0.00", "5.00"),
        keyed("DECIMAL(38,2)", "-0.01", "5.00"),
        "differs",
        rows={"identical": 1, "only_legacy": 1, "only_modern": 1},
    ),
    Case(
        "decimals are equal by value whatever their scale",
        cells("DECIMAL(18,2)", "1.10", "-0.00", None),
        cells("DECIMAL(38,20)", "1.1", "0", None),
        "proven",
        rows={"identical": 3},
    ),
    Case(
        "the finer decimals of one side are not cut off",
        cells("DECIMAL(18,2)", "1.10", "1.10"),
        cells("DECIMAL(18,4)", "1.1001", "1.1000"),
        "differs",
        rows={"identical": 1, "different": 1},
        cells={"v": {"rounding": 1}},
    ),
    Case(
        "whole numbers of any width are equal by value",
        cells("SMALLINT", -32768, 32767, None),
        cells("BIGINT", -32768, 32767, None),
        "proven",
        rows={"identical": 3},
    ),
    Case(
        "whole numbers against decimals lose no fraction",
        cells("INTEGER", 1, 2, 3),
        cells("DECIMAL(18,2)", "1.00", "2.25", "3.75"),
        "differs",
        rows={"identical": 1, "different": 2},
        cells={"v": {"rounding": 1, "value": 1}},
    ),
    Case(
        "a decimal that the other side's type cannot hold is a difference and no error",
        cells("DECIMAL(38,0)", "99999999999999999999999999999999999999", "1"),
        cells("DECIMAL(38,37)", "0.1", "1"),
        "differs",
        rows={"identical": 1, "different": 1},
        cells={"v": {"value": 1}},
    ),
    Case(
        "decimals and whole numbers against doubles are compared as doubles",
        table({"id": "INTEGER", "d": "DECIMAL(18,2)", "b": "BIGINT"}, (1, "0.10", 9007199254740993), (2, "0.30", 3)),
        table({"id": "INTEGER", "d": "DOUBLE", "b": "DOUBLE"}, (1, "0.1", 9007199254740992), (2, "0.3", 3)),
        "proven",
        rows={"identical": 2},
    ),
    Case(
        "the noise of doubles is a difference without a tolerance",
        cells("DOUBLE", "0.3", "0.3"),
        cells("DOUBLE", "0.30000000000000004", "0.3"),
        "differs",
        rows={"identical": 1, "different": 1},
        cells={"v": {"float_noise": 1}},
    ),
    Case(
        "not a number equals itself, negative zero equals zero, infinities equal themselves",
        cells("DOUBLE", "nan", "-0.0", "infinity", "-infinity"),
        cells("DOUBLE", "nan", "0.0", "infinity", "-infinity"),
        "proven",
        rows={"identical": 4},
    ),
    Case(
        "not a number and infinities equal nothing else",
        cells("DOUBLE", "nan", "nan", "infinity", "infinity", "nan", "1"),
        cells("DOUBLE", None, "0", "-infinity", "1.7976931348623157e308", "infinity", "1"),
        "differs",
        rows={"identical": 1, "different": 5},
        cells={"v": {"null_vs_value": 1, "value": 3, "sign": 1}},
    ),
    Case(
        "booleans equal 1 and 0 and no other number",
        cells("BOOLEAN", "true", "false", None, "true", "true", "false"),
        cells("INTEGER", 1, 0, None, 2, 0, None),
        "differs",
        rows={"identical": 3, "different": 3},
        cells={"v": {"value": 2, "null_vs_value": 1}},
    ),
    Case(
        "booleans equal 1 and 0 of any kind of number",
        table(
            {"id": "INTEGER", "a": "BOOLEAN", "b": "BOOLEAN", "c": "BOOLEAN"}, (1, *["true"] * 3), (2, *["false"] * 3)
        ),
        table({"id": "INTEGER", "a": "SMALLINT", "b": "DECIMAL(3,1)", "c": "DOUBLE"}, (1, *["1"] * 3), (2, *["0"] * 3)),
        "proven",
        rows={"identical": 2},
    ),
]

TOLERANCES = [
    Case(
        "an absolute tolerance holds up to its bound, whichever side is larger",
        cells("DECIMAL(18,2)", "1.00", "1.05", "1.00", "1.06"),
        cells("DECIMAL(18,2)", "1.05", "1.00", "1.06", "1.00"),
        "differs",
        ruled(abs="0.05"),
        rows={"identical": 2, "different": 2},
        cells={"v": {"rounding": 2}},
    ),
    Case(
        "a relative tolerance is a share of the larger number, whichever side has it",
        cells("INTEGER", 90, 100, -90, 89, 100),
        cells("INTEGER", 100, 90, -100, 100, 89),
        "differs",
        ruled(rel="0.1"),
        rows={"identical": 3, "different": 2},
        cells={"v": {"value": 2}},
    ),
    Case(
        "the larger of an absolute and a relative tolerance counts",
        cells("DECIMAL(18,2)", "1.00", "1000.00", "1.00"),
        cells("DECIMAL(18,2)", "1.50", "1009.00", "1.51"),
        "differs",
        ruled(abs="0.5", rel="0.01"),
        rows={"identical": 2, "different": 1},
        cells={"v": {"value": 1}},
    ),
    Case(
        "a tolerance rounds nothing to a grid",
        cells("DECIMAL(18,2)", "1.49", "1.51", "0.49"),
        cells("DECIMAL(18,2)", "1.51", "2.49", "-0.49"),
        "differs",
        ruled(abs="0.5"),
        rows={"identical": 1, "different": 2},
        cells={"v": {"value": 1, "sign": 1}},
    ),
    Case(
        "a tolerance covers neither null nor what is no number",
        cells("DOUBLE", None, "nan", "infinity", "infinity", "nan"),
        cells("DOUBLE", "0", "1", "1e308", "infinity", "nan"),
        "differs",
        ruled(abs=1000, rel="0.9"),
        rows={"identical": 2, "different": 3},
        cells={"v": {"null_vs_zero": 1, "value": 2}},
    ),
    Case(
        "a tolerance is exact on decimals beyond the precision of doubles",
        cells("DECIMAL(38,2)", "123456789012345678901234567890.01", "123456789012345678901234567890.01"),
        cells("DECIMAL(38,2)", "123456789012345678901234567890.02", "123456789012345678901234567890.03"),
        "differs",
        ruled(abs="0.01"),
        rows={"identical": 1, "different": 1},
        cells={"v": {"value": 1}},
    ),
    Case(
        "numbers nearly a whole tolerance apart are proven",
        cells("DOUBLE", "10", "10", "-10"),
        cells("DOUBLE", "9.91", "10.09", "-9.91"),
        "proven",
        ruled(abs="0.1"),
        rows={"identical": 3},
    ),
    Case(
        "instants a whole tolerance apart are proven",
        cells("TIMESTAMP", "2026-01-31 10:00:00", "2026-01-31 10:00:01"),
        cells("TIMESTAMP", "2026-01-31 10:00:01", "2026-01-31 10:00:00"),
        "proven",
        ruled(within="1s"),
        rows={"identical": 2},
    ),
    Case(
        "instants further apart than a tolerance differ",
        cells("TIMESTAMP", "2026-01-31 10:00:00", "2026-01-31 10:00:00", "2026-01-31 10:00:00"),
        cells("TIMESTAMP", "2026-01-31 10:00:00", "2026-01-31 10:00:01.000001", None),
        "differs",
        ruled(within="1s"),
        rows={"identical": 1, "different": 2},
        cells={"v": {"value": 1, "null_vs_value": 1}},
    ),
    Case(
        "small differences that all lean one way are found by their sum",
        cells("DECIMAL(18,2)", *["10.00"] * 10),
        cells("DECIMAL(18,2)", *["10.01"] * 10),
        "differs",
        ruled(abs="0.01", drift="0.0009"),
        rows={"identical": 10},
        reasons=("The sum of column v drifts",),
    ),
    Case(
        "small differences that lean both ways do not drift",
        cells("DECIMAL(18,2)", *["10.00"] * 10),
        cells("DECIMAL(18,2)", *["10.01", "9.99"] * 5),
        "proven",
        ruled(abs="0.01", drift=0),
        rows={"identical": 10},
    ),
    Case(
        "a drift may reach its bound",
        cells("DECIMAL(18,2)", *["9.99"] * 10),
        cells("DECIMAL(18,2)", *["10.00"] * 10),
        "proven",
        ruled(abs="0.01", drift="0.001"),
        rows={"identical": 10},
    ),
    Case(
        "a rule about drift alone forgives no cell",
        cells("DECIMAL(18,2)", "10.00", "20.00"),
        cells("DECIMAL(18,2)", "10.01", "19.99"),
        "differs",
        ruled(drift="0.1"),
        rows={"different": 2},
        cells={"v": {"rounding": 2}},
    ),
]

TEXTS = [
    Case(
        "case, blanks and forms of characters count without a rule",
        cells("VARCHAR", "Ajax", "Ajax", " Ajax", "A jax", "caf\u00e9", "Ajax"),
        cells("VARCHAR", "AJAX", "Ajax  ", "Ajax", "Ajax", "cafe\u0301", "Ajax"),
        "differs",
        rows={"identical": 1, "different": 5},
        cells={"v": {"case": 1, "trailing_blanks": 1, "blanks": 2, "unicode_form": 1}},
    ),
    Case(
        "case does not count where the rule says so, in any script",
        cells("VARCHAR", "AJAX", "\u00c4RGER", "\u0416", "\u03a9x"),
        cells("VARCHAR", "ajax", "\u00e4rger", "\u0436", "\u03c9X"),
        "proven",
        ruled(case="insensitive"),
        rows={"identical": 4},
    ),
    Case(
        "letters with and without an accent are different letters",
        cells("VARCHAR", "Muller", "strasse"),
        cells("VARCHAR", "M\u00fcller", "stra\u00dfe"),
        "differs",
        ruled(case="insensitive", trim="both", unicode="nfc"),
        rows={"different": 2},
        cells={"v": {"value": 2}},
    ),
    Case(
        "blanks at the end do not count where they are trimmed on the right",
        cells("VARCHAR", "a", "a  ", "", " a"),
        cells("VARCHAR", "a ", "a", "  ", "a"),
        "differs",
        ruled(trim="right"),
        rows={"identical": 3, "different": 1},
        cells={"v": {"blanks": 1}},
    ),
    Case(
        "blanks at both ends do not count where they are trimmed on both",
        cells("VARCHAR", " a", "a  ", "a b"),
        cells("VARCHAR", "a ", " a", "ab"),
        "differs",
        ruled(trim="both"),
        rows={"identical": 2, "different": 1},
        cells={"v": {"blanks": 1}},
    ),
    Case(
        "tabs, line ends and unbreakable blanks are no blanks to trim",
        cells("VARCHAR", "a\t", "a\n", "a\u00a0", "a\r\n"),
        cells("VARCHAR", "a", "a", "a", "a"),
        "differs",
        ruled(trim="both"),
        rows={"different": 4},
        cells={"v": {"blanks": 4}},
    ),
    Case(
        "forms of characters do not count where the rule says so",
        cells("VARCHAR", "caf\u00e9", "\u1e9b\u0323", "e\u0301"),
        cells("VARCHAR", "cafe\u0301", "\u1e9b\u0323", "\u00e9"),
        "proven",
        ruled(unicode="nfc"),
        rows={"identical": 3},
    ),
    Case(
        "characters that only look alike are different characters",
        cells("VARCHAR", "\ufb01n", "\u0410jax", "1\u00b2", "a\u200b", "\u2126x"),
        cells("VARCHAR", "fin", "Ajax", "12", "a", "\u03a9X"),
        "differs",
        ruled(unicode="nfc"),
        rows={"different": 5},
        cells={"v": {"value": 4, "case": 1}},
        engines=(DUCKDB,),
        why="what causes are given to rare characters depends on the engine's tables of characters",
    ),
    Case(
        "all rules for texts work together",
        cells("VARCHAR", " CAF\u00c9 ", None, "x"),
        cells("VARCHAR", "cafe\u0301", "   ", "X  "),
        "proven",
        ruled(case="insensitive", trim="both", unicode="nfc", null_equals_empty=True),
        rows={"identical": 3},
    ),
    Case(
        "texts in any script and of any length equal themselves",
        cells("VARCHAR", "\u65e5\u672c", "\U0001f3c6", "'; --", "a\\nb", "%_", "x" * 5000, "\t"),
        cells("VARCHAR", "\u65e5\u672c", "\U0001f3c6", "'; --", "a\\nb", "%_", "x" * 5000, "\t"),
        "proven",
        rows={"identical": 7},
    ),
    Case(
        "the last character of a long text counts",
        cells("VARCHAR", "x" * 5000 + "a", "x" * 5000),
        cells("VARCHAR", "x" * 5000 + "b", "x" * 4999),
        "differs",
        rows={"different": 2},
        cells={"v": {"value": 2}},
    ),
    Case(
        "texts of the same number are different texts",
        cells("VARCHAR", "+1.0", "01", "1e3", "1"),
        cells("VARCHAR", "1", "1", "1000", "1"),
        "differs",
        rows={"identical": 1, "different": 3},
        cells={"v": {"type_text": 2, "leading_zeros": 1}},
    ),
]

TEXT_FORMS = [
    Case(
        "numbers equal their text",
        table(
            {"id": "INTEGER", "i": "INTEGER", "d": "DECIMAL(18,2)", "f": "DOUBLE", "n": "INTEGER"},
            (1, 12, "12.50", "0.1", None),
            (2, -7, "-0.25", "1000", None),
        ),
        table(
            {"id": "INTEGER", "i": "VARCHAR", "d": "VARCHAR", "f": "VARCHAR", "n": "VARCHAR"},
            (1, "12", "12.5", "0.1", None),
            (2, " -7 ", "-0.250", "1e3", None),
        ),
        "proven",
        rows={"identical": 2},
    ),
    Case(
        "texts that are no number differ from every number and from null",
        cells("INTEGER", 0, None, 1, 12, 5),
        cells("VARCHAR", "zero", "none", "1.5", "12abc", "5"),
        "differs",
        rows={"identical": 1, "different": 4},
        cells={"v": {"type_text": 2, "null_vs_value": 1, "value": 1}},
    ),
    Case(
        "the empty text is no number and not null",
        cells("INTEGER", None, 0),
        cells("VARCHAR", "", ""),
        "differs",
        rows={"different": 2},
        cells={"v": {"null_vs_empty": 1, "type_text": 1}},
    ),
    Case(
        "a text with more decimals than the number is not cut off",
        cells("DECIMAL(18,2)", "1.00", "1.00"),
        cells("VARCHAR", "1.001", "1.000"),
        "differs",
        rows={"identical": 1, "different": 1},
        cells={"v": {"rounding": 1}},
    ),
    Case(
        "dates equal their text",
        table(
            {"id": "INTEGER", "d": "DATE", "t": "TIMESTAMP"},
            (1, "2026-01-31", "2026-01-31 10:00:00"),
            (2, "2024-02-29", "2026-01-31 10:00:00.5"),
        ),
        table(
            {"id": "INTEGER", "d": "VARCHAR", "t": "VARCHAR"},
            (1, "2026-01-31", "2026-01-31T10:00:00"),
            (2, "2024-02-29 00:00:00", "2026-01-31 10:00:00.500"),
        ),
        "proven",
        rows={"identical": 2},
    ),
    Case(
        "texts that are no date differ from every date and from null",
        cells("DATE", "2026-01-31", "2026-03-01", None, "2026-01-31"),
        cells("VARCHAR", "31.01.2026", "2026-02-29", "never", "2026-01-31"),
        "differs",
        rows={"identical": 1, "different": 3},
        cells={"v": {"type_text": 2, "null_vs_value": 1}},
    ),
    Case(
        "booleans equal their text in any case",
        cells("BOOLEAN", "true", "false", "true", "false", "true"),
        cells("VARCHAR", "true", "False", "1", "0", "maybe"),
        "differs",
        rows={"identical": 4, "different": 1},
        cells={"v": {"type_text": 1}},
    ),
]

INSTANTS = [
    Case(
        "a date equals the timestamp at its midnight only",
        cells("DATE", "2026-01-31", "2026-01-31", None),
        cells("TIMESTAMP", "2026-01-31 00:00:00", "2026-01-31 10:00:00", None),
        "differs",
        rows={"identical": 2, "different": 1},
        cells={"v": {"date_only": 1}},
    ),
    Case(
        "fractions of a second count",
        cells("TIMESTAMP", "2026-01-31 10:00:00.123456", "2026-01-31 10:00:00.123456", "2026-01-31 10:00:00"),
        cells("TIMESTAMP", "2026-01-31 10:00:00.123457", "2026-01-31 10:00:00.123456", "2026-01-31 10:00:00.5"),
        "differs",
        rows={"identical": 1, "different": 2},
        cells={"v": {"sub_second": 2}},
    ),
    Case(
        "a timestamp without a zone is taken in UTC",
        cells("TIMESTAMP", "2026-07-01 10:00:00", "2026-07-01 10:00:00"),
        cells("TIMESTAMPTZ", "2026-07-01 12:00:00+02:00", "2026-07-01 12:00:00+00:00"),
        "differs",
        rows={"identical": 1, "different": 1},
        cells={"v": {"value": 1}},
    ),
    Case(
        "a timestamp without a zone is taken in the zone of the rule, summer time included",
        cells("TIMESTAMP", "2026-07-01 12:00:00", "2026-01-01 12:00:00"),
        cells("TIMESTAMPTZ", "2026-07-01 10:00:00+00:00", "2026-01-01 11:00:00+00:00"),
        "proven",
        ruled(timezone="Europe/Berlin"),
        rows={"identical": 2},
    ),
    Case(
        "instants are equal whatever zone they are written in",
        cells("TIMESTAMPTZ", "2026-01-31 10:00:00+00:00", "2026-01-31 23:30:00-05:00"),
        cells("TIMESTAMPTZ", "2026-01-31 12:00:00+02:00", "2026-02-01 04:30:00+00:00"),
        "proven",
        rows={"identical": 2},
    ),
    Case(
        "dates of every century and leap days equal themselves",
        cells("DATE", "0001-01-01", "1582-10-15", "1900-02-28", "2024-02-29", "9999-12-31"),
        cells("DATE", "0001-01-01", "1582-10-15", "1900-02-28", "2024-02-29", "9999-12-31"),
        "proven",
        rows={"identical": 5},
    ),
    Case(
        "timestamps of every precision are compared to the last digit of the finer",
        table(
            {"id": "INTEGER", "s": "TIMESTAMP_S", "m": "TIMESTAMP_MS", "n": "TIMESTAMP_NS"},
            (1, "2026-01-31 10:00:00", "2026-01-31 10:00:00.123", "2026-01-31 10:00:00.123456"),
            (2, "2026-01-31 10:00:00", "2026-01-31 10:00:00.123", "2026-01-31 10:00:00.123456"),
        ),
        table(
            {"id": "INTEGER", "s": "TIMESTAMP", "m": "TIMESTAMP", "n": "TIMESTAMP"},
            (1, "2026-01-31 10:00:00", "2026-01-31 10:00:00.123", "2026-01-31 10:00:00.123456"),
            (2, "2026-01-31 10:00:00.000001", "2026-01-31 10:00:00.123001", "2026-01-31 10:00:00.123457"),
        ),
        "differs",
        rows={"identical": 1, "different": 1},
        cells={"s": {"sub_second": 1}, "m": {"sub_second": 1}, "n": {"sub_second": 1}},
        engines=(DUCKDB,),
        why="the other engines have one precision only",
    ),
    Case(
        "nanoseconds that the other side cannot hold are a difference",
        cells("TIMESTAMP", "2026-01-31 10:00:00.123456", "2026-01-31 10:00:00.123456"),
        cells("TIMESTAMP_NS", "2026-01-31 10:00:00.123456", "2026-01-31 10:00:00.123456001"),
        "differs",
        rows={"identical": 1, "different": 1},
        cells={"v": {"sub_second": 1}},
        engines=(DUCKDB,),
        why="the other engines have no nanoseconds",
    ),
]

COLUMNS = [
    Case(
        "a column that only legacy has differs although every row is identical",
        table({"id": "INTEGER", "v": "INTEGER", "old": "INTEGER"}, (1, 1, 1)),
        table({"id": "INTEGER", "v": "INTEGER"}, (1, 1)),
        "differs",
        rows={"identical": 1},
        columns={"old": "only_legacy"},
        reasons=("Column old is only in legacy",),
    ),
    Case(
        "a column that only modern has differs",
        table({"id": "INTEGER", "v": "INTEGER"}, (1, 1)),
        table({"id": "INTEGER", "v": "INTEGER", "extra": "INTEGER"}, (1, 1, None)),
        "differs",
        rows={"identical": 1},
        columns={"extra": "only_modern"},
        reasons=("Column extra is only in modern",),
    ),
    Case(
        "a column on one side only differs in empty tables too",
        table({"id": "INTEGER", "v": "INTEGER", "old": "INTEGER"}),
        table({"id": "INTEGER", "v": "INTEGER"}),
        "differs",
        {"allow_empty": True},
        columns={"old": "only_legacy"},
        reasons=("Column old is only in legacy",),
    ),
    Case(
        "no share of rows forgives a column on one side only",
        table({"id": "INTEGER", "v": "INTEGER", "old": "INTEGER"}, (1, 1, 1)),
        table({"id": "INTEGER", "v": "INTEGER"}, (1, 1)),
        "differs",
        {"row_tolerance": "0.9"},
        rows={"identical": 1},
        columns={"old": "only_legacy"},
        reasons=("Column old is only in legacy",),
    ),
    Case(
        "a column on one side only can be excluded",
        table({"id": "INTEGER", "v": "INTEGER", "_dlt_id": "VARCHAR", "old": "INTEGER"}, (1, 1, "x", 1)),
        table({"id": "INTEGER", "v": "INTEGER", "load_id": "INTEGER"}, (1, 1, 7)),
        "proven",
        {"exclude": ("_dlt_*",), "columns": {"old": {"exclude": True}, "load_id": {"exclude": True}}},
        rows={"identical": 1},
        columns={"_dlt_id": "excluded", "old": "excluded", "load_id": "excluded"},
    ),
    Case(
        "an excluded column may differ",
        table({"id": "INTEGER", "v": "INTEGER", "load_id": "INTEGER"}, (1, 1, 7)),
        table({"id": "INTEGER", "v": "INTEGER", "load_id": "VARCHAR"}, (1, 1, "x")),
        "proven",
        {"columns": {"load_id": {"exclude": True}}},
        rows={"identical": 1},
        columns={"load_id": "excluded"},
    ),
    Case(
        "a renamed column finds its partner and is compared",
        table({"id": "INTEGER", "club": "VARCHAR"}, (1, "Ajax"), (2, "PSV")),
        table({"id": "INTEGER", "current_club": "VARCHAR"}, (1, "Ajax"), (2, "Feyenoord")),
        "differs",
        {"rename": {"club": "current_club"}},
        rows={"identical": 1, "different": 1},
        cells={"club": {"value": 1}},
    ),
    Case(
        "two columns that exchanged their names find their partners",
        table({"id": "INTEGER", "a": "INTEGER", "b": "INTEGER"}, (1, 10, 20)),
        table({"id": "INTEGER", "a": "INTEGER", "b": "INTEGER"}, (1, 20, 10)),
        "proven",
        {"rename": {"a": "b", "b": "a"}},
        rows={"identical": 1},
    ),
    Case(
        "a renamed column leaves nothing under its new name to match",
        table({"id": "INTEGER", "a": "INTEGER", "b": "INTEGER"}, (1, 10, 20)),
        table({"id": "INTEGER", "b": "INTEGER"}, (1, 10)),
        "differs",
        {"rename": {"a": "b"}},
        rows={"identical": 1},
        columns={"b": "only_legacy"},
        reasons=("Column b is only in legacy",),
    ),
    Case(
        "the order of columns does not matter",
        table({"id": "INTEGER", "a": "INTEGER", "b": "VARCHAR"}, (1, 10, "x")),
        table({"b": "VARCHAR", "id": "INTEGER", "a": "INTEGER"}, ("x", 1, 10)),
        "proven",
        rows={"identical": 1},
    ),
    Case(
        "a key alone proves nothing",
        table({"id": "INTEGER"}, (1,), (2,)),
        table({"id": "INTEGER"}, (1,), (2,)),
        "not_proven",
        rows={"identical": 2},
        reasons=("No column is left to compare besides the key",),
    ),
    Case(
        "a key alone beside excluded columns proves nothing",
        cells("INTEGER", 1),
        cells("INTEGER", 2),
        "not_proven",
        ruled(exclude=True),
        rows={"identical": 1},
        columns={"v": "excluded"},
        reasons=("No column is left to compare besides the key",),
    ),
]

ROWS = [
    Case(
        "two empty tables prove nothing",
        cells("INTEGER"),
        cells("INTEGER"),
        "not_proven",
        reasons=("Both sides are empty",),
    ),
    Case(
        "two empty tables are proven where the spec allows it",
        cells("INTEGER"),
        cells("INTEGER"),
        "proven",
        {"allow_empty": True},
    ),
    Case(
        "an empty modern table differs even where empty tables are allowed",
        cells("INTEGER", 1, 2),
        cells("INTEGER"),
        "differs",
        {"allow_empty": True},
        rows={"only_legacy": 2},
        reasons=("2 rows only in legacy",),
    ),
    Case(
        "an empty legacy table differs",
        cells("INTEGER"),
        cells("INTEGER", 1),
        "differs",
        rows={"only_modern": 1},
        reasons=("1 row only in modern",),
    ),
    Case(
        "two empty tables without a key prove nothing",
        cells("INTEGER"),
        cells("INTEGER"),
        "not_proven",
        {"key": [], "multiset": True},
        reasons=("Both sides are empty",),
    ),
    Case(
        "a predicate that keeps no row proves nothing although empty tables are allowed",
        cells("INTEGER", 1),
        cells("INTEGER", 1),
        "not_proven",
        {"where": "id > 5", "allow_empty": True},
        reasons=("The predicate keeps no row",),
    ),
    Case(
        "a predicate that keeps no row of one side differs",
        cells("INTEGER", 1),
        cells("INTEGER", 1),
        "differs",
        {"where": {"modern": "id > 5"}},
        rows={"only_legacy": 1},
        reasons=("1 row only in legacy",),
    ),
    Case(
        "a predicate leaves out differences of the other rows",
        cells("INTEGER", 1, 2, 3),
        cells("INTEGER", 1, 9, 3),
        "proven",
        {"where": "id <> 2"},
        rows={"identical": 2},
    ),
    Case(
        "a predicate that is null for a row leaves it out on both sides",
        cells("INTEGER", 1, None),
        cells("INTEGER", 1, None),
        "proven",
        {"where": "v = 1"},
        rows={"identical": 1},
    ),
    Case(
        "duplicates that a predicate leaves out are none",
        pairs((1, "a"), (1, "old"), (2, "b")),
        pairs((1, "a"), (2, "b")),
        "proven",
        {"where": {"legacy": "v <> 'old'"}},
        rows={"identical": 2},
    ),
    Case(
        "rows that differ are forgiven up to the row tolerance",
        cells("INTEGER", *range(10)),
        cells("INTEGER", *range(9), 99),
        "proven",
        {"row_tolerance": "0.1"},
        rows={"identical": 9, "different": 1},
        cells={"v": {"value": 1}},
    ),
    Case(
        "rows that differ are forgiven no further than the row tolerance",
        cells("INTEGER", *range(10)),
        cells("INTEGER", *range(9), 99),
        "differs",
        {"row_tolerance": "0.0999"},
        rows={"identical": 9, "different": 1},
        cells={"v": {"value": 1}},
    ),
    Case(
        "the row tolerance is a share of the larger side",
        keyed("INTEGER", *range(9)),
        keyed("INTEGER", *range(10)),
        "proven",
        {"row_tolerance": "0.1"},
        rows={"identical": 9, "only_modern": 1},
    ),
    Case(
        "missing, extra and different rows count together against the row tolerance",
        table({"id": "INTEGER", "v": "INTEGER"}, *((number, number) for number in range(10))),
        table({"id": "INTEGER", "v": "INTEGER"}, *((number, number) for number in range(8)), (8, 99), (10, 10)),
        "differs",
        {"row_tolerance": "0.2"},
        rows={"identical": 8, "different": 1, "only_legacy": 1, "only_modern": 1},
        cells={"v": {"value": 1}},
    ),
    Case(
        "rows that share a key and differ count against the row tolerance",
        pairs(*((number, "a") for number in range(9)), (0, "a")),
        pairs(*((number, "a") for number in range(9))),
        "differs",
        {"row_tolerance": "0.05"},
        rows={"identical": 8, "duplicate_key_legacy": 2, "duplicate_key_modern": 1},
    ),
    Case(
        "a single row is enough to prove",
        cells("INTEGER", 1),
        cells("INTEGER", 1),
        "proven",
        rows={"identical": 1},
    ),
]

SWAPS = [
    Case(
        "two columns of a row that exchanged their values differ",
        table({"id": "INTEGER", "a": "INTEGER", "b": "INTEGER"}, (1, 10, 20), (2, 5, 5)),
        table({"id": "INTEGER", "a": "INTEGER", "b": "INTEGER"}, (1, 20, 10), (2, 5, 5)),
        "differs",
        rows={"identical": 1, "different": 1},
        cells={"a": {"value": 1}, "b": {"value": 1}},
    ),
    Case(
        "three columns of a row that rotated their values differ",
        table({"id": "INTEGER", "a": "VARCHAR", "b": "VARCHAR", "c": "VARCHAR"}, (1, "x", "y", "z")),
        table({"id": "INTEGER", "a": "VARCHAR", "b": "VARCHAR", "c": "VARCHAR"}, (1, "y", "z", "x")),
        "differs",
        rows={"different": 1},
        cells={"a": {"value": 1}, "b": {"value": 1}, "c": {"value": 1}},
    ),
    Case(
        "two rows that exchanged their values differ",
        cells("INTEGER", 10, 20, 30),
        cells("INTEGER", 20, 10, 30),
        "differs",
        rows={"identical": 1, "different": 2},
        cells={"v": {"value": 2}},
    ),
    Case(
        "all rows that exchanged all their values differ",
        cells("VARCHAR", "aa", "bb", "cc", "dd"),
        cells("VARCHAR", "dd", "cc", "bb", "aa"),
        "differs",
        rows={"different": 4},
        cells={"v": {"value": 4}},
    ),
    Case(
        "changes that cancel out in a sum are found",
        cells("INTEGER", 10, 20, 30, 40),
        cells("INTEGER", 11, 19, 30, 40),
        "differs",
        rows={"identical": 2, "different": 2},
        cells={"v": {"value": 2}},
    ),
    Case(
        "changes that cancel out across two columns are found",
        table({"id": "INTEGER", "a": "INTEGER", "b": "INTEGER"}, (1, 10, 20), (2, 10, 20)),
        table({"id": "INTEGER", "a": "INTEGER", "b": "INTEGER"}, (1, 11, 19), (2, 9, 21)),
        "differs",
        rows={"different": 2},
        cells={"a": {"value": 2}, "b": {"value": 2}},
    ),
    Case(
        "texts that run together to the same are different texts",
        table({"id": "INTEGER", "a": "VARCHAR", "b": "VARCHAR"}, (1, "ab", "c"), (2, "a|", "b"), (3, "", "x")),
        table({"id": "INTEGER", "a": "VARCHAR", "b": "VARCHAR"}, (1, "a", "bc"), (2, "a", "|b"), (3, "x", "")),
        "differs",
        rows={"different": 3},
        cells={"a": {"truncated": 2, "value": 1}, "b": {"value": 3}},
    ),
    Case(
        "a value that moved from one row to another with its key's neighbour is found",
        table({"a": "INTEGER", "b": "INTEGER", "v": "INTEGER"}, (1, 2, 3), (1, 3, 2)),
        table({"a": "INTEGER", "b": "INTEGER", "v": "INTEGER"}, (1, 2, 2), (1, 3, 3)),
        "differs",
        {"key": ["a", "b"]},
        rows={"different": 2},
        cells={"v": {"value": 2}},
    ),
]

NESTED = [
    Case(
        "lists are equal in the same order only",
        table({"id": "", "v": ""}, (1, "[1, 2]"), (2, "[1, 2]"), (3, "[1, 2]")),
        table({"id": "", "v": ""}, (1, "[1, 2]"), (2, "[2, 1]"), (3, "[1, 2, 2]")),
        "differs",
        rows={"identical": 1, "different": 2},
        cells={"v": {"value": 2}},
    ),
    Case(
        "the order of lists does not matter where the rule says so, how often an element is there does",
        table({"id": "", "v": ""}, (1, "[1, 2, 2]"), (2, "[1, 2, 2]")),
        table({"id": "", "v": ""}, (1, "[2, 1, 2]"), (2, "[1, 1, 2]")),
        "differs",
        ruled(unordered=True),
        rows={"identical": 1, "different": 1},
        cells={"v": {"value": 1}},
    ),
    Case(
        "no list, an empty list and a list of null are three values",
        table({"id": "INTEGER", "v": "INTEGER[]"})
        + " UNION ALL SELECT 1, CAST(NULL AS INTEGER[]) UNION ALL SELECT 2, CAST([] AS INTEGER[])"
        + " UNION ALL SELECT 3, CAST([NULL] AS INTEGER[]) UNION ALL SELECT 4, CAST([NULL] AS INTEGER[])",
        table({"id": "INTEGER", "v": "INTEGER[]"})
        + " UNION ALL SELECT 1, CAST([] AS INTEGER[]) UNION ALL SELECT 2, CAST([NULL] AS INTEGER[])"
        + " UNION ALL SELECT 3, CAST(NULL AS INTEGER[]) UNION ALL SELECT 4, CAST([NULL] AS INTEGER[])",
        "differs",
        rows={"identical": 1, "different": 3},
        cells={"v": {"null_vs_value": 2, "value": 1}},
    ),
    Case(
        "the sign of decimals counts inside lists",
        table({"id": "", "v": ""}, (1, "CAST([1.5] AS DECIMAL(18,2)[])"), (2, "CAST([-1.5] AS DECIMAL(18,2)[])")),
        table({"id": "", "v": ""}, (1, "CAST([-1.5] AS DECIMAL(18,2)[])"), (2, "CAST([-1.5] AS DECIMAL(18,2)[])")),
        "differs",
        rows={"identical": 1, "different": 1},
        cells={"v": {"value": 1}},
        engines=(DUCKDB, SPARK),
        why="arrays of decimals are refused on PostgreSQL",
    ),
    Case(
        "a row of zeros can be missing like any other",
        table({"id": "INTEGER", "v": "INTEGER"}, (0, 0), (1, 1)),
        table({"id": "INTEGER", "v": "INTEGER"}, (1, 1)),
        "differs",
        rows={"identical": 1, "only_legacy": 1},
    ),
    Case(
        "structs are equal by the names of their fields",
        table({"id": "", "v": ""}, (1, "{'a': 1, 'b': 'x'}"), (2, "{'a': 1, 'b': 'x'}")),
        table({"id": "", "v": ""}, (1, "{'b': 'x', 'a': 1}"), (2, "{'b': 'x', 'a': 2}")),
        "differs",
        rows={"identical": 1, "different": 1},
        cells={"v": {"value": 1}},
        engines=(DUCKDB, SPARK),
        why="PostgreSQL has no structs without a type of their own",
    ),
    Case(
        "no struct and a struct of null are two values",
        table(
            {"id": "", "v": ""}, (1, "CAST(NULL AS STRUCT(a INTEGER))"), (2, "CAST({'a': NULL} AS STRUCT(a INTEGER))")
        ),
        table(
            {"id": "", "v": ""},
            (1, "CAST({'a': NULL} AS STRUCT(a INTEGER))"),
            (2, "CAST({'a': NULL} AS STRUCT(a INTEGER))"),
        ),
        "differs",
        rows={"identical": 1, "different": 1},
        cells={"v": {"null_vs_value": 1}},
        engines=(DUCKDB, SPARK),
        why="PostgreSQL has no structs without a type of their own",
    ),
    Case(
        "maps are equal in any order of their keys",
        table({"id": "", "v": ""}, (1, "MAP(['a', 'b'], [1, 2])"), (2, "MAP(['a', 'b'], [1, 2])")),
        table({"id": "", "v": ""}, (1, "MAP(['b', 'a'], [2, 1])"), (2, "MAP(['b', 'a'], [1, 2])")),
        "differs",
        rows={"identical": 1, "different": 1},
        cells={"v": {"value": 1}},
        engines=(DUCKDB, SPARK),
        why="PostgreSQL has no maps",
    ),
    Case(
        "nested values are compared to their depths",
        table({"id": "", "v": ""}, (1, "[{'a': [1, 2]}]"), (2, "[{'a': [1, 2]}]")),
        table({"id": "", "v": ""}, (1, "[{'a': [1, 2]}]"), (2, "[{'a': [1, 3]}]")),
        "differs",
        rows={"identical": 1, "different": 1},
        cells={"v": {"value": 1}},
        engines=(DUCKDB, SPARK),
        why="PostgreSQL has no structs without a type of their own",
    ),
    Case(
        "JSON is text where the rule does not say otherwise",
        cells("VARCHAR", '{"a": 1}', '{"a":1,"b":2}'),
        cells("VARCHAR", '{"a":1}', '{"b":2,"a":1}'),
        "differs",
        rows={"different": 2},
        cells={"v": {"blanks": 1, "value": 1}},
    ),
    Case(
        "JSON is compared by content where the rule says so",
        cells("VARCHAR", '{"a": 1}', '{"a":1,"b":[1,2]}', '"x"', "null", None, "[1, 2]"),
        cells("VARCHAR", '{"a":1}', '{"b":[1,2], "a":1}', '"x"', " null ", None, "[1,2]"),
        "proven",
        ruled(json=True),
        rows={"identical": 6},
    ),
    Case(
        "JSON of other content differs",
        cells("VARCHAR", '{"a": 1}', "[1,2]", '{"a": "1"}', "null", '{"a": null}', '"A"', '{"a": {"b": 1}}'),
        cells("VARCHAR", '{"a": 2}', "[2,1]", '{"a": 1}', None, "{}", '"a"', '{"a": {"b": 2}}'),
        "differs",
        ruled(json=True),
        rows={"different": 7},
        cells={"v": {"value": 6, "null_vs_value": 1}},
    ),
    Case(
        "the order of lists in JSON does not matter where the rule says so",
        cells("VARCHAR", '{"a": [1, 2, {"b": [3, 4]}]}', "[1,1,2]"),
        cells("VARCHAR", '{"a": [{"b": [4, 3]}, 2, 1]}', "[1,2,2]"),
        "differs",
        ruled(json=True, unordered=True),
        rows={"identical": 1, "different": 1},
        cells={"v": {"value": 1}},
    ),
    Case(
        "texts that are no JSON equal themselves and nothing else",
        cells("VARCHAR", "{broken", "{broken", "{broken"),
        cells("VARCHAR", "{broken", "{broken ", None),
        "differs",
        ruled(json=True),
        rows={"identical": 1, "different": 2},
        cells={"v": {"value": 1, "null_vs_value": 1}},
    ),
]

BOBBY = "Robert'); DROP TABLE raw.t; --"

INJECTIONS = [
    Case(
        "SQL in a value is a value",
        table({"id": "VARCHAR", "v": "VARCHAR"}, (BOBBY, BOBBY), ("2", BOBBY)),
        table({"id": "VARCHAR", "v": "VARCHAR"}, (BOBBY, BOBBY), ("2", "' OR '1' = '1")),
        "differs",
        rows={"identical": 1, "different": 1},
        cells={"v": {"value": 1}},
    ),
    Case(
        "SQL in the name of a column is a name",
        'SELECT 1 AS id, 1 AS "v""; DROP TABLE raw.t; --"',
        'SELECT 1 AS id, 2 AS "v""; DROP TABLE raw.t; --"',
        "differs",
        rows={"different": 1},
        cells={'v"; DROP TABLE raw.t; --': {"value": 1}},
        engines=(DUCKDB, POSTGRES),
        why="Spark's tables have no such names",
    ),
    Case(
        "SQL in a text of a predicate is a text",
        table({"id": "INTEGER", "v": "VARCHAR"}, (1, BOBBY), (2, "x")),
        table({"id": "INTEGER", "v": "VARCHAR"}, (1, BOBBY), (2, "y")),
        "proven",
        {"where": "v = 'Robert''); DROP TABLE raw.t; --'"},
        rows={"identical": 1},
    ),
    Case(
        "comments in texts are texts",
        cells("VARCHAR", "a /* b */ c", "-- x", "{{ x }}", "$1 %s ?"),
        cells("VARCHAR", "a /* b */ c", "-- x", "{{ x }}", "$1 %s ?"),
        "proven",
        rows={"identical": 4},
    ),
]

CASES = [
    *KEYS,
    *NULL_KEYS,
    *DUPLICATES,
    *NULLS,
    *NUMBERS,
    *TOLERANCES,
    *TEXTS,
    *TEXT_FORMS,
    *INSTANTS,
    *COLUMNS,
    *ROWS,
    *SWAPS,
    *NESTED,
    *INJECTIONS,
]
