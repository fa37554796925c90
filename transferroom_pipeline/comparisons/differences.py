"""Every difference of a comparison in long form, as one query over its work tables."""

from sqlglot import exp

from transferroom_pipeline.comparisons.columns import ComparedColumn
from transferroom_pipeline.comparisons.findings import Findings
from transferroom_pipeline.comparisons.queries import column, is_kind

Both = tuple[exp.Expr, exp.Expr]
"""Something of the legacy side and of the modern side."""

TEXTS = ("kind", "key", "column_name", "legacy_value", "modern_value", "cause")
"""The columns that are texts."""

_COUNTS = ("legacy_rows", "modern_rows")


def long_form(findings: Findings) -> exp.Query:
    """One row per differing cell, per row on one side only, and per row that one side has more often.

    Columns: kind, key (JSON text), column_name (NULL for whole rows), legacy_value and modern_value (text; JSON text
    for whole rows, NULL where the side has none), cause, accepted, legacy_rows and modern_rows (how often either side
    has the row).
    """
    parts: list[exp.Query] = []
    if findings.differences is not None:
        parts += [_cells(findings, findings.differences, compared) for compared in findings.differing_columns]
        parts += [_one_sided(findings, findings.differences, side) for side in ("legacy", "modern")]
    if findings.duplicates is not None:
        parts.append(_grouped(findings, findings.duplicates))
    if not parts:
        return _nothing(findings)
    return exp.union(*parts, distinct=False) if len(parts) > 1 else parts[0]


def _nothing(findings: Findings) -> exp.Select:
    nulls = (exp.null(), exp.null())
    query = _difference(findings, exp.null(), exp.null(), nulls, exp.null(), exp.false(), nulls, key=exp.null())
    return query.where(exp.false())


def _cells(findings: Findings, differences: exp.Table, compared: ComparedColumn) -> exp.Select:
    values = column(f"l{compared.position}"), column(f"m{compared.position}")
    name, once = exp.Literal.string(compared.legacy), (exp.Literal.number(1), exp.Literal.number(1))
    kind, cause = exp.Literal.string("different"), findings.cause(compared)
    query = _difference(findings, kind, name, values, cause, findings.acceptance.of_cell(compared), once)
    return query.from_(differences.copy()).where(column(f"d{compared.position}"))


def _one_sided(findings: Findings, differences: exp.Table, side: str) -> exp.Select:
    kind = exp.Literal.string(f"only_{side}")
    row = findings.row_as_json(side)
    values: Both = (row, exp.null()) if side == "legacy" else (exp.null(), row)
    occurrences = (exp.Literal.number(int(side == "legacy")), exp.Literal.number(int(side == "modern")))
    cause, accepted = findings.cause_of_row(side), findings.acceptance.of_row()
    query = _difference(findings, kind, exp.null(), values, cause, accepted, occurrences)
    return query.from_(differences.copy()).where(is_kind(f"only_{side}"))


def _grouped(findings: Findings, duplicates: exp.Table) -> exp.Select:
    legacy, modern = column("legacy_rows"), column("modern_rows")
    kind: exp.Expr = exp.Literal.string("duplicate_key")
    if not findings.plan.key:
        more = exp.GT(this=legacy.copy(), expression=modern.copy())
        kind = exp.case().when(more, exp.Literal.string("only_legacy")).else_(exp.Literal.string("only_modern"))
    values = _row_if_any(findings, "legacy", legacy), _row_if_any(findings, "modern", modern)
    cause = exp.Literal.string("occurrences")
    query = _difference(findings, kind, exp.null(), values, cause, exp.false(), (legacy, modern))
    return query.from_(duplicates.copy()).where(exp.NEQ(this=legacy.copy(), expression=modern.copy()))


def _row_if_any(findings: Findings, side: str, rows: exp.Expr) -> exp.Expr:
    has_any = exp.GT(this=rows.copy(), expression=exp.Literal.number(0))
    return exp.case().when(has_any, findings.row_as_json(side))


def _difference(  # noqa: PLR0913 - one argument per column of the long form
    findings: Findings,
    kind: exp.Expr,
    column_name: exp.Expr,
    values: Both,
    cause: exp.Expr,
    accepted: exp.Expr,
    occurrences: Both,
    *,
    key: exp.Expr | None = None,
) -> exp.Select:
    functions = findings.plan.functions
    texts = (kind, key or findings.key_as_json(), column_name, *values, cause)
    return exp.select(
        *(functions.text(value).as_(name, quoted=True) for name, value in zip(TEXTS, texts, strict=True)),
        exp.paren(accepted).as_("accepted", quoted=True),
        *(
            functions.cast(number, "BIGINT").as_(name, quoted=True)
            for name, number in zip(_COUNTS, occurrences, strict=True)
        ),
    )
