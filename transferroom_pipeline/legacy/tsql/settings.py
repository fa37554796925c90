"""The SET options that leave the meaning of a query alone, or that state the default."""

from collections.abc import Sequence

_ANY_VALUE = frozenset(
    {
        "NOCOUNT",
        "XACT_ABORT",
        "DEADLOCK_PRIORITY",
        "LOCK_TIMEOUT",
        "STATISTICS",
        "TRANSACTION",
        "IMPLICIT_TRANSACTIONS",
        "ANSI_NULL_DFLT_ON",
        "ANSI_NULL_DFLT_OFF",
        "FORCEPLAN",
        "IDENTITY_INSERT",
        "CURSOR_CLOSE_ON_COMMIT",
        "QUERY_GOVERNOR_COST_LIMIT",
        "REMOTE_PROC_TRANSACTIONS",
    }
)
_DEFAULTS = {
    **dict.fromkeys(
        (
            "ANSI_NULLS",
            "ANSI_PADDING",
            "ANSI_WARNINGS",
            "ARITHABORT",
            "QUOTED_IDENTIFIER",
            "CONCAT_NULL_YIELDS_NULL",
            "ANSI_DEFAULTS",
        ),
        "ON",
    ),
    **dict.fromkeys(
        (
            "NUMERIC_ROUNDABORT",
            "ARITHIGNORE",
            "NOEXEC",
            "PARSEONLY",
            "FMTONLY",
            "SHOWPLAN_ALL",
            "SHOWPLAN_TEXT",
            "SHOWPLAN_XML",
        ),
        "OFF",
    ),
    "ROWCOUNT": "0",
    "DATEFIRST": "7",
    "DATEFORMAT": "MDY",
    "LANGUAGE": "US_ENGLISH",
}


def harmful_settings(words: Sequence[str]) -> list[str]:
    """The options of a SET that change what a query means, from its words in capitals after SET."""
    if not words:
        return ["SET"]
    if words[0] in _ANY_VALUE:
        return []
    value = words[-1].strip("'[]\"")
    options = [word for word in words[:-1] if word not in {",", "="}]
    return [
        f"SET {option} {value}" for option in options if option not in _ANY_VALUE and _DEFAULTS.get(option) != value
    ]
