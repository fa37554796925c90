"""What the files of a source table look like, where they differ from plain UTF-8 CSV with commas."""

import codecs
import os
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

NewColumns = Literal["ignore", "load", "refuse"]

_LINE_BREAKS = "\r\n"
_LONGEST_NAME = 255  # bytes of the name of a file or folder, on the usual file systems
_LONGEST_PATH = 1000
_SHOWN = 40
_MOST_FOLDERS = 100
_MORE_ON_CHARACTERS = {
    "separator": "; separators of several characters cannot be read",
    "quote": "; where there are no quotes it is null",
    "escape": "; where there is no escape it is null",
}
_PROBE = 'a;1,"b"\n'


def _as_list(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


_Texts = Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(strict=False)]


class FileOptions(BaseModel):
    """Options of the files of one table. The defaults are what a table without any options has.

    They are declared beside the contract in `SOURCE_TABLES`, or in `sources.yaml` in the folder of the source files,
    which goes before.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    files: _Texts = Field(
        (),
        description="Patterns of the table's files below the source folder, such as players_*.csv; without any, the "
        "file or folder that is called like the table.",
    )
    separator: str = Field(",", description="Character between two values of a CSV file.")
    encoding: str = Field("utf-8", description="Encoding of a CSV file, by any name that Python knows.")
    quote: str | None = Field('"', description="Character around values of a CSV file; null where there is none.")
    escape: str | None = Field(None, description="Character that makes the next one text, such as a backslash.")
    null_tokens: _Texts = Field(
        (),
        description="Texts that mean a missing value, besides the empty one, where they stand in a CSV file in just "
        "these characters and without quotes.",
    )
    decimal_comma: bool = Field(default=False, description="Whether decimals written as text have a comma for a point.")
    ignore_header_case: bool = Field(
        default=False,
        description="Whether names of columns are those of the contract in capitals or small letters alike.",
    )
    allow_empty: bool = Field(default=False, description="Whether the table may have no rows.")
    new_columns: NewColumns = Field(
        "ignore", description="What becomes of columns that the contract does not name: ignore, load or refuse."
    )
    embedded_rows: Literal["refuse", "allow"] = Field(
        "refuse", description="Whether a quoted value may hold whole lines that look like rows of the table."
    )

    bare_quotes: Literal["refuse", "allow"] = Field(
        "refuse", description="Whether unquoted values may have quotes in them in a file that quotes other values."
    )

    @field_validator("separator", "quote", "escape")
    @classmethod
    def _one_character(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return value
        if value == r"\t":
            raise ValueError('it is a backslash and a t; a tab is written "\\t" in double quotes')
        if len(value) != 1 or not value.isascii() or value in _LINE_BREAKS or value == "\0":
            more = _MORE_ON_CHARACTERS.get(str(info.field_name), "")
            raise ValueError(f"it must be one ASCII character and no line break, not {value!r}{more}")
        return value

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            readable = _PROBE.encode(value).decode(value) == _PROBE
            codecs.getincrementaldecoder(value)
        except (LookupError, UnicodeError, TypeError, ValueError, AssertionError):
            readable = False
        if not readable:
            raise ValueError(f"{value!r} is no encoding; usual ones are utf-8, cp1252, latin-1 and utf-16")
        return value

    @field_validator("files")
    @classmethod
    def _below_the_source_folder(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            path = PurePosixPath(pattern)
            if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in pattern:
                raise ValueError(f"{pattern!r} does not lead to files below the source folder")
            if len(pattern) > _LONGEST_PATH or len(path.parts) > _MOST_FOLDERS or _has_long_name(path):
                raise ValueError(
                    f"the pattern that begins with {pattern[:_SHOWN]!r} is longer than the path of a file can be: "
                    "shorten it"
                )
            if "**" in pattern:
                raise ValueError(f"{pattern!r} has a **: name the folder, which is read with its subfolders")
        return value

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        meanings = {"separator": self.separator, "quote": self.quote, "escape": self.escape}
        used: dict[str, str] = {}
        for option, character in meanings.items():
            if character is not None and character in used:
                raise ValueError(f"{option} and {used[character]} are both {character!r}: a character has one meaning")
            if character is not None:
                used[character] = option
        return self

    @model_validator(mode="after")
    def _tokens_can_be_values(self) -> Self:
        for token in self.null_tokens:
            if any(mark in token for mark in (self.separator, *_LINE_BREAKS, "\0")):
                raise ValueError(f"null_tokens: no value without quotes is {token!r}, with a separator or line break")
            if self.quote is not None and token.startswith(self.quote):
                raise ValueError(f"null_tokens: no value without quotes is {token!r}, which begins with the quote")
            if self.escape is not None and (len(token) - len(token.rstrip(self.escape))) % 2:
                raise ValueError(f"null_tokens: no value is {token!r}, which ends with the escape")
        return self


def _has_long_name(path: PurePosixPath) -> bool:
    return any(len(os.fsencode(part)) > _LONGEST_NAME for part in path.parts)
