"""T-SQL as lexemes: enough to take a script apart, and to know where each thing stands in the text as written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal

Kind = Literal["word", "name", "string", "variable", "number", "mark", "unknown"]

_LEXEME = re.compile(
    r"""
    (?P<blank>\s+|--[^\n]*)
  | (?P<string>[Nn]?'(?:[^']|'')*')
  | (?P<name>\[(?:[^\]]|\]\])*\]|"(?:[^"]|"")*")
  | (?P<variable>@@?[\w$\#@]+)
  | (?P<number>0[xX][0-9a-fA-F]*|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]*)?)
  | (?P<word>[^\W\d][\w$\#@]*|\#\#?[\w$@]+)
  | (?P<mark><>|!=|!<|!>|<=|>=|[-+*/%&|^]=|::|[-+*/%&|^~=<>(),.;:{}?])
  | (?P<unknown>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


@dataclass(frozen=True)
class Lexeme:
    """A word, quoted name, text, number, variable or mark; `start` and `end` are offsets in the text."""

    kind: Kind
    text: str
    start: int
    end: int
    after_dot: bool = False

    @property
    def word(self) -> str:
        """The word in capitals; empty for anything else, and for a word after a dot, which is a name."""
        return self.text.upper() if self.kind == "word" and not self.after_dot else ""


@dataclass(frozen=True)
class SourceText:
    """T-SQL as a person wrote it."""

    text: str
    line_starts: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        lengths = accumulate(len(line) for line in self.text.split("\n"))
        starts = (0, *(length + number for number, length in enumerate(lengths, 1)))
        object.__setattr__(self, "line_starts", starts)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        low, high = 0, len(self.line_starts) - 1
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.line_starts[middle] <= offset else (low, middle - 1)
        return low + 1, offset - self.line_starts[low] + 1


def lexemes(text: str) -> Iterator[Lexeme]:
    """The lexemes of T-SQL without blanks and comments; comments may be nested, as on SQL Server.

    A quote, bracket or comment that is never closed becomes a lexeme of kind `unknown`.
    """
    at, after_dot = 0, False
    while at < len(text):
        if text.startswith("/*", at):
            closed = _end_of_comment(text, at)
            if closed is None:
                yield Lexeme("unknown", "/*", at, at + 2)
                return
            at = closed
            continue
        found = _LEXEME.match(text, at)
        if found is None or found.lastgroup is None:  # pragma: no cover - `unknown` matches any character
            return
        at = found.end()
        if found.lastgroup != "blank":
            yield Lexeme(found.lastgroup, found.group(), found.start(), at, after_dot)  # type: ignore[arg-type]
            after_dot = found.group() == "."


def _end_of_comment(text: str, start: int) -> int | None:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return None
