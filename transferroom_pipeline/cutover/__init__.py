"""Which table each analytics view shows, and why."""
