"""What the words of a text show by themselves: variables, temporary tables, and what is no T-SQL."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from transferroom_pipeline.legacy.tsql.findings import Finding
from transferroom_pipeline.legacy.tsql.lexing import Lexeme, SourceText
from transferroom_pipeline.legacy.tsql.rule import Rule
from transferroom_pipeline.legacy.tsql.rules import scripts as rules
from transferroom_pipeline.legacy.tsql.wording import snippet

_DEEPEST = 50
"""Parentheses inside each other that are read; a person writes fewer."""
_OPENING = {
    "'": "a text that is not closed",
    '"': "a quoted name that is not closed",
    "[": "a name in [ ] that is not closed",
    "/*": "a comment that is not closed",
}
_CURRENCIES = "$€£¥"
_CLAUSES = (
    ("FOR", "JSON"),
    ("FOR", "BROWSE"),
    ("OPENJSON",),
    ("OPENXML",),
    ("OPENROWSET",),
    ("OPENQUERY",),
    ("OPENDATASOURCE",),
    ("CHANGETABLE",),
    ("XMLNAMESPACES",),
    ("CONTAINSTABLE",),
    ("FREETEXTTABLE",),
    ("JSON_OBJECT",),
    ("JSON_ARRAY",),
    ("JSON_OBJECTAGG",),
    ("JSON_ARRAYAGG",),
)


def finding(source: SourceText, rule: Rule, construct: str, start: int, end: int) -> Finding:
    """A finding about what stands between two offsets."""
    line, column = source.position(start)
    return Finding(rule, construct, line, column, snippet(source.text, start, end))


def findings_in_words(source: SourceText, found: Sequence[Lexeme]) -> Iterator[Finding]:
    """What is found without parsing; each variable and temporary table once."""
    named: set[str] = set()
    for at, lexeme in enumerate(found):
        rule, construct = _of_lexeme(lexeme, found[at + 1 : at + 2]) or _clause(found[at : at + 2]) or (None, "")
        if rule is not None and construct not in named:
            named |= {construct} if rule in (rules.VARIABLE, rules.TEMPORARY) else set()
            yield finding(source, rule, construct, lexeme.start, lexeme.end)
    yield from _commas(source, found)
    yield from _parentheses(source, found)


def _commas(source: SourceText, found: Sequence[Lexeme]) -> Iterator[Finding]:
    """Commas with nothing between them, or before the end of a list."""
    for lexeme, after in pairwise(found):
        if (
            lexeme.text == ","
            and lexeme.kind == "mark"
            and (after.text in {",", ")"} or after.word in {"FROM", "WHERE"})
        ):
            yield finding(source, rules.UNREADABLE, "a comma with nothing after it", lexeme.start, lexeme.end)


def _of_lexeme(lexeme: Lexeme, following: Sequence[Lexeme]) -> tuple[Rule, str] | None:
    if lexeme.kind == "variable":
        return rules.VARIABLE, f"the variable {lexeme.text}"
    if lexeme.kind == "word" and lexeme.text.startswith("#"):
        return rules.TEMPORARY, f"the temporary table {lexeme.text}"
    if lexeme.kind == "unknown":
        return _of_unknown(lexeme, following)
    if lexeme.text in {"!<", "!>"}:
        return rules.OPERATOR, lexeme.text
    return _of_quoted(lexeme) or ((rules.CLAUSE, "an ODBC escape in { }") if lexeme.text == "{" else None)


def _of_quoted(lexeme: Lexeme) -> tuple[Rule, str] | None:
    """What a text or quoted name must not hold."""
    if "\x00" in lexeme.text:
        return rules.UNREADABLE, "a text or name that holds the character U+0000"
    goes_on = lexeme.kind == "string" and "\\\n" in lexeme.text.replace("\r", "")
    return (rules.CLAUSE, "a text that goes on after a backslash") if goes_on else None


def _of_unknown(lexeme: Lexeme, following: Sequence[Lexeme]) -> tuple[Rule, str]:
    if lexeme.text in _OPENING:
        return rules.UNREADABLE, _OPENING[lexeme.text]
    if lexeme.text in _CURRENCIES and following and following[0].kind == "number":
        return rules.CURRENCY, f"the constant {lexeme.text}{following[0].text}"
    return rules.UNREADABLE, f"the character {lexeme.text!r} (U+{ord(lexeme.text[0]):04X})"


def _clause(found: Sequence[Lexeme]) -> tuple[Rule, str] | None:
    words = tuple(lexeme.word for lexeme in found)
    for clause in _CLAUSES:
        if words[: len(clause)] == clause and (len(clause) > 1 or (len(found) > 1 and found[1].text == "(")):
            return rules.CLAUSE, " ".join(clause)
    return None


def _parentheses(source: SourceText, found: Sequence[Lexeme]) -> Iterator[Finding]:
    opened: list[Lexeme] = []
    for lexeme in found:
        if lexeme.kind != "mark" or lexeme.text not in {"(", ")"}:
            continue
        if lexeme.text == "(":
            opened.append(lexeme)
            if len(opened) > _DEEPEST:
                construct = f"more than {_DEEPEST} parentheses inside each other"
                yield finding(source, rules.TOO_DEEP, construct, lexeme.start, lexeme.end)
                return
        elif opened:
            opened.pop()
        else:
            yield finding(source, rules.UNREADABLE, "a ) without its (", lexeme.start, lexeme.end)
            return
    if opened:
        yield finding(source, rules.UNREADABLE, "a ( without its )", opened[-1].start, opened[-1].end)
