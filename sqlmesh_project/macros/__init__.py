"""SQLMesh macros."""
