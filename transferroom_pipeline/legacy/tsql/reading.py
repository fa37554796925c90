"""Reading files of T-SQL."""

from pathlib import Path

from transferroom_pipeline.legacy.exceptions import LegacyError


def read_tsql(file: Path) -> str:
    """The text of a file of T-SQL, in UTF-8 or, with a byte order mark, in UTF-16 as Management Studio writes it.

    Raises:
        LegacyError: It cannot be read.
    """
    try:
        content = file.read_bytes()
        encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
        return content.decode(encoding)
    except OSError as error:
        raise LegacyError(f"T-SQL file {file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise LegacyError(f"T-SQL file {file} is not UTF-8 in line {line}: save it as UTF-8") from error
