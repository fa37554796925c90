"""Values of different types in one place: ISNULL, COALESCE, CASE and set operations."""

from collections.abc import Sequence

from sqlglot import exp

from transferroom_pipeline.legacy.tsql.conversions import is_identifier, is_whole_number
from transferroom_pipeline.legacy.tsql.date_parts import parse_date
from transferroom_pipeline.legacy.tsql.rule import Doubt, Rule
from transferroom_pipeline.legacy.tsql.rules.comparisons import NUMBERS
from transferroom_pipeline.legacy.tsql.rules.settled import is_text
from transferroom_pipeline.legacy.tsql.sql_types import INT, MAX_LENGTH, Family, SqlType
from transferroom_pipeline.legacy.tsql.types import Output, Types, columns_of_values
from transferroom_pipeline.legacy.tsql.verdicts import Verdict

_WIDENING = (Family.INTEGER, Family.DECIMAL, Family.FLOAT, Family.BIT)


def _isnull_parts(node: exp.Expr) -> list[exp.Expr]:
    is_isnull = isinstance(node, exp.Anonymous) and node.name.upper() == "ISNULL" and len(node.expressions) == 2  # noqa: PLR2004
    return node.expressions if is_isnull else []


def _isnull_cuts(node: exp.Expr, types: Types) -> str | None:
    parts = _isnull_parts(node)
    if not parts:
        return None
    first, second = types.of(parts[0]), types.of(parts[1])
    if not (first.family is second.family is Family.TEXT) or first.size in (None, MAX_LENGTH):
        return None
    fits = second.size is not None and second.size != MAX_LENGTH and second.size <= first.size
    return None if fits else f"ISNULL of a {first}"


def _isnull_of_unknown_length(node: exp.Expr, types: Types) -> str | None:
    parts = _isnull_parts(node)
    if not parts:
        return None
    first, second = types.of(parts[0]), types.of(parts[1])
    if first.family is Family.UNKNOWN and second.family is not Family.NULL:
        return Doubt("ISNULL of an unknown type")
    is_open = first.family is second.family is Family.TEXT and first.size is None and second.size != 0
    return "ISNULL of a text of unknown length" if is_open and not _equal_source(parts, types) else None


def _equal_source(parts: list[exp.Expr], types: Types) -> bool:
    """Whether the second value cannot be longer: it is the same expression."""
    return types.of(parts[0]) == types.of(parts[1]) and parts[0] == parts[1]


def _isnull_converts(node: exp.Expr, types: Types) -> str | None:
    parts = _isnull_parts(node)
    if not parts:
        return None
    first, second = types.of(parts[0]), types.of(parts[1])
    both_numbers = {first.family, second.family} <= set(NUMBERS)
    return f"ISNULL of a {first} and a {second}" if both_numbers and _loses(second, first) else None


def _loses(source: SqlType, target: SqlType) -> bool:
    if target.family in (Family.INTEGER, Family.BIT):
        return source.family not in (Family.INTEGER, Family.BIT)
    return target.family in (Family.DECIMAL, Family.MONEY) and source.family in (
        Family.DECIMAL,
        Family.MONEY,
        Family.FLOAT,
    )


def _isnull_of_float(node: exp.Expr, types: Types) -> str | None:
    parts = _isnull_parts(node)
    exact = (Family.DECIMAL, Family.MONEY)
    is_rounded = parts and types.family(parts[0]) in exact and types.family(parts[1]) is Family.FLOAT
    return f"ISNULL of a {types.of(parts[0])} and a FLOAT" if is_rounded else None


def _isnull_of_other(node: exp.Expr, types: Types) -> str | None:
    parts = _isnull_parts(node)
    if not parts:
        return None
    first, second = types.of(parts[0]), types.of(parts[1])
    known = Family.UNKNOWN not in (first.family, second.family) and Family.NULL not in (first.family, second.family)
    alike = first.family is second.family or {first.family, second.family} <= set(_WIDENING)
    if not known or alike or {first.family, second.family} <= {*NUMBERS} or _fits(parts[1], first):
        return None
    return f"ISNULL of a {first} and a {second}"


