"""Errors of the legacy stage."""

from transferroom_pipeline.exceptions import TransferRoomError


class LegacyError(TransferRoomError):
    """A legacy table cannot be built: its SQL cannot be carried to the stand-in, or an input is not there."""
