"""Files that hold data are for their owner only."""

import os

_NOTHING_FOR_OTHERS = 0o077


def keep_files_private() -> None:
    """Let nobody but their owner read what this process writes: databases, reports and logs hold data.

    Files that are there already keep their permissions.
    """
    os.umask(_NOTHING_FOR_OTHERS)