def _fits(value: exp.Expr, kind: SqlType) -> bool:
    """Whether a value of another family stands for one of a type without doubt."""
    if is_text(value) and kind.family is Family.INTEGER:
        return is_whole_number(value.name)
    if is_text(value) and kind.family in (Family.DATE, Family.DATETIME):
        return parse_date(value.name) is not None
    if is_text(value) and kind.family is Family.UUID:
        return is_identifier(value.name)
    is_number = isinstance(value, exp.Literal) and not value.is_string
    return is_number and value.is_int and kind.family is Family.TEXT


def _branches(node: exp.Expr) -> tuple[str, list[exp.Expr]]:
    if isinstance(node, exp.Case):
        found = [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]
        return "CASE", [value for value in found if value is not None]
    name = node.name.upper() if isinstance(node, exp.Anonymous) else ""
    if name in {"IIF", "CHOOSE"}:
        return name, node.expressions[1:]
    return name, node.expressions if name in {"COALESCE", "GREATEST", "LEAST"} else []


def _mixes_branches(node: exp.Expr, types: Types) -> str | None:
    name, values = _branches(node)
    return _mixed(name, [Output("", types.of(value), value) for value in values])


def _mixed(name: str, values: Sequence[Output]) -> str | None:
    families = {kind for value in values if (kind := _kind(value.type.family))}
    if len(families) <= 1:
        return None
    others = [value.type for value in values if value.type.family not in (Family.TEXT, Family.NULL)]
    texts = [value.value for value in values if value.type.family is Family.TEXT]
    if len(families) == 2 and texts and all(text and _fits(text, other) for text in texts for other in others):  # noqa: PLR2004
        return None
    return f"{name} of a {' and a '.join(sorted(families))}"


def _kind(family: Family) -> str | None:
    if family in NUMBERS:
        return "number"
    if family in (Family.DATE, Family.DATETIME):
        return "date"
    return None if family in (Family.NULL, Family.UNKNOWN) else str(family)


def _mixes_columns(node: exp.Expr, types: Types) -> str | None:
    name = type(node).__name__.upper()
    found = (_mixed(name, _typed_null(column)) for column in _columns_by_place(node, types))
    return next((mixed for mixed in found if mixed), None)


def _converts_constant(node: exp.Expr, types: Types) -> str | None:
    columns = _columns_by_place(node, types)
    if isinstance(node, exp.Case | exp.Anonymous):
        columns = [[Output("", types.of(value), value) for value in _branches(node)[1]]]
    for column in columns:
        families = {kind for value in column if (kind := _kind(value.type.family))}
        if len(families) > 1 and str(Family.TEXT) in families and _mixed("", column) is None:
            return f"a constant text beside a {' and a '.join(sorted(families - {str(Family.TEXT)}))}"
    return None


def _columns_by_place(node: exp.Expr, types: Types) -> list[Sequence[Output]]:
    """What the branches of a set operation, or the rows of a list of values, give for each column."""
    if isinstance(node, exp.Values):
        return [[Output("", types.of(cell), cell) for cell in column] for column in columns_of_values(node)]
    if not isinstance(node, exp.SetOperation) or isinstance(node.parent, exp.SetOperation):
        return []
    branches = [types.outputs(branch) for branch in types.branches(node)]
    is_known = all(output.name != "*" for branch in branches for output in branch)
    return [list(column) for column in zip(*branches, strict=False)] if is_known else []


def _typed_null(column: Sequence[Output]) -> Sequence[Output]:
    """Of two branches that are both NULL SQL Server makes an INT, before it looks at the next."""
    is_null = all(output.type.family is Family.NULL for output in column[:2])
    return [Output("", INT), *column[2:]] if is_null and len(column) > 1 else column


