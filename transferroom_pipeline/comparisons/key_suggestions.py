"""What would let keys that are written differently find each other: the least that works, part by part.

Nothing is suggested that makes one key of two.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from sqlglot import exp

from transferroom_pipeline.comparisons.columns import ColumnPlan, ComparedColumn
from transferroom_pipeline.comparisons.equality import Equality, all_equal
from transferroom_pipeline.comparisons.exceptions import ComparisonError
from transferroom_pipeline.comparisons.matching import Matched
from transferroom_pipeline.comparisons.queries import column, count, everything, is_kind, named, own
from transferroom_pipeline.comparisons.remedies import Rule
from transferroom_pipeline.comparisons.result import Suggestion
from transferroom_pipeline.comparisons.sides import LEGACY, MODERN, SIDE_NAMES, SIDES
from transferroom_pipeline.comparisons.spec import TableSpec
from transferroom_pipeline.comparisons.statements import Statements

KEY_FORMAT = "key_format"
_FOLD = {"case": "insensitive"}
_RULES: tuple[Rule, ...] = (
    {},
    {"trim": "right"},
    {"trim": "both"},
    {"unicode": "nfc"},
    _FOLD,
    {"trim": "right", **_FOLD},
    {"trim": "both", **_FOLD},
)
"""What may be the matter with a part of a key, the least first; the last is what finds partners of one-sided rows."""

Rules = Mapping[int, Rule]
"""The change of the rule of each part of the key that is text, by the part's position."""


