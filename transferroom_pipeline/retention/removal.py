"""What a removal says of itself."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Removal:
    """Something that is kept no longer.

    Attributes:
        what: In words, in the plural.
        count: How many of them.
    """

    what: str
    count: int
