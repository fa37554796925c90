"""Errors of reaching a platform."""

from transferroom_pipeline.exceptions import TransferRoomError


class PlatformError(TransferRoomError):
    """A database cannot be opened: it is missing, locked by another process, damaged or no database."""
