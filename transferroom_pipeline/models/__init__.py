"""The SQLMesh rebuilds of the derived tables."""

import os

# SQLMesh forks worker processes when it is imported, unless told that one is enough; this must come before.
os.environ.setdefault("MAX_FORK_WORKERS", "1")
