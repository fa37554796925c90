"""The comparison engine: is the rebuilt table equal to the legacy one, and if not, where."""
