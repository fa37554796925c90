"""Taking a script apart: the one query in it, where a table can be built from that alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from transferroom_pipeline.legacy.tsql.findings import Finding
from transferroom_pipeline.legacy.tsql.lexing import Lexeme, SourceText, lexemes
from transferroom_pipeline.legacy.tsql.rule import Rule
from transferroom_pipeline.legacy.tsql.rules import scripts as rules
from transferroom_pipeline.legacy.tsql.settings import harmful_settings
from transferroom_pipeline.legacy.tsql.splitting import outside_parentheses, statements
from transferroom_pipeline.legacy.tsql.words import finding, findings_in_words

_HARMLESS = {"USE", "GRANT", "DENY", "REVOKE", "PRINT", "COMMIT", "SAVE", "DROP", "END"}
_NAMES = {"DECLARE": "DECLARE", "OPEN": "a cursor", "FETCH": "a cursor", "CLOSE": "a cursor", "DEALLOCATE": "a cursor"}
_HARMLESS_PROCEDURES = {
    "sp_addextendedproperty", "sp_updateextendedproperty", "sp_dropextendedproperty", "sp_refreshview", "sp_recompile",
    "sp_updatestats",
}  # fmt: skip
"""They describe tables or keep plans, and leave the rows alone."""
_OLD_HINTS = {"NOLOCK", "READUNCOMMITTED", "READCOMMITTED", "HOLDLOCK", "UPDLOCK", "ROWLOCK", "TABLOCK", "PAGLOCK"}
_SUBSTITUTES = {"!<": ">=", "!>": "<="}

Statement = Sequence[Lexeme]


@dataclass(frozen=True)
class Script:
    """What a text consists of.

    Attributes:
        query: The text with everything but its one query made blank, so that each character stays at its place; None
            without one query.
        columns: The names that an INSERT or a view gives the columns of the query; empty where they give none.
        findings: What stands in the way.
    """

    query: str | None
    columns: tuple[str, ...]
    findings: tuple[Finding, ...]


def take_apart(text: str) -> Script:
    """The query of a script, with what cannot be carried over around it."""
    source = SourceText(text)
    found = list(lexemes(text))
    parts = [statement for statement in statements(source, found) if statement]
    named = {lexeme for statement in parts for lexeme in _named_arguments(statement)}
    in_words = list(findings_in_words(source, [lexeme for lexeme in found if lexeme not in named]))
    if any(known.rule in (rules.TOO_DEEP, rules.UNREADABLE) for known in in_words):
        return Script(None, (), tuple(in_words))
    reader = _Reader(source)
    reader.read(parts)
    findings = [*in_words, *reader.findings]
    if len(reader.queries) == 1:
        [query] = reader.queries
        return Script(_blanked(text, _without_old_hints(query.lexemes)), query.columns, tuple(findings))
    return Script(None, (), (*findings, *reader.not_one(found, findings)))


@dataclass(frozen=True)
class _Query:
    lexemes: Statement
    columns: tuple[str, ...] = ()


@dataclass
class _Reader:
    """Reads the statements of one text in their order."""

    source: SourceText
    findings: list[Finding] = field(default_factory=list)
    queries: list[_Query] = field(default_factory=list)
    emptied: set[str] = field(default_factory=set)
    view_columns: tuple[str, ...] = ()

    def read(self, found: Sequence[Statement]) -> None:
        """Keep the queries, and report what is none and cannot be left out."""
        readers: dict[str, Callable[[Statement], None]] = {
            "SELECT": self._select, "WITH": self._with, "INSERT": self._insert, "TRUNCATE": self._truncate,
            "DELETE": self._delete, "SET": self._set, "GO": self._go, "CREATE": self._create, "ALTER": self._create,
            "EXEC": self._execute, "EXECUTE": self._execute, "BEGIN": self._begin, "RETURN": self._return,
            "DECLARE": self._declare, "UPDATE": self._update,
        }  # fmt: skip
        in_body = False
        for at, statement in enumerate(found):
            word = statement[0].word
            in_body = (in_body and word != "GO") or _is_body(statement)
            if in_body and not _is_body(statement):
                continue
            if word in _HARMLESS or (word == "IF" and _drops(found[at + 1 : at + 3])):
                continue
            if word in readers:
                readers[word](statement)
            elif statement[0].text == "(":
                self._select(statement)
            else:
                self._other(statement)

    def report(self, rule: Rule, construct: str, statement: Statement) -> None:
        """Keep a finding about a statement."""
        self.findings.append(finding(self.source, rule, construct, statement[0].start, statement[-1].end))

    def not_one(self, found: Statement, findings: Sequence[Finding]) -> list[Finding]:
        """What to say where there is no query, or more than one."""
        if len(self.queries) > 1:
            second = self.queries[1].lexemes
            construct = f"{len(self.queries)} queries"
            return [finding(self.source, rules.QUERIES, construct, second[0].start, second[-1].end)]
        if findings:
            return []
        end = found[-1].end if found else 0
        return [finding(self.source, rules.NO_QUERY, "no query", 0, end)]

    def _select(self, statement: Statement) -> None:
        self.queries.append(_Query(_without_into(_without_end(statement)), self.view_columns))
        self.view_columns = ()

    def _with(self, statement: Statement) -> None:
        words = outside_parentheses(statement)
        verb = next(
            (at for word, at in words.items() if word in {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"}), None
        )
        if verb is None or statement[verb].word == "SELECT":
            self._select(statement)
        elif statement[verb].word == "INSERT":
            self._insert(statement[verb:], before=statement[:verb])
        else:
            self.report(rules.STATEMENT, statement[verb].word, statement)

    def _insert(self, statement: Statement, before: Statement = ()) -> None:
        target, rest = _table_name(statement[2:] if statement[1:2] and statement[1].word == "INTO" else statement[1:])
        columns, rest = _name_list(rest)
        if _first(rest) in {"EXEC", "EXECUTE"}:
            self.report(rules.EXECUTE, "INSERT ... EXEC", statement)
        elif _first(rest) not in {"SELECT", "WITH"} and rest[:1] != () and rest and rest[0].text != "(":
            self.report(rules.STATEMENT, f"INSERT ... {rest[0].text.upper()}", statement)
        elif rest:
            header = statement[: len(statement) - len(rest)]
            if target not in self.emptied:
                self.report(rules.ADDED_ROWS, "INSERT without TRUNCATE or DELETE", header)
            self.report(rules.INSERTED_TYPES, f"INSERT into {target}, which has types of its own", header)
            self.queries.append(_Query([*before, *_without_end(rest)], columns))

    def _truncate(self, statement: Statement) -> None:
        self.emptied.add(_table_name(statement[2:])[0])

    def _delete(self, statement: Statement) -> None:
        start = 2 if len(statement) > 1 and statement[1].word == "FROM" else 1
        target, rest = _table_name(statement[start:])
        if rest:
            self.report(rules.KEPT_ROWS, "DELETE of some rows", statement)
        self.emptied.add(target)

    def _set(self, statement: Statement) -> None:
        if any(lexeme.kind == "variable" for lexeme in statement):
            return
        for setting in harmful_settings([lexeme.text.upper() for lexeme in statement[1:]]):
            self.report(rules.SETTING, setting, statement)

    def _go(self, statement: Statement) -> None:
        if len(statement) > 1:
            self.report(rules.REPEATED, f"GO {statement[1].text}", statement)

    def _create(self, statement: Statement) -> None:
        words = [lexeme.word for lexeme in statement]
        if words[-1] == "AS" and {"VIEW", "PROCEDURE", "PROC"} & set(words[:5]):
            if "VIEW" in words[:5]:
                self.view_columns = _name_list(_table_name(statement[words.index("VIEW") + 1 :])[1])[0]
            return
        if "INDEX" in words[:5] or "STATISTICS" in words[:2] or _adds_constraint(words):
            return
        kind = next((word for word in words[1:] if word and word not in {"OR", "ALTER", "UNIQUE"}), "")
        self.report(rules.CREATE, f"{words[0]} {kind}", statement)

    def _update(self, statement: Statement) -> None:
        if [lexeme.word for lexeme in statement[1:2]] != ["STATISTICS"]:
            self.report(rules.STATEMENT, "UPDATE", statement)

    def _execute(self, statement: Statement) -> None:
        if _table_name(statement[1:])[0].split(".")[-1] in _HARMLESS_PROCEDURES:
            return
        called = [lexeme.text for lexeme in statement[1:2]]
        is_dynamic = called == ["("] or "sp_executesql" in "".join(lexeme.text.lower() for lexeme in statement[1:6])
        rule = rules.DYNAMIC if is_dynamic else rules.EXECUTE
        name = "".join(
            lexeme.text for lexeme in statement[1:6] if lexeme.kind in {"word", "name"} or lexeme.text == "."
        )
        self.report(rule, "dynamic SQL" if is_dynamic else f"EXEC {name}", statement)

    def _begin(self, statement: Statement) -> None:
        if len(statement) > 1 and statement[1].word in {"TRY", "CATCH"}:
            self.report(rules.STATEMENT, f"BEGIN {statement[1].word}", statement)

    def _return(self, statement: Statement) -> None:
        plain = all(lexeme.kind in {"number", "mark"} for lexeme in statement[1:])
        if not plain:
            self.report(rules.STATEMENT, "RETURN of a value", statement)

    def _declare(self, statement: Statement) -> None:
        if not any(lexeme.kind == "variable" for lexeme in statement):
            self.report(rules.STATEMENT, "a cursor", statement)

    def _other(self, statement: Statement) -> None:
        first = statement[0]
        if first.kind == "word" and first.word in _OTHER_STATEMENTS:
            self.report(rules.STATEMENT, _NAMES.get(first.word, first.word), statement)
        elif first.kind != "unknown":
            self.report(rules.UNREADABLE, f"{first.text}, with which no statement begins", statement)


_OTHER_STATEMENTS = frozenset({
    "MERGE", "IF", "WHILE", "ELSE", "ROLLBACK", "THROW", "RAISERROR", "GOTO", "OPEN", "FETCH", "CLOSE",
    "DEALLOCATE", "WAITFOR", "BULK", "BACKUP", "RESTORE", "DBCC", "KILL", "CHECKPOINT", "RECONFIGURE", "BREAK",
    "CONTINUE",
})  # fmt: skip


def _named_arguments(statement: Statement) -> Iterator[Lexeme]:
    """The names of arguments in EXEC p @name = value, which look like variables."""
    if statement[0].word in {"EXEC", "EXECUTE"}:
        for lexeme, after in pairwise(statement):
            if lexeme.kind == "variable" and after.text == "=":
                yield lexeme


def _adds_constraint(words: Sequence[str]) -> bool:
    """Whether it is ALTER TABLE ... ADD CONSTRAINT, or the like, which no row can tell."""
    at = words.index("ADD") if words[:2] == ["ALTER", "TABLE"] and "ADD" in words else -1
    return at > 0 and words[at + 1 : at + 2] in (["CONSTRAINT"], ["PRIMARY"], ["UNIQUE"], ["FOREIGN"])


def _drops(following: Sequence[Statement]) -> bool:
    """Whether all that follows an IF is a DROP, alone or in a block."""
    words = [statement[0].word for statement in following]
    return words[:1] == ["DROP"] or words[:2] == ["BEGIN", "DROP"]


def _is_body(statement: Statement) -> bool:
    """Whether it begins a function or trigger, to which all belongs that follows in its batch."""
    words = {lexeme.word for lexeme in statement[:5]}
    return bool({"CREATE", "ALTER"} & words and {"FUNCTION", "TRIGGER"} & words)


def _first(statement: Statement) -> str:
    return statement[0].word if statement else ""


def _table_name(statement: Statement) -> tuple[str, Statement]:
    """The name of a table, in one form, and what follows it."""
    at = 0
    while at < len(statement) and (
        statement[at].text == "." or (statement[at].kind in {"word", "name"} and (at == 0 or statement[at].after_dot))
    ):
        at += 1
    parts = [lexeme.text.strip('[]"').lower() for lexeme in statement[:at] if lexeme.text != "."]
    return ".".join(parts), statement[at:]


def _name_list(statement: Statement) -> tuple[tuple[str, ...], Statement]:
    """The names of columns in parentheses, and what follows; table hints before them are passed over."""
    if _first(statement) == "WITH" and len(statement) > 1 and statement[1].text == "(":
        closing = next((at for at, lexeme in enumerate(statement) if lexeme.text == ")"), len(statement))
        statement = statement[closing + 1 :]
    closing = next((at for at, lexeme in enumerate(statement) if lexeme.text == ")"), 0)
    inner = statement[1:closing]
    is_list = bool(statement) and statement[0].text == "(" and inner and inner[0].word not in {"SELECT", "WITH"}
    if not is_list or inner[0].text == "(":
        return (), statement
    names = tuple(_plain_name(lexeme.text) for lexeme in inner if lexeme.text != ",")
    return names, statement[closing + 1 :]


def _plain_name(written: str) -> str:
    if written.startswith("["):
        return written[1:-1].replace("]]", "]")
    return written[1:-1].replace('""', '"') if written.startswith('"') else written


def _without_into(statement: Statement) -> Statement:
    """A SELECT without INTO and the table it names."""
    at = outside_parentheses(statement).get("INTO")
    if at is None:
        return statement
    _, rest = _table_name(statement[at + 1 :])
    return [*statement[:at], *rest]


def _without_end(statement: Statement) -> Statement:
    """A SELECT without WITH CHECK OPTION, and without OPTION (...), whose hints leave the rows alone."""
    if [lexeme.word for lexeme in statement[-3:]] == ["WITH", "CHECK", "OPTION"]:
        return statement[:-3]
    at = outside_parentheses(statement).get("OPTION")
    return statement if at is None or at == 0 else statement[:at]


def _without_old_hints(statement: Statement) -> Statement:
    """A query without table hints in the old form, `t (NOLOCK)`, which sqlglot takes for functions."""
    hints = {
        at
        for at in range(1, len(statement) - 1)
        if statement[at].word in _OLD_HINTS and (statement[at - 1].text, statement[at + 1].text) == ("(", ")")
        and statement[at - 2].word != "WITH"
    }  # fmt: skip
    return [lexeme for at, lexeme in enumerate(statement) if not hints & {at - 1, at, at + 1}]


def _blanked(text: str, kept: Statement) -> str:
    """The text with all but some lexemes made blank, line ends aside, and with names for variables and the like."""
    result = ["\n" if character == "\n" else " " for character in text]
    for lexeme in kept:
        if lexeme.kind != "unknown":
            result[lexeme.start : lexeme.end] = _readable(lexeme)
    return "".join(result)


def _readable(lexeme: Lexeme) -> str:
    """A lexeme that sqlglot can read; what is not T-SQL's own is refused already."""
    if lexeme.kind == "variable" or (lexeme.kind == "word" and lexeme.text.startswith("#")):
        return lexeme.text.replace("@", "_").replace("#", "_")
    return _SUBSTITUTES.get(lexeme.text, lexeme.text)
