"""Errors of the integration; each is one sentence that says what is wrong and what to do."""


class SQLMeshAssetsError(Exception):
    """A SQLMesh project cannot be described or run."""


class ConfigurationError(SQLMeshAssetsError):
    """What a person asked for in the launchpad contradicts itself or names something that is not there."""


class StateError(SQLMeshAssetsError):
    """SQLMesh's state cannot be used: locked, of a newer SQLMesh, or not of this target."""
