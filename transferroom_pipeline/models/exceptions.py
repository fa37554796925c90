"""Errors of the models stage."""

from transferroom_pipeline.exceptions import TransferRoomError


class ModelError(TransferRoomError):
    """The SQLMesh project cannot be read or planned, or a model's input is not there."""
