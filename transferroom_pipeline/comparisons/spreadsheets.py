"""Texts in CSV files that a spreadsheet would take for a formula.

A text that begins with one of the signs below gets an apostrophe in front, unless it is a number; so does a text that
begins with an apostrophe. Whoever reads the file by a program takes one apostrophe off the front to have the text
back. The signs are those of OWASP's page on CSV injection.
"""

import re

from sqlglot import exp

_MARK = "'"
_FORMULA = "^['=+@\t\r\n\uff1d\uff0b\uff0d\uff20-]"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\z"


def marked(text: str) -> str:
    """A text as it is written to a CSV file."""
    return f"{_MARK}{text}" if _is_formula(text) else text


def unmarked(text: str) -> str:
    """The text that was written to a CSV file."""
    return text.removeprefix(_MARK)


def marked_in_sql(text: exp.Expr) -> exp.Expr:
    """The same as `marked`, of a text in DuckDB."""
    begins_so, is_number = (
        exp.RegexpLike(this=text.copy(), expression=exp.Literal.string(pattern)) for pattern in (_FORMULA, _NUMBER)
    )
    changed = exp.DPipe(this=exp.Literal.string(_MARK), expression=text.copy(), safe=True)
    return exp.case().when(exp.and_(begins_so, exp.not_(is_number)), changed).else_(text.copy())


def _is_formula(text: str) -> bool:
    return bool(re.match(_FORMULA, text)) and not re.match(_NUMBER.replace(r"\z", r"\Z"), text)
