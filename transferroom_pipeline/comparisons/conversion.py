"""What bringing one side of a column into the common type of both is."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

Value = Callable[[exp.Expr], exp.Expr]
Both = tuple["Conversion", "Conversion"]


@dataclass(frozen=True)
class Conversion:
    """How one side's values become values of the common type.

    Attributes:
        value: Builds the expression.
        may_fail: Whether a value that is not NULL can become NULL.
    """

    value: Value
    may_fail: bool = False


UNCHANGED = Conversion(lambda column: column)
