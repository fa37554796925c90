"""Errors of reading source files."""

from transferroom_pipeline.exceptions import TransferRoomError


class SourceError(TransferRoomError):
    """A source file is missing, incomplete or unreadable, so that nothing can be taken from it."""