@dataclass(frozen=True)
class KeySuggesting:
    """A comparison with rows on one side only, whose keys have partners that are written differently.

    Attributes:
        statements: Where to ask.
        spec: The comparison.
        plan: Its columns.
        matched: Its work tables.
    """

    statements: Statements
    spec: TableSpec
    plan: ColumnPlan
    matched: Matched

    @property
    def _texts(self) -> list[ComparedColumn]:
        return [
            each
            for each in self.plan.key_columns
            if each.equality.legacy.family == each.equality.modern.family == "text"
            and _under(each.equality, _RULES[-1]) is not None
        ]

    @property
    def _rules(self) -> tuple[Rule, ...]:
        knows_forms = self.plan.functions.knows_unicode_forms
        return tuple(rule for rule in _RULES if knows_forms or "unicode" not in rule)

    def suggestions(self) -> Iterator[Suggestion]:
        """A suggestion for each part of the key that needs one; none where no change works for all rows."""
        rules = self._least()
        if rules is None:
            return
        changed = [each for each in self._texts if rules[each.position]]
        fixes = self._working_fixes(changed, rules)
        for each in changed:
            rule = {**each.rule.written(), **rules[each.position]}
            fix = fixes.get(each.position)
            sql = "" if fix is None else fix.sql(dialect=self.plan.functions.dialect)
            yield Suggestion(each.modern, KEY_FORMAT, rule, sql)

    def _least(self) -> Rules | None:
        """The least change by which as many rows find a partner as by the most, and no two keys become one."""
        texts = self._texts
        most = {each.position: _RULES[-1] for each in texts}
        partners = self._partners(most) if texts else 0
        if not partners:
            return None
        uniform = ({each.position: rule for each in texts} for rule in self._rules)
        found = next((rules for rules in uniform if self._partners(rules) == partners), most)
        for each in texts:
            less = ({**found, each.position: rule} for rule in self._rules if rule != found[each.position])
            smaller = (rules for rules in less if _size(rules) < _size(found))
            found = next((rules for rules in smaller if self._partners(rules) == partners), found)
        return found if all(self._keeps_keys_apart(found, side) for side in SIDES) else None

    def _partners(self, rules: Rules) -> int:
        """How many rows on one side only find a row of the other side."""
        differences = self.matched.differences
        if differences is None:
            return 0
        one_sided = (exp.select("*").from_(differences.copy()).where(is_kind(f"only_{name}")) for name in SIDE_NAMES)
        legacy, modern = (self._keys(rows, side, rules, SIDE_NAMES[side][0]) for side, rows in enumerate(one_sided))
        return self._joined(legacy, modern)

    def _joined(self, legacy: exp.Select, modern: exp.Select) -> int:
        """How many pairs of rows have the same key, as `_keys` gives it for either side."""
        names = legacy.named_selects
        same = all_equal(*([column(name, side) for name in names] for side in SIDE_NAMES))
        joined = exp.select(count()).from_(legacy.subquery("legacy")).join(modern.subquery("modern"), on=same)
        return int(self.statements.value(joined))

    def _keys(self, rows: exp.Select, side: int, rules: Rules, prefix: str | None) -> exp.Select:
        forms = self._forms(side, rules, prefix)
        chosen = [named(form, f"f{number}") for number, form in enumerate(forms)]
        return exp.Select(expressions=chosen).from_(rows.subquery("source"))

    def _forms(self, side: int, rules: Rules, prefix: str | None) -> list[exp.Expr]:
        """The key's forms under changed rules."""
        return [
            form
            for each in self.plan.key_columns
            for form in _changed(each.equality, rules.get(each.position, {})).forms(own(each, side, prefix), side)
        ]

    def _keeps_keys_apart(self, rules: Rules, side: int) -> bool:
        """Whether a side has as many keys as before."""
        source = everything(self.spec)[side]
        before, after = (
            int(self.statements.value(_count_distinct(self._keys(source.copy(), side, each, None))))
            for each in ({}, rules)
        )
        return before == after

    def _working_fixes(self, changed: Sequence[ComparedColumn], rules: Rules) -> dict[int, exp.Expr]:
        """The first SQL for each part by which all modern rows find the partners that they find by the rules."""
        options = [list(_fixes(each, rules[each.position])) for each in changed]
        wanted = self._pairs(rules, {})
        for chosen in product(*options):
            fixes = {each.position: fix for each, fix in zip(changed, chosen, strict=True)}
            if self._pairs({}, fixes) == wanted:
                return fixes
        return {}

    def _pairs(self, rules: Rules, fixes: Mapping[int, exp.Expr]) -> tuple[int, int]:
        """How many rows of both sides match in all, and how many keys modern then has."""
        legacy, modern = (source.copy() for source in everything(self.spec))
        if fixes:
            modern = exp.select(*self._fixed_columns(fixes)).from_(modern.subquery("source"))
        keys = [self._keys(rows, side, rules, None) for side, rows in zip(SIDES, (legacy, modern), strict=True)]
        distinct = int(self.statements.value(_count_distinct(keys[MODERN].copy())))
        return self._joined(keys[LEGACY], keys[MODERN]), distinct

    def _fixed_columns(self, fixes: Mapping[int, exp.Expr]) -> list[exp.Expr]:
        return [
            named(fixes[each.position].copy() if each.position in fixes else column(each.modern), each.modern)
            for each in self.plan.key_columns
        ]


def _size(rules: Rules) -> int:
    return sum(_RULES.index(rule) for rule in rules.values())


def _count_distinct(keys: exp.Select) -> exp.Select:
    return exp.select(count()).from_(keys.distinct().subquery("keys"))


def _under(equality: Equality, rule: Rule) -> Equality | None:
    try:
        return equality.under(rule)
    except (ComparisonError, ValueError):
        return None  # The part's own rule contradicts it.


def _changed(equality: Equality, rule: Rule) -> Equality:
    return equality.under(rule) if rule else equality


def _fixes(compared: ComparedColumn, rule: Rule) -> Iterator[exp.Expr]:
    """SQL over a part of the modern key that may give what legacy has."""
    value = exp.column(compared.modern, quoted=True)
    functions = compared.equality.functions
    trimmed = functions.trimmed(value, rule["trim"]) if "trim" in rule else value
    if "case" not in rule:
        yield functions.nfc(trimmed) if "unicode" in rule else trimmed
        return
    for folded in (exp.Lower, exp.Upper):
        yield folded(this=trimmed.copy())
    if "trim" in rule:
        yield from (folded(this=value.copy()) for folded in (exp.Lower, exp.Upper))
        yield trimmed
