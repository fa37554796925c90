"""Every difference of a comparison in long form, as one query over its temporary tables."""

from sqlglot import exp

from transferroom_pipeline.comparisons.columns import ComparedColumn
from transferroom_pipeline.comparisons.findings import Findings, key_as_json, row_as_json
from transferroom_pipeline.comparisons.queries import as_text, column

Both = tuple[exp.Expr, exp.Expr]
"""Something of the legacy side and of the modern side."""


def long_form(findings: Findings) -> exp.Query:
    """One row per differing cell, per row on one side only, and per row that one side has more often.

    Columns: kind, key (JSON text), column_name (NULL for whole rows), legacy_value and modern_value (text; JSON text
    for whole rows, NULL where the side has none), cause, accepted, legacy_rows and modern_rows (how often either side
    has the row).
    """
    parts: list[exp.Query] = []
    if findings.plan.key:
        parts += [_cells(findings, compared) for compared in findings.plan.value_columns]
        parts += [_one_sided(findings, side) for side in ("legacy", "modern")]
    if findings.has_duplicates:
        parts.append(_grouped(findings))
    return exp.union(*parts, distinct=False) if len(parts) > 1 else parts[0]


def _cells(findings: Findings, compared: ComparedColumn) -> exp.Select:
    values = as_text(column(f"l{compared.position}")), as_text(column(f"m{compared.position}"))
    name, once = exp.Literal.string(compared.legacy), (exp.Literal.number(1), exp.Literal.number(1))
    query = _difference(findings, exp.Literal.string("different"), name, values, exp.null(), once)
    return query.from_(findings.tables.differences).where(column(f"d{compared.position}"))


def _one_sided(findings: Findings, side: str) -> exp.Select:
    kind = exp.Literal.string(f"only_{side}")
    row = row_as_json(findings.plan, side)
    values: Both = (row, exp.null()) if side == "legacy" else (exp.null(), row)
    occurrences = (exp.Literal.number(int(side == "legacy")), exp.Literal.number(int(side == "modern")))
    query = _difference(findings, kind, exp.null(), values, exp.Literal.string("missing"), occurrences)
    return query.from_(findings.tables.differences).where(exp.EQ(this=column("kind"), expression=kind.copy()))


def _grouped(findings: Findings) -> exp.Select:
    legacy, modern = column("legacy_rows"), column("modern_rows")
    kind: exp.Expr = exp.Literal.string("duplicate_key")
    if not findings.plan.key:
        more = exp.GT(this=legacy.copy(), expression=modern.copy())
        kind = exp.case().when(more, exp.Literal.string("only_legacy")).else_(exp.Literal.string("only_modern"))
    values = _row_if_any(findings, "legacy", legacy), _row_if_any(findings, "modern", modern)
    cause = exp.Literal.string("occurrences")
    query = _difference(findings, kind, exp.null(), values, cause, (legacy, modern))
    return query.from_(findings.tables.duplicates).where(exp.NEQ(this=legacy.copy(), expression=modern.copy()))


def _row_if_any(findings: Findings, side: str, rows: exp.Expr) -> exp.Expr:
    has_any = exp.GT(this=rows.copy(), expression=exp.Literal.number(0))
    return exp.case().when(has_any, row_as_json(findings.plan, side))


def _difference(
    findings: Findings, kind: exp.Expr, column_name: exp.Expr, values: Both, cause: exp.Expr, occurrences: Both
) -> exp.Select:
    texts = {
        "kind": kind,
        "key": key_as_json(findings.plan),
        "column_name": column_name,
        "legacy_value": values[0],
        "modern_value": values[1],
        "cause": cause,
    }
    counts = dict(zip(("legacy_rows", "modern_rows"), occurrences, strict=True))
    return exp.select(
        *(as_text(value).as_(name, quoted=True) for name, value in texts.items()),
        exp.false().as_("accepted", quoted=True),
        *(exp.cast(count, "BIGINT").as_(name, quoted=True) for name, count in counts.items()),
    )
