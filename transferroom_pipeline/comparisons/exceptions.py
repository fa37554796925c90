"""Errors of comparing two tables."""

from transferroom_pipeline.exceptions import TransferRoomError


class ComparisonError(TransferRoomError):
    """A comparison could not be carried out, so it says nothing about the two tables: never a verdict."""


class SpecError(ComparisonError):
    """What a person wrote in a spec or in the command's flags is not a comparison that can be carried out."""
