"""The root of the project's own errors."""


class TransferRoomError(Exception):
    """Something a person can put right; the message is one sentence: what is wrong, where, and what to do."""
