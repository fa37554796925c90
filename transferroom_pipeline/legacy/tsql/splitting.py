"""Where the statements of a script begin and end: T-SQL needs no semicolons between them."""

from collections.abc import Iterator, Sequence

from transferroom_pipeline.legacy.tsql.lexing import Lexeme, SourceText

_STARTS = frozenset({
    "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "DECLARE", "SET", "EXEC", "EXECUTE", "IF", "WHILE",
    "CREATE", "ALTER", "DROP", "MERGE", "PRINT", "RETURN", "BEGIN", "COMMIT", "ROLLBACK", "USE", "GRANT", "DENY",
    "REVOKE", "THROW", "RAISERROR", "GOTO", "OPEN", "FETCH", "CLOSE", "DEALLOCATE", "WAITFOR", "BULK", "SAVE",
    "END", "ELSE", "BACKUP", "RESTORE", "DBCC", "KILL", "CHECKPOINT", "RECONFIGURE", "BREAK", "CONTINUE",
})  # fmt: skip
"""Words that begin a statement: all are reserved, so that none is the name of a column."""
_TO_SEMICOLON = {"MERGE", "GRANT", "DENY", "REVOKE"}
"""Statements that hold such words themselves, up to their semicolon."""
_MAY_FOLLOW = {
    "SELECT": {"UNION", "ALL", "EXCEPT", "INTERSECT", "FOR"},
    "FETCH": {"ROWS", "ROW"},
    "MERGE": {"INNER", "LEFT", "RIGHT", "FULL", "OUTER"},
    "ALTER": {"OR"},
    "EXECUTE": {"WITH", ",", ""},
    "EXEC": {"WITH", ",", ""},
    "IF": {"TABLE", "VIEW", "PROCEDURE", "PROC", "FUNCTION", "INDEX", "SCHEMA", "TYPE"},
    "UPDATE": {"FOR"},
}
"""Words that make the one after them part of the same statement."""
_GO = "GO"


def statements(source: SourceText, found: Sequence[Lexeme]) -> Iterator[Sequence[Lexeme]]:
    """The statements of a text; `GO`, the header of a view or procedure, and BEGIN and END are statements too."""
    current: list[Lexeme] = []
    depth, cases = 0, 0
    for at, lexeme in enumerate(found):
        depth += {"(": 1, ")": -1}.get(lexeme.text if lexeme.kind == "mark" else "", 0)
        outside = depth == 0
        if outside and lexeme.text == ";" and lexeme.kind == "mark":
            yield current
            current = []
            continue
        cases += (lexeme.word == "CASE") if outside else 0
        in_case = cases > 0
        cases -= (lexeme.word == "END" and in_case) if outside else 0
        is_go = _is_go(source, found, at)
        if is_go or (outside and not in_case and _begins(current, lexeme)):
            yield current
            current = []
            depth, cases = (0, 0) if is_go else (depth, cases)
        current.append(lexeme)
        if _is_complete(current, found[at + 1 : at + 2]):
            yield current
            current = []
    yield current


def outside_parentheses(statement: Sequence[Lexeme]) -> dict[str, int]:
    """The words of a statement that are outside of parentheses, with the place of the first of each."""
    depth, found = 0, dict[str, int]()
    for at, lexeme in enumerate(statement):
        depth += {"(": 1, ")": -1}.get(lexeme.text if lexeme.kind == "mark" else "", 0)
        if depth == 0 and lexeme.word:
            found.setdefault(lexeme.word, at)
    return found


def _is_go(source: SourceText, found: Sequence[Lexeme], at: int) -> bool:
    """Whether it is a GO on a line of its own, with a number or without."""
    if found[at].word != _GO:
        return False
    line = source.position(found[at].start)[0]
    starts = at == 0 or source.position(found[at - 1].end)[0] < line
    rest = [lexeme for lexeme in found[at + 1 : at + 3] if source.position(lexeme.start)[0] == line]
    return starts and (not rest or (len(rest) == 1 and rest[0].kind == "number"))


def _begins(current: Sequence[Lexeme], lexeme: Lexeme) -> bool:
    """Whether a word outside of parentheses begins a new statement."""
    if not current or lexeme.word not in _STARTS:
        return False
    first, last = current[0].word, current[-1].word or current[-1].text
    if first in _TO_SEMICOLON or last in _MAY_FOLLOW.get(lexeme.word, set()):
        return False
    words = outside_parentheses(current)
    if lexeme.word == "SELECT" and (first in {"INSERT", "WITH"} and "SELECT" not in words):
        return False
    if first == "WITH" and lexeme.word in {"INSERT", "UPDATE", "DELETE", "MERGE"} and "SELECT" not in words:
        return False
    if lexeme.word in {"EXEC", "EXECUTE"} and first == "INSERT":
        return False
    return not (lexeme.word == "SET" and first in {"UPDATE", "ALTER"})


def _is_complete(current: Sequence[Lexeme], following: Sequence[Lexeme]) -> bool:
    """Whether nothing can be added to a statement: the header of a view or procedure, a block's BEGIN, a GO."""
    first, last = current[0].word, current[-1].word
    if first in {"CREATE", "ALTER"} and last == "AS":
        kinds = {"VIEW", "PROCEDURE", "PROC"} & {lexeme.word for lexeme in current[:5]}
        return bool(kinds) and _before_as(current) not in {"EXECUTE", "EXEC"}
    if first == "BEGIN":
        return not (following and following[0].word in {"TRAN", "TRANSACTION", "TRY", "CATCH"} and len(current) == 1)
    if first == _GO and len(current) == 1:
        return not (following and following[0].kind == "number")
    return first in {_GO, "ELSE"} or (first == "END" and not (following and following[0].word in {"TRY", "CATCH"}))


def _before_as(current: Sequence[Lexeme]) -> str:
    return current[-2].word if len(current) > 1 else ""
