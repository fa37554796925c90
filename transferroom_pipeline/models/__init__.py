"""The SQLMesh rebuilds of the derived tables."""