def _uneven(node: exp.Expr, types: Types) -> str | None:
    if isinstance(node, exp.Values):
        counts = [len(row.expressions) for row in node.expressions]
    elif isinstance(node.parent, exp.SetOperation):
        return None
    else:
        branches = [types.outputs(branch) for branch in types.branches(node)]
        counts = [len(branch) for branch in branches if all(output.name != "*" for output in branch)]
    name = type(node).__name__.upper()
    return f"{name} of {' and '.join(map(str, dict.fromkeys(counts)))} columns" if len(set(counts)) > 1 else None


COLUMN_COUNT = Rule(
    "column_count", "different numbers of columns", Verdict.REFUSE, Verdict.REFUSE,
    "SQL Server wants as many columns, or names, in each place",
    "list the columns",
    nodes=(exp.SetOperation, exp.Values), matches=_uneven,
)  # fmt: skip

RULES = (
    Rule(
        "isnull_cut", "ISNULL that may cut the second text", Verdict.RIGHT, Verdict.WARN,
        "ISNULL has the length of its first argument on SQL Server, and cuts the second",
        "write COALESCE on both sides, or LEFT(...) there",
        needs_types=True, nodes=(exp.Anonymous,), matches=_isnull_cuts,
    ),
    Rule(
        "isnull_length", "ISNULL of unknown length", Verdict.WARN, Verdict.WARN,
        "ISNULL has the type of its first argument on SQL Server: what is longer is cut, what has a fraction loses "
        "it",
        "make sure that the second argument fits the first, or write COALESCE",
        needs_types=True, nodes=(exp.Anonymous,), matches=_isnull_of_unknown_length,
    ),
    Rule(
        "isnull_number", "ISNULL of two types of number", Verdict.RIGHT, Verdict.WARN,
        "ISNULL has the type of its first argument on SQL Server",
        "write COALESCE on both sides, or CAST the second there",
        needs_types=True, nodes=(exp.Anonymous,), matches=_isnull_converts,
    ),
    Rule(
        "isnull_float", "ISNULL of a DECIMAL and a FLOAT", Verdict.WARN, Verdict.WARN,
        "the FLOAT is rounded to the type of the first argument, where one that lies between two results, such as "
        "0.285, may be rounded the other way",
        "make sure that it is not close to a half",
        needs_types=True, nodes=(exp.Anonymous,), matches=_isnull_of_float,
    ),
    Rule(
        "isnull_type", "ISNULL of different kinds of types", Verdict.REFUSE, Verdict.REFUSE,
        "the second argument is converted to the type of the first on SQL Server, so that '' becomes 0",
        "write a second argument of the same type",
        needs_types=True, nodes=(exp.Anonymous,), matches=_isnull_of_other,
    ),
    Rule(
        "mixed_types", "values of different kinds in one place", Verdict.REFUSE, Verdict.REFUSE,
        "SQL Server converts all of them to the type of highest precedence, a text to a number",
        "CAST all of them to one type",
        needs_types=True, nodes=(exp.Case, exp.Anonymous), matches=_mixes_branches,
    ),
    Rule(
        "mixed_columns", "a set operation or VALUES of different kinds of types", Verdict.REFUSE, Verdict.REFUSE,
        "SQL Server converts the column to the type of highest precedence",
        "CAST both to one type",
        needs_types=True, nodes=(exp.SetOperation, exp.Values), matches=_mixes_columns,
    ),
    Rule(
        "converted_constant", "a constant text in one place with numbers or dates", Verdict.RIGHT, Verdict.WARN,
        "SQL Server converts it to their type",
        "CAST it there",
        needs_types=True, nodes=(exp.SetOperation, exp.Values, exp.Case, exp.Anonymous), matches=_converts_constant,
    ),
    COLUMN_COUNT,
)  # fmt: skip
